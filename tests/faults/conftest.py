"""Servers that tests of faults share, each started when the first test asks for it; coroutines as tests."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING

import pytest
from tests.faults.attack import Attacker
from tests.faults.servers import faulty, s3_moto, s3_swift

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["faulty", "s3_moto", "s3_swift"]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine, as those of zarr-python's suite are."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(scope="module")
def attack() -> Iterator[Attacker]:
    attacker = Attacker()
    yield attacker
    attacker.close()
