"""Prepared corpora as they are read: whole, of the right vocabulary, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.data.prepared import (
    FORMAT,
    ShardContent,
    is_prepared,
    load_prepared,
    pack_shard,
    read_shard,
)
from chromasonic.errors import CorpusError
from chromasonic.files import sha256_of_bytes


def content(streams: list[list[int]]) -> ShardContent:
    keys = [f"{number:064x}" for number in range(len(streams))]
    return ShardContent(
        streams=[np.array(stream, np.uint8) for stream in streams],
        ids=[f"tune-{number}" for number in range(len(streams))],
        metres=["4/4"] * len(streams),
        keys=keys,
        group_keys=keys[::-1],
    )


@given(st.lists(st.lists(st.integers(0, 255), min_size=1), min_size=1, max_size=20))
def test_a_shard_gives_back_what_was_packed(streams: list[list[int]]) -> None:
    packed = content(streams)
    found = read_shard(pack_shard(packed))
    assert [stream.tolist() for stream in found.streams] == streams
    assert all(stream.itemsize == 1 for stream in found.streams)
    assert (found.ids, found.keys, found.group_keys) == (
        packed.ids,
        packed.keys,
        packed.group_keys,
    )
    assert pack_shard(found) == pack_shard(packed)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = pack_shard(content([[1, 2, 3]] * 10))
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / "tunes-0.npz").write_bytes(data)
    facts = {
        "format": FORMAT, "vocabulary": "v1", "fingerprint": "f", "counts": {"tunes": 10},
        "refused": {}, "name": "mine", "title": "Mine", "licence": "not stated",
        "licence_url": "", "citation": "", "url": "", "weights_may_ship": False,
        "shards": [{"name": "tunes-0.npz", "sha256": sha256_of_bytes(data)}],
    }  # fmt: skip
    (tmp_path / "manifest.json").write_text(json.dumps(facts))
    return tmp_path


def test_a_split_has_every_tune_once_and_moves_with_the_seed(folder: Path) -> None:
    splits = [load_prepared(folder, vocabulary="v1", seed=seed).split for seed in range(4)]
    for split in splits:
        ids = [*split.train, *split.validation, *split.test]
        assert sorted(ids) == sorted(f"tune-{number}" for number in range(10))
    assert len({split.train for split in splits}) > 1


def test_a_changed_shard_is_refused(folder: Path) -> None:
    path = folder / "shards" / "tunes-0.npz"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(CorpusError, match="tunes-0.npz is not what the manifest says"):
        load_prepared(folder, vocabulary="v1")
    path.unlink()
    with pytest.raises(CorpusError, match="Cannot read the shard"):
        load_prepared(folder, vocabulary="v1")


def test_another_vocabulary_is_refused(folder: Path) -> None:
    with pytest.raises(CorpusError, match="tokenized with the vocabulary v1, this version has v2"):
        load_prepared(folder, vocabulary="v2")


def test_a_folder_without_a_manifest_of_ours_is_refused(folder: Path) -> None:
    assert is_prepared(folder)
    (folder / "manifest.json").write_text('{"format": "other"}')
    with pytest.raises(CorpusError, match="no manifest of a prepared corpus"):
        load_prepared(folder, vocabulary="v1")
    (folder / "manifest.json").write_text("{")
    with pytest.raises(CorpusError, match="cannot be read"):
        load_prepared(folder, vocabulary="v1")
    (folder / "manifest.json").unlink()
    assert not is_prepared(folder)
    with pytest.raises(CorpusError, match="holds no prepared corpus.*--resume"):
        load_prepared(folder, vocabulary="v1")
