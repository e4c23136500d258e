"""Strings of any length: the ``vlen-utf8`` codec, for the tables that stand beside images. Read only.

Source: numcodecs, VLenUTF8: the number of strings, then each with its length before it, all numbers
four bytes, little endian.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.errors import CorruptDataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAME = "vlen-utf8"

MOST = 16 << 20
"""No chunk of strings may decode to more bytes: nothing else bounds them, and as objects they take more."""


def decode(data: Any, count: int) -> NDArray[np.object_]:
    """Return the strings of a chunk, in C order.

    Parameters
    ----------
    data : buffer
        The chunk.
    count : int
        How many strings it must hold.

    Raises
    ------
    CorruptDataError
        It holds another number of them, ends too early, or is no UTF-8.
    """
    view = memoryview(data).cast("B")
    try:
        if struct.unpack_from("<I", view)[0] != count:
            raise CorruptDataError(f"a chunk of strings does not hold the {count} that are due")
        if 4 * count > len(view):
            raise CorruptDataError(f"a chunk of {len(view)} bytes cannot hold {count} strings")
        found, at = np.empty(count, object), 4
        for i in range(count):
            (length,) = struct.unpack_from("<I", view, at)
            at += 4
            if at + length > len(view):
                raise CorruptDataError("a chunk of strings ends within a string")
            found[i] = str(view[at : at + length], "utf-8")
            at += length
    except (struct.error, UnicodeDecodeError) as error:
        raise CorruptDataError(f"a chunk of strings cannot be decoded: {error}") from error
    return found
