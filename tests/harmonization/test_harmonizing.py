"""From a tune to harmonizations and what they cost: range, keys, remarks, tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.errors import UsageError
from chromasonic.formats.abc import read_abc
from chromasonic.harmonization import harmonizing
from chromasonic.harmonization.explaining import beat_numbers, pitch_names, remarks
from chromasonic.harmonization.harmonizing import check_range, fitted, harmonize, in_key
from chromasonic.harmonization.realizing import part_score
from chromasonic.harmonization.tabulating import remark_lines, table
from chromasonic.harmonization.voicings import RANGES
from chromasonic.music.key import MODES, Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Bar, Note, Tune

QUARTER = TICKS_PER_QUARTER


def tune(body: str, metre: str = "4/4", key: str = "C") -> Tune:
    text = f"X:1\nT:Plain\nM:{metre}\nL:1/8\nK:{key}\n{body}\n"
    return read_abc(text, source="test").tunes[0]


PLAIN = (
    "c2 | e2 d2 c2 B2 | c4 G2 c2 | A2 B2 c2 d2 | B6 G2 | "
    "c2 d2 e2 f2 | e2 d2 c2 A2 | G2 c2 B2 d2 | c6 |]"
)


def test_the_exact_agent_sets_a_plain_tune_well() -> None:
    (found,) = harmonize(tune(PLAIN), agent="exact")
    score = part_score(found, tune(PLAIN))
    assert found.voicings.pitches[-1, 3] % 12 == 0  # it closes on its tonic, in root position
    last_two = [bar[-1].text for bar in score.labels if bar][-2:]
    assert last_two[-1].endswith("I")
    assert last_two[0].startswith(("V", "viio", "IV", "ii"))


def test_every_voice_stays_in_its_range_and_in_its_place() -> None:
    (found,) = harmonize(tune(PLAIN), agent="exact")
    pitches = found.voicings.pitches
    for column, (low, high) in zip(pitches.T, RANGES.values(), strict=True):
        assert ((column >= low) & (column <= high)).all()
    assert (np.diff(pitches, axis=1) <= 0).all()


def test_alternatives_differ_and_the_first_is_the_best() -> None:
    found = harmonize(tune(PLAIN), agent="exact", alternatives=3)
    assert len(found) == 3
    assert found[0].reward == max(one.reward for one in found)
    assert len({one.voicings.pitches.tobytes() for one in found}) == 3


def test_remarks_add_up_to_the_reward() -> None:
    for agent in ("exact", "simple"):
        (found,) = harmonize(tune(PLAIN), agent=agent)
        told = remarks(found, tune(PLAIN))
        assert told
        assert math.isclose(-sum(one.cost for one in told), found.reward, abs_tol=1e-6)


def test_a_remark_names_place_voices_and_notes() -> None:
    # Soprano and bass from C and F to D and G: parallel fifths by hand.
    from chromasonic.harmonization.chords import VOCABULARY
    from chromasonic.harmonization.exact import Harmonization
    from chromasonic.harmonization.melodies import melody_of_tune
    from chromasonic.harmonization.reward import Reward
    from chromasonic.harmonization.voicings import Voicings

    written = tune("c4 d4")
    melody = melody_of_tune(written, key=Key())
    rows = np.arange(len(melody)) >= 2
    pitches = np.where(rows[:, None], [(74, 67, 59, 55)], [(72, 65, 57, 53)])
    chords = {chord.figured(): row for row, chord in enumerate(VOCABULARY) if chord.mode == "major"}
    voicings = Voicings.of(pitches, np.where(rows, chords["V"], chords["IV"]), 0)
    reward = Reward().of_path(voicings, melody.beats)
    found = Harmonization(melody=melody, voicings=voicings, reward=reward)
    parallel = [one for one in remarks(found, written) if one.rule == "parallel_fifths"]
    (outer,) = [one for one in parallel if one.voices == ("Soprano", "Bass")]
    assert (outer.bar, outer.beat) == (1, 3)
    assert outer.notes == ("C5-D5", "F3-G3")
    line = next(line for line in remark_lines([outer]) if "parallel" in line)
    assert "bar 1, beat 3" in line
    assert "soprano C5-D5, bass F3-G3" in line


def test_beats_are_counted_as_they_are_felt() -> None:
    written = tune("A | d2e f2d | c3 z2 A | d3- d2 |", "6/8", "Ddor")
    (found,) = harmonize(written, agent="exact")
    assert beat_numbers(found, written) == [pytest.approx(2.667, abs=1e-3), 1, 2, 1,
                                            pytest.approx(2.667, abs=1e-3), 1]  # fmt: skip


def test_names_are_those_of_the_score() -> None:
    written = tune("d2 e2 f2 e2 | d8", key="Dm")
    (found,) = harmonize(written, agent="exact", key=Key("D", "minor"))
    leading = [name for names in pitch_names(found, written) for name in names if name[:2] == "C#"]
    sharps = (found.voicings.pitches % 12 == 1).sum()
    assert len(leading) == sharps


def test_the_table_has_a_row_a_voice_and_the_numerals() -> None:
    (found,) = harmonize(tune(PLAIN), agent="exact")
    lines = table(found, tune(PLAIN)).splitlines()
    assert [line[:1] for line in lines[1:5]] == ["S", "A", "T", "B"]
    assert "C: I" in lines[5]
    assert max(map(len, lines)) <= 100
    (two,) = harmonize(tune(PLAIN), agent="simple")
    lines = table(two, tune(PLAIN)).splitlines()
    assert [line[:1] for line in lines[1:4]] == ["M", "S", ""]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pitch_class", range(12))
def test_every_note_has_a_chord_in_every_mode(mode: str, pitch_class: int) -> None:
    pitch = 60 + pitch_class
    written = Tune("t", "", (Bar((Note(QUARTER, pitch),), Metre(4, 4), Key("C", mode)),))
    (found,) = harmonize(written, agent="exact")
    assert found.voicings.pitches[0, 0] == pitch


def test_a_tune_too_low_is_told_how_to_move() -> None:
    with pytest.raises(UsageError, match=r"C3 to E3.*C4 to A5.*--transpose 12"):
        harmonize(tune("C,2 D,2 E,2"), agent="exact")


def test_a_tune_too_wide_for_a_voice_is_refused() -> None:
    with pytest.raises(UsageError, match="no voice sings that"):
        harmonize(tune("C,,2 c'2"), agent="exact")


def test_fitting_moves_by_an_octave_where_that_is_enough() -> None:
    assert fitted(tune("C,2 D,2 E,2"))[1] == 12
    assert fitted(tune("C2 D2 E2"))[1] == 0
    assert fitted(tune("e2 b2"))[1] == -12
    assert fitted(tune("E2 b2"))[1] == -2  # an octave down would be too low


@given(st.lists(st.integers(30, 100), min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_what_is_fitted_is_in_range_or_too_wide(pitches: list[int]) -> None:
    notes = tuple(Note(QUARTER, pitch) for pitch in pitches)
    written = Tune("t", "", (Bar(notes, None, Key()),))
    if max(pitches) - min(pitches) > 21:
        with pytest.raises(UsageError):
            fitted(written)
        return
    moved, shift = fitted(written)
    check_range(moved)
    assert moved == written.transposed(shift)


def test_in_key_changes_what_is_written_and_no_note() -> None:
    written = tune("c2 d2 e2 f2\nK:G\ng8")
    changed = in_key(written, Key("A", "minor"))
    assert {bar.key for bar in changed.bars} == {Key("A", "minor")}
    assert list(changed.notes()) == list(written.notes())


def test_no_alternatives_and_unknown_agents_are_refused() -> None:
    with pytest.raises(UsageError, match="ask for 1 or more"):
        harmonize(tune(PLAIN), alternatives=0)
    with pytest.raises(UsageError, match=r"'choir' is no agent; known: exact"):
        harmonize(tune(PLAIN), agent="choir")


def test_a_tune_beyond_the_limit_is_refused_before_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harmonizing, "MOST_BEATS", 10)
    with pytest.raises(UsageError, match=r"28 beats; up to 10"):
        harmonize(tune(PLAIN), agent="exact")


def test_chromatic_tunes_are_set_too() -> None:
    (found,) = harmonize(tune("c2 ^c2 d2 ^d2 | e2 f2 ^f2 g2 | ^G2 A2 _B2 =B2"), agent="exact")
    assert len(found.voicings) == 12
