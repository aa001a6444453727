"""The story of the Models page: two melody models that ship, beside each other."""

from __future__ import annotations

from typing import Any

PHONE = "#view"


def tell(page: Any, address: str) -> None:
    """Tick the network and the baseline, and compare them."""
    page.goto(f"{address}/models")
    for reference in ("folk@shipped", "folk-markov@shipped"):
        page.get_by_label(f"Compare {reference}", exact=True).check()
    page.get_by_role("button", name="Compare 2").click()
    page.wait_for_selector("#compare-title")
    page.wait_for_selector("svg.radar")
