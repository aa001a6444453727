"""Chords found are those of the analyst: root and triad, changes apart from held chords."""

from __future__ import annotations

import numpy as np
import pytest
from small_chorales import analysis, chorale

from chromasonic.harmonization.bach import bachs_harmonization
from chromasonic.harmonization.chord_agreement import (
    UNKNOWN,
    ChordCounts,
    analysed_triads,
    count_chords,
)
from chromasonic.harmonization.chords import triad_number
from chromasonic.music.chorale import NO_HARMONY, Analysis, HarmonicAnalysis
from chromasonic.music.key import Key


@pytest.mark.parametrize("semitones", [0, 3, -5])
def test_plain_chords_are_all_found_in_any_key(semitones):
    piece = chorale(semitones=semitones)

    counts = count_chords(bachs_harmonization(piece), piece.analysis)

    # Of the eight numerals one repeats that of the beat before.
    assert counts == ChordCounts(found_new=7, new=7, found_held=1, held=1)
    assert (counts.found, counts.all) == (8, 8)


def test_a_wrong_root_or_third_is_not_found():
    piece = chorale()
    one = bachs_harmonization(piece)

    assert count_chords(one, analysis(semitones=1)).found == 0
    minor = [_as_minor(chord) for chord in analysis().chords]
    darker = HarmonicAnalysis(chords=tuple(minor), chord_of_step=analysis().chord_of_step)
    assert count_chords(one, darker).found == 1  # ii6 alone was minor before


def _as_minor(chord: Analysis) -> Analysis:
    tones = frozenset({chord.root, (chord.root + 3) % 12, (chord.root + 7) % 12})
    return Analysis(
        local_key=chord.local_key, numeral=chord.numeral, root=chord.root, pitch_classes=tones,
        bass=chord.bass,
    )  # fmt: skip


def test_beats_without_an_analysed_chord_count_nowhere():
    piece = chorale()
    steps = analysis().chord_of_step.copy()
    steps[:8] = NO_HARMONY
    partial = HarmonicAnalysis(chords=analysis().chords, chord_of_step=steps)

    counts = count_chords(bachs_harmonization(piece), partial)

    assert (counts.found, counts.all) == (6, 6)


def test_a_seventh_changes_no_triad_and_a_diminished_fifth_does():
    def triad(*tones: int) -> int:
        chord = Analysis(
            local_key=Key(), numeral="?", root=7, pitch_classes=frozenset(tones), bass=7
        )
        named = HarmonicAnalysis(chords=(chord,), chord_of_step=np.zeros(1, np.int64))
        return int(analysed_triads(named)[0])

    major = int(triad_number(np.array(7), np.array(4), np.array(7)))
    assert triad(7, 11, 2) == triad(7, 11, 2, 5) == major
    assert triad(7, 10, 1) == int(triad_number(np.array(7), np.array(3), np.array(6)))
    assert triad(7, 2) == UNKNOWN  # no third
