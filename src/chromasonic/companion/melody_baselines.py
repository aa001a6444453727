"""What the MelodyTransformer has to beat: the commonest pitches, and n-grams that see its inputs.

An n-gram counts pitches from the tonic, so that tunes in all keys add up, after contexts of growing
length, interpolated by modified Kneser-Ney smoothing (`melody_generation.markov.CountTables`).
Which contexts, in which order they are given up, and on which corpora it is counted is chosen on
the validation part, as the network's settings are.

Legend: M melodies, N notes of all of them, K context lengths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from chromasonic.companion.melody_lines import UNKNOWN, MelodyLine
from chromasonic.companion.melody_scores import Scores
from chromasonic.errors import EvaluationError
from chromasonic.melody_generation.inputs import TONIC_VOCABULARY_SIZE
from chromasonic.melody_generation.markov import CountTables

Integers = npt.NDArray[np.int64]

LOWEST, HIGHEST = -71, 67
"""Pitches from the tonic between C4 and B4, so that every MIDI pitch can be said in every key."""

HASH_FACTOR = 1_000_003


@dataclass(frozen=True)
class Contexts:
    """What an n-gram looks at, the nearest first; the last is given up first.

    Attributes:
        names: of "mode", "last" (the pitch before; the n-th "last" is the n-th before), "place",
            "chord", "length" (of the last note).
    """

    names: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.names) or "nothing"


WITHOUT_CHORDS = tuple(
    Contexts(("mode", *names))
    for names in (
        ("last",),
        ("last", "place", "last"),
        ("last", "last", "place"),
        ("last", "last", "place", "length"),
        ("last", "last", "last", "place", "length"),
    )
)
WITH_CHORDS = tuple(
    Contexts(("mode", *names))
    for names in (
        ("last", "chord"),
        ("last", "chord", "last", "place"),
        ("last", "chord", "last", "place", "length"),
        ("last", "chord", "place", "last"),
        ("last", "last", "chord", "place"),
    )
)
"""The best of some twenty that were tried on Nottingham's validation tunes, and shorter ones."""


class PitchNgram:
    """An interpolated n-gram over pitches from the tonic.

    Args:
        contexts: what it looks at.
        lines: melodies to count; those without a known key count as in C major.
    """

    def __init__(self, contexts: Contexts, lines: Sequence[MelodyLine]) -> None:
        if not lines:
            raise EvaluationError("There is no melody to count: give at least one.")
        self.contexts = contexts
        self.tables = CountTables(
            len(contexts.names) + 1, "kneser-ney", np.arange(HIGHEST - LOWEST + 1)
        )
        self.tables.fit(
            np.concatenate([self._hashes(line) for line in lines], axis=1),
            np.concatenate([_symbols(line) for line in lines]),
        )

    def scores(self, lines: Sequence[MelodyLine]) -> Scores:
        """How well it predicts melodies."""
        rows = []
        for line in lines:
            hashes = torch.from_numpy(self._hashes(line))[:, None]
            log_p = self.tables.log_probabilities(hashes)[0].numpy()
            # Of what it could say, only MIDI's pitches can come.
            first = LOWEST + _tonic(line)
            pitches = first[:, None] + np.arange(HIGHEST - LOWEST + 1)
            log_p = log_p[:, : pitches.shape[1]]
            log_p = np.where((pitches >= 0) & (pitches < 128), log_p, -np.inf)
            log_p = log_p - np.log(np.exp(log_p).sum(1, keepdims=True))
            symbols = _symbols(line)
            said = log_p[np.arange(len(line)), symbols]
            right = (log_p.argmax(1) == symbols).sum()
            rows.append((-said.sum() / np.log(2), right, len(line)))
        return Scores(*np.array(rows, np.float64).T)

    def _hashes(self, line: MelodyLine) -> Integers:
        """(K, N) of no element, of the first, of the first two, and so on."""
        elements = _elements(self.contexts, line)
        hashes = [np.zeros(len(line), np.int64)]
        with np.errstate(over="ignore"):
            for element in elements:
                hashes.append(hashes[-1] * HASH_FACTOR + element + 1)
        return np.stack(hashes)


def _elements(contexts: Contexts, line: MelodyLine) -> list[Integers]:
    tonic = _tonic(line)
    result, last = [], 0
    for name in contexts.names:
        if name == "last":
            last += 1
            before = np.full(len(line), 999, np.int64)
            before[last:] = line.pitch[:-last] - tonic[last:]
            result.append(before)
        elif name == "mode":
            result.append(_number(line.key, tonic))
        elif name == "chord":
            result.append(_number(line.chord, tonic))
        elif name == "place":
            result.append(line.place.astype(np.int64))
        elif name == "length":
            length = np.rint(line.length).astype(np.int64)
            result.append(np.concatenate([[0], length[:-1]]))
        else:
            raise EvaluationError(f"'{name}' is nothing that an n-gram can look at.")
    return result


def _tonic(line: MelodyLine) -> Integers:
    """(N,) MIDI number of the tonic from C4 up; C4 where none is known."""
    return 60 + np.where(line.tonic == UNKNOWN, 0, line.tonic).astype(np.int64)


def _symbols(line: MelodyLine) -> Integers:
    return np.asarray(line.pitch - _tonic(line) - LOWEST)


def _number(tones: npt.NDArray[np.uint8], tonic: Integers) -> Integers:
    """(N, 12) pitch classes as a number, counted from the tonic."""
    steps = (np.arange(12) + tonic[:, None]) % 12
    return np.take_along_axis(tones, steps, axis=1).astype(np.int64) @ (1 << np.arange(12))


def best_ngram(
    candidates: Sequence[Contexts],
    sources: Sequence[Sequence[MelodyLine]],
    validation: Sequence[MelodyLine],
) -> PitchNgram:
    """The n-gram that predicts the validation melodies best, of all contexts on all sources."""
    tried = [PitchNgram(contexts, lines) for lines in sources if lines for contexts in candidates]
    return min(tried, key=lambda ngram: ngram.scores(validation).bits_a_note)


def commonest_scores(train: Sequence[MelodyLine], lines: Sequence[MelodyLine]) -> Scores:
    """A model of order 0: how often each MIDI pitch is met in the training melodies, plus one."""
    counts = np.bincount(np.concatenate([line.pitch for line in train]), minlength=128) + 1.0
    bits = -np.log2(counts / counts.sum())
    first = int(counts.argmax())
    rows = [(bits[line.pitch].sum(), (line.pitch == first).sum(), len(line)) for line in lines]
    return Scores(*np.array(rows, np.float64).T)


assert HIGHEST - LOWEST < TONIC_VOCABULARY_SIZE
