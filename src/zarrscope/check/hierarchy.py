"""The judgement of one hierarchy: documents while they are walked, then structure, files and pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zarrscope.check import rules
from zarrscope.check.consolidated import consolidated, judge_consolidated
from zarrscope.check.documents import MOST_REMOTE, Documents, zarr_format_at_root
from zarrscope.check.files import MOST_LISTED, judge_files, survey
from zarrscope.check.links import ARRAYS
from zarrscope.check.rules import problem
from zarrscope.check.structure import all_places, judge_lost, judge_structure
from zarrscope.check.walk import Place, Walk
from zarrscope.errors import NotFoundError, ZarrscopeError
from zarrscope.ledger.folder import MANIFEST
from zarrscope.ledger.unfinished import refuse_unfinished
from zarrscope.store.contracts import Listable
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zarrscope.check.validation import Validation
    from zarrscope.report import Problem
    from zarrscope.store.contracts import Readable

_SHOWN_REFUSALS = 5
_NODE_FILES = ("zarr.json", ".zattrs")


class Hierarchy:
    """One store, judged from its root.

    Parameters
    ----------
    found : Validation
        Receives all that is wrong.
    store : Readable
        Holds the hierarchy.
    depth : str
        ``documents``, ``structure`` or ``pixels``.
    kind : str, optional
        What the root has to be.
    """

    def __init__(self, found: Validation, store: Readable, depth: str, kind: str | None) -> None:
        self.found, self.store, self.depth, self.kind = found, store, depth, kind
        self.listable = isinstance(store, Listable)
        self.documents = Documents(store, None if self.listable else MOST_REMOTE)
        self.roots: list[Place] = []
        """The trees that were judged."""
        self.zarr_format = 0
        """Of the root."""

    def run(self) -> None:
        """Judge it.

        Raises
        ------
        NotFoundError
            There is no Zarr in the store.
        IncompleteError
            What stands there is an unfinished run.
        """
        zarr_format = zarr_format_at_root(self.documents)
        if zarr_format is None:
            refuse_unfinished(self.store)
            raise NotFoundError(
                f"{self.store.url()}: there is no Zarr here (no zarr.json, .zgroup or .zarray)"
            )
        self.zarr_format = zarr_format
        deep = self.depth != "documents"
        copies = consolidated(self.documents, zarr_format) if deep else None
        self.documents.kept = None if copies is None else {}
        walk = Walk(self.documents, zarr_format, self._visit, arrays=deep)
        roots = walk.run([""])
        if self._is_plain(roots[0]):
            roots = self._below(walk, roots)
        self.roots = roots
        for root in roots if deep else []:
            self.found.merge(self._lenient(roots, judge_structure(root, self.documents)))
        if deep:
            self.found.merge(judge_lost(walk.lost))
            self._files(roots, zarr_format)
        if copies is not None:
            version = self.found.version or "0.5"
            self.found.merge(judge_consolidated(copies, self.documents, zarr_format, version))
        if self.depth == "pixels":
            from zarrscope.check.pixels import judge_pixels

            judge_pixels(list(all_places(roots)), self.store, self.found)
        self._close()

    def _lenient(self, roots: list[Place], problems: Iterable[Problem]) -> Iterator[Problem]:
        """Yield problems; that nothing at all is there, as in the official trees, breaks the text alone.

        The official suites call such trees valid, and ``strict`` follows the suites where they disagree.
        """
        bare = not any(p.document.state in ("group", "array") for p in all_places(roots) if p not in roots)
        absent = False
        for one in problems:
            if bare and one.rule in rules.EXISTENCE:
                absent = True
                yield replace(one, verdicts=one.fails & {"spec"})
            else:
                yield one
        if absent:
            line = "nothing that the document names is there: strict, like schema, judged the document alone"
            self.found.unchecked.append(line)

    def _visit(self, place: Place) -> None:
        """Judge one document right after it was read."""
        document, found = place.document, self.found
        if document.state == "absent":
            return
        root = place.role == "root"
        if document.state == "unread":
            found.unchecked.append(f"{document.file}: {self._refusal(place)}")
            return
        found.files.append(document.file)
        if root and document.state == "group":
            found.version = place.version if document.ours else ""
        for flaw in document.faults:
            rule = rules.JSON if flaw.json else rules.ZARR
            found.add(problem(rule, found.version or "0.5", flaw.file, "", flaw.message))
        if document.state == "group" and place.role not in ("row", "between", *ARRAYS):
            node, problems, unchecked = document.judged(self.kind if root else None, place.stated)
            place.node = node
            found.merge(replace(p, file=document.file) for p in problems if root or p.rule != rules.NOTHING)
            found.unchecked += [f"{document.file}: {line}" for line in unchecked]
            if root and node is not None:
                found.kind = node.kind
        elif root and document.state == "array":
            message = "this is an array, not an image; validate the group above it"
            found.add(problem(rules.NOTHING, "0.5", document.file, "", message))

    def _refusal(self, place: Place) -> str:
        names = ("zarr.json", ".zgroup", ".zarray", ".zattrs")
        keys = [f"{place.path}/{name}".lstrip("/") for name in names]
        return next((self.documents.refused.pop(key) for key in keys if key in self.documents.refused), "")

    def _is_plain(self, root: Place) -> bool:
        """Whether the root is a group that says nothing of OME-Zarr, which need not be wrong."""
        return (
            self.kind is None
            and root.document.state == "group"
            and root.node is None
            and all(p.rule == rules.NOTHING for p in self.found.problems)
        )

    def _below(self, walk: Walk, roots: list[Place]) -> list[Place]:
        """Judge what lies below a plain group; where nothing does, the complaint about it stands."""
        paths = self._images()
        if not paths:
            if not self.listable:
                self.found.unchecked.append("what lies below the root: a server cannot be asked for a list")
            return roots
        self.found.problems.clear()
        trees = walk.run(paths, "member")
        self.found.version = trees[0].version
        self.found.kind = "group"
        message = f"a plain group; {len(paths)} below it were judged, each by itself: {', '.join(paths[:8])}"
        self.found.add(problem(rules.BELOW, "0.5", roots[0].file, "", message))
        return trees

    def _images(self) -> list[str]:
        """Return the topmost groups below the root that say something of OME-Zarr."""
        if not isinstance(self.store, Listable):
            return []
        found: list[str] = []
        nodes = (key.rpartition("/") for key in self.store.list(""))
        named = {(path, 3 if name == "zarr.json" else 2) for path, _, name in nodes if name in _NODE_FILES}
        for path, zarr_format in sorted(named, key=lambda node: (node[0].split("/"), node[1])):
            if path and not any(f"{path}/".startswith(f"{other}/") for other in found[-1:]):
                document = self.documents.probe([path], zarr_format)[0]
                if document.state == "group" and document.judged(None)[0] is not None:
                    found.append(path)
        return found

    def _files(self, roots: list[Place], zarr_format: int) -> None:
        if not isinstance(self.store, Listable):
            self.found.unchecked.append(
                "files that no document mentions: a server cannot be asked for a list"
            )
            return
        known = {p.path: p for p in all_places(roots) if p.document.state in ("group", "array", "broken")}
        if "" not in known:
            self.found.unchecked.append("files that no document mentions: the root is a plain group")
            return
        strangers = survey(self.store.list(""), known)
        self.found.merge(judge_files(strangers, known, self.documents, zarr_format))
        if strangers.listed > MOST_LISTED:
            self.found.unchecked.append(
                f"files beyond the first {MOST_LISTED:,}: whether documents mention them"
            )

    def _close(self) -> None:
        """Say what was not checked; a chunk that two comparisons met is told once."""
        self.found.problems[:] = dict.fromkeys(self.found.problems)
        refused = list(self.documents.refused.items())
        lines = [f"{key}: {reason}" for key, reason in refused[:_SHOWN_REFUSALS]]
        if len(refused) > len(lines):
            lines.append(f"{len(refused) - len(lines)} more documents that could not be read")
        if self.depth == "documents":
            lines.append("arrays, and whether all that is named is there: only documents were asked for")
        if self.depth != "pixels":
            more = "; 'zarrscope verify' holds every file against the manifest that is here"
            lines.append(f"pixels: none was read{more if self._has_manifest() else ''}")
        self.found.unchecked += lines

    def _has_manifest(self) -> bool:
        """Whether a manifest is seen to be there; over a network it is not asked for."""
        if not self.listable:
            return False
        try:
            return any(self.store.head(join(MANIFEST, name)) for name in ("zarr.json", ".zattrs"))
        except ZarrscopeError:
            return False
