"""Faults by hand: one broken sentence of the text each, as a plain edit of a document or of the files.

They were written from the text alone, before looking at the rules; the names of the rules were looked up
afterwards. This module has what the versions share; :mod:`tests.conformance.hand_faults_06` has the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.sound_stores import Tree

GONE = object()
"""Stands for a member that is taken out."""

ALL = ("0.4", "0.5", "0.6")
OLD = ("0.4", "0.5")
NEW = ("0.5", "0.6")

IMAGE = "/multiscales/0"
LEVEL = "/multiscales/0/datasets/1"
FIRST = "/multiscales/0/datasets/0/coordinateTransformations"


@dataclass(frozen=True)
class Fault:
    """One broken sentence.

    Parameters
    ----------
    store : str
        Function of :mod:`tests.conformance.sound_stores` that makes the sound one.
    what : str
        The fault, in words.
    rule : str
        Identifier that the sentence has.
    path : str
        Group (or, with ``array``, array) whose document is broken, and has to be named.
    pointer : str
        Place in the document that has to be named; in groups below the OME-Zarr metadata.
    value
        What is written there: a value, ``GONE``, or a function of the value that stood there.
    do : function, optional
        What breaks the tree, where it takes more than one value.
    versions : tuple of str
        Versions that have the sentence.
    array : bool
        Whether the place is in the document of an array.
    told : str, optional
        Place that has to be named, where it is another one; below ``pointer`` and above count as well.
    file : str
        File that has to be named, where it is another one.
    """

    store: str
    what: str
    rule: str
    path: str = ""
    pointer: str = ""
    value: Any = None
    do: Callable[[Tree], None] | None = None
    versions: tuple[str, ...] = ALL
    array: bool = False
    told: str | None = None
    file: str = ""

    def apply(self, tree: Tree) -> None:
        """Break a sound store."""
        if self.do is not None:
            self.do(tree)
            return
        root = tree.files[tree.key(self.path, array=True)] if self.array else tree.ome(self.path)
        put(root, self.pointer, self.value)

    def place(self, tree: Tree) -> tuple[str, str]:
        """Return the file and the pointer that have to be named."""
        if self.file:
            return self.file, self.told or ""
        pointer = self.pointer if self.told is None else self.told
        inside = "" if self.array or tree.version == "0.4" or not pointer else "/attributes/ome"
        return tree.key(self.path, array=self.array), inside + pointer


def put(root: Any, pointer: str, value: Any) -> None:
    """Write a value at a place, or take out what stands there."""
    *steps, last = [int(step) if step.isdigit() else step for step in pointer.strip("/").split("/")]
    for step in steps:
        root = root[step]
    if value is GONE:
        del root[last]
    elif callable(value):
        root[last] = value(root[last])
    else:
        root[last] = value


def at(
    store: str, path: str, pointer: str, value: Any, rule: str, versions: tuple[str, ...] = ALL, **more: Any
) -> Fault:
    """Return a fault that is one value at one place."""
    shown = "is gone" if value is GONE else "changed" if callable(value) else f"= {value!r}"
    return Fault(
        store, f"{path or 'root'} {pointer} {shown}", rule, path, pointer, value, versions=versions, **more
    )


def act(
    what: str,
    store: str,
    do: Callable[[Tree], None],
    path: str,
    pointer: str,
    rule: str,
    versions: tuple[str, ...] = ALL,
    **more: Any,
) -> Fault:
    """Return a fault that takes more than one value."""
    return Fault(store, what, rule, path, pointer, do=do, versions=versions, **more)


def backwards(found: list[Any]) -> list[Any]:
    """Return a list in the other order."""
    return found[::-1]


def twice(found: list[Any]) -> list[Any]:
    """Return a list whose first entry stands there again at its end."""
    return [*found, found[0]]


def shape(path: str, sizes: list[int]) -> Callable[[Tree], None]:
    """Return what gives an array another shape."""

    def change(tree: Tree) -> None:
        document = tree.files[tree.key(path, array=True)]
        document["shape"] = sizes
        if tree.version == "0.4":
            document["chunks"] = sizes
        else:
            document["chunk_grid"]["configuration"]["chunk_shape"] = sizes
            names = [*"vwtczyx"][-len(sizes) :]
            document["dimension_names"] = names

    return change


def dtype(path: str, old: str, new: str) -> Callable[[Tree], None]:
    """Return what gives an array another data type."""

    def change(tree: Tree) -> None:
        document = tree.files[tree.key(path, array=True)]
        document.update({"dtype": old} if tree.version == "0.4" else {"data_type": new})

    return change


def without(path: str) -> Callable[[Tree], None]:
    """Return what takes a group or an array away."""
    return lambda tree: tree.remove(path)


def plain(path: str) -> Callable[[Tree], None]:
    """Return what makes a group one without metadata."""

    def change(tree: Tree) -> None:
        tree.files.pop(tree.key(path))
        tree.group(path)

    return change


def raw(key: str, text: bytes) -> Callable[[Tree], None]:
    """Return what writes bytes into a file; {} stands for the name of a group's document."""

    def change(tree: Tree) -> None:
        tree.files[key.replace("{}", tree.key(""))] = text

    return change


