"""Groove MIDI's reader, on a small folder in its layout; and on the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from chromasonic.data.groove_midi import read_groove_midi
from chromasonic.errors import CorpusError
from chromasonic.formats.drum_pattern import drum_pattern_midi

HEADER = (
    "drummer,session,id,style,bpm,beat_type,time_signature,midi_filename,audio_filename,duration,"
    "split\n"
)
PATTERN = "tempo 100\nhat x.x.x.x.x.x.x.x.\nsnare ....x.......x...\nkick x.......x......."


def line(number: int, part: str, **changes: str) -> str:
    row = {
        "drummer": "drummer1", "session": "drummer1/session1",
        "id": f"drummer1/session1/{number}", "style": "funk/groove1", "bpm": "100",
        "beat_type": "beat", "time_signature": "4-4",
        "midi_filename": f"drummer1/session1/{number}.mid", "audio_filename": "", "duration": "2.4",
        "split": part,
    }  # fmt: skip
    return ",".join({**row, **changes}.values()) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six takes: one broken, one absent, one of a split that is none."""
    session = tmp_path / "drummer1/session1"
    session.mkdir(parents=True)
    data = drum_pattern_midi(PATTERN)
    for number in (1, 2, 3, 6):
        (session / f"{number}.mid").write_bytes(data)
    (session / "4.mid").write_bytes(data[:40])
    (tmp_path / "info.csv").write_text(
        HEADER + line(1, "train") + line(2, "validation", time_signature="3-4", bpm="90")
        + line(3, "test") + line(4, "train") + line(5, "train") + line(6, "other"),
        encoding="utf-8",
    )  # fmt: skip
    return tmp_path


def test_takes_have_their_facts_and_their_part(folder: Path) -> None:
    reading = read_groove_midi(folder)
    assert reading.split is not None
    assert reading.split.to_dict()["train"] == ["drummer1/session1/1"]
    assert reading.split.sizes == {"train": 1, "validation": 1, "test": 1}
    take = reading.pieces[1]
    assert (take.drummer, take.genre, take.tempo_bpm) == ("drummer1", "funk", 90)  # type: ignore[attr-defined]
    assert (take.numerator, take.denominator) == (3, 4)  # type: ignore[attr-defined]
    assert len(take.pitch) == 12  # type: ignore[attr-defined]
    assert take.step_ms == pytest.approx(60_000 / 90 / 4)  # type: ignore[attr-defined]


def test_a_broken_take_is_skipped_with_its_reason_and_a_missing_one_counted(folder: Path) -> None:
    reading = read_groove_midi(folder)
    assert reading.missing == 1
    assert [skip.reference for skip in reading.skipped] == [
        "drummer1/session1/4.mid", "drummer1/session1/6.mid",
    ]  # fmt: skip
    assert "cut short" in reading.skipped[0].reason
    assert "split is 'other'" in reading.skipped[1].reason


@pytest.mark.parametrize(
    ("column", "value"), [("bpm", "fast"), ("bpm", "0"), ("time_signature", "4"), ("beat_type", "")]
)
def test_a_take_with_a_wrong_fact_is_skipped(folder: Path, column: str, value: str) -> None:
    (folder / "info.csv").write_text(HEADER + line(1, "train", **{column: value}), encoding="utf-8")
    assert len(read_groove_midi(folder).skipped) == 1


def test_takes_of_one_session_style_and_tempo_are_one_work(folder: Path) -> None:
    first, second, third = read_groove_midi(folder).works
    assert first == third != second


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "lists nothing"), ("a,b\n1,2\n", "lacks the column"), ("\0\xff", "Groove MIDI|damaged")],
)
def test_an_index_that_is_none_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "info.csv").write_text(text, encoding="latin-1")
    with pytest.raises(CorpusError, match=message):
        read_groove_midi(tmp_path)


@pytest.mark.corpus
def test_the_real_corpus_is_read_whole(corpus_folder: Path) -> None:
    reading = read_groove_midi(corpus_folder / "groove-midi")
    assert reading.split is not None
    assert reading.split.sizes == {"train": 897, "validation": 124, "test": 129}
    assert (len(reading.skipped), reading.missing) == (0, 0)
    takes = reading.pieces
    assert len({take.drummer for take in takes}) == 10  # type: ignore[attr-defined]
    assert sum((t.numerator, t.denominator) != (4, 4) for t in takes) == 12  # type: ignore[attr-defined]
    assert sum(take.beat_type == "fill" for take in takes) == 647  # type: ignore[attr-defined]
