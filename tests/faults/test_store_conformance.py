"""The suites that zarr-python holds its own stores against, over ours through the adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis.stateful import run_state_machine_as_test
from tests.conftest import PROOF
from zarr.core.buffer import Buffer, cpu
from zarr.testing.stateful import ZarrHierarchyStateMachine, ZarrStoreStateMachine
from zarr.testing.store import StoreTests

from zarrscope.array.zarr_adapter import ZarrStore
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore
from zarrscope.store.remote import ObjectStore

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.servers import S3


class OurStoreTests(StoreTests[ZarrStore, cpu.Buffer]):
    """What all of our stores have to pass. Values are put and got past the adapter."""

    store_cls = ZarrStore
    buffer_cls = cpu.Buffer

    @pytest.fixture
    def store(self, store_kwargs: dict[str, Any]) -> ZarrStore:
        store = ZarrStore(**store_kwargs)
        store._is_open = True
        return store

    @pytest.fixture
    def store_not_open(self, store_kwargs: dict[str, Any]) -> ZarrStore:
        return ZarrStore(**store_kwargs)

    async def set(self, store: ZarrStore, key: str, value: Buffer) -> None:
        store._store.put(key, value.to_bytes())

    async def get(self, store: ZarrStore, key: str) -> Buffer:
        return cpu.Buffer.from_bytes(bytes(store._store.get(key)))

    def test_store_repr(self, store: ZarrStore) -> None:
        assert repr(store) == f"ZarrStore({store._store.url()!r})"

    def test_store_supports_writes(self, store: ZarrStore) -> None:
        assert store.supports_writes

    def test_store_supports_listing(self, store: ZarrStore) -> None:
        assert store.supports_listing


class TestMemory(OurStoreTests):
    """In memory."""

    @pytest.fixture
    def store_kwargs(self) -> dict[str, Any]:
        return {"store": MemoryStore()}


class TestLocal(OurStoreTests):
    """In a folder."""

    @pytest.fixture
    def store_kwargs(self, tmp_path: Path) -> dict[str, Any]:
        return {"store": LocalStore(tmp_path / "root")}


class TestObjects(OurStoreTests):
    """In a bucket."""

    @pytest.fixture
    def store_kwargs(self, s3_moto: S3, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        return {"store": ObjectStore(s3_moto.use(monkeypatch))}


class TestStateful:
    """Random operations, against a dictionary and against zarr-python's own store in memory."""

    @pytest.fixture(params=["memory", "local", "objects"])
    def store(
        self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> ZarrStore:
        if request.param == "objects":
            return ZarrStore(ObjectStore(request.getfixturevalue("s3_moto").use(monkeypatch)))
        return ZarrStore(MemoryStore() if request.param == "memory" else LocalStore(tmp_path / "root"))

    def test_values(self, store: ZarrStore) -> None:
        run_state_machine_as_test(lambda: ZarrStoreStateMachine(store), settings=amount(store))

    @pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning")
    @pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning")
    def test_hierarchies(self, store: ZarrStore) -> None:
        run_state_machine_as_test(lambda: ZarrHierarchyStateMachine(store), settings=amount(store))


def amount(store: ZarrStore) -> Any:
    """Return how much is tried: a server takes longer."""
    from hypothesis import settings

    examples = (100 if PROOF else 10) // (5 if isinstance(store._store, ObjectStore) else 1)
    return settings(max_examples=examples, stateful_step_count=20 if PROOF else 10, deadline=None)
