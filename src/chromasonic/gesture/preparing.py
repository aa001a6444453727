"""From a corpus, or a folder of recordings, to what a gesture network learns from."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chromasonic.data.catalogue import CORPORA
from chromasonic.data.corpus import Corpus, Manifest
from chromasonic.data.loading import load
from chromasonic.data.progress import Progress
from chromasonic.errors import CorpusError, DataError
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features import clean, compute
from chromasonic.gesture.motion import Motion
from chromasonic.gesture.protocols import Division, divide
from chromasonic.gesture.recipe import GestureData
from chromasonic.gesture.recordings import corpus_of, has_own_parts
from chromasonic.gesture.statistics import Statistics, statistics_by_name, whose
from chromasonic.gesture.task import Examples, Performers, Reader
from chromasonic.music.movement import Movement, Skeleton

AUTO = "auto"
NOUN = "movements"


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a training reads; the test part is listed, not loaded into it.

    Attributes:
        manifest: of the corpus.
        division: ids of the three parts.
        skeleton: of all recordings.
        classes: names of the gestures in the training part, sorted.
        train: cleaned movements to learn from.
        validation: cleaned movements to judge by.
        reader: makes features of them, by the statistics of the training part.
        motion: how fast the training part's movements are; None where nothing moves.
        remarks: what the user should know.
    """

    manifest: Manifest
    division: Division
    skeleton: Skeleton
    classes: tuple[str, ...]
    train: Examples
    validation: Examples
    reader: Reader
    motion: Motion | None = None
    remarks: tuple[str, ...] = ()

    @property
    def sizes(self) -> dict[str, int]:
        """Recordings of each part."""
        return {
            "train": len(self.division.train),
            "validation": len(self.division.validation),
            "test": len(self.division.test),
        }

    def to_dict(self) -> dict[str, Any]:
        """What a run records of its data."""
        manifest = self.manifest
        return {
            "dataset": manifest.name,
            "title": manifest.title,
            "licence": manifest.licence,
            "weights_may_ship": manifest.weights_may_ship,
            "fingerprint": manifest.fingerprint,
            "sizes": self.sizes,
            "classes": len(self.classes),
            "skeleton": self.skeleton.name,
        }


def movements_of(
    data: GestureData, *, download: bool = False, on_progress: Progress | None = None
) -> Corpus[Movement]:
    """The corpus or the folder of recordings that a recipe names.

    Args:
        data: `dataset` is a corpus by name, "auto" (the first that is here, else made-up ones),
            or a folder.
        download: whether the network may be asked.
        on_progress: told how loading goes.

    Raises:
        CorpusError: there is no such corpus or folder, or it is half there.
    """
    known = names_of_gestures()
    if data.dataset == AUTO:
        return _first_there(known, data, on_progress)
    if data.dataset in known:
        return load(
            data.dataset,
            data_dir=data.data_dir or None,
            seed=data.seed,
            count=data.movements or None if CORPORA[data.dataset].kind == "generated" else None,
            download=download,
            on_progress=on_progress,
        )
    if data.dataset in CORPORA:
        raise CorpusError(
            f"The corpus '{data.dataset}' holds {CORPORA[data.dataset].noun}, not movements. Those "
            f"of movements: {', '.join(known)}."
        )
    folder = Path(data.dataset).expanduser()
    if not folder.is_dir():
        raise CorpusError(
            f"'{data.dataset}' is neither a corpus of movements ({', '.join(known)}) nor a folder. "
            "Recordings of your own lie in FOLDER/LABEL/RECORDING: see docs/gesture-training.md."
        )
    if data.protocol == "official" and not has_own_parts(folder):
        raise CorpusError(
            f"The recordings in {folder} have no division of their own (folders train and test, or "
            "a column 'part' in index.csv). Take the protocol seen, or unseen with a performer."
        )
    return corpus_of(folder, on_progress=on_progress)


def names_of_gestures() -> tuple[str, ...]:
    """Names of the corpora of movements, the made-up one last."""
    return tuple(name for name, facts in CORPORA.items() if facts.noun == NOUN)


def _first_there(
    known: Sequence[str], data: GestureData, on_progress: Progress | None
) -> Corpus[Movement]:
    *real, made = known
    for name in real:
        with suppress(CorpusError):
            return movements_of(replace(data, dataset=name), on_progress=on_progress)
    return movements_of(replace(data, dataset=made), on_progress=on_progress)


def prepare(corpus: Corpus[Movement], data: GestureData, features: FeatureConfig) -> Prepared:
    """Divide a corpus, clean its recordings, and learn from the training part what is usual.

    Raises:
        CorpusError: it cannot be divided so.
        DataError: recordings of several skeletons or rates, without a rate to bring them to.
    """
    skeleton = corpus.pieces[0].skeleton if corpus.pieces else None
    if skeleton is None:
        raise CorpusError(f"The corpus '{corpus.name}' holds no movement that can be read.")
    features = with_rate(features, corpus.pieces)
    division = divide(corpus.pieces, data, corpus.split)
    by_id = corpus.by_id
    classes = tuple(sorted({by_id[id].label for id in division.train}))
    remarks = [*corpus.manifest.remarks, *division.remarks]
    train = _examples([by_id[id] for id in division.train], classes, data, features)
    known = [by_id[id] for id in division.validation if by_id[id].label in classes]
    validation = _examples(known, classes, data, features)
    performers: Performers = {}
    if features.asks_who:
        performers = {
            **statistics_by_name(validation.movements, features),
            **statistics_by_name(train.movements, features),
        }
    standardization = Statistics.of_frames(
        compute(movement, features, performer=performers.get(whose(movement, features)))
        for movement in train.movements
    )
    return Prepared(
        manifest=corpus.manifest,
        division=division,
        skeleton=skeleton,
        classes=classes,
        train=train,
        validation=validation,
        reader=Reader(config=features, performers=performers, standardization=standardization),
        motion=Motion.in_all([by_id[id] for id in division.train]),
        remarks=tuple(remarks),
    )


def with_rate(features: FeatureConfig, movements: Sequence[Movement]) -> FeatureConfig:
    """The features with the rate of the recordings in place of "as recorded".

    Raises:
        DataError: the recordings have several rates, and no rate is asked for.
    """
    if features.rate_hz:
        return features
    rates = sorted({movement.rate_hz for movement in movements})
    if len(rates) > 1:
        raise DataError(
            f"The recordings have {len(rates)} rates, from {rates[0]:g} to {rates[-1]:g} frames a "
            "second; give the one to bring them to (rate_hz under [features], --rate)."
        )
    return replace(features, rate_hz=rates[0])


def _examples(
    movements: Sequence[Movement],
    classes: Sequence[str],
    data: GestureData,
    features: FeatureConfig,
) -> Examples:
    numbers = {label: number for number, label in enumerate(classes)}
    return Examples(
        movements=[_cut(clean(movement, features), data.longest_seconds) for movement in movements],
        classes=[numbers[movement.label] for movement in movements],
    )


def _cut(movement: Movement, longest_seconds: float) -> Movement:
    """The middle of a movement that is longer than it may be."""
    most = max(1, round(longest_seconds * movement.rate_hz))
    surplus = len(movement) - most
    if not longest_seconds or surplus <= 0:
        return movement
    start = surplus // 2
    return replace(movement, frames=movement.frames[start : start + most])
