"""Folders and patterns of files that are one plane each, and single pictures.

Files of one image share the words of their names, their shape, their type and their kind; files that do not
become images of their own, and a note says so. What their names count is read by `zarrscope.source.names`.
"""

from __future__ import annotations

import glob
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zarrscope.errors import ArgumentError, NotFoundError, SourceError, UnsupportedError
from zarrscope.model.description import ImageDescription
from zarrscope.model.naming import ORDER, axis, check_letters
from zarrscope.model.rendering import Channel
from zarrscope.source.cache import DEFAULT_BUDGET, SegmentCache
from zarrscope.source.channels import colour_channels
from zarrscope.source.contracts import Scene
from zarrscope.source.files import Handles, fingerprint
from zarrscope.source.foreign import told_foreign
from zarrscope.source.names import Group, groups, natural, pattern, printable
from zarrscope.source.opened import Opened
from zarrscope.source.pictures import PictureLevel, picture_info
from zarrscope.source.stack import Members, Stack
from zarrscope.source.tiff.open import open_companion, open_sharing, open_tiff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.array.contracts import LazyArray

_TIFF = frozenset({".tif", ".tiff"})
_PICTURES = frozenset({".png", ".jpg", ".jpeg"})
_HEAD = 512
"""Bytes at the beginning of a file that tell what it is."""

_LOOK_AT_ALL = 4096
"""Up to so many files, each is looked into when the folder is opened; of more, each when it is read."""


@dataclass(frozen=True)
class _Kind:
    """What files of one image have in common, and what their names do."""

    words: tuple[str, ...]
    suffix: str
    axes: str
    shape: tuple[int, ...]
    dtype: str


def open_picture(path: str | Path, *, axes: str | None = None, cache: int = DEFAULT_BUDGET) -> Opened:
    """Open a PNG or JPEG file as one image: y, x, before them c where it has colours.

    Raises
    ------
    SourceError, ArgumentError
        The file is damaged; ``axes`` does not fit.
    """
    path = Path(path)
    if not path.is_file():
        raise NotFoundError(f"{path}: no such file")
    store = SegmentCache(cache)
    scene = _picture(path, store)
    if axes is not None:
        own = "yxc" if len(scene.description.axes) == 3 else "yx"
        said = check_letters(axes, len(own), f"{path.name} ({own})", ORDER + "s").replace("s", "c")
        if said != own:
            raise ArgumentError(f"axes {axes!r}: the axes of a picture are {own!r}")
    return Opened([scene], [path], (_picture_source_again, (str(path), axes, cache)), closing=(store.clear,))


def open_planes(path: str | Path, *, axes: str | None = None, cache: int = DEFAULT_BUDGET) -> Opened:
    """Open a folder, or a pattern such as ``img_*.tif``, of files that are planes.

    Parameters
    ----------
    path : str or Path
        Files in folders below it are not looked at.
    axes : str, optional
        What the numbers in the names count (positions left out), then the axes of a file, for example
        ``tyx``.
    cache : int
        Bytes of decoded pixels to keep for neighbouring regions.

    Raises
    ------
    NotFoundError, UnsupportedError
        No such folder, no such files; none of a kind that can be read.
    SourceError
        Planes are missing or damaged.
    ArgumentError
        ``axes`` does not fit.
    """
    paths, left_out = _find(str(path))
    whole = _as_set(paths, axes, cache)
    if whole is not None:
        return whole
    store = SegmentCache(cache)
    handles = Handles()
    members = Members(paths, lambda one: _look(one, store, handles).levels[0])
    kinds = _sort(paths, store, handles)
    again = (str(path), axes, cache)
    scenes: list[Scene] = []
    for kind, (indices, sample) in kinds.items():
        counted = _counted(axes, kind.axes)
        if len(indices) == 1:
            scenes.append(sample)
            continue
        for group in groups([printable(paths[i].stem) for i in indices], counted):
            chosen = replace(group, files=tuple(indices[i] for i in group.files))
            scenes.append(_scene(chosen, kind, sample, members, (*again, len(scenes)), Path(path)))
    if left_out:
        note = f"{left_out} other files of the folder are no TIFF, PNG or JPEG and are left out"
        scenes[0] = replace(scenes[0], notes=(*scenes[0].notes, note))
    if len(kinds) > 1:
        note = f"the files differ in name, kind, shape or type: {len(kinds)} sets are images of their own"
        scenes[0] = replace(scenes[0], notes=(*scenes[0].notes, note))
    return Opened(
        scenes, paths, (_planes_again, again), closing=(members.clear, handles.close, store.clear)
    )  # fmt: skip


