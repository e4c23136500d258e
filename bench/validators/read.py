"""Parse every document of a hierarchy with the standard library; print CPU seconds and their number."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

files = [str(path) for path in Path(sys.argv[1]).rglob("zarr.json")]


def once():
    begun = time.process_time()
    for name in files:
        with open(name, "rb") as file:  # noqa: PTH123 - the fastest way there is
            json.loads(file.read())
    return time.process_time() - begun


print(json.dumps({"cpu": min(once() for _ in range(9)), "documents": len(files)}))
