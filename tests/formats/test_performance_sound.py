"""Performances as sound: the pedal by hand, and what is played louder sounds louder."""

from __future__ import annotations

import numpy as np
import pytest

from chromasonic.errors import RenderError
from chromasonic.formats.audio import find_soundfont
from chromasonic.formats.log_mel import RATE_HZ
from chromasonic.formats.midi_events import parse_midi
from chromasonic.formats.midi_performance import performance_of
from chromasonic.formats.performance_sound import Player, ringing_seconds
from chromasonic.music.performance import PlayedNotes


def played(*notes: tuple[float, float, int], channel: int = 0) -> PlayedNotes:
    onset, end, pitch = (np.array(column) for column in zip(*notes, strict=True))
    zeros = np.zeros(len(notes), np.int64)
    return PlayedNotes(
        onset_seconds=onset.astype(float),
        end_seconds=end.astype(float),
        onset_quarters=onset.astype(float),
        pitch=pitch.astype(np.int64),
        velocity=zeros + 80,
        channel=zeros + channel,
        track=zeros,
        program=zeros,
    )


def test_notes_ring_until_the_pedal_is_lifted() -> None:
    notes = played((0.0, 1.0, 60), (0.5, 3.5, 64), (2.5, 2.8, 67), (4.5, 5.0, 72))
    pedals = ((0.2, 0, True), (3.0, 0, False), (4.0, 0, True), (6.0, 0, False))
    # The second is still held when the pedal goes up; the others wait for it.
    assert ringing_seconds(notes, pedals) == pytest.approx([3.0, 3.5, 3.0, 6.0])


def test_a_key_that_is_struck_again_ends_its_note() -> None:
    notes = played((0.0, 0.5, 60), (2.0, 2.5, 60))
    pedals = ((0.1, 0, True), (9.0, 0, False))
    assert ringing_seconds(notes, pedals) == pytest.approx([2.0, 9.0])


def test_without_a_pedal_notes_end_with_their_keys() -> None:
    notes = played((0.0, 0.5, 60), (2.0, 2.5, 60))
    assert ringing_seconds(notes, ()) == pytest.approx([0.5, 2.5])
    assert ringing_seconds(notes, ((0.1, 5, True),)) == pytest.approx([0.5, 2.5])


def test_a_pedal_that_is_never_lifted_does_not_ring_for_ever() -> None:
    assert ringing_seconds(played((0.0, 1.0, 60)), ((0.5, 0, True),)) == pytest.approx([15.0])


def test_the_pedal_is_read_from_a_file() -> None:
    # One track: note on, pedal down (100), note off at a quarter, pedal up at two quarters.
    events = bytes([0, 0x90, 60, 80, 0, 0xB0, 64, 100, 96, 0x80, 60, 0]) + bytes(
        [48, 0xB0, 64, 90, 48, 0xB0, 64, 10, 0, 0xFF, 0x2F, 0]
    )
    header = b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 0, 96])
    data = header + b"MTrk" + len(events).to_bytes(4, "big") + events
    performance = performance_of(parse_midi(data, "t.mid"), source="t.mid")
    assert performance.pedals == ((0.0, 0, True), (1.0, 0, False))
    assert ringing_seconds(performance.notes, performance.pedals) == pytest.approx([1.0])


def test_stronger_notes_sound_louder_and_the_length_is_theirs() -> None:
    player = Player(find_soundfont(), RATE_HZ)
    levels = []
    for velocity in (30, 70, 120):
        sound = player.play(
            np.array([0.0, 0.5]), np.array([1.0, 1.5]), np.array([60, 64]), np.full(2, velocity)
        )
        assert sound.duration_s == pytest.approx(1.5, abs=0.001)
        levels.append(float(np.sqrt((sound.samples**2).mean())))
    assert levels == sorted(levels)
    # 40 log10(v / 127) dB: from 30 to 120, in steps of 8, sixteen times the amplitude.
    assert levels[2] / levels[0] == pytest.approx(16, rel=0.05)


def test_nothing_to_play_is_an_error(tmp_path) -> None:
    player = Player(find_soundfont(), RATE_HZ)
    nothing = np.empty(0)
    with pytest.raises(RenderError, match="no note"):
        player.play(nothing, nothing, nothing.astype(np.int64), nothing.astype(np.int64))
    with pytest.raises(RenderError, match="60 minutes"):
        player.play(np.array([0.0]), np.array([3600.0]), np.array([60]), np.array([80]))
    (tmp_path / "text.sf2").write_text("no soundfont")
    with pytest.raises(RenderError, match="cannot be played"):
        Player(tmp_path / "text.sf2", RATE_HZ)
