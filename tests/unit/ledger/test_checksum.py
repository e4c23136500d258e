"""The ledger's checksum is XXH3 with 64 bits, of whatever is a buffer."""

from __future__ import annotations

import numpy as np
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from zarrscope.ledger.checksum import ALGORITHM, checksum


@pytest.mark.parametrize(("data", "total"), [(b"", 0x2D06800538D394C2), (b"a", 0xE6C632B61E964E1F)])
def test_known_values(data: bytes, total: int) -> None:
    """As the xxhash project's own command line prints them (``xxhsum -H3``)."""
    assert checksum(data) == total


@given(st.binary(max_size=5000))
def test_as_xxhash_hashes_it_piece_by_piece(data: bytes) -> None:
    pieces = xxhash.xxh3_64()
    for start in range(0, len(data), 97):
        pieces.update(data[start : start + 97])
    assert checksum(data) == pieces.intdigest()
    assert checksum(bytearray(data)) == checksum(memoryview(data)) == pieces.intdigest()


def test_arrays_are_hashed_by_their_bytes() -> None:
    pixels = np.arange(1000, dtype="<u2").reshape(10, 100)
    assert checksum(pixels) == xxhash.xxh3_64(pixels.tobytes()).intdigest()
    assert ALGORITHM == "xxh3-64"
