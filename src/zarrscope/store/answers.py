"""What a failed request says, in a few words of ours and without addresses, which may hold secrets."""

from __future__ import annotations

import re

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_ADDRESS = re.compile(r"\S*://\S*")
_LATER = "try again later"
_SIGNS = (
    ("TooManyRedirects", "the server redirects in a circle", _LATER),
    ("kind: Timeout", "the server is silent", _LATER),
    ("kind: Interrupted", "the connection broke off", _LATER),
    (
        '"dns error"',
        "no host of this name is known",
        "check the address, and whether this machine has a network",
    ),
    (
        "kind: ConnectionRefused",
        "the host refuses the connection: nothing listens there",
        "check address and port, and whether the server runs",
    ),
    ("kind: Connect", "there is no connection", _LATER),
)
"""What stands in an error, what it means, and what to do; the more special comes first."""

_NO_BUCKET = ("NoSuchBucket", "ContainerNotFound")


def status_of(error: Exception) -> str | None:
    """Return what a server answered, where it did: ``"503"``."""
    found = _STATUS.search(str(error))
    return found[1] if found else None


def may_pass(error: Exception) -> bool:
    """Return whether the same request might succeed the next time."""
    status = status_of(error)
    if status is None:
        return "TooManyRedirects" not in str(error)
    return status in ("408", "409", "429") or (status[0] == "5" and status not in ("501", "505"))


def names_no_bucket(error: Exception) -> bool:
    """Return whether not the key is missing, but all that should hold it."""
    return any(code in str(error) for code in _NO_BUCKET)


def reason_of(error: Exception) -> str:
    """Return what went wrong."""
    text = str(error)
    if (status := status_of(error)) is not None:
        code = _CODE.search(text)
        return f"the server answered {status}" + (f" ({code[1]})" if code else "")
    for sign, reason, _ in _SIGNS:
        if sign in text:
            return reason
    return first_line(text.partition("\n")[0].rpartition(" - ")[2]) or type(error).__name__


def first_line(text: str) -> str:
    """Return the first line of a message without the addresses in it."""
    return _ADDRESS.sub("...", text.partition("\n")[0])[:200].strip()


def remedy_of(error: Exception) -> str:
    """Return what to do."""
    if "configured region" in str(error):
        return "set AWS_REGION to that of the bucket"
    if status_of(error) is not None and not may_pass(error):
        return "check the address and the credentials"
    if status_of(error) is None:
        return next((remedy for sign, _, remedy in _SIGNS if sign in str(error)), _LATER)
    return _LATER
