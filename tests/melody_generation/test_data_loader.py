"""Token streams of a corpus: lengths, repeats, reasons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chromasonic.data import Corpus, Manifest, Split, load
from chromasonic.data.nottingham import FACTS
from chromasonic.errors import CorpusError, UsageError
from chromasonic.formats.abc import read_abc
from chromasonic.melody_generation.data_loader import (
    NottinghamDataset,
    encode_corpus,
    load_dataset,
)
from chromasonic.melody_generation.tokens import VOCABULARY, Kind, decode
from chromasonic.music.tune import Tune

FIXTURE = Path(__file__).parents[1] / "fixtures" / "tunes.abc"


def onsets(stream: list[int]) -> int:
    return sum(VOCABULARY.kind[token] == Kind.PITCH for token in stream)


def corpus_of(tunes: tuple[Tune, ...]) -> Corpus:
    """Ten tunes to train on, the next for validation, the last for the test."""
    ids = tuple(tune.id for tune in tunes)
    manifest = Manifest.of(FACTS, found_at="", found_by="test", fingerprint="", counts={})
    return Corpus("tiny", tunes, manifest, Split(ids[:-2], ids[-2:-1], ids[-1:]))


@pytest.fixture
def corpus() -> Corpus:
    return corpus_of(read_abc(FIXTURE.read_text(encoding="utf-8"), source="tunes").tunes)


def test_every_part_is_encoded_tune_by_tune(corpus: Corpus) -> None:
    data = encode_corpus(corpus)
    assert data.sizes == {"train": 10, "validation": 1, "test": 1}
    assert data.skipped == {}
    assert data.changed == {}
    assert data.split == corpus.split
    for part in ("train", "validation", "test"):
        for stream, tune in zip(data.part(part), data.tunes[part], strict=True):
            heard = [pitch for _, _, pitch in tune.sounding()]
            assert [p for _, _, p in decode(stream).sounding()] == heard
            assert onsets(stream) == len(heard)


def test_short_tunes_are_counted_and_long_ones_end_at_a_bar_line(corpus: Corpus) -> None:
    lengths = {tune.id: len(list(tune.sounding())) for tune in corpus.pieces}
    data = encode_corpus(corpus, min_melody_length=20, max_melody_length=40)
    short = sum(length < 20 for length in lengths.values())
    long = sum(length > 40 for length in lengths.values())
    assert short >= 1
    assert data.skipped == {"fewer than 20 notes": short}
    assert data.changed == {"cut at a bar line after at most 40 notes": long}
    for part in data.tunes.values():
        for tune in part:
            whole = corpus.by_id[tune.id]
            assert tune.bars == whole.bars[: len(tune.bars)]
            assert 20 <= len(list(tune.sounding())) <= 40
            if len(tune.bars) < len(whole.bars):  # one bar more would have been too many
                longer = replace(whole, bars=whole.bars[: len(tune.bars) + 1])
                assert len(list(longer.sounding())) > 40


def test_a_first_bar_that_is_too_long_is_a_reason_of_its_own(corpus: Corpus) -> None:
    with pytest.raises(CorpusError, match="first bar has more than 1 notes"):
        encode_corpus(replace(corpus, pieces=corpus.pieces[1:2]), max_melody_length=1)


def test_repeats_are_played_out_when_asked(corpus: Corpus) -> None:
    written, played = encode_corpus(corpus), encode_corpus(corpus, expand_repeats=True)
    assert played.options["expand_repeats"]
    for short, long in zip(written.train, played.train, strict=True):
        assert onsets(long) > onsets(short)
    # Tune 4, counted on the page: four bars of 6 + 5 + 6 + 5 notes, four of 5 + 5 + 6 + 4, both
    # parts repeated.
    assert onsets(written.train[3]) == 22 + 20
    assert onsets(played.train[3]) == 2 * (22 + 20)


def test_a_corpus_without_a_fitting_tune_is_an_error_with_reasons(corpus: Corpus) -> None:
    with pytest.raises(CorpusError, match=r"No tune of 'tiny' is left .*12 x fewer than 900"):
        encode_corpus(corpus, min_melody_length=900)


@pytest.mark.parametrize(("shortest", "longest"), [(0, 8), (9, 8)])
def test_lengths_that_leave_nothing_are_refused(shortest: int, longest: int) -> None:
    with pytest.raises(UsageError, match=f"from {shortest} to {longest} notes"):
        load_dataset("synthetic", min_melody_length=shortest, max_melody_length=longest)


def test_made_tunes_come_in_the_number_and_by_the_seed_asked_for() -> None:
    data = load_dataset("synthetic", num_sequences=40, seed=3)
    assert sum(data.sizes.values()) == 40
    assert data == load_dataset("synthetic", num_sequences=40, seed=3)
    assert data.train != load_dataset("synthetic", num_sequences=40, seed=4).train
    assert data.to_dict()["sizes"] == data.sizes


def test_an_unknown_part_is_refused(corpus: Corpus) -> None:
    with pytest.raises(UsageError, match="'dev' is no part"):
        encode_corpus(corpus).part("dev")


@pytest.mark.corpus
def test_nottingham_fits_the_vocabulary_and_is_a_sequence_of_streams(corpus_folder: Path) -> None:
    train = NottinghamDataset("train", data_dir=corpus_folder)
    assert len(train) == len(load("nottingham", data_dir=corpus_folder).split.train)
    assert train.data.skipped == {}
    assert train[0] == train.sequences[0]
    assert all(isinstance(token, int) for token in train[0])
