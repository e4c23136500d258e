"""Ranges of one value that lie close together are fetched as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from zarrscope.store.contracts import Request, Suffix

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zarrscope.store.contracts import Buffer

GAP = 128 << 10
"""Bytes between two ranges that are rather fetched and thrown away than cost another request: about what
a link of 10 MB/s carries in 13 ms, a short way to a server and back."""

LARGEST = 16 << 20
"""Ranges are not joined beyond so many bytes: several such go side by side."""


class Fetch(NamedTuple):
    """One request to a server, and which of those that were asked for it serves."""

    request: Request
    served: tuple[int, ...]


def joined(requests: Sequence[Request], gap: int = GAP, largest: int = LARGEST) -> list[Fetch]:
    """Return the fetches that serve all requests; those of one key whose ranges lie close share one."""
    fetches: list[Fetch] = []
    ranges: dict[str, list[tuple[int, int, int]]] = {}
    for number, request in enumerate(requests):
        wanted = request.range
        if wanted is None or isinstance(wanted, Suffix) or wanted[1] <= wanted[0]:
            fetches.append(Fetch(request, (number,)))
        else:
            ranges.setdefault(request.key, []).append((max(0, wanted[0]), wanted[1], number))
    for key, found in ranges.items():
        start, stop, served = -1, -1, list[int]()
        for first, last, number in sorted(found):
            if served and (first > stop + gap or max(last, stop) - start > largest):
                fetches.append(_fetch(requests, key, start, stop, served))
                served = []
            start, stop = (start, max(stop, last)) if served else (first, last)
            served.append(number)
        fetches.append(_fetch(requests, key, start, stop, served))
    return fetches


def _fetch(requests: Sequence[Request], key: str, start: int, stop: int, served: list[int]) -> Fetch:
    alone = requests[served[0]] if len(served) == 1 else Request(key, (start, stop))
    return Fetch(alone, tuple(served))


def gather(
    requests: Sequence[Request],
    get: Callable[[Request], Buffer | None],
    run: Callable[[Callable[[Fetch], Buffer | None], Sequence[Fetch]], list[Buffer | None]],
) -> list[Buffer | None]:
    """Return the values of the requests, fetched by ``get`` as ``run`` maps it over the fewest fetches."""
    fetches = joined(requests)
    values: list[Buffer | None] = [None] * len(requests)
    for fetch, data in zip(fetches, run(lambda fetch: get(fetch.request), fetches), strict=True):
        for number in fetch.served:
            values[number] = data if len(fetch.served) == 1 else _part(requests[number], fetch, data)
    return values


def _part(request: Request, fetch: Fetch, data: Buffer | None) -> Buffer | None:
    """Return the bytes of one request out of those that were fetched for several."""
    if data is None:
        return None
    start, stop, base = (_bound(request, 0), _bound(request, 1), _bound(fetch.request, 0))
    part = memoryview(data)[start - base : stop - base]
    if request.out is None:
        return part
    part = part[: len(request.out)]
    request.out[: len(part)] = part
    return request.out[: len(part)]


def _bound(request: Request, which: int) -> int:
    assert isinstance(request.range, tuple)  # noqa: S101 - only such are joined
    return max(0, request.range[which])
