"""The simple agent as it ships, on folk tunes that it has never met."""

from __future__ import annotations

import pytest

from chromasonic.formats.typed_notes import read_typed_notes
from chromasonic.harmonization.agents import SHIPPED, load_agent
from chromasonic.harmonization.melodies import melody_of_tune
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.models_directory import FILES, read_metadata
from chromasonic.harmonization.reward import breaches
from chromasonic.harmonization.simple import SimpleAgent
from chromasonic.harmonization.simple_report import share_of_ceiling
from chromasonic.harmonization.two_voices_rules import TWO_VOICE_RULES
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre

FOLK = {
    "Twinkle": (
        "C5 C5 G5 G5 | A5 A5 G5:2 | F5 F5 E5 E5 | D5 D5 C5:2 | G5 G5 F5 F5 | E5 E5 D5:2 | "
        "G5 G5 F5 F5 | E5 E5 D5:2 | C5 C5 G5 G5 | A5 A5 G5:2 | F5 F5 E5 E5 | D5 D5 C5:2",
        Key("C", "major"), Metre(4, 4),
    ),
    "Scarborough Fair": (
        "A4:2 A4 | E5 E5 E5 | B4:1.5 C5:1/2 B4 | A4:3 | R E5 G5 | A5:2 G5 | E5 F#5 D5 | E5:3 | "
        "R A5 A5 | A5 G5:2 | E5 E5 D5 | C5 B4 G4 | G4 A4:2 | E5 D5 C5 | B4 A4 G4 | A4:3",
        Key("A", "dorian"), Metre(3, 4),
    ),
    "Drunken Sailor": (
        "A4 A4:1/2 A4:1/2 A4 A4:1/2 A4:1/2 | A4 D4 F4 A4 | G4 G4:1/2 G4:1/2 G4 G4:1/2 G4:1/2 | "
        "G4 C4 E4 G4 | A4 A4:1/2 A4:1/2 A4 A4:1/2 A4:1/2 | A4 B4 C5 D5 | C5 A4 G4 E4 | D4:2 D4:2",
        Key("D", "dorian"), Metre(4, 4),
    ),
    "Old Joe Clark": (
        "E5 F#5:1/2 G5:1/2 E5 D5 | C#5 B4 C#5:1/2 D5:1/2 C#5 | E5 F#5:1/2 G5:1/2 E5 D5 | "
        "C#5 B4 A4:2 | A4 A4 B4:1/2 A4:1/2 G4 | A4 A4 B4:1/2 C#5:1/2 E5 | "
        "A4 A4 B4:1/2 A4:1/2 G4 | C#5 B4 A4:2",
        Key("A", "mixolydian"), Metre(4, 4),
    ),
    "Greensleeves": (
        "A4:1/2 | C5 D5:1/2 E5:3/4 F5:1/4 E5:1/2 | D5 B4:1/2 G4:3/4 A4:1/4 B4:1/2 | "
        "C5 A4:1/2 A4:3/4 G#4:1/4 A4:1/2 | B4 G#4:1/2 E4 A4:1/2 | "
        "C5 D5:1/2 E5:3/4 F5:1/4 E5:1/2 | D5 B4:1/2 G4:3/4 A4:1/4 B4:1/2 | "
        "C5:3/4 B4:1/4 A4:1/2 G#4:3/4 F#4:1/4 G#4:1/2 | A4 A4:1/2 A4",
        Key("A", "minor"), Metre(6, 8),
    ),
    "Row, row": (
        "C4:1.5 C4:1.5 | C4 D4:1/2 E4:1.5 | E4 D4:1/2 E4 F4:1/2 | G4:3 | "
        "C5:1/2 C5:1/2 C5:1/2 G4:1/2 G4:1/2 G4:1/2 | E4:1/2 E4:1/2 E4:1/2 C4:1/2 C4:1/2 C4:1/2 | "
        "G4 F4:1/2 E4 D4:1/2 | C4:3",
        Key("C", "major"), Metre(6, 8),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def folk() -> list[Melody]:
    return [
        melody_of_tune(read_typed_notes(notes, key=key, metre=metre, title=title), key=key)
        for title, (notes, key, metre) in FOLK.items()
    ]


@pytest.fixture(scope="module")
def agent() -> SimpleAgent:
    found = load_agent("simple")
    assert isinstance(found, SimpleAgent)
    return found


def test_it_reaches_97_percent_of_the_optimum_on_folk_tunes(
    agent: SimpleAgent, folk: list[Melody]
) -> None:
    found = share_of_ceiling(agent, folk)
    assert found["share of the ceiling"] > 0.97
    assert found["share of the optimum"] > 0.97


def test_its_tables_alone_reach_97_percent_of_the_ceiling(
    agent: SimpleAgent, folk: list[Melody]
) -> None:
    alone = SimpleAgent(agent.model, beats_ahead=0)
    assert share_of_ceiling(alone, folk)["share of the ceiling"] > 0.97


def test_it_writes_no_parallels_and_ends_each_tune_on_its_tonic(
    agent: SimpleAgent, folk: list[Melody]
) -> None:
    grave = {"parallel_fifths", "parallel_octaves", "final", "dissonance", "doubled_leading_tone"}
    for melody in folk:
        made = agent.harmonize(melody)
        names = {b.rule.name for b in breaches(made.voicings, melody.beats, TWO_VOICE_RULES)}
        assert not names & grave, melody.title


def test_most_of_its_steps_are_contrary_to_the_melody(
    agent: SimpleAgent, folk: list[Melody]
) -> None:
    contrary = moving = 0
    for melody in folk:
        lines = agent.harmonize(melody).voicings.pitches
        upper = melody.beats.pitch[1:] - melody.beats.leaving[:-1]
        lower = lines[1:, 1] - lines[:-1, 1]
        contrary += int((upper * lower < 0).sum())
        moving += int(((upper != 0) & (lower != 0)).sum())
    assert contrary / moving > 0.8


def test_the_shipped_file_is_small_and_has_its_metadata() -> None:
    assert (SHIPPED / FILES["simple"].model).stat().st_size < 1_000_000
    metadata = read_metadata(SHIPPED, "simple")
    assert metadata.episodes == 10_000
    assert metadata.seed == 0
