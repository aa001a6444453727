"""How near the GroovePredictor comes to real drummers, beside what it has to beat.

The take is the unit of every interval. Baselines learn from the same bars as the model; only the
trees' settings were chosen, on the validation part.

Legend: B bars, S = 16 steps, G = 4 groups of drums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from chromasonic.companion.companion import CompanionData, Row
from chromasonic.companion.groove_balance import of_groups
from chromasonic.companion.groove_features import (
    FULL_VELOCITY,
    HITS,
    MILLISECONDS_MAE,
    STEP_MS,
    TARGET,
    TIMING_MAE,
    VELOCITY_MAE,
    Groove,
)
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.step_baselines import (
    Predictor,
    Steps,
    TreeSettings,
    fit_cells,
    fit_constant,
    fit_trees,
)
from chromasonic.evaluation.figure import Figure
from chromasonic.evaluation.statistics import bootstrap_ratio
from chromasonic.music.drums import GROUPS, STEPS
from chromasonic.training.examples import FEATURES, MASK, Examples

NAME = "groove_predictor"
UNITS = {VELOCITY_MAE: "MIDI units", TIMING_MAE: "share of a step", MILLISECONDS_MAE: "ms"}
BETTER = dict.fromkeys(UNITS, "lower")
STRAIGHT_VELOCITY = 100
"""How loud programs write a note that nobody has played."""

VELOCITY_TREES = TreeSettings(rounds=300, leaves=127, learning_rate=0.1, channels=len(GROUPS))
TIMING_TREES = TreeSettings(rounds=300, leaves=63, learning_rate=0.1, channels=len(GROUPS))
"""Chosen on validation. Velocity, mean absolute error in MIDI units: 31 leaves 23.11, 63 leaves
22.52, 127 leaves 22.04. Timing: 63 leaves 0.1419, 127 leaves at rate 0.05 0.1425."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class JudgedBars:
    """Bars of takes as arrays.

    Attributes:
        features: (B, 64).
        truth: what the drummers did, (B, S) each.
        mask: (B, S) whether a step is struck.
        hits: (B, G, S, 2) velocity and offset of each group's loudest hit, NaN where silent.
        step_ms: (B,) length of a step.
        takes: (B,) number of the take.
        styles, drummers: (B,).
    """

    features: Floats
    truth: Groove
    mask: npt.NDArray[np.bool_]
    hits: Floats
    step_ms: Floats
    takes: npt.NDArray[np.int64]
    styles: npt.NDArray[np.str_]
    drummers: npt.NDArray[np.str_]

    @classmethod
    def of(cls, examples: Examples) -> JudgedBars:
        """From examples; made-up ones have no hits of groups and no milliseconds."""
        items, count = examples.items, len(examples)
        is_full = bool(count) and HITS in items[0]
        silent = np.full((count, len(GROUPS), STEPS, 2), np.nan, np.float32)
        names = [np.array(examples.groups.get(name, [""] * count)) for name in ("style", "drummer")]
        return cls(
            features=np.stack([item[FEATURES] for item in items]),
            truth=Groove.of(np.stack([item[TARGET] for item in items])),
            mask=np.stack([item[MASK] for item in items])[:, :STEPS] > 0,
            hits=np.stack([item[HITS] for item in items]) if is_full else silent,
            step_ms=np.array([item[STEP_MS] if is_full else np.nan for item in items], np.float32),
            takes=np.unique(np.array(examples.pieces), return_inverse=True)[1],
            styles=names[0],
            drummers=names[1],
        )

    @cached_property
    def count(self) -> int:
        """How many takes there are."""
        return int(self.takes.max()) + 1


def evaluate_groove(network: CompanionNetwork, data: CompanionData) -> list[Row]:
    """Rows of the model and its baselines on the test part, which is opened here."""
    bars = JudgedBars.of(data.test())
    answers = {"model": network_groove(network, bars.features), **baseline_grooves(data, bars)}
    corpus = data.manifests[0].name if data.manifests else "synthetic"
    return list(rows_of(bars, answers, test=f"{corpus}, test"))


def network_groove(network: CompanionNetwork, features: Floats) -> Groove:
    """The network's answers to bars (B, 64), on whatever device it is."""
    device = next(network.parameters()).device
    network.eval()
    return Groove.of(network.predict(torch.as_tensor(features).to(device)).cpu().numpy())


