"""The parser that all commands share: errors are one line, examples stand below the options."""

from __future__ import annotations

import argparse
import difflib
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
        begin, _, words = message.partition("unrecognized arguments: ")
        if not begin and words:
            message += f"; {self._advice(words)}"
        raise ArgumentError(f"{message} ({self.prog} --help tells more)")

    def _advice(self, words: str) -> str:
        """Return what may have been meant by words that no option takes."""
        wrong = next((word.partition("=")[0] for word in words.split() if word.startswith("-")), None)
        if wrong is None:
            return "patterns, and paths with blanks, have to stand in quotes"
        known = [option for action in self._actions for option in action.option_strings]
        near = difflib.get_close_matches(wrong, known, 1)
        return f"did you mean {near[0]}?" if near else f"there is no option {wrong}"
