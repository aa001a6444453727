"""What the EmotionRecognizer has to beat: a constant, logistic regression, gradient-boosted trees.

They hear a clip as a whole (the model hears it frame by frame, and may answer at any time): mean,
spread and movement of each mel band over the clip. They learn from the same training clips;
settings, and whether other corpora and other renderings are learned from too, are chosen on the
validation part of the corpus that they are judged on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.companion.emotion_data import LazyExamples
from chromasonic.companion.emotion_frames import as_frames
from chromasonic.errors import EvaluationError
from chromasonic.training.examples import FEATURES, Examples

Floats = npt.NDArray[np.float64]

STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1)
"""Inverse regularization of logistic regression."""

RIDGES = (10.0, 100.0, 1000.0)
TREES = ({"max_iter": 60, "max_leaf_nodes": 8}, {"max_iter": 120, "max_leaf_nodes": 8})
TREE_RATE = 0.08
MOST_CLIPS_FOR_TREES = 2500
"""Trees learn from so many renderings at most: they take minutes for more."""


def clip_statistics(frames: npt.NDArray[np.float32]) -> Floats:
    """(T, 128) to (384,): of each band mean, standard deviation, mean absolute change."""
    change = np.abs(np.diff(frames, axis=0)).mean(axis=0) if len(frames) > 1 else 0 * frames[0]
    return np.concatenate([frames.mean(axis=0), frames.std(axis=0), change]).astype(np.float64)


@dataclass(frozen=True)
class ClipTable:
    """Clips as rows.

    Attributes:
        statistics: (N, 384).
        targets: (N,) quadrants 1 to 4, or (N, 2) valence and arousal.
        corpora: (N,) name of each clip's corpus.
        is_original: (N,) False for further renderings.
    """

    statistics: Floats
    targets: npt.NDArray[Any]
    corpora: npt.NDArray[np.str_]
    is_original: npt.NDArray[np.bool_]

    def __getitem__(self, chosen: npt.NDArray[np.bool_]) -> ClipTable:
        return ClipTable(
            self.statistics[chosen],
            self.targets[chosen],
            self.corpora[chosen],
            self.is_original[chosen],
        )

    def with_targets(self, targets: npt.NDArray[Any]) -> ClipTable:
        """The same clips asked for something else."""
        return replace(self, targets=targets)


def table_of(examples: Examples, targets: npt.NDArray[Any], *, all_ways: bool = False) -> ClipTable:
    """The statistics of examples, and of their further renderings if wanted."""
    names = examples.groups.get("corpus", ("",) * len(examples))
    rows: list[tuple[Floats, Any, str, bool]] = []
    for number, (name, target) in enumerate(zip(names, targets, strict=True)):
        for way, frames in enumerate(_renderings(examples, number, all_ways)):
            rows.append((clip_statistics(frames), target, name, way == 0))
    columns = list(zip(*rows, strict=True))
    return ClipTable(*(np.array(column) for column in columns))


def _renderings(
    examples: Examples, number: int, all_ways: bool
) -> Iterator[npt.NDArray[np.float32]]:
    items = examples.items
    if all_ways and isinstance(items, LazyExamples):
        yield from (as_frames(stored) for stored in items.renderings[number])
    else:
        yield items[number][FEATURES]


@dataclass(frozen=True)
class Choice:
    """A fitted baseline and how it was chosen.

    Attributes:
        model: fitted; scikit-learn's.
        settings: what was chosen on the validation part.
    """

    model: Any
    settings: dict[str, Any]

    def answer(self, table: ClipTable) -> npt.NDArray[Any]:
        """Its answers for some clips."""
        return self.model.predict(table.statistics)


def majority(train: ClipTable, corpus: str) -> int:
    """The quadrant that most training clips of a corpus have."""
    own = train[(train.corpora == corpus) & train.is_original]
    if not len(own.targets):
        raise EvaluationError(f"No clip of '{corpus}' to learn a baseline from.")
    values, counts = np.unique(own.targets, return_counts=True)
    return int(values[counts.argmax()])


def best_classifier(kind: str, train: ClipTable, validation: ClipTable, corpus: str) -> Choice:
    """The classifier of a kind ("logistic" or "trees") that answers validation best.

    Args:
        kind: which.
        train: may hold further corpora and renderings.
        validation: to choose by.
        corpus: what it will be judged on.
    """
    judged = validation[validation.corpora == corpus]
    tried = []
    for settings, rows in _materials(train, corpus):
        for numbers, model in _models(kind):
            chosen = rows if kind == "logistic" else _thinned(rows)
            if len(np.unique(chosen.targets)) < 2:
                continue
            model.fit(chosen.statistics, chosen.targets)
            right = (
                float((model.predict(judged.statistics) == judged.targets).mean())
                if len(judged.targets)
                else 0.0
            )
            tried.append((right, Choice(model, {**settings, **numbers})))
    if not tried:
        raise EvaluationError(f"Too few clips of '{corpus}' to learn a baseline from.")
    return max(tried, key=lambda pair: pair[0])[1]


def best_regression(kind: str, train: ClipTable, validation: ClipTable, corpus: str) -> Choice:
    """The regression of a kind ("ridge" or "trees") with the lowest squared error on validation."""
    own, judged = train[train.corpora == corpus], validation[validation.corpora == corpus]
    tried = []
    for numbers, model in _models(kind, is_regression=True):
        model.fit(own.statistics, own.targets)
        gaps = model.predict(judged.statistics) - judged.targets if len(judged.targets) else 0.0
        tried.append((float(np.mean(np.square(gaps))), Choice(model, numbers)))
    return min(tried, key=lambda pair: pair[0])[1]


def _materials(train: ClipTable, corpus: str) -> Iterator[tuple[dict[str, Any], ClipTable]]:
    """What may be learned from: the corpus or all of them, the clips alone or all renderings."""
    for own in dict.fromkeys((True, len(set(train.corpora)) == 1)):
        for ways in dict.fromkeys((False, not train.is_original.all())):
            keep = np.ones(len(train.targets), bool)
            keep &= (train.corpora == corpus) | (not own)
            keep &= train.is_original | ways
            yield (
                {"corpora": corpus if own else "all", "renderings": "all" if ways else "1"},
                train[keep],
            )


def _thinned(rows: ClipTable) -> ClipTable:
    """At most `MOST_CLIPS_FOR_TREES` of them, evenly taken."""
    step = -(-len(rows.targets) // MOST_CLIPS_FOR_TREES)
    keep = np.zeros(len(rows.targets), bool)
    keep[::step] = True
    return rows[keep]


def _models(kind: str, *, is_regression: bool = False) -> Iterator[tuple[dict[str, Any], Any]]:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.multioutput import MultiOutputRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if kind == "logistic":
        for strength in STRENGTHS:
            model = LogisticRegression(C=strength, max_iter=300)
            yield {"C": strength}, make_pipeline(StandardScaler(), model)
    elif kind == "ridge":
        for alpha in RIDGES:
            yield {"alpha": alpha}, make_pipeline(StandardScaler(), Ridge(alpha=alpha))
    else:
        for numbers in TREES:
            options = {**numbers, "learning_rate": TREE_RATE, "max_bins": 64, "random_state": 0}
            if is_regression:
                yield numbers, MultiOutputRegressor(HistGradientBoostingRegressor(**options))
            else:
                yield numbers, HistGradientBoostingClassifier(**options, early_stopping=False)


def by_settings(choice: Choice) -> str:
    """A choice in words, for a table's remark."""
    return ", ".join(f"{name} {value}" for name, value in choice.settings.items())


BASELINES: Sequence[tuple[str, str]] = (
    ("logistic regression on clip statistics", "logistic"),
    ("gradient-boosted trees on clip statistics", "trees"),
)
"""Name of a classifying baseline to its kind."""
