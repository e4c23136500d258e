"""What a hostile or sloppy document does: it is read, or it ends in one kind of error, soon."""

from __future__ import annotations

import math
import time
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrscope.documents import dump_json, safe_json, safe_xml
from zarrscope.errors import MetadataError

HOSTILE_JSON = {
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a giant integer": b"1" * 20_000_000,
    "a giant fraction": b"1." + b"1" * 20_000_000,
    "a number beyond 64 bits": b"[1e999]",
    "millions of values": b"[" + b"[]," * 10_000_000 + b"1]",
    "a repeated key": b'{"a": 1, "b": {"a": 1, "a": 2}}',
    "NaN": b'{"fill_value": NaN}',
    "half a character": b'["\\ud800"]',
    "no UTF-8": b'["\xff"]',
    "cut off": b'{"a": [1, 2',
    "empty": b"",
    "an unclosed text with brackets": b'"' + b"[" * 1000,
}

HOSTILE_XML = {
    "entities": b'<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;&x;">]><a>&z;</a>',
    "an external entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "an external document type": b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>',
    "deep elements": b"<a>" * 100_000,
    "millions of elements": b"<a>" + b"<b/>" * 2_000_000 + b"</a>",
    "an unknown encoding": b'<?xml version="1.0" encoding="klingon"?><a/>',
    "cut off": b"<a><b></a>",
    "empty": b"",
    "an undeclared prefix": b"<x:a/>",
}


@pytest.mark.parametrize("name", HOSTILE_JSON)
def test_hostile_json_ends_soon_in_one_line(name: str) -> None:
    begin = time.perf_counter()
    with pytest.raises(MetadataError, match=r"zarr\.json") as caught:
        safe_json(HOSTILE_JSON[name], file="zarr.json")
    assert time.perf_counter() - begin < 5
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", HOSTILE_XML)
def test_hostile_xml_ends_soon_in_one_line(name: str) -> None:
    begin = time.perf_counter()
    with pytest.raises(MetadataError, match=r"a\.xml") as caught:
        safe_xml(HOSTILE_XML[name], file="a.xml")
    assert time.perf_counter() - begin < 10
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


def test_errors_name_the_place() -> None:
    with pytest.raises(MetadataError, match="line 2 column 8"):
        safe_json(b'{\n  "a": ]\n}', file="x")
    with pytest.raises(MetadataError, match="line 2 column"):
        safe_xml(b"<a>\n<b></a>", file="x")
    with pytest.raises(MetadataError, match="'a' stands twice"):
        safe_json(HOSTILE_JSON["a repeated key"], file="x")


def test_size_limits() -> None:
    assert safe_json(b"[1]", file="x", limit=3) == [1]
    assert safe_json(b"[1, 2, 3]", file="x", values=3) == [1, 2, 3]
    with pytest.raises(MetadataError, match="more than 3 values"):
        safe_json(b"[1, 2, 3, 4, 5]", file="x", values=3)
    with pytest.raises(MetadataError, match="larger than 3"):
        safe_json(b"[1] ", file="x", limit=3)
    with pytest.raises(MetadataError, match="larger than 3"):
        safe_xml(b"<a/>", file="x", limit=3)


def test_what_is_tolerated() -> None:
    assert safe_json(b'\xef\xbb\xbf{"a": "\xc2\xb5m"}', file="x") == {"a": "µm"}
    assert safe_json(memoryview(b" [1, 2.5]"), file="x") == [1, 2.5]
    text = b'// a comment, with [ and {\n{"a": "// none",\n   // another\n "b": 1}'
    assert safe_json(text, file="x", comments=True) == {"a": "// none", "b": 1}
    with pytest.raises(MetadataError):
        safe_json(text, file="x")
    assert math.isnan(safe_json(b"NaN", file="x", allow_nan=True))
    assert safe_json(b"-Infinity", file="x", allow_nan=True) == -math.inf
    assert safe_json(b'["\\ud83d\\ude00"]', file="x") == ["😀"]
    assert safe_json(b'["' + b"[" * 500 + b'"]', file="x") == ["[" * 500]
    assert safe_json(b"[" * 128 + b"]" * 128, file="x")


def test_xml_keeps_names_attributes_and_text() -> None:
    root = safe_xml('<a xmlns="u:x" xmlns:p="u:y" p:k="1" k="µ"><p:b>t&amp;u</p:b>tail</a>', file="x")
    assert root.tag == "{u:x}a"
    assert dict(root.attrib) == {"{u:y}k": "1", "k": "µ"}
    assert [(e.tag, e.text, e.tail) for e in root] == [("{u:y}b", "t&u", "tail")]
    assert (
        safe_xml('<?xml version="1.0" encoding="ISO-8859-1"?><a b="é"/>'.encode("latin-1"), file="x").get("b")
        == "é"
    )


def test_json_is_written_stably() -> None:
    document = {"b": 1, "a": ["µm", 1.5, None, True], "m": MappingProxyType({"k": 2})}
    text = (
        '{\n  "b": 1,\n  "a": [\n    "µm",\n    1.5,\n    null,\n    true\n  ],\n'
        '  "m": {\n    "k": 2\n  }\n}\n'
    )
    assert dump_json(document) == text.encode()
    for bad in (math.nan, math.inf, object(), "\ud800"):
        with pytest.raises(MetadataError):
            dump_json({"a": bad})
    assert dump_json(math.nan, allow_nan=True) == b"NaN\n"


TEXTS = st.text(st.characters(codec="utf-8"))
NUMBERS = st.integers(-(2**64), 2**64) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
)


@given(JSON)
def test_what_is_written_is_read(value: Any) -> None:
    assert safe_json(dump_json(value), file="x") == value


@given(st.binary(max_size=60))
def test_no_bytes_escape_the_one_error(data: bytes) -> None:
    for parse in (safe_json, safe_xml):
        try:
            parse(data, file="x")
        except MetadataError as error:
            assert "\n" not in str(error)
