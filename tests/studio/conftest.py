"""A real studio and a real browser for the tests of this folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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

from shared import shared


@contextmanager
def _studio() -> Iterator[RunningStudio]:
    with tempfile.TemporaryDirectory(prefix="chromasonic-studio-") as folder:
        running = started_studio(Path(folder))
        yield running
        ended(running)


@contextmanager
def _browser() -> Iterator[Any]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=LONGEST_WAIT_MS)
    with sync_playwright() as engine:
        running = engine.chromium.launch(executable_path=browser_path(), args=list(QUIET))
        yield running
        running.close()


@pytest.fixture(scope="module")
def studio() -> RunningStudio:
    """One studio for the tests of a worker; no test may lean on what another made in it."""
    return shared(_studio)


@pytest.fixture(scope="module")
def browser() -> Any:
    """A headless Chromium."""
    return shared(_browser)


@pytest.fixture
def visitor(browser: Any) -> Iterator[Any]:
    """A fresh page, 1280 by 900; an error on its console or in its scripts fails the test."""
    with watched_page(browser) as page:
        yield page
