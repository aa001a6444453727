"""What a study knows of a trial, as plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from chromasonic.tuning.plan import Plan

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

NUMBER, RESULT = "number", "result"
Standing = Literal["waiting", "running", "complete", "pruned", "impossible", "cut"]
OVER = ("complete", "pruned", "impossible")


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """A trial as it stands.

    Attributes:
        number: in its study; 0 is the recipe as it was.
        end: how it ended, or "waiting" or "running".
        values: its settings, by name.
        loss: what the search lowers; of a pruned one the lowest that it reached; NaN: none yet.
        curve: the loss after each epoch.
        validation: metric to value at the best epoch.
        parameters: numbers that were trained.
        seconds: that were spent on it, by the process that ended it.
        reason: why it ended before its time.
    """

    number: int
    end: Standing
    values: Mapping[str, Any]
    loss: float = math.nan
    curve: tuple[float, ...] = ()
    validation: Mapping[str, float] = field(default_factory=dict)
    parameters: int = 0
    seconds: float = 0.0
    reason: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.end in OVER

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "values": dict(self.values), "curve": list(self.curve)}


def record_of(plan: Plan, trial: FrozenTrial) -> TrialRecord:
    """A trial of a study."""
    result: Mapping[str, Any] = trial.user_attrs.get(RESULT, {})
    state = trial.state.name
    ends: dict[str, Standing] = {"WAITING": "waiting", "RUNNING": "running", "FAIL": "cut"}
    curve = [loss for _, loss in sorted(trial.intermediate_values.items())]
    given = trial.params or trial.system_attrs.get("fixed_params", {})
    loss = result.get("loss")
    return TrialRecord(
        number=int(trial.user_attrs[NUMBER]),
        end=ends.get(state) or result.get("end", "complete"),
        values=plan.values(given),
        loss=math.nan if loss is None else float(loss),
        curve=tuple(result.get("curve") or curve),
        validation=result.get("validation", {}),
        parameters=int(result.get("parameters", 0)),
        seconds=float(result.get("seconds", 0.0)),
        reason=str(result.get("reason", "")),
    )
