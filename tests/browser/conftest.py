"""One browser for all tests of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.browser.page import Page, missing

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def browser() -> Iterator[Page]:
    if reason := missing():
        pytest.skip(f"browser tests are not run: {reason}")
    page = Page()
    yield page
    page.close()


@pytest.fixture
def page(browser: Page) -> Iterator[Page]:
    """Hand the browser out, and look at what it complained of afterwards."""
    yield browser
    assert browser.complaints() == []