def _find(text: str) -> tuple[list[Path], int]:
    """Return the planes of a folder or pattern in natural order, and how many other files there are."""
    place = Path(text)
    if place.is_dir():
        found = list(place.iterdir())
        known = place / "*"
    else:
        found = [Path(name) for name in glob.glob(text)]  # noqa: PTH207 - the pattern may be absolute
        known = place
    files = [p for p in found if p.is_file() and not p.name.startswith(".")]
    if not files:
        deeper = f" (only {len(found)} folders, which are not looked into)" if found else ""
        zarrs = sorted(p.name for p in found if (p / "zarr.json").is_file() or (p / ".zgroup").is_file())
        hint = f"name one of {', '.join(zarrs[:5])}" if zarrs else "name an image, or a folder of planes"
        raise NotFoundError(f"{known}: no files there{deeper}; {hint}")
    usable = [p for p in files if p.suffix.lower() in _TIFF | _PICTURES]
    if not usable:
        with min(files).open("rb") as file:
            foreign = told_foreign(min(files).name, file.read(_HEAD))
        what = f"; {min(files).name} is {foreign}" if foreign else ""
        raise UnsupportedError(
            f"{known}: none of the {len(files)} files is a TIFF, PNG or JPEG that could be a plane{what}"
        )
    return sorted(usable, key=lambda p: natural(p.name)), len(files) - len(usable)


def _as_set(paths: Sequence[Path], axes: str | None, cache: int) -> Opened | None:
    """Return the image that OME-TIFF files make up together, None where they are single planes."""
    companions = sorted(paths[0].parent.glob("*.companion.ome"))
    if len(companions) == 1:
        return open_companion(companions[0], axes=axes, cache=cache)
    if ".ome.tif" not in paths[0].name.lower() or paths[0].suffix.lower() not in _TIFF:
        return None
    source = open_tiff(paths[0], axes=axes, cache=cache)
    if {p.absolute() for p in paths} <= {p.absolute() for p in source.paths}:
        return source
    source.close()
    return None


def _picture(path: Path, store: SegmentCache) -> Scene:
    info = picture_info(path)
    order = "yx" if info.samples == 1 else "cyx"
    channels = colour_channels(info.samples, info.dtype, alpha=True)
    description = ImageDescription(
        printable(path.stem), tuple(axis(a) for a in order), (None,) * len(order), channels=channels
    )
    return Scene(description, [PictureLevel(path, info, store)])


def _look(path: Path, store: SegmentCache, handles: Handles) -> Scene:
    """Open one file as a part of an image."""
    if path.suffix.lower() in _PICTURES:
        return _picture(path, store)
    scenes = [scene for scene in open_sharing(path, None, store, handles).scenes if not scene.associated]
    if len(scenes) > 1:
        raise SourceError(
            f"{path} holds {len(scenes)} images and cannot be a plane of another; name it by itself"
        )
    return scenes[0]


