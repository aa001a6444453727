"""Loading by name: where a corpus is found, what is remarked, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_corpus import tiny_facts, write_files

from chromasonic.data import CorpusFacts, Split, load, resolve_auto
from chromasonic.errors import CorpusError, DownloadError, UsageError

Register = Callable[[CorpusFacts], CorpusFacts]


def test_tunes_come_in_order_with_stable_ids_and_a_manifest(tiny: Path) -> None:
    corpus = load("tiny", data_dir=tiny)
    assert [tune.id for tune in corpus.pieces][:2] == ["tiny/a/1", "tiny/a/2"]
    assert len(corpus.pieces) == 12
    assert corpus.by_id["tiny/b/11"].title == "Four Candles"
    manifest = corpus.manifest
    assert manifest.found_by == "data-dir"
    assert manifest.found_at == str(tiny / "tiny" / "ABC")
    assert manifest.counts["tunes"] == manifest.counts["tunes_tiny"] == 12
    assert manifest.counts["distinct_tunes"] == 11  # 10 is 1, a fourth lower
    assert manifest.counts["files"] == 2
    assert manifest.skipped == ()
    assert manifest.remarks == ()
    json.dumps(manifest.to_dict())


@pytest.mark.parametrize(
    "layout",
    ["tiny/ABC", "tiny", "ABC", ".", "tiny-0992bb6c/ABC", "tiny/tiny-0992bb6c/ABC"],
)
def test_an_archive_may_be_unpacked_with_or_without_its_top_folder(
    tiny: Path, tiny_contents: dict[str, bytes], tmp_path: Path, layout: str
) -> None:
    del tiny
    write_files(tmp_path / "other" / layout, tiny_contents)
    assert len(load("tiny", data_dir=tmp_path / "other").pieces) == 12


def test_the_environment_comes_before_the_cache_and_data_dir_before_both(
    tiny: Path, tiny_contents: dict[str, bytes], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(cache / "corpora" / "tiny" / "ABC", tiny_contents)
    assert load("tiny").manifest.found_by == "cache"
    monkeypatch.setenv("CHROMASONIC_DATA", str(tiny))
    assert load("tiny").manifest.found_by == "CHROMASONIC_DATA"
    assert load("tiny", data_dir=tiny).manifest.found_by == "data-dir"


def test_an_environment_folder_without_the_corpus_is_passed_over(
    tiny: Path,
    tiny_contents: dict[str, bytes],
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    del tiny
    write_files(cache / "corpora" / "tiny" / "ABC", tiny_contents)
    monkeypatch.setenv("CHROMASONIC_DATA", str(tmp_path / "absent"))
    assert load("tiny").manifest.found_by == "cache"


def test_a_folder_given_by_hand_without_the_corpus_is_an_error(tiny: Path, tmp_path: Path) -> None:
    del tiny
    with pytest.raises(CorpusError, match=r"no corpus 'tiny' in .*nothing.*ABC/ with 2 files"):
        load("tiny", data_dir=tmp_path / "nothing")


def test_a_folder_that_is_half_unpacked_is_an_error_that_names_what_is_missing(tiny: Path) -> None:
    (tiny / "tiny" / "ABC" / "b.abc").unlink()
    with pytest.raises(CorpusError, match=r"half there: 1 of 2 files .* Missing: b\.abc\."):
        load("tiny", data_dir=tiny)


def test_a_folder_without_permission_is_an_error_that_names_it(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", refuse)  # the tests may run as a user whom nothing stops
    with pytest.raises(CorpusError, match=r"'tiny' cannot be read: .*tiny.*Permission denied"):
        load("tiny", data_dir=tiny)


def test_a_damaged_cache_folder_is_not_taken(
    tiny: Path, tiny_contents: dict[str, bytes], cache: Path
) -> None:
    del tiny
    folder = write_files(cache / "corpora" / "tiny" / "ABC", tiny_contents)
    (folder / "a.abc").write_bytes(b"X:1\nK:C\nCDEF|\n")
    with pytest.raises(CorpusError, match="is not on this machine"):
        load("tiny", download=False)


def test_an_absent_corpus_names_address_size_licence_and_what_can_be_had_offline(
    tiny: Path,
) -> None:
    del tiny
    with pytest.raises(CorpusError) as caught:
        load("nottingham", download=False)
    message = str(caught.value)
    for part in ("jukedeck/nottingham-dataset/archive/0992bb6", "5 MB", "GPL-3.0"):
        assert part in message
    for way in ("data fetch nottingham", "CHROMASONIC_DATA", "folk-pd", "synthetic-structured"):
        assert way in message


def test_local_files_that_differ_from_the_pinned_ones_are_read_and_said(tiny: Path) -> None:
    path = tiny / "tiny" / "ABC" / "a.abc"
    path.write_bytes(path.read_bytes() + b"\nX:99\nT:Guest\nM:2/4\nK:C\nC2E2|G4|]\n")
    corpus = load("tiny", data_dir=tiny)
    assert "tiny/a/99" in corpus.by_id
    assert len(corpus.manifest.remarks) == 1
    assert "1 of 2 files of Tiny tunes differ" in corpus.manifest.remarks[0]


def test_a_broken_file_in_a_hundred_is_counted_shown_and_survived(
    cache: Path, register: Register, tmp_path: Path
) -> None:
    del cache
    contents = {
        f"tune{n:03}.abc": f"X:1\nT:Tune {n}\nM:4/4\nL:1/8\nK:C\n{line}|C8|]\n".encode()
        for n in range(100)
        for line in ["CDEFGABc"[n % 8 :] + "CDEFGABc"[: n % 8]]
    }
    contents["tune042.abc"] = b"\x00\xff\xfe this was a picture once"
    register(tiny_facts(contents, tunes=100))
    write_files(tmp_path / "data" / "tiny", contents)
    corpus = load("tiny", data_dir=tmp_path / "data")
    assert len(corpus.pieces) == 99
    assert [item.reference for item in corpus.manifest.skipped] == ["tiny/tune042.abc"]
    assert "no ABC tune" in corpus.manifest.skipped[0].reason
    assert sum(corpus.manifest.skipped_reasons.values()) == 1


def test_a_corpus_with_no_usable_tune_is_an_error_with_its_reasons(
    cache: Path, register: Register, tmp_path: Path
) -> None:
    del cache
    contents = {"a.abc": b"X:1\nT:No key\nM:4/4\nCDEF|\n", "b.abc": b""}
    register(tiny_facts(contents))
    write_files(tmp_path / "data" / "tiny", contents)
    with pytest.raises(CorpusError, match=r"has no usable tune \(.*no key"):
        load("tiny", data_dir=tmp_path / "data")


def test_text_that_is_not_utf8_is_read_as_latin1(
    cache: Path, register: Register, tmp_path: Path
) -> None:
    del cache
    contents = {"a.abc": "X:1\nT:Für Ännchen\nM:4/4\nK:C\nCDEF|\n".encode("latin-1")}
    register(tiny_facts(contents))
    write_files(tmp_path / "data" / "tiny", contents)
    assert load("tiny", data_dir=tmp_path / "data").pieces[0].title == "Für Ännchen"


def test_a_split_file_is_used_and_what_it_leaves_out_is_said(tiny: Path, tmp_path: Path) -> None:
    mine = Split(("tiny/a/1", "tiny/a/2"), ("tiny/a/3",), ("tiny/b/7",))
    path = mine.save(tmp_path / "split.json")
    corpus = load("tiny", data_dir=tiny, split_file=path)
    assert corpus.split == mine
    assert [tune.id for tune in corpus.part("train")] == ["tiny/a/1", "tiny/a/2"]
    assert "8 tunes of 'tiny' are in no part" in corpus.manifest.remarks[0]


def test_a_split_file_of_another_corpus_is_an_error_with_the_count(
    tiny: Path, tmp_path: Path
) -> None:
    path = Split(("tiny/a/1", "x/1", "x/2"), (), ()).save(tmp_path / "split.json")
    with pytest.raises(CorpusError, match=r"names 2 of 3 tune\(s\).*such as 'x/1'.*tiny/a/1"):
        load("tiny", data_dir=tiny, split_file=path)


def test_another_seed_gives_another_split_of_the_same_tunes(tiny: Path) -> None:
    first, second = load("tiny", data_dir=tiny), load("tiny", data_dir=tiny, seed=3)
    assert first.pieces == second.pieces
    assert first.split != second.split
    assert load("tiny", data_dir=tiny, seed=3).split == second.split


def test_a_number_of_tunes_is_refused_for_real_corpora(tiny: Path) -> None:
    with pytest.raises(UsageError, match="cannot be chosen"):
        load("tiny", data_dir=tiny, count=3)


def test_auto_takes_nottingham_where_it_is_and_says_so(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del cache
    contents = {"only.abc": b"X:1\nT:One\nM:4/4\nK:C\nCDEF|\n"}
    facts = tiny_facts(contents)
    from chromasonic.data.catalogue import CORPORA

    monkeypatch.setitem(CORPORA, "nottingham", facts)
    write_files(tmp_path / "data" / "tiny" / "ABC", contents)
    monkeypatch.setenv("CHROMASONIC_DATA", str(tmp_path / "data"))
    choice = resolve_auto(download=False)
    assert choice.name == "nottingham"
    assert "CHROMASONIC_DATA" in choice.reason


def test_auto_without_network_takes_the_public_domain_tunes_and_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CHROMASONIC_DATA", raising=False)
    choice = resolve_auto()  # the tests' machine has no network
    assert choice.name == "folk-pd"
    assert "no connection" in choice.reason
    corpus = load("auto", download=False)
    assert corpus.name == "folk-pd"
    assert corpus.manifest.weights_may_ship
    assert "'auto' took 'folk-pd'" in corpus.manifest.remarks[0]


def test_a_download_that_fails_leaves_the_cache_without_the_corpus(cache: Path) -> None:
    with pytest.raises(DownloadError, match="no connection to the server"):
        load("nottingham")
    assert not any((cache / "corpora").iterdir())


@pytest.mark.corpus
def test_nottingham_is_read_whole_but_for_one_tune_that_is_broken(corpus_folder: Path) -> None:
    corpus = load("nottingham", data_dir=corpus_folder)
    assert len(corpus.pieces) + len(corpus.manifest.skipped) == 1034
    assert len(corpus.pieces) >= 1033
    assert corpus.manifest.remarks == ()
    assert corpus.by_id["nottingham/jigs/1"].title == "A and D"


@pytest.mark.corpus
def test_the_listed_nottingham_split_is_what_is_loaded_and_keeps_copies_together(
    corpus_folder: Path,
) -> None:
    from chromasonic.data.loading import listed_split
    from chromasonic.data.near_duplicates import near_pairs

    corpus = load("nottingham", data_dir=corpus_folder)
    listed = listed_split("nottingham")
    assert listed is not None
    parts = ("train", "validation", "test")
    assert all(set(listed.part(part)) <= set(corpus.split.part(part)) for part in parts)
    assert sum(corpus.split.sizes.values()) - sum(listed.sizes.values()) <= 1  # the broken tune
    part_of = {id: part for part in parts for id in corpus.split.part(part)}
    ids = [tune.id for tune in corpus.pieces]
    pairs = near_pairs(corpus.pieces)
    assert len(pairs) >= 50
    assert all(part_of[ids[left]] == part_of[ids[right]] for left, right in pairs)
