"""Ask yaozarrs whether stores are valid: a JSON list comes in, "" or what is wrong goes out for each."""

import sys

sys.path.pop(0)  # this folder: the script has the name of the library

import json
from importlib.metadata import version

from yaozarrs import validate_zarr_store

answers = {}
for url in json.load(sys.stdin):
    try:
        validate_zarr_store(url)
        answers[url] = ""
    except Exception as error:
        answers[url] = f"{type(error).__name__}: {error}"
json.dump({"version": version("yaozarrs"), "answers": answers}, sys.stdout)
