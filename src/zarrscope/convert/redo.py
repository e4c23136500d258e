"""Single files of a finished conversion made anew from its source: those that were lost or damaged."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from zarrscope.convert.run import planned, write_documents
from zarrscope.convert.told import options_from_json
from zarrscope.errors import CorruptDataError, UnsupportedError
from zarrscope.ledger.checksum import checksum
from zarrscope.ledger.folder import told_by
from zarrscope.ledger.journal import Journal
from zarrscope.ledger.manifest import Manifest, read_manifest
from zarrscope.ledger.recording import Recording
from zarrscope.ledger.table import UNKNOWN, UnitTable
from zarrscope.store.keys import join, without_secrets
from zarrscope.write.run import write_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from zarrscope.convert.plan import ConversionPlan, ScenePlan
    from zarrscope.ledger.table import Entry
    from zarrscope.store.contracts import Buffer, ByteRange, Info, Request, Upload, Writable


def redo(
    store: Writable,
    source: str | os.PathLike[str],
    keys: Sequence[str],
    progress: Callable[[int], None] | None = None,
) -> None:
    """Make files of a finished conversion anew, with the options that its record tells of.

    Each is taken only if it is, to the last bit, what the manifest knows.

    Parameters
    ----------
    store : Writable
        Holds the result of a conversion.
    source : str or path-like
        What it was made of.
    keys : sequence of str
        Which files.
    progress : callable, optional
        Receives the number of pixels of each region that has been dealt with.

    Raises
    ------
    UnsupportedError
        It has no manifest, or was not made by a conversion.
    CorruptDataError
        The source gives something else; nothing of that was written.
    """
    manifest, told = read_manifest(store), told_by(store).get("run") or {}
    if manifest is None or not isinstance(told.get("options"), dict) or told.get("kind") == "copy":
        raise UnsupportedError(
            f"{store.url()}: only a conversion by zarrscope with its manifest can be mended from the source; "
            "give a good copy"
        )
    options, axes = options_from_json(told["options"], told.get("memory"))
    wrong, named = set(keys), without_secrets(os.fspath(source))
    with planned(source, options, axes) as plan:
        _check_source(plan, manifest, store.url(), named)
        target = _Mending(store, manifest, wrong)
        write_documents(plan, target)
        for scene in plan.scenes:
            table = _table(manifest, scene, wrong)
            journal = Journal(None, target, {}, table)
            recording = Recording(target, table, journal.note)
            write_image(
                recording, scene.path, scene.description, scene.levels, scene.pyramid, plan.options.version,
                plan.options.codec, plan.workers, progress, journal,
            )  # fmt: skip
    if left := wrong - target.mended:
        more = f" and {len(left) - 1} more" if left > {min(left)} else ""
        raise UnsupportedError(
            f"{store.url(min(left))}{more}: converting {named} makes no such file; give a good copy"
        )
    store.sync(sorted(wrong))


def _check_source(plan: ConversionPlan, manifest: Manifest, place: str, source: str) -> None:
    """Refuse a source whose images would not lie in the files that the manifest knows.

    Raises
    ------
    UnsupportedError
        It is not what stands there was made of.
    """
    for scene in plan.scenes:
        for level in scene.pyramid.levels:
            grid = tuple(-(-n // u) for n, u in zip(level.shape, level.shards or level.chunks, strict=True))
            known = manifest.units.array(join(scene.path, level.path))
            if known is None or known.grid != grid:
                shape = " x ".join(map(str, scene.pyramid.levels[0].shape))
                raise UnsupportedError(
                    f"{source} is not what {place} was made of: an image of {shape} pixels would lie in "
                    "other files than those of its manifest; name its source, or a good copy"
                )


def _table(manifest: Manifest, scene: ScenePlan, wrong: set[str]) -> UnitTable:
    """Return what is finished of an image: all but the wrong units, and the coarsest level.

    From that one the contrast is taken, which stands in the image's document.
    """
    table = UnitTable(manifest.units.arrays)
    table.size[:], table.sums[:] = manifest.units.size, manifest.units.sums
    for key in wrong:
        if (number := table.find(key)) is not None:
            table.size[number] = UNKNOWN
    coarsest = table.array(join(scene.path, scene.pyramid.levels[-1].path))
    if coarsest is not None:
        table.size[coarsest.first : coarsest.first + coarsest.count] = UNKNOWN
    return table


class _Mending:
    """Writes the files that are wrong, if they come out as the manifest knows them, and no others."""

    def __init__(self, store: Writable, manifest: Manifest, wrong: set[str]) -> None:
        self._store, self._manifest, self._wrong = store, manifest, wrong
        self.mended: set[str] = set()

    def url(self, key: str = "") -> str:
        """Return the address of a key for messages."""
        return self._store.url(key)

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or a part of it."""
        return self._store.get(key, range, out)

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests."""
        return self._store.get_many(requests)

    def head(self, key: str) -> Info | None:
        """Return size and tag."""
        return self._store.head(key)

    def put(self, key: str, data: Buffer, if_tag: str | None = None) -> None:
        """Write a value that is wrong."""
        upload = self.create(key)
        upload.write(data)
        upload.commit()

    def create(self, key: str, if_tag: str | None = None) -> Upload:
        """Begin a value."""
        return _Checked(self, key) if key in self._wrong else _Forgotten()

    def sync(self, keys: Iterable[str]) -> None:
        """Wait until the values that were written are durable."""
        self._store.sync([key for key in keys if key in self.mended])

    def delete(self, key: str) -> None:
        """Delete nothing."""

    def accept(self, key: str, data: bytes) -> None:
        """Write a value that was made anew.

        Raises
        ------
        CorruptDataError
            It is not what the manifest knows.
        """
        known: Entry | None = self._manifest.entry(key)
        if known is None or (len(data), checksum(data)) != (known.size, known.checksum):
            raise CorruptDataError(
                f"{self.url(key)}: the source does not give what stood here; it has changed, or was "
                "converted by another version; give a good copy"
            )
        self._store.put(key, data)
        self.mended.add(key)


class _Checked:
    """A value that is written once it is known to be right."""

    def __init__(self, store: _Mending, key: str) -> None:
        self._store, self._key, self._parts = store, key, bytearray()

    def write(self, data: Buffer) -> None:
        """Append."""
        self._parts += data

    def commit(self) -> None:
        """Hand it over."""
        self._store.accept(self._key, bytes(self._parts))

    def abort(self) -> None:
        """Forget it."""
        self._parts = bytearray()


class _Forgotten:
    """A value that stands already."""

    def write(self, data: Buffer) -> None:
        """Do nothing."""

    def commit(self) -> None:
        """Do nothing."""

    def abort(self) -> None:
        """Do nothing."""