def _sort(
    paths: Sequence[Path], store: SegmentCache, handles: Handles
) -> dict[_Kind, tuple[list[int], Scene]]:
    """Divide the files into sets that may be one image; each with its first file, opened."""
    kinds: dict[_Kind, tuple[list[int], Scene]] = {}
    last: dict[tuple[tuple[str, ...], str], _Kind] = {}
    for index, path in enumerate(paths):
        words, suffix = pattern(path.stem), path.suffix.lower()
        kind = last.get((words, suffix))
        if kind is None or len(paths) <= _LOOK_AT_ALL:
            scene = _look(path, store, handles)
            level = scene.levels[0]
            order = "".join(a.name for a in scene.description.axes)
            kind = _Kind(words, suffix, order, tuple(level.shape), level.dtype.str)
            kinds.setdefault(kind, ([], scene))
            last[words, suffix] = kind
        kinds[kind][0].append(index)
    return kinds


def _counted(axes: str | None, inner: str) -> str | None:
    """Return what the user says the names count: ``axes`` without the axes of a file."""
    if axes is None:
        return None
    text = axes.strip().lower().replace("s", "c")
    unknown = sorted(set(text) - set(ORDER))
    if unknown:
        raise ArgumentError(f"axes {axes!r}: unknown {''.join(unknown)!r}; use letters of {ORDER!r}")
    colourless = inner.replace("c", "")
    for ending in (inner, colourless + "c", colourless):
        if text.endswith(ending):
            return text[: -len(ending)]
    names = "".join(letter for letter in dict.fromkeys(text) if letter not in inner)
    example = (names or next(letter for letter in "ztc" if letter not in inner)) + inner
    raise ArgumentError(
        f"axes {axes!r}: the axes of one file are {inner!r} and come last, as in --axes {example} "
        f"(axes={example!r})"
    )


def _scene(
    group: Group, kind: _Kind, sample: Scene, members: Members, again: tuple[Any, ...], folder: Path
) -> Scene:
    """Make the image of a group of files."""
    inner = kind.axes
    twice = set(group.axes) & set(inner) - {"c"}
    if twice:
        raise ArgumentError(
            f"{folder}: file names and files both count {''.join(sorted(twice))!r}; say what the names "
            "count with --axes (axes=)"
        )
    stack = Stack(
        members, group.files, group.axes, group.shape, inner, sample.levels[0], (_level_again, again)
    )  # fmt: skip
    one = sample.description
    known = {a.name: (a.unit, size) for a, size in zip(one.axes, one.scale, strict=True)}
    facts = [known.get(a, (None, None)) for a in stack.order]
    description = ImageDescription(
        name=group.name or printable(folder.name),
        axes=tuple(axis(a, unit) for a, (unit, _) in zip(stack.order, facts, strict=True)),
        scale=tuple(size for _, size in facts),
        channels=_channels(group, sample, stack),
    )
    return Scene(description, [stack], notes=(*sample.notes, *group.notes))


def _channels(group: Group, sample: Scene, stack: Stack) -> tuple[Channel, ...]:
    """Return the channels that names and files know, or none."""
    if "c" not in stack.order:
        return ()
    count = stack.shape[stack.order.index("c")]
    inner = sample.description.channels
    names: Sequence[str | None] = group.labels or (None,) * (count // max(1, len(inner)))
    if not inner:
        channels = tuple(Channel(name) for name in group.labels)
    else:
        channels = tuple(
            replace(one, label=" ".join(w for w in (name, one.label) if w) or None)
            for name in names
            for one in inner
        )
    return channels if len(channels) == count else ()


def _picture_source_again(path: str, axes: str | None, cache: int) -> Opened:
    return open_picture(path, axes=axes, cache=cache)


def _planes_again(path: str, axes: str | None, cache: int) -> Opened:
    return open_planes(path, axes=axes, cache=cache)


def _level_again(path: str, axes: str | None, cache: int, scene: int) -> LazyArray:
    return _shared(path, axes, cache, fingerprint(_find(path)[0])).scenes[scene].levels[0]


@lru_cache(maxsize=4)
def _shared(path: str, axes: str | None, cache: int, tag: str) -> Opened:
    """One source for all arrays that reach a process, as long as the files do not change."""
    return open_planes(path, axes=axes, cache=cache)
