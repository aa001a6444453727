"""`chromasonic groove`: what a user types, and what comes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.companion.models import describe
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.spec import SPECS
from chromasonic.formats.drum_pattern import drum_pattern_midi
from chromasonic.formats.midi_events import parse_midi
from chromasonic.training.checkpoint import FORMAT_VERSION, save_checkpoint

PATTERN = """
tempo 120
hat    x.x.x.x.x.x.x.x. | x.x.x.x.x.x.x.x.
snare  ....x.......x... | ....x.......x...
kick   x.......x....... | x.......x.......
"""

run = CliRunner()


def groove(*arguments: object):  # type: ignore[no-untyped-def]
    return run.invoke(app, ["groove", *map(str, arguments)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a drum part as MIDI and as text, and a model of no training."""
    place = tmp_path_factory.mktemp("groove")
    (place / "beat.mid").write_bytes(drum_pattern_midi(PATTERN))
    (place / "beat.txt").write_text(PATTERN, encoding="utf-8")
    spec = SPECS["groove_predictor"]
    torch.manual_seed(0)
    content = {
        "format_version": FORMAT_VERSION,
        "model_state_dict": CompanionNetwork(spec).state_dict(),
        "optimizer_state_dict": {},
        "scheduler_state_dict": {},
        "epoch": 1,
        "config": {"name": spec.name, "model": describe(spec, dropout=0.0)},
        "metrics": {},
        "rng_state": {},
        "sampler_state": {},
    }
    (place / "run/checkpoints").mkdir(parents=True)
    save_checkpoint(place / "run/checkpoints/groove_predictor_best.pt", content)
    return place


def test_a_midi_file_comes_out_played(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "played.mid"
    done = groove(folder / "beat.mid", "--model", folder / "run", "--output", out)
    assert done.exit_code == 0, done.output
    before = parse_midi(drum_pattern_midi(PATTERN), "before")
    after = parse_midi(out.read_bytes(), "after")
    assert len(after.notes) == len(before.notes)
    assert len({note.velocity for note in after.notes}) > 3
    assert "bass drum" in done.stdout
    assert str(out) in done.stdout


def test_every_ending_is_written_and_a_pattern_is_read_too(folder: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / f"played{ending}" for ending in (".wav", ".mp3", ".png", ".svg")]
    flags = [word for path in outputs for word in ("-o", path)]
    checkpoint = folder / "run/checkpoints/groove_predictor_best.pt"
    done = groove(folder / "beat.txt", "--model", checkpoint, *flags)
    assert done.exit_code == 0, done.output
    starts = [path.read_bytes()[:4] for path in outputs]
    assert (starts[0], starts[2]) == (b"RIFF", b"\x89PNG")
    assert 20_000 < outputs[2].stat().st_size < 200_000
    assert all(path.stat().st_size > 5_000 for path in outputs)


def test_json_names_every_hit(folder: Path) -> None:
    flags = ("--model", folder / "run", "--amount", "0", "--json")
    done = groove(folder / "beat.mid", *flags)
    document = json.loads(done.stdout)
    assert len(document["hits"]) == 24
    hit = document["hits"][0]
    assert (hit["drum"], hit["pitch"], hit["quarters"]) == ("bass drum", 36, 0)
    assert hit["velocity"] == hit["new_velocity"] == 100
    assert document["settings"]["amount"] == 0
    loose = [groove(folder / "beat.mid", *flags, "--looseness", 1, "--seed", s) for s in (1, 1, 2)]
    assert loose[0].stdout == loose[1].stdout != loose[2].stdout


def test_where_there_is_no_model_the_message_says_how_to_train_one(folder: Path) -> None:
    done = groove(folder / "beat.mid", "--model", folder / "nowhere")
    assert done.exit_code == 2
    assert "chromasonic train companion --models groove" in done.stderr


def test_without_a_model_the_one_that_ships_plays(folder: Path) -> None:
    plain, named = groove(folder / "beat.mid"), groove(folder / "beat.mid", "--model", "groove")
    assert plain.exit_code == 0, plain.stderr
    assert "snare" in plain.stdout
    assert plain.stdout == named.stdout


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--output", "played.ogg"], 2, "Allowed endings"),
        (["--channel", "0"], 2, "1 to 16"),
        (["--channel", "3"], 1, "no drums on channel 3; its notes are on channel 10 (24 notes)"),
        (["--amount", "-1"], 2, "amount is -1.0"),
        (["--looseness", "9"], 2, "looseness is 9.0"),
        (["--seed", "-4"], 2, "seed is -4"),
    ],
)
def test_what_cannot_be_done_is_said(
    folder: Path, flags: list[str], code: int, message: str
) -> None:
    done = groove(folder / "beat.mid", "--model", folder / "run", *flags)
    assert done.exit_code == code
    assert message in done.stderr


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("none.mid", None, "Cannot read"),
        ("cut.mid", drum_pattern_midi(PATTERN)[:90], "cut short"),
        ("text.mid", b"hello, I am no MIDI", "no MIDI file"),
        ("smf2.mid", b"MThd\0\0\0\6\0\2\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0", "format 2"),
        ("still.mid", b"MThd\0\0\0\6\0\0\0\1\0\0MTrk\0\0\0\4\0\xff\x2f\0", "0 ticks"),
        ("wrong.txt", b"drum kit x.x.", "is no drum"),
    ],
)
def test_bad_files_are_messages(
    folder: Path, tmp_path: Path, name: str, data: bytes | None, message: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    done = groove(tmp_path / name, "--model", folder / "run")
    assert done.exit_code == 1
    assert message in done.stderr
    assert "Traceback" not in done.output


def test_a_checkpoint_of_something_else_is_refused(folder: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pt"
    wrong.write_bytes(b"nothing")
    done = groove(folder / "beat.mid", "--model", wrong)
    assert done.exit_code == 1
    assert "wrong.pt" in done.stderr


def test_the_file_that_is_read_is_never_written_over(folder: Path) -> None:
    beat = folder / "beat.mid"
    before = beat.read_bytes()
    done = groove(beat, "--model", folder / "run", "--output", folder / "run/../beat.mid")
    assert done.exit_code == 2
    assert "would be lost" in done.stderr
    assert beat.read_bytes() == before
