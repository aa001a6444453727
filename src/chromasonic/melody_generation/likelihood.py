"""Likelihood of melodies: rhythm, pitch and bar lines told apart.

A note is a duration and a pitch. Its duration token stands before its pitch token, so the pitch's
probability is given everything before it, its own duration among that; bar lines and the header
(metre, tonic, mode) are easy, and are never mixed into a figure about notes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chromasonic.evaluation.figure import Figure, undefined
from chromasonic.evaluation.likelihood import StreamScores, TokenClasses
from chromasonic.evaluation.statistics import bootstrap_ratio
from chromasonic.melody_generation.tokens import VOCABULARY, Kind

CLASS_OF_KIND = {
    Kind.SPECIAL: "end",
    Kind.BAR: "bar",
    Kind.METRE: "header",
    Kind.TONIC: "header",
    Kind.MODE: "header",
    Kind.NOTE: "rhythm",
    Kind.REST: "rhythm",
    Kind.HOLD: "rhythm",
    Kind.PITCH: "pitch",
}
CLASS_NAMES = ("pitch", "rhythm", "bar", "header", "end")
MELODY_CLASSES = TokenClasses(
    names=CLASS_NAMES,
    of_token=np.array(
        [CLASS_NAMES.index(CLASS_OF_KIND[Kind(kind)]) for kind in VOCABULARY.kind], dtype=np.int64
    ),
)
PITCHES = len(VOCABULARY.ids_of(Kind.PITCH))


def likelihood_figures(scores: StreamScores, *, seed: int = 0) -> dict[str, Figure]:
    """What is reported of a model's predictions, each with its interval over tunes.

    Args:
        scores: sums a tune, of `MELODY_CLASSES`.
        seed: of the bootstrap.

    Returns:
        `pitch_accuracy` (share of notes whose pitch was the first choice), `rhythm_accuracy`,
        `bar_accuracy`, `token_accuracy`; `pitch_bits_per_note` (bits of PITCH tokens over their
        number), `rhythm_bits_per_note` (bits of NOTE, REST and HOLD tokens over the number of
        PITCH tokens), `pitch_perplexity` (2 to the pitch bits), `token_perplexity` (2 to the bits
        of all tokens over their number).
    """
    notes = scores.of("pitch").count[:, 0]
    figures = {
        f"{name}_accuracy": _accuracy(scores.of(name), f"no {name} token", seed)
        for name in ("pitch", "rhythm", "bar")
    }
    figures["token_accuracy"] = _accuracy(scores.of(*CLASS_NAMES), "no token", seed)
    for name in ("pitch", "rhythm"):
        bits = scores.of(name).bits[:, 0] if name == "pitch" else _rhythm_of_notes(scores, notes)
        figures[f"{name}_bits_per_note"] = _ratio(
            bits, notes, "bits a note", "no PITCH token in any sequence", seed
        )
    total = scores.of(*CLASS_NAMES)
    token_bits = _ratio(total.bits[:, 0], total.count[:, 0], "bits a token", "no token", seed)
    figures["pitch_perplexity"] = _power_of_two(figures["pitch_bits_per_note"], "pitches")
    figures["token_perplexity"] = _power_of_two(token_bits, "tokens")
    return figures


def pitch_sums(scores: StreamScores) -> tuple[np.ndarray, np.ndarray]:
    """Bits of the pitches, and how many there are, a tune (S,): what models are compared by."""
    pitch = scores.of("pitch")
    return pitch.bits[:, 0], pitch.count[:, 0]


def perplexity_score(pitch_perplexity: float) -> float:
    """Perplexity on a scale of 0 to 1: the share of a uniform guess's bits that is saved.

    1 - log2(perplexity) / log2(61), 61 being the pitches of the vocabulary; at least 0.
    """
    if math.isnan(pitch_perplexity):
        return math.nan
    return max(0.0, 1 - math.log2(pitch_perplexity) / math.log2(PITCHES))


def _rhythm_of_notes(scores: StreamScores, notes: np.ndarray) -> np.ndarray:
    return np.where(notes > 0, scores.of("rhythm").bits[:, 0], 0.0)


def _accuracy(scores: StreamScores, without: str, seed: int) -> Figure:
    unit = "share of notes" if scores.classes == ("pitch",) else "share of tokens"
    return _ratio(scores.correct[:, 0], scores.count[:, 0], unit, without, seed)


def _ratio(top: np.ndarray, bottom: np.ndarray, unit: str, without: str, seed: int) -> Figure:
    if not bottom.sum():
        return undefined(without, unit=unit)
    return bootstrap_ratio(top, bottom, unit=unit, seed=seed)


def _power_of_two(bits: Figure, unit: str) -> Figure:
    values: dict[str, Any] = {
        name: float(np.exp2(getattr(bits, name))) for name in ("value", "low", "high")
    }
    return Figure(**values, n=bits.n, unit=unit, reason=bits.reason)
