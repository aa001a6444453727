"""Settings that somebody wrote: read, judged, and their mistakes found where they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chromasonic.errors import FormatError, UsageError
from chromasonic.formats.abc import read_abc_voices
from chromasonic.formats.melodies import READERS, load_melody
from chromasonic.formats.note_places import NotePlaces
from chromasonic.formats.part_scores import save_part_score
from chromasonic.harmonization.between_beats import ASKED, all_marks, marks_between_beats
from chromasonic.harmonization.comparing import differences, traits
from chromasonic.harmonization.given_voices import four_voices, given_setting
from chromasonic.harmonization.harmonizing import harmonize
from chromasonic.harmonization.placing import Mark, Spot, marks
from chromasonic.harmonization.realizing import part_score
from chromasonic.harmonization.rule_guide import Gravity
from chromasonic.music.metre import TICKS_PER_QUARTER as Q
from chromasonic.music.tune import Note, Tune

HEAD = "X:1\nM:4/4\nL:1/4\nK:C\n"
# Alto and bass go in fifths from G-C to A-D and on; soprano and bass in octaves.
PARALLELS = ("c d e d | c4 |]", "G A B A | G4 |]", "E F E F | E4 |]", "C, D, E, D, | C,4 |]")
CLEAN = ("c B c2 | c4 |]", "G G G2 | G4 |]", "E D E2 | E4 |]", "C, G,, C,2 | C,4 |]")


def voices(lines: tuple[str, ...], *, names: tuple[str, ...] = ()) -> tuple[Tune, ...]:
    fields = names or ("1", "2", "3", "4")
    text = HEAD + "".join(f"V:{n}\n{line}\n" for n, line in zip(fields, lines, strict=True))
    return four_voices(read_abc_voices(text, source="mine"), "mine")


def found(lines: tuple[str, ...]) -> list[Mark]:
    given = given_setting(voices(lines))
    return marks(given.harmonization, given.tune)


def test_parallel_fifths_are_found_between_the_voices_that_have_them() -> None:
    (first, *_) = [mark for mark in found(PARALLELS) if mark.remark.rule == "parallel_fifths"]
    assert (first.remark.bar, first.remark.beat) == (1, 2)
    assert first.remark.voices == ("Alto", "Bass")
    assert first.remark.notes == ("G4-A4", "C3-D3")
    assert first.advice.gravity is Gravity.FAULT
    assert first.tick == Q
    assert set(first.spots) == {
        *(Spot(voice=voice, tick=tick) for voice in (1, 3) for tick in (0, Q))
    }


def test_a_clean_setting_has_no_fault() -> None:
    assert [mark for mark in found(CLEAN) if mark.advice.gravity is Gravity.FAULT] == []


def test_a_doubled_leading_tone_is_marked_on_the_voices_that_have_it() -> None:
    doubled = ("c B c2 | c4 |]", "G D G2 | G4 |]", "E B, E2 | E4 |]", "C, G,, C,2 | C,4 |]")
    (mark,) = [one for one in found(doubled) if one.remark.rule == "doubled_leading_tone"]
    assert mark.voices == (0, 2)
    assert mark.sung == ("B4", "B3")
    assert mark.numerals == ("V",)


def test_a_voice_that_moves_within_the_beat_is_marked_where_it_leaves() -> None:
    moving = ("c/d/ e c2 | c4 |]", "G A G2 | G4 |]", "E C E2 | E4 |]", "C, A,, C,2 | C,4 |]")
    spots = {spot for mark in found(moving) for spot in mark.spots if mark.tick == Q}
    assert Spot(voice=0, tick=Q - 1) in spots  # the eighth before the beat, not its first
    assert Spot(voice=0, tick=0) not in spots


def test_places_of_a_score_name_its_heads() -> None:
    given = given_setting(voices(PARALLELS))
    places = NotePlaces(given.score)
    assert places.at(1, 0) == "note-2-1"
    assert places.at(3, Q) == "note-4-2"
    assert places.at(0, 4 * Q) == "note-1-5"
    assert places.at(0, 100 * Q) is None


@pytest.mark.parametrize("ending", [".musicxml", ".mid", ".abc"])
def test_a_setting_comes_back_from_a_file_as_it_was(ending: str, tmp_path: Path) -> None:
    tune = load_melody("C5 D5 E5 C5 | D5 B4 C5:2")
    (made,) = harmonize(tune)
    path = save_part_score(part_score(made, tune), tmp_path / f"setting{ending}")
    given = given_setting(four_voices(READERS[ending](path), path.name))
    assert given.harmonization.voicings.pitches.tolist() == made.voicings.pitches.tolist()
    assert given.harmonization.reward == pytest.approx(made.reward)


def test_parts_are_put_in_order_of_height_where_they_have_no_names() -> None:
    parts = voices(tuple(reversed(CLEAN)))
    assert [next(part.notes()).pitch for part in parts] == [72, 67, 64, 48]


def test_a_shorter_part_rests_at_the_end() -> None:
    given = given_setting(voices((*CLEAN[:3], "C, G,, C,2 |]")))
    assert [bar.duration for bar in given.score.parts[3].bars] == [4 * Q, 4 * Q]
    assert given.score.parts[3].bars[1].notes[0].pitch is None


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (CLEAN[:3], "has 3 voices"),
        (("[ce] B c2 |]", *CLEAN[1:]), "sound together in bar 1"),
    ],
)
def test_what_is_no_setting_for_four_voices_is_refused(
    lines: tuple[str, ...], message: str
) -> None:
    with pytest.raises(FormatError, match=message):
        voices(lines, names=("1", "2", "3", "4")[: len(lines)])


def test_a_silent_voice_is_refused() -> None:
    parts = list(voices(CLEAN))
    rests = tuple(replace(bar, notes=(Note(bar.duration, None),)) for bar in parts[2].bars)
    parts[2] = replace(parts[2], bars=rests)
    with pytest.raises(UsageError, match="tenor is silent"):
        given_setting(parts)


def test_traits_count_contrary_motion_and_steps_of_the_bass() -> None:
    # The bass: two steps down, a third down, a third up, each against the soprano.
    lines = ("c d e f | c4 |]", "G G G A | G4 |]", "E D C C | E4 |]", "C B, A, F, | C4 |]")
    given = given_setting(
        voices(tuple(line.replace("C B, A, F, | C4", "E, D, C, A,, | C,4") for line in lines))
    )
    own = traits(given.harmonization, given.tune, marks(given.harmonization, given.tune))
    assert own.beats == 5
    assert own.contrary == 1.0  # c-d-e-f-c against E-D-C-A-C
    assert own.bass_steps == pytest.approx(2 / 4)
    assert sum(own.gravities.values()) == len(marks(given.harmonization, given.tune))


def test_differences_are_told_against_the_first() -> None:
    tune = load_melody("C5 D5 E5 C5 | D5 B4 C5:2")
    best, other = harmonize(tune, alternatives=2)
    own, its = (traits(one, tune, marks(one, tune)) for one in (other, best))
    told = differences(other, best, own, its, "Exact 1")
    changed = sum(a != b for a, b in zip(other.voicings.chord, best.voicings.chord, strict=True))
    assert told[0] == f"Other chords than Exact 1 on {changed} of {len(best.melody)} beats."
    assert differences(best, best, its, its, "Exact 1") == ["The same notes as Exact 1."]


def fine(lines: tuple[str, ...]) -> list[Mark]:
    return marks_between_beats(given_setting(voices(lines)))


def test_parallels_between_the_beats_are_found() -> None:
    # Tenor and bass: C-F, D-G on the second half of the first beat, E-A on the second beat.
    lines = ("c c c2 | c4 |]", "G G G2 | G4 |]", "C/D/ E G2 | E4 |]", "F,/G,/ A, E,2 | C,4 |]")
    found = [mark for mark in fine(lines) if mark.voices == (2, 3)]
    assert [(mark.remark.rule, mark.remark.beat, mark.sung) for mark in found] == [
        ("parallel_fifths", 1.5, ("C4-D4", "F3-G3")),
        ("parallel_fifths", 2, ("D4-E4", "G3-A3")),
    ]
    assert found[0].spots == (
        *(Spot(voice=2, tick=0), Spot(voice=3, tick=0)),
        *(Spot(voice=2, tick=Q // 2), Spot(voice=3, tick=Q // 2)),
    )
    assert {mark.remark.cost for mark in found} == {0.0}


def test_a_rest_between_two_fifths_parts_them() -> None:
    joined = ("c c c2 | c4 |]", "G G G2 | G4 |]", "C D E2 | E4 |]", "F, G, C,2 | C,4 |]")
    apart = (*joined[:3], "F,/z/ G, C,2 | C,4 |]")
    assert any(mark.voices == (2, 3) for mark in fine(joined))
    assert not any(mark.voices == (2, 3) for mark in fine(apart))


def test_what_the_rules_say_of_a_beat_is_not_said_twice() -> None:
    given = given_setting(voices(PARALLELS))
    found = all_marks(given)
    keys = [
        (mark.remark.rule, mark.voices, mark.tick) for mark in found if mark.remark.rule in ASKED
    ]
    assert len(keys) == len(set(keys))
    assert len(found) == len(marks(given.harmonization, given.tune))
    assert [mark.tick for mark in found] == sorted(mark.tick for mark in found)
