"""Streams as trackers send them: pauses, clocks that jump, milliseconds, no line at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from recognition_stage import RATE, SKELETON, DirectionModel, sequence

from chromasonic.gesture.mapping_file import mapping_from
from chromasonic.gesture.playing_live import LivePlayer
from chromasonic.gesture.streaming import Listener
from chromasonic.gesture.streaming_input import Arriving
from chromasonic.gesture.streaming_lines import Conversation

NAMES = SKELETON.nodes
VALUES = {
    "gesture": {
        "left": [{"note": 60}, {"controller": 7, "value": 90, "after": 10}],
        "right": {"note": 64, "length": 0.3},
    }
}


def line(frame, seconds=None):
    landmarks = dict(zip(NAMES, frame.tolist(), strict=True))
    return json.dumps({"landmarks": landmarks} | ({} if seconds is None else {"t": seconds}))


def conversation(*, values=None, is_causal=True):
    model = DirectionModel(is_causal=is_causal)
    player = None if values is None else LivePlayer(mapping_from(values), SKELETON, RATE)
    listener = Listener(model, RATE)
    return Conversation(model, listener, RATE, answers=False, player=player), listener


def said(talk, lines):
    return [json.loads(answer) for one in lines for answer in talk.hear(one)]


def labels(lines):
    return [one["class"] for one in lines if one["kind"] == "start"]


@pytest.mark.parametrize("is_causal", [True, False])
def test_after_a_pause_of_minutes_it_begins_anew_at_once_and_times_go_on(is_causal):
    recording, _ = sequence("left", "up")
    talk, listener = conversation(is_causal=is_causal)
    pushed = []
    push = listener.push
    listener.push = lambda frame: pushed.append(frame) or push(frame)
    frames = list(recording.frames)
    lines = said(talk, [line(frame, n / RATE) for n, frame in enumerate(frames)])
    assert labels(lines) == ["left", "up"]
    lines = said(talk, [line(frame, 600 + n / RATE) for n, frame in enumerate(frames)])
    assert [one for one in lines if one["kind"] == "remark"] == [lines[0]]
    assert "begun anew" in lines[0]["message"]
    assert labels(lines) == ["left", "up"]
    starts = [one["start"] for one in lines if one["kind"] == "end"]
    fresh, _ = conversation(is_causal=is_causal)
    plain = said(fresh, [line(frame, n / RATE) for n, frame in enumerate(frames)])
    assert starts == pytest.approx([600 + one["start"] for one in plain if one["kind"] == "end"])
    assert len(pushed) == 2 * len(frames)  # minutes of nothing cost nothing


def test_a_pause_within_a_gesture_ends_it():
    recording, _ = sequence("left")
    talk, _ = conversation(values=VALUES)
    lines = said(talk, [line(frame, n / RATE) for n, frame in enumerate(recording.frames[:40])])
    assert labels(lines) == ["left"]
    assert not [one for one in lines if one["kind"] == "end"]
    lines = said(talk, [line(recording.frames[0], 100.0)])
    assert [one["kind"] for one in lines] == ["remark", "end", "midi", "midi"]
    assert [one["bytes"][:2] for one in lines[2:]] == [[0x80, 60], [0xB0, 7]]


def test_a_short_gap_counts_as_unseen_and_is_no_remark():
    recording, _ = sequence("left")
    talk, listener = conversation()
    said(talk, [line(recording.frames[0], 0.0), line(recording.frames[1], 2.0)])
    assert listener.time == 2.0


def test_times_in_milliseconds_are_told_once_and_left_aside():
    recording, _ = sequence("left", "up", "left")
    talk, _ = conversation()
    step = 1000 / RATE
    lines = said(talk, [line(frame, n * step) for n, frame in enumerate(recording.frames)])
    told = [one["message"] for one in lines if one["kind"] == "remark"]
    assert len([one for one in told if "milliseconds" in one]) == 1
    assert f"about {step:g} a frame" in told[-1]
    assert labels(lines) == ["left", "up", "left"]


def test_pauses_now_and_then_are_no_milliseconds():
    recording, _ = sequence("left")
    talk, _ = conversation()
    times = [step for n in range(20) for step in (n * 60.0, n * 60.0 + 0.05)]
    lines = said(talk, [line(recording.frames[0], time) for time in times])
    assert len(lines) == 19
    assert not [one for one in lines if "milliseconds" in one["message"]]


def test_a_tracker_that_begins_anew_at_0_is_heard_after_three_lines():
    recording, _ = sequence("left", "up")
    frames = recording.frames
    talk, _ = conversation()
    said(talk, [line(frame, 50 + n / RATE) for n, frame in enumerate(frames)])
    lines = said(talk, [line(frame, n / RATE) for n, frame in enumerate(frames)])
    assert [one["kind"] for one in lines[:3]] == ["error", "error", "remark"]
    assert labels(lines) == ["left", "up"]


def test_without_a_line_keys_are_let_go_and_controllers_set_back():
    recording, _ = sequence("left", "right")
    talk, listener = conversation(values=VALUES)
    lines = said(talk, [line(frame) for frame in recording.frames[:40]])
    assert [one["bytes"][:2] for one in lines if one["kind"] == "midi"] == [[0xB0, 7], [0x90, 60]]
    assert not list(talk.wait(0.5))  # a gesture may go on though a few frames are late
    off, after = (json.loads(one) for one in talk.wait(1.0))
    assert (off["bytes"][:2], after["bytes"]) == ([0x80, 60], [0xB0, 7, 10])
    assert off["time"] == pytest.approx(listener.time + 1.0)
    assert not list(talk.wait(1.5))
    lines = said(talk, [line(frame) for frame in recording.frames[40:]])
    assert labels(lines) == ["right"]  # who comes back is heard as before
    assert [one["kind"] for one in lines if one.get("class") == "left"] == ["end"]


def test_a_key_of_a_fixed_length_is_let_go_when_it_is_due():
    recording, _ = sequence("right")
    talk, listener = conversation(values=VALUES)
    for frame in recording.frames:
        lines = said(talk, [line(frame)])
        if any(one["kind"] == "midi" for one in lines):
            break
    assert not list(talk.wait(0.25))
    (off,) = (json.loads(one) for one in talk.wait(0.31))
    assert off["bytes"][:2] == [0x80, 64]
    assert off["time"] == pytest.approx(listener.time + 0.3)


def test_lines_arrive_and_between_them_nothing_does():
    reading, writing = os.pipe()
    lines = Arriving(reading, tick_seconds=0.01)
    assert next(lines) is None
    os.write(writing, "one\nzwölf\nhal".encode())
    arrived: list[str] = []
    while len(arrived) < 2:  # however late the thread that reads them gets its turn
        arrived += filter(None, [next(lines)])
    assert arrived == ["one\n", "zwölf\n"]
    assert next(lines) is None  # half a line is none
    os.write(writing, b"f")
    os.close(writing)
    assert [one for one in lines if one] == ["half"]
    assert list(lines) == []
    os.close(reading)


PROGRAM = """
import sys
from chromasonic.gesture.streaming_input import Arriving, UntilInterrupted
lines = UntilInterrupted(Arriving(sys.stdin.fileno()))
print("ready", flush=True)
for line in lines:
    if line:
        print(line, end="", flush=True)
print("let go")
"""


def test_ctrl_c_ends_it_though_it_waits_for_a_line():
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        assert program.stdin
        assert program.stdout
        assert program.stdout.readline() == "ready\n"
        program.stdin.write("one\n")
        program.stdin.flush()
        assert program.stdout.readline() == "one\n"
        program.send_signal(signal.SIGINT)
        program.wait()  # its input is still open
        assert program.stdout.read() == "let go\n"
        assert program.stderr
        assert program.stderr.read() == ""
    assert program.returncode == 0
