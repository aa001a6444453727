"""Which models ship: their names, what they are good for, the recipe of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chromasonic.errors import UsageError

RECIPES = Path("recipes/shipped")
"""Where the recipes lie in the repository: NAME.toml."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A model that ships, before it is trained.

    Attributes:
        name: what it will be called on a command line.
        task: melody, companion or gesture.
        kind: within the task.
        title: a short line for people.
        summary: what it is good for, in a sentence or two.
        note: what must be known of how it was trained, besides its recipe.
        tiny: settings laid over the recipe for a training of seconds, as nested tables.
    """

    name: str
    task: str
    kind: str
    title: str
    summary: str
    note: str = ""
    tiny: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.task not in ("melody", "companion", "gesture"):
            raise UsageError(
                f"'{self.name}' is planned for the task '{self.task}'; allowed: melody, companion, "
                "gesture. Agents that harmonize ship in their own room."
            )

    @property
    def recipe(self) -> str:
        """The file of its recipe."""
        return f"{self.name}.toml"


_ONE_EPOCH = {"epochs": 1, "warmup_steps": 1, "patience": 0}

PLANS: tuple[Plan, ...] = (
    Plan(
        name="folk",
        task="melody",
        kind="lstm",
        title="Irish, Scottish and American dance tunes",
        summary="Writes tunes in the manner of O'Neill's, Ryan's and Aird's collections: reels, "
        "jigs, hornpipes, airs. Taken where no other model is chosen.",
        note="It was stopped after epoch 27 of the recipe's 28, at a learning rate of 2e-05.",
        tiny={
            "data": {"max_melody_length": 60},
            "lstm": {"model": {"hidden_size": 16, "num_layers": 1}, "training": {**_ONE_EPOCH}},
        },
    ),
    Plan(
        name="folk-markov",
        task="melody",
        kind="markov",
        title="Dance tunes, counted",
        summary="Counts of the same tunes, blended over orders: at hand at once, wilder, without "
        "a memory for form; the baseline beside which other melody models are judged.",
        # Short tunes alone, counted less deeply.
        tiny={
            "data": {"max_melody_length": 60},
            "markov": {"model": {"pitch_order": 1, "rhythm_order": 1}},
        },
    ),
    Plan(
        name="groove",
        task="companion",
        kind="groove_predictor",
        title="Drums that breathe",
        summary="Gives programmed drums the strength and timing of ten drummers. Taken "
        "where no other model is chosen.",
        tiny={"groove_predictor": {"training": {**_ONE_EPOCH}}},
    ),
    Plan(
        name="harmony",
        task="companion",
        kind="harmony_predictor",
        title="The next chord",
        summary="Says which chord comes next, beat by beat, from chart songs and Bach's chorales.",
        tiny={"harmony_predictor": {"training": {**_ONE_EPOCH}}},
    ),
    Plan(
        name="hands",
        task="gesture",
        kind="causal",
        title="Twelve gestures of a hand (made-up performers)",
        summary="Tells twelve hand gestures apart, to try gestures with at once. It learned from "
        "made-up hands: for a stage, train on recordings of your own.",
        tiny={"data": {"movements": 120}, "training": {**_ONE_EPOCH}},
    ),
)
"""In the order in which they are listed."""


def plan_named(name: str) -> Plan:
    """The plan of a model.

    Raises:
        UsageError: no model of that name ships.
    """
    for plan in PLANS:
        if plan.name == name:
            return plan
    known = ", ".join(plan.name for plan in PLANS)
    raise UsageError(f"No model called '{name}' ships; there are: {known}.")
