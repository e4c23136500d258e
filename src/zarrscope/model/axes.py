"""Axes: the names, types and units of an image's dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of an image.

    Parameters
    ----------
    name : str
        Unique within an image, for example ``t``, ``c``, ``z``, ``y``, ``x``.
    type : str, optional
        ``space``, ``time``, ``channel`` or any other word.
    unit : str, optional
        Full name from the lists of the specification, for example ``micrometer``.
    discrete : bool, optional
        Whether positions between two pixels have no meaning (0.6).
    long_name : str, optional
        A name for people (0.6).
    extra : mapping
        Keys of the document that the specification does not name, kept for the way back.
    """

    name: str
    type: str | None = None
    unit: str | None = None
    discrete: bool | None = None
    long_name: str | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)
