"""The story of the Harmonize page: from a melody that is ready to a score with its rules."""

from __future__ import annotations

from typing import Any

PHONE = "#result"
"""Where the phone's picture begins."""


def tell(page: Any, address: str) -> None:
    """Two agents set the tune that stands there; a broken rule is chosen."""
    page.goto(address + "/harmonize")
    page.wait_for_selector("#melody-score svg")
    page.check("#agents [value=exact]")
    page.click("#go")
    page.wait_for_selector("#result[aria-busy=false]")
    page.locator("#settings input").nth(1).check()
    page.wait_for_selector("#score[aria-label*='Exact'] svg")
    page.locator("#settings input").nth(0).check()
    page.wait_for_selector("#score[aria-label*='Hybrid'] svg")
    page.wait_for_selector("#result[aria-busy=false]")
    page.locator(".place").first.click()
    page.wait_for_selector(".score-frame.is-strong")
