"""How well the EmotionRecognizer places clips and songs, beside what it has to beat.

The song is the unit of every interval: clips of one song are alike. A clip's answer is the mean of
its distributions after the warm-up; its quadrant is where most of that mass lies, its valence and
arousal are positive where more than half of it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from chromasonic.companion.companion import CompanionData, Row
from chromasonic.companion.emotion_baselines import (
    BASELINES,
    ClipTable,
    best_classifier,
    best_regression,
    majority,
    table_of,
)
from chromasonic.companion.emotion_data import CLIPS, EMOTION
from chromasonic.companion.network import CompanionNetwork
from chromasonic.evaluation.agreement import ccc, interval_of, r2
from chromasonic.evaluation.figure import Figure, undefined
from chromasonic.evaluation.statistics import bootstrap_ratio
from chromasonic.music.emotion import QUADRANTS, expectation, quadrant_masses
from chromasonic.training.examples import FEATURES, MASK, Examples

NAME = "emotion_recognizer"
QUADRANT, VALENCE, AROUSAL = "quadrant accuracy", "valence accuracy", "arousal accuracy"
ACCURACIES = (QUADRANT, VALENCE, AROUSAL)
NUMBERS = ("valence R2", "valence CCC", "arousal R2", "arousal CCC")

PUBLISHED = {
    "published: LSTM with attention, from MIDI (Hung et al., ISMIR 2021)": 0.684,
    "published: short-chunk ResNet, from the original audio (Hung et al., ISMIR 2021)": 0.677,
}
"""Quadrant accuracy on EMOPIA's test clips.

Source: Hung et al., "EMOPIA", ISMIR 2021, table of classification results, arXiv 2108.01374.
"""

PUBLISHED_CLIPS = 86
"""Published figures stand beside ours on the same clips only."""

SIGNS = np.array(list(QUADRANTS.values()))
"""(4, 2) signs of valence and arousal of quadrants 1 to 4."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Truth:
    """What the labels of some examples say.

    Attributes:
        cells: (N, 64) mean of each example's target over the frames that count.
        songs: (N,) the unit of intervals.
        corpora: (N,).
    """

    cells: Floats
    songs: npt.NDArray[np.str_]
    corpora: npt.NDArray[np.str_]

    @classmethod
    def of(cls, examples: Examples) -> Truth:
        """Of examples."""
        cells = [
            _mean(item[EMOTION], item[MASK])
            for item in map(examples.items.__getitem__, range(len(examples)))
        ]
        names = examples.groups.get("corpus", ("",) * len(examples))
        return cls(np.array(cells), np.array(examples.pieces), np.array(names))

    @cached_property
    def quadrants(self) -> Integers:
        """(N,) 1 to 4."""
        return quadrant_masses(self.cells).argmax(axis=1) + 1

    @cached_property
    def places(self) -> Floats:
        """(N, 2) valence and arousal."""
        return np.stack(expectation(self.cells), axis=1)


def evaluate_emotion(network: CompanionNetwork, data: CompanionData) -> Sequence[Row]:
    """The table's rows: on the test clips of EMOPIA and VGMIDI, and on DEAM's songs."""
    test = data.test()
    truth = Truth.of(test)
    answers = clip_answers(network, test)
    rows: list[Row] = []
    known = [corpus for corpus in CLIPS if (truth.corpora == corpus).any()]
    if known:
        learned = Truth.of(data.train)
        train = table_of(data.train, learned.quadrants, all_ways=True)
        validation = table_of(data.validation, Truth.of(data.validation).quadrants)
        tested = table_of(test, truth.quadrants)
        for corpus in known:
            rows += _clip_rows(corpus, truth, answers, train, validation, tested)
    if (truth.corpora == "deam").any():
        rows += _song_rows(truth, answers, data, test)
    else:
        rows.append(_unmeasured(data))
    if not known and (truth.corpora == "").any():  # made-up examples
        rows += [_row("synthetic", "model", _accuracies(truth, _decided(answers)))]
    return rows


@torch.no_grad()
def clip_answers(network: CompanionNetwork, examples: Examples) -> Floats:
    """(N, 64): the answer to each example as a whole."""
    network.eval()
    answers = []
    for number in range(len(examples)):
        item = examples.items[number]
        features = torch.as_tensor(np.asarray(item[FEATURES]))[None]
        answers.append(_mean(network.predict(features)[0].numpy(), item[MASK]))
    return np.array(answers)


def _mean(cells: npt.NDArray[np.floating], mask: npt.NDArray[np.floating]) -> Floats:
    counts = mask > 0
    return np.asarray(cells[counts] if counts.any() else cells, np.float64).mean(axis=0)


@dataclass(frozen=True)
class Decisions:
    """What was decided for each clip.

    Attributes:
        quadrants: (N,) 1 to 4.
        signs: (N, 2) of valence and arousal.
    """

    quadrants: Integers
    signs: Integers

    def __getitem__(self, chosen: npt.NDArray[np.bool_]) -> Decisions:
        return Decisions(self.quadrants[chosen], self.signs[chosen])


