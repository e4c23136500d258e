"""Optional packages: imported when they are asked for, and named with their remedy when they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from zarrscope.errors import MissingDependencyError


def needed(module: str, extra: str) -> Any:
    """Import a module that belongs to, or stands upon, an optional package.

    Parameters
    ----------
    module : str
        Its full name.
    extra : str
        The extra of zarrscope that brings it.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"{error.name or module} is needed for this: pip install 'zarrscope[{extra}]'"
        ) from error
