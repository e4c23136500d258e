"""Validate a hierarchy with yaozarrs; print CPU seconds and the number of documents there are."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import yaozarrs

count = len(list(Path(sys.argv[1]).rglob("zarr.json")))


def once():
    begun = time.process_time()
    yaozarrs.validate_zarr_store(sys.argv[1])
    return time.process_time() - begun


print(json.dumps({"cpu": min(once() for _ in range(9)), "documents": count}))
