"""One table: which error becomes which status of HTTP."""

from __future__ import annotations

from zarrscope import errors

STATUS: dict[type[errors.ZarrscopeError], int] = {
    errors.NotFoundError: 404,
    errors.InvalidKeyError: 404,  # nothing can stand at such a key
    errors.AccessError: 403,
    errors.ArgumentError: 400,
    errors.ConflictError: 409,
    errors.UnsupportedError: 415,
    errors.BudgetError: 503,
    errors.StoreError: 502,  # what lies behind the server failed, not the server
    errors.CorruptDataError: 422,  # clients ask again after a 5xx, which mends no file
    errors.MetadataError: 422,
    errors.SourceError: 422,
    errors.MissingDependencyError: 501,
    errors.ZarrscopeError: 500,
}
"""By class; of a class that is not here, that of its nearest ancestor holds."""


def status_of(error: errors.ZarrscopeError) -> int:
    """Return the status of HTTP that an error becomes."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
