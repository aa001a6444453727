"""A pattern that goes round: what is written stays, what the model says comes on top."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chromasonic.companion.groove_humanizing import HumanizeSettings
from chromasonic.companion.groove_pattern import Pattern, humanize_pattern
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.spec import SPECS
from chromasonic.errors import ConfigError, UsageError
from chromasonic.formats.midi_events import parse_midi

KICK, SNARE, HAT = 36, 38, 42


def drummer(velocity: float, offset: float) -> CompanionNetwork:
    """A model that says the same of every step."""
    network = CompanionNetwork(SPECS["groove_predictor"])
    with torch.no_grad():
        for layer in network.layers:
            layer.weight.zero_()
            layer.bias.zero_()
        network.layers[-1].bias[:16] = velocity / 127
        network.layers[-1].bias[16:] = offset
    return network


def test_nothing_of_the_model_is_the_pattern_as_written() -> None:
    pattern = Pattern(hits=[(0, KICK, 100), (4, SNARE, 120), (6, SNARE, 60)], tempo_bpm=120)
    played = humanize_pattern(pattern, drummer(30, 0.3), HumanizeSettings(velocity=0.0, timing=0.0))
    assert played.new_velocity.tolist() == [100, 120, 60]
    assert played.shift_ms.tolist() == [0, 0, 0]
    assert played.onset_seconds.tolist() == [0.0, 0.5, 0.75]  # a sixteenth is an eighth second


def test_a_hit_on_the_first_step_may_come_early() -> None:
    pattern = Pattern(hits=[(0, KICK, 100), (8, SNARE, 100)], tempo_bpm=120)
    played = humanize_pattern(pattern, drummer(90, -0.2))
    assert played.new_onset_seconds == pytest.approx([-0.025, 0.975], abs=2e-4)
    file = parse_midi(played.midi(is_humanized=True), "the file")
    assert [note.onset for note in file.notes] == [0, round(0.975 * 2 * 960)]


def test_accents_and_ghost_notes_stay_in_proportion() -> None:
    hits = [(0, HAT, 100), (2, HAT, 120), (4, HAT, 60)]
    played = humanize_pattern(Pattern(hits=hits), drummer(80, 0.0))
    assert played.new_velocity.tolist() == [80, 96, 48]


@pytest.mark.parametrize(
    ("swung", "swing", "quarters"),
    [
        (8, 66.666_667, [0, 1 / 3, 2 / 3, 5 / 6, 1]),
        (16, 60, [0, 0.3, 0.5, 0.8, 1]),
        (16, 50, [0, 0.25, 0.5, 0.75, 1]),
    ],
)
def test_swing_lengthens_the_first_of_each_pair(
    swung: int, swing: float, quarters: list[float]
) -> None:
    pattern = Pattern(hits=[(0, HAT, 100)], tempo_bpm=60, swing=swing, swung=swung)
    assert pattern.seconds_of_steps(np.arange(5)) == pytest.approx(quarters, abs=1e-6)


def test_the_file_lasts_as_long_as_the_round() -> None:
    played = humanize_pattern(Pattern(hits=[(0, KICK, 100)], bars=2, tempo_bpm=120), drummer(90, 0))
    data = played.midi(is_humanized=False)
    end = data.index(b"MTrk") + 8 + int.from_bytes(data[18:22], "big")
    # The first track's last message is its end, 4 seconds (8 quarters of 960 ticks) in.
    assert data[end - 5 : end] == b"\xbc\x00\xff\x2f\x00"  # 7680 as a variable length: BC 00


@pytest.mark.parametrize(("metre", "numbers"), [("3/4", (3, 4)), ("6/8", (6, 8))])
def test_a_bar_of_twelve_steps_is_the_first_twelve_that_the_model_sees(
    metre: str, numbers: tuple[int, int]
) -> None:
    """Each step is struck by its place in its own bar, the second bar like the first."""
    network = drummer(90, 0.0)
    with torch.no_grad():
        network.layers[-1].bias[:16] = torch.arange(40, 56) / 127
    hits = [(step, KICK, 100) for step in range(24)]
    pattern = Pattern(hits=hits, bars=2, tempo_bpm=120, metre=metre)
    assert pattern.seconds == 3.0  # six quarters
    played = humanize_pattern(pattern, network)
    assert played.step.tolist() == list(range(24))
    assert played.new_velocity.tolist() == [*range(40, 52), *range(40, 52)]
    file = parse_midi(played.midi(is_humanized=True), "the file")
    assert file.metres == [(0, *numbers)]
    with pytest.raises(UsageError, match="steps 0 to 11"):
        Pattern(hits=[(12, KICK, 100)], metre=metre)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"bars": 3}, "bars is 3; allowed: 1, 2 or 4"),
        ({"tempo_bpm": 9}, "tempo_bpm is 9; allowed: 30 to 300"),
        ({"tempo_bpm": float("nan")}, "tempo_bpm is nan"),
        ({"swing": 80}, "swing is 80"),
        ({"swung": 12}, "swung is 12"),
        ({"metre": "7/8"}, "metre is 7/8; allowed: 4/4, 3/4, 6/8"),
    ],
)
def test_what_no_pattern_has_is_refused(values: dict[str, float], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Pattern(hits=[(0, KICK, 100)], **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hits", "words"),
    [
        ([], "no hit yet"),
        ([(16, KICK, 100)], "steps 0 to 15"),
        ([(0, 128, 100)], "drums 0 to 127"),
        ([(0, KICK, 0)], "velocity 1 to 127"),
        ([(0, KICK, 100), (0, KICK, 90)], "two hits of one drum"),
    ],
)
def test_hits_outside_are_refused(hits: list[tuple[int, int, int]], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Pattern(hits=hits)
