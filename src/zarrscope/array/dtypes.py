"""Data types and fill values as both versions of Zarr write them.

Sources: Zarr v3 core, "Data types" and "Fill value"; Zarr v2, "Data type encoding" and
"Fill value encoding".
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from typing import Any

import numpy as np

from zarrscope.errors import MetadataError, UnsupportedError

DType = np.dtype[Any]

_NUMERIC = {
    "bool": "bool",
    **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"float{bits}" for bits in (16, 32, 64)},
    **{f"complex{bits}": f"complex{bits}" for bits in (64, 128)},
}
_FIXED = {"fixed_length_utf32": ("U", 4), "null_terminated_bytes": ("S", 1), "raw_bytes": ("V", 1)}
_V2 = re.compile(r"([<>|=])?(b1|[iu][1248]|f[248]|c8|c16|[SUV][0-9]{1,6})")
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def dtype_v3(name: Any, file: str) -> DType:
    """Return the native type that a v3 ``data_type`` names."""
    if name in ("string", "variable_length_utf8"):
        return np.dtype(object)
    if isinstance(name, str):
        if name in _NUMERIC:
            return np.dtype(_NUMERIC[name])
        if re.fullmatch(r"r[0-9]{1,6}", name) and int(name[1:]) % 8 == 0 and int(name[1:]) > 0:
            return np.dtype(f"V{int(name[1:]) // 8}")
    elif isinstance(name, dict) and isinstance(name.get("name"), str) and name["name"] in _FIXED:
        kind, width = _FIXED[name["name"]]
        options = name.get("configuration")
        length = options.get("length_bytes") if isinstance(options, dict) else None
        if (
            isinstance(length, int)
            and not isinstance(length, bool)
            and 0 < length <= 1 << 20
            and length % width == 0
        ):
            return np.dtype(f"{kind}{length // width}")
        raise MetadataError(
            f"{file}: data_type {name['name']} needs a positive length_bytes, not {length!r:.80}"
        )
    elif not isinstance(name, dict) or not isinstance(name.get("name"), str):
        raise MetadataError(f"{file}: data_type must be a name or an object with a name, not {name!r:.80}")
    raise UnsupportedError(
        f"{file}: data type {name!r:.80} is not supported; supported are {', '.join(_NUMERIC)}"
    )


def dtype_v2(text: Any, file: str) -> tuple[DType, str]:
    """Return the native type and the stored byte order (``little`` or ``big``) of a v2 ``dtype``.

    ``>u1`` and the like occur and are accepted. ``|O`` stands for strings: no other objects are read.
    """
    if isinstance(text, list):
        return _structured(text, file), "little"
    if text == "|O":
        return np.dtype(object), "little"
    if not isinstance(text, str):
        raise MetadataError(f"{file}: dtype must be a string such as '<u2', not {text!r:.80}")
    match = _V2.fullmatch(text)
    if match is None or int(match[2][1:]) == 0:
        if re.fullmatch(r"[<>|=]?(O|[mM]8(\[.*\])?)", text):
            raise UnsupportedError(f"{file}: data type {text!r} (objects, dates) is not supported")
        raise MetadataError(f"{file}: {text!r:.80} is no data type that Zarr v2 knows")
    dtype = np.dtype(match[2])
    swapped = dtype.newbyteorder(">" if match[1] == ">" else "<")
    return dtype, "big" if swapped.str.startswith(">") else "little"


def _structured(fields: list[Any], file: str) -> DType:
    """Return a structured type, one level deep, as it is stored."""
    if not fields:
        raise MetadataError(f"{file}: a structured data type needs fields")
    parts: list[tuple[str, str]] = []
    for field in fields:
        if not isinstance(field, list) or len(field) != 2 or not all(isinstance(p, str) for p in field):
            raise UnsupportedError(f"{file}: the structured data type {fields!r:.80} is not supported")
        name, text = field
        match = _V2.fullmatch(text)
        if match is None or match[1] == ">" or int(match[2][1:]) == 0:
            raise UnsupportedError(f"{file}: field {name!r:.40} of type {text!r:.40} is not supported")
        parts.append((name, text))
    try:
        return np.dtype(parts)
    except ValueError:
        raise MetadataError(f"{file}: {fields!r:.80} is no structured data type") from None


def name_v3(dtype: DType) -> Any:
    """Return the v3 ``data_type`` of a numpy type."""
    if dtype.name in _NUMERIC:
        return dtype.name
    if dtype.kind == "V" and dtype.names is None and dtype.subdtype is None:
        return f"r{dtype.itemsize * 8}"
    for name, (kind, _) in _FIXED.items():
        if dtype.kind == kind:
            return {"name": name, "configuration": {"length_bytes": dtype.itemsize}}
    raise UnsupportedError(f"data type {dtype} cannot be written; convert it to one of {', '.join(_NUMERIC)}")


def stored(dtype: DType, byteorder: str) -> DType:
    """Return the type in the byte order in which it is stored."""
    if dtype.kind == "O":
        return dtype
    return dtype.newbyteorder("<" if byteorder == "little" else ">")


def _float_from(value: Any, dtype: DType) -> Any:
    """Return a float scalar from a number, a special name or the hexadecimal bits."""
    if isinstance(value, str) and value.startswith("0x") and len(value) == 2 + 2 * dtype.itemsize:
        return np.frombuffer(bytes.fromhex(value[2:]), dtype.newbyteorder(">")).astype(dtype)[0]
    if isinstance(value, str):
        return dtype.type(_SPECIAL[value])
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    with np.errstate(over="ignore"):
        return dtype.type(value)


def _int_from(value: Any, dtype: DType) -> Any:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    info = np.iinfo(dtype)
    if not info.min <= value <= info.max:
        raise ValueError
    return dtype.type(value)


def _bytes_from(value: Any, dtype: DType) -> Any:
    if isinstance(value, list):
        raw = bytes(value)
    elif value in ("", 0):
        raw = b""
    else:
        raw = base64.b64decode(value, validate=True)
    if len(raw) > dtype.itemsize or (dtype.kind == "V" and raw and len(raw) != dtype.itemsize):
        raise ValueError
    return np.frombuffer(raw.ljust(dtype.itemsize, b"\0"), dtype)[0]


def _bool_from(value: Any) -> Any:
    if value not in (0, 1):
        raise ValueError
    return np.bool_(value)


def fill_from_json(value: Any, dtype: DType, file: str) -> Any:
    """Return the fill value as a numpy scalar of this type.

    Raises
    ------
    MetadataError
        If the value is none of this type, or out of its range.
    """
    try:
        if dtype.kind == "b":
            return _bool_from(value)
        if dtype.kind in "iu":
            return _int_from(value, dtype)
        if dtype.kind == "f":
            return _float_from(value, dtype)
        if dtype.kind == "c":
            part = np.dtype(f"f{dtype.itemsize // 2}")
            pair = value if isinstance(value, list) else [value, 0]
            pixel = np.empty(1, dtype)
            pixel.real[0], pixel.imag[0] = (_float_from(v, part) for v in pair)
            return pixel[0]
        if dtype.kind == "O":
            return value if isinstance(value, str) else ""
        if dtype.kind == "U":
            if value != 0 and not isinstance(value, str):
                raise TypeError
            return np.array(value or "", dtype)[()]
        return _bytes_from(value, dtype)
    except (TypeError, ValueError, KeyError, OverflowError, binascii.Error):
        raise MetadataError(f"{file}: fill_value {value!r:.80} is no {dtype.name}") from None


def _float_to(value: Any, *, bits: bool) -> Any:
    number = float(value)
    if math.isnan(number):
        plain = np.asarray(np.nan, value.dtype).tobytes()
        if bits and value.tobytes() != plain:
            return "0x" + np.asarray(value).astype(value.dtype.newbyteorder(">")).tobytes().hex()
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number


def fill_to_json(value: Any, zarr_format: int) -> Any:
    """Return what a document says for a fill value (a numpy scalar); NaNs keep their bits in v3."""
    dtype = value.dtype
    if dtype.kind == "b":
        return bool(value)
    if dtype.kind in "iu":
        return int(value)
    if dtype.kind == "f":
        return _float_to(value, bits=zarr_format == 3)
    if dtype.kind == "c":
        return [_float_to(v, bits=zarr_format == 3) for v in (value.real, value.imag)]
    if dtype.kind == "U":
        return str(value)
    raw = np.asarray(value, dtype).tobytes()
    if zarr_format == 3 and dtype.kind == "V":
        return list(raw)
    return base64.b64encode(raw).decode("ascii")
