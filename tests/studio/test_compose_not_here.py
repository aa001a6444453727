"""A link to a tune that is not there (any more)."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect
from tests.studio.running import RunningStudio, watched_page


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
