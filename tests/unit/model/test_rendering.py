"""Which channels are one picture in colour, and what counts as a colour."""

from __future__ import annotations

import pytest

from zarrscope.model.rendering import Channel, Window, color_digits, is_rgb

PURE = ("FF0000", "00ff00", "0000FF")


@pytest.mark.parametrize(
    ("labels", "colors", "dtype", "rgb"),
    [
        ((None,) * 3, PURE, "uint8", True),
        (("Red", "green ", "B"), (None,) * 3, "uint8", True),
        (("r", "g", "b"), ("FFFFFF", None, "00FF00"), "uint8", True),  # as it is called
        (("DAPI", "GFP", "Cy5"), PURE, "uint8", False),
        (("D", "F", "R"), PURE, "uint8", False),
        (("", None, "DAPI"), PURE, "uint8", False),
        (("Channel 0", "Channel 1", "Channel 2"), PURE, "uint8", True),
        (("Channel:0:0", "Channel:0:1", "Channel:0:2"), PURE, "uint8", True),
        (("0", " 1", "2 "), PURE, "uint8", True),
        (("C1", "c2", "ch_3"), PURE, "uint8", True),
        (("0", "1", "2"), (None,) * 3, "uint8", False),
        ((None,) * 3, PURE, "uint16", False),
        ((None,) * 3, PURE[::-1], "uint8", False),
        (("Red", "Green", "DAPI"), (None,) * 3, "uint8", False),
        ((None,) * 3, (None,) * 3, "uint8", False),
        (("Red", "Green"), PURE[:2], "uint8", False),
        (("Red", "Green", "Blue", "Alpha"), (*PURE, "FFFFFF"), "uint8", False),
    ],
)
def test_pictures_in_colour(
    labels: tuple[str | None, ...], colors: tuple[str | None, ...], dtype: str, rgb: bool
) -> None:
    assert is_rgb([Channel(*both) for both in zip(labels, colors, strict=True)], dtype) is rgb


@pytest.mark.parametrize(
    ("window", "rgb"),
    [
        (Window(0, 255), True),
        (Window(0, 255, 0, 65535), True),
        (Window(0, 254), False),
        (Window(3, 255), False),
    ],
)
def test_a_window_of_its_own_is_that_of_a_channel(window: Window, rgb: bool) -> None:
    both = zip(PURE, (None, window, None), strict=True)
    assert is_rgb([Channel(None, color, one) for color, one in both], "uint8") is rgb
    names = zip(("red", "green", "blue"), PURE, strict=True)
    assert is_rgb([Channel(name, color, window) for name, color in names], "uint8")


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("FF8000", "ff8000"),
        ("#ff8000", "ff8000"),
        ("FF800080", "ff8000"),
        ("#FF800080", "ff8000"),
        ("#f80", None),
        ("ff800", None),
        ("orange", None),
        ("", None),
        ("##ff8000", None),
    ],
)
def test_colours_as_people_write_them(text: str, digits: str | None) -> None:
    assert color_digits(text) == digits
