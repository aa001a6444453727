"""A chorale's own questions: what is struck, what chord holds at a sixteenth."""

from __future__ import annotations

import numpy as np

from chromasonic.music.chorale import NO_HARMONY, Analysis, Chorale, HarmonicAnalysis
from chromasonic.music.key import Key


def chorale(**more: object) -> Chorale:
    pitches = np.array([[67, 64, 60, 48], [67, 64, 60, 48], [67, 65, -1, 50], [67, 65, 57, 50]])
    return Chorale(id="x", title="", pitches=pitches, **more)  # type: ignore[arg-type]


def test_without_onsets_in_the_source_a_change_of_pitch_is_a_struck_note() -> None:
    assert chorale().onsets().tolist() == [
        [True, True, True, True],
        [False, False, False, False],
        [False, True, False, True],
        [False, False, True, False],
    ]


def test_onsets_of_the_source_are_taken_as_they_are() -> None:
    struck = np.ones((4, 4), np.bool_)
    assert chorale(is_onset=struck).onsets() is struck


def test_an_analysis_answers_for_every_sixteenth() -> None:
    g_major = Key("G", "major")
    tonic = Analysis(
        local_key=g_major, numeral="I", root=7, pitch_classes=frozenset({7, 11, 2}), bass=7
    )
    dominant = Analysis(
        local_key=Key("D", "major"),
        numeral="V6/5",
        root=9,
        pitch_classes=frozenset({9, 1, 4, 7}),
        bass=1,
    )
    analysis = HarmonicAnalysis(
        chords=(tonic, dominant), chord_of_step=np.array([NO_HARMONY, 0, 0, 1])
    )
    assert len(analysis) == 4
    assert [analysis.at(step) for step in range(4)] == [None, tonic, tonic, dominant]
    assert analysis.roots.tolist() == [NO_HARMONY, 7, 7, 9]
    assert analysis.basses.tolist() == [NO_HARMONY, 7, 7, 1]
    assert analysis.tonics.tolist() == [NO_HARMONY, 7, 7, 2]
    tones = [set(np.flatnonzero(row).tolist()) for row in analysis.is_chord_tone]
    assert tones == [set(), {2, 7, 11}, {2, 7, 11}, {1, 4, 7, 9}]
