"""What is said of the real corpora of movement holds for the files at hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chromasonic.data import Corpus, load
from chromasonic.data.movement_summary import summarize
from chromasonic.errors import CorpusError

pytestmark = pytest.mark.corpus


def at_hand(name: str, folder: Path) -> Corpus[Any]:
    try:
        return load(name, data_dir=folder / name)
    except CorpusError as error:
        pytest.skip(str(error))


def copies_across(corpus: Corpus[Any], key: str) -> list[str]:
    """Movements that another of another performer (or label) is, number by number."""
    first: dict[bytes, str] = {}
    return [
        movement.id
        for movement in corpus.pieces
        if first.setdefault(movement.frames.tobytes(), getattr(movement, key))
        != getattr(movement, key)
    ]


def test_auslan_is_as_its_page_says(corpus_folder: Path) -> None:
    corpus = at_hand("auslan95-signs", corpus_folder)
    summary = summarize(corpus.pieces)
    assert (summary.movements, summary.classes, summary.performers) == (6648, 95, 5)
    assert (summary.sessions, summary.frames, summary.longest_frames) == (18, 388_139, 4494)
    assert Counter(m.performer for m in corpus.pieces) == {
        "adam": 760, "andrew": 760, "john": 1710, "stephen": 1518, "waleed": 1900,
    }  # fmt: skip
    assert corpus.by_id["adam2/different0"].frames.shape == (4494, 5, 5)
    reasons = corpus.manifest.skipped_reasons
    assert reasons["a calibration of the glove, not a sign"] == 108
    assert sum(reasons.values()) == 109
    palms = np.concatenate([m.frames[:, 0] for m in corpus.pieces])
    assert np.abs(palms[:, :3]).max() <= 1
    assert np.isnan(palms).sum(axis=0).tolist() == [0, 0, 0, 422, 0]
    steps = palms[:, 3][np.isfinite(palms[:, 3])] * 12
    np.testing.assert_allclose(steps, steps.round(), atol=1e-4)
    assert set(np.unique(np.concatenate([m.frames[:, 1:, 4].ravel() for m in corpus.pieces]))) == {
        0.0, 0.25, 0.5, 0.75,
    }  # fmt: skip
    assert copies_across(corpus, "performer") == copies_across(corpus, "label") == []


def test_hdm05_is_as_its_page_says(corpus_folder: Path) -> None:
    corpus = at_hand("hdm05-11", corpus_folder)
    assert corpus.split.sizes == {"train": 188, "validation": 0, "test": 99}
    assert {m.performer for m in corpus.part("train")} == {"bd", "bk", "dg"}
    assert {m.performer for m in corpus.part("test")} == {"mm", "tr"}
    for part in ("train", "test"):
        assert len({m.label for m in corpus.part(part)}) == 11
    summary = summarize(corpus.pieces)
    assert (summary.shortest_frames, summary.longest_frames) == (56, 901)
    heights = [float(np.median(np.ptp(m.frames[..., 1], axis=1))) for m in corpus.pieces]
    assert 1.2 < float(np.median(heights)) < 2.0  # metres, from the toes to the head
    assert copies_across(corpus, "performer") == []


def test_violin_strokes_are_as_their_page_says(corpus_folder: Path) -> None:
    corpus = at_hand("violin-bow-strokes", corpus_folder)
    assert len(corpus.pieces) == 1175
    assert {m.frames.shape for m in corpus.pieces} == {(150, 3, 3)}
    takes = Counter(m.session for m in corpus.pieces)
    assert len(takes) == 40
    assert set(takes.values()) == {28, 29, 30}
    assert any("1,135 of 1,135" in remark for remark in corpus.manifest.remarks)
    assert set(Counter(m.performer for m in corpus.pieces).values()) == {234, 235, 236}


def test_words_are_as_their_page_says(corpus_folder: Path) -> None:
    corpus = at_hand("articulary-words", corpus_folder)
    assert corpus.split.sizes == {"train": 275, "validation": 0, "test": 300}
    for part, count in (("train", 11), ("test", 12)):
        labels = Counter(m.label for m in corpus.part(part))
        assert len(labels) == 25
        assert set(labels.values()) == {count}
    frames = {m.frames.tobytes() for m in corpus.pieces}
    assert len(frames) == 575
    assert {m.frames.shape for m in corpus.pieces} == {(144, 3, 3)}
