"""``python -m zarrscope`` is the command ``zarrscope``."""

import sys

from zarrscope.cli.main import main

sys.exit(main())
