"""Loading corpora of pieces: where they are found, what is remarked, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_pieces
from tiny_pieces import INDEX, READS, clip_facts, clip_files, write_tree

from chromasonic.data import Corpus, CorpusFacts, Split, file_tree, load
from chromasonic.data.locate import locate
from chromasonic.errors import CorpusError, UsageError

Register = Callable[[CorpusFacts], CorpusFacts]
SINGERS = {f"c{number}": number // 2 for number in range(10)}


@pytest.fixture
def clips(cache: Path, register: Register, tmp_path: Path) -> Path:
    """The corpus `clips` in the catalogue; the folder that --data-dir would name."""
    del cache
    READS.clear()
    register(clip_facts())
    write_tree(tmp_path / "data" / "clips", clip_files())
    return tmp_path / "data"


def test_pieces_come_in_order_with_a_manifest_that_counts_them(clips: Path) -> None:
    corpus = load("clips", data_dir=clips)
    assert [clip.id for clip in corpus.pieces] == [f"c{n}" for n in range(10)]
    assert corpus.by_id["c3"].values.tolist() == [3.0, 0.5]
    manifest = corpus.manifest
    assert manifest.counts == {"clips": 10, "works": 5, "files": 11}
    assert manifest.found_at == str(clips / "clips")
    assert manifest.found_by == "data-dir"
    assert manifest.skipped == ()
    assert manifest.remarks == ()
    assert len(manifest.fingerprint) == 64
    json.dumps(manifest.to_dict())


@pytest.mark.parametrize("layout", ["clips", ".", "clips-1.0", "clips/clips-master"])
def test_an_archive_may_be_unpacked_with_or_without_its_top_folder(
    clips: Path, tmp_path: Path, layout: str
) -> None:
    whole = load("clips", data_dir=clips)
    write_tree(tmp_path / "other" / layout, clip_files())
    corpus = load("clips", data_dir=tmp_path / "other")
    assert len(corpus.pieces) == 10
    assert corpus.manifest.fingerprint == whole.manifest.fingerprint


def test_a_folder_with_another_corpus_s_name_is_not_taken_for_this_one(
    clips: Path, tmp_path: Path
) -> None:
    del clips
    write_tree(tmp_path / "other" / "groove-midi", clip_files())
    with pytest.raises(CorpusError, match="no corpus 'clips' in .*looked for clips.csv"):
        load("clips", data_dir=tmp_path / "other")


def test_the_environment_comes_before_the_cache_and_data_dir_before_both(
    clips: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(cache / "corpora" / "clips" / "clips-1.0", clip_files())
    assert load("clips").manifest.found_by == "cache"
    monkeypatch.setenv("CHROMASONIC_DATA", str(clips))
    assert load("clips").manifest.found_by == "CHROMASONIC_DATA"
    assert load("clips", data_dir=clips).manifest.found_by == "data-dir"


def test_any_of_several_indices_is_enough(clips: Path, register: Register) -> None:
    register(replace(clip_facts(), index=("absent.csv", "clips")))
    assert len(load("clips", data_dir=clips).pieces) == 10


def test_an_absent_corpus_of_pieces_says_how_it_can_be_got(clips: Path) -> None:
    del clips
    with pytest.raises(CorpusError) as caught:
        load("clips", download=False)
    message = str(caught.value)
    assert "https://example.org/clips" in message
    assert "CC0-1.0" in message
    assert "FOLDER/clips" in message
    assert "data fetch" not in message  # no archive is known, so nothing could be fetched
    assert "folk" not in message  # tunes are no help to whom recordings are lacking


# Half there


def test_a_folder_that_is_half_unpacked_is_an_error_with_the_count(clips: Path) -> None:
    for number in (2, 5, 7):
        (clips / "clips" / "clips" / f"c{number}.txt").unlink()
    with pytest.raises(CorpusError, match=r"half there: 7 of 10 clips.*--allow-partial"):
        load("clips", data_dir=clips)


def test_a_part_is_taken_where_that_is_allowed_and_said(clips: Path) -> None:
    (clips / "clips" / "clips" / "c2.txt").unlink()
    corpus = load("clips", data_dir=clips, allow_partial=True)
    assert len(corpus.pieces) == 9
    assert corpus.manifest.counts["missing"] == 1
    assert corpus.manifest.remarks == ("A part of the corpus: 9 of 10 clips are there.",)


def test_an_index_without_a_single_file_is_an_error_even_for_a_part(
    clips: Path, tmp_path: Path
) -> None:
    write_tree(tmp_path / "other" / "clips", {INDEX: clip_files()[INDEX]})
    with pytest.raises(CorpusError, match=r"none of its clips .*10 that its index lists"):
        load("clips", data_dir=tmp_path / "other", allow_partial=True)


def test_a_broken_file_in_a_hundred_is_counted_shown_and_survived(
    clips: Path, tmp_path: Path
) -> None:
    rows = "".join(f"n{number},x\n" for number in range(100))
    files = {f"clips/n{number}.txt": b"1\n" for number in range(100)}
    files["clips/n42.txt"] = b"\x01 not a number"
    write_tree(tmp_path / "o" / "clips", {INDEX: f"name,singer\n{rows}".encode(), **files})
    corpus = load("clips", data_dir=tmp_path / "o")
    assert len(corpus.pieces) == 99
    assert corpus.manifest.skipped_reasons == {"not a number": 1}
    assert corpus.manifest.skipped[0].reference == "n42.txt"


def test_a_corpus_whose_files_are_all_broken_is_an_error_with_the_reason(clips: Path) -> None:
    for path in (clips / "clips" / "clips").iterdir():
        path.write_bytes(b"broken")
    with pytest.raises(CorpusError, match=r"none of its clips in a usable form \(not a number\)"):
        load("clips", data_dir=clips)


@pytest.mark.parametrize("content", [b"", b"\x00 a picture", b"title\nx\n"])
def test_an_index_that_is_no_table_of_clips_is_an_error(clips: Path, content: bytes) -> None:
    (clips / "clips" / INDEX).write_bytes(content)
    with pytest.raises(CorpusError, match="clips"):
        load("clips", data_dir=clips)


@pytest.mark.parametrize("what", ["scandir", "open"])
def test_a_folder_without_permission_is_an_error_that_names_it(
    clips: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def refuse(path: Any, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    if what == "scandir":  # the tests may run as a user whom no permission stops
        monkeypatch.setattr(file_tree.os, "scandir", refuse)
    else:
        monkeypatch.setattr(file_tree.files, "sha256_of_file", refuse)
    with pytest.raises(CorpusError, match=r"'clips' cannot be read: .*clips.*Permission denied"):
        load("clips", data_dir=clips)


def test_a_corpus_that_names_two_pieces_alike_is_refused(clips: Path) -> None:
    path = clips / "clips" / INDEX
    path.write_text(path.read_text() + "c3,singer9\n")
    with pytest.raises(CorpusError, match="names two of its clips 'c3'"):
        load("clips", data_dir=clips)


# Splits


def parts_of(corpus: Corpus[Any]) -> dict[str, str]:
    names = ("train", "validation", "test")
    return {clip.id: name for name in names for clip in corpus.part(name)}


def test_without_an_official_split_a_work_is_never_divided(clips: Path) -> None:
    for seed in range(5):
        parts = parts_of(load("clips", data_dir=clips, seed=seed))
        assert len(parts) == 10
        assert set(parts.values()) == {"train", "validation", "test"}
        assert all(parts[f"c{n}"] == parts[f"c{n + 1}"] for n in range(0, 10, 2))


def test_an_official_split_holds_whatever_the_seed(clips: Path) -> None:
    write_tree(clips / "clips", clip_files(with_parts=True))
    for seed in (0, 1):
        split = load("clips", data_dir=clips, seed=seed).split
        assert split.sizes == {"train": 8, "validation": 1, "test": 1}
        assert split.test == ("c9",)


def test_a_split_file_goes_before_the_official_split(clips: Path, tmp_path: Path) -> None:
    write_tree(clips / "clips", clip_files(with_parts=True))
    path = Split(("c9",), ("c1",), ("c0",)).save(tmp_path / "split.json")
    corpus = load("clips", data_dir=clips, split_file=path)
    assert corpus.split.train == ("c9",)
    assert "7 clips of 'clips' are in no part of" in corpus.manifest.remarks[0]
    Split(("nobody",), (), ()).save(path)
    with pytest.raises(CorpusError, match="such as 'nobody'"):
        load("clips", data_dir=clips, split_file=path)


def test_a_number_of_pieces_is_refused(clips: Path) -> None:
    with pytest.raises(UsageError, match="holds real clips: their number cannot be chosen"):
        load("clips", data_dir=clips, count=3)


# The cache and the fingerprint


def test_the_second_load_reads_nothing_and_gives_the_same(clips: Path) -> None:
    first, second = load("clips", data_dir=clips), load("clips", data_dir=clips)
    assert len(READS) == 1
    assert second.manifest == first.manifest
    assert second.split == first.split
    for left, right in zip(first.pieces, second.pieces, strict=True):
        assert (left.id, left.singer) == (right.id, right.singer)
        assert left.values.tolist() == right.values.tolist()


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"no zip at all", None])
def test_a_damaged_cache_file_is_built_anew(clips: Path, cache: Path, damage: bytes | None) -> None:
    load("clips", data_dir=clips)
    (path,) = (cache / "parsed").iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert len(load("clips", data_dir=clips).pieces) == 10
    assert len(READS) == 2
    assert len(path.read_bytes()) == len(whole)


def test_a_changed_file_or_a_new_reader_is_read_anew(clips: Path, register: Register) -> None:
    first = load("clips", data_dir=clips)
    (clips / "clips" / "clips" / "c1.txt").write_text("2.5\n")
    second = load("clips", data_dir=clips)
    assert second.by_id["c1"].values.tolist() == [2.5]
    assert second.manifest.fingerprint != first.manifest.fingerprint
    register(replace(clip_facts(), reader_version=2))
    load("clips", data_dir=clips)
    assert len(READS) == 3


def test_documents_and_hidden_files_are_no_part_of_the_fingerprint(clips: Path) -> None:
    before = load("clips", data_dir=clips).manifest.fingerprint
    write_tree(
        clips / "clips",
        {"README.md": b"r", "LICENSE": b"l", ".DS_Store": b"d", ".git/config": b"g"},
    )
    (clips / "clips" / "gone.txt").symlink_to(clips / "nowhere.txt")
    (clips / "clips" / "round").symlink_to(clips / "clips", target_is_directory=True)
    assert load("clips", data_dir=clips).manifest.fingerprint == before
    write_tree(clips / "clips", {"clips/more.txt": b"1"})
    assert load("clips", data_dir=clips).manifest.fingerprint != before


def test_of_a_large_tree_names_sizes_and_the_index_make_the_fingerprint_and_that_is_said(
    clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_tree, "CONTENT_LIMIT_BYTES", 20)
    root = clips / "clips"

    def fingerprint() -> str:
        manifest = load("clips", data_dir=clips).manifest
        assert "names and sizes and of the index's content" in manifest.remarks[0]
        return manifest.fingerprint

    first = fingerprint()
    path = root / "clips" / "c1.txt"
    path.write_bytes(path.read_bytes().replace(b"1", b"7"))  # of the same length
    assert fingerprint() == first
    index = root / INDEX
    index.write_bytes(index.read_bytes().replace(b"singer4", b"singer5"))
    second = fingerprint()
    assert second != first
    path.write_bytes(b"longer than it was")
    assert fingerprint() != second


def test_pieces_that_read_their_files_late_are_not_cached(
    clips: Path, cache: Path, register: Register
) -> None:
    register(replace(clip_facts(), is_cached=False))
    for _ in range(2):
        load("clips", data_dir=clips)
    assert len(READS) == 2
    assert not (cache / "parsed").exists()


def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("in the way")
    monkeypatch.setenv("CHROMASONIC_CACHE", str(tmp_path / "taken"))
    corpus = load("clips", data_dir=clips)
    assert len(corpus.pieces) == 10
    assert "was not cached" in corpus.manifest.remarks[0]


def test_progress_is_told_while_files_are_read(clips: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    load("clips", data_dir=clips, on_progress=lambda *what: told.append(what))
    assert ("reading clips", 9, 10) in told


def test_the_facts_tell_a_corpus_of_pieces_from_one_of_tunes(clips: Path) -> None:
    facts = tiny_pieces.clip_facts()
    assert facts.is_of_pieces
    assert facts.tunes == 10
    assert locate(facts, data_dir=clips).folders == (clips / "clips",)
