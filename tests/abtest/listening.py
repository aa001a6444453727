"""Experiments and made-up votes for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from chromasonic.abtest.assignment import Trial, plan
from chromasonic.abtest.design import Arm, Clip, Design, Item
from chromasonic.abtest.vote import Vote

START = datetime(2026, 1, 1, tzinfo=UTC)
CLIP_MS = 8000


def make_design(labels: str = "AB", items: int = 12, **options: Any) -> Design:
    """A design over seeds."""
    found = tuple(
        Item(
            name=f"seed-{i}",
            clips={
                label: Clip(source=f"seed {i}", duration_ms=CLIP_MS)
                for label in [*labels, *(["anchor"] if options.get("anchor") else [])]
            },
        )
        for i in range(items)
    )
    arms = tuple(Arm(label=label, version=f"m@{i + 1}") for i, label in enumerate(labels))
    return Design(**{"name": "taste", "arms": arms, "items": found, "salt": "pepper", **options})


def votes_of(
    design: Design,
    listeners: Sequence[str],
    choose: Callable[[Trial, str], str],
    **options: Any,
) -> list[Vote]:
    """Everything that listeners vote, one listener after the other, 20 s a vote.

    Args:
        design: of the experiment.
        listeners: pseudonyms.
        choose: trial and listener to first, second or neither.
        options: of every vote.
    """
    votes: list[Vote] = []
    for name in listeners:
        for trial in plan(design, name):
            votes.append(
                make_vote(trial, name, choose(trial, name), number=len(votes) + 1, **options)
            )
    return votes


def make_vote(trial: Trial, listener: str, choice: str, *, number: int, **options: Any) -> Vote:
    """One vote; its time follows from its number."""
    values = {
        "confidence": 2,
        "heard_ms": (CLIP_MS, CLIP_MS),
        "length_ms": (CLIP_MS, CLIP_MS),
        "address": "",
        "cast_at": START + timedelta(seconds=20 * number),
        "chain": "",
        **options,
    }
    return Vote(
        number=number, listener=listener, trial=trial.index, item=trial.item, first=trial.first,
        second=trial.second, choice=choice, repeats=trial.repeats, is_anchor=trial.is_anchor,
        **values,
    )  # fmt: skip


def side_of(trial: Trial, label: str) -> str:
    """The side on which a version is; neither where it is not there."""
    return {trial.first: "first", trial.second: "second"}.get(label, "neither")
