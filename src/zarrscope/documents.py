"""The only parsers of JSON and XML: whatever a document holds, they end soon and in one kind of error.

Sizes, depths and numbers are bounded before anything is built, so that no document can exhaust the
stack, the memory or the patience of its reader.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from math import isinf
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from zarrscope.errors import MetadataError

# Whatever stays below these is read in under 200 MiB and two seconds (test_hostile_documents.py).
SIZE_LIMIT = 32 << 20
DEPTH_LIMIT = 128
VALUES_LIMIT = 600_000
ELEMENTS_LIMIT = 1_000_000  # elements, twice, and attributes
ATTRIBUTES_LIMIT = 1000  # of one element
NUMBER_LIMIT = 300  # digits: more would not fit into a double anyway
COMMENTED_LIMIT = 1 << 20  # the published examples with comments are small

_BOM = b"\xef\xbb\xbf"
# Possessive, which takes no memory to turn back; a string without an end reaches to the end of the text.
_TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{,\]}]', re.DOTALL)
_LONG_TAG = re.compile(rb"<[^<]{1000000,}+")
_COMMENT_LINE = re.compile(r"^[ \t]*//.*$", re.MULTILINE)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_PAIR = r"\\u[dD][89abAB]..\\u[dD][c-fC-F].."
_LONE_SURROGATE = re.compile(
    rf"(?:[^\\]++|\\[^u]|\\u(?![dD][89a-fA-F])|{_PAIR})*+\\u[dD][89a-fA-F]", re.DOTALL
)
_WIDE = ((4, re.compile(rb"[\xf0-\xf4]")), (2, re.compile(rb"[\xc4-\xef]")))


def safe_json(
    data: bytes | memoryview,
    *,
    file: str,
    limit: int = SIZE_LIMIT,
    values: int = VALUES_LIMIT,
    allow_nan: bool = False,
    comments: bool = False,
) -> Any:
    """Parse a JSON document (RFC 8259) that nobody vouches for.

    Parameters
    ----------
    data : bytes or memoryview
        UTF-8, with or without a byte order mark.
    file : str
        Name of the document for messages.
    limit : int
        Largest size in bytes.
    values : int
        Most values, counting those inside others.
    allow_nan : bool
        Accept the bare words ``NaN``, ``Infinity`` and ``-Infinity``, which older tools write as fill values.
    comments : bool
        Skip lines that begin with ``//``, as the published examples of 0.1 to 0.3 have them; not in
        documents of more than a megabyte.

    Raises
    ------
    MetadataError
        The document is no JSON, or is larger, deeper or stranger than a description may be.
    """
    text = _text(data, file, limit)
    if comments and len(text) <= COMMENTED_LIMIT:
        text = _COMMENT_LINE.sub("", text)
    _check_bounds(text, file, values)

    hooks = _Hooks(file, allow_nan)
    try:
        value = json.loads(
            text,
            object_pairs_hook=hooks.members,
            parse_int=hooks.whole,
            parse_float=hooks.fraction,
            parse_constant=hooks.word,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise MetadataError(f"{file}: no valid JSON at {place}: {error.msg}") from None
    if _SURROGATE.search(text) and _LONE_SURROGATE.match(text):
        raise MetadataError(f"{file}: a lone surrogate is no character")  # it could never be written again
    return value


def dump_json(value: Any, *, allow_nan: bool = False) -> bytes:
    """Write a value as JSON: two spaces, real characters, keys as they come, one newline at the end.

    Parameters
    ----------
    value : object
        What ``json.dumps`` takes; mappings of any kind are objects.
    allow_nan : bool
        Write ``NaN`` and infinities as the bare words that only lenient parsers read.

    Raises
    ------
    MetadataError
        The value cannot be written as JSON.
    """
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=allow_nan, default=_plain)
        return text.encode() + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise MetadataError(f"this cannot be written as JSON: {error}") from None


def safe_xml(data: str | bytes | memoryview, *, file: str, limit: int = SIZE_LIMIT) -> ElementTree.Element:
    """Parse an XML document that nobody vouches for; document types and entities are refused.

    Parameters
    ----------
    data : str, bytes or memoryview
        A text needs no declaration; of bytes the declared encoding is obeyed.
    file : str
        Name of the document for messages.
    limit : int
        Largest size in bytes.

    Returns
    -------
    Element
        The root; names are ``{namespace}local``; comments are left out.

    Raises
    ------
    MetadataError
        The document is no XML, or is larger, deeper or stranger than a description may be.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data[: limit + 1])
    _check_size(raw, file, limit)
    for stretch in _LONG_TAG.finditer(raw):  # the parser would build all of a tag before it asks
        if raw.count(b"=", *stretch.span()) > 100 * ATTRIBUTES_LIMIT:
            raise MetadataError(f"{file}: an element of more than {ATTRIBUTES_LIMIT} attributes")
    parser = expat.ParserCreate("utf-8" if isinstance(data, str) else None, "}")
    builder = _Builder(file)
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.tree.data
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.EntityDeclHandler = builder.refuse
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        place = f"line {error.lineno} column {error.offset + 1}"
        raise MetadataError(f"{file}: no valid XML at {place}: {expat.ErrorString(error.code)}") from None
    except (ValueError, LookupError) as error:  # an encoding that nobody knows
        if isinstance(error, MetadataError):
            raise
        raise MetadataError(f"{file}: no valid XML: {_short(str(error))}") from None
    return builder.tree.close()


