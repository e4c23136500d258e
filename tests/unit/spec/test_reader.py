"""Reading members of objects: what fits is taken, and nothing is lost."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from zarrscope.spec.reader import Fields, integer, number, numbers
from zarrscope.spec.versions import decode, encode


def test_what_fits_is_taken_and_the_rest_is_kept() -> None:
    found = Fields({"name": 5, "n": 2.0, "half": 2.5, "flag": 1, "yes": True, "list": {}, "object": []})
    assert found.text("name") is None
    assert found.integer("n") == 2
    assert found.integer("half") is None
    assert found.number("half") == 2.5
    assert found.flag("flag") is None
    assert found.flag("yes") is True
    assert found.items("list") is None
    assert found.object("object") is None
    assert found.peek("name") == 5
    assert found.take("lost") is None
    assert dict(found.extra) == {"name": 5, "flag": 1, "list": {}, "object": []}


def test_numbers() -> None:
    for value, expected in ((1, 1), (1.5, 1.5), (True, None), ("1", None), (None, None), (10**400, None)):
        assert number(value) == expected
    assert numbers([1, 2.5]) == (1, 2.5)
    assert numbers([1, None]) is None
    assert numbers("12") is None
    assert [integer(x) for x in (1.0, 1.5, True)] == [1, None, None]


KEYS = st.sampled_from(
    ["ome", "version", "multiscales", "axes", "datasets", "path", "coordinateTransformations", "type",
     "scale",
     "translation", "name", "omero", "channels", "window", "start", "end", "color", "plate", "wells", "rows",
     "columns", "rowIndex", "well", "images", "labels", "series", "image-label", "colors", "rgba",
     "label-value",
     "acquisitions", "id", "bioformats2raw.layout", "source", "metadata"]
)  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["0.4", "0.5", "scale", "x", "A/1"])
)
WILD = st.recursive(
    LEAVES, lambda x: st.lists(x, max_size=3) | st.dictionaries(KEYS, x, max_size=4), max_leaves=25
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYS, WILD, max_size=5), st.sampled_from([2, 3]))
def test_no_document_raises(attributes: dict[str, Any], zarr_format: int) -> None:
    node, report = decode(attributes, zarr_format=zarr_format)
    str(report)
    report.to_json()
    if node is not None and report.valid and not node.multiscales:
        encode(node, "0.5")
