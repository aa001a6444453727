"""Tunes as plain JSON: what goes in comes out, and nothing else gets in."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from chromasonic.errors import FormatError
from chromasonic.formats.abc import read_abc_voices
from chromasonic.formats.melodies import load_melody
from chromasonic.formats.tune_document import MAX_BARS, tune_document, tune_of_document

EXAMPLES = sorted(Path("examples/harmonize").glob("*.abc"))
REPEATS = "X:1\nT:Repeats\nM:3/4\nL:1/4\nQ:3/4=60\nK:Bb\nF|:B2 c|[1 !fermata!d2 z:|[2 ^c- c2||"


def tune() -> Any:
    return read_abc_voices(REPEATS, source="mine")[0].tune


def test_a_tune_comes_back_through_json_as_it_was() -> None:
    tunes = [tune(), *(load_melody(path) for path in EXAMPLES)]
    assert len(tunes) > 5
    for one in tunes:
        back = tune_of_document(json.loads(json.dumps(tune_document(one))), id=one.id)
        assert back == one or back.bars == tuple(
            bar.__class__(**{f: getattr(bar, f) for f in bar.__slots__ if f != "chords"})
            for bar in one.bars
        )
        assert [note.name for note in back.notes()] == [note.name for note in one.notes()]


def broken(path: list[Any], value: Any) -> dict[str, Any]:
    document = copy.deepcopy(tune_document(tune()))
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["bars"], []),
        (["bars"], None),
        (["bars", 0, "metre"], "3/5"),
        (["bars", 0, "key"], ["H", "major"]),
        (["bars", 0, "notes", 0], [1, 60]),
        (["bars", 0, "notes", 0, 0], 0),
        (["bars", 0, "notes", 0, 0], 1e30),
        (["bars", 0, "notes", 0, 1], 128),
        (["bars", 0, "notes", 0, 1], True),
        (["bars", 0, "notes", 0, 1], "60"),
        (["bars", 0, "notes", 0, 4], "F" * 50),
        (["bars", 1, "closes"], 10_000),
        (["tempo"], float("nan")),
        (["bars"], [{"metre": None, "key": ["C", "major"], "notes": []}] * (MAX_BARS + 1)),
    ],
)
def test_anything_else_is_refused(path: list[Any], value: Any) -> None:
    with pytest.raises(FormatError):
        tune_of_document(broken(path, value))
