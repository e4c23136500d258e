"""``zarr.json`` of an array, to and from :class:`~zarrscope.array.metadata.ArrayMetadata`.

Source: Zarr v3 core, "Array metadata"; the sharding codec, version 1.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.array import dtypes, strings
from zarrscope.array.metadata import (
    ArrayMetadata,
    Codec,
    check_chunk_bytes,
    check_shards,
    check_sizes,
)
from zarrscope.errors import ArgumentError, MetadataError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zarrscope.types import Shape

_OURS = {
    "zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value",
    "codecs", "attributes", "dimension_names", "storage_transformers",
}  # fmt: skip
_REQUIRED = ("shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs")
_ARRAY_TO_ARRAY = {
    "transpose", "numcodecs.delta", "numcodecs.fixedscaleoffset", "numcodecs.quantize", "numcodecs.bitround",
    "numcodecs.packbits", "numcodecs.astype",
}  # fmt: skip
_ARRAY_TO_BYTES = {"bytes", "sharding_indexed", strings.NAME}
_MAX_NESTING = 4


def kind(codec: Codec) -> str:
    """Return ``array-array``, ``array-bytes`` or ``bytes-bytes``."""
    if codec.name in _ARRAY_TO_ARRAY:
        return "array-array"
    return "array-bytes" if codec.name in _ARRAY_TO_BYTES else "bytes-bytes"


def decode(document: Mapping[str, Any], file: str = "zarr.json") -> ArrayMetadata:
    """Return what a parsed ``zarr.json`` of an array says.

    Raises
    ------
    MetadataError
        If it is no valid description.
    UnsupportedError
        If it is, but of something that cannot be read here.
    """
    if not isinstance(document, dict):
        raise MetadataError(f"{file}: the document must be an object")
    if document.get("zarr_format") != 3 or document.get("node_type") != "array":
        raise MetadataError(f"{file}: zarr_format must be 3 and node_type 'array'")
    missing = [name for name in _REQUIRED if name not in document]
    if missing:
        raise MetadataError(f"{file}: {', '.join(missing)} must be given")
    shape = check_sizes(file, "shape", document["shape"])
    dtype = dtypes.dtype_v3(document["data_type"], file)
    unit = check_sizes(
        file, "chunk_shape", _chunk_shape(document["chunk_grid"], file), least=1, axes=len(shape)
    )
    encoding, separator = _key_encoding(document["chunk_key_encoding"], file)
    codecs = parse_codecs(document["codecs"], file)
    chunks, shards = _layout(unit, codecs, file)
    check_chunk_bytes(file, chunks, dtype)
    attributes = document.get("attributes", {})
    if not isinstance(attributes, dict):
        raise MetadataError(f"{file}: attributes must be an object")
    return ArrayMetadata(
        zarr_format=3,
        shape=shape,
        dtype=dtype,
        chunks=chunks,
        shards=shards,
        fill_value=dtypes.fill_from_json(document["fill_value"], dtype, file),
        byteorder=_byteorder(codecs),
        key_encoding=encoding,
        separator=separator,
        codecs=codecs,
        dimension_names=_dimension_names(document, len(shape), file),
        attributes=attributes,
        extra=_extra(document, file),
    )


def encode(metadata: ArrayMetadata) -> dict[str, Any]:
    """Return the ``zarr.json`` of an array."""
    fill = metadata.fill
    document: dict[str, Any] = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(metadata.shape),
        "data_type": dtypes.name_v3(metadata.dtype),
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(metadata.unit)}},
        "chunk_key_encoding": {
            "name": metadata.key_encoding,
            "configuration": {"separator": metadata.separator},
        },
        "fill_value": dtypes.fill_to_json(fill, 3),
        "codecs": [codec_document(codec) for codec in metadata.codecs],
        "attributes": dict(metadata.attributes),
    }
    if metadata.dimension_names is not None:
        document["dimension_names"] = list(metadata.dimension_names)
    return document | dict(metadata.extra)


def codec_document(codec: Codec) -> dict[str, Any]:
    """Return a codec as an object with its name and, where there is one, its configuration."""
    # zarr-python wants the member, empty or not, for the codecs of numcodecs.
    if not codec.configuration and not codec.name.startswith("numcodecs."):
        return {"name": codec.name}
    return {"name": codec.name, "configuration": dict(codec.configuration)}


def parse_codecs(listed: Any, file: str, depth: int = 0) -> tuple[Codec, ...]:
    """Return the codecs of a list, in the one order that makes sense.

    Array to array, then exactly one array to bytes, then bytes to bytes (Zarr v3 core, "Codecs").
    """
    if not isinstance(listed, list) or not listed:
        raise MetadataError(f"{file}: codecs must be a list with at least one codec")
    if depth >= _MAX_NESTING:
        raise UnsupportedError(
            f"{file}: shards within shards more than {_MAX_NESTING} deep are not supported"
        )
    codecs = []
    for item in listed:
        entry = {"name": item} if isinstance(item, str) else item
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise MetadataError(f"{file}: each codec must be an object with a name, not {item!r:.80}")
        configuration = entry.get("configuration", {})
        if not isinstance(configuration, dict):
            raise MetadataError(f"{file}: the configuration of codec {entry['name']} must be an object")
        codecs.append(Codec(entry["name"], configuration))
    stages = [("array-array", "array-bytes", "bytes-bytes").index(kind(codec)) for codec in codecs]
    if stages != sorted(stages) or stages.count(1) != 1:
        names = ", ".join(codec.name for codec in codecs)
        # An unknown codec looks like bytes to bytes here; the chain names it when it is built.
        raise MetadataError(
            f"{file}: codecs [{names}] must be array to array, then exactly one array to bytes "
            f"(bytes, sharding_indexed), then bytes to bytes"
        )
    return tuple(codecs)


def sharding(chunks: Sequence[int], codecs: Sequence[Codec], index_location: str = "end") -> Codec:
    """Return the codec of shards of these chunks, with a checked index."""
    return Codec(
        "sharding_indexed",
        {
            "chunk_shape": list(chunks),
            "codecs": [codec_document(codec) for codec in codecs],
            "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
            "index_location": index_location,
        },
    )


def with_bytes(codecs: Sequence[Codec], byteorder: str, order: str, axes: int) -> tuple[Codec, ...]:
    """Return the codecs with the turning into bytes at its place, unless it is there already.

    Parameters
    ----------
    codecs : sequence of Codec
        Array to array, then bytes to bytes.
    byteorder, order : str
        ``little`` or ``big``; ``C`` or ``F``.
    axes : int
        How many axes the array has.
    """
    kinds = [kind(codec) for codec in codecs]
    if "array-bytes" in kinds:
        return tuple(codecs)
    if order not in ("C", "F") or byteorder not in ("little", "big"):
        raise ArgumentError(f"order must be C or F and byteorder little or big, not {order} and {byteorder}")
    at = kinds.count("array-array")
    first = (Codec("transpose", {"order": list(range(axes))[::-1]}),) if order == "F" and axes > 1 else ()
    return (*first, *codecs[:at], Codec("bytes", {"endian": byteorder}), *codecs[at:])


def _layout(unit: Shape, codecs: tuple[Codec, ...], file: str) -> tuple[Shape, Shape | None]:
    """Return chunks and shards; a shard behind other codecs can only be decoded whole."""
    found = next((codec for codec in codecs if codec.name == "sharding_indexed"), None)
    if found is None:
        return unit, None
    chunks = check_sizes(file, "chunk_shape of the shards", found.configuration.get("chunk_shape"), least=1)
    if len(codecs) > 1:
        return unit, None
    check_shards(file, unit, chunks)
    return chunks, unit


def _byteorder(codecs: tuple[Codec, ...]) -> str:
    for codec in codecs:
        if codec.name == "bytes":
            return str(codec.configuration.get("endian", "little"))
    return "little"


def _chunk_shape(grid: Any, file: str) -> Any:
    if not isinstance(grid, dict):
        raise MetadataError(f"{file}: chunk_grid must be an object, not {grid!r:.80}")
    if grid.get("name") != "regular":
        raise UnsupportedError(
            f"{file}: chunk grid {grid.get('name')!r:.80} is not supported; only regular is"
        )
    configuration = grid.get("configuration")
    return configuration.get("chunk_shape") if isinstance(configuration, dict) else None


def _key_encoding(entry: Any, file: str) -> tuple[str, str]:
    name = entry.get("name") if isinstance(entry, dict) else entry
    if name not in ("default", "v2"):
        raise UnsupportedError(
            f"{file}: chunk key encoding {name!r:.80} is not supported; default and v2 are"
        )
    configuration = entry.get("configuration", {}) if isinstance(entry, dict) else {}
    separator = (
        configuration.get("separator", "/" if name == "default" else ".")
        if isinstance(configuration, dict)
        else None
    )
    if separator not in ("/", "."):
        raise MetadataError(f"{file}: the separator of chunk keys must be '/' or '.', not {separator!r:.80}")
    return name, separator


def _dimension_names(document: Mapping[str, Any], axes: int, file: str) -> tuple[str | None, ...] | None:
    names = document.get("dimension_names")
    if names is None:
        return None
    if (
        not isinstance(names, list)
        or len(names) != axes
        or not all(n is None or isinstance(n, str) for n in names)
    ):
        raise MetadataError(
            f"{file}: dimension_names must be a list of {axes} strings or nulls, not {names!r:.80}"
        )
    return tuple(names)


def _extra(document: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Return foreign members; those that do not say that they may be ignored are refused.

    Zarr v3 core, "Extension points": ``must_understand`` is true unless it says false.
    """
    if document.get("storage_transformers"):
        raise UnsupportedError(f"{file}: storage transformers are not supported")
    extra = {name: value for name, value in document.items() if name not in _OURS}
    for name, value in extra.items():
        if not isinstance(value, dict) or value.get("must_understand") is not False:
            raise UnsupportedError(
                f"{file}: member {name!r:.80} is not known and does not say must_understand: false"
            )
    return extra
