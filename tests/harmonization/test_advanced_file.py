"""The advanced agent's model: readable, small, read back as written, refused when damaged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_melodies import melody_of

from chromasonic.errors import CheckpointError
from chromasonic.harmonization.advanced import AdvancedAgent
from chromasonic.harmonization.advanced_context import FIELDS, TABLES, first_rows
from chromasonic.harmonization.advanced_file import AdvancedModel, read_model, write_model
from chromasonic.harmonization.advanced_settings import AdvancedSettings

ROWS = int(first_rows()[-1])


def row_of(table: tuple[str, ...], *words: str) -> int:
    sizes = [len(FIELDS[name].values) for name in table]
    place = [FIELDS[name].values.index(word) for name, word in zip(table, words, strict=True)]
    return int(np.ravel_multi_index(place, sizes) + first_rows()[TABLES.index(table)])


@pytest.fixture
def model() -> AdvancedModel:
    values = np.zeros(ROWS)
    rng = np.random.default_rng(0)
    values[rng.choice(ROWS, 500, replace=False)] = rng.normal(size=500)
    values[row_of(("chord", "next", "place"), "major V7", "1", "down final")] = 1.25
    return AdvancedModel(values=values, settings=AdvancedSettings(seed=7), rules="some")


@pytest.fixture
def path(tmp_path, model) -> Path:
    return write_model(tmp_path / "model.json", model, np.ones(ROWS, bool))


def changed(path: Path, change) -> Path:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    return path


def test_a_model_is_read_back_as_written_but_for_rounding(path, model):
    found = read_model(path)
    np.testing.assert_allclose(found.values, model.values, atol=0.0005001)
    assert found.settings == model.settings
    assert found.rules == "some"


def test_a_person_finds_a_context_by_its_words(path):
    content = json.loads(path.read_text())
    [table] = [t for t in content["tables"] if t["fields"] == ["chord", "next", "place"]]
    assert table["rows"]["major V7"]["1"]["down final"] == 1.25
    assert "major V7" in content["fields"]["chord"]["values"]
    assert set(content["fields"]) == set(FIELDS)


def test_contexts_that_are_not_kept_are_not_written(tmp_path, model):
    is_kept = np.zeros(ROWS, bool)
    is_kept[row_of(("chord", "next", "place"), "major V7", "1", "down final")] = True
    found = read_model(write_model(tmp_path / "few.json", model, is_kept))
    assert np.count_nonzero(found.values) == 1


def test_a_model_brings_its_own_tables(tmp_path):
    tables = (("place",), ("chord", "next"))
    rows = int(first_rows(tables)[-1])
    model = AdvancedModel(
        values=np.linspace(-1, 1, rows), settings=AdvancedSettings(), rules="", tables=tables
    )
    path = write_model(tmp_path / "own.json", model, np.ones(rows, bool))
    found = read_model(path)
    assert found.tables == tables
    np.testing.assert_allclose(found.values, model.values, atol=0.0005001)
    assert len(AdvancedAgent.load(path).harmonize(melody_of([67, 65, 64])).voicings) == 3


def test_the_same_model_is_the_same_file(tmp_path, path, model):
    again = write_model(tmp_path / "again.json", model, np.ones(ROWS, bool))
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("part", [0.5, 0.999, 0.1])
def test_a_model_that_breaks_off_is_refused(path, part):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(CheckpointError, match=r"JSON that breaks off.*Train it again"):
        AdvancedAgent.load(path)


def test_a_model_that_was_edited_is_refused_unless_its_checksum_is_deleted(path):
    def edit(content):
        table = next(t for t in content["tables"] if t["fields"] == ["chord", "place"])
        table["rows"]["major V7"] = {"down": -9.5}

    changed(path, edit)
    with pytest.raises(CheckpointError, match=r'has been changed.*delete the entry "checksum"'):
        read_model(path)
    changed(path, lambda content: content.pop("checksum"))
    assert read_model(path).values[row_of(("chord", "place"), "major V7", "down")] == -9.5


def rows_of_chords(content):
    return next(table["rows"] for table in content["tables"] if table["fields"] == ["chord"])


def without_checksum(change):
    def both(content):
        change(content)
        content.pop("checksum", None)

    return both


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.update(version=2), "has version 2; this release reads 1"),
        (lambda c: c.update(format="a recipe"), "its format is 'a recipe'"),
        (lambda c: c.pop("tables"), "lacks 'tables'"),
        (lambda c: c["tables"].clear(), "tables of nothing"),
        (lambda c: c["tables"][0].update(fields=["weather"]), r"tables of \['weather'\]"),
        (lambda c: c["tables"][0].update(fields=[]), "tables of nothing"),
        (lambda c: c["tables"][0].update(fields=["chord"] * 9), "rows; at most"),
        (lambda c: c["settings"].update(discount=7), "discount is 7"),
        (lambda c: c["settings"].update(colour="red"), "Unknown key 'colour'"),
        (lambda c: rows_of_chords(c).update({"major XII": -1.0}), "'major XII' as a value"),
        (lambda c: rows_of_chords(c).update({"major V7": "much"}), "'much' where a number"),
        (lambda c: rows_of_chords(c).update({"major V7": float("nan")}), "not finite"),
        (lambda c: rows_of_chords(c).update({"major V7": 1e300}), "not finite"),
        (lambda c: c["tables"][-1]["rows"].update({"55": 3.0}), "what cannot be"),
    ],
)
def test_a_model_that_cannot_be_is_refused_with_what_is_wrong(path, change, message):
    changed(path, without_checksum(change))
    with pytest.raises(CheckpointError, match=message):
        AdvancedAgent.load(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no JSON"),
        (b"MThd\x00\x00\x00\x06", "a MIDI file"),
        (b"[1, 2]", "its format is 'list'"),
        (b"[" * 100_000, "Train it again"),
        (b"\xff\xfe{", "Train it again"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path, data, message):
    path = tmp_path / "model.json"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=message):
        read_model(path)


def test_a_model_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CheckpointError, match="No such file"):
        read_model(tmp_path / "none.json")


def test_an_agent_out_of_a_file_says_the_same_twice(path):
    melody = melody_of([67, 69, 71, 72, 67, 65, 62, 60], phrase_ends=[3])
    agent = AdvancedAgent.load(path)
    one, two = agent.harmonize(melody, seed=1), agent.harmonize(melody, seed=2)
    np.testing.assert_array_equal(one.voicings.pitches, two.voicings.pitches)
    np.testing.assert_array_equal(one.voicings.pitches[:, 0], melody.beats.pitch)
    assert one.agent == "advanced"


def test_loading_an_agent_brings_in_nothing_that_is_slow(path):
    program = (
        "import sys; from pathlib import Path;"
        "from chromasonic.harmonization.advanced import AdvancedAgent;"
        f"AdvancedAgent.load(Path({str(path)!r}));"
        "print(sorted({'torch', 'music21', 'gymnasium', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
