"""What a model of steps has to beat: a constant, a mean for each cell, linear regression, trees.

They answer what the DynamicsEngine and the GroovePredictor answer (a number for each step of a bar)
from the same features, and learn from the same examples. Each is made by a `fit_...` function and
is then a function from `Steps` to predictions (N, S); targets of steps that the mask leaves out are
never looked at.

    train = Steps.of(examples, target="expression")
    answer = fit_trees(train, TreeSettings())(test)      # (N, 16)
    chosen = choose(TREES, fit_trees, train, validation) # the settings with the lowest error

Legend: N examples, I inputs, S steps, R rows (N x S less what is masked), C channels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from chromasonic.errors import EvaluationError, UsageError
from chromasonic.training.examples import FEATURES, MASK, Examples

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Steps:
    """Examples as arrays.

    Attributes:
        features: (N, I).
        targets: (N, S); anything where the mask is False.
        mask: (N, S) True where a step counts.
        cells: (N, S) the cell of each step, any whole number: which mean answers for it.
    """

    features: Floats
    targets: Floats
    mask: Booleans
    cells: Integers

    def __post_init__(self) -> None:
        shapes = self.targets.shape, self.mask.shape, self.cells.shape
        if len(set(shapes)) > 1 or len(self.features) != len(self.targets):
            raise UsageError(
                f"Features {self.features.shape}, targets {shapes[0]}, mask {shapes[1]} and cells "
                f"{shapes[2]} do not fit: (N, I) and three times (N, S) are wanted."
            )

    @classmethod
    def of(
        cls,
        examples: Examples,
        *,
        target: str,
        columns: slice = slice(None),
        cells: Callable[[Floats], Integers] | None = None,
    ) -> Steps:
        """The arrays of some examples.

        Args:
            examples: with features (I,).
            target: key of the target.
            columns: which numbers of target and mask are meant.
            cells: features (N, I) to cells (N, S); None makes each step a cell.
        """
        features = np.stack([item[FEATURES] for item in examples.items]).astype(np.float32)
        targets = np.stack([item[target] for item in examples.items])[:, columns]
        mask = np.stack([item[MASK] for item in examples.items])[:, columns] > 0
        own = np.broadcast_to(np.arange(targets.shape[1]), targets.shape)
        return cls(features, targets.astype(np.float32), mask, cells(features) if cells else own)


Predictor = Callable[[Steps], Floats]
"""Steps to predictions (N, S); reads features and cells, never targets."""

Statistic = Literal["mean", "median"]


def absolute_error(predicted: Floats, steps: Steps) -> float:
    """Mean absolute error over the steps that count.

    Raises:
        EvaluationError: none counts.
    """
    if not steps.mask.any():
        raise EvaluationError("No step counts: there is nothing to measure the error on.")
    return float(np.abs(predicted - steps.targets)[steps.mask].mean())


def fit_constant(train: Steps, statistic: Statistic = "median") -> Predictor:
    """The same answer everywhere; the median has the least absolute error of all constants."""
    value = float(_centre(train.targets[train.mask], statistic))
    return lambda steps: np.full(steps.targets.shape, value, np.float32)


def fit_cells(train: Steps, statistic: Statistic = "mean") -> Predictor:
    """Mean (or median) of each cell; of everything for a cell that training never met."""
    values, cells = train.targets[train.mask], train.cells[train.mask]
    order = np.argsort(cells, kind="stable")
    names, begins = np.unique(cells[order], return_index=True)
    groups = np.split(values[order], begins[1:])
    answers = np.array([_centre(group, statistic) for group in groups], np.float32)
    elsewhere = np.float32(_centre(values, statistic))

    def predict(steps: Steps) -> Floats:
        place = np.searchsorted(names, steps.cells).clip(max=len(names) - 1)
        return np.where(names[place] == steps.cells, answers[place], elsewhere).astype(np.float32)

    return predict


def _centre(values: Floats, statistic: Statistic) -> float:
    if not len(values):
        raise EvaluationError("No step of the training part counts: there is nothing to learn.")
    return float(np.median(values) if statistic == "median" else values.mean())


def fit_ridge(train: Steps, penalty: float = 1.0) -> Predictor:
    """Linear regression for each step from all features, with a squared penalty on its weights."""
    from sklearn.linear_model import Ridge

    elsewhere = fit_constant(train, "mean")
    models = {
        step: Ridge(alpha=penalty).fit(
            train.features[rows].astype(np.float64), train.targets[rows, step]
        )
        for step in range(train.targets.shape[1])
        if (rows := train.mask[:, step]).any()
    }

    def predict(steps: Steps) -> Floats:
        answer = elsewhere(steps)
        for step, model in models.items():
            answer[:, step] = model.predict(steps.features.astype(np.float64))
        return answer

    return predict


@dataclass(frozen=True, kw_only=True)
class TreeSettings:
    """Settings of gradient-boosted trees (scikit-learn's HistGradientBoostingRegressor).

    Attributes:
        loss: what they minimize.
        rounds: trees in a row.
        learning_rate: share of each tree's answer that is taken.
        leaves: of a tree at most.
        leaf_rows: rows in a leaf at least.
        penalty: squared, on the leaves' answers.
        is_pooled: one row of trees for all steps, which are told the step and its own features; or
            one for each step.
        channels: how many numbers of the features belong to each step; the features are then
            read as `channels` blocks of S. 0 gives no step's own features.
    """

    loss: Literal["squared_error", "absolute_error"] = "absolute_error"
    rounds: int = 200
    learning_rate: float = 0.1
    leaves: int = 31
    leaf_rows: int = 20
    penalty: float = 0.0
    is_pooled: bool = True
    channels: int = 0


def fit_trees(train: Steps, settings: TreeSettings, *, seed: int = 0) -> Predictor:
    """Gradient-boosted trees on the same features."""
    if settings.is_pooled:
        model = _trees(settings, seed).fit(*_rows(train, settings.channels))

        def pooled(steps: Steps) -> Floats:
            answer = np.zeros(steps.targets.shape, np.float32)
            if steps.mask.any():
                answer[steps.mask] = model.predict(_rows(steps, settings.channels)[0])
            return answer

        return pooled
    elsewhere = fit_constant(train, "mean")
    models = {
        step: _trees(settings, seed).fit(train.features[rows], train.targets[rows, step])
        for step in range(train.targets.shape[1])
        if (rows := train.mask[:, step]).any()
    }

    def by_step(steps: Steps) -> Floats:
        answer = elsewhere(steps)
        for step, model in models.items():
            answer[:, step] = model.predict(steps.features)
        return answer

    return by_step


def _trees(settings: TreeSettings, seed: int):  # type: ignore[no-untyped-def]  # scikit-learn has no types
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        loss=settings.loss,
        max_iter=settings.rounds,
        learning_rate=settings.learning_rate,
        max_leaf_nodes=settings.leaves,
        min_samples_leaf=settings.leaf_rows,
        l2_regularization=settings.penalty,
        early_stopping=False,
        random_state=seed,
    )


def _rows(steps: Steps, channels: int) -> tuple[Floats, Floats]:
    """One row for each step that counts: the bar's features, the step, the step's own; targets."""
    example, step = np.nonzero(steps.mask)
    blocks = steps.features[:, : channels * steps.mask.shape[1]]
    own = (
        blocks.reshape(len(blocks), channels, -1)[example, :, step] if channels else blocks[example]
    )
    own = own.reshape(len(step), channels)
    rows = np.concatenate([steps.features[example], step[:, None], own], axis=1, dtype=np.float32)
    return rows, steps.targets[steps.mask]


Settings = TypeVar("Settings")


@dataclass(frozen=True)
class Chosen:
    """What validation chose.

    Attributes:
        predict: the predictor with the lowest error.
        settings: of it.
        errors: (settings, mean absolute error on validation) of all that were tried.
    """

    predict: Predictor
    settings: object
    errors: tuple[tuple[object, float], ...]


def choose(
    candidates: Sequence[Settings],
    fit: Callable[[Steps, Settings], Predictor],
    train: Steps,
    validation: Steps,
) -> Chosen:
    """Fit with each of some settings and keep what errs least on validation."""
    if not candidates:
        raise UsageError("There are no settings to choose from; give at least one.")
    best: tuple[float, Predictor, Settings] | None = None
    errors = []
    for settings in candidates:
        predict = fit(train, settings)
        error = absolute_error(predict(validation), validation)
        errors.append((settings, error))
        if best is None or error < best[0]:
            best = error, predict, settings
    assert best is not None
    return Chosen(best[1], best[2], tuple(errors))
