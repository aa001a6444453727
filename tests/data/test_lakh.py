"""Lakh's two layouts on small folders: found, divided, streamed, survived."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
import symusic

from chromasonic.data import lakh
from chromasonic.data.lakh import lakh_files, read_lakh_full, read_lakh_matched, stream_lakh
from chromasonic.data.split import make_split, part_of_work
from chromasonic.errors import CorpusError, UsageError


def song(seed: int = 0, *, name: str = "Vocals", notes: int = 32, tempo: bool = True) -> bytes:
    """A melody, a bass and drums."""
    score = symusic.Score(480)
    if tempo:
        score.tempos.append(symusic.Tempo(0, 100))
    score.time_signatures.append(symusic.TimeSignature(0, 4, 4))
    melody = symusic.Track(name, 52, False)
    bass = symusic.Track("Fingered", 33, False)
    drums = symusic.Track("Kit", 0, True)
    for step in range(notes):
        pitch = 67 + [0, 2, 4, 5, 7, 9, 7, 4][(step + seed) % 8]
        melody.notes.append(symusic.Note(step * 480, 400, pitch, 90))
        bass.notes.append(symusic.Note(step * 480, 400, 40 + step % 3, 90))
        drums.notes.append(symusic.Note(step * 480, 100, 36, 90))
    for track in (melody, bass, drums):
        score.tracks.append(track)
    return bytes(score.dumps_midi())


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def track_id(number: int) -> str:
    letters = "".join(chr(65 + number // 26**place % 26) for place in (2, 1, 0))
    return f"TR{letters}X128F42{number:05d}"


@pytest.fixture
def matched(tmp_path: Path) -> Path:
    """100 songs, every second with two versions; one file in a hundred is broken."""
    for number in range(100):
        track = track_id(number * 7)
        folder = tmp_path / "lmd_matched" / track[2] / track[3] / track[4] / track
        for version in range(1 + number % 2):
            put(folder / f"{number:02d}{version}{'ab' * 14}.mid", song(number + version))
    files = sorted((tmp_path / "lmd_matched").rglob("*.mid"))
    files[37].write_bytes(files[37].read_bytes()[:200])
    return tmp_path


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """Files of lmd_full, each with something wrong or odd."""
    whole = song()
    contents = {
        "0": whole,
        "1": whole[:12] + b"\0\0" + whole[14:],  # 0 ticks a quarter
        "2": song(1, tempo=False),
        "3": whole[: len(whole) // 2],
        "4": b"",
        "5": b"RIFF....",
        "6": song(2, name="Piano"),
        "7": song(3, notes=8),
        "8": song(4, name="Backing Vocals 2"),
    }
    for digit, data in contents.items():
        put(tmp_path / "lmd_full" / digit / f"{digit * 32}.mid", data)
    return tmp_path


def test_files_are_listed_without_being_opened(matched: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(lakh, "find_melody", None)
    reading = read_lakh_matched(matched)
    assert len(reading.pieces) == 150
    track, _, hash_ = reading.pieces[0].id.partition("/")
    assert (track, len(hash_)) == (track_id(0), 31)
    assert len(set(reading.works)) == 100
    assert reading.missing == lakh.MATCHED_FILES - 150  # `load` says that it is a part


def test_the_folder_itself_may_be_named(matched: Path) -> None:
    inside = list(lakh_files(matched / "lmd_matched"))
    assert [file.id for file in inside] == [file.id for file in lakh_files(matched)]


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no MIDI file in the layout of lmd_full"):
        read_lakh_full(tmp_path)
    with pytest.raises(CorpusError, match="Cannot read"):
        list(stream_lakh(tmp_path / "nowhere"))


def test_one_file_in_a_hundred_is_counted_and_survived(matched: Path) -> None:
    stream = stream_lakh(matched, one_of_a_work=False)
    melodies = list(stream)
    assert (len(melodies), stream.opened) == (149, 150)
    assert stream.skipped.total() == 1
    assert "cut short" in stream.examples[0].reason
    assert stream.examples[0].reference not in {melody.id for melody in melodies}
    assert "149 melodies in 150 files" in stream.summary()
    assert "1 files passed over: 1 x" in stream.summary()


def test_melodies_come_from_the_part_that_its_name_or_its_way_tells(full: Path) -> None:
    stream = stream_lakh(full)
    found = {melody.id[0]: melody for melody in stream}
    assert {digit: melody.found_by for digit, melody in found.items()} == {
        "0": "name",
        "2": "name",
        "6": "features",
        "8": "features",
    }
    assert found["0"].notes.pitch.tolist()[:4] == [67, 69, 71, 72]
    assert found["0"].metres == ((0.0, 4, 4),)
    assert found["0"].tempo_bpm == pytest.approx(100, abs=0.01)
    assert [found[digit].has_tempo for digit in "02"] == [True, False]
    reasons = " | ".join(stream.skipped)
    for part in ("# ticks a quarter", "cut short", "is empty", "no MIDI file", "no part can be"):
        assert part in reasons
    assert not any("000" in reason or ".mid" in reason for reason in stream.skipped)


def test_like_reasons_add_up(tmp_path: Path) -> None:
    for number in range(5):
        put(tmp_path / "lmd_full" / "a" / f"a{number}.mid", song()[: 100 + number])
    stream = stream_lakh(tmp_path)
    assert list(stream) == []
    assert list(stream.skipped.values()) == [5]


def test_a_million_notes_are_passed_over_unread_and_cost_no_memory(tmp_path: Path) -> None:
    track = (
        b"\0\xff\x03\x06Vocals" + b"\x01\x90\x40\x40\x01\x80\x40\x00" * 1_000_000 + b"\0\xff\x2f\0"
    )
    header = b"MThd" + (6).to_bytes(4, "big") + b"\0\0\0\1\1\xe0"
    put(
        tmp_path / "lmd_full" / "b" / "b1.mid",
        header + b"MTrk" + len(track).to_bytes(4, "big") + track,
    )
    put(tmp_path / "lmd_full" / "b" / "b2.mid", song())
    del track
    stream = stream_lakh(tmp_path)
    tracemalloc.start()
    try:
        assert [melody.id for melody in stream] == ["b2"]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert stream.skipped == {"larger than 2 MB": 1}
    assert most < 3_000_000


def test_memory_does_not_grow_with_the_number_of_files(matched: Path) -> None:
    stream = iter(stream_lakh(matched, one_of_a_work=False))
    next(stream)
    tracemalloc.start()
    try:
        for _ in stream:
            pass
        left, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2_000_000
    assert left < 200_000


def test_several_processes_give_the_same_melodies_in_the_same_order(matched: Path) -> None:
    alone = [melody.id for melody in stream_lakh(matched, most_files=30)]
    stream = stream_lakh(matched, most_files=30, workers=2)
    assert [melody.id for melody in stream] == alone
    assert stream.opened == 30


def test_a_stream_can_be_left_in_the_middle(matched: Path) -> None:
    stream = stream_lakh(matched, workers=1, most_melodies=3)
    assert len(list(stream)) == 3
    assert stream.found.total() == 3


def test_songs_are_divided_as_load_divides_them(matched: Path) -> None:
    reading = read_lakh_matched(matched)
    ids = [piece.id for piece in reading.pieces]
    split = make_split(ids, reading.works, seed=0)
    for part in ("train", "validation", "test"):
        streamed = {melody.id for melody in stream_lakh(matched, part=part, one_of_a_work=False)}
        listed = set(split.part(part))
        assert streamed <= listed
        assert len(listed - streamed) <= 1  # the broken one
    for id in split.test:
        assert part_of_work(id.partition("/")[0], 0) == "test"


def test_one_version_of_a_song_is_enough(matched: Path) -> None:
    works = [melody.work for melody in stream_lakh(matched)]
    assert len(works) == len(set(works))
    assert len(works) >= 99


def test_misuse_is_named(matched: Path) -> None:
    with pytest.raises(UsageError, match="'dev' is no part"):
        stream_lakh(matched, part="dev")
    with pytest.raises(UsageError, match="workers is -1"):
        stream_lakh(matched, workers=-1)
