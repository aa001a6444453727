"""How often the HarmonyPredictor is right, and how surprised, beside what it has to beat.

The piece is the unit of every interval. At all beats the question is what comes: hold, or which new
chord. At the changes alone it is which chord, given that there is a new one: hold is taken out of
the answer, whose other classes share its probability.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from chromasonic.companion.companion import CompanionData, Row
from chromasonic.companion.harmony_baselines import (
    MEMORY_FACTS,
    NGRAM_FACTS,
    HarmonyBeats,
    chosen_ngram,
    fit_logistic,
    keep_the_chord,
    network_log_probabilities,
)
from chromasonic.companion.network import CompanionNetwork
from chromasonic.evaluation.figure import Figure
from chromasonic.evaluation.statistics import bootstrap_ratio
from chromasonic.music.chord import HOLD, NONE

NAME = "harmony_predictor"
ACCURACY, PERPLEXITY = "accuracy", "perplexity"
CHANGE_ACCURACY, CHANGE_PERPLEXITY = "accuracy at changes", "perplexity at changes"
ROOT_ACCURACY = "root right at changes"
BETTER = {
    ACCURACY: "higher",
    PERPLEXITY: "lower",
    CHANGE_ACCURACY: "higher",
    CHANGE_PERPLEXITY: "lower",
    ROOT_ACCURACY: "higher",
}

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def evaluate_harmony(network: CompanionNetwork, data: CompanionData) -> list[Row]:
    """Rows of the model and its baselines on the test part of each corpus, which is opened here."""
    # Counts stay counts: n-grams see each example once, logistic regression the network's mixture.
    train, validation = HarmonyBeats.of(data.train, once=True), HarmonyBeats.of(data.validation)
    test = HarmonyBeats.of(data.test())
    logistic = fit_logistic(HarmonyBeats.of(data.train))
    rows: list[Row] = []
    for corpus in test.names:
        known, checked, asked = (part.of_corpus(corpus) for part in (train, validation, test))
        answers = {
            "model": network_log_probabilities(network, asked),
            "keep the chord": keep_the_chord(known, asked),
            "n-gram": chosen_ngram(known, checked, NGRAM_FACTS).log_probabilities(asked),
            "n-gram with the piece's memory": chosen_ngram(
                known, checked, NGRAM_FACTS + MEMORY_FACTS
            ).log_probabilities(asked),
            "logistic regression, same features": network_log_probabilities(logistic, asked),
        }
        rows += _rows(answers, asked, test=f"{corpus}, test")
    return rows


def _rows(answers: dict[str, Floats], asked: HarmonyBeats, *, test: str) -> Iterator[Row]:
    for method, log_p in answers.items():
        yield Row(
            model=NAME,
            test=test,
            method=method,
            figures=figures_of(log_p, asked.targets, asked.pieces),
            is_baseline=method != "model",
            better=BETTER,
        )


def figures_of(log_p: Floats, targets: Integers, pieces: npt.NDArray[np.str_]) -> dict[str, Figure]:
    """The five figures of some answers.

    Args:
        log_p: (N, 64) log probabilities.
        targets: (N,) classes.
        pieces: (N,) what resampling takes whole.
    """
    number = np.unique(pieces, return_inverse=True)[1]
    changes = targets != HOLD
    given_change = _without_hold(log_p)
    chosen, chosen_change = log_p.argmax(axis=1), given_change.argmax(axis=1)
    rows = np.arange(len(targets))
    right_change = chosen_change == targets
    both_chords = (chosen_change < NONE) & (targets < NONE)
    right_root = right_change | (both_chords & (chosen_change % 12 == targets % 12))

    def figure(values: npt.ArrayLike, counts: npt.ArrayLike, unit: str) -> Figure:
        weights = np.asarray(counts, float)
        sums = np.bincount(number, np.where(weights > 0, np.asarray(values, float), 0.0))
        return bootstrap_ratio(sums, np.bincount(number, weights), unit=unit)

    everything = np.ones(len(targets))
    return {
        ACCURACY: figure(chosen == targets, everything, "share of beats"),
        PERPLEXITY: _perplexity(figure(-log_p[rows, targets], everything, "classes")),
        CHANGE_ACCURACY: figure(right_change, changes, "share of changes"),
        CHANGE_PERPLEXITY: _perplexity(figure(-given_change[rows, targets], changes, "classes")),
        ROOT_ACCURACY: figure(right_root, changes, "share of changes"),
    }


def _without_hold(log_p: Floats) -> Floats:
    """Log probabilities of each class given that it is not hold; that of hold is -inf."""
    others = log_p.copy()
    others[:, HOLD] = -np.inf
    return others - np.logaddexp.reduce(others, axis=1, keepdims=True)


def _perplexity(nats: Figure) -> Figure:
    """Mean nats as a perplexity, its interval too."""
    return Figure(
        value=math.exp(nats.value),
        n=nats.n,
        low=math.exp(nats.low),
        high=math.exp(nats.high),
        unit=nats.unit,
        reason=nats.reason,
    )
