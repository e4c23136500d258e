"""The parser that all commands share: errors are one line, examples stand below the options."""

from __future__ import annotations

import argparse
from typing import NoReturn

from zarrscope.errors import ArgumentError


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
