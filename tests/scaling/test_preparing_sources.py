"""Where files come from: Lakh's two layouts, and what belongs to one song stays in one part."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from chromasonic.data.prepared import load_prepared
from chromasonic.data.synthetic import structured_tunes
from chromasonic.errors import CorpusError
from chromasonic.formats.midi import write_midi
from chromasonic.melody_generation.tokens import VOCABULARY
from chromasonic.scaling.preparing import prepare
from chromasonic.scaling.preparing.merging import COMMONPLACE_TUNES, fingerprint, group_keys
from chromasonic.scaling.preparing.outcome import TuneTokens
from chromasonic.scaling.preparing.sources import open_source

SONGS = ("TRAAAGR128F425B14B", "TRAAAZF12903CCCF6B")


@pytest.fixture
def matched(tmp_path: Path) -> Path:
    """A data folder with LMD-matched: two songs of three files each, different in every note."""
    root = tmp_path / "data" / "lakh-matched"
    for number, tune in enumerate(structured_tunes(6, 1)):
        song = SONGS[number % 2]
        folder = root / "lmd_matched" / song[2] / song[3] / song[4] / song
        folder.mkdir(parents=True, exist_ok=True)
        write_midi(tune, folder / f"{number:032x}.mid")
    return tmp_path / "data"


def test_files_of_one_song_stand_in_one_part(matched: Path, tmp_path: Path) -> None:
    done = prepare("lakh", tmp_path / "out", data_dir=matched)
    assert done.facts["name"] == "lakh-matched"
    assert done.facts["counts"]["tunes"] == 6
    assert done.facts["counts"]["distinct_tunes"] == 2
    for seed in range(4):
        corpus = load_prepared(tmp_path / "out", vocabulary=VOCABULARY.signature, seed=seed)
        for song in SONGS:
            parts = [
                part
                for part in ("train", "validation", "test")
                for id in corpus.split.part(part)
                if song in id
            ]
            assert len(parts) == 3
            assert len(set(parts)) == 1


def test_lakh_that_is_not_there_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(CorpusError, match="no corpus 'lakh-full'"):
        prepare("lakh", tmp_path / "out", data_dir=tmp_path / "data")
    assert not (tmp_path / "out").exists()


def test_files_are_listed_by_name_and_links_to_folders_are_not_entered(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for name in ("b/2.mid", "b/1.mid", "a.mid", ".hidden.mid", "B.MID", "notes.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    os.symlink(folder, folder / "b" / "round")
    source = open_source(folder, work_folder=tmp_path)
    assert [file.name for file in source.files] == ["B.MID", "a.mid", "b/1.mid", "b/2.mid"]
    assert source.others == {".txt": 1}
    before = source.digest
    (folder / "a.mid").write_bytes(b"other size")
    assert open_source(folder, work_folder=tmp_path).digest != before


def tokens(name: str, shingles: list[int]) -> TuneTokens:
    return TuneTokens(
        id=name, tokens=np.arange(5, dtype=np.uint8), notes=3, metre="4/4",
        key=f"{int(name):064x}", shingles=np.array(sorted(shingles), np.uint64),
    )  # fmt: skip


def test_groups_are_of_near_duplicates_and_take_the_smallest_key() -> None:
    tunes = [
        tokens("5", [1, 2, 3, 4]),
        tokens("3", [4, 20, 21, 22]),  # shares one of four with the first
        tokens("9", [30, 31, 32, 33, 34, 35, 36, 37]),
        tokens("7", [30, 40, 41, 42, 43, 44, 45, 46]),  # one of eight is too little
    ]
    keys = group_keys(tunes, ["", "", "", ""])
    assert [int(key, 16) for key in keys] == [3, 3, 9, 7]
    assert [int(key, 16) for key in group_keys(tunes, ["", "s", "", "s"])] == [3, 3, 9, 3]


def test_a_turn_that_very_many_tunes_have_joins_none_of_them() -> None:
    count = COMMONPLACE_TUNES + 1
    tunes = [tokens(str(n), [0, 10 * n + 1, 10 * n + 2]) for n in range(count)]
    assert len(set(group_keys(tunes, [""] * count))) == count
    fewer = tunes[:-1]
    assert len(set(group_keys(fewer, [""] * len(fewer)))) == 1


def test_the_fingerprint_knows_ids_and_tokens_but_no_order() -> None:
    tunes = [tokens(str(n), [n]) for n in range(4)]
    assert fingerprint(tunes) == fingerprint(tunes[::-1])
    assert fingerprint(tunes) != fingerprint(tunes[:3])
    assert fingerprint([tokens("1", [1])]) != fingerprint([tokens("2", [1])])
