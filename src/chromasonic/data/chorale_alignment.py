"""Where one edition of a chorale stands in another: other repeats, bars left out, another key.

Two editions are laid side by side step by step. Going on by one step in both costs nothing, a jump
to any other place costs `JUMP` steps of agreement, so that the best path (found exactly, by dynamic
programming) follows one edition through the other and jumps only where it repeats, leaves out or
adds something.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.music.chorale import SILENT, HarmonicAnalysis, Integers

Floats = npt.NDArray[np.float64]

JUMP = 8.0
"""What a jump costs, in steps that agree: half a bar of 4/4."""
SHORTEST = 8
"""Segments of fewer steps are no agreement but chance: half a bar."""
LEAST_AGREEMENT = 0.6
"""Of a segment's cells, to count as the same music."""
NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch that two editions have in common: `length` steps from `start`, from `source`."""

    start: int
    source: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """How an edition lies on another, its source.

    Attributes:
        transposition: semitones from the source up to the edition.
        agreement: share of the edition's cells (voices times steps, or steps times chords) that
            are as the source has them; what stands nowhere counts as disagreement.
        segments: ascending by `start`, without overlap.
    """

    transposition: int
    agreement: float
    segments: tuple[Segment, ...]


def steps_of_source(segments: tuple[Segment, ...], length: int) -> Integers:
    """(length,) for each step of the edition that of the source; `NOWHERE` where it has none."""
    steps = np.full(length, NOWHERE, np.int64)
    for segment in segments:
        end = min(segment.start + segment.length, length)
        steps[segment.start : end] = np.arange(segment.source, segment.source + end - segment.start)
    return steps


def align_pitches(edition: Integers, source: Integers, transposition: int) -> Alignment:
    """Lay an edition on another by their sounding pitches.

    Args:
        edition: (T, 4) pitches.
        source: (S, 4) pitches.
        transposition: semitones from source up to edition.
    """
    moved = np.where(source == SILENT, SILENT, source + transposition)
    agreement = np.mean(edition[:, None, :] == moved[None, :, :], axis=2)
    return _aligned(agreement, transposition)


def align_analysis(pitches: Integers, analysis: HarmonicAnalysis) -> Alignment:
    """Lay a chorale on an analysis whose bars and key may be those of another edition.

    A step agrees with a chord as far as its voices are chord tones, and its bass the chord's bass.

    Args:
        pitches: (T, 4) of the chorale.
        analysis: on its own sixteenths, in its own key.
    """
    sounding = pitches != SILENT
    counts = np.zeros((len(pitches), 12))
    step, voice = np.nonzero(sounding)
    np.add.at(counts, (step, pitches[step, voice] % 12), 1.0)
    counts /= np.maximum(sounding.sum(axis=1, keepdims=True), 1)
    bass = np.where(sounding[:, 3], pitches[:, 3] % 12, NOWHERE)
    by_transposition = []
    for transposition in range(12):
        tones = np.roll(analysis.is_chord_tone, transposition, axis=1).astype(float)
        basses = np.where(analysis.basses < 0, -2, (analysis.basses + transposition) % 12)
        fits = 0.6 * counts @ tones.T + 0.4 * (bass[:, None] == basses[None, :])
        by_transposition.append((_quick_fit(fits), transposition, fits))
    _, transposition, fits = max(by_transposition, key=lambda item: item[:2])
    return _aligned(fits, (transposition + 6) % 12 - 6)


def _quick_fit(fits: Floats) -> float:
    """The best agreement of all plain shifts, without jumps."""
    rows, columns = fits.shape
    shifts = np.arange(columns)[None, :] - np.arange(rows)[:, None] + rows - 1
    return float(np.bincount(shifts.ravel(), fits.ravel()).max())


def _aligned(agreement: Floats, transposition: int) -> Alignment:
    """The best path through a table of agreements (edition x source), as segments."""
    path = best_path(agreement)
    breaks = np.flatnonzero(np.diff(path) != 1) + 1
    segments = []
    good = 0.0
    for start, end in zip((0, *breaks.tolist()), (*breaks.tolist(), len(path)), strict=True):
        share = agreement[np.arange(start, end), path[start:end]]
        if end - start >= SHORTEST and share.mean() >= LEAST_AGREEMENT:
            segments.append(Segment(int(start), int(path[start]), int(end - start)))
            good += share.sum()
    return Alignment(
        transposition=transposition,
        agreement=good / max(len(path), 1),
        segments=tuple(segments),
    )


def best_path(agreement: Floats) -> Integers:
    """For each row the column so that agreements less the cost of jumps are the most together.

    Args:
        agreement: (T, S) from 0 to 1.

    Returns:
        (T,) columns. From row to row the column goes up by one, or a jump is paid.
    """
    rows, columns = agreement.shape
    jumped_from = np.zeros(rows, np.int64)
    has_jumped = np.zeros((rows, columns), np.bool_)
    total = agreement[0].copy()
    for row in range(1, rows):
        origin = int(np.argmax(total))
        onward = np.full(columns, -np.inf)
        onward[1:] = total[:-1]
        jump = total[origin] - JUMP
        jumped_from[row] = origin
        has_jumped[row] = jump > onward
        total = np.maximum(onward, jump) + agreement[row]
    path = np.zeros(rows, np.int64)
    path[-1] = int(np.argmax(total))
    for row in range(rows - 1, 0, -1):
        here = path[row]
        path[row - 1] = jumped_from[row] if has_jumped[row, here] else here - 1
    return path
