"""Bach's own voicings: pitches as they stand in the score, chords as an analyst names them."""

from __future__ import annotations

import numpy as np
import pytest
from rule_examples import midi

from chromasonic.errors import UsageError
from chromasonic.harmonization.bach import (
    bachs_harmonization,
    labelled,
    melody_of_chorale,
    pitches_at_beats,
)
from chromasonic.harmonization.chords import VOCABULARY
from chromasonic.harmonization.reward import Reward
from chromasonic.music.chorale import SILENT, Chorale
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre


def chorale(rows: list[str], key: str = "C major", **known) -> Chorale:
    """Quarters, each "C5 G4 E4 C3" or eighths "C5 G4 E4 C3 / D5 G4 F4 B2"; "-" is silence."""
    steps = []
    for row in rows:
        halves = row.split(" / ")
        for half in halves:
            pitches = [SILENT if name == "-" else midi(name) for name in half.split()]
            steps += [pitches] * (4 // len(halves))
    tonic, mode = key.split()
    return Chorale(
        id="own/1",
        title="",
        pitches=np.array(steps),
        key=Key(tonic, mode),
        metre=Metre(4, 4),
        **known,
    )


def numerals(harmonization) -> str:
    voicings = harmonization.voicings
    return " ".join(
        VOCABULARY[row].figured(bass)
        for row, bass in zip(voicings.chord.tolist(), voicings.member[:, 3].tolist(), strict=True)
    )


PHRASE = [
    "C5 G4 E4 C3", "C5 A4 F4 F3", "D5 G4 B3 G3", "C5 G4 E4 C3",
    "A4 F4 D4 D3", "B4 F4 D4 G3", "C5 E4 C4 C3", "C5 E4 C4 C3",
]  # fmt: skip


def test_pitches_are_those_of_the_score_where_voicings_are_struck():
    piece = chorale(PHRASE)

    found = bachs_harmonization(piece)

    onsets = found.melody.onset // 2_520  # ticks of a sixteenth
    assert np.array_equal(found.voicings.pitches, piece.pitches[onsets])
    assert np.array_equal(found.melody.beats.pitch, found.voicings.pitches[:, 0])
    assert found.agent == "bach"


def test_chords_are_those_that_an_analyst_names():
    assert numerals(bachs_harmonization(chorale(PHRASE))).startswith("I IV V I ii V7 I")


def test_a_dominant_of_the_dominant_is_named_after_it():
    rows = ["C5 G4 E4 C3", "A4 F#4 D4 D3", "B4 G4 D4 G2", "C5 G4 E4 C3"]

    assert numerals(bachs_harmonization(chorale(rows))) == "I V/V V I"


def test_a_suspension_is_a_foreign_tone_of_the_chord_that_the_others_make():
    rows = ["C5 G4 E4 C3", "C5 G4 D4 G3 / B4 G4 D4 G3", "C5 G4 E4 C3", "C5 G4 E4 C3"]

    found = bachs_harmonization(chorale(rows))

    assert numerals(found).startswith("I V I")
    assert found.voicings.member[1].tolist() == [-1, 0, 2, 0]


def test_the_reward_is_that_of_the_path_and_no_other_labels_have_a_better_one():
    piece = chorale(PHRASE[:4])
    found = bachs_harmonization(piece)
    beats, reward = found.melody.beats, Reward()

    assert found.reward == pytest.approx(reward.of_path(found.voicings, beats))
    rng = np.random.default_rng(0)
    in_c = [row for row, one in enumerate(VOCABULARY) if one.mode == "major"]
    for _ in range(300):
        chords = found.voicings.chord.copy()
        chords[rng.integers(len(chords))] = rng.choice(in_c)
        other = type(found.voicings).of(found.voicings.pitches, chords, found.voicings.tonic)
        assert reward.of_path(other, beats) <= found.reward + 1e-4


def test_labels_stay_when_all_is_transposed():
    piece = chorale(PHRASE)
    higher = Chorale(
        id="own/2",
        title="",
        pitches=piece.pitches + 3,
        key=Key("Eb", "major"),
        metre=Metre(4, 4),
    )

    assert numerals(bachs_harmonization(piece)) == numerals(bachs_harmonization(higher))


def test_a_voice_that_rests_keeps_its_last_pitch():
    rows = [PHRASE[0], "C5 A4 - F3", *PHRASE[2:4]]
    piece = chorale(rows)

    pitches = pitches_at_beats(piece, melody_of_chorale(piece))

    assert pitches[:, 2].tolist() == [midi("E4"), midi("E4"), midi("B3"), midi("E4")]


def test_a_voice_that_is_never_heard_is_refused():
    piece = chorale(["C5 G4 - C3", "B4 G4 - G3"])

    with pytest.raises(UsageError, match="Voice 3 of chorale 'own/1' is silent"):
        bachs_harmonization(piece)


def test_fermatas_end_phrases():
    piece = chorale(PHRASE, fermatas=(12,))

    assert melody_of_chorale(piece).beats.ends_phrase[3]


def test_given_labels_may_hold_any_pitches():
    melody = melody_of_chorale(chorale(PHRASE[2:4]))
    pitches = np.array([[74, 71, 70, 69], [72, 61, 62, 63]])

    found = labelled(pitches, melody.beats)

    assert np.array_equal(found.pitches, pitches)
    assert (found.member < 0).any()
