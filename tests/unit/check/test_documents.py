"""Hostile and broken documents: a problem with the file, never a traceback; the others are judged too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import zarrscope
from zarrscope.check.links import resolved
from zarrscope.errors import NotFoundError, StoreError, UnsupportedError, ZarrscopeError
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Tree

HOSTILE = {
    "deep": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "digits": '{"a": ' + "1" * 5_000_000 + "}",
    "doubled": '{"zarr_format": 3, "zarr_format": 3}',
    "cut": '{"zarr_format": 3, "node_type',
    "empty": "",
    "no text": b"\xff\xfe\x00".decode("latin-1"),
    "list": "[]",
    "null": "null",
    "a number": "1e400",
}


@pytest.mark.parametrize("case", sorted(HOSTILE))
@pytest.mark.parametrize("file", ["zarr.json", "0/zarr.json"])
def test_a_document_that_is_none(tree: Tree, case: str, file: str) -> None:
    tree.image()
    tree.write(file, HOSTILE[case])
    found = zarrscope.validate(tree.root)
    assert not found.valid and not found.passes("schema")
    assert {p.rule for p in found.problems if p.file == file} & {"document/json", "document/zarr"}


@pytest.mark.parametrize("case", sorted(HOSTILE))
@pytest.mark.parametrize("file", [".zgroup", ".zattrs", "0/.zarray", "0/.zattrs"])
def test_a_document_that_is_none_in_zarr_2(tree: Tree, case: str, file: str) -> None:
    tree.image(version="0.4")
    tree.write(file, HOSTILE[case])
    found = zarrscope.validate(tree.root)
    assert not found.valid
    assert {p.rule for p in found.problems if p.file == file} & {"document/json", "document/zarr"}


def test_bare_nan_is_told_and_read_over(tree: Tree) -> None:
    tree.image(version="0.4")
    tree.write("0/.zarray", json.dumps({**tree.read("0/.zarray"), "fill_value": float("nan")}))
    found = zarrscope.validate(tree.root)
    assert [(p.rule, p.file) for p in found.problems if p.severity == 2] == [("document/json", "0/.zarray")]
    assert any("NaN" in p.message for p in found.problems)


def test_zgroup_is_missing(tree: Tree) -> None:
    tree.image(version="0.4")
    (tree.root / ".zgroup").unlink()
    found = zarrscope.validate(tree.root)
    (problem,) = [p for p in found.problems if p.severity == 2]
    assert (problem.rule, problem.file) == ("document/zarr", ".zgroup") and "missing" in problem.message


@pytest.mark.parametrize(
    "member", [{"zarr_format": 2}, {"zarr_format": True}, {"node_type": "file"}, {"attributes": []}]
)
def test_what_stands_around_the_attributes(tree: Tree, member: dict[str, Any]) -> None:
    tree.image()
    tree.change("zarr.json", lambda d: d.update(member))
    found = zarrscope.validate(tree.root)
    assert ("document/zarr", "zarr.json") in {(p.rule, p.file) for p in found.problems}


def test_one_bad_document_does_not_hide_the_others(tree: Tree) -> None:
    tree.plate()
    tree.write("A/1/zarr.json", "{")
    tree.write("B/2/0/zarr.json", "{")
    found = zarrscope.validate(tree.root)
    assert {p.file for p in found.problems if p.rule == "document/json"} == {
        "A/1/zarr.json",
        "B/2/0/zarr.json",
    }


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
SOUND: dict[str, Any] = {
    "multiscales": [{
        "name": "a", "axes": [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}],
        "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1]}]}],
        "coordinateTransformations": [{"type": "affine", "path": "p"}],
    }],
    "labels": ["a/b"],
    "image-label": {"source": {"image": "../../"}},
    "plate": {"wells": [{"path": "A/1"}], "acquisitions": [{"id": 0}], "field_count": 1},
    "well": {"images": [{"path": "0", "acquisition": 1}]},
    "bioformats2raw.layout": 3,
    "series": ["0"],
    "scene": {"coordinateTransformations": [{"input": {"path": "0"}, "output": {"name": "w"}}]},
}  # fmt: skip


def mutated(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    if isinstance(value, dict):
        return {k: mutated(v, path[1:], new) if k == path[0] else v for k, v in value.items()}
    return [mutated(v, path[1:], new) if i == path[0] else v for i, v in enumerate(value)]


def all_paths(value: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [prefix, *(p for k, v in items for p in all_paths(v, (*prefix, k)))]


@given(
    st.sampled_from(sorted(SOUND)), st.data(), JSON,
    st.sampled_from(["0.1", "0.3", "0.4", "0.5", "0.6", "9"]), st.booleans(),
)  # fmt: skip
def test_anything_in_any_place_ends_in_a_report(
    key: str, data: Any, new: Any, version: str, v3: bool
) -> None:
    ours = {key: SOUND[key]}
    ours = mutated(ours, data.draw(st.sampled_from(all_paths(ours))), new)
    ours = ours if isinstance(ours, dict) else {"multiscales": ours}
    store = MemoryStore()
    if v3:
        attributes = {"ome": {"version": version, **ours}}
        document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        names = {"zarr.json": document}
    else:
        names = {".zgroup": {"zarr_format": 2}, ".zattrs": ours}
    for path in ("", "0/", "A/1/", "labels/", "OME/"):  # everything named is the same again
        for name, value in names.items():
            store.put(path + name, json.dumps(value).encode())
    zarrscope.validate(store)


@given(JSON, st.sampled_from(["shape", "chunks", "dtype", "dimension_separator", "zarr_format"]))
def test_anything_in_an_array_ends_in_a_report(new: Any, member: str) -> None:
    array = {
        "zarr_format": 2, "shape": [1, 1], "chunks": [1, 1], "dtype": "|u1", "compressor": None,
        "fill_value": 0, "order": "C", "filters": None, member: new,
    }  # fmt: skip
    other = {"shape": "shape", "chunks": "chunk_grid", "dtype": "data_type"}.get(member, "chunk_key_encoding")
    v3 = {
        "zarr_format": 3, "node_type": "array", "shape": [1, 1], "data_type": "uint8", "fill_value": 0,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 1]}}, "attributes": {},
        "chunk_key_encoding": {"name": "default"}, "codecs": [{"name": "bytes"}], other: new,
    }  # fmt: skip
    ours = {"multiscales": SOUND["multiscales"]}
    attributes = {"ome": {"version": "0.5", **ours}}
    root = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    for names in (
        {".zgroup": {"zarr_format": 2}, ".zattrs": ours, "0/.zarray": array},
        {"zarr.json": root, "0/zarr.json": v3},
    ):
        zarrscope.validate(MemoryStore({k: json.dumps(v).encode() for k, v in names.items()}), depth="pixels")


# --- where documents lie -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "said", "found"),
    [
        ("", "0", "0"), ("a/b", "0", "a/b/0"), ("a/b", "../c", "a/c"), ("a/b", "../../", ""),
        ("a", "./0/", "a/0"),
        ("a", "../..", None), ("", "../a", None), ("a", "../../a/b", None), ("", "/0", None), ("", "", None),
        ("", "http://x/y", None), ("", "a\\b", None),
    ],
)  # fmt: skip
def test_relative_paths(base: str, said: str, found: str | None) -> None:
    assert resolved(base, said) == found


def test_nothing_stands_there(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        zarrscope.validate(tmp_path / "none")
    with pytest.raises(NotFoundError, match="there is no Zarr here"):
        zarrscope.validate(tmp_path)
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(UnsupportedError):
        zarrscope.validate(tmp_path / "a.txt")


@pytest.mark.parametrize("word", ["verdict", "depth", "kind"])
def test_words_that_do_not_exist(tree: Tree, word: str) -> None:
    with pytest.raises(ZarrscopeError, match=f"there is no {word} 'odd'"):
        zarrscope.validate(tree.root, **{word: "odd"})


def test_an_array_at_the_root(tree: Tree) -> None:
    tree.image()
    found = zarrscope.validate(tree.root / "0")
    assert [p.rule for p in found.problems] == ["document/nothing"] and "group above" in found.problems[
        0
    ].message


def test_a_plain_group_with_images_below(tree: Tree) -> None:
    tree.group("")
    tree.image("images/a")
    tree.image("images/a-b")
    tree.image("images/b", version="0.4")
    found = zarrscope.validate(tree.root)
    assert found.valid and found.kind == "group"
    (note,) = [p for p in found.problems if p.rule == "document/images-below"]
    assert "3 below it" in note.message
    tree.change("images/b/0/.zarray", lambda d: d.update(shape=[1, 2]))
    assert not zarrscope.validate(tree.root).valid


def test_a_plain_group_without_images(tree: Tree) -> None:
    tree.group("")
    tree.group("tables")
    assert [p.rule for p in zarrscope.validate(tree.root).problems] == ["document/nothing"]


@pytest.mark.parametrize("kind", ["plate", "well", "labels", "label"])
def test_it_is_not_what_it_has_to_be(tree: Tree, kind: Any) -> None:
    tree.image()
    assert zarrscope.validate(tree.root, kind="image").valid
    assert not zarrscope.validate(tree.root, kind=kind).valid


class Remote:
    """A store like one behind HTTP: it cannot be listed, and may refuse keys."""

    def __init__(self, inner: Any, refused: tuple[str, ...] = ()) -> None:
        self.inner, self.refused, self.trips, self.asked = inner, refused, 0, 0

    def get_many(self, requests: Any) -> Any:
        self.trips += 1
        self.asked += len(requests)
        for request in requests:
            if request.key.startswith(self.refused or "\0"):
                raise StoreError(f"{request.key}: the server answered 500; try again later")
        return self.inner.get_many(requests)

    def get(self, key: str) -> Any:
        return self.inner.get(key)

    def url(self, key: str = "") -> str:
        return f"http://example.org/{key}"


def test_over_a_network_nothing_is_listed_and_round_trips_are_few(tree: Tree) -> None:
    tree.plate()
    store = Remote(LocalStore(tree.root))
    found = zarrscope.validate(store)  # type: ignore[arg-type]
    assert found.valid
    assert any("no document mentions" in line for line in found.unchecked)
    assert store.trips < 16 and store.asked < 40


def test_what_a_server_refuses_is_not_checked(tree: Tree) -> None:
    tree.plate()
    found = zarrscope.validate(Remote(LocalStore(tree.root), ("B/2/0/zarr.json",)))  # type: ignore[arg-type]
    assert found.valid
    assert any(line.startswith("B/2/0/zarr.json: ") and "500" in line for line in found.unchecked)
    with pytest.raises(StoreError, match="500"):
        zarrscope.validate(Remote(LocalStore(tree.root), ("",)))  # type: ignore[arg-type]


def test_requests_are_bounded(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    from zarrscope.check import hierarchy

    tree.plate()
    monkeypatch.setattr(hierarchy, "MOST_REMOTE", 12)
    store = Remote(LocalStore(tree.root))
    found = zarrscope.validate(store)  # type: ignore[arg-type]
    assert store.asked <= 12
    assert any("12 documents" in line for line in found.unchecked)


def test_circles_end(tree: Tree) -> None:
    tree.group("", {"labels": ["a", "a/../a"]})
    tree.group("a", {"labels": ["../a", "b"]})
    tree.group("a/b", {"labels": ["../b", "../../a"]})
    assert not zarrscope.validate(tree.root).valid


def test_a_link_out_of_the_hierarchy_is_not_followed(tree: Tree, tmp_path: Path) -> None:
    tree.image()
    (tmp_path / "secret").mkdir()
    (tree.root / "1").rename(tmp_path / "secret" / "1")
    (tree.root / "1").symlink_to(tmp_path / "secret" / "1")
    found = zarrscope.validate(tree.root)
    assert any("link out of" in line for line in found.unchecked)


# --- one document alone ------------------------------------------------------------------------------


def test_a_document_alone(tree: Tree, tmp_path: Path) -> None:
    tree.image()
    whole = tree.read("zarr.json")
    for name, value in (("a.json", whole), ("b.json", whole["attributes"]), ("zarr.json", whole)):
        (tmp_path / name).write_text("// a comment\n" + json.dumps(value, indent=1))
        found = zarrscope.validate(tmp_path / name)
        assert found.valid and (found.kind, found.version) == ("image", "0.5"), found
        assert any("stands alone" in line for line in found.unchecked)


@pytest.mark.parametrize(("whole", "start"), [(True, "/attributes/ome"), (False, "/ome")])
def test_places_in_a_document_alone(tree: Tree, tmp_path: Path, whole: bool, start: str) -> None:
    tree.image()
    document = tree.read("zarr.json")
    del document["attributes"]["ome"]["multiscales"][0]["datasets"][0]["path"]
    (tmp_path / "a.json").write_text(json.dumps(document if whole else document["attributes"]))
    found = zarrscope.validate(tmp_path / "a.json")
    first = next(p for p in found.problems if p.severity == 2)
    assert first.location.startswith(f"{start}/multiscales/0/datasets/0")
    assert {p.file for p in found.problems} == {"a.json"}


def test_attributes_of_zarr_2_alone(tree: Tree) -> None:
    tree.image(version="0.4")
    found = zarrscope.validate(tree.root / ".zattrs")
    assert found.valid and (found.kind, found.version) == ("image", "0.4")


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_hostile_documents_alone(tmp_path: Path, case: str) -> None:
    (tmp_path / "a.json").write_text(HOSTILE[case])
    assert not zarrscope.validate(tmp_path / "a.json").valid


def test_a_fragment_alone(tmp_path: Path) -> None:
    axes = [{"name": "i", "type": "channel"}, {"name": "j", "type": "time"}]
    systems = [{"name": name, "axes": axes} for name in ("in", "out")]
    step = {"type": "scale", "scale": [1.0, 2.0], "input": {"name": "in"}, "output": {"name": "out"}}
    fragment = {"coordinateSystems": systems, "coordinateTransformations": [step]}
    (tmp_path / "a.json").write_text(json.dumps(fragment))
    found = zarrscope.validate(tmp_path / "a.json", kind="transformation")
    assert found.valid and (found.kind, found.version) == ("transformation", "0.6")
    step["scale"] = [1.0, 2.0, 3.0]
    (tmp_path / "a.json").write_text(json.dumps(fragment))
    found = zarrscope.validate(tmp_path / "a.json", kind="transformation")
    assert not found.valid
    assert {p.location for p in found.problems} == {"/coordinateTransformations/0"}
