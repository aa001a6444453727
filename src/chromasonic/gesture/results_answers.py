"""What the networks and the simple classifiers answer on one test part.

This is where the test part is opened.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from chromasonic.data.cache import stored
from chromasonic.data.locate import cache_folder
from chromasonic.errors import EvaluationError
from chromasonic.gesture import baselines
from chromasonic.gesture.models import GestureModel, describe, load_gesture
from chromasonic.gesture.results_runs import JudgedRun
from chromasonic.gesture.scores import Answers
from chromasonic.music.movement import Movement

Floats = npt.NDArray[np.float64]
CACHE_VERSION = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class TestPart:
    """The recordings of a fold, and their classes.

    Attributes:
        learn: everything that is not test.
        test: what is judged.
        classes: all that occur in either, those that were learned first.
        units: for each test recording the key of its group.
        fingerprint: of the corpus.
    """

    __test__ = False

    learn: Sequence[Movement]
    test: Sequence[Movement]
    classes: tuple[str, ...]
    units: tuple[str, ...]
    fingerprint: str

    def answers(self, probabilities: npt.ArrayLike) -> Answers:
        """Probabilities (N, K) as answers."""
        numbers = {label: number for number, label in enumerate(self.classes)}
        return Answers(
            classes=self.classes,
            ids=tuple(movement.id for movement in self.test),
            truth=np.array([numbers[movement.label] for movement in self.test]),
            probabilities=np.asarray(probabilities, float),
            units=self.units,
            performers=tuple(movement.performer for movement in self.test),
        )


def test_part_of(
    run: JudgedRun,
    by_id: Mapping[str, Movement],
    units: Mapping[str, str],
    classes: Sequence[str],
) -> TestPart:
    """The recordings of a run's parts.

    Args:
        run: says which.
        by_id: all recordings of its corpus.
        units: id to the key of its group.
        classes: that all runs share.

    Raises:
        EvaluationError: a recording of the run is not in the corpus.
    """
    missing = [id for part in run.split.values() for id in part if id not in by_id]
    if missing:
        raise EvaluationError(
            f"{len(missing)} recordings of {run.path} are not in the corpus, such as "
            f"'{missing[0]}'. Give the corpus that it was trained on (--data-dir)."
        )
    test = [by_id[id] for id in run.split["test"]]
    if not test:
        raise EvaluationError(f"The test part of {run.path} is empty: there is nothing to judge.")
    learn = [by_id[id] for id in sorted({*run.split["train"], *run.split["validation"]})]
    return TestPart(
        learn=learn,
        test=test,
        classes=tuple(classes),
        units=tuple(units[movement.id] for movement in test),
        fingerprint=str(run.data.get("fingerprint", "")),
    )


def model_for(run: JudgedRun, part: TestPart) -> GestureModel:
    """A run's model, acquainted with performers of the test part whom it does not know.

    A model that normalizes performers is told where each one's landmarks usually are, by all of
    their recordings in the test part, without labels.

    Raises:
        CheckpointError: there is no checkpoint, or it is damaged.
        EvaluationError: it names classes that the corpus does not have.
    """
    model = load_gesture(run.checkpoint)
    unknown = [name for name in model.classes if name not in part.classes]
    if unknown:
        raise EvaluationError(
            f"The model in {run.checkpoint} answers classes that the corpus does not have, such as "
            f"'{unknown[0]}'. Give the corpus that it was trained on (--data-dir)."
        )
    if model.normalizes_performers:
        strangers = [m for m in part.test if not model.knows(m)]
        model = model.with_performers(strangers) if strangers else model
    return model


def network_answers(model: GestureModel, part: TestPart) -> Answers:
    """What the model says of a test part; a class that it never learned has no probability."""
    shares = np.zeros((len(part.test), len(part.classes)))
    columns = [part.classes.index(name) for name in model.classes]
    shares[:, columns] = model.probabilities_of(part.test)
    return part.answers(shares)


def baseline_answers(name: str, part: TestPart, model: GestureModel | None) -> Answers | None:
    """What a simple classifier says, from the cache where it has answered before.

    Args:
        name: of `baselines.BASELINES`.
        part: what it learns from and answers.
        model: whose features it sees, if its name says so.

    Returns:
        The answers; None where the classifier would take too long.
    """
    sees_features = name == baselines.TREES_FEATURES and model is not None

    def arrays(movements: Sequence[Movement]) -> list[npt.NDArray[np.float32]]:
        if sees_features and model is not None:
            features = [model.features(movement) for movement in movements]
            return [array.reshape(len(array), -1) for array in features]
        return [baselines.raw_channels(movement) for movement in movements]

    if name == baselines.NEIGHBOUR and not baselines.are_few(len(part.learn), len(part.test)):
        return None

    def build() -> Floats:
        numbers = {label: number for number, label in enumerate(part.classes)}
        material = baselines.Material(
            train=arrays(part.learn),
            labels=np.array([numbers[movement.label] for movement in part.learn]),
            test=arrays(part.test),
            classes=len(part.classes),
        )
        return baselines.BASELINES[name](material)

    probabilities, _ = stored(
        _cache_file(name, part, model if sees_features else None), build, pack=_pack, unpack=_unpack
    )
    return part.answers(probabilities)


def _cache_file(name: str, part: TestPart, model: GestureModel | None) -> Path:
    """Where answers lie, by everything that they hang on."""
    meaning = json.dumps(
        {
            "version": CACHE_VERSION,
            "baseline": name,
            "settings": [
                baselines.POINTS,
                baselines.TREES,
                baselines.MEDIAN,
                baselines.NEIGHBOUR_POINTS,
            ],
            "corpus": part.fingerprint,
            "learn": [[m.id, m.label, len(m)] for m in part.learn],
            "test": [[m.id, len(m)] for m in part.test],
            "classes": part.classes,
            "features": None if model is None else _features_of(model),
        },
        sort_keys=True,
    )
    key = hashlib.sha256(meaning.encode()).hexdigest()[:20]
    return cache_folder() / "gesture-baselines" / f"{key}.npy"


def _features_of(model: GestureModel) -> object:
    values = describe(model)["gesture"]
    return [values[name] for name in ("features", "performers", "standardization")]


def _pack(probabilities: Floats, file: IO[bytes]) -> None:
    np.save(file, probabilities.astype(np.float32), allow_pickle=False)


def _unpack(file: IO[bytes]) -> Floats:
    return np.asarray(np.load(file, allow_pickle=False), float)
