"""Runs the command line with a journal that is written more often, so that short runs leave something.

Asked to, it kills itself like ``kill -9`` just before its N-th operation on a disk or a server
(``ZARRSCOPE_TEST_KILL``), has the disk of a folder full by then, of bytes or of files
(``ZARRSCOPE_TEST_FILL=N:bytes:FOLDER``), or writes into a file how many there were
(``ZARRSCOPE_TEST_COUNT``). With ``ZARRSCOPE_TEST_GO`` it begins once that file is there.
"""

import os
import signal
import sys
from contextlib import suppress
from functools import wraps
from itertools import count
from pathlib import Path

from zarrscope.ledger import journal

journal.BATCH = int(os.environ.get("ZARRSCOPE_TEST_BATCH", journal.BATCH))

from zarrscope.cli.main import main  # noqa: E402 - only then

KILL, COUNT = int(os.environ.get("ZARRSCOPE_TEST_KILL", 0)), os.environ.get("ZARRSCOPE_TEST_COUNT")
FILL = os.environ.get("ZARRSCOPE_TEST_FILL", "0::").split(":", 2)
GO = os.environ.get("ZARRSCOPE_TEST_GO")
EVENTS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate"}
CHANGING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
operations = count(1)


def operation():
    number = next(operations)
    if number == KILL:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == int(FILL[0]):
        fill(Path(FILL[2]))


def fill(folder):
    """Leave no room on a disk."""
    with suppress(OSError):
        if FILL[1] == "files":
            for number in count():
                (folder / f"ballast-{number}").touch()
        with (folder / "ballast").open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass


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


if KILL or COUNT or FILL[1]:
    watch()
while GO and not Path(GO).exists():
    pass
ended = main(sys.argv[1:])
if COUNT:
    Path(COUNT).write_text(str(next(operations) - 1))
sys.exit(ended)
