"""``python -m zarrscope`` is the command ``zarrscope``."""

from zarrscope.cli.main import entry

entry()
