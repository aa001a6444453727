"""Pieces that are not there (any more), and pieces that are brought back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect
from tests.studio.running import RunningStudio, watched_page

from chromasonic.studio.shelf import Shelf


def test_the_page_itself_says_that_the_tune_is_not_there(
    browser: Any, studio: RunningStudio
) -> None:
    with watched_page(browser, but="status of 400") as page:
        page.goto(f"{studio.address}/compose?piece=NOPE")
        said = page.locator("#not-here")
        expect(said).to_contain_text("'NOPE' is no piece of the studio.")
        expect(said).to_contain_text("It may have been removed.")
        page.goto(f"{studio.address}/compose")
        expect(page.locator("#nothing")).to_be_visible()
        expect(said).to_be_hidden()


@pytest.mark.parametrize(("page", "kind"), [("compose", "tune"), ("gesture", "gesture")])
def test_what_was_removed_is_brought_back_by_the_notice_that_says_so(
    page: str, kind: str, visitor: Any, studio: RunningStudio
) -> None:
    title = f"Taken away on {page}"
    piece = Shelf(studio.folder / "pieces").keep(kind, title, {}, {"tune.abc": "X:1\nK:C\nC|\n"})
    line = visitor.locator(f"li:has(a[href='/{page}?piece={piece.id}'])")
    visitor.goto(f"{studio.address}/{page}")
    line.get_by_role("button", name=f"Remove {title}").click()
    expect(visitor.locator("dialog")).to_contain_text("bring it back")
    visitor.get_by_role("button", name="Remove", exact=True).click()
    expect(line).to_have_count(0)
    visitor.get_by_role("button", name="Bring it back").click()
    expect(line).to_have_count(1)
    again = visitor.request.get(f"{studio.address}/api/pieces/{piece.id}/tune.abc")
    assert again.text() == "X:1\nK:C\nC|\n"
