"""The story of the Gesture page: the example moves, is recognized, and plays."""

from __future__ import annotations

from typing import Any


def tell(page: Any, address: str) -> None:
    """The made hand, in the middle of a gesture."""
    page.goto(address + "/gesture")
    page.get_by_role("button", name="Show me an example").click()
    page.wait_for_selector("#downloads a")
    page.get_by_role("button", name="swipe-up").first.click()


def dress(page: Any) -> None:
    """A moment further on, when the model is sure."""
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(900)
    page.get_by_role("button", name="Pause", exact=True).click()
