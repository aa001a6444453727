"""The story of the listeners' page: a pair, one clip heard, the other playing."""

from __future__ import annotations

from typing import Any

from tests.studio.story_listen import made


def tell(page: Any, address: str) -> None:
    """A listener is at the first pair of a test."""
    made(page, address, bars=4, items=6, trials=6)
    page.goto(page.get_by_label("Link for listeners").input_value())
    page.click("#begin")
    for side in ("first", "second"):
        page.click(f".clip[data-side={side}] .play:enabled")
        page.wait_for_selector(f".clip[data-side={side}].is-heard")
    page.get_by_role("radio", name="the first").check()
