"""Metrics of trained models in words: what a figure means, its unit, and which way is better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What a metric is.

    Attributes:
        meaning: in a few words.
        unit: what a 1 is.
        is_lower_better: which way is better; None where neither is, as of a count.
        is_of_training: whether it was measured while training, and on no held-out part.
    """

    meaning: str
    unit: str = ""
    is_lower_better: bool | None = None
    is_of_training: bool = False


def _bits(of: str) -> Metric:
    return Metric(meaning=f"surprise at {of}", unit="bits a note", is_lower_better=True)


def _share(of: str) -> Metric:
    return Metric(meaning=f"share of {of}", is_lower_better=False)


METRICS: dict[str, Metric] = {
    "pitch bits": _bits("each pitch, its duration known"),
    "rhythm bits": Metric(
        meaning="surprise at each duration, rests too",
        unit="bits a duration",
        is_lower_better=True,
    ),
    "rhythm bits a note": _bits("durations, those of rests too"),
    "note bits": _bits("each note"),
    "bar bits": Metric(meaning="surprise at bar lines", unit="bits a bar", is_lower_better=True),
    "pitch bits with chords": _bits("each pitch, in corpora with chords"),
    "pitch bits without chords": _bits("each pitch, in corpora without chords"),
    "all bits": _bits("everything that is written of a note"),
    "surprise": Metric(meaning="surprise at the right answer", unit="nats", is_lower_better=True),
    "chords found": _share("beats whose chord is Bach's"),
    "average reward": Metric(
        meaning="mean reward of the episodes of its training, chance included",
        is_lower_better=False,
        is_of_training=True,
    ),
    "accuracy": _share("answers that are right"),
    "pitch accuracy": _share("pitches whose most likely guess is right"),
    "rhythm accuracy": _share("durations whose most likely guess is right"),
    "bar accuracy": _share("bar lines whose most likely guess is right"),
    "accuracy at changes": _share("beats with a new chord at which it is told"),
    "quadrant accuracy": _share("clips whose quadrant of emotion is told"),
    "top 5 accuracy": _share("recordings whose class is among the first five guesses"),
    "top-5": _share("recordings whose class is among the first five guesses"),
    "macro F1": Metric(meaning="mean F1 of the classes", is_lower_better=False),
    "negative log-likelihood": Metric(
        meaning="surprise at the right class", unit="nats", is_lower_better=True
    ),
    "calibration error": Metric(
        meaning="distance between certainty and accuracy", is_lower_better=True
    ),
    "valence MAE": Metric(
        meaning="mean distance of valence from the listeners'",
        unit="of a scale from -1 to 1",
        is_lower_better=True,
    ),
    "arousal MAE": Metric(
        meaning="mean distance of arousal from the listeners'",
        unit="of a scale from -1 to 1",
        is_lower_better=True,
    ),
    "velocity MAE": Metric(
        meaning="mean distance of velocity from the player's",
        unit="MIDI units",
        is_lower_better=True,
    ),
    "timing MAE": Metric(
        meaning="mean distance of timing from the player's",
        unit="share of a step",
        is_lower_better=True,
    ),
    "timing MAE (ms)": Metric(
        meaning="mean distance of timing from the player's", unit="ms", is_lower_better=True
    ),
    "share of ceiling": Metric(
        meaning="reward as a share of the best that is reachable", is_lower_better=False
    ),
    "nats a note on beats": Metric(
        meaning="surprise at Bach's notes on beats", unit="nats a note", is_lower_better=True
    ),
    "nats a note on sixteenths": Metric(
        meaning="surprise at Bach's notes on sixteenths", unit="nats a note", is_lower_better=True
    ),
    "loss": Metric(meaning="loss of the training, on the validation part", is_lower_better=True),
}
"""Every metric that a model of ours is registered or judged with, as `said` calls it."""

_SAME = {
    "velocity error": "velocity MAE",
    "timing error": "timing MAE",
    "valence error": "valence MAE",
    "arousal error": "arousal MAE",
    "share of the ceiling": "share of ceiling",
}
"""Other names of the same."""

_LOWER = ("loss", "bits", "mae", "error", "nats", "likelihood", "divergence", "perplexity")
_HIGHER = ("accuracy", "share", "f1", "reward", "top")


def metric(name: str) -> Metric:
    """What a metric is; of an unknown one the direction by its words, None where they tell none."""
    own = canonical(name)
    ends = [known for known in METRICS if own == known or own.endswith(f" {known}")]
    if ends:  # of a set of models, the model's name stands before the metric's
        return METRICS[max(ends, key=len)]
    words = name.lower()
    if any(word in words for word in _LOWER):
        return Metric(meaning="", is_lower_better=True)
    if any(word in words for word in _HIGHER):
        return Metric(meaning="", is_lower_better=False)
    return Metric(meaning="")


def said(name: str) -> str:
    """A metric's name for people: "pitch bits", "share of ceiling"."""
    return name.replace("_", " ").replace("validation ", "")


def canonical(name: str) -> str:
    """One name for a metric, however a training or a judge calls it."""
    return _SAME.get(said(name), said(name))


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One figure of a model.

    Attributes:
        value: the figure.
        low: lower end of the 95% interval; NaN where there is none.
        high: upper end.
        n: pieces that it rests on; 0 where that is not known.
        unit: what a 1 is.
        is_lower_better: which way is better; None where neither is.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    unit: str = ""
    is_lower_better: bool | None = None

    @property
    def arrow(self) -> str:
        """Which way is better, to stand behind a name."""
        return {True: " ↓", False: " ↑", None: ""}[self.is_lower_better]

    @property
    def has_interval(self) -> bool:
        """Whether both ends are known."""
        return not (math.isnan(self.low) or math.isnan(self.high))

    def __str__(self) -> str:
        places = _places(self)
        value = f"{self.value:,.{places}f}"
        if not self.has_interval:
            return value
        return f"{value} [{self.low:,.{places}f}, {self.high:,.{places}f}]"


def _places(measured: Measured) -> int:
    if float(measured.value).is_integer() and abs(measured.value) >= 10:
        return 0
    narrow = measured.has_interval and measured.high - measured.low < 0.01
    looks_whole = round(measured.value, 3).is_integer() and not float(measured.value).is_integer()
    return 4 if narrow or looks_whole or 0 < abs(measured.value) < 0.01 else 3


def measured(name: str, value: Any) -> Measured | None:
    """A value of `ModelFacts.validation` as a figure; None where it is no number.

    Args:
        name: of the metric; says the unit where the value does not.
        value: a number, or a `Figure` as a dict; with `is_lower_better` where that is known.
    """
    table = value if isinstance(value, Mapping) else {"value": value}
    lower = table.get("is_lower_better", metric(name).is_lower_better)
    number = _number(table.get("value"))
    if math.isnan(number):
        return None
    return Measured(
        value=number,
        low=_number(table.get("low")),
        high=_number(table.get("high")),
        n=int(_number(table.get("n")) if not math.isnan(_number(table.get("n"))) else 0),
        unit=str(table.get("unit") or metric(name).unit),
        is_lower_better=lower if isinstance(lower, bool) else None,
    )


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    return float(value) if math.isfinite(value) else math.nan


def figures_of(validation: Mapping[str, Any], headline: str = "") -> dict[str, Measured]:
    """The figures of a model, the headline first.

    Args:
        validation: as `ModelFacts` keeps it.
        headline: the metric that is named first.
    """
    names = sorted(validation, key=lambda name: name != headline)
    found = {name: measured(name, validation[name]) for name in names}
    return {name: figure for name, figure in found.items() if figure is not None}
