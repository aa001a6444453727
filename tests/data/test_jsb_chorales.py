"""JSB chorales: the published split, four voices, files that are damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chromasonic.data.jsb_chorales import FILE, read_jsb_chorales
from chromasonic.errors import CorpusError

C_MAJOR, G_MAJOR = [72, 67, 64, 48], [71, 67, 62, 55]


def write(root: Path, **parts: Any) -> Path:
    """A small corpus in the corpus's own layout."""
    content = {"train": [[C_MAJOR] * 4 + [G_MAJOR] * 4], "valid": [[G_MAJOR] * 4], "test": []}
    (root / FILE).write_text(json.dumps({**content, **parts}))
    return root


def test_chorales_are_four_voices_with_the_split_of_the_file(tmp_path: Path) -> None:
    reading = read_jsb_chorales(write(tmp_path, test=[[[-1, 60, 60, -1]] * 8]))
    assert [piece.id for piece in reading.pieces] == [
        "jsb-chorales/train/1", "jsb-chorales/valid/1", "jsb-chorales/test/1",
    ]  # fmt: skip
    assert reading.split is not None
    assert reading.split.validation == ("jsb-chorales/valid/1",)
    first = reading.pieces[0]
    assert first.pitches.tolist()[3:5] == [C_MAJOR, G_MAJOR]  # type: ignore[attr-defined]
    counts = reading.pieces[2].pitch_class_shares()  # type: ignore[attr-defined]
    assert counts[0].tolist() == [2.0, *[0.0] * 11]
    assert reading.missing == 228 + 75 + 76


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "no list of steps, or empty"),
        ("x", "no list of steps, or empty"),
        ([[60, 60, 60]], "step 0 is .*four pitches are wanted"),
        ([C_MAJOR, [60, None, 60, 60]], "step 1 is .*four pitches are wanted"),
        ([[60, 60, 60, True]], "four pitches are wanted"),
        ([[60, 60, 60, 128]], "has the pitch 128"),
        ([[60, 60, 60.5, 60]], "has the pitch 60.5"),
        ([[60, 60, float("nan"), 60]], "has the pitch nan"),
    ],
)
def test_a_damaged_chorale_is_skipped_with_its_reason(
    tmp_path: Path, rows: Any, reason: str
) -> None:
    reading = read_jsb_chorales(write(tmp_path, train=[[C_MAJOR] * 4, rows]))
    assert len(reading.pieces) == 2
    assert [item.reference for item in reading.skipped] == [f"{FILE}: train[1]"]
    assert __import__("re").search(reason, reading.skipped[0].reason)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{'train'", "is no JSON"),
        ("", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[1, 2]", "is not the JSB chorales"),
        ('{"train": [], "valid": {}, "test": []}', "is not the JSB chorales"),
        ('{"train": []}', "a JSON object with the lists train, valid, test is wanted"),
    ],
)
def test_a_file_that_is_something_else_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(CorpusError, match=message):
        read_jsb_chorales(tmp_path)


def test_an_absent_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="Cannot read"):
        read_jsb_chorales(tmp_path)


@pytest.mark.corpus
def test_the_real_corpus_has_the_published_sizes(corpus_folder: Path) -> None:
    reading = read_jsb_chorales(corpus_folder / "jsb-chorales")
    assert reading.split is not None
    assert reading.split.sizes == {"train": 229, "validation": 76, "test": 77}
    steps = dict.fromkeys(("train", "valid", "test"), 0)
    for piece in reading.pieces:
        steps[piece.id.split("/")[1]] += len(piece)  # type: ignore[arg-type]
    assert steps == {"train": 55_228, "valid": 18_408, "test": 18_900}
    assert not reading.skipped
    assert np.concatenate([p.pitches for p in reading.pieces]).min() == -1  # type: ignore[attr-defined]
