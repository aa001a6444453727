"""What an evaluation finds: one method on one chorale, and all chorales together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chromasonic.errors import EvaluationError
from chromasonic.evaluation.figure import Figure, undefined
from chromasonic.evaluation.statistics import (
    LEVEL,
    RESAMPLES,
    bootstrap_mean,
    bootstrap_median,
    bootstrap_ratio,
)
from chromasonic.harmonization.chord_agreement import ChordCounts
from chromasonic.harmonization.rates import rates_over_pieces

FOUR_VOICES = "four voices"
TWO_VOICES = "two voices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One method on one chorale.

    Attributes:
        chorale: its id.
        beats: voicings.
        reward: of the method, in all.
        floor: mean reward of uniformly random candidates, in all.
        ceiling: the highest reward that there is, in all.
        seconds: that the method took.
        rates: `rates.count_rates` of what sounds.
        rules: rule to how often it is broken, in all.
        chords: beside an analysis; None without one, or with two voices.
    """

    chorale: str
    beats: int
    reward: float
    floor: float
    ceiling: float
    seconds: float
    rates: dict[str, tuple[int, int]]
    rules: dict[str, float]
    chords: ChordCounts | None = None

    @property
    def share(self) -> float:
        """Share of the ceiling: 0 is chance, 1 the optimum."""
        return (self.reward - self.floor) / (self.ceiling - self.floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodResults:
    """One method on all chorales; every figure has a 95% interval over chorales.

    Attributes:
        name: of the method.
        game: `FOUR_VOICES` or `TWO_VOICES`: rewards are compared within a game only.
        share: share of the ceiling, mean over chorales.
        reward: a beat.
        ratio: sum of rewards to sum of ceilings; undefined where the ceilings' sum is not above 0.
        seconds: a chorale, median.
        rates: on sixteenths, by name of `rates.RATES`.
        rules: breaches a beat, by rule.
        chords: share of the analysts' chords found: "all", "new", "held"; empty for two voices.
        pieces: each chorale's share of the ceiling.
    """

    name: str
    game: str
    share: Figure
    reward: Figure
    ratio: Figure
    seconds: Figure
    rates: dict[str, Figure]
    rules: dict[str, Figure]
    chords: dict[str, Figure] = field(default_factory=dict)
    pieces: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""

        def plain(figures: dict[str, Figure]) -> dict[str, Any]:
            return {name: figure.to_dict() for name, figure in figures.items()}

        return {
            "game": self.game,
            "share_of_ceiling": self.share.to_dict(),
            "reward_per_beat": self.reward.to_dict(),
            "reward_to_ceiling": self.ratio.to_dict(),
            "seconds_per_chorale": self.seconds.to_dict(),
            "chords_found": plain(self.chords),
            "rates_on_sixteenths": plain(self.rates),
            "breaches_per_beat": plain(self.rules),
            "share_of_ceiling_by_chorale": self.pieces,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All methods on the same chorales.

    Attributes:
        part: of the split.
        methods: by name, in the order of the tables.
        chorales: how many were harmonized.
        beats: how many voicings each method chose.
        skipped: chorale to why it was left out, for all methods.
        missing: agent to why it is not judged.
        seed: of what chance there is, and of the intervals.
    """

    part: str
    methods: dict[str, MethodResults]
    chorales: int
    beats: int
    skipped: dict[str, str]
    missing: dict[str, str]
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "part": self.part,
            "chorales": self.chorales,
            "beats": self.beats,
            "seed": self.seed,
            "skipped": self.skipped,
            "missing": self.missing,
            "methods": {name: results.to_dict() for name, results in self.methods.items()},
        }


def evaluation_from(document: Mapping[str, Any]) -> Evaluation:
    """An evaluation out of its document, as `Evaluation.to_dict` makes it and JSON keeps it.

    Args:
        document: nulls stand for NaN.

    Raises:
        EvaluationError: the document is not of an evaluation.
    """
    try:
        methods = {name: _method_from(name, told) for name, told in document["methods"].items()}
        others = {
            name: document[name]
            for name in ("part", "chorales", "beats", "skipped", "missing", "seed")
        }
        return Evaluation(methods=methods, **others)
    except (AttributeError, KeyError, TypeError) as error:
        raise EvaluationError(
            f"This is no document of an evaluation of harmonizers ({error!r}). "
            "Write one: chromasonic evaluate harmonizer --output results.json"
        ) from error


def _method_from(name: str, told: Mapping[str, Any]) -> MethodResults:
    def figure(value: Mapping[str, Any]) -> Figure:
        known: dict[str, Any] = {key: math.nan if it is None else it for key, it in value.items()}
        return Figure(**known)

    def figures(key: str) -> dict[str, Figure]:
        return {name: figure(value) for name, value in told[key].items()}

    return MethodResults(
        name=name,
        game=told["game"],
        share=figure(told["share_of_ceiling"]),
        reward=figure(told["reward_per_beat"]),
        ratio=figure(told["reward_to_ceiling"]),
        seconds=figure(told["seconds_per_chorale"]),
        rates=figures("rates_on_sixteenths"),
        rules=figures("breaches_per_beat"),
        chords=figures("chords_found"),
        pieces=dict(told["share_of_ceiling_by_chorale"]),
    )


def results_of(name: str, game: str, judged: Sequence[Judged], *, seed: int = 0) -> MethodResults:
    """All chorales of one method together.

    Args:
        name: of the method.
        game: `FOUR_VOICES` or `TWO_VOICES`.
        judged: one a chorale, one or more.
        seed: of the intervals.
    """
    beats = [one.beats for one in judged]
    return MethodResults(
        name=name,
        game=game,
        share=bootstrap_mean([one.share for one in judged], unit="share of the ceiling", seed=seed),
        reward=bootstrap_ratio(
            [one.reward for one in judged], beats, unit="reward a beat", seed=seed
        ),
        ratio=_ratio_to_ceiling(judged, seed),
        seconds=bootstrap_median(
            [one.seconds for one in judged], unit="seconds a chorale", seed=seed
        ),
        rates=rates_over_pieces([one.rates for one in judged], seed=seed),
        rules={
            rule: bootstrap_ratio(
                [one.rules[rule] for one in judged], beats, unit="breaches a beat", seed=seed
            )
            for rule in judged[0].rules
        },
        chords=_chord_figures([one.chords for one in judged if one.chords], seed),
        pieces={one.chorale: one.share for one in judged},
    )


def _chord_figures(counts: Sequence[ChordCounts], seed: int) -> dict[str, Figure]:
    if not counts:
        return {}
    columns = {
        "all": [(one.found, one.all) for one in counts],
        "new": [(one.found_new, one.new) for one in counts],
        "held": [(one.found_held, one.held) for one in counts],
    }
    return {
        name: bootstrap_ratio(
            [found for found, _ in rows], [of for _, of in rows], unit="share of beats", seed=seed
        )
        for name, rows in columns.items()
    }


def _ratio_to_ceiling(judged: Sequence[Judged], seed: int) -> Figure:
    """Sum of rewards over sum of ceilings, percentile interval; rewards may be below 0."""
    rewards = np.array([one.reward for one in judged])
    ceilings = np.array([one.ceiling for one in judged])
    n, unit = len(judged), "reward to ceiling"
    if ceilings.sum() <= 0:
        return undefined("the ceilings add up to no positive reward", n=n, unit=unit)
    picks = np.random.default_rng(seed).integers(0, n, (RESAMPLES, n))
    tops, bottoms = rewards[picks].sum(1), ceilings[picks].sum(1)
    value = float(rewards.sum() / ceilings.sum())
    if n == 1 or (bottoms <= 0).any():
        return Figure(value=value, n=n, unit=unit, reason="no interval from so few chorales")
    low, high = np.quantile(tops / bottoms, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Figure(value=value, n=n, low=float(low), high=float(high), unit=unit)