def _decided(answers: Floats) -> Decisions:
    masses = quadrant_masses(answers)
    return Decisions(masses.argmax(axis=1) + 1, np.where(masses @ SIGNS >= 0, 1, -1))


def _of_quadrants(quadrants: Integers) -> Decisions:
    return Decisions(quadrants, SIGNS[quadrants - 1])


def _accuracies(truth: Truth, decided: Decisions) -> dict[str, Figure]:
    signs = SIGNS[truth.quadrants - 1]
    right = {
        QUADRANT: decided.quadrants == truth.quadrants,
        VALENCE: decided.signs[:, 0] == signs[:, 0],
        AROUSAL: decided.signs[:, 1] == signs[:, 1],
    }
    return {name: _share(values, truth.songs) for name, values in right.items()}


def _share(is_right: npt.NDArray[np.bool_], songs: npt.NDArray[np.str_]) -> Figure:
    """Share of clips, with an interval over songs."""
    _, number = np.unique(songs, return_inverse=True)
    return bootstrap_ratio(
        np.bincount(number, is_right), np.bincount(number), unit="share of clips"
    )


def _clip_rows(
    corpus: str,
    truth: Truth,
    answers: Floats,
    train: ClipTable,
    validation: ClipTable,
    tested: ClipTable,
) -> list[Row]:
    chosen = truth.corpora == corpus
    own = Truth(truth.cells[chosen], truth.songs[chosen], truth.corpora[chosen])
    name = f"{corpus}, test ({chosen.sum()} clips of {len(set(own.songs))} songs)"
    rows = [_row(name, "model", _accuracies(own, _decided(answers)[chosen]))]
    most = np.full(chosen.sum(), majority(train, corpus))
    rows.append(_baseline(name, "most frequent quadrant", _accuracies(own, _of_quadrants(most))))
    for title, kind in BASELINES:
        choice = best_classifier(kind, train, validation, corpus)
        decided = _of_quadrants(np.asarray(choice.answer(tested[chosen])))
        rows.append(_baseline(name, title, _accuracies(own, decided)))
    if corpus == "emopia" and len(own.songs) == PUBLISHED_CLIPS:
        for title, value in PUBLISHED.items():
            figure = Figure(
                value=value,
                n=int(chosen.sum()),
                unit="share of clips",
                reason="published without an interval",
            )
            rows.append(_baseline(name, title, {QUADRANT: figure}))
    return rows


def _song_rows(truth: Truth, answers: Floats, data: CompanionData, test: Examples) -> list[Row]:
    """DEAM: how near the mean answer of a song comes to the mean of its labels."""
    chosen = truth.corpora == "deam"
    wanted = truth.places[chosen]
    name = f"deam, test ({chosen.sum()} songs)"
    rows = [_row(name, "model", _numbers(wanted, np.stack(expectation(answers[chosen]), 1)))]
    train = table_of(data.train, Truth.of(data.train).places)
    validation = table_of(data.validation, Truth.of(data.validation).places)
    tested = table_of(test, truth.places)[chosen]
    mean = train[train.corpora == "deam"].targets.mean(axis=0)
    guesses = np.broadcast_to(mean, wanted.shape)
    rows.append(_baseline(name, "mean of the training songs", _numbers(wanted, guesses)))
    for title, kind in (
        ("ridge regression on song statistics", "ridge"),
        ("gradient-boosted trees on song statistics", "trees"),
    ):
        choice = best_regression(kind, train, validation, "deam")
        rows.append(_baseline(name, title, _numbers(wanted, choice.answer(tested))))
    return rows


def _numbers(wanted: Floats, given: Floats) -> dict[str, Figure]:
    measures: dict[str, Callable[[Floats, Floats], float]] = {"R2": r2, "CCC": ccc}
    return {
        f"{axis} {title}": interval_of(measure, wanted[:, place], given[:, place])
        for place, axis in enumerate(("valence", "arousal"))
        for title, measure in measures.items()
    }


def _unmeasured(data: CompanionData) -> Row:
    said = [line.removeprefix("deam: ") for line in data.remarks if line.startswith("deam: ")]
    reason = said[0] if said else "DEAM is not there"
    return _row("deam, test", "model", {name: undefined(reason) for name in NUMBERS})


def _row(test: str, method: str, figures: dict[str, Figure], *, is_baseline: bool = False) -> Row:
    return Row(
        model=NAME,
        test=test,
        method=method,
        figures=figures,
        is_baseline=is_baseline,
        better=dict.fromkeys(figures, "higher"),
    )


def _baseline(test: str, method: str, figures: dict[str, Figure]) -> Row:
    return _row(test, method, figures, is_baseline=True)
