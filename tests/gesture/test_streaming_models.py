"""Real models on streams: each frame's answer is the whole recording's; a program that talks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_movements import made, made_corpus

from chromasonic.errors import ConfigError, UsageError
from chromasonic.formats.movements import write_movement
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.models import GestureModel, build, describe
from chromasonic.gesture.network_config import NetworkConfig
from chromasonic.gesture.preparing import prepare
from chromasonic.gesture.recipe import GestureData
from chromasonic.gesture.spotting import spot
from chromasonic.gesture.spotting_sequences import BETWEEN, sequence_of
from chromasonic.gesture.streaming import Listener
from chromasonic.training.checkpoint import FORMAT_VERSION, save_checkpoint

TINY = NetworkConfig(
    spatial_dim=8, spatial_layers=1, pooling="flat", temporal_dim=12, temporal_layers=1,
    classifier_dim=0, causal=True,
)  # fmt: skip


def model_of(features: FeatureConfig, *, causal: bool = True) -> GestureModel:
    data = prepare(made_corpus(), GestureData(), features)
    torch.manual_seed(1)
    network = build(replace(TINY, causal=causal), data.skeleton, data.classes, data.reader.config)
    return GestureModel(
        network=network.eval(), classes=data.classes, skeleton=data.skeleton, reader=data.reader,
        motion=data.motion,
    )  # fmt: skip


def with_gaps(movement):
    frames = movement.frames.copy()
    frames[3:6, 1] = np.nan
    frames[8] = np.nan
    return replace(movement, frames=frames)


@pytest.mark.parametrize(
    "features",
    [
        FeatureConfig(causal=True),
        FeatureConfig(causal=True, median=3, rate_hz=15.0, bones=True, acceleration=True),
        FeatureConfig(causal=True, normalization="performer", rate_hz=10.0),
    ],
)
def test_a_stream_answers_at_each_frame_as_the_whole_recording_does(features: FeatureConfig):
    model = model_of(features)
    for movement in (
        made("wave", 7, performer="ben"),
        with_gaps(made("circle", 8, performer="eva")),
    ):
        whole = model.probabilities(movement)
        stream = model.stream(movement.rate_hz, performer=movement.performer)
        answers = [answer for frame in movement.frames for answer in stream.push(frame)]
        count = min(len(answers), len(whole))  # at another rate the last moment may be rounded
        assert len(whole) - count <= 1
        np.testing.assert_allclose(np.stack(answers)[:count], whole[:count], atol=1e-5)


@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("normalization", ["none", "performer"])
def test_streams_and_recordings_have_the_same_events(between, normalization):
    model = model_of(FeatureConfig(causal=True, normalization=normalization))
    gestures = [
        made(label, 20 + n, performer="eva") for n, label in enumerate(("wave", "circle") * 2)
    ]
    recording, _ = sequence_of([with_gaps(one) for one in gestures], between=between)
    listener = Listener(model, recording.rate_hz, performer="eva")
    heard = [one for frame in recording.frames for one in listener.push(frame)]
    heard += listener.finish()
    closed = [one.event.to_dict() for one in heard if one.kind in ("end", "unknown")]
    whole = [event.to_dict() for event in spot(model, recording).events]
    assert closed
    for one, other in zip(closed, whole, strict=True):
        assert one.pop("certainty") == pytest.approx(other.pop("certainty"), abs=1e-3)
        assert one == other


def test_of_somebody_unknown_a_stream_wants_recordings_and_a_recording_is_enough():
    model = model_of(FeatureConfig(causal=True, normalization="performer"))
    with pytest.raises(UsageError, match=r"ann, ben, eva.*performer is ''.*--calibration"):
        Listener(model, 20.0)
    stranger = replace(made("wave", 9), performer="zoe")
    assert spot(model, sequence_of([stranger, stranger])[0]).events
    Listener(model.with_performers([stranger]), 20.0, performer="zoe")


def test_what_looks_ahead_cannot_be_streamed():
    with pytest.raises(UsageError, match="whole movements.*causal"):
        model_of(FeatureConfig(), causal=False).stream(20.0)
    with pytest.raises(ConfigError, match="a median around each frame"):
        Listener(model_of(FeatureConfig(median=3)), 20.0)


def test_as_a_program_it_answers_at_once_and_closes_an_open_gesture_at_ctrl_c(tmp_path: Path):
    model = model_of(FeatureConfig(causal=True))
    save_checkpoint(
        tmp_path / "best_model.pth",
        {
            "format_version": FORMAT_VERSION,
            "model_state_dict": model.network.state_dict(),
            "epoch": 1,
            "config": describe(model),
            "metrics": {},
        },
    )
    recording, _ = sequence_of([made("circle", 30), made("wave", 31)])
    write_movement(recording, tmp_path / "recording.jsonl")
    lines = (tmp_path / "recording.jsonl").read_text().splitlines(keepends=True)
    command = [str(Path(sys.executable).with_name("chromasonic")), "gesture", "recognize", "-"]
    with subprocess.Popen(
        [*command, "--stream", "--model", str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as program:  # fmt: skip
        assert program.stdin
        assert program.stdout
        assert json.loads(program.stdout.readline())["kind"] == "ready"
        program.stdin.writelines(lines[:24])  # a rest, and two thirds of a circle
        program.stdin.flush()
        answers = [json.loads(program.stdout.readline())["kind"] for _ in range(19)]  # all heard
        assert answers[0] == "answer"  # though its input is still open
        program.send_signal(signal.SIGINT)
        rest, errors = program.communicate()
    kinds = [json.loads(line)["kind"] for line in rest.splitlines()]
    assert (answers + kinds)[-1] in ("end", "unknown")
    assert program.returncode == 130
    assert "Traceback" not in errors
