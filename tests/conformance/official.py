"""The official material, read where it lies: suites, schemas and examples of every version."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from referencing import Registry, Resource

from zarrscope.documents import safe_json
from zarrscope.errors import MetadataError

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve()
SHARED = Path(os.environ.get("ZARRSCOPE_SHARED") or HERE.parents[2].parent / "shared")
CONFORMANCE = SHARED / "conformance"
if not CONFORMANCE.is_dir():
    pytest.skip(f"no official documents in {CONFORMANCE}: set ZARRSCOPE_SHARED", allow_module_level=True)

FOLDERS = {
    "0.1": "ome+ngff-spec@0.1",
    "0.2": "ome+ngff@v0.2",
    "0.3": "ome+ngff-spec@0.3",
    "0.4": "ome+ngff-spec@0.4",
    "0.5": "ome+ngff-spec@0.5",
    "0.6": "ome+ngff-spec@main-0.6rc0",
    "0.9": "ngff-zarr-0.50.0/spec-0.9.dev1",
}
KIND_OF_FOLDER = {"transforms": "image"}


@dataclass(frozen=True)
class Case:
    """One document of a suite with its official verdict."""

    version: str
    name: str
    kind: str
    strict: bool
    valid: bool
    text: bytes

    @property
    def attributes(self) -> dict[str, Any] | None:
        """Of the group; None where the document is no JSON."""
        try:
            document: dict[str, Any] = safe_json(self.text, file=self.name, comments=True)
        except MetadataError:
            return None
        return document.get("attributes", document) if "zarr_format" in document else document

    @property
    def form(self) -> str:
        """Which of the suites of its version it belongs to."""
        return self.name.split("/")[1] if self.version == "0.6" else "documents"

    @property
    def is_stale(self) -> bool:
        """Whether a tree of 0.6 is called valid although it is written as the drafts were."""
        return self.valid and self.form == "zarr" and b'"input": "' in self.text

    @property
    def zarr_format(self) -> int:
        """As the place of the document tells it."""
        return 3 if "ome" in (self.attributes or {}) or self.name.endswith("zarr.json") else 2


def cases() -> Iterator[Case]:
    """Yield all 466."""
    for version in ("0.1", "0.2", "0.3"):
        for path in sorted((CONFORMANCE / FOLDERS[version] / "examples").glob("*/*/*.json")):
            kind, verdict = path.parts[-3:-1]
            name = f"{version}/{kind}/{verdict}/{path.stem}"
            yield Case(version, name, kind, False, verdict == "valid", path.read_bytes())
    for version in ("0.4", "0.5"):
        for path in sorted((CONFORMANCE / FOLDERS[version] / "tests").glob("*_suite.json")):
            kind = path.stem.removesuffix("_suite").removeprefix("strict_")
            for index, case in enumerate(json.loads(path.read_bytes())["tests"]):
                said = case.get("formerly") or case.get("description")
                name = f"{version}/{path.stem}/{index}/{said}"
                text = json.dumps(case["data"]).encode()
                yield Case(version, name, kind, path.stem.startswith("strict"), case["valid"], text)
    tests = CONFORMANCE / FOLDERS["0.6"] / "tests"
    for form, pattern in (("attributes", "*.json"), ("zarr", "zarr.json")):
        for path in sorted((tests / form).rglob(pattern)):
            strictness, verdict, kind, *_ = path.relative_to(tests / form).parts
            name = f"0.6/{form}/{path.relative_to(tests / form).as_posix()}"
            kind = KIND_OF_FOLDER.get(kind, kind)
            yield Case("0.6", name, kind, strictness == "strict", verdict == "valid", path.read_bytes())


@cache
def validator(version: str, name: str) -> jsonschema.Draft202012Validator:
    """Return the official schema of a version."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    resources: list[tuple[str, Resource[Any]]] = []
    for path in (CONFORMANCE / FOLDERS[version] / "schemas").glob("*.schema"):
        schema = dialect | json.loads(path.read_bytes())
        resources.append((schema["$id"], Resource.from_contents(schema)))
        if path.stem == name:
            wanted = schema
    return jsonschema.Draft202012Validator(wanted, registry=Registry().with_resources(resources))


def schema_verdict(case: Case) -> bool:
    """Return what the official schema says, by jsonschema."""
    attributes = case.attributes
    name = f"strict_{case.kind}" if case.strict else case.kind
    return attributes is not None and validator(case.version, name).is_valid(attributes)
