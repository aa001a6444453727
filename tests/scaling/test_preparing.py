"""Preparing on this machine: what is kept, what is refused and why; nothing else matters."""

from __future__ import annotations

import csv
import errno
import io
import os
import re
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from planted_files import PLANTED, REFUSED, contents, planted_tunes

from chromasonic import files
from chromasonic.data import CORPORA, load
from chromasonic.data.prepared import load_prepared, read_shard
from chromasonic.data.split import part_of_work
from chromasonic.data.synthetic import structured_tunes
from chromasonic.errors import ConfigError, CorpusError, StorageError, UsageError
from chromasonic.formats.abc import read_abc, write_abc
from chromasonic.formats.midi import write_midi
from chromasonic.melody_generation.tokens import VOCABULARY, decode, encode
from chromasonic.music.tune import Tune
from chromasonic.scaling.preparing import PrepareSettings, prepare
from chromasonic.scaling.preparing.one_file import outcome_of, share_on_grid

FIXTURES = Path(__file__).parents[1] / "fixtures"


def streams(folder: Path) -> dict[str, list[int]]:
    corpus = load_prepared(folder, vocabulary=VOCABULARY.signature)
    return {id: s.tolist() for id, s in zip(corpus.ids, corpus.streams, strict=True)}


def test_every_planted_fault_is_refused_under_its_reason_and_no_file_is_lost(
    prepared: Path,
) -> None:
    corpus = load_prepared(prepared, vocabulary=VOCABULARY.signature)
    refused = {reason: entry["count"] for reason, entry in corpus.facts["refused"].items()}
    assert refused == REFUSED
    assert len(corpus.ids) == PLANTED["arrangement"]
    assert corpus.facts["counts"]["files"] == sum(PLANTED.values())
    rows = list(csv.DictReader((prepared / "refused.csv").open(encoding="utf-8")))
    named = [row["file"] for row in rows] + list(corpus.ids)
    assert len(named) == len(set(named)) == sum(PLANTED.values())
    [empty] = [row["file"] for row in rows if row["reason"] == "empty file"]
    assert empty == "lmd_full/5/empty-0.mid"


def test_a_kept_stream_says_the_melody_that_was_arranged(prepared: Path) -> None:
    found = streams(prepared)
    for number, tune in enumerate(planted_tunes()):
        said = decode(found[f"lmd_full/0/arrangement-{number}.mid"])
        once = [pitch for _, _, pitch in tune.expanded().sounding()]
        assert [pitch for _, _, pitch in said.sounding()] == 2 * once


def test_workers_blocks_and_shards_do_not_change_the_tunes_nor_a_byte_of_the_same_shards(
    collection: Path, prepared: Path, tmp_path: Path
) -> None:
    prepare(collection, tmp_path / "two", workers=2, settings=PrepareSettings(block_files=3))
    assert contents(tmp_path / "two") == contents(prepared)
    prepare(collection, tmp_path / "small", settings=PrepareSettings(shard_tunes=3))
    small = load_prepared(tmp_path / "small", vocabulary=VOCABULARY.signature)
    assert [shard["tunes"] for shard in small.facts["shards"]] == [2, 3, 3]
    whole = load_prepared(prepared, vocabulary=VOCABULARY.signature)
    assert small.manifest.fingerprint == whole.manifest.fingerprint
    assert small.ids == whole.ids


def test_an_archive_gives_what_the_folder_gives(
    collection: Path, prepared: Path, tmp_path: Path
) -> None:
    with tarfile.open(tmp_path / "web.tar.gz", "w:gz") as tar:
        for path in sorted((collection / "lmd_full").rglob("*.mid"), reverse=True):
            tar.add(path, path.relative_to(collection).as_posix())
    with zipfile.ZipFile(tmp_path / "web.zip", "w") as archive:
        for path in (collection / "lmd_full").rglob("*.mid"):
            archive.write(path, path.relative_to(collection).as_posix())
        archive.writestr("lmd_full/readme.txt", "about")
    for name in ("web.tar.gz", "web.zip"):
        done = prepare(tmp_path / name, tmp_path / "out", overwrite=True)
        assert contents(tmp_path / "out" / "shards") == contents(prepared / "shards")
        assert done.facts["name"] == "web"
        assert sorted(os.listdir(tmp_path / "out")) == [
            ".lock", "manifest.json", "refused.csv", "shards",
        ]  # fmt: skip
    assert done.facts["source"]["other_files"] == {".txt": 1}


