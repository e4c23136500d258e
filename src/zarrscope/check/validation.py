"""What a validation found: a report that knows what was judged, and by which verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zarrscope.report import Report

if TYPE_CHECKING:
    from zarrscope.report import Verdict


@dataclass(slots=True)
class Validation(Report):
    """A report that knows what was judged, and by which verdict.

    Parameters
    ----------
    problems, unchecked
        As those of every report.
    path : str
        Address of the target, without secrets.
    verdict : str
        What ``valid`` goes by.
    version : str
        Of OME-Zarr, as the root has it; "" where it says nothing.
    kind : str
        What the root is: ``image``, ``plate`` ...; ``group`` is a plain group with images below.
    files : list of str
        Keys of all documents that were judged.
    failure : str
        Why the target could not be read; "" where it could.
    profile : str
        The consumer whose demands were judged as well; "" where none was named.
    """

    path: str = ""
    verdict: Verdict = "spec"
    version: str = ""
    kind: str = ""
    files: list[str] = field(default_factory=list)
    failure: str = ""
    profile: str = ""

    @property
    def valid(self) -> bool:
        """Whether the target passes the verdict that was asked for."""
        return not self.failure and self.passes(self.verdict)

    @property
    def message(self) -> str:
        """The result in one line."""
        if self.failure:
            return self.failure
        if self.valid:
            return f"valid ({self.verdict})"
        failing = [p for p in self.problems if self.verdict in p.fails]
        more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
        place = f"{failing[0].file} {failing[0].location}".strip()
        return f"not valid ({self.verdict}): {place}: {failing[0].message}{more}"

    def to_json(self) -> dict[str, Any]:
        """Return the result as what ``json.dumps`` takes."""
        return {
            "path": self.path,
            "valid": self.valid,
            "message": self.message,
            "verdict": self.verdict,
            "profile": self.profile,
            "version": self.version,
            "kind": self.kind,
            "problems": [p.to_json() for p in self.problems],
            "unchecked": list(self.unchecked),
        }
