"""Humanized drums keep every promise, whatever the file and whatever the model says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.companion.groove_humanizing import HumanizeSettings, humanize
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.spec import SPECS
from chromasonic.errors import ConfigError
from chromasonic.formats.drum_pattern import drum_pattern_midi
from chromasonic.formats.midi_drums import DrumFile
from chromasonic.formats.midi_events import parse_midi

BEAT = """
tempo 120
hat    x.x.x.x.x.x.x.x. | x.x.x.x.x.x.x.x.
snare  ....x.......x... | ....x.......x...
kick   x.......x.x..... | x.......x.......
"""


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


def wild_drummer(seed: int) -> CompanionNetwork:
    """A model that says anything, far beyond what there is."""
    torch.manual_seed(seed)
    network = CompanionNetwork(SPECS["groove_predictor"])
    with torch.no_grad():
        for layer in network.layers:
            layer.weight.mul_(4)
    return network


def beat() -> DrumFile:
    return DrumFile(drum_pattern_midi(BEAT), "beat")


def midi_of(hits: list[tuple[int, int, int, int]], division: int = 96) -> DrumFile:
    """A file of (onset, length, pitch, velocity)."""
    messages = []
    for onset, length, pitch, velocity in hits:
        messages += [(onset, 1, bytes((0x99, pitch, velocity)))]
        messages += [(onset + length, 0 if length else 2, bytes((0x89, pitch, 0)))]
    track, last = bytearray(), 0
    for tick, _, message in sorted(messages):
        delta, last = tick - last, tick
        track += bytes((0x80 | delta >> 14 & 0x7F, 0x80 | delta >> 7 & 0x7F, delta & 0x7F))
        track += message
    track += b"\0\xff\x2f\0"
    header = b"MThd" + (6).to_bytes(4, "big") + b"\0\0\0\1" + division.to_bytes(2, "big")
    return DrumFile(header + b"MTrk" + len(track).to_bytes(4, "big") + bytes(track), "made")


def test_each_hit_goes_where_the_model_says() -> None:
    played = humanize(beat(), drummer(50, 0.1))
    alone = np.isin(played.quarters, [0.5, 1.5, 3.5, 4.5])  # off-beats: the hat alone
    assert (played.new_velocity[alone] == 50).all()
    # A tenth of a sixteenth at 120 a minute is 12.5 ms.
    assert played.shift_ms == pytest.approx(12.5, abs=0.6)
    assert played.new_quarters - played.quarters == pytest.approx(0.025, abs=0.0011)


def test_amount_0_changes_nothing_and_half_goes_half_way() -> None:
    still = humanize(beat(), wild_drummer(0), HumanizeSettings(amount=0))
    assert (still.new_velocity == still.velocity).all()
    assert (still.new_quarters == still.quarters).all()
    half = humanize(beat(), drummer(50, 0.2), HumanizeSettings(amount=0.5))
    assert half.new_velocity[1] == 75
    assert half.shift_ms[-1] == pytest.approx(12.5, abs=0.6)
    only = humanize(beat(), drummer(50, 0.2), HumanizeSettings(timing=0))
    assert (only.shift_ms == 0).all()
    assert only.new_velocity[1] != 100


def test_where_drums_meet_the_softer_one_is_softer() -> None:
    played = humanize(beat(), drummer(100, 0))
    meets = played.quarters == 1  # snare and hat on the second beat
    by_drum = dict(zip(played.pitch[meets], played.new_velocity[meets], strict=True))
    assert by_drum == {38: 100, 42: 96}


def test_a_flam_moves_as_one_and_keeps_its_relation() -> None:
    file = midi_of([(90, 5, 38, 50), (96, 5, 38, 100)])  # the grace note a quarter step early
    played = humanize(file, drummer(60, 0.3))
    assert played.new_velocity.tolist() == [30, 60]
    assert not played.is_meant.any()
    moved = played.new_quarters - played.quarters
    assert moved[0] == moved[1] == pytest.approx(0.075, abs=0.001)


def test_triplets_are_left_in_time_and_struck_anew() -> None:
    file = midi_of([(0, 5, 42, 100), (32, 5, 42, 100), (64, 5, 42, 100)])
    played = humanize(file, drummer(60, 0.1))
    assert played.is_meant.tolist() == [False, True, True]
    assert played.shift_ms[1:] == pytest.approx([0, 0])
    assert (played.new_velocity == 60).all()


def test_quantizing_takes_the_nearest_sixteenth_or_triplet() -> None:
    file = midi_of([(2, 5, 42, 100), (34, 5, 42, 100), (95, 5, 42, 100)])
    played = humanize(file, drummer(100, 0), HumanizeSettings(quantize=True))
    assert played.new_quarters == pytest.approx([0, 1 / 3, 1], abs=0.001)


def test_looseness_is_as_its_seed_and_differs_from_bar_to_bar() -> None:
    loose = HumanizeSettings(looseness=1, seed=7)
    first, again = (humanize(beat(), drummer(80, 0), loose) for _ in range(2))
    other = humanize(beat(), drummer(80, 0), HumanizeSettings(looseness=1, seed=8))
    assert first.data == again.data != other.data
    shifts = first.shift_ms
    assert 5 < shifts[1:].std() < 30  # a drummer's own spread is about 14 ms
    together = first.quarters == 1
    assert np.ptp(shifts[together]) == 0  # what is struck together stays together


def test_a_coarse_file_gets_ticks_enough_for_an_offset() -> None:
    played = humanize(midi_of([(0, 1, 38, 100), (4, 1, 38, 100)], division=4), drummer(80, 0.1))
    assert played.ticks_per_quarter == 480
    assert played.new_quarters[1] == pytest.approx(1.025, abs=0.002)


@pytest.mark.parametrize(
    "wrong", [{"amount": -1}, {"timing": 5}, {"looseness": float("nan")}, {"seed": -1}]
)
def test_settings_that_mean_nothing_are_refused(wrong: dict) -> None:
    with pytest.raises(ConfigError, match="allowed"):
        HumanizeSettings(**wrong)


hits_of_a_file = st.lists(
    st.tuples(
        st.integers(0, 400), st.integers(0, 60), st.sampled_from([36, 38, 42]), st.integers(1, 127)
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(
    hits_of_a_file,
    st.sampled_from([1, 7, 24, 96, 480, 960]),
    st.integers(0, 5),
    st.floats(0, 4),
    st.booleans(),
)
def test_the_promises_hold_for_any_file_and_any_model(
    hits: list[tuple[int, int, int, int]], division: int, seed: int, amount: float, quantize: bool
) -> None:
    file = midi_of(hits, division)
    loose = HumanizeSettings(amount=amount, looseness=2, quantize=quantize, seed=seed)
    played = humanize(file, wild_drummer(seed), loose)
    new = parse_midi(played.data, "new")
    assert len(new.notes) == len(hits)
    assert all(note.onset >= 0 and note.end > note.onset for note in new.notes)
    assert all(1 <= note.velocity <= 127 for note in new.notes)
    for pitch in set(played.pitch.tolist()):
        mine = played.pitch == pitch
        before, after = played.quarters[mine], played.new_quarters[mine]
        assert (np.diff(after)[np.diff(before) > 0] > 0).all()
        assert (np.diff(after) >= 0).all()
        written = [(note.onset, note.velocity) for note in new.notes if note.pitch == pitch]
        expected = np.round(after * new.ticks_per_quarter).astype(int)
        pairs = zip(expected.tolist(), played.new_velocity[mine].tolist(), strict=True)
        assert sorted(written) == sorted(pairs)
