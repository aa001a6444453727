"""Which settings mattered, and whether chance alone would have made them look so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chromasonic.evaluation.statistics import holm
from chromasonic.tuning.plan import Plan
from chromasonic.tuning.records import TrialRecord
from chromasonic.tuning.storage import quiet

BEST_SHARE = 0.25
"""Share of the trials that count as the good ones."""
FEWEST, FEWEST_COMPLETE = 20, 10
"""Trials, and complete ones, below which nothing is said: a few good ones show no pattern."""
SHUFFLES = 200
NOTEWORTHY = 0.05


@dataclass(frozen=True, kw_only=True)
class Importance:
    """How much a setting had to do with being among the best trials.

    Attributes:
        name: of the setting.
        share: of what all settings together had to do with it, 0 to 1.
        by_chance: how often shuffled losses make it as important, corrected for how many settings
            are asked about (Holm).
        trend: rank correlation of its values with the losses of all trials; below 0: higher values
            go with lower losses. NaN where values have no order.
        trend_by_chance: how often shuffled losses make as strong a trend, corrected likewise.
    """

    name: str
    share: float
    by_chance: float
    trend: float = math.nan
    trend_by_chance: float = 1.0

    @property
    def is_noteworthy(self) -> bool:
        """Whether chance alone would seldom make it look so important."""
        return self.by_chance <= NOTEWORTHY

    @property
    def has_trend(self) -> bool:
        """Whether chance alone would seldom make such a trend."""
        return self.trend_by_chance <= NOTEWORTHY

    @property
    def better(self) -> str:
        """Which way is better, in a word; "" where there is no trend."""
        return ("lower" if self.trend > 0 else "higher") if self.has_trend else ""

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
    Differs: importances, and rank correlations beside them, are set against those of the same
    trials with their losses shuffled.
    """
    import numpy as np

    judged = [record for record in records if record.end in ("complete", "pruned")]
    complete = sum(record.end == "complete" for record in judged)
    if len(judged) < FEWEST or complete < FEWEST_COMPLETE or len(plan.space) < 2:
        return ()
    order = sorted(range(len(judged)), key=lambda index: _place(judged[index]))
    ranks = np.empty(len(judged))
    ranks[order] = range(len(judged))
    rng = np.random.default_rng(seed)
    shuffled = [rng.permutation(ranks) for _ in range(SHUFFLES)]
    real, others = _spreads(plan, judged, [ranks, *shuffled])
    total = math.fsum(real.values()) or 1.0
    trends = {name: _trends(judged, name, [ranks, *shuffled]) for name in plan.space}
    names = list(plan.space)
    chances = holm([_chance(real[name], [one[name] for one in others]) for name in names])
    trend_chances = holm(
        [_chance(abs(trends[name][0]), np.abs(trends[name][1:])) for name in names]
    )
    found = [
        Importance(
            name=name,
            share=real[name] / total,
            by_chance=chance,
            trend=trends[name][0],
            trend_by_chance=trend_chance,
        )
        for name, chance, trend_chance in zip(names, chances, trend_chances, strict=True)
    ]
    return tuple(sorted(found, key=lambda one: -one.share))


def _spreads(
    plan: Plan, judged: Sequence[TrialRecord], orders: Sequence[Any]
) -> tuple[dict[str, float], list[dict[str, float]]]:
    """PED-ANOVA's importances for some orders of the trials: of the first, and of the others."""
    import optuna

    with quiet():
        study = optuna.create_study(direction="minimize")
        distributions = {name: one.distribution() for name, one in plan.space.items()}
        for record in judged:
            study.add_trial(
                optuna.trial.create_trial(
                    params=plan.parameters(record.values), distributions=distributions, value=0.0
                )
            )
        judge = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=BEST_SHARE)

        def measured(order: Any) -> dict[str, float]:
            found = judge.evaluate(study, target=lambda trial: float(order[trial.number]))
            return {name: max(0.0, found.get(name, 0.0)) for name in plan.space}

        first, *others = [measured(order) for order in orders]
    return first, others


def _trends(judged: Sequence[TrialRecord], name: str, orders: Sequence[Any]) -> Any:
    """Spearman's correlation of a setting with each order; NaN where its values have none."""
    import numpy as np
    from scipy.stats import rankdata

    values = [record.values[name] for record in judged]
    is_ordered = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in values)
    if not is_ordered or len(set(values)) < 2:
        return np.full(len(orders), math.nan)
    ranked = rankdata(values)
    return np.array([float(np.corrcoef(ranked, order)[0, 1]) for order in orders])


def _chance(real: float, shuffled: Any) -> float:
    """How often shuffled trials reach the real figure."""
    if math.isnan(real):
        return 1.0
    return (1 + sum(one >= real - 1e-12 for one in shuffled)) / (1 + len(shuffled))


def _place(record: TrialRecord) -> tuple[bool, int, float]:
    """Where a trial stands: complete ones by loss, then those ended early by how far they came."""
    is_early = record.end == "pruned"
    return is_early, -len(record.curve) if is_early else 0, record.loss


def in_words(found: Sequence[Importance]) -> str:
    """A sentence or two that say which settings mattered."""
    if not found:
        return (
            f"Too few trials to say which settings mattered: {FEWEST} are wanted, "
            f"{FEWEST_COMPLETE} of them complete."
        )
    said = []
    mattered = [one for one in found if one.is_noteworthy]
    if mattered:
        named = ", ".join(
            f"{one.name} ({one.share:.0%}{f', {one.better} is better' if one.better else ''})"
            for one in mattered
        )
        said.append(f"What told the best trials from the rest: {named}.")
    along = [one for one in found if one.has_trend and not one.is_noteworthy]
    if along:
        named = ", ".join(f"{one.better} {one.name} (rank correlation {one.trend:+.2f})"
                          for one in along)  # fmt: skip
        said.append(f"Over all trials, lower losses go with {named}.")
    if not said:
        return (
            "No setting stands out: each would look as important, or as much of a trend, with the "
            "losses shuffled among the trials."
        )
    return " ".join([*said, "Of the others chance would make as much."])
