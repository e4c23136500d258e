"""The cursor: problems are noted where they stand, and nothing is lost."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from zarrscope.report import Report
from zarrscope.spec.reader import Cursor, Fields, escaped, kind_of
from zarrscope.spec.versions import decode, encode


def fields(value: dict[str, Any]) -> tuple[Fields, Report]:
    report = Report()
    return Fields(Cursor(value, "/root", report)), report


def test_wrong_types_are_noted_and_kept() -> None:
    found, report = fields({"name": 5, "n": 2.0, "half": 2.5, "flag": 1, "yes": True, "neg": -1})
    assert found.text("name", "r/name") is None
    assert found.integer("n", "r/n") == 2
    assert found.integer("half", "r/half") is None
    assert found.flag("flag", "r/flag") is None
    assert found.flag("yes", "r/yes") is True
    assert found.integer("neg", "r/neg", least=0) == -1
    assert found.need("lost", "r/lost") is None
    assert dict(found.extra) == {"name": 5, "half": 2.5, "flag": 1}
    places = [(p.location, p.rule) for p in report.problems]
    assert places == [
        ("/root/name", "r/name"),
        ("/root/half", "r/half"),
        ("/root/flag", "r/flag"),
        ("/root/neg", "r/neg"),
        ("/root", "r/lost"),
    ]


def test_pointers_are_escaped() -> None:
    assert escaped("a/b~c") == "a~1b~0c"
    found, report = fields({"a/b": 1})
    found.text("a/b", "r")
    assert report.problems[0].location == "/root/a~1b"


def test_numbers() -> None:
    for value, number in ((1, 1), (1.5, 1.5), (True, None), ("1", None), (None, None), (10**400, None)):
        assert Cursor(value, "", Report()).number() == number


def test_messages_stay_short() -> None:
    assert kind_of("a" * 1000).endswith("...")
    assert kind_of(10**5000) == "a huge number"
    words = [kind_of(x) for x in (None, True, {}, [], 5)]
    assert words == ["null", "true", "an object", "a list", "5"]


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
