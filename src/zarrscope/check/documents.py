"""The documents of a hierarchy, fetched in layers: few round trips, each text parsed and judged once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from zarrscope.documents import safe_json
from zarrscope.errors import AccessError, InvalidKeyError, MetadataError, StoreError
from zarrscope.model.axes import NOTHING
from zarrscope.spec.versions import decode, detect
from zarrscope.store.bounds import document as request
from zarrscope.store.keys import check_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from zarrscope.model.node import Node
    from zarrscope.report import Problem
    from zarrscope.store.contracts import Buffer, Readable

MOST_REMOTE = 20_000
"""Documents that are asked for over a network; what lies beyond is not checked."""

_REMEMBERED = 1 << 16
"""Larger texts, in bytes, are not kept to be recognised again."""
_MOST_REMEMBERED = 4096
_BATCH = 512

Judged = tuple["Node | None", "Sequence[Problem]", "Sequence[str]"]
"""What a document says, what is wrong with it, and what of it could not be judged."""

State = Literal["group", "array", "absent", "broken", "unread"]


@dataclass(slots=True, eq=False)
class Parsed:
    """One text: what it says, why it cannot be read, and what was made of it, so that this is done once.

    Parameters
    ----------
    value : object
        The JSON value.
    error : str
        Why there is none; "" where there is one.
    lenient : str
        What had to be overlooked in order to read it.
    decoded : dict
        Results of the judgement by kind, version of the hierarchy and Zarr format.
    array : object
        What it says as the document of an array.
    """

    value: Any = None
    error: str = ""
    lenient: str = ""
    decoded: dict[object, Judged] = field(default_factory=dict)
    array: object = None


class Flaw(NamedTuple):
    """A text that is no JSON, or else no document of Zarr."""

    file: str
    message: str
    json: bool = False


_NO_TEXT = Parsed(value={})


@dataclass(frozen=True, slots=True)
class Document:
    """What was found at the path of a group or array.

    Parameters
    ----------
    state : str
        ``group``, ``array``, ``absent``, ``broken`` (a document stands there that nobody can read), or
        ``unread`` (the store would not tell).
    zarr_format : int
        2 or 3.
    file : str
        Key of the document that holds the attributes, or should.
    parsed : Parsed
        The text of that document.
    array : Parsed
        The text that describes the array.
    faults : tuple of Flaw
        Texts that could not be read as they should be.
    attributes : mapping
        What stands in ``.zattrs`` or in ``attributes`` of ``zarr.json``; empty where that is no object.
    ours : mapping
        The object that holds the keys of OME-Zarr.
    root : str
        JSON pointer of that object.
    """

    state: State
    zarr_format: int
    file: str
    parsed: Parsed = _NO_TEXT
    array: Parsed = _NO_TEXT
    faults: tuple[Flaw, ...] = ()

    attributes: Mapping[str, Any] = field(init=False, default=NOTHING)
    ours: Mapping[str, Any] = field(init=False, default=NOTHING)
    root: str = field(init=False, default="")

    def __post_init__(self) -> None:
        value = self.parsed.value
        if self.zarr_format == 3 and isinstance(value, dict):
            value = value.get("attributes")
        attributes = value if isinstance(value, dict) else {}
        ours, root = attributes, ""
        ome = attributes.get("ome")
        if self.zarr_format == 3 or (isinstance(ome, dict) and isinstance(ome.get("version"), str)):
            ours, root = ome if isinstance(ome, dict) else {}, "/ome"
        object.__setattr__(self, "attributes", attributes)
        object.__setattr__(self, "ours", ours)
        object.__setattr__(self, "root", f"/attributes{root}" if self.zarr_format == 3 else root)

    @property
    def nested(self) -> bool:
        """Whether the keys of OME-Zarr stand inside of ``ome``, as they do since 0.5."""
        return bool(self.root)

    def version(self, assume: str | None = None) -> str:
        """Return the version that the group states, else that of the hierarchy, else what its form shows."""
        return detect(self.attributes, self.zarr_format, assume)

    def judged(self, kind: str | None, assume: str | None = None) -> Judged:
        """Return the model, the problems and what could not be judged of the attributes, each text once."""
        asked = (kind, assume, self.zarr_format)
        known = self.parsed.decoded.get(asked)
        if known is None:
            node, report = decode(self.attributes, zarr_format=self.zarr_format, kind=kind, assume=assume)
            known = self.parsed.decoded[asked] = node, report.problems, report.unchecked
        return known


class Documents:
    """Fetches and parses; remembers texts, of which a plate has many alike.

    Parameters
    ----------
    store : Readable
        Where the hierarchy lies.
    most : int, optional
        Documents that may be asked for; None for no bound.
    """

    def __init__(self, store: Readable, most: int | None = None) -> None:
        self.store = store
        self.asked = 0
        self.refused: dict[str, str] = {}
        self.beyond = 0
        self.kept: dict[str, Any] | None = None
        self._most = most
        self._known: dict[bytes, Parsed] = {}

    def groups(self, paths: Sequence[str], zarr_format: int) -> list[Document]:
        """Return what stands where groups are expected; an array is found too."""
        return self._read(paths, zarr_format, (".zgroup", ".zattrs"), ".zarray")

    def arrays(self, paths: Sequence[str], zarr_format: int) -> list[Document]:
        """Return what stands where arrays are expected; a group is found too."""
        return self._read(paths, zarr_format, (".zarray", ".zattrs"), ".zgroup")

    def probe(self, paths: Sequence[str], zarr_format: int) -> list[Document]:
        """Return what stands where a group may be: nothing else is looked for."""
        return self._read(paths, zarr_format, (".zgroup", ".zattrs"), "")

    def texts(self, keys: Sequence[str]) -> list[Parsed | None]:
        """Return the documents of these keys; None for what is absent, unreadable or beyond the bound."""
        return [self._parsed(data, key) for key, data in self.fetch(keys).items()]

    def fetch(self, keys: Iterable[str]) -> dict[str, Buffer | None]:
        """Return values by key, as far as the bound reaches; what the store refuses is noted."""
        names = list(dict.fromkeys(keys))
        allowed = names if self._most is None else names[: max(0, self._most - self.asked)]
        self.beyond += len(names) - len(allowed)
        self.asked += len(allowed)
        values: dict[str, Buffer | None] = dict.fromkeys(names)
        for start in range(0, len(allowed), _BATCH):
            batch = allowed[start : start + _BATCH]
            values.update(zip(batch, self._many(batch), strict=True))
        for name in names[len(allowed) :]:
            self.refused[name] = f"only {self._most} documents are read over a network"
        return values

    def _many(self, keys: Sequence[str]) -> list[Buffer | None]:
        try:
            return self.store.get_many([request(key) for key in keys])
        except (StoreError, AccessError, InvalidKeyError):
            return [self._one(key) for key in keys]

    def _one(self, key: str) -> Buffer | None:
        """Return one value where the batch failed: what cannot be read must not hide the others."""
        try:
            return self.store.get_many([request(key)])[0]
        except (StoreError, AccessError, InvalidKeyError) as error:
            self.refused[key] = str(error)
            return None

    def _parsed(self, data: Buffer | None, key: str) -> Parsed | None:
        if data is None:
            return None
        text = bytes(data)
        found = self._known.get(text)
        if found is None:
            found = parse(text, key)
            if len(text) <= _REMEMBERED:
                if len(self._known) >= _MOST_REMEMBERED:
                    self._known.clear()
                self._known[text] = found
        if self.kept is not None:
            self.kept[key] = found.value
        return found

    def _read(
        self, paths: Sequence[str], zarr_format: int, names: tuple[str, str], other: str
    ) -> list[Document]:
        wanted = [name for path in paths for name in _keys(path, zarr_format, names)]
        values = self.fetch(wanted)
        found = [self._document(path, zarr_format, names, values) for path in paths]
        absent = [i for i, document in enumerate(found) if document.state == "absent"] if other else []
        if absent:
            second = [paths[i] for i in absent]
            rest = ("zarr.json", other) if zarr_format == 2 else (".zgroup", ".zarray", ".zattrs")
            values = self.fetch(_join(path, name) for path in second for name in rest)
            for i in absent:
                found[i] = self._elsewhere(paths[i], zarr_format, values)
        return found

    def _elsewhere(self, path: str, zarr_format: int, values: Mapping[str, Buffer | None]) -> Document:
        """Return what stands there instead: a node of another kind, or of the other Zarr format."""
        if zarr_format == 2 and values.get(_join(path, "zarr.json")) is not None:
            return self._document(path, 3, ("", ""), values)
        for name in (".zarray", ".zgroup"):
            if values.get(_join(path, name)) is not None:
                return self._document(path, 2, (name, ".zattrs"), values)
        return Document("absent", zarr_format, _join(path, "zarr.json" if zarr_format == 3 else ".zattrs"))

    def _document(
        self, path: str, zarr_format: int, names: tuple[str, str], values: Mapping[str, Buffer | None]
    ) -> Document:
        if zarr_format == 3:
            key = _join(path, "zarr.json")
            parsed = self._parsed(values.get(key), key)
            return _of_v3(key, parsed, unread=key in self.refused)
        node, attributes = (_join(path, name) for name in names)
        described = self._parsed(values.get(node), node)
        said = self._parsed(values.get(attributes), attributes)
        unread = node in self.refused or attributes in self.refused
        return _of_v2(node, described, attributes, said, unread=unread)


def parse(data: bytes, key: str, *, comments: bool = False) -> Parsed:
    """Return a document as a value, or the reason why it is none.

    Bare NaN and infinities, which many tools write, are read but told. Lines that begin with ``//``, as
    the published examples have them, are read where ``comments`` allows them.
    """
    try:
        return Parsed(safe_json(data, file=key, comments=comments))
    except MetadataError as error:
        reason = str(error).removeprefix(f"{key}: ")
    try:
        return Parsed(safe_json(data, file=key, comments=comments, allow_nan=True), lenient=reason)
    except MetadataError:
        return Parsed(error=reason)


def zarr_format_at_root(documents: Documents, path: str = "") -> int | None:
    """Return the Zarr format of the node at a path, 3 where both are there, or None where there is none."""
    names = [_join(path, name) for name in ("zarr.json", ".zgroup", ".zattrs", ".zarray")]
    values = documents.fetch(names)
    if values[names[0]] is not None:
        return 3
    if any(value is not None for value in values.values()):
        return 2
    if refused := next((documents.refused[name] for name in names if name in documents.refused), ""):
        raise StoreError(refused)
    return None


def _of_v3(key: str, parsed: Parsed | None, *, unread: bool) -> Document:
    if parsed is None:
        return Document("unread" if unread else "absent", 3, key)
    value = parsed.value
    faults = [Flaw(key, reason, True) for reason in (parsed.error, parsed.lenient) if reason]
    state: State = "broken"
    if isinstance(value, dict):
        kind = value.get("node_type")
        state = "array" if kind == "array" else "group"
        if value.get("zarr_format") != 3 or isinstance(value.get("zarr_format"), bool):
            faults.append(Flaw(key, "'zarr_format' must be 3"))
        if kind not in ("array", "group"):
            faults.append(Flaw(key, "'node_type' must be 'group' or 'array'"))
        if not isinstance(value.get("attributes", {}), dict):
            faults.append(Flaw(key, "'attributes' must be an object"))
    elif not faults:
        faults.append(Flaw(key, "the document must be an object"))
    return Document(state, 3, key, parsed, parsed, tuple(faults))


def _of_v2(node: str, described: Parsed | None, key: str, said: Parsed | None, *, unread: bool) -> Document:
    array = node.endswith(".zarray")
    if described is None and (said is None or array):
        return Document("unread" if unread else "absent", 2, key)
    faults: list[Flaw] = []
    for name, parsed in ((node, described), (key, said)):
        if parsed is not None:
            faults += [Flaw(name, reason, True) for reason in (parsed.error, parsed.lenient) if reason]
            if not parsed.error and not isinstance(parsed.value, dict):
                faults.append(Flaw(name, "the document must be an object"))
    if described is None and not unread:
        faults.append(Flaw(node, 'is missing beside .zattrs; write {"zarr_format": 2} into it'))
    elif described is not None and isinstance(described.value, dict):
        if described.value.get("zarr_format") != 2:
            faults.append(Flaw(node, "'zarr_format' must be 2"))
    state: State = "array" if array else "group"
    if (said is not None and said.error) or (array and described is not None and described.error):
        state = "broken"
    return Document(state, 2, key, said or _NO_TEXT, described or _NO_TEXT, tuple(faults))


def _keys(path: str, zarr_format: int, names: tuple[str, str]) -> list[str]:
    return [_join(path, name) for name in (("zarr.json",) if zarr_format == 3 else names)]


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def is_key(path: str) -> bool:
    """Return whether a path obeys the grammar of keys."""
    try:
        check_key(path)
    except InvalidKeyError:
        return False
    return True
