"""The pictures of the documentation: one of each page, wide and narrow, and small enough."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest
from PIL import Image

from chromasonic.studio.pages import PAGES

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LARGEST_BYTES = 250_000
WIDTHS = {"": 1280, "-phone": 375}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_page_has_a_story(page: object) -> None:
    story = importlib.import_module(f"tests.studio.story_{page.name}")  # type: ignore[attr-defined]
    assert list(inspect.signature(story.tell).parameters)[:2] == ["page", "address"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("form", WIDTHS)
def test_each_page_has_pictures(page: object, form: str) -> None:
    path = IMAGES / f"studio-{page.name}{form}.png"  # type: ignore[attr-defined]
    assert path.stat().st_size <= LARGEST_BYTES
    with Image.open(path) as picture:
        assert picture.width == WIDTHS[form]
        assert len(picture.convert("RGB").getcolors(1 << 20) or ()) > 20  # not an empty sheet
