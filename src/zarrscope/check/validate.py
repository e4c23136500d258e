"""``zarrscope.validate``: one target, all that is wrong with it, and what was not checked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, get_args

from zarrscope.check.hierarchy import Hierarchy
from zarrscope.check.lone import document_at, judge_alone
from zarrscope.check.rules_profiles import PROFILES, Profile
from zarrscope.check.validation import Validation
from zarrscope.errors import ArgumentError
from zarrscope.report import VERDICTS, Verdict
from zarrscope.store.keys import without_secrets
from zarrscope.store.resolve import resolve

if TYPE_CHECKING:
    from zarrscope.store.contracts import Readable

Depth = Literal["documents", "structure", "pixels"]
DEPTHS: tuple[Depth, ...] = get_args(Depth)
TargetKind = Literal["image", "label", "labels", "plate", "well", "scene", "transformation"]
KINDS: tuple[TargetKind, ...] = get_args(TargetKind)


def validate(
    url: str | os.PathLike[str] | Readable,
    *,
    verdict: Verdict = "spec",
    depth: Depth = "structure",
    kind: TargetKind | None = None,
    profile: Profile | None = None,
) -> Validation:
    """Judge an OME-Zarr by the specification: its documents, its structure and, if asked, its pixels.

    From the root document everything is followed that documents name: levels, label images, wells,
    fields, series. Over a network nothing is listed, and at most 20,000 documents are read.

    Parameters
    ----------
    url : str, path-like or Readable
        A folder, a zipped OME-Zarr, an ``http://`` or ``https://`` address, a store, or one JSON document
        alone (``zarr.json``, ``.zattrs``, or a file with the attributes), of which only the document is
        judged.
    verdict : {"spec", "schema", "strict"}
        What ``valid`` goes by: every MUST of the text; what the official test suite demands; every SHOULD
        as well.
    depth : {"structure", "documents", "pixels"}
        Documents alone; also whether arrays and groups are there and fit to what is said of them; also
        whether a sample of the pixels can be read and the levels show the same.
    kind : str, optional
        What the target has to be (``image``, ``label``, ``labels``, ``plate``, ``well``, ``scene``,
        ``transformation``); by default whatever it says it is.
    profile : {"omero", "dandi", "spatialdata", "bioformats2raw"}, optional
        A consumer whose demands beyond the specification are judged as well; what it would not take
        makes ``valid`` false for every verdict.

    Returns
    -------
    Validation
        A report: ``valid``, ``problems`` (each with rule, file, place, message and hint), ``unchecked``,
        ``version``, ``kind``.

    Raises
    ------
    NotFoundError
        Nothing stands there.
    ArgumentError
        A verdict, depth, kind or profile that does not exist, or a profile of documents alone.
    """
    _check("verdict", verdict, VERDICTS)
    _check("depth", depth, DEPTHS)
    _check("kind", kind, (*KINDS, None))
    _check("profile", profile, (*PROFILES, None))
    found = Validation(path=_address(url), verdict=verdict, profile=profile or "")
    lone = document_at(url)
    if profile is not None and (lone is not None or depth == "documents"):
        raise ArgumentError(f"the profile {profile!r} is about a hierarchy; documents alone cannot show it")
    if lone is not None:
        judge_alone(found, *lone, kind)
        return found
    hierarchy = Hierarchy(found, resolve(url), depth, kind)
    hierarchy.run()
    if profile is not None:
        from zarrscope.check.profiles import judge_profile

        judge_profile(profile, hierarchy.roots, hierarchy.documents, hierarchy.zarr_format, found)
    return found


def _check(what: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        names = ", ".join(str(name) for name in allowed if name is not None)
        raise ArgumentError(f"there is no {what} {value!r}; choose {names}")


def _address(url: str | os.PathLike[str] | Readable) -> str:
    return without_secrets(os.fspath(url)) if isinstance(url, str | os.PathLike) else url.url()
