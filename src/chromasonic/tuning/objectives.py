"""What a search lowers, by task, in words for people; and which figures are told beside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Objective:
    """One figure on the validation part, lower is better.

    Attributes:
        name: for tables.
        unit: for axes and reports.
        beside: metrics of the trial that are told beside it, and their words.
        sign: -1 where people read the figure the other way round (a share to be raised).
    """

    name: str
    unit: str
    beside: dict[str, str]
    sign: int = 1


LOSS = "validation loss"
SHARE = "share of the ceiling"

OBJECTIVES: dict[str, Objective] = {
    "melody": Objective(
        name=LOSS,
        unit="nats a token",
        beside={
            "pitch_bits": "pitch bits a note",
            "rhythm_bits": "rhythm bits a note",
            "pitch_accuracy": "next pitch right",
        },
    ),
    "companion": Objective(name=LOSS, unit="mean loss", beside={}),
    "gesture": Objective(name=LOSS, unit="nats a movement", beside={"accuracy": "movements right"}),
    "harmonizer": Objective(
        name=f"minus {SHARE}",
        unit=f"minus the {SHARE}",
        beside={"validation_share_of_ceiling": SHARE},
        sign=-1,
    ),
    "hybrid": Objective(
        name="nats a note on beats",
        unit="nats a note on beats",
        beside={"validation_share_of_ceiling": SHARE, "trust": "trust chosen"},
    ),
}


def objective_of(task: str, kind: str) -> Objective:
    """What a search over a kind of model lowers."""
    return OBJECTIVES.get(kind) or OBJECTIVES[task]
