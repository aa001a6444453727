"""The advanced agent as it ships, on tunes that are no chorale."""

from __future__ import annotations

import json

import numpy as np
import pytest

from chromasonic.formats.typed_notes import read_typed_notes
from chromasonic.harmonization.advanced import AdvancedAgent
from chromasonic.harmonization.advanced_file import read_model
from chromasonic.harmonization.agents import SHIPPED, load_agent
from chromasonic.harmonization.baselines import expected_random_reward, harmonize_by_first_chord
from chromasonic.harmonization.exact import harmonize_exactly
from chromasonic.harmonization.melodies import melody_of_tune
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.models_directory import FILES, read_metadata, rules_fingerprint
from chromasonic.harmonization.reward import breaches
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre

MODEL = SHIPPED / FILES["advanced"].model
TUNES = {
    "Frere Jacques": (
        "F4 G4 A4 F4 | F4 G4 A4 F4 | A4 Bb4 C5:2 | A4 Bb4 C5:2 | "
        "C5:1/2 D5:1/2 C5:1/2 Bb4:1/2 A4 F4 | C5:1/2 D5:1/2 C5:1/2 Bb4:1/2 A4 F4 | "
        "F4 C4 F4:2 | F4 C4 F4:2",
        Key("F", "major"), Metre(4, 4),
    ),
    "In minor": (
        "E4 | A4 B4 C5 | B4:2 E4 | A4 G#4 A4 | B4:2 E5 | D5 C5 B4 | C5:2 A4 | A4 G#4 B4 | A4:2",
        Key("A", "minor"), Metre(3, 4),
    ),
    "In dorian": (
        "D4 F4 G4 A4 | B4 A4 G4:2 | A4 C5 B4 G4 | A4:4 | D5 C5 A4 G4 | F4 G4 A4:2 | "
        "G4 F4 E4 C4 | D4:4",
        Key("D", "dorian"), Metre(4, 4),
    ),
    "In mixolydian": (
        "G4 G4 A4 B4 | C5 B4 A4:2 | G4 F4 G4 A4 | B4 A4 G4:2 | D5 D5 C5 B4 | A4 G4 F4:2 | "
        "G4 A4 B4 A4 | G4:4",
        Key("G", "mixolydian"), Metre(4, 4),
    ),
    "In 6/8": (
        "D4:1/2 | G4 B4:1/2 A4 F#4:1/2 | G4:1.5 B4:1.5 | C5 B4:1/2 A4 G4:1/2 | F#4:1.5 D4 D4:1/2 | "
        "G4 B4:1/2 D5 B4:1/2 | C5:1.5 A4:1.5 | D5 B4:1/2 A4 F#4:1/2 | G4:1.5 G4",
        Key("G", "major"), Metre(6, 8),
    ),
}  # fmt: skip


def melody_named(title: str) -> Melody:
    notes, key, metre = TUNES[title]
    return melody_of_tune(read_typed_notes(notes, key=key, metre=metre, title=title), key=key)


@pytest.fixture(scope="module")
def agent() -> AdvancedAgent:
    found = load_agent("advanced")
    assert isinstance(found, AdvancedAgent)
    return found


@pytest.mark.parametrize("title", TUNES)
def test_it_reaches_92_percent_of_the_ceiling_in_every_mode_and_metre(agent, title):
    melody = melody_named(title)
    random, best = expected_random_reward(melody), harmonize_exactly(melody).reward
    found = agent.harmonize(melody)
    assert (found.reward - random) / (best - random) > 0.92
    assert found.reward > harmonize_by_first_chord(melody).reward


@pytest.mark.parametrize("title", TUNES)
def test_it_writes_no_gross_faults_and_ends_on_the_tonic(agent, title):
    melody = melody_named(title)
    found = agent.harmonize(melody)
    names = {breach.rule.name for breach in breaches(found.voicings, melody.beats)}
    assert not names & {"parallel_fifths", "parallel_octaves", "crossing", "final"}
    np.testing.assert_array_equal(found.voicings.pitches[:, 0], melody.beats.pitch)


def test_what_ships_is_small_whole_and_trained_under_the_rules_of_today():
    assert MODEL.stat().st_size < 1_000_000
    model = read_model(MODEL)
    assert "checksum" in json.loads(MODEL.read_text())
    assert model.settings.seed == 0
    assert model.rules == rules_fingerprint()


def test_its_metadata_ships_too():
    metadata = read_metadata(SHIPPED, "advanced")
    assert metadata.episodes == 10_700
    assert metadata.seed == 0
    assert metadata.best_reward > metadata.average_reward
