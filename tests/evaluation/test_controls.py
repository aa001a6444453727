"""Controls take one thing away and keep the rest."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from chromasonic.evaluation.controls import CONTROLS, shuffle_bars, shuffle_notes
from chromasonic.evaluation.descriptors import METRICS
from chromasonic.evaluation.outline import joined_bars, outline_of
from chromasonic.formats.abc import read_abc
from chromasonic.music.tune import Tune


def test_shuffled_notes_keep_rhythm_and_pitches(fixture_tunes: tuple[Tune, ...]) -> None:
    for tune in fixture_tunes:
        control = shuffle_notes(tune, np.random.default_rng(1))
        assert [n[:2] for n in control.sounding()] == [n[:2] for n in tune.sounding()]
        assert Counter(n[2] for n in control.sounding()) == Counter(n[2] for n in tune.sounding())
        assert list(control.sounding()) != list(tune.sounding())


def test_shuffled_bars_keep_every_bar_and_the_anacrusis(fixture_tunes: tuple[Tune, ...]) -> None:
    for tune in fixture_tunes:
        control = shuffle_bars(tune, np.random.default_rng(1))
        assert Counter(b.notes for b in control.bars) == Counter(b.notes for b in tune.bars)
        assert [b.notes for b in control.bars] != [b.notes for b in tune.bars]
        if not joined_bars(tune)[0][0].is_full:
            assert control.bars[0].notes == tune.bars[0].notes


@pytest.mark.parametrize("name", ["random walk", "scale walk"])
def test_walks_keep_the_rhythm_and_move_in_small_steps(
    name: str, fixture_tunes: tuple[Tune, ...]
) -> None:
    for tune in fixture_tunes:
        control = CONTROLS[name](tune, np.random.default_rng(1))
        assert [n[0] for n in control.sounding()] == [n[0] for n in tune.sounding()]
        assert np.abs(outline_of(control).intervals).max() <= (2 if name == "random walk" else 5)


def test_a_control_is_the_same_by_seed(fixture_tunes: tuple[Tune, ...]) -> None:
    for spoil in CONTROLS.values():
        first, second = (spoil(fixture_tunes[0], np.random.default_rng(7)) for _ in range(2))
        assert first == second


def test_a_bar_that_a_repeat_mark_cuts_in_two_is_one_bar() -> None:
    text = "X:1\nT:t\nM:3/4\nL:1/4\nK:C\nG|C D E|F2:|G|C D E|C3|\n"
    outline = outline_of(read_abc(text, source="a test").tunes[0])
    assert [bar.is_full for bar in outline.bars] == [False, True, True, True, True]
    assert outline.bars[2].pitches == (65, 67)


def test_ties_over_a_bar_line_have_no_onset_of_their_own() -> None:
    text = "X:1\nT:t\nM:2/4\nL:1/4\nK:C\nC D-|D E|\n"
    outline = outline_of(read_abc(text, source="a test").tunes[0])
    assert outline.pitches.tolist() == [60, 62, 64]
    assert [len(bar.onsets) for bar in outline.bars] == [2, 1]
    assert outline.bar_of_note.tolist() == [0, 0, 1]


def test_descriptors_by_hand() -> None:
    # C E G c | B G E C: intervals 4 3 5 -1 -4 -3 -4; one leap of 5, after which it steps back.
    text = "X:1\nT:t\nM:4/4\nL:1/4\nK:C\nC E G c|B G E C|\n"
    outline = outline_of(read_abc(text, source="a test").tunes[0])
    flow, structure = METRICS["coherence"], METRICS["musicality"]
    assert flow["mean_interval"](outline) == pytest.approx(24 / 7)
    assert flow["step_share"](outline) == pytest.approx(1 / 7)
    assert flow["leap_recovery"](outline) == 1
    # Across the bar line 1 semitone, inside 23 / 6 on average.
    assert flow["bar_line_interval"](outline) == pytest.approx(2 / (23 / 6 + 1))
    assert flow["rhythm_likeness"](outline) == 1
    assert structure["ends_on_tonic"](outline) == 1
    assert structure["triad_on_beat"](outline) == pytest.approx(1 / 2)
    assert structure["final_length"](outline) == 0
