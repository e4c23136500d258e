"""How much of a document is asked for: enough to know that it is too large, and not a byte more.

Nobody knows how large a value is before it is there, and a document of ten gigabytes must not be read into
memory to be refused then. Asking for a range costs no request more.
"""

from __future__ import annotations

from zarrscope.documents import SIZE_LIMIT
from zarrscope.store.contracts import Request

DOCUMENT = (0, SIZE_LIMIT + 1)
"""The range in which a document is asked for; one that fills it is refused by the parsers."""


def document(key: str) -> Request:
    """Return the request for a document."""
    return Request(key, DOCUMENT)
