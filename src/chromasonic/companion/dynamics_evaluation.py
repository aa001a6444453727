"""How near the DynamicsEngine comes to pianists, beside what it has to beat.

The performance is the unit of every interval. How loud a piece is played as a whole no bar tells,
so besides the error there are two figures of the shape within bars: the error that is left when
each bar's level is given, and the correlation of answer and truth.

Legend: B bars, S = 16 steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from chromasonic.companion.companion import CompanionData, Row
from chromasonic.companion.dynamics_data import DynamicsData
from chromasonic.companion.dynamics_features import BAR_STEPS, FULL_VELOCITY, MEAN, TARGET
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.step_baselines import (
    Predictor,
    Steps,
    TreeSettings,
    fit_cells,
    fit_constant,
    fit_ridge,
    fit_trees,
)
from chromasonic.evaluation.figure import Figure
from chromasonic.evaluation.statistics import bootstrap_ratio
from chromasonic.music.bar_grid import STEPS
from chromasonic.training.examples import Examples

NAME = "dynamics_engine"
VELOCITY_MAE = "velocity MAE"
MEAN_MAE = "velocity MAE (mean of the step's notes)"
SHAPE_MAE = "velocity MAE within bars"
SHAPE_CORRELATION = "correlation within bars"
UNITS = {
    VELOCITY_MAE: "MIDI units",
    MEAN_MAE: "MIDI units",
    SHAPE_MAE: "MIDI units",
    SHAPE_CORRELATION: "",
}
BETTER = {VELOCITY_MAE: "lower", SHAPE_MAE: "lower", SHAPE_CORRELATION: "higher"}
"""Without the error beside the mean of a step's notes: all methods learned to say the loudest, so
that figure tells how far apart the two questions are, and not who answers better."""

FEWEST_STEPS = 3
"""A bar with fewer struck steps has no shape."""

TREES = TreeSettings(
    loss="absolute_error", rounds=150, leaves=8, leaf_rows=200, learning_rate=0.1, channels=2
)
"""Chosen on the validation part of ASAP."""

RIDGE_PENALTY = 1.0

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class JudgedBars:
    """Bars of performances as arrays.

    Attributes:
        steps: features, loudest velocities (0 to 1), mask; a cell is a step in a metre.
        mean: (B, S) mean velocity of each step's notes, 0 to 1.
        performances: (B,) number of the performance.
        composers: (B,).
    """

    steps: Steps
    mean: Floats
    performances: npt.NDArray[np.int64]
    composers: npt.NDArray[np.str_]

    @classmethod
    def of(cls, examples: Examples) -> JudgedBars:
        """From examples that were made to be judged."""
        return cls(
            steps=steps_of(examples),
            mean=np.stack([item[MEAN] for item in examples.items]),
            performances=np.unique(np.array(examples.pieces), return_inverse=True)[1],
            composers=np.array(examples.groups["composer"]),
        )

    @cached_property
    def count(self) -> int:
        """How many performances there are."""
        return int(self.performances.max()) + 1


def steps_of(examples: Examples) -> Steps:
    """Examples as baselines read them: the cell of a step is its place in a bar of its length."""
    plain = Steps.of(examples, target=TARGET)
    lengths = np.array([item[BAR_STEPS] for item in examples.items], np.int64)
    return Steps(plain.features, plain.targets, plain.mask, plain.cells + STEPS * lengths[:, None])


def evaluate_dynamics(network: CompanionNetwork, data: CompanionData) -> list[Row]:
    """Rows of the model and its baselines on the test parts, which are opened here."""
    baselines = fit_baselines(steps_of(data.train))
    methods: dict[str, Predictor] = {
        "model": lambda steps: network_answers(network, steps.features),
        **baselines,
    }
    corpus = data.manifests[0].name if data.manifests else "synthetic"
    sets = {f"{corpus}, test": data.test()}
    if isinstance(data, DynamicsData):
        sets |= data.others()
    rows: list[Row] = []
    for number, (test, examples) in enumerate(sets.items()):
        if len(examples):
            bars = JudgedBars.of(examples)
            answers = {name: answer(bars.steps) for name, answer in methods.items()}
            rows += rows_of(bars, answers, test=test, by_composer=number == 0)
    return rows


def network_answers(network: CompanionNetwork, features: Floats) -> Floats:
    """The network's velocities (B, S), 0 to 1, of bars (B, 32), on whatever device it is."""
    device = next(network.parameters()).device
    network.eval()
    return network.predict(torch.as_tensor(features).to(device)).cpu().numpy()


