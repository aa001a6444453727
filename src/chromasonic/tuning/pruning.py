"""What ends a trial that is behind the others."""

from __future__ import annotations

from typing import Any

from chromasonic.tuning.plan import Plan
from chromasonic.tuning.trial import REWARD_STEPS

COMPLETE_FIRST = 5
"""Trials that come to their end before any is measured against them."""

LET_RUN = 0.25
"""Share of a training in which no trial is ended: rates are still climbing."""


LATE, KEPT_BY_REWARD = 0.75, 75.0
"""A harmonizer's reward while it learns counts its exploration, which is itself searched over and
falls to nothing: only late in a training, and only by the worst quarter, does it tell trials apart.
"""


def pruner_of(plan: Plan) -> Any:
    """The pruner of a plan as Optuna has it."""
    from optuna import pruners

    length = length_of(plan)
    if not plan.can_prune or length < 2:
        return pruners.NopPruner()
    if length == REWARD_STEPS and plan.task == "harmonizer" and plan.kind != "hybrid":
        return pruners.PercentilePruner(
            KEPT_BY_REWARD,
            n_startup_trials=COMPLETE_FIRST,
            n_warmup_steps=int(length * LATE),
        )
    if plan.pruner == "hyperband":
        return pruners.HyperbandPruner(
            min_resource=max(1, int(length * LET_RUN)), max_resource=length, reduction_factor=3
        )
    return pruners.MedianPruner(
        n_startup_trials=COMPLETE_FIRST, n_warmup_steps=max(2, int(length * LET_RUN))
    )


def length_of(plan: Plan) -> int:
    """Steps that a whole trial reports."""
    settings = plan.settings
    if plan.kind == "hybrid":
        return int(settings["beats_epochs"])
    return int(settings["training"]["epochs"]) if "training" in settings else REWARD_STEPS
