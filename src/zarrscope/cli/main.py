"""The door of the command line: a static table of commands, loaded only when one is called."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS = {
    "convert": ("zarrscope.cli.convert", "turn an image file, a folder of planes or a Zarr into OME-Zarr"),
    "view": ("zarrscope.cli.view", "look at an image in the browser, whatever its format"),
    "validate": ("zarrscope.cli.validate", "tell whether an OME-Zarr is right, and how to mend it"),
    "verify": ("zarrscope.cli.verify", "tell whether every byte is there, and as it was written"),
    "info": ("zarrscope.cli.info", "tell what an OME-Zarr, or any file that can be converted, holds"),
    "copy": ("zarrscope.cli.copy", "copy an OME-Zarr between folders, archives and object stores"),
    "upgrade": ("zarrscope.cli.upgrade", "bring an OME-Zarr to another version"),
    "demo": ("zarrscope.cli.demo", "make a small image, convert it, check the result"),
}

INTERRUPTED = 130

GRACE = 1.0
"""Seconds that threads have to finish once a command is done."""

HELP = "\n".join(
    [
        "usage: zarrscope COMMAND [options]",
        "",
        "One toolkit for OME-Zarr, from the microscope to the publication.",
        "",
        "commands:",
        *(f"  {name:10} {text}" for name, (_, text) in COMMANDS.items()),
        "",
        "  zarrscope COMMAND --help   options of a command, with examples",
        "  zarrscope --version",
        "",
        "example:",
        "  zarrscope convert cells.ome.tiff cells.ome.zarr",
    ]
)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code: 0 well, 1 failed, 2 wrong usage, 130 interrupted.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the process by default.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] in ("-h", "--help", "help"):
        print(HELP)
        return 0 if words else 2
    if words[0] == "--version":
        from zarrscope import __version__

        print(f"zarrscope {__version__}")
        return 0
    if words[0] not in COMMANDS:
        print(f"zarrscope: there is no command {words[0]!r}; choose {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    return _run(words[0], words[1:])


@contextmanager
def _end_well_on_sigterm() -> Iterator[None]:
    """Schedulers stop jobs with SIGTERM: that deserves the same clean end as Ctrl-C."""
    import signal
    from threading import current_thread, main_thread

    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def _run(command: str, words: list[str]) -> int:
    """Run a command; what a user can cause ends in one line, not in a traceback."""
    import logging

    from zarrscope import log
    from zarrscope.errors import ArgumentError, ZarrscopeError

    # Nothing here multiplies matrices: the threads that numpy would start for it are not wanted.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        with _end_well_on_sigterm():
            code: int = import_module(COMMANDS[command][0]).run(words)
    except KeyboardInterrupt:
        print(f"zarrscope {command}: stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return 1
    except ZarrscopeError as error:
        log.event(logging.ERROR, "failed", error=type(error).__name__, told=str(error))
        print(f"zarrscope {command}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2 if isinstance(error, ArgumentError) else 1
    except MemoryError:
        print(f"zarrscope {command}: out of memory; try --memory 256MB or --workers 1", file=sys.stderr)
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"zarrscope {command}: {place}{error.strerror or error}", file=sys.stderr)
        return 1
    return code


def entry() -> None:
    """Run the command of this process, and end it.

    All that matters is done by then. So a thread that still waits, for a slow disk or server, has a second
    and is not waited for any longer. After an interrupt the process is left at once: a thread that was just
    being started when it came would be waited for without end.
    """
    code = main()
    if code == INTERRUPTED:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    _leave_in_time(code)
    sys.exit(code)


def _leave_in_time(code: int) -> None:
    """End this process in a moment, if it has not ended by then: Python waits for the threads of pools."""
    from threading import Timer

    def leave() -> None:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)

    end = Timer(GRACE, leave)
    end.daemon = True
    end.start()


if __name__ == "__main__":
    entry()
