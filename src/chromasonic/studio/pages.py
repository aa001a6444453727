"""The pages of the studio, in the order of its navigation."""

from __future__ import annotations

from typing import NamedTuple


class Page(NamedTuple):
    """One page: its folder in `web/`, which is its address too, and its name for people.

    Its routes are the `router` of `chromasonic.studio.NAME.routes`.
    """

    name: str
    title: str

    @property
    def address(self) -> str:
        """Where it is."""
        return f"/{self.name}"

    @property
    def module(self) -> str:
        """The module that has its `router`."""
        return f"chromasonic.studio.{self.name}.routes"


PAGES = (
    Page("compose", "Compose"),
    Page("harmonize", "Harmonize"),
    Page("groove", "Groove"),
    Page("gesture", "Gesture"),
    Page("train", "Train"),
    Page("models", "Models"),
    Page("listen", "Listen"),
)
