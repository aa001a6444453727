"""From tunes to beats: when voicings are struck, over which notes, with which flags."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.errors import UsageError
from chromasonic.formats.abc import read_abc
from chromasonic.harmonization.beat_grid import beat_grid, beats_of_metre
from chromasonic.harmonization.chords import MODE_NUMBERS
from chromasonic.harmonization.melodies import melody_of_steps, melody_of_tune, tune_of_steps
from chromasonic.harmonization.melody import Melody
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Bar, Note, Tune

QUARTER = TICKS_PER_QUARTER
C4, D4, E4, F4, G4, A4, B4, C5 = 60, 62, 64, 65, 67, 69, 71, 72


def tune(body: str, metre: str = "4/4", key: str = "C") -> Tune:
    """An ABC body, its unit an eighth; C is middle C."""
    text = f"X:1\nT:t\nM:{metre}\nL:1/8\nK:{key}\n{body}\n"
    return read_abc(text, source="test").tunes[0]


def melody(body: str, metre: str = "4/4", key: str = "C") -> Melody:
    return melody_of_tune(tune(body, metre, key))


def onsets(found: Melody) -> list[float]:
    return (found.onset / QUARTER).tolist()


@pytest.mark.parametrize(
    ("metre", "places", "strengths"),
    [
        ("4/4", [0, 1, 2, 3], [2, 0, 1, 0]),
        ("3/4", [0, 1, 2], [2, 0, 0]),
        ("2/4", [0, 1], [2, 0]),
        ("6/8", [0, 1.5], [2, 0]),
        ("12/8", [0, 1.5, 3, 4.5], [2, 0, 1, 0]),
        ("3/8", [0], [2]),
        ("2/2", [0, 1, 2, 3], [2, 0, 1, 0]),
        ("3/2", [0, 1, 2, 3, 4, 5], [2, 0, 1, 0, 1, 0]),
        ("5/4", [0, 1, 2, 3, 4], [2, 0, 0, 1, 0]),
        ("5/8", [0, 1], [2, 0]),
        ("7/8", [0, 1, 2], [2, 0, 0]),
        ("4/8", [0, 1], [2, 0]),
    ],
)
def test_the_beats_of_a_metre_are_those_that_are_counted(
    metre: str, places: list[float], strengths: list[int]
) -> None:
    beats = beats_of_metre(Metre.parse(metre))
    assert [place / QUARTER for place, _ in beats] == places
    assert [strength for _, strength in beats] == strengths


def test_a_hymn_in_white_notes_is_counted_in_halves() -> None:
    assert onsets(melody("C8 D4 | E8 C4 | D12", metre="3/2")) == [0, 2, 4, 6, 8, 10, 12]
    assert len(beat_grid(tune("CDEF GABc | c4 cBAG", metre="2/2"))) == 8


def test_each_beat_has_the_note_that_begins_it_and_the_one_it_is_left_by() -> None:
    found = melody("CD EF G2 A2")
    assert found.beats.pitch.tolist() == [C4, E4, G4, A4]
    assert found.beats.leaving.tolist() == [D4, F4, G4, A4]
    assert found.beats.tones[0, [0, 2]].tolist() == [0.5, 0.5]
    assert found.beats.strength.tolist() == [2, 0, 1, 0]


def test_an_upbeat_is_bar_0_and_counted_from_the_end_of_its_bar() -> None:
    found = melody("G2 | c2 d2 e2 f2 | e8")
    assert found.bar.tolist() == [0, 1, 1, 1, 1, 2]
    assert found.place.tolist() == [3, 0, 1, 2, 3, 0]
    assert found.beats.strength.tolist() == [0, 2, 0, 1, 0, 2]


def test_bars_split_by_a_repeat_share_their_number() -> None:
    found = melody("G2 | c2 d2 e2 :: f2 | g2 a2 g2 :|", metre="4/4")
    assert found.bar.tolist() == [0, 1, 1, 1, 1, 2, 2, 2]
    assert found.place.tolist() == [3, 0, 1, 2, 3, 0, 1, 2]


def test_a_note_held_over_a_beat_gives_a_held_beat() -> None:
    found = melody("C3 D4 E | F8")
    assert onsets(found)[:4] == [0, 1, 2, 3]
    assert found.beats.pitch.tolist()[:4] == [C4, C4, D4, D4]
    assert found.beats.is_held.tolist()[:4] == [False, True, True, True]


def test_ties_over_the_bar_line_join_what_is_heard() -> None:
    found = melody("C2 D2 E2 F2- | F2 G2 A2 B2 | c8")
    assert found.beats.is_held.tolist() == [False] * 4 + [True] + [False] * 4
    assert found.beats.pitch[4] == F4


def test_a_beat_that_begins_with_a_rest_is_struck_with_its_first_note() -> None:
    found = melody("C2 zD E2 F2")
    assert onsets(found) == [0, 1.5, 2, 3]
    assert found.beats.pitch.tolist() == [C4, D4, E4, F4]


def test_silent_beats_are_left_out_and_the_voices_rest_with_the_melody() -> None:
    found = melody("C2 z2 z2 F2")
    assert onsets(found) == [0, 3]
    assert (found.duration / QUARTER).tolist() == [1, 1]


def test_the_voices_sound_through_a_short_rest_within_a_phrase() -> None:
    found = melody("Cz D2 E2 F2 | G8")
    assert found.duration[0] == QUARTER


def test_a_phrase_ends_with_one_voicing_for_the_whole_last_note() -> None:
    found = melody("C2 D2 E2 F2 | G4 F2 E2 | !fermata!D8 | C8")
    assert onsets(found) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 12]
    assert np.flatnonzero(found.beats.ends_phrase).tolist() == [8, 9]
    assert found.duration[-1] == 4 * QUARTER
    assert found.beats.begins_phrase.tolist().count(True) == 2
    assert found.beats.is_last.tolist() == [False] * 9 + [True]


def test_a_close_on_a_repeated_note_is_one_voicing() -> None:
    found = melody("G2 A2 B2 | c4 c2 | d2 e2 d2 | c2 c2 z2", metre="3/4")
    assert onsets(found)[-1] == 9
    assert found.duration[-1] == 2 * QUARTER
    assert found.beats.ends_phrase[-1]
    uphill = melody("G2 A2 B2 | d2 c2 c2 | c6", metre="3/4")  # the last is the stronger: two
    assert onsets(uphill)[-3:] == [4, 5, 6]


def test_long_notes_within_a_phrase_are_harmonized_on_strong_beats_alone() -> None:
    found = melody("C8- | C8 | D2 E2 F2 !fermata!G2 | A8")
    assert onsets(found) == [0, 2, 4, 6, 8, 9, 10, 11, 12]


def test_a_phrase_that_begins_within_a_beat_brings_all_voices() -> None:
    found = melody("A | d2e f2d | !fermata!c2 A d2e | f3- f2 |", metre="6/8", key="Ddor")
    row = onsets(found).index(4.5)
    assert found.beats.pitch[row] == A4
    assert found.beats.begins_phrase[row]
    assert found.beats.ends_phrase[row - 1]
    assert found.duration[row - 1] == QUARTER


def test_an_ornament_on_the_beat_gives_way_to_the_note_that_it_leads_to() -> None:
    found = melody("D/2C3/2 E2 G/2E3/2 C2")
    assert onsets(found) == [0, 1, 2, 3]
    assert found.beats.pitch.tolist() == [C4, E4, G4, C4]  # G to E is no step


def test_triplets_have_one_voicing_a_beat() -> None:
    found = melody("(3CDE F2 (3GAB c2")
    assert onsets(found) == [0, 1, 2, 3]
    np.testing.assert_allclose(found.beats.tones[0, [0, 2, 4]], 1 / 3)


def test_free_metre_is_counted_in_quarters() -> None:
    found = melody("C2 D2 E2 F2 G2", metre="none")
    assert onsets(found) == [0, 1, 2, 3, 4]


def test_a_bar_longer_than_its_metre_goes_on_in_beats() -> None:
    assert onsets(melody("C2 D2 E2 F2 G2 | A8")) == [0, 1, 2, 3, 4, 5]


def test_a_fixed_key_is_in_force_everywhere() -> None:
    found = melody_of_tune(tune("D2 E2 F2 G2 | A2 B2 c2 d2 |"), key=Key("D", "dorian"))
    assert set(found.beats.tonic.tolist()) == {2}
    assert set(found.beats.mode.tolist()) == {MODE_NUMBERS["dorian"]}


def test_one_note_is_a_melody_of_one_beat() -> None:
    found = melody("C2")
    assert len(found) == 1
    assert found.beats.ends_phrase[0]
    assert found.beats.is_last[0]


def test_rests_alone_are_refused() -> None:
    with pytest.raises(UsageError, match="no note, only rests"):
        melody_of_tune(Tune("t", "", (Bar((Note(4 * QUARTER, None),), Metre(4, 4), Key()),)))


def test_steps_become_the_same_beats_as_the_tune_that_they_write() -> None:
    written = tune("G2 | c2 de !fermata!f2 z2 | c4")
    steps = [G4] * 4 + [C5] * 4 + [74] * 2 + [76] * 2 + [77] * 4 + [-1] * 4 + [C5] * 8
    found = melody_of_steps(steps, metre=Metre(4, 4), pickup_steps=4, fermatas=[12], key=Key())
    expected = melody_of_tune(written)
    for name in ("onset", "duration", "bar", "place"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    np.testing.assert_array_equal(found.beats.pitch, expected.beats.pitch)
    np.testing.assert_array_equal(found.beats.ends_phrase, expected.beats.ends_phrase)


def test_steps_struck_anew_are_notes_of_their_own() -> None:
    struck = np.arange(16) % 4 == 0
    found = tune_of_steps([G4] * 16, key=Key(), is_onset=struck)
    assert [note.tied for note in found.notes()] == [False] * 4
    held = tune_of_steps([G4] * 32, key=Key())
    assert [note.tied for note in held.notes()] == [False, True]


lengths = st.sampled_from([QUARTER // 4, QUARTER // 3, QUARTER // 2, QUARTER, 2 * QUARTER])
notes = st.builds(Note, duration=lengths, pitch=st.one_of(st.none(), st.integers(60, 81)))
bars = st.lists(st.lists(notes, min_size=1, max_size=6), min_size=1, max_size=6)
metres = st.sampled_from([Metre(4, 4), Metre(3, 4), Metre(6, 8), Metre(7, 8), Metre(2, 2), None])


@given(bars=bars, metre=metres)
@settings(max_examples=60, deadline=None)
def test_every_sounding_tune_gives_beats_that_fit_it(
    bars: list[list[Note]], metre: Metre | None
) -> None:
    written = Tune("t", "", tuple(Bar(tuple(row), metre, Key()) for row in bars))
    sounding = list(written.sounding())
    if not sounding:
        return
    found = melody_of_tune(written)
    assert (np.diff(found.onset) > 0).all()
    assert (found.duration > 0).all()
    assert (found.onset[:-1] + found.duration[:-1] <= found.onset[1:]).all()
    assert found.onset[-1] + found.duration[-1] == sounding[-1][0] + sounding[-1][1]
    np.testing.assert_allclose(found.beats.tones.sum(1), 1)
    assert found.beats.ends_phrase[-1]
    np.testing.assert_array_equal(found.beats.begins_phrase[1:], found.beats.ends_phrase[:-1])
    for row in range(len(found)):
        start, end = found.onset[row], found.onset[row] + found.duration[row]
        heard = {
            pitch for onset, length, pitch in sounding if onset < end and onset + length > start
        }
        assert {found.beats.pitch[row], found.beats.leaving[row]} <= heard