def test_a_book_of_tunes_gives_the_tokens_of_each_tune(tmp_path: Path) -> None:
    text = (FIXTURES / "tunes.abc").read_text(encoding="utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "book.abc").write_text(text, encoding="utf-8")
    prepare(
        tmp_path / "in",
        tmp_path / "out",
        settings=PrepareSettings(min_notes=1, min_pitches=1),
    )
    found = streams(tmp_path / "out")
    book = read_abc(text, source="book.abc")
    assert len(found) >= 3
    expected = {f"book/{tune.id.removeprefix('book.abc:')}": tune for tune in book.tunes}
    assert set(found) <= set(expected)
    assert all(stream == encode(expected[id]) for id, stream in found.items())


def test_a_corpus_by_name_keeps_the_ids_that_it_has_when_it_is_loaded(tmp_path: Path) -> None:
    [collection] = CORPORA["nottingham"].collections
    folder = tmp_path / "nottingham" / collection.folder
    folder.mkdir(parents=True)
    text = (FIXTURES / "tunes.abc").read_text(encoding="utf-8")
    tunes = re.findall(r"^X:.*?(?=^X:|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    for number, name in enumerate(sorted(collection.sha256)):
        (folder / name).write_text(tunes[number % len(tunes)], encoding="utf-8")
    loaded = load("nottingham", data_dir=tmp_path).by_id
    settings = PrepareSettings(min_notes=1, min_pitches=1)
    prepare("nottingham", tmp_path / "out", data_dir=tmp_path, settings=settings)
    found = streams(tmp_path / "out")
    assert found
    assert {id: encode(loaded[id]) for id in found} == found
    corpus = load_prepared(tmp_path / "out", vocabulary=VOCABULARY.signature)
    assert corpus.manifest.name == "nottingham"
    assert corpus.manifest.licence == CORPORA["nottingham"].licence


def test_near_duplicates_stand_in_one_part_whatever_the_seed(tmp_path: Path) -> None:
    tunes = structured_tunes(12, 3)
    (tmp_path / "in").mkdir()
    for number, tune in enumerate(tunes):
        write_midi(tune, tmp_path / "in" / f"tune-{number}.mid")
        write_midi(_varied(tune), tmp_path / "in" / f"tune-{number}-varied.mid")
    prepare(tmp_path / "in", tmp_path / "out")
    for seed in range(6):
        corpus = load_prepared(tmp_path / "out", vocabulary=VOCABULARY.signature, seed=seed)
        part_of = {id: part for part in ("train", "validation", "test")
                   for id in corpus.split.part(part)}  # fmt: skip
        assert len(part_of) == 24
        for number in range(12):
            assert part_of[f"tune-{number}.mid"] == part_of[f"tune-{number}-varied.mid"]


def _varied(tune: Tune) -> Tune:
    """The tune with its last bar's first note two semitones higher: another tune, nearly."""
    *rest, last = tune.bars
    first, *others = last.notes
    assert first.pitch is not None
    return replace(
        tune, bars=(*rest, replace(last, notes=(replace(first, pitch=first.pitch + 2), *others)))
    )


def test_the_part_of_a_tune_is_decided_by_its_groups_hash_alone(prepared: Path) -> None:
    [path] = (prepared / "shards").iterdir()
    content = read_shard(path.read_bytes())
    corpus = load_prepared(prepared, vocabulary=VOCABULARY.signature, seed=11)
    in_train = set(corpus.split.train)
    by_hash = {
        id
        for id, key in zip(content.ids, content.group_keys, strict=True)
        if part_of_work(key, 11) == "train"
    }
    # Parts that chance left empty are given one tune each, so one or two may have moved.
    assert in_train <= by_hash
    assert len(by_hash - in_train) <= 2


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (PrepareSettings(min_notes=10_000, max_notes=20_000), "fewer than 10000 notes"),
        (PrepareSettings(max_notes=20), "more than 20 notes"),
        (PrepareSettings(min_pitches=40), "fewer than 40 pitches"),
        (PrepareSettings(metres=("5/4",)), "another metre"),
    ],
)
def test_filters_say_why(settings: PrepareSettings, reason: str, tmp_path: Path) -> None:
    write_midi(structured_tunes(1, 0)[0], tmp_path / "a.mid")
    outcome = outcome_of("a.mid", (tmp_path / "a.mid").read_bytes(), settings)
    assert [refusal.reason for refusal in outcome.refused] == [reason]


