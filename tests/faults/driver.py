"""Runs the command line with a journal that is written more often, so that short runs leave something."""

import os
import sys

from zarrscope.ledger import journal

journal.BATCH = int(os.environ.get("ZARRSCOPE_TEST_BATCH", journal.BATCH))

from zarrscope.cli.main import main  # noqa: E402 - only then

sys.exit(main(sys.argv[1:]))
