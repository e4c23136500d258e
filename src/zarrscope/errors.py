"""Every error that zarrscope raises on purpose.

Each class refines the standard exception that a caller would expect, so that
``except FileNotFoundError`` works as well as ``except zarrscope.errors.NotFoundError``::

    ZarrscopeError
    ├── NotFoundError           (FileNotFoundError)   nothing stands at that place
    ├── DestinationExistsError  (FileExistsError)     something stands where we were asked to write
    ├── AccessError             (PermissionError)     read-only, 401, 403
    ├── StoreError              (OSError)             disk full, network, short body
    │   └── ConflictError                             a conditional write lost
    ├── InvalidKeyError         (ValueError)          a key that does not obey the grammar of keys
    ├── MetadataError           (ValueError)          a document that is no valid description
    ├── CorruptDataError        (ValueError)          bytes that contradict their description
    ├── SourceError             (ValueError)          a file that cannot be read as what it claims to be
    ├── UnsupportedError        (NotImplementedError) valid, but nothing here can handle it
    ├── ArgumentError           (ValueError)          the caller asked for something impossible
    ├── BudgetError             (MemoryError)         the plan does not fit into memory or disk
    ├── IncompleteError         (RuntimeError)        finished too early, or left unfinished
    └── MissingDependencyError  (ImportError)         an extra has to be installed

A message is one line: it names the file, says what is wrong and what to do.
"""


class ZarrscopeError(Exception):
    """Root of all errors that zarrscope raises on purpose."""


class NotFoundError(ZarrscopeError, FileNotFoundError):
    """Nothing stands at the given place."""


class DestinationExistsError(ZarrscopeError, FileExistsError):
    """The destination holds something that was not to be replaced."""


class AccessError(ZarrscopeError, PermissionError):
    """Reading or writing is not permitted."""


class StoreError(ZarrscopeError, OSError):
    """A store could not do what it was asked: disk full, network, short body."""


class ConflictError(StoreError):
    """A conditional write found another state than the one it was told to expect."""


class InvalidKeyError(ZarrscopeError, ValueError):
    """A key breaks the grammar of keys, or leads out of its root."""


class MetadataError(ZarrscopeError, ValueError):
    """A document is no valid description of what it stands for."""


class CorruptDataError(ZarrscopeError, ValueError):
    """Bytes contradict their description: checksum, size, format."""


class SourceError(ZarrscopeError, ValueError):
    """A file cannot be read as the image that it claims to be."""


class UnsupportedError(ZarrscopeError, NotImplementedError):
    """Valid, but outside of what zarrscope handles."""


class ArgumentError(ZarrscopeError, ValueError):
    """The caller asked for something that cannot be: an unknown axis, a wrong shape."""


class BudgetError(ZarrscopeError, MemoryError):
    """A plan needs more memory or disk than it may use."""


class IncompleteError(ZarrscopeError, RuntimeError):
    """Work was declared finished, or left, before it was complete."""


class MissingDependencyError(ZarrscopeError, ImportError):
    """An optional package is needed."""
