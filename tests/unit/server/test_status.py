"""Every error has its status."""

from __future__ import annotations

import inspect

from zarrscope import errors
from zarrscope.server.status import STATUS, status_of

KINDS = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.ZarrscopeError)
]


def test_every_error_has_a_status() -> None:
    assert {status_of(kind("x")) for kind in KINDS} <= {400, 403, 404, 409, 415, 422, 500, 501, 502, 503}


def test_refinements_take_that_of_their_kind() -> None:
    class LateError(errors.NotFoundError):
        pass

    assert status_of(LateError("x")) == STATUS[errors.NotFoundError] == 404
