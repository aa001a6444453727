"""Published features agree with examples worked out by hand."""

from __future__ import annotations

import math

import pytest

from chromasonic.evaluation.features import (
    groove_consistency,
    pitch_class_entropy,
    scale_consistency,
)
from chromasonic.formats.abc import read_abc
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Bar, Note, Tune


def tune_of(abc: str, metre: str = "4/4", key: str = "C") -> Tune:
    text = f"X:1\nT:t\nM:{metre}\nL:1/4\nK:{key}\n{abc}\n"
    return read_abc(text, source="a test").tunes[0]


REST = Tune(
    id="rest", title="", bars=(Bar((Note(4 * TICKS_PER_QUARTER, None),), Metre(4, 4), Key()),)
)


def test_entropy_of_pitch_classes_by_hand() -> None:
    # c twice (an octave apart), e and g once: 1/2, 1/4, 1/4 -> 0.5 x 1 + 2 x 0.25 x 2 = 1.5 bits.
    assert pitch_class_entropy(tune_of("C E G c|")) == pytest.approx(1.5)


def test_entropy_counts_notes_and_not_lengths() -> None:
    assert pitch_class_entropy(tune_of("C3 D|")) == pytest.approx(1.0)


def test_entropy_of_one_and_of_all_pitch_classes() -> None:
    assert pitch_class_entropy(tune_of("C C c c|")) == 0
    chromatic = tune_of("C ^C D ^D|E F ^F G|^G A ^A B|")
    assert pitch_class_entropy(chromatic) == pytest.approx(math.log2(12))


def test_tied_notes_are_one_note() -> None:
    assert pitch_class_entropy(tune_of("C4-|C2 D2|")) == pytest.approx(1.0)


def test_scale_consistency_by_hand() -> None:
    # C D E F# G: G major holds all five. C D E F F#: C major and others hold four of five.
    assert scale_consistency(tune_of("C D E ^F|G4|")) == 1
    assert scale_consistency(tune_of("C D E F|^F4|")) == pytest.approx(4 / 5)


def test_a_chromatic_scale_is_seven_twelfths_consistent() -> None:
    assert scale_consistency(tune_of("C ^C D ^D|E F ^F G|^G A ^A B|")) == pytest.approx(7 / 12)


def test_groove_consistency_by_hand() -> None:
    # On a grid of quarters: 1 1 1 1, 1 0 1 0, 1 0 1 0. Distances 2/4 and 0/4; 1 - mean = 0.75.
    tune = tune_of("C D E F|C2 E2|G2 E2|")
    assert groove_consistency(tune, positions_a_quarter=1) == pytest.approx(0.75)


def test_a_finer_grid_has_more_places_that_agree() -> None:
    tune = tune_of("C D E F|C2 E2|")
    assert groove_consistency(tune, positions_a_quarter=4) == pytest.approx(1 - 2 / 16)


def test_an_anacrusis_and_a_change_of_metre_are_not_compared() -> None:
    tune = tune_of("G|C D E F|C D E F|[M:3/4] C D E|C3|")
    # 4/4 against 4/4 agrees, 3/4 against 3/4 differs in 2 of 3; the others are no pairs.
    assert groove_consistency(tune, positions_a_quarter=1) == pytest.approx(1 - (0 + 2 / 3) / 2)


def test_without_notes_or_pairs_of_bars_the_features_are_undefined() -> None:
    assert math.isnan(pitch_class_entropy(REST))
    assert math.isnan(scale_consistency(REST))
    assert math.isnan(groove_consistency(tune_of("C D E F|")))
