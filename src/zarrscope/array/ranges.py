"""Which ranges of a shard are fetched together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrscope.array.grid import Part

Entry = tuple[int, int, "Part"]
"""Start and stop of a chunk's bytes in its shard, and where its pixels go."""


def start_of(entry: Entry) -> int:
    """Return where the bytes begin, to sort by."""
    return entry[0]


def batches(entries: list[Entry], most: int) -> Iterator[list[Entry]]:
    """Yield entries, sorted by place, of about as many bytes as are fetched at once."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if batch and size + entry[1] - entry[0] > most:
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += entry[1] - entry[0]
    if batch:
        yield batch


def spans(batch: list[Entry]) -> list[tuple[int, int]]:
    """Return the ranges to fetch: chunks that touch become one."""
    found: list[tuple[int, int]] = []
    for start, stop, _ in batch:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found
