"""The story of the Groove page: a beat that stands there is played by a drummer."""

from __future__ import annotations

from typing import Any

FUNK = (
    "name=Funk&bars=2&tempo=98&swing=50&swung=16"
    "&d36=x.x.......x.....x.x...x...x....."
    "&d38=....X..o.o..X..o.o..X..o.o..X..."
    "&d42=x.x.x.x.x.x.x.x.x.x.x.x.x.x.x..."
    "&d46=..............................x."
)


def tell(page: Any, address: str) -> None:
    """A pattern from the address sounds, humanized, in the middle of its second bar."""
    page.goto(f"{address}/groove#{FUNK}")
    page.wait_for_selector("#downloads a")
    page.wait_for_selector(".cell[aria-label*='played']")
    page.get_by_role("button", name="Play", exact=True).click()
    page.locator("#cursor").wait_for()


def dress(page: Any) -> None:
    """Stop in the middle, so that the line over the grid stands still."""
    page.wait_for_timeout(2900)
    page.get_by_role("button", name="Pause", exact=True).click()