def edit_xml(old: str, new: str) -> Callable[[Tree], None]:
    """Return what replaces words in the OME-XML."""

    def change(tree: Tree) -> None:
        text = tree.files["OME/METADATA.ome.xml"]
        assert old.encode() in text
        tree.files["OME/METADATA.ome.xml"] = text.replace(old.encode(), new.encode())

    return change


def renumber(tree: Tree) -> None:
    """Name the second image of a collection without a list of series 2."""
    del tree.ome("OME")["series"]
    files = {(f"2/{k[2:]}" if k.startswith("1/") else k): v for k, v in tree.files.items()}
    tree.files = files


def version_below(path: str, version: str) -> Callable[[Tree], None]:
    """Return what gives one group below the root another version."""

    def change(tree: Tree) -> None:
        tree.ome(path)["version"] = version

    return change


def six(tree: Tree) -> None:
    """Give a flat image six dimensions."""
    for level, size in ((0, 16), (1, 8)):
        shape(str(level), [1, 1, 1, 3, size, size])(tree)


LEVELS = [
    at("image", "", IMAGE + "/datasets", GONE, "multiscales/datasets"),
    at("image", "", IMAGE + "/datasets", [], "multiscales/datasets"),
    at("image", "", IMAGE + "/datasets", {}, "multiscales/datasets"),
    at("image", "", "/multiscales", {}, "multiscales/list"),
    at("image", "", LEVEL + "/path", GONE, "multiscales/path"),
    at("image", "", LEVEL + "/path", 1, "multiscales/path"),
    at("image", "", LEVEL + "/coordinateTransformations", GONE, "multiscales/transformations"),
    at("image", "", LEVEL + "/coordinateTransformations", {}, "transformations/list"),
    at("image", "", IMAGE + "/datasets", backwards, "levels/finest-first"),
    act("a level is not there", "image", without("1"), "", LEVEL + "/path", "levels/exist"),
    act("no level is there", "flat", lambda t: [t.remove("0"), t.remove("1")], "", LEVEL, "levels/exist"),
    act("a level is a group", "flat", lambda t: [t.remove("1"), t.group("1")], "", LEVEL, "levels/exist"),
    act(
        "levels of 4 and 3 dimensions",
        "image",
        shape("1", [2, 8, 8]),
        "1",
        "/shape",
        "levels/dimensions",
        array=True,
    ),
    act("arrays of six dimensions", "flat", six, "0", "/shape", "levels/dimensions", array=True),
    act(
        "a level that is no JSON", "flat", raw("1/zarr.json", b"{"), "1", "", "document/json", NEW, array=True
    ),
    act(
        "a level that is no JSON",
        "flat",
        raw("1/.zarray", b"{"),
        "1",
        "",
        "document/json",
        ("0.4",),
        array=True,
    ),
    act("a group that is no JSON", "flat", raw("{}", b'{"attributes": '), "", "", "document/json"),
    act("a comment in JSON", "flat", raw("{}", b'{"attributes": {} /* no */}'), "", "", "document/json"),
]