def fit_baselines(train: Steps) -> dict[str, Predictor]:
    """What has to be beaten, learned from the same bars."""
    return {
        "constant (median)": fit_constant(train),
        "mean of each cell (step and metre)": fit_cells(train),
        "median of each cell (step and metre)": fit_cells(train, "median"),
        "ridge regression": fit_ridge(train, RIDGE_PENALTY),
        "gradient-boosted trees": fit_trees(train, TREES),
    }


def rows_of(
    bars: JudgedBars, answers: Mapping[str, Floats], *, test: str, by_composer: bool = False
) -> Iterator[Row]:
    """The table of one test set; by composer for the model and the best baseline."""
    everything = np.ones(len(bars.performances), bool)
    for method, answer in answers.items():
        yield _row(test, method, bars, answer, everything)
    if not by_composer:
        return
    names, counts = np.unique(bars.composers, return_counts=True)
    for place in np.argsort(-counts, kind="stable"):
        for method in ("model", "gradient-boosted trees"):
            if method in answers:
                chosen = bars.composers == names[place]
                where = f"{test}, composer: {names[place]}"
                yield _row(where, method, bars, answers[method], chosen)


def _row(
    test: str, method: str, bars: JudgedBars, answer: Floats, chosen: npt.NDArray[np.bool_]
) -> Row:
    mask = bars.steps.mask & chosen[:, None]
    truth = bars.steps.targets
    struck = mask.sum(axis=1)
    has_shape = struck >= FEWEST_STEPS
    shape_error, correlation = shape_within_bars(answer, truth, mask)
    columns = {
        VELOCITY_MAE: (np.abs(answer - truth) * mask * FULL_VELOCITY).sum(axis=1),
        MEAN_MAE: (np.abs(answer - bars.mean) * mask * FULL_VELOCITY).sum(axis=1),
        SHAPE_MAE: shape_error * FULL_VELOCITY * has_shape,
        SHAPE_CORRELATION: correlation * has_shape,
    }
    counts = {
        VELOCITY_MAE: struck,
        MEAN_MAE: struck,
        SHAPE_MAE: struck * has_shape,
        SHAPE_CORRELATION: has_shape.astype(int),
    }

    def figure(name: str) -> Figure:
        top, bottom = (
            np.bincount(bars.performances, values[name], bars.count) for values in (columns, counts)
        )
        return bootstrap_ratio(top, bottom, unit=UNITS[name])

    return Row(
        model=NAME,
        test=test,
        method=method,
        figures={name: figure(name) for name in columns},
        is_baseline=method != "model",
        better=BETTER,
    )


def shape_within_bars(
    answer: Floats, truth: Floats, mask: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Sum of absolute errors (B,) once each bar's mean error is taken away, and Pearson's
    correlation (B,) over struck steps; 0 where answer or truth is the same on all of them."""
    count = np.maximum(mask.sum(axis=1, keepdims=True), 1)

    def centred(values: Floats) -> npt.NDArray[np.float64]:
        kept = np.where(mask, values, 0.0).astype(np.float64)
        return np.where(mask, kept - kept.sum(axis=1, keepdims=True) / count, 0.0)

    a, t = centred(answer), centred(truth)
    lengths = np.sqrt((a**2).sum(axis=1) * (t**2).sum(axis=1))
    has_both = lengths > 1e-9
    correlation = np.where(has_both, (a * t).sum(axis=1) / np.where(has_both, lengths, 1.0), 0.0)
    return np.abs(a - t).sum(axis=1), correlation
