"""What a search lowers, by task, in words for people; and which figures are told beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Objective:
    """One figure on the validation part: the loss of a trial, as people read it.

    Attributes:
        name: for tables and sentences.
        unit: for axes and reports.
        curve: what the curve of a trial shows, and by what.
        step: what a point of that curve is.
        beside: metrics of a trial that are told beside it, and their words.
        sign: -1 where people read it the other way round: a share, to be raised.
    """

    name: str
    unit: str
    curve: str = "Validation loss by epoch"
    step: str = "epoch"
    beside: Mapping[str, str] = field(default_factory=dict)
    sign: int = 1

    @property
    def goal(self) -> str:
        """Whether it is lowered or raised."""
        return "lowered" if self.sign > 0 else "raised"

    def figure(self, loss: float) -> float:
        """A loss as people read it."""
        return self.sign * loss

    def text(self, loss: float, digits: int = 4) -> str:
        """A loss as people read it, in figures."""
        return f"{self.figure(loss):.{digits}f}" if math.isfinite(loss) else "-"


LOSS = "validation loss"
REWARD = "Reward of late, exploration included"

OBJECTIVES: dict[str, Objective] = {
    "melody": Objective(
        name=LOSS,
        unit="nats a token",
        beside={
            "pitch_bits": "pitch bits a note",
            "rhythm_bits": "rhythm bits a duration",
            "pitch_accuracy": "next pitch right",
        },
    ),
    "companion": Objective(name=LOSS, unit="mean loss"),
    "gesture": Objective(name=LOSS, unit="nats a movement", beside={"accuracy": "movements right"}),
    "harmonizer": Objective(
        name="share of the ceiling",
        unit="share of the ceiling",
        curve=REWARD,
        step="twentieth of the training",
        sign=-1,
    ),
    "hybrid": Objective(
        name="nats a note on beats",
        unit="nats a note",
        beside={"validation_share_of_ceiling": "share of the ceiling", "trust": "trust chosen"},
    ),
}
"""By task; the hybrid has one of its own (see `harmonizer_objective`)."""


def objective_of(task: str, kind: str) -> Objective:
    """What a search over a kind of model lowers."""
    return OBJECTIVES.get(kind) or OBJECTIVES[task]
