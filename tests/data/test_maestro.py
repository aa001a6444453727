"""MAESTRO's reader, on a small folder in its layout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from played_midi import SCALE, midi_bytes

from chromasonic.data.maestro import read_cut_pieces, read_maestro
from chromasonic.errors import CorpusError

HEADER = "canonical_composer,canonical_title,split,year,midi_filename,audio_filename,duration\n"


def line(name: str, part: str, *, title: str = "Sonata") -> str:
    return f'"Berg, Alban",{title},{part},2018,2018/{name}.midi,2018/{name}.wav,60.5\n'


ROWS = (
    line("A_wav--1", "train") + line("B_wav--1", "validation") + line("C_wav--1", "test")
    + line("D_wav--1", "test", title="Other") + line("E_wav--1", "none")
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five performances: one cut short, one absent, one of a part that is none."""
    years = tmp_path / "2018"
    years.mkdir()
    for name in "ACE":
        (years / f"{name}_wav--1.midi").write_bytes(midi_bytes(SCALE))
    (years / "B_wav--1.midi").write_bytes(midi_bytes(SCALE)[:50])
    (tmp_path / "maestro-v3.0.0.csv").write_text(HEADER + ROWS, encoding="utf-8")
    return tmp_path


def test_performances_have_their_official_part_and_no_beats(folder: Path) -> None:
    reading = read_maestro(folder)
    assert reading.split is not None
    assert reading.split.train == ("maestro/2018/A_wav--1",)
    assert reading.split.test == ("maestro/2018/C_wav--1",)
    assert reading.missing == 1
    assert [skip.reference for skip in reading.skipped] == ["B_wav--1.midi", "E_wav--1.midi"]
    assert all(piece.beats is None for piece in reading.pieces)  # type: ignore[attr-defined]
    assert reading.works == ("Berg, Alban: Sonata",) * 2


def test_the_folder_of_the_archive_may_be_kept(folder: Path) -> None:
    (folder / "maestro-v3.0.0").mkdir()
    (folder / "2018").rename(folder / "maestro-v3.0.0" / "2018")
    assert len(read_maestro(folder).pieces) == 2


def test_the_json_index_says_the_same_as_the_table(folder: Path) -> None:
    expected = read_maestro(folder).split
    rows = [text.split(",") for text in ROWS.replace('"Berg, Alban"', "Berg").splitlines()]
    names = HEADER.strip().split(",")
    columns = {
        name: {str(n): row[place] for n, row in enumerate(rows)} for place, name in enumerate(names)
    }
    (folder / "maestro-v3.0.0.csv").unlink()
    (folder / "maestro-v3.0.0.json").write_text(json.dumps(columns), encoding="utf-8")
    assert read_maestro(folder).split == expected


@pytest.mark.parametrize("text", ["{", "[1, 2]", "{}"])
def test_a_damaged_index_is_refused(folder: Path, text: str) -> None:
    (folder / "maestro-v3.0.0.csv").unlink()
    with pytest.raises(CorpusError, match="no folder of MAESTRO"):
        read_maestro(folder)
    (folder / "maestro-v3.0.0.json").write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match="damaged|lists nothing"):
        read_maestro(folder)


def test_cut_pieces_inherit_the_part_of_the_recording_that_their_name_begins_with(
    folder: Path,
) -> None:
    cut = folder / "maestro"
    cut.mkdir()
    for name in ("C_wav--1", "D_wav--1_cut_no_2", "D_wav--1_a", "D_wav--11", "Z"):
        (cut / f"{name}.mid").write_bytes(midi_bytes(SCALE))
    reading = read_cut_pieces(folder)
    assert [piece.id for piece in reading.pieces] == [
        "maestro/2018/C_wav--1", "maestro/2018/D_wav--1_a", "maestro/2018/D_wav--1_cut_no_2",
    ]  # fmt: skip
    assert reading.split is not None
    assert len(reading.split.test) == 3
    assert [skip.reference for skip in reading.skipped] == ["D_wav--11.mid", "Z.mid"]
    assert len(read_maestro(folder).pieces) == 2, "the published layout does not have them"
