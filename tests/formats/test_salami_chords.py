"""Chord annotations of McGill Billboard: bars, repeats, changes, pauses, damage."""

from __future__ import annotations

import pytest

from chromasonic.errors import FormatError
from chromasonic.formats.salami_chords import parse_salami_chords, read_salami_chords
from chromasonic.music.chord import UNKNOWN_CHORD

HEAD = "# title: A Song\n# artist: A Band\n# metre: 4/4\n# tonic: C\n\n0.0\tsilence\n"


def labels(*lines: str, head: str = HEAD) -> list[str]:
    """Of a song of these lines its chords by beat, in Harte's syntax."""
    body = "".join(f"{number}.5\t{line}\n" for number, line in enumerate(lines, 1))
    song = parse_salami_chords(f"{head}{body}99.0\tend\n")
    return [chord.harte() for bar in song.bars for chord in bar.chords]


def test_one_label_fills_the_bar_two_share_it_and_a_dot_lasts_on() -> None:
    assert labels("A, intro, | A:min | C:maj F:maj | G:7 . . C:maj |, (voice") == [
        *["A:min"] * 4, "C:maj", "C:maj", "F:maj", "F:maj", "G:7", "G:7", "G:7", "C:maj",
    ]  # fmt: skip


def test_a_line_is_played_as_often_as_it_says() -> None:
    assert labels("| C:maj | G:7 | x3, (voice)") == (["C:maj"] * 4 + ["G:7"] * 4) * 3


def test_a_phrase_that_runs_on_is_an_ordinary_line() -> None:
    assert labels("| C:maj | ->, voice)", "B, verse, | G:7 |") == ["C:maj"] * 4 + ["G:7"] * 4


def test_metre_in_brackets_holds_for_its_bar_alone() -> None:
    assert labels("| (2/4) C:maj | G:7 |") == ["C:maj"] * 2 + ["G:7"] * 4
    assert labels("| (3/4) C:maj . G:7 |") == ["C:maj", "C:maj", "G:7"]


def test_metre_and_tonic_may_change_on_the_way() -> None:
    text = f"{HEAD}1.0\t| C:maj |\n# metre: 3/4\n# tonic: D\n2.0\t| D:maj |\n3.0\tend\n"
    song = parse_salami_chords(text)
    assert [(len(bar.chords), bar.tonic) for bar in song.bars] == [(4, 0), (3, 2)]
    assert (song.title, song.artist) == ("A Song", "A Band")


def test_compound_metres_have_felt_beats() -> None:
    head = HEAD.replace("4/4", "12/8")
    assert labels("| C:maj F:maj |", head=head) == ["C:maj", "C:maj", "F:maj", "F:maj"]
    assert labels("| C:maj F:maj |", head=HEAD.replace("4/4", "6/8")) == ["C:maj", "F:maj"]


def test_a_pause_takes_no_time_and_a_star_is_a_chord_without_name() -> None:
    assert labels("| C:maj | &pause | N |", "Z, noise") == ["C:maj"] * 4 + ["N"] * 4
    song = parse_salami_chords(f"{HEAD}1.0\t| * |\n2.0\tend\n")
    assert song.bars[0].chords == (UNKNOWN_CHORD,) * 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEAD}1.0\t| C:maj |\n", "truncated: its last line is not 'end'"),
        (f"{HEAD}1.0\t| C:maj | G:\n2.0\tend\n", "a bar is not closed: 'G:'"),
        (f"{HEAD}1.0\t| C:foo |\n2.0\tend\n", "line 7: .*the shorthand 'foo' is unknown"),
        (f"{HEAD}1.0\t| C:maj F:maj G:maj |\n2.0\tend\n", "a bar of 4 beats has 3 labels"),
        (f"{HEAD}1.0\t| . C:maj |\n2.0\tend\n", "a bar begins with a dot"),
        (f"{HEAD}1.0\t| C:maj | x9999\n2.0\tend\n", "played 9999 times"),
        (f"{HEAD}1.0 | C:maj |\n2.0\tend\n", "is no time with a tab after it"),
        ("1.0\t| C:maj |\n2.0\tend\n", "metre or tonic is not named"),
        (HEAD.replace("4/4", "4/5") + "1.0\t| C:maj |\n2.0\tend\n", "is no metre"),
        (HEAD.replace("tonic: C", "tonic: H") + "1.0\t| C:maj |\n2.0\tend\n", "no pitch name"),
        (f"{HEAD}2.0\tend\n", "the file holds no bar"),
        ("", "truncated"),
    ],
)
def test_damage_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_salami_chords(text)


def test_files_that_are_no_text_or_not_there_are_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "salami_chords.txt"
    with pytest.raises(FormatError, match="cannot be opened"):
        read_salami_chords(path)
    path.write_bytes(b"\xff\xfe\x00# title")
    with pytest.raises(FormatError, match="no UTF-8 text"):
        read_salami_chords(path)
