"""What a run tells of itself while it goes: lines with its id, for people or as JSON, without secrets."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import sys
import time
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

LOGGER = logging.getLogger("zarrscope")
LOGGER.addHandler(logging.NullHandler())

_SECRET = re.compile(
    r"SECRET|PASSWORD|TOKEN|ACCOUNT_KEY|ACCESS_KEY$|SAS_KEY|STORAGE_(MASTER_)?KEY$|CONNECTION_STRING$",
    re.IGNORECASE,
)
_USER = re.compile(r"(\w[\w+.-]*://)[^/\s]+@")
_QUERY = re.compile(r"(\w[\w+.-]*://[^\s?#]*)[?#]\S*")  # quotes may stand in an address as well
_SHORTEST = 6
_HIDDEN = "***"


TALLY: Counter[str] = Counter()
"""How often something happened in this process that belongs into the record of a run: ``retries``."""


@lru_cache(maxsize=1)
def run_id() -> str:
    """Return the name of this run: it stands in every line, in the journal and in the record."""
    return secrets.token_hex(6)


def event(level: int, message: str, **fields: Any) -> None:
    """Log something that happened.

    Parameters
    ----------
    level : int
        Of the standard library's ``logging``.
    message : str
        A few words, always the same for the same thing.
    **fields
        What belongs to it, by name.
    """
    if LOGGER.isEnabledFor(level):
        LOGGER.log(level, message, extra={"fields": fields})


def info(message: str, **fields: Any) -> None:
    """Log what a user who asks for it wants to know."""
    event(logging.INFO, message, **fields)


def debug(message: str, **fields: Any) -> None:
    """Log what somebody needs who looks for a fault."""
    event(logging.DEBUG, message, **fields)


def setup(verbose: int = 0, json_file: str | None = None) -> None:
    """Show the log of this process.

    Parameters
    ----------
    verbose : int
        0: nothing on standard error, 1: what happens, 2: all of it.
    json_file : str, optional
        Receives everything, one JSON object a line.
    """
    for old in [one for one in LOGGER.handlers if not isinstance(one, logging.NullHandler)]:
        LOGGER.removeHandler(old)
        old.close()
    if verbose:
        lines = logging.StreamHandler(sys.stderr)
        lines.setFormatter(_Lines())
        lines.setLevel(logging.DEBUG if verbose > 1 else logging.INFO)
        LOGGER.addHandler(lines)
    if json_file:
        objects = logging.FileHandler(Path(json_file).expanduser(), encoding="utf-8")
        objects.setFormatter(_Objects())
        LOGGER.addHandler(objects)
    LOGGER.setLevel(logging.DEBUG if json_file or verbose > 1 else logging.INFO)


def redacted(text: str) -> str:
    """Return a text without users and queries of addresses, and without secrets of the environment."""
    # Before addresses are cut, since a part of a secret would not be known any more; and afterwards.
    return _hidden(_QUERY.sub(r"\1", _USER.sub(r"\1", _hidden(text))))


def _hidden(text: str) -> str:
    for value in _secrets():
        text = text.replace(value, _HIDDEN)
    return text


def _secrets() -> list[str]:
    """Return what must not be shown, the longest first: one may begin with another."""
    found = {v for name, v in os.environ.items() if _SECRET.search(name) and len(v) >= _SHORTEST}
    return sorted(found, key=lambda value: (-len(value), value))


def _cleaned(value: Any) -> Any:
    """Return a value of JSON whose texts are redacted, each before it is quoted."""
    if isinstance(value, dict):
        return {redacted(str(name)): _cleaned(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float) else redacted(str(value))


def _told(record: logging.LogRecord) -> dict[str, Any]:
    return dict(getattr(record, "fields", {}))


class _Lines(logging.Formatter):
    """``12:30:01 3f9c21 message name=value``."""

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%H:%M:%S", time.localtime(record.created))
        fields = " ".join(f"{name}={value}" for name, value in _told(record).items())
        return redacted(f"{moment} {run_id()} {record.getMessage()} {fields}".rstrip())


class _Objects(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        told = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "run": run_id(),
            "message": record.getMessage(),
            **_told(record),
        }
        if record.exc_info and record.exc_info[1]:
            told["error"] = str(record.exc_info[1])
        return json.dumps(_cleaned(told))
