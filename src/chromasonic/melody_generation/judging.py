"""What a model's own tunes are worth: diversity, coherence, musicality, memorization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from chromasonic.errors import ChromasonicError, ConfigError
from chromasonic.evaluation.diversity import diversity_of
from chromasonic.evaluation.dynamic import DynamicConfig
from chromasonic.evaluation.features import (
    groove_consistency,
    pitch_class_entropy,
    scale_consistency,
)
from chromasonic.evaluation.figure import Figure, undefined
from chromasonic.evaluation.memorization import memorization_of
from chromasonic.evaluation.statistics import bootstrap_mean, bootstrap_median
from chromasonic.evaluation.typicality import Reference
from chromasonic.melody_generation.generation import GenerationSettings, generate_tunes
from chromasonic.music.tune import Tune

PUBLISHED = {
    "pitch_class_entropy": (pitch_class_entropy, "bits"),
    "scale_consistency": (scale_consistency, "share of notes"),
    "groove_consistency": (groove_consistency, "share of positions"),
}
"""Published features that are reported as means over tunes: name to function and unit."""


@dataclass(frozen=True, kw_only=True)
class TestSettings:
    """How a model is judged.

    Attributes:
        generated_tunes: how many tunes the model writes for diversity, coherence and musicality.
        generated_bars: their length in bars.
        temperature: of their sampling.
        seed: of generation and of every bootstrap.
        expanded: whether the figures with repeats played out stand beside (where tunes are given).
        dynamic: how the model adapts in the row of dynamic evaluation; None leaves the row out.
    """

    __test__ = False  # no test case, whatever its name begins with

    generated_tunes: int = 40
    generated_bars: int = 16
    temperature: float = 1.0
    seed: int = 0
    expanded: bool = True
    dynamic: DynamicConfig | None = None

    def __post_init__(self) -> None:
        if self.generated_tunes < 2:
            raise ConfigError(
                f"generated_tunes is {self.generated_tunes}; diversity needs at least 2."
            )
        self.generation()  # a wrong length, temperature or seed is said now
        if self.seed < 0:
            raise ConfigError(f"seed is {self.seed}; it must be 0 or more.")

    def generation(self) -> GenerationSettings:
        """The settings of the tunes that are generated."""
        return GenerationSettings(bars=self.generated_bars, temperature=self.temperature)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Figures of a set of tunes.

    Attributes:
        figures: `diversity`, `coherence`, `musicality` and the published features.
        details: their parts, in plain values.
    """

    figures: dict[str, Figure]
    details: dict[str, Any]


def judge_tunes(tunes: Sequence[Tune], reference: Reference, *, seed: int = 0) -> Judgement:
    """Judge tunes, whoever wrote them.

    Args:
        tunes: one or more.
        reference: the human tunes for coherence and musicality.
        seed: of the bootstraps.
    """
    diversity = diversity_of(tunes, seed=seed)
    figures = {"diversity": diversity.value}
    details: dict[str, Any] = {"diversity": diversity.to_dict()}
    for metric in ("coherence", "musicality"):
        scores = [reference.score(tune, metric) for tune in tunes]
        figure = bootstrap_median([score.score for score in scores], unit="0 to 1", seed=seed)
        if not figure.is_defined:
            figure = undefined(next(score.reason for score in scores if score.reason))
        figures[metric] = figure
        details[metric] = {
            "scores": [score.score for score in scores],
            "reasons": [score.reason for score in scores],
            "median_places": _median_places([score.places for score in scores]),
        }
    for name, (feature, unit) in PUBLISHED.items():
        figures[name] = bootstrap_mean([feature(tune) for tune in tunes], unit=unit, seed=seed)
    return Judgement(figures=figures, details=details)


def judge_model(
    model: nn.Module,
    settings: TestSettings,
    reference: Reference,
    training: Sequence[Tune],
) -> tuple[Judgement, list[Tune]]:
    """Let a model write tunes and judge them.

    A model that cannot write any (too short a context, say) is no reason to lose its likelihood:
    then these figures are undefined, with the reason.

    Returns:
        The figures, and the tunes.
    """
    try:
        tunes = generate_tunes(
            model,
            settings.generated_tunes,
            settings=settings.generation(),
            seed=settings.seed,
        )
    except ChromasonicError as error:
        missing = undefined(f"the model wrote no tune: {error}")
        names = ("diversity", "coherence", "musicality", *PUBLISHED)
        return Judgement(figures=dict.fromkeys(names, missing), details={}), []
    judgement = judge_tunes(tunes, reference, seed=settings.seed)
    if training:
        judgement.details["memorization"] = memorization_of(tunes, training).to_dict()
    return judgement, tunes


def _median_places(places: Sequence[dict[str, float]]) -> dict[str, float]:
    """Descriptor to the tunes' median place among the human ones: where the set is off."""
    return {name: bootstrap_median([place[name] for place in places]).value for name in places[0]}