def test_what_lies_on_sixteenths_or_triplets_is_on_the_grid_and_half_of_chance_is() -> None:
    exact = np.array([0, 120, 240, 360, 480, 640, 800, 960])  # sixteenths, then triplets, of 480
    assert share_on_grid(exact, 480) == 1.0
    assert share_on_grid(np.array([60, 420, 540]), 480) == 0.0  # between them
    anywhere = np.random.default_rng(0).integers(0, 10**6, 20_000)
    assert share_on_grid(anywhere, 480) == pytest.approx(0.5, abs=0.02)


def test_an_empty_folder_and_one_without_music_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(CorpusError, match="holds no music file .it is empty"):
        prepare(tmp_path / "in", tmp_path / "out")
    (tmp_path / "in" / "notes.txt").write_text("x")
    with pytest.raises(CorpusError, match=r"1 x \.txt.*\.mid"):
        prepare(tmp_path / "in", tmp_path / "out")
    with pytest.raises(UsageError, match="no corpus, and no folder"):
        prepare("no-such-thing", tmp_path / "out")


def _tar(path: Path, *infos: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for info, data in infos:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def test_a_hostile_archive_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    link = tarfile.TarInfo("link.mid")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    for info, why in ((tarfile.TarInfo("../out.mid"), "outside itself"), (link, "no plain file")):
        archive = _tar(tmp_path / "bad.tar.gz", (info, b""))
        with pytest.raises(CorpusError, match=why):
            prepare(archive, tmp_path / "out", overwrite=True)
        assert not list(tmp_path.rglob("*.mid"))
        assert not list(tmp_path.rglob("source.pack*"))
    (tmp_path / "cut.tar.gz").write_bytes(archive.read_bytes()[:40])
    with pytest.raises(CorpusError, match="no whole tar archive"):
        prepare(tmp_path / "cut.tar.gz", tmp_path / "out")


def test_no_folder_is_written_into_that_holds_something_else(
    collection: Path, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="other files, such as 'thesis.txt'"):
        prepare(collection, tmp_path, overwrite=True)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_prepared_corpus_is_replaced_only_when_asked_and_not_for_a_mistyped_source(
    collection: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    prepare(collection, out)
    before = contents(out)
    with pytest.raises(UsageError, match="already.*--overwrite"):
        prepare(collection, out)
    with pytest.raises(UsageError, match="no corpus"):
        prepare(tmp_path / "mistyped", out, overwrite=True)
    assert contents(out) == before


def test_a_full_disk_is_said_and_the_work_goes_on_when_there_is_room(
    collection: Path, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, sync, synced = PrepareSettings(block_files=4), os.fsync, []

    def full(handle: int) -> None:
        synced.append(handle)
        if len(synced) > 3:  # the plan and two blocks had room
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StorageError, match="No space left.*2 of 5 blocks are done.*--resume"):
        prepare(collection, tmp_path / "out", settings=settings)
    monkeypatch.undo()
    done = prepare(collection, tmp_path / "out", settings=settings, resume=True)
    assert done.blocks_kept == 2
    assert contents(tmp_path / "out") == contents(prepared)


def test_files_that_cannot_be_named_in_utf8_are_prepared(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_midi(structured_tunes(1, 0)[0], tmp_path / "in" / "a.mid")
    folder = os.fsencode(tmp_path / "in")
    with open(folder + b"/caf\xe9.mid", "wb") as file:
        file.write(b"MThd")
    os.rename(folder + b"/a.mid", folder + b"/na\xefve.mid")
    with tarfile.open(tmp_path / "in.tar", "w") as tar:
        for name in os.listdir(tmp_path / "in"):
            tar.add(tmp_path / "in" / name, name)
    for source in ("in", "in.tar"):
        done = prepare(tmp_path / source, tmp_path / "out", overwrite=True)
        [entry] = done.facts["refused"].values()
        assert entry["examples"][0]["file"] == "caf\\xe9.mid"
        assert list(streams(tmp_path / "out")) == ["na\\xefve.mid"]


@pytest.mark.parametrize(
    "wrong", [{"min_notes": 0}, {"metres": ("4/5",)}, {"on_grid": 2.0}, {"memory_mb": 1}]
)
def test_settings_out_of_range_are_refused(wrong: dict) -> None:
    with pytest.raises(ConfigError, match="allowed"):
        PrepareSettings(**wrong)


def test_no_tune_left_says_the_reasons(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "tune.abc").write_text(write_abc(structured_tunes(1, 0)[0]))
    with pytest.raises(CorpusError, match="1 x more than 5 notes.*--max-notes"):
        prepare(
            tmp_path / "in",
            tmp_path / "out",
            settings=PrepareSettings(min_notes=1, max_notes=5),
        )
