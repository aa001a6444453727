"""A real studio and a real browser for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.studio.running import (
    LONGEST_WAIT_MS,
    QUIET,
    RunningStudio,
    browser_path,
    ended,
    started_studio,
    watched_page,
)


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """One studio for the tests of a worker; no test may lean on what another made in it."""
    running = started_studio(tmp_path_factory.mktemp("studio"))
    yield running
    ended(running)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=LONGEST_WAIT_MS)
    with sync_playwright() as engine:
        running = engine.chromium.launch(executable_path=browser_path(), args=list(QUIET))
        yield running
        running.close()


@pytest.fixture
def visitor(browser: Any) -> Iterator[Any]:
    """A fresh page, 1280 by 900; an error on its console or in its scripts fails the test."""
    with watched_page(browser) as page:
        yield page
