"""From a lazy array to an image in a store: the loop that every conversion runs."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from zarrscope.budget import format_size
from zarrscope.errors import BudgetError
from zarrscope.executor import Executor, cores, executor
from zarrscope.write.image import ImageWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zarrscope.array.contracts import LazyArray
    from zarrscope.ledger.journal import Journal
    from zarrscope.model.description import ImageDescription
    from zarrscope.pyramid.plan import PlanOptions, PyramidPlan
    from zarrscope.store.contracts import Writable
    from zarrscope.types import Region
    from zarrscope.write.image import Work


_COMFORTABLE = 256 << 20


def write_image(
    store: Writable,
    path: str,
    description: ImageDescription,
    pixels: Sequence[LazyArray],
    plan: PyramidPlan,
    version: str,
    codec: str = "default",
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
    journal: Journal | None = None,
    *,
    verify: bool = False,
) -> ImageWriter:
    """Write one image in one pass.

    Regions are stored in the order of the plan: the result is the same for any number of workers.

    Parameters
    ----------
    store, path : Writable, str
        Receives the image, at this path; "" for the root.
    description : ImageDescription
        Of the pixels.
    pixels : sequence of LazyArray
        Level 0, and the others where the plan takes them from the source; axes as described.
    plan, version, codec : PyramidPlan, str, str
        For this shape and type, the version of OME-Zarr, the name of a codec preset.
    workers : int, optional
        Threads; as many as processors by default.
    progress : callable, optional
        Receives the number of pixels of each region as it is stored.
    journal : Journal, optional
        Keeps what is finished, and tells what an earlier run has finished.
    verify : bool
        Read every unit back once it is stored, and compare.

    Returns
    -------
    ImageWriter
        Finished; it knows what was written, and can take it back.
    """
    with ImageWriter(
        store, path, description, pixels[0].dtype, plan, version, codec, journal=journal, verify=verify
    ) as writer:
        for level in plan.sources:
            source = pixels[level]

            def encode(region: Region, source: LazyArray = source, level: int = level) -> tuple[int, Work]:
                block = source.read(region) if writer.wants(region, level) else None
                return region.size, writer.encode(region, block, level)

            with closing(_executor(plan, workers).map(encode, plan.regions(level))) as results:
                for size, work in results:
                    writer.place(work)
                    if progress:
                        progress(size)
        writer.finish()
        return writer


def workers_within(plans: Sequence[PyramidPlan], wanted: int | None, options: PlanOptions) -> int:
    """Return as many threads as asked for, or as fit into the memory.

    Parameters
    ----------
    plans : sequence of PyramidPlan
        All images of the run.
    wanted : int, optional
        What the user asks for; as many as there are processors by default.
    options : PlanOptions
        Bounds the memory; without a bound a run takes fewer threads rather than more than 256 MiB.

    Raises
    ------
    BudgetError
        More threads were asked for than the memory can feed.
    """
    count = wanted or cores()
    allowed = options.buffers or _COMFORTABLE
    while count > 1 and max(plan.memory(count) for plan in plans) > allowed:
        count -= 1
    if wanted and options.memory and count < wanted:
        need = max(plan.memory(wanted) for plan in plans) / (1 - options.reserve) + 1e6
        raise BudgetError(
            f"{wanted} workers need {format_size(need)}; allow that much or use --workers {count}"
        )
    return wanted or count


def _executor(plan: PyramidPlan, workers: int | None) -> Executor:
    """Return threads, but no more than there are regions."""
    chosen = executor(workers)
    return chosen if plan.region_count > 1 else executor(1)
