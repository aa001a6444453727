"""Live playing: the messages that come one by one make the music that the recording makes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from recognition_stage import RATE, SKELETON, DirectionModel, movement, sequence, stroke

from chromasonic.errors import ConfigError
from chromasonic.gesture.mapping import Follow
from chromasonic.gesture.mapping_file import mapping_from
from chromasonic.gesture.playing import play
from chromasonic.gesture.playing_follow import Follower, followed
from chromasonic.gesture.playing_live import LivePlayer, RecentEfforts
from chromasonic.gesture.spotting import spot
from chromasonic.gesture.streaming import Listener

VALUES = {
    "instruments": {"1": 48},
    "gesture": {
        "left": [
            {"note": "C4", "velocity": "speed"},
            {"controller": 7, "value": 90, "after": 10},
        ],
        "up": {"action": "chord", "chord": ["I", "V7"]},
        "right": [{"note": 64, "length": 0.3}, {"program": 3}],
    },
    "follow": [
        {"landmark": "wrist", "what": "x", "controller": 1, "range": [-2, 2]},
        {"landmark": "tip", "what": "speed", "controller": 2, "range": [0, 3], "during": "up"},
    ],
}


def live(values, recording, *, is_causal=True):
    """All messages of a recording's frames, in order."""
    listener = Listener(DirectionModel(is_causal=is_causal), RATE)
    player = LivePlayer(mapping_from(values), SKELETON, RATE)
    messages = player.begin()
    for frame in recording.frames:
        heard = listener.push(frame)
        messages += player.hear(heard, frame, listener.effort, listener.time)
    return messages + player.finish(listener.finish(), listener.time)


def keys(messages):
    """(start, pitch, velocity) of every key, and that none is struck twice or left hanging."""
    sounding, found = set(), []
    for one in messages:
        status, pitch, *rest = one.data
        if status >> 4 == 0x9:
            assert (status & 15, pitch) not in sounding
            sounding.add((status & 15, pitch))
            found.append((round(one.time, 6), pitch, rest[0]))
        elif status >> 4 == 0x8:
            sounding.remove((status & 15, pitch))
    assert not sounding
    return found


@pytest.mark.parametrize("is_causal", [True, False])
def test_live_and_from_the_recording_the_same_keys_are_struck(is_causal):
    recording, _ = sequence("left", "up", "right", "up", "left")
    messages = live(VALUES, recording, is_causal=is_causal)
    spotting = spot(DirectionModel(is_causal=is_causal), recording)
    music = play(mapping_from(VALUES), recording, spotting)
    meant = [(round(note.start, 6), note.pitch, note.velocity) for note in music.notes]
    assert sorted(keys(messages)) == sorted(meant)
    programs = [one.data for one in messages if one.data[0] >> 4 == 0xC]
    assert programs == [bytes((0xC0, 48)), bytes((0xC0, 3))]


def test_controllers_are_those_of_the_recording():
    recording, _ = sequence("left", "up")
    messages = live(VALUES, recording)
    told = [(round(one.time, 4), *one.data[1:]) for one in messages if one.data[0] >> 4 == 0xB]
    music = play(mapping_from(VALUES), recording, spot(DirectionModel(is_causal=True), recording))
    for number in (1, 7):
        mine = [one for one in told if one[1] == number]
        meant = [
            (round(one.time, 4), number, one.value)
            for one in music.controls
            if one.controller == number
        ]
        # What is set back is told when the end is known: the rest after it has to be heard.
        assert [one[1:] for one in mine] == [one[1:] for one in meant]
        assert [one[0] for one in mine] == pytest.approx([one[0] for one in meant], abs=0.8)
    assert any(one[1] == 2 for one in told)


def test_messages_come_in_time_and_not_before_it_has_come():
    recording, _ = sequence("right", "up")
    listener = Listener(DirectionModel(is_causal=True), RATE)
    player = LivePlayer(mapping_from(VALUES), SKELETON, RATE)
    for frame in recording.frames:
        heard = listener.push(frame)
        for one in player.hear(heard, frame, listener.effort, listener.time):
            assert listener.time - 1 / RATE < one.time + 1e-9
            assert one.time <= listener.time + 1e-9


@pytest.mark.parametrize("what", ["x", "speed"])
def test_a_follower_goes_as_the_whole_recording_does(what):
    follow = Follow(landmark="tip", what=what, controller=1, range=(-3.0, 3.0))
    frames = np.concatenate([stroke("up"), stroke("left", start=(0.0, 2.0))])
    frames[7:10] = np.nan
    recording = movement(frames)
    follower = Follower(follow, SKELETON, RATE)
    one_by_one = [
        change
        for number, frame in enumerate(recording.frames)
        for change in follower.push(frame, number / RATE, counts=True)
    ]
    assert one_by_one == followed([follow], recording, ())
    assert len(one_by_one) > 5


def test_without_a_range_nobody_knows_where_0_and_127_are():
    values = {"follow": [{"landmark": "tip", "what": "x", "controller": 5}]}
    with pytest.raises(ConfigError, match=r"controller 5 follows tip without a range.*LOW, HIGH"):
        LivePlayer(mapping_from(values), SKELETON, RATE)
    assert Follower(replace(mapping_from(values).follows[0], range=(0, 1)), SKELETON, RATE)


def test_efforts_are_remembered_for_a_while():
    efforts = RecentEfforts(10.0)
    for number in range(5000):
        efforts.push(float(number))
    assert efforts.efforts[4990:5000].tolist() == list(range(4990, 5000))
    assert efforts.efforts[4500:4502].tolist() == [4500, 4501]
    assert len(efforts._kept) <= 1201
