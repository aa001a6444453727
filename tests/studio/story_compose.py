"""The story of the Compose page: a picture sets the mood, a tune is written, one bar chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SUNSET = Path(__file__).parents[2] / "examples" / "pictures" / "sunset.jpg"


def tell(page: Any, address: str) -> None:
    """A jig in G is written to a sunset with the model that ships; its third bar is chosen."""
    page.goto(address + "/compose")
    page.wait_for_selector("#model option", state="attached")
    page.set_input_files("#picture input", SUNSET)
    page.wait_for_selector(".palette-swatches li", state="attached")
    page.locator("[name=tonic]").select_option("G")
    page.locator("[name=metre]").select_option("6/8")
    page.locator("[name=bars]").fill("16")
    page.evaluate("document.querySelector('[name=seed]').value = '7'")
    page.get_by_role("button", name="Write a tune").click()
    page.wait_for_selector("#score svg")
    page.locator(".score-bar[data-bar='3']").click()
    page.wait_for_selector("#reroll")
    page.evaluate("document.querySelector('#wishes').scrollTop = 0; scrollTo(0, 0)")


PHONE = "#tune"
"""Where the phone's picture begins."""


def dress(page: Any) -> None:
    """For the picture: the sound stands in the middle of the tune."""
    page.locator("#transport .round").click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("slider", name="Place in the sound").fill("470")
