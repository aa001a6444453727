"""The story of the form for a listening test: drummers, with what people played beside them."""

from __future__ import annotations

from typing import Any

PHONE = "#making"


def tell(page: Any, address: str) -> None:
    """The form is filled in, and says how long the test will take."""
    page.goto(address + "/listen")
    page.click("#new")
    page.get_by_label("Drums", exact=True).check()
    page.wait_for_selector("[name=version-B] option[value='drummer:straight']", state="attached")
    with_people = page.get_by_label("Mix in what drummers played")
    page.wait_for_timeout(1_000)  # whether their bars are on this computer is looked up
    if with_people.is_enabled():
        with_people.check()
    page.click("#making summary")
    page.get_by_label("Lossless sound").check()