class _Hooks:
    """What the parser of the standard library asks about objects and numbers."""

    def __init__(self, file: str, allow_nan: bool) -> None:
        self.file = file
        self.allow_nan = allow_nan

    def members(self, items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            counts = Counter(name for name, _ in items)
            twice = counts.most_common(1)[0][0]
            raise MetadataError(f"{self.file}: the key {_short(twice)} stands twice in one object")
        return found

    def whole(self, digits: str) -> int:
        return int(self._bounded(digits))

    def fraction(self, digits: str) -> float:
        value = float(self._bounded(digits))
        if isinf(value) and not self.allow_nan:
            raise MetadataError(f"{self.file}: the number {_short(digits)} does not fit into 64 bits")
        return value

    def word(self, word: str) -> float:
        if not self.allow_nan:
            raise MetadataError(f"{self.file}: {word} is no JSON")
        return float(word)

    def _bounded(self, digits: str) -> str:
        if len(digits) > NUMBER_LIMIT:
            raise MetadataError(f"{self.file}: a number of {len(digits)} digits (at most {NUMBER_LIMIT})")
        return digits


class _Builder:
    """Builds the tree while it counts elements and depth."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.tree: ElementTree.TreeBuilder = ElementTree.TreeBuilder()
        self.depth = 0
        self.count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.count += 2 + len(attributes)
        if self.depth > DEPTH_LIMIT:
            raise MetadataError(f"{self.file}: nested deeper than {DEPTH_LIMIT} elements")
        if self.count > ELEMENTS_LIMIT:
            raise MetadataError(f"{self.file}: more than {ELEMENTS_LIMIT} elements and attributes")
        if len(attributes) > ATTRIBUTES_LIMIT:
            raise MetadataError(f"{self.file}: an element of {len(attributes)} attributes")
        self.tree.start(_qualified(name), {_qualified(k): v for k, v in attributes.items()})

    def end(self, name: str) -> None:
        self.depth -= 1
        self.tree.end(_qualified(name))

    def refuse(self, name: str, *_: object) -> None:
        raise MetadataError(f"{self.file}: a document type or entity is not accepted ({_short(name)})")


def _qualified(name: str) -> str:
    return "{" + name if "}" in name else name


def _text(data: bytes | memoryview, file: str, limit: int) -> str:
    _check_size(data, file, limit)
    raw = bytes(data).removeprefix(_BOM)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise MetadataError(f"{file}: no UTF-8 at byte {error.start}") from None


def _check_size(raw: bytes | memoryview, file: str, limit: int) -> None:
    """Refuse what is too large, as bytes or as text: one wide character makes all the others wide."""
    if len(raw) > limit:
        raise MetadataError(f"{file}: larger than {limit} bytes, which no document may be")
    if 2 * len(raw) > limit:
        width = next((width for width, wide in _WIDE if wide.search(raw)), 1)
        if len(raw) * width > 2 * limit:
            raise MetadataError(f"{file}: larger than {2 * limit} bytes as text, which no document may be")


def _check_bounds(text: str, file: str, values: int) -> None:
    """Refuse what is too deep or too rich, in one pass that does not recurse."""
    opened = text.count("[") + text.count("{")
    if opened <= DEPTH_LIMIT and opened + text.count(",") <= values:
        return
    depth = count = strings = 0
    for token in _TOKENS.finditer(text):
        mark = text[token.start()]
        if mark == '"':
            strings += 1
        elif mark in ",[{":
            count += 1
            depth += mark != ","
        else:
            depth -= 1
            if depth < 0:
                return  # no JSON, as the parser will say
        if depth > DEPTH_LIMIT:
            line = text.count("\n", 0, token.start()) + 1
            raise MetadataError(f"{file}: nested deeper than {DEPTH_LIMIT} at line {line}")
        if count > values or strings > 2 * values + 1:  # each value may have a key
            raise MetadataError(f"{file}: more than {values} values")


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
