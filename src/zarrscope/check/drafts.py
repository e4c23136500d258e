"""Documents while they are mended, and what a mend has to know."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zarrscope.check.documents import Parsed, parse
from zarrscope.documents import dump_json
from zarrscope.report import Severity
from zarrscope.spec.rules import EVERY
from zarrscope.spec.versions import decode
from zarrscope.store.bounds import DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.check.overlay import Overlay
    from zarrscope.check.walk import Place
    from zarrscope.report import Problem


class Drafts:
    """Documents that may be changed, and go into a store once they are.

    Parameters
    ----------
    store : Overlay
        Where they come from, and where they go.
    """

    def __init__(self, store: Overlay) -> None:
        self.store = store
        self._parsed: dict[str, Parsed] = {}
        self._values: dict[str, Any] = {}

    def value(self, key: str) -> Any:
        """Return a document, to be changed in place; None where there is none, or none that can be read."""
        if key not in self._values:
            data = self.store.get(key, DOCUMENT)
            parsed = Parsed() if data is None else parse(bytes(data), key, comments=True)
            self._parsed[key] = parsed
            self._values[key] = deepcopy(parsed.value)
        return self._values[key]

    def write(self, key: str, value: Any) -> None:
        """Give a document that may be new."""
        self.value(key)
        self._values[key] = value

    @property
    def changed(self) -> list[str]:
        """Keys of the documents that are not as they were."""
        # NaN is equal to itself in this way
        return [
            k for k, v in self._values.items() if v is not None and repr(v) != repr(self._parsed[k].value)
        ]

    def settle(self) -> bool:
        """Put what has changed into the store, and return whether anything has."""
        changed = self.changed
        for key in changed:
            lenient = bool(self._parsed[key].lenient)
            self.store.values[key] = dump_json(self._values[key], allow_nan=lenient)
        return bool(changed)


@dataclass(frozen=True)
class Case:
    """One problem, and all that is needed to mend it.

    Parameters
    ----------
    problem : Problem
        What was found.
    document : object
        The document that it was found in, to be changed in place; None where there is none.
    drafts : Drafts
        All other documents.
    zarr_format : int
        2 or 3.
    whole : bool
        Whether the attributes stand inside of the document (``zarr.json``), and are not all of it.
    version : str
        By which the document is judged.
    stated : str, optional
        The version that the document or the hierarchy around it states.
    place : Place, optional
        Where in the hierarchy; None for a document alone.
    """

    problem: Problem
    document: Any
    drafts: Drafts
    zarr_format: int
    whole: bool
    version: str
    stated: str | None
    place: Place | None = None

    @property
    def attributes(self) -> Any:
        """The attributes in the document, to be changed in place."""
        return self.attributes_of(self.document)

    def attributes_of(self, document: Any) -> Any:
        """Return the attributes in a document of this form."""
        found = document.get("attributes") if self.whole and isinstance(document, dict) else document
        return found if isinstance(found, dict) else {}

    @property
    def published(self) -> str | None:
        """The version that is stated, where it was published."""
        return self.stated if self.stated in EVERY.split()[:-1] else None

    def holder(self, pointer: str | None = None) -> tuple[Any, str | int] | None:
        """Return the object or list that holds what the problem points at, and the key or index.

        Parameters
        ----------
        pointer : str, optional
            Another place than that of the problem.
        """
        words = (self.problem.location if pointer is None else pointer).split("/")[1:]
        names = [word.replace("~1", "/").replace("~0", "~") for word in words]
        value: Any = self.document
        for name in names[:-1]:
            value = _member(value, name)
        if not names or not isinstance(value, dict | list):
            return None
        if isinstance(value, list):
            return (value, int(names[-1])) if names[-1].isdecimal() and int(names[-1]) < len(value) else None
        return value, names[-1]

    def target(self, pointer: str | None = None) -> Any:
        """Return what the problem points at; None where the document has nothing there."""
        if not (self.problem.location if pointer is None else pointer):
            return self.document
        found = self.holder(pointer)
        return None if found is None else _member(found[0], str(found[1]))

    def broken(self, document: Any) -> int:
        """Return how many MUSTs a document would break in the place of this one."""
        attributes: Mapping[str, Any] = self.attributes_of(document)
        _, report = decode(attributes, zarr_format=self.zarr_format, assume=self.stated)
        return sum(problem.severity is Severity.MUST for problem in report.problems)


def _member(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
        return value[int(name)]
    return None
