"""From voicings to a score: notes, ties, rests, fermatas, spelling, numerals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.formats.abc import read_abc
from chromasonic.harmonization.chords import MODE_NUMBERS, VOCABULARY
from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.melodies import melody_of_tune
from chromasonic.harmonization.realizing import chord_names, key_name, part_score
from chromasonic.harmonization.spelling import spelled_key, spelled_note
from chromasonic.harmonization.voicings import NO_CHORD, Voicings
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.part_score import PartScore
from chromasonic.music.pitch import pitch_class_of
from chromasonic.music.tune import Tune

QUARTER = TICKS_PER_QUARTER


def tune(body: str, metre: str = "4/4", key: str = "C") -> Tune:
    text = f"X:1\nT:t\nM:{metre}\nL:1/8\nK:{key}\n{body}\n"
    return read_abc(text, source="test").tunes[0]


def chord_row(mode: str, name: str) -> int:
    """Row of the chord whose root-position numeral is `name`."""
    for row, chord in enumerate(VOCABULARY):
        if chord.mode == mode and chord.figured() == name:
            return row
    raise AssertionError(f"{mode} has no {name}")


def set_by_hand(
    written: Tune, lower: list[tuple[int, ...]], chords: list[str], key: Key
) -> Harmonization:
    """A harmonization of given lower voices and chords, in one key."""
    melody = melody_of_tune(written, key=key)
    assert len(melody) == len(lower) == len(chords)
    pitches = np.column_stack([melody.beats.pitch, np.array(lower)])
    rows = [chord_row(key.mode, name) for name in chords]
    voicings = Voicings.of(pitches, rows, key.tonic_pitch_class)
    return Harmonization(melody=melody, voicings=voicings, reward=0.0)


def told(score: PartScore, part: int) -> list[list[tuple[float, int | None, str | None, bool]]]:
    return [
        [(note.duration / QUARTER, note.pitch, note.name, note.tied) for note in bar.notes]
        for bar in score.parts[part].bars
    ]


def labels(score: PartScore) -> list[list[tuple[float, str]]]:
    return [[(one.onset / QUARTER, one.text) for one in bar] for bar in score.labels]


def test_the_melody_stays_as_written_and_the_voices_move_at_beats() -> None:
    written = tune("cB c2 | d4 | c4", metre="2/4")
    found = set_by_hand(
        written,
        [(67, 64, 48), (67, 64, 60), (67, 59, 55), (67, 59, 55), (67, 64, 48)],
        ["I", "I", "V", "V", "I"],
        Key(),
    )
    score = part_score(found, written)
    assert score.names == ("Soprano", "Alto", "Tenor", "Bass")
    assert [[note.pitch for note in bar.notes] for bar in score.parts[0].bars] == [
        [72, 71, 72], [74], [72],
    ]  # fmt: skip
    # The alto keeps its G under new notes of the melody: it sings each anew.
    assert told(score, 1)[0] == [(1, 67, "G", False), (1, 67, "G", False)]
    assert told(score, 3) == [
        [(1, 48, "C", False), (1, 60, "C", False)],
        [(2, 55, "G", False)],
        [(2, 48, "C", False)],
    ]


def test_a_tone_kept_under_a_held_note_goes_on_and_ties_over_the_bar_line() -> None:
    written = tune("c6 d2- | d2 B2 c4")
    lower = [(67, 64, 48), (67, 64, 52), (67, 64, 48), (67, 62, 55), (67, 62, 55), (67, 62, 43),
             (67, 64, 48)]  # fmt: skip
    found = set_by_hand(written, lower, ["I", "I", "I", "V", "V", "V", "I"], Key())
    score = part_score(found, written)
    assert told(score, 1)[0] == [(3, 67, "G", False), (1, 67, "G", False)]
    assert told(score, 1)[1][0] == (1, 67, "G", True)
    assert told(score, 3)[0] == [
        (1, 48, "C", False), (1, 52, "E", False), (1, 48, "C", False), (1, 55, "G", False),
    ]  # fmt: skip
    assert told(score, 3)[1][:2] == [(1, 55, "G", True), (1, 43, "G", False)]


def test_the_voices_rest_with_the_melody() -> None:
    written = tune("c2 z2 z2 B2 | c8")
    found = set_by_hand(written, [(67, 64, 48), (67, 62, 43), (67, 64, 48)], ["I", "V", "I"], Key())
    score = part_score(found, written)
    for part in range(1, 4):
        assert [pitch is None for _, pitch, _, _ in told(score, part)[0]] == [False, True, False]
        assert [length for length, *_ in told(score, part)[0]] == [1, 2, 1]


def test_a_fermata_stands_over_every_voice_and_over_the_last_piece_of_a_tie() -> None:
    written = tune("c2 B2 !fermata!c4- | !fermata!c4 d4 | c8")
    found = set_by_hand(
        written,
        [(67, 64, 48), (67, 62, 43), (67, 64, 48), (67, 62, 43), (67, 62, 43), (67, 64, 48)],
        ["I", "V", "I", "V", "V", "I"],
        Key(),
    )
    score = part_score(found, written)
    for part in range(1, 4):
        marked = [[note.fermata for note in bar.notes] for bar in score.parts[part].bars]
        assert marked[0] == [False, False, False]
        assert marked[1][0] is True
        assert sum(sum(row) for row in marked) == 1


def test_numerals_stand_where_chords_change_with_inversions_and_the_key_first() -> None:
    written = tune("c2 B2 c2 c2 | d2 B2 c4")
    lower = [(67, 64, 48), (67, 62, 50), (67, 64, 48), (67, 64, 52), (67, 65, 59), (67, 62, 55),
             (67, 64, 48)]  # fmt: skip
    chords = ["I", "V", "I", "I", "V7", "V", "I"]
    found = set_by_hand(written, lower, chords, Key())
    assert labels(part_score(found, written)) == [
        [(0, "C: I"), (1, "V6/4"), (2, "I"), (3, "I6")],
        [(0, "V6/5"), (1, "V"), (2, "I")],
    ]


def test_the_key_is_named_again_where_it_changes() -> None:
    written = tune("c2 B2 A2 G2")
    melody = melody_of_tune(written, key=Key())
    melody.beats.tonic[2:] = 7
    rows = [chord_row("major", name) for name in ("I", "V", "V", "I")]
    pitches = [(72, 67, 64, 48), (71, 67, 62, 43), (69, 66, 62, 50), (67, 67, 59, 43)]
    voicings = Voicings.of(pitches, rows, [0, 0, 7, 7])
    found = Harmonization(melody=melody, voicings=voicings, reward=0.0)
    assert chord_names(found, [Key()] * 4) == ["C: I", "V", "G: V", "I"]


@pytest.mark.parametrize(
    ("key", "name"),
    [("G major", "G"), ("E minor", "e"), ("Bb minor", "bb"), ("D dorian", "D dor")],
)
def test_keys_before_numerals_are_small_in_minor(key: str, name: str) -> None:
    tonic, mode = key.split()
    assert key_name(Key(tonic, mode)) == name


@pytest.mark.parametrize(
    ("key", "chord", "pitches", "names"),
    [
        (Key("D", "minor"), "V", (69, 64, 61, 45), ("A", "E", "C#", "A")),
        (Key("C"), "V/V", (74, 69, 66, 50), ("D", "A", "F#", "D")),
        (Key("A", "minor"), "viio7/V", (69, 66, 63, 60), ("A", "F#", "D#", "C")),
        (Key("C", "minor"), "V7", (71, 67, 65, 50), ("B", "G", "F", "D")),
        (Key("F"), "V7/ii", (72, 66, 69, 50), ("C", "F#", "A", "D")),
        (Key("G", "minor"), "iio", (72, 69, 63, 57), ("C", "A", "Eb", "A")),
        (Key("Eb"), "V/vi", (74, 71, 67, 55), ("D", "B", "G", "G")),
        (Key("C#", "minor"), "V", (68, 63, 60, 56), ("G#", "D#", "B#", "G#")),
        (Key("D", "dorian"), "IV", (71, 67, 62, 55), ("B", "G", "D", "G")),
        (Key("D", "mixolydian"), "bVII", (72, 67, 64, 48), ("C", "G", "E", "C")),
        (Key("G#", "minor"), "V", (75, 70, 67, 63), ("D#", "A#", "F##", "D#")),
    ],
)
def test_notes_are_spelled_in_their_chord(
    key: Key, chord: str, pitches: tuple[int, ...], names: tuple[str, ...]
) -> None:
    row, tonic, mode = chord_row(key.mode, chord), key.tonic_pitch_class, MODE_NUMBERS[key.mode]
    assert tuple(spelled_note(pitch, row, tonic, mode, key) for pitch in pitches) == names


def test_a_key_far_away_is_spelled_beside_the_home_key() -> None:
    minor = MODE_NUMBERS["minor"]
    assert str(spelled_key(8, minor, Key("E"))) == "G# minor"
    assert str(spelled_key(8, minor, Key("Eb"))) == "Ab minor"
    assert str(spelled_key(0, MODE_NUMBERS["major"], Key("C"))) == "C major"


@given(
    row=st.integers(0, len(VOCABULARY) - 1),
    pitch=st.integers(38, 81),
    tonic=st.integers(-6, 6),
    named=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_every_spelling_sounds_as_it_should(row: int, pitch: int, tonic: int, named: bool) -> None:
    home = Key.of_pitch_class(tonic * 7 % 12, VOCABULARY[row].mode)
    name = spelled_note(
        pitch,
        row if named else NO_CHORD,
        home.tonic_pitch_class,
        MODE_NUMBERS[home.mode],
        home,
    )
    assert pitch_class_of(name) == pitch % 12
    assert len(name) <= 3


def test_a_spelling_that_was_written_stays() -> None:
    from dataclasses import replace

    written = tune("c2 B2 c4")
    bar = written.bars[0]
    notes = (replace(bar.notes[0], name="B#"), *bar.notes[1:])
    written = replace(written, bars=(replace(bar, notes=notes),))
    found = set_by_hand(written, [(67, 64, 48), (67, 62, 43), (67, 64, 48)], ["I", "V", "I"], Key())
    assert told(part_score(found, written), 0)[0][0][2] == "B#"


def test_two_voices_make_a_score_without_numerals() -> None:
    written = tune("c2 B2 c4")
    melody = melody_of_tune(written)
    pitches = np.column_stack([melody.beats.pitch, [64, 62, 60]])
    voicings = Voicings(
        pitches=pitches,
        chord=np.full(3, NO_CHORD),
        tonic=np.zeros(3, int),
        member=np.full((3, 2), -1),
    )
    score = part_score(Harmonization(melody=melody, voicings=voicings, reward=0.0), written)
    assert score.names == ("Melody", "Second voice")
    assert score.labels == ()
    assert [note.pitch for note in score.parts[1].notes()] == [64, 62, 60]


def test_upbeats_and_repeats_of_the_tune_are_those_of_every_voice() -> None:
    written = tune("|: G2 | c2 d2 e2 c2 | d6 :|")
    melody = melody_of_tune(written, key=Key())
    chords = ["V", "I", "V", "I", "I", "V"]
    lower = [(62, 59, 55), (67, 64, 48), (67, 59, 55), (67, 60, 48), (67, 64, 48), (67, 59, 55)]
    assert len(melody) == 6
    score = part_score(set_by_hand(written, lower, chords, Key()), written)
    for part in score.parts:
        assert [bar.duration // QUARTER for bar in part.bars] == [1, 4, 3]
        assert part.bars[0].opens_repeat
        assert part.bars[2].closes_repeat == 1


def test_a_close_under_repeated_notes_is_struck_with_each() -> None:
    written = tune("c2 B2 | c2 c2", metre="2/4")
    lower = [(67, 64, 48), (67, 62, 43), (67, 64, 48)]
    score = part_score(set_by_hand(written, lower, ["I", "V", "I"], Key()), written)
    assert told(score, 3)[1] == [(1, 48, "C", False), (1, 48, "C", False)]
    assert labels(score)[1] == [(0, "I")]


def test_names_follow_keys_written_within_the_tune() -> None:
    written = tune("c2 B2 c2 |\nK:Db\n_d2 c2 _d2 |]", metre="3/4")
    melody = melody_of_tune(written)
    assert melody.beats.tonic.tolist() == [0, 0, 0, 1, 1, 1]
    rows = [chord_row("major", name) for name in ("I", "V", "I")] * 2
    lower = [(67, 64, 48), (67, 62, 43), (67, 64, 48)]
    pitches = np.column_stack(
        [melody.beats.pitch, [*lower, *(tuple(p + 1 for p in row) for row in lower)]]
    )
    voicings = Voicings.of(pitches, rows, melody.beats.tonic)
    score = part_score(Harmonization(melody=melody, voicings=voicings, reward=0.0), written)
    assert [name for _, _, name, _ in told(score, 3)[1]] == ["Db", "Ab", "Db"]
    assert labels(score)[1][0] == (0, "Db: I")
