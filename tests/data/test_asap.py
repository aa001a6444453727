"""ASAP's reader, on a small folder in its layout; and on the real one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from played_midi import SCALE, midi_bytes

from chromasonic.data.asap import read_annotations, read_asap
from chromasonic.data.loading import load
from chromasonic.errors import CorpusError, FormatError
from chromasonic.music.piano_performance import PianoPerformance

HEADER = (
    "composer,title,folder,xml_score,midi_score,midi_performance,performance_annotations,"
    "midi_score_annotations,maestro_midi_performance\n"
)
FUGUE, PRELUDE = "Bach/Fugue/bwv_846", "Bach/Fugue/bwv_848"
FOUR_FOUR = "".join(
    f"{0.5 * n}\t{0.5 * n}\t{'db' if n % 4 == 0 else 'b'}{',4/4,0' if n == 0 else ''}\n"
    for n in range(12)
)


def line(folder: str, name: str, *, maestro: str = "2006/X.midi", title: str = "Fugue") -> str:
    path = f"{folder}/{name}"
    source = "{maestro}/" + maestro if maestro else ""
    return f"Bach,{title},{folder},,,{path}.mid,{path}_annotations.txt,,{source}\n"


def put(root: Path, path: str, *, midi: bytes | None = None, beats: str = FOUR_FOUR) -> None:
    file = root / f"{path}.mid"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(midi_bytes(SCALE) if midi is None else midi)
    (root / f"{path}_annotations.txt").write_text(beats, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six performances: one cut short, one with one beat, one absent, one not from MAESTRO."""
    root = tmp_path / "asap"
    put(root, f"{FUGUE}/Shi05M")
    put(root, f"{PRELUDE}/Denisova06M", midi=midi_bytes(SCALE, tempo=False))
    put(root, f"{PRELUDE}/Lee01M", midi=midi_bytes(SCALE)[:60])
    put(root, f"{PRELUDE}/LeeSH01M", beats="1.0\t1.0\tdb,4/4\n")
    (root / "metadata.csv").write_text(
        HEADER + line(FUGUE, "Shi05M") + line(PRELUDE, "Denisova06M", title="Prelude")
        + line(PRELUDE, "Lee01M") + line(PRELUDE, "LeeSH01M") + line(PRELUDE, "Lin04M")
        + line(PRELUDE, "Other", maestro=""),
        encoding="utf-8",
    )  # fmt: skip
    return root


def pieces_of(root: Path) -> list[PianoPerformance]:
    return list(read_asap(root).pieces)  # type: ignore[arg-type]


def test_a_performance_has_its_notes_and_annotated_beats(folder: Path) -> None:
    piece = pieces_of(folder)[0]
    assert piece.id == f"asap/{FUGUE}/Shi05M"
    assert (piece.composer, piece.title, piece.work) == ("Bach", "Fugue", "Bach: Fugue")
    assert piece.notes.velocity.tolist() == [v for *_, v in SCALE]
    np.testing.assert_allclose(piece.notes.onset_seconds, [s for s, *_ in SCALE], atol=1e-3)
    assert piece.beats is not None
    assert piece.beats.seconds.tolist() == [0.5 * n for n in range(12)]
    assert piece.beats.is_downbeat.nonzero()[0].tolist() == [0, 4, 8]
    assert set(piece.beats.sixteenths.tolist()) == {4}


def test_a_midi_file_without_a_tempo_is_read_by_its_seconds(folder: Path) -> None:
    with_tempo, without = pieces_of(folder)
    np.testing.assert_allclose(without.notes.onset_seconds, with_tempo.notes.onset_seconds)


def test_what_cannot_be_read_is_skipped_with_its_reason_and_what_is_absent_counted(
    folder: Path,
) -> None:
    reading = read_asap(folder)
    assert reading.missing == 1
    assert [skip.reference for skip in reading.skipped] == [
        f"{PRELUDE}/Lee01M.mid", f"{PRELUDE}/LeeSH01M.mid",
    ]  # fmt: skip
    assert "at least 2" in reading.skipped[1].reason
    assert "1 performances that are not from MAESTRO" in reading.remarks[0]


def test_a_half_unpacked_folder_is_refused_unless_a_part_is_enough(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHROMASONIC_CACHE", str(tmp_path / "cache"))
    with pytest.raises(CorpusError, match="half there"):
        load("asap", data_dir=folder.parent, download=False)
    corpus = load("asap", data_dir=folder.parent, download=False, allow_partial=True)
    assert [piece.id for piece in corpus.part("train")] == [
        f"asap/{FUGUE}/Shi05M", f"asap/{PRELUDE}/Denisova06M",
    ]  # fmt: skip
    assert len(corpus.manifest.skipped) == 2


def test_an_index_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="Cannot read"):
        read_asap(tmp_path)
    (tmp_path / "metadata.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"lacks the column\(s\) composer"):
        read_asap(tmp_path)


def annotations(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "x_annotations.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_beats_before_the_first_metre_have_that_metre_too(tmp_path: Path) -> None:
    beats = read_annotations(annotations(tmp_path, "1\t1\tb,,2\n2\t2\tdb,6/8\n3\t3\tbR\n"))
    assert beats.sixteenths.tolist() == [6, 6, 6]
    assert beats.is_downbeat.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "0 beat"),
        ("1\t1\tdb,4/4\n0.5\t0.5\tb\n", "line 2: the beat at 0.5 s does not come after"),
        ("1\t1\tdb,4/4\n1\t1\tb\n", "does not come after"),
        ("1\t1\tdb,4/4\nnonsense\n", "line 2: 'nonsense' is no beat"),
        ("1\t1\tdb,4/4\nnan\tnan\tb\n", "is no beat"),
        ("1\t1\tdb,4/4\n2\t2\tx\n", "label 'x'"),
        ("1\t1\tdb,four\n2\t2\tb\n", "metre 'four'"),
        ("1\t1\tdb,4/7\n2\t2\tb\n", "4/7"),
        ("1\t1\tdb\n2\t2\tb\n", "names no metre"),
        (b"\xff\xfe\x00", "no text"),
    ],
)  # fmt: skip
def test_annotations_that_are_no_beats_are_refused(
    tmp_path: Path, text: str | bytes, reason: str
) -> None:
    from chromasonic.errors import DataError

    with pytest.raises(DataError, match=reason):
        read_annotations(annotations(tmp_path, text))


def test_annotations_that_are_absent_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="Cannot read"):
        read_annotations(tmp_path / "none.txt")


@pytest.mark.corpus
def test_the_real_corpus_has_519_performances_of_170_pieces_in_maestros_parts(
    corpus_folder: Path,
) -> None:
    corpus = load("asap", data_dir=corpus_folder, download=False)
    assert corpus.split.sizes == {"train": 399, "validation": 46, "test": 74}
    assert not corpus.manifest.skipped
    assert sum(len(piece.notes) for piece in corpus.pieces) == 1_660_921  # SOURCE: counted before
    parts = [
        {piece.work for piece in corpus.part(part)} for part in ("train", "validation", "test")
    ]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 170