def baseline_grooves(data: CompanionData, bars: JudgedBars) -> dict[str, Groove]:
    """What each baseline says of some bars, fitted to the training part."""
    train = [_steps(data.train, part) for part in (slice(0, STEPS), slice(STEPS, 2 * STEPS))]
    shape = bars.mask.shape
    own = np.broadcast_to(np.arange(STEPS), shape)
    asked = Steps(bars.features, np.zeros(shape, np.float32), bars.mask, own)

    def both(velocity: Predictor, timing: Predictor) -> Groove:
        return Groove(velocity(asked) * FULL_VELOCITY, timing(asked))

    zeros = np.zeros(shape, np.float32)
    fits: dict[str, Callable[[], Groove]] = {
        f"straight, velocity {STRAIGHT_VELOCITY}": lambda: Groove(zeros + STRAIGHT_VELOCITY, zeros),
        "straight, median velocity": lambda: Groove(
            fit_constant(train[0])(asked) * FULL_VELOCITY, zeros
        ),
        "constant velocity and offset": lambda: both(
            fit_constant(train[0]), fit_constant(train[1])
        ),
        "mean of each step": lambda: both(fit_cells(train[0]), fit_cells(train[1])),
        "median of each step": lambda: both(
            fit_cells(train[0], "median"), fit_cells(train[1], "median")
        ),
        "gradient-boosted trees": lambda: both(
            fit_trees(train[0], VELOCITY_TREES), fit_trees(train[1], TIMING_TREES)
        ),
    }
    return {name: fit() for name, fit in fits.items()}


def _steps(examples: Examples, columns: slice) -> Steps:
    return Steps.of(examples, target=TARGET, columns=columns)


def rows_of(bars: JudgedBars, answers: dict[str, Groove], *, test: str) -> Iterator[Row]:
    """The table: all steps; by drum; for the model and the trees by style and drummer too."""
    everything = np.ones(len(bars.takes), bool)
    for method, groove in answers.items():
        yield _row(test, method, bars, _step_errors(bars, groove), everything)
    shown = [name for name in ("model", "gradient-boosted trees") if name in answers]
    errors = {name: _step_errors(bars, answers[name]) for name in shown}
    for number, group in enumerate(GROUPS):
        if np.isfinite(bars.hits[:, number, :, 0]).any():
            for name, groove in answers.items():
                found = _drum_errors(bars, groove, number, shared=name not in _PLAIN)
                yield _row(f"{test}, drum: {group}", name, bars, found, everything)
    for title, labels in (("style", bars.styles), ("drummer", bars.drummers)):
        for label in _by_size(labels):
            for name in shown:
                yield _row(f"{test}, {title}: {label}", name, bars, errors[name], labels == label)


def _by_size(labels: npt.NDArray[np.str_]) -> list[str]:
    """Labels that are not empty, the most frequent first."""
    names, counts = np.unique(labels[labels != ""], return_counts=True)
    return [str(names[place]) for place in np.argsort(-counts, kind="stable")]


Errors = tuple[Floats, Floats, npt.NDArray[np.bool_]]
"""Absolute errors of velocity and offset, and where they count: (B, S) each."""


def _step_errors(bars: JudgedBars, groove: Groove) -> Errors:
    return (
        np.abs(groove.velocity - bars.truth.velocity),
        np.abs(groove.offset - bars.truth.offset),
        bars.mask,
    )


_PLAIN = (
    f"straight, velocity {STRAIGHT_VELOCITY}",
    "straight, median velocity",
    "constant velocity and offset",
)
"""Answers that are one velocity for every hit; the others are shared among a step's drums."""


def _drum_errors(bars: JudgedBars, groove: Groove, group: int, *, shared: bool) -> Errors:
    """Of one group's loudest hits, the step's answer being shared among its drums or not."""
    velocity = groove.velocity
    if shared:
        velocity = of_groups(velocity, bars.features)[:, group]
    truth = bars.hits[:, group]
    counts = np.isfinite(truth[..., 0])
    return (
        np.abs(velocity - np.nan_to_num(truth[..., 0])),
        np.abs(groove.offset - np.nan_to_num(truth[..., 1])),
        counts,
    )


def _row(
    test: str, method: str, bars: JudgedBars, errors: Errors, chosen: npt.NDArray[np.bool_]
) -> Row:
    velocity, timing, counts = errors
    counts = counts & chosen[:, None]

    def figure(values: Floats, unit: str) -> Figure:
        sums = np.bincount(bars.takes, (values * counts).sum(1), bars.count)
        return bootstrap_ratio(sums, np.bincount(bars.takes, counts.sum(1), bars.count), unit=unit)

    columns: Sequence[Floats] = (velocity, timing, timing * bars.step_ms[:, None])
    figures = {
        name: figure(values, UNITS[name])
        for name, values in zip(UNITS, columns, strict=True)
        if np.isfinite(values[counts]).all()
    }
    return Row(
        model=NAME,
        test=test,
        method=method,
        figures=figures,
        is_baseline=method != "model",
        better={name: BETTER[name] for name in figures},
    )
