"""McGill Billboard: index, folders, works, what is absent or damaged; labels as in full.lab."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from chromasonic.data.billboard import FACTS, read_billboard
from chromasonic.errors import CorpusError
from chromasonic.music.chord import Chord
from chromasonic.music.chord_symbols import parse_harte

SONG = (
    "# title: One\n# artist: Band\n# metre: 4/4\n# tonic: A\n\n0.0\tsilence\n"
    "0.5\tA, verse, | A:min | D:7 G:maj |\n9.0\tend\n"
)
INDEX = (
    "id,chart_date,target_rank,actual_rank,title,artist,peak_rank,weeks_on_chart\n"
    "1,1987-07-11,82,,,,,\n"
    "3,1965-10-09,98,98,One,Band,98,1\n"
    "4,1973-08-04,14,29,Two,Band,29,12\n"
    "5,1973-08-11,14,29,one,BAND,29,12\n"
)


def corpus(root: Path, folder: str = "billboard-2.0-salami_chords", count: int = 3) -> Path:
    """A small corpus in the corpus's own layout."""
    (root / "billboard-2.0-index.csv").write_text(INDEX)
    for name in ("0003", "0004", "0005")[:count]:
        (root / folder / name).mkdir(parents=True)
        (root / folder / name / "salami_chords.txt").write_text(SONG)
    return root


@pytest.mark.parametrize("folder", ["billboard-2.0-salami_chords", "McGill-Billboard", "x", "."])
def test_songs_are_read_wherever_the_archive_put_them(tmp_path: Path, folder: str) -> None:
    reading = read_billboard(corpus(tmp_path, folder))
    assert [song.id for song in reading.pieces] == [f"mcgill-billboard/000{n}" for n in (3, 4, 5)]
    assert reading.missing == 0
    assert not reading.skipped


def test_a_song_is_chords_on_beats_with_its_tonic(tmp_path: Path) -> None:
    song = read_billboard(corpus(tmp_path)).pieces[0]
    assert song.title == "One by Band"  # type: ignore[attr-defined]
    assert [c.symbol() for c in song.chords()] == ["Am"] * 4 + ["D7"] * 2 + ["G"] * 2  # type: ignore[attr-defined]
    assert song.beat.tolist() == [0, 1, 2, 3] * 2  # type: ignore[attr-defined]
    assert song.tonic.tolist() == [9] * 8  # type: ignore[attr-defined]
    assert not song.has_melody  # type: ignore[attr-defined]


def test_entries_of_one_song_are_one_work(tmp_path: Path) -> None:
    assert read_billboard(corpus(tmp_path)).works == ("one by band", "two by band", "one by band")


def test_places_of_the_charts_without_a_song_are_not_missed_but_absent_folders_are(
    tmp_path: Path,
) -> None:
    reading = read_billboard(corpus(tmp_path, count=1))
    assert len(reading.pieces) == 1
    assert reading.missing == 2


def test_damaged_songs_are_skipped_with_their_reason(tmp_path: Path) -> None:
    folder = corpus(tmp_path) / "billboard-2.0-salami_chords"
    (folder / "0003" / "salami_chords.txt").write_text(SONG[:-8])
    (folder / "0004" / "salami_chords.txt").write_text(SONG.replace("D:7", "D:heavy"))
    reading = read_billboard(tmp_path)
    assert [song.id for song in reading.pieces] == ["mcgill-billboard/0005"]
    assert [item.reference for item in reading.skipped] == [
        "0003/salami_chords.txt", "0004/salami_chords.txt",
    ]  # fmt: skip
    assert "truncated" in reading.skipped[0].reason
    assert "line 7: 'D:heavy' is no chord label" in reading.skipped[1].reason


def test_an_index_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"Cannot read .*index\.csv"):
        read_billboard(tmp_path)
    (tmp_path / FACTS.indices[0]).write_text("a,b\n1,2\n")
    with pytest.raises(CorpusError, match="lacks the column"):
        read_billboard(tmp_path)
    (tmp_path / FACTS.indices[0]).write_bytes(b"id,title,artist\n\xff\xfe,x,y\n")
    with pytest.raises(CorpusError, match="is damaged"):
        read_billboard(tmp_path)


@pytest.mark.corpus
def test_real_songs_have_the_chords_of_their_label_files(corpus_folder: Path) -> None:
    root = corpus_folder / "mcgill-billboard"
    reading = read_billboard(root)
    assert (len(reading.pieces), len(reading.skipped), reading.missing) == (890, 0, 0)
    assert len(set(reading.works)) == 742
    differ = []
    for song in reading.pieces:
        name = song.id.rpartition("/")[2]
        lines = (root / "billboard-2.0.1-lab" / name / "full.lab").read_text().split("\n")
        timed = [parse_harte(line.split("\t")[2].strip()) for line in lines if line.strip()]
        if _changes(timed) != _changes(song.chords()):  # type: ignore[attr-defined]
            differ.append(name)
    # The times of 0974's label file run backwards and it lacks bars; 0215 (also listed as 0800)
    # leaves out one of 123 chords of a riff.
    assert differ == ["0215", "0800", "0974"]


def _changes(chords) -> list[Chord]:  # type: ignore[no-untyped-def]
    """Chords in order, each once; silence (of which label files have more) left out."""
    return [
        chord for chord, _ in groupby(c for c in chords if c is not None and c.root is not None)
    ]
