"""The viewer as Python sees it: its built files, and the links that open it."""
