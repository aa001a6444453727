"""Editions laid side by side: repeats, cuts, other keys; the best path is the best."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from chromasonic.data.chorale_alignment import (
    JUMP,
    NOWHERE,
    Segment,
    align_analysis,
    align_pitches,
    best_path,
    steps_of_source,
)
from chromasonic.music.chorale import SILENT, HarmonicAnalysis, Integers
from chromasonic.music.key import Key
from chromasonic.music.roman_numeral import parse_numeral

Floats = np.ndarray


def worth(agreement: Floats, path: tuple[int, ...]) -> float:
    jumps = sum(b != a + 1 for a, b in pairwise(path))
    return sum(agreement[row, column] for row, column in enumerate(path)) - JUMP * jumps


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(
        np.float64, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.floats(0, 20)
    )
)
def test_no_path_is_worth_more_than_the_best_path(agreement: Floats) -> None:
    rows, columns = agreement.shape
    every = max(worth(agreement, path) for path in product(range(columns), repeat=rows))
    assert worth(agreement, tuple(best_path(agreement).tolist())) == pytest.approx(every)


def made_up(steps: int, seed: int = 0) -> Integers:
    """Four voices that change every two steps, no bar like another."""
    rng = np.random.default_rng(seed)
    return np.repeat(rng.integers(48, 72, (steps // 2, 4)), 2, axis=0).astype(np.int64)


def test_a_repeat_that_is_written_out_is_found_with_its_transposition() -> None:
    source = made_up(96)
    edition = np.concatenate([source[:32], source[:32], source[32:]]) + 3
    found = align_pitches(edition, source, 3)
    # By one step of repeated notes the border between two segments can move, by no more.
    (first, second) = found.segments
    assert (first.start, first.source) == (0, 0)
    assert (second.start - second.source, second.start + second.length) == (32, 128)
    assert found.agreement == 1.0
    assert found.transposition == 3


def test_what_one_edition_leaves_out_is_skipped_and_what_it_adds_stands_nowhere() -> None:
    source, added = made_up(96), made_up(32, seed=1)
    edition = np.concatenate([source[:24], source[48:96], added])
    found = align_pitches(edition, source, 0)
    steps = steps_of_source(found.segments, len(edition))
    assert steps[:24].tolist() == list(range(24))
    assert steps[24:72].tolist() == list(range(48, 96))
    assert (steps[72:] == NOWHERE).all()
    assert found.agreement == pytest.approx(72 / 104)


def test_music_of_its_own_has_no_segment() -> None:
    assert align_pitches(made_up(64), made_up(64, seed=5), 0).segments == ()


def test_steps_of_segments_that_pass_the_end_are_cut() -> None:
    steps = steps_of_source((Segment(2, 10, 5),), 4)
    assert steps.tolist() == [NOWHERE, NOWHERE, 10, 11]


@pytest.mark.parametrize("semitones", [0, 2, -3, 5])
def test_an_analysis_is_laid_on_a_chorale_in_another_key(semitones: int) -> None:
    numerals = ["I", "V6", "I", "IV", "viio6", "I6", "ii6/5", "V", "V2", "I6", "V4/3", "I"]
    key = Key("D", "major")
    chords = tuple(parse_numeral(numeral, key) for numeral in numerals)
    analysis = HarmonicAnalysis(chords=chords, chord_of_step=np.repeat(np.arange(len(chords)), 4))
    rows = []
    for chord in chords[2:]:  # the chorale lacks the first two beats
        tones = sorted(chord.pitch_classes)
        upper = [60 + tones[0], 60 + tones[1], 60 + tones[2]]
        rows += [[tone + semitones for tone in (*upper, 36 + chord.bass)]] * 4
    pitches = np.array(rows, np.int64)
    pitches[5, 1] = SILENT
    found = align_analysis(pitches, analysis)
    assert found.transposition == semitones
    assert found.segments == (Segment(0, 8, 40),)
    assert found.agreement > 0.99
