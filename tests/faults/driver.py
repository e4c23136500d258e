"""Runs the command line with a journal that is written more often, so that short runs leave something.

Asked to, it kills itself like ``kill -9`` just before its N-th operation on a disk or a server
(``ZARRSCOPE_TEST_KILL``), or writes into a file how many there were (``ZARRSCOPE_TEST_COUNT``).
"""

import os
import signal
import sys
from functools import wraps
from itertools import count
from pathlib import Path

from zarrscope.ledger import journal

journal.BATCH = int(os.environ.get("ZARRSCOPE_TEST_BATCH", journal.BATCH))

from zarrscope.cli.main import main  # noqa: E402 - only then

KILL, COUNT = int(os.environ.get("ZARRSCOPE_TEST_KILL", 0)), os.environ.get("ZARRSCOPE_TEST_COUNT")
EVENTS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate"}
CHANGING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
operations = count(1)


def operation():
    number = next(operations)
    if number == KILL:
        os.kill(os.getpid(), signal.SIGKILL)


def counting(function):
    @wraps(function)
    def counted(*words, **more):
        operation()
        return function(*words, **more)

    return counted


def watch():
    """Count what changes anything: calls that Python tells of, and those that it does not."""
    import obstore

    def hook(event, words):
        if event in EVENTS or (event == "open" and isinstance(words[2], int) and words[2] & CHANGING):
            operation()

    for module, names in {
        os: ("fsync", "write", "pwrite", "copy_file_range"),
        obstore: ("put", "delete"),
    }.items():
        for name in names:
            setattr(module, name, counting(getattr(module, name)))
    sys.addaudithook(hook)


if KILL or COUNT:
    watch()
ended = main(sys.argv[1:])
if COUNT:
    Path(COUNT).write_text(str(next(operations) - 1))
sys.exit(ended)
