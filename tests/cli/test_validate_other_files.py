"""`chromasonic validate` of what is no exported file: told as what it is, and never waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chromasonic.cli.app import app


def validate(*arguments: object):  # type: ignore[no-untyped-def]
    return CliRunner().invoke(app, ["validate", *map(str, arguments)])


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("groove_predictor_best.pt", b"PK\x03\x04", "export it first: chromasonic export"),
        ("song.mid", b"MThd\0\0\0\6", "is a MIDI file, no JSON; give a file that"),
        ("roll.png", b"\x89PNG\r\n", "is a picture (PNG), no JSON; give a file that"),
        ("noise.json", b"\xff\xfe", "is no UTF-8: byte 0 is 0xff, so it is no JSON; give a file"),
        ("groove_predictor.json", b"\x08\x0a" + b"[" * 99, "ONNX files must be called NAME.onnx"),
        ("groove_predictor.onnx", b'{"in_shape"', "is no ONNX file but JSON"),
    ],
)
def test_another_kind_of_file_is_told_with_the_next_step(
    name: str, data: bytes, told: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    done = validate(path)
    assert done.exit_code == 1
    assert told in " ".join(done.stdout.split())


@pytest.mark.parametrize("name", ["pipe.json", "pipe.onnx"])
def test_nobody_waits_for_a_pipe(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    done = validate(tmp_path / name)
    assert done.exit_code == 1
    assert "is a pipe or a device" in done.stdout
