"""The parser that all commands share: errors are one line, examples stand below the options."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NoReturn

from zarrscope import log
from zarrscope.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Parser(argparse.ArgumentParser):
    """An ``ArgumentParser`` whose errors are told like all others.

    Parameters
    ----------
    command : str
        Name of the command.
    description, examples : str
        What it does, and how it is called.
    """

    def __init__(self, command: str, description: str, examples: str) -> None:
        super().__init__(
            f"zarrscope {command}",
            description=description,
            epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.add_argument(
            "-v", "--verbose", action="count", default=0, help="tell what happens on standard error; -vv: all"
        )
        self.add_argument(
            "--log-json", metavar="FILE", help="write what happens to a file, a JSON object a line"
        )

    def parse_args(self, args: Sequence[str], namespace: None = None) -> argparse.Namespace:  # type: ignore[override]
        """Parse the words of a command, and begin the log as they ask."""
        chosen = super().parse_args(args, namespace)
        log.setup(chosen.verbose, chosen.log_json)
        return chosen

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the whole usage.

        Raises
        ------
        ArgumentError
            Always.
        """
        if message.startswith("unrecognized arguments"):
            message += "; patterns, and paths with blanks, have to stand in quotes"
        raise ArgumentError(f"{message} ({self.prog} --help tells more)")
