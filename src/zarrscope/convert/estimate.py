"""How much compression will leave, from a few chunks of the source."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from zarrscope.array.chain import chunk_chain
from zarrscope.types import Region
from zarrscope.write.image import check_form

if TYPE_CHECKING:
    from zarrscope.convert.plan import ConversionPlan

_SAMPLES = 5


def compression(plan: ConversionPlan) -> float:
    """Return encoded bytes over raw bytes, of chunks that lie evenly over the largest image.

    Parameters
    ----------
    plan : ConversionPlan
        What is to be converted; the chunks are read from its source.
    """
    scene = max(plan.scenes, key=lambda one: one.pyramid.raw_bytes)
    options, pixels = plan.options, scene.levels[0]
    form = check_form(scene.description, pixels.dtype, scene.pyramid, options.version, options.codec)[0]
    chain = chunk_chain(form)
    whole = [n // c for n, c in zip(form.shape, form.chunks, strict=True)]
    if not all(whole):
        return 1.0  # not even one whole chunk: too small to matter
    count = prod(whole)
    encoded = 0
    for number in range(_SAMPLES):
        place, rest = [], (count - 1) * number // (_SAMPLES - 1)
        for size in reversed(whole):
            rest, at = divmod(rest, size)
            place.append(at)
        start = tuple(i * c for i, c in zip(reversed(place), form.chunks, strict=True))
        encoded += len(chain.encode_chunk(pixels.read(Region.of(start, form.chunks))))
    return encoded / (_SAMPLES * prod(form.chunks) * pixels.dtype.itemsize)
