"""The simple agent: its states, its model's file, and what it sings."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chromasonic.errors import CheckpointError, ConfigError
from chromasonic.formats.typed_notes import read_typed_notes
from chromasonic.harmonization.melodies import melody_of_tune
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.model_document import checksum
from chromasonic.harmonization.simple import SimpleAgent
from chromasonic.harmonization.simple_model import SimpleModel, pruned, read_model, write_model
from chromasonic.harmonization.simple_settings import SimpleSettings
from chromasonic.harmonization.simple_stage import transposed
from chromasonic.harmonization.simple_states import (
    NO_BEAT,
    TABLES,
    keys_of_melody,
    packed,
    packed_one,
    unpacked,
)
from chromasonic.harmonization.two_voices import (
    TWO_VOICE_REWARD,
    candidates_of_two,
    exact_of_two,
    greedy_of_two,
)
from chromasonic.harmonization.voicings import NO_CHORD
from chromasonic.music.key import Key


def melody_from(notes: str, key: Key) -> Melody:
    return melody_of_tune(read_typed_notes(notes, key=key), key=key)


@pytest.fixture(scope="module")
def melody() -> Melody:
    return melody_from("G4 | C5 D5 E5 C5 | F5 E5 D5^ G5 | E5 C5 D5 B4 | C5:2", Key("C", "major"))


EMPTY = SimpleModel(settings=SimpleSettings(), values={name: {} for name in TABLES})


def test_a_key_says_what_the_features_page_says(melody: Melody) -> None:
    beats = melody.beats
    sets = candidates_of_two(melody)
    keys = keys_of_melody(beats, sets)
    assert len(keys) == len(beats) - 1
    # On F5 (the sixth beat) over D4: D is 2 above C, an octave and a third below F5; next E5, D5.
    row = sets[5].pitches[:, 1].tolist().index(62)
    told = {
        name: dict(zip(names, unpacked(int(key), len(names)), strict=True))
        for (name, names), key in zip(TABLES.items(), keys[5][row], strict=True)
    }
    assert told["step"] == {"minor": 0, "degree": 2, "interval": 15, "move1": -1, "place1": 0}
    assert told["two steps"]["move2"] == -2
    assert told["two steps"]["place2"] == 2  # D5 has the fermata
    assert told["outlook"]["class"] == 3
    assert told["outlook"]["move3"] == 4  # a fourth up to G5, as far as it is told
    assert told["outlook"]["place3"] == 1
    assert told["height"] == {"pitch": 62, "interval": 15, "move1": -1, "way2": -1}
    assert [told["register"][f"way{i}"] for i in (1, 2, 3, 4)] == [-1, -1, 2, -2]


def test_near_the_end_the_key_says_that_there_is_no_beat(melody: Melody) -> None:
    keys = keys_of_melody(melody.beats, candidates_of_two(melody))
    names = TABLES["outlook"]
    last = dict(zip(names, unpacked(int(keys[-1][0][2]), len(names)), strict=True))
    assert last["move1"] == 1
    assert (last["move2"], last["move3"]) == (NO_BEAT, NO_BEAT)


def test_keys_about_intervals_are_the_same_in_every_key(melody: Melody) -> None:
    tables = [i for i, names in enumerate(TABLES.values()) if "pitch" not in names]
    higher = transposed(melody, 2)
    at_home, moved = candidates_of_two(melody), candidates_of_two(higher)
    for beat, (keys, others) in enumerate(
        zip(
            keys_of_melody(melody.beats, at_home),
            keys_of_melody(higher.beats, moved),
            strict=True,
        )
    ):
        rows = {pitch: row for row, pitch in enumerate(moved[beat].pitches[:, 1].tolist())}
        for row, pitch in enumerate(at_home[beat].pitches[:, 1].tolist()):
            if pitch + 2 in rows:
                assert keys[row, tables].tolist() == others[rows[pitch + 2], tables].tolist()


def test_features_go_into_a_key_and_come_back() -> None:
    features = [1, 11, -12, 60, -7, 50, 4]
    key = int(packed(features))
    assert unpacked(key, 7) == features
    assert packed_one(features) == key
    with pytest.raises(ValueError, match="108 is no feature"):
        packed_one([108])


def test_it_sings_two_voices_and_says_what_they_pay(melody: Melody) -> None:
    made = SimpleAgent(EMPTY).harmonize(melody)
    assert made.agent == "simple"
    assert made.voicings.pitches.shape == (len(melody), 2)
    assert made.voicings.pitches[:, 0].tolist() == melody.beats.pitch.tolist()
    assert (made.voicings.chord == NO_CHORD).all()
    assert made.reward == pytest.approx(TWO_VOICE_REWARD.of_path(made.voicings, melody.beats))


def test_without_tables_and_without_looking_ahead_it_is_the_greedy_one(melody: Melody) -> None:
    made = SimpleAgent(EMPTY, beats_ahead=0).harmonize(melody)
    assert made.voicings.pitches.tolist() == greedy_of_two(melody).voicings.pitches.tolist()


def test_looking_ahead_to_the_end_it_is_the_exact_one() -> None:
    short = melody_from("G4 A4 B4 G4 | A4 F#4 G4:2", Key("G", "major"))
    made = SimpleAgent(EMPTY, beats_ahead=len(short)).harmonize(short)
    assert made.reward == pytest.approx(exact_of_two(short).reward, abs=1e-5)


def test_an_entry_draws_the_voice_to_it(melody: Melody) -> None:
    sets = candidates_of_two(melody)
    keys = keys_of_melody(melody.beats, sets)
    wanted = sets[3].pitches[:, 1].tolist().index(48)
    values: dict[str, dict[int, float]] = {name: {} for name in TABLES}
    values["height"][int(keys[3][wanted][3])] = 1000.0
    drawn = SimpleAgent(SimpleModel(settings=SimpleSettings(), values=values), beats_ahead=0)
    assert drawn.harmonize(melody).voicings.pitches[3, 1] == 48


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    values = {
        name: {
            packed_one(rng.integers(-7, 60, len(names)).tolist()): float(rng.normal())
            for _ in range(50)
        }
        for name, names in TABLES.items()
    }
    model = SimpleModel(settings=SimpleSettings(episodes=7, seed=3), values=values)
    return write_model(tmp_path / "model.json", model)


def test_a_model_that_was_written_is_read_as_it_was(saved: Path, tmp_path: Path) -> None:
    model = read_model(saved)
    assert model.settings == SimpleSettings(episodes=7, seed=3)
    assert model.entries == 5 * 50
    again = write_model(tmp_path / "again.json", model)
    assert again.read_bytes() == saved.read_bytes()


def test_the_file_can_be_read_by_people_and_by_json(saved: Path) -> None:
    content = json.loads(saved.read_text())
    assert content["version"] == 1
    assert content["tables"]["step"]["key"] == list(TABLES["step"])
    key, value = next(iter(content["tables"]["step"]["values"].items()))
    assert len(key.split()) == 5
    assert abs(value) < 10
    assert content["features"]["degree"].startswith("semitones")


def test_a_file_that_was_laid_out_anew_is_still_the_same_model(saved: Path) -> None:
    model = read_model(saved)
    saved.write_text(json.dumps(json.loads(saved.read_text()), indent=4))
    assert read_model(saved).values == model.values


def _cut(text: str) -> str:
    return text[: len(text) // 2]


def _edited(text: str) -> str:
    content = json.loads(text)
    values = content["tables"]["step"]["values"]
    values[next(iter(values))] += 1.0
    return json.dumps(content)


def _of_another_version(text: str) -> str:
    return json.dumps({**json.loads(text), "version": 2})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_cut, "JSON that breaks off"),
        (_edited, "has been changed since it was written"),
        (_of_another_version, "version 2; this release reads 1"),
        (lambda text: "[" * 100_000, "no JSON"),
        (lambda text: "{}", "no chromasonic simple contrary motion"),
        (lambda text: "[1, 2]", "no chromasonic simple contrary motion"),
        (lambda text: "", "no JSON"),
    ],
)
def test_a_damaged_model_is_refused_with_a_next_step(saved: Path, damage, message: str) -> None:
    saved.write_text(damage(saved.read_text()))
    with pytest.raises(CheckpointError, match=message) as caught:
        SimpleAgent.load(saved)
    assert "chromasonic train harmonizer --agent simple" in str(caught.value)
    assert str(saved) in str(caught.value)


def _resealed(path: Path, change) -> None:
    content = json.loads(path.read_text())
    content.pop("checksum")
    change(content)
    path.write_text(json.dumps({**content, "checksum": checksum(content)}))


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("tables"),
        lambda content: content["tables"].pop("height"),
        lambda content: content["tables"]["step"]["values"].update({"1 2 3": 0.5}),
        lambda content: content["tables"]["step"]["values"].update({"1 2 3 4 900": 0.5}),
        lambda content: content["tables"]["step"]["values"].update({"1 2 3 4 x": 0.5}),
        lambda content: content["tables"]["step"]["values"].update({"1 2 3 4 5": "much"}),
        lambda content: content["settings"].update({"discount": 7}),
        lambda content: content["settings"].update({"colour": 7}),
        lambda content: content.update({"settings": None}),
    ],
)
def test_even_a_sealed_file_must_hold_tables_that_can_be_used(saved: Path, change) -> None:
    _resealed(saved, change)
    with pytest.raises(CheckpointError, match="no tables that can be used"):
        read_model(saved)


def test_a_model_of_other_rules_is_refused(saved: Path) -> None:
    _resealed(saved, lambda content: content["rules"].update({"contrary": -2.0}))
    with pytest.raises(CheckpointError, match="other rules"):
        read_model(saved)


def test_a_missing_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="No such file"):
        read_model(tmp_path / "nothing.json")


def test_pruning_keeps_what_says_most() -> None:
    values = {"a": {1: 0.5, 2: -3.0}, "b": {1: 1.0, 4: -0.1}}
    assert pruned(values, 2) == {"a": {2: -3.0}, "b": {1: 1.0}}
    assert pruned(values, 9) == values


@pytest.mark.parametrize(
    "wrong",
    [
        {"episodes": 0}, {"discount": 1.5}, {"first_rate": 0.0}, {"last_rate": 0.9},
        {"exploration": -0.1}, {"transposition": 12}, {"beats_ahead": 9}, {"save_every": 0},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(wrong: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        replace(SimpleSettings(), **wrong)


def test_the_agent_needs_none_of_the_slow_libraries() -> None:
    code = (
        "import sys; import chromasonic.harmonization.simple; "
        "print([name for name in ('torch', 'matplotlib', 'gymnasium', 'music21', 'scipy') "
        "if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
