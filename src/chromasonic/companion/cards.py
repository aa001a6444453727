"""Model cards: what a model is, learned from, and is worth, and how to make it again."""

from __future__ import annotations

from chromasonic.training.run_directory import RunDirectory


def write_card(run: RunDirectory, name: str) -> None:
    """To be written."""
