"""Which settings mattered, and whether chance alone would have made them look so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chromasonic.tuning.plan import Plan
from chromasonic.tuning.records import TrialRecord
from chromasonic.tuning.storage import quiet

BEST_SHARE = 0.25
"""Share of the trials that count as the good ones."""
FEWEST = 10
"""Trials below which nothing is said: two or three good ones show no pattern."""
SHUFFLES = 200
NOTEWORTHY = 0.05


@dataclass(frozen=True, kw_only=True)
class Importance:
    """How much a setting had to do with being among the best trials.

    Attributes:
        name: of the setting.
        share: of what all settings together had to do with it, 0 to 1.
        by_chance: how often it is at least as important when losses are shuffled among trials.
    """

    name: str
    share: float
    by_chance: float

    @property
    def is_noteworthy(self) -> bool:
        """Whether chance alone would seldom make it look so important."""
        return self.by_chance <= NOTEWORTHY

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def importances(
    plan: Plan, records: Sequence[TrialRecord], *, seed: int = 0
) -> tuple[Importance, ...]:
    """The settings of a search by importance, the most important first; empty: too few trials.

    A setting is important if its values among the best quarter of the trials are spread otherwise
    than among all. Only ranks count, so that a trial that was ended early, and is therefore known
    to be behind, takes part: after all complete ones.

    Source: S. Watanabe, A. Bansal and F. Hutter, "PED-ANOVA: efficiently quantifying
    hyperparameter importance in arbitrary subspaces" (2023), as Optuna computes it.
    Differs: importances are set beside those of the same trials with their losses shuffled.
    """
    import numpy as np
    import optuna

    judged = [record for record in records if record.end in ("complete", "pruned")]
    if len(judged) < FEWEST or len(plan.space) < 2:
        return ()
    order = sorted(range(len(judged)), key=lambda index: _place(judged[index]))
    ranks = np.empty(len(judged))
    ranks[order] = range(len(judged))
    with quiet():
        study = optuna.create_study(direction="minimize")
        distributions = {name: one.distribution() for name, one in plan.space.items()}
        for record, rank in zip(judged, ranks, strict=True):
            study.add_trial(
                optuna.trial.create_trial(
                    params=plan.parameters(record.values), distributions=distributions, value=rank
                )
            )
        judge = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=BEST_SHARE)

        def measured(order: Any) -> dict[str, float]:
            found = judge.evaluate(study, target=lambda trial: float(order[trial.number]))
            return {name: max(0.0, found.get(name, 0.0)) for name in plan.space}

        real = measured(ranks)
        rng = np.random.default_rng(seed)
        shuffled = [measured(rng.permutation(ranks)) for _ in range(SHUFFLES)]
    total = math.fsum(real.values()) or 1.0
    found = [
        Importance(
            name=name,
            share=value / total,
            by_chance=(1 + sum(one[name] >= value for one in shuffled)) / (1 + SHUFFLES),
        )
        for name, value in real.items()
    ]
    return tuple(sorted(found, key=lambda one: -one.share))


def _place(record: TrialRecord) -> tuple[bool, int, float]:
    """Where a trial stands: complete ones by loss, then those ended early by how far they came."""
    is_early = record.end == "pruned"
    return is_early, -len(record.curve) if is_early else 0, record.loss


def in_words(found: Sequence[Importance]) -> str:
    """A sentence or two that say which settings mattered."""
    if not found:
        return f"With fewer than {FEWEST} trials nothing can be said of which settings mattered."
    mattered = [one for one in found if one.is_noteworthy]
    if not mattered:
        return (
            "No setting stands out: with losses shuffled among the trials, each would look as "
            f"important in more than {NOTEWORTHY:.0%} of cases."
        )
    named = ", ".join(f"{one.name} ({one.share:.0%})" for one in mattered)
    rest = "" if len(mattered) == len(found) else " Of the others chance would make as much."
    return f"What told the best trials from the rest: {named}.{rest}"
