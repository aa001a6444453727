"""What holds for every page of the studio, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from tests.studio.running import RunningStudio, serious_faults

from chromasonic.studio.pages import PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    page: Any, scheme: str, visitor: Any, studio: RunningStudio
) -> None:
    visitor.emulate_media(color_scheme=scheme)
    visitor.goto(studio.address + page.address, wait_until="networkidle")
    assert serious_faults(visitor) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("width", [320, 375, 640, 1280])
def test_no_page_scrolls_sideways(
    page: Any, width: int, visitor: Any, studio: RunningStudio
) -> None:
    visitor.set_viewport_size({"width": width, "height": 800})
    visitor.goto(studio.address + page.address, wait_until="networkidle")
    assert visitor.evaluate("document.documentElement.scrollWidth") <= width