AXES = [
    at("flat", "", IMAGE + "/axes", GONE, "axes/list", OLD),
    at("flat", "", IMAGE + "/axes", {}, "axes/list", OLD),
    at("flat", "", IMAGE + "/axes", ["t", "y", "x"], "axes/object", OLD),
    at("flat", "", IMAGE + "/axes/1/name", GONE, "axes/name", OLD),
    at("flat", "", IMAGE + "/axes/1/name", 3, "axes/name", OLD),
    at("flat", "", IMAGE + "/axes/1/name", "x", "axes/unique-names", OLD, told=IMAGE + "/axes"),
    at("flat", "", IMAGE + "/axes/1/type", "time", "axes/one-time", OLD, told=IMAGE + "/axes"),
    at("image", "", IMAGE + "/axes/1/type", "channel", "axes/one-channel", OLD, told=IMAGE + "/axes"),
    at("image", "", IMAGE + "/axes/1/type", "angle", "axes/one-channel", OLD, told=IMAGE + "/axes"),
    at("image", "", IMAGE + "/axes/1/type", GONE, "axes/one-channel", OLD, told=IMAGE + "/axes"),
    at("image", "", IMAGE + "/axes/1/type", "time", "axes/order", OLD, told=IMAGE + "/axes"),
    at("image", "", IMAGE + "/axes/0/type", "space", "axes/space-count", OLD, told=IMAGE + "/axes"),
    at("image", "", IMAGE + "/axes", lambda a: [a[1], a[0], *a[2:]], "axes/order", OLD),
    at("image", "", IMAGE + "/axes", lambda a: a[1:], "transformations/length", OLD, told=FIRST),
    at("image", "", IMAGE + "/axes", lambda a: a[:1], "axes/count", OLD),
    at("flat", "", IMAGE + "/axes/2/type", "channel", "axes/space-count", OLD, told=IMAGE + "/axes"),
]

TRANSFORMATIONS = [
    at("image", "", FIRST, [], "transformations/list", OLD),
    at("image", "", FIRST, lambda t: t[1:], "transformations/one-scale", OLD),
    at("image", "", FIRST, backwards, "transformations/order", OLD),
    at("image", "", FIRST, twice, "transformations/one-scale", OLD),
    at("image", "", FIRST, lambda t: [*t, t[1]], "transformations/one-translation", OLD),
    at("image", "", FIRST + "/0/type", GONE, "transformations/type", OLD),
    at("image", "", FIRST + "/0/type", "zoom", "transformations/type", OLD),
    at("image", "", FIRST + "/1", {"type": "identity"}, "transformations/type", OLD),
    at("image", "", FIRST + "/0/scale", GONE, "transformations/scale", OLD),
    at("image", "", FIRST + "/0/scale", [1.0, 0.5, 0.5], "transformations/length", OLD, told=FIRST),
    at("image", "", FIRST + "/0/scale", [1.0, 0.5, 0.5, 0.5, 0.5], "transformations/length", OLD, told=FIRST),
    at("image", "", FIRST + "/0/scale", ["1", "1", "1", "1"], "transformations/scale", OLD),
    at("image", "", FIRST + "/0/scale", 0.5, "transformations/scale", OLD),
    at("image", "", FIRST + "/1/translation", [0.0, 0.0], "transformations/length", OLD, told=FIRST),
    at("image", "", FIRST + "/1/translation", GONE, "transformations/translation", OLD),
    act(
        "a translation alone for all levels",
        "image",
        lambda t: put(
            t.ome(), IMAGE + "/coordinateTransformations", [{"type": "translation", "translation": [0] * 4}]
        ),
        "",
        IMAGE + "/coordinateTransformations",
        "transformations/one-scale",
        OLD,
    ),
    act(
        "a scale of one number for all levels",
        "image",
        lambda t: put(t.ome(), IMAGE + "/coordinateTransformations", [{"type": "scale", "scale": [1.0]}]),
        "",
        IMAGE + "/coordinateTransformations/0/scale",
        "transformations/two-numbers",
        OLD,
    ),
]
