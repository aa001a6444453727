"""Melody models learn from a prepared corpus what they learn from its tunes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from chromasonic.data.prepared import ShardContent, pack_shard
from chromasonic.data.split import Split
from chromasonic.data.synthetic import structured_tunes
from chromasonic.errors import CorpusError, UsageError
from chromasonic.files import sha256_of_bytes
from chromasonic.melody_generation import recipe as recipes
from chromasonic.melody_generation.cutting import cut_at_bar
from chromasonic.melody_generation.data_loader import load_dataset
from chromasonic.melody_generation.runs import train_melody
from chromasonic.melody_generation.task import MelodyTask
from chromasonic.melody_generation.tokens import VOCABULARY, encode
from chromasonic.music.tune import Tune

TUNES = structured_tunes(24, 7)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a prepared corpus of made tunes, written by hand."""
    folder = tmp_path_factory.mktemp("corpora") / "mine"
    keys = [f"{number * 7919:064x}" for number in range(len(TUNES))]
    data = pack_shard(
        ShardContent(
            streams=[np.array(encode(tune), np.uint8) for tune in TUNES],
            ids=[tune.id for tune in TUNES],
            metres=[str(tune.metre) for tune in TUNES],
            keys=keys,
            group_keys=keys,
        )
    )
    (folder / "shards").mkdir(parents=True)
    (folder / "shards" / "tunes-0.npz").write_bytes(data)
    facts = {
        "format": "chromasonic-prepared-1", "vocabulary": VOCABULARY.signature,
        "fingerprint": "f" * 64, "counts": {"tunes": 24}, "refused": {"broken": {"count": 2}},
        "name": "mine", "title": "Mine", "licence": "mine alone", "licence_url": "",
        "citation": "", "url": "", "weights_may_ship": False,
        "shards": [{"name": "tunes-0.npz", "sha256": sha256_of_bytes(data)}],
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(facts))
    return folder


def sounding(tune: Tune) -> list[tuple[int, int, int]]:
    return list(tune.sounding())


def test_streams_stay_a_byte_a_token_and_say_the_tunes(prepared: Path) -> None:
    data = load_dataset(str(prepared))
    by_id = {tune.id: tune for tune in TUNES}
    assert sum(data.sizes.values()) == 24
    for part in ("train", "validation", "test"):
        for stream, tune in zip(data.part(part), data.tunes[part], strict=True):
            assert np.asarray(stream).itemsize == 1
            assert list(stream) == encode(by_id[tune.id])
            assert sounding(tune) == sounding(by_id[tune.id])
    assert (data.manifest.name, data.manifest.licence) == ("mine", "mine alone")
    assert "2 files or tunes were refused" in data.manifest.remarks[0]


@pytest.mark.parametrize("window", [24, 1024])
def test_batches_of_bytes_are_the_batches_of_lists(prepared: Path, window: int) -> None:
    data = load_dataset(str(prepared))
    lists = [[int(token) for token in stream] for stream in data.train]
    small, usual = (
        MelodyTask(streams, streams, window=window, transpose=True)
        for streams in (data.train, lists)
    )
    ours, plain = (task.epoch("train", seed=3, epoch=1, batch_size=4) for task in (small, usual))
    assert list(ours.plan) == list(plain.plan)
    for examples in ours.plan:
        one, other = ours.batch(examples), plain.batch(examples)
        assert one.tensors["ids"].equal(other.tensors["ids"])
        assert one.tensors["targets"].equal(other.tensors["targets"])
    assert all(piece.ids.itemsize == 1 for piece in small.windows["train"])


def test_long_tunes_are_cut_and_short_ones_left_out_as_in_any_corpus(prepared: Path) -> None:
    data = load_dataset(str(prepared), max_melody_length=20, min_melody_length=18)
    kept = {tune.id: tune for part in data.tunes.values() for tune in part}
    expected = {tune.id: cut for tune in TUNES if len(sounding(cut := cut_at_bar(tune, 20))) >= 18}
    assert {id: sounding(tune) for id, tune in kept.items()} == {
        id: sounding(tune) for id, tune in expected.items()
    }
    assert len(kept) + sum(data.skipped.values()) == 24


def test_a_split_file_decides(prepared: Path, tmp_path: Path) -> None:
    ids = [tune.id for tune in TUNES]
    path = Split(tuple(ids[:3]), (ids[4],), ()).save(tmp_path / "split.json")
    data = load_dataset(str(prepared), split_file=path)
    assert data.sizes == {"train": 3, "validation": 1, "test": 0}
    Split(("no-such-tune",), (), ()).save(path)
    with pytest.raises(CorpusError, match="no-such-tune"):
        load_dataset(str(prepared), split_file=path)


def test_copies_of_another_corpus_are_left_out(
    prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Judged:
        def part(self, name: str) -> tuple[Tune, ...]:
            return (TUNES[2].transposed(2),) if name == "test" else ()

    monkeypatch.setattr("chromasonic.data.load", lambda *args, **options: Judged())
    data = load_dataset(str(prepared), without_copies_of="nottingham")
    left = {tune.id for part in data.tunes.values() for tune in part}
    assert TUNES[2].id not in left
    assert data.skipped["copies of held-out tunes of nottingham"] == 24 - len(left)


def test_what_was_settled_in_preparing_cannot_be_asked_for(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expand_repeats is True"):
        load_dataset(str(prepared), expand_repeats=True)
    with pytest.raises(UsageError, match="num_sequences is 5"):
        load_dataset(str(prepared), num_sequences=5)
    with pytest.raises(UsageError, match="not a prepared corpus.*chromasonic data prepare"):
        load_dataset(str(tmp_path))


def test_a_run_on_a_prepared_corpus_goes_on_with_the_same_folder(
    prepared: Path, tmp_path: Path
) -> None:
    recipe = recipes.with_models(
        recipes.MelodyRecipe(data=recipes.MelodyData(dataset=str(prepared))), ["markov"]
    )
    run = train_melody(recipe, tmp_path / "run")
    facts = run.directory.facts()
    assert facts["corpus"]["manifest"]["fingerprint"] == "f" * 64
    assert run.recipe.data.dataset == str(prepared)
    again = train_melody(recipe, tmp_path / "run", resume=True)
    assert again.data.split == run.data.split
