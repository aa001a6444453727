"""`chromasonic generate`: files by their endings, ABC or one JSON document on stdout, misuse."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.errors import CheckpointError
from chromasonic.formats.abc import read_abc
from chromasonic.formats.tunes import load_tune
from chromasonic.melody_generation import models
from chromasonic.melody_generation.tokens import VOCABULARY


class EvenModel(nn.Module):
    """Every token is as likely as another, but for long and very short ones."""

    def __init__(self) -> None:
        super().__init__()
        rare = [name.partition(":")[2] in ("1/16", "1/12", "8", "6") for name in VOCABULARY.names]
        self.register_buffer("logits", -9.0 * torch.tensor(rare, dtype=torch.float32))

    def forward(self, ids_BT: torch.Tensor) -> torch.Tensor:
        return self.logits.expand(*ids_BT.shape, -1)


@pytest.fixture(autouse=True)
def run_directory(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None]]:
    """A model in the place of each one loaded; notes which were asked for."""
    asked: list[tuple[str, str | None]] = []

    def load_model(path: Path, *, kind: str | None = None) -> Any:
        asked.append((str(path), kind))
        if not str(path).startswith("run"):
            raise CheckpointError(f"{path} holds no model.")
        return SimpleNamespace(model=EvenModel(), kind=kind or "lstm", config=None, info={})

    monkeypatch.setattr(models, "load_model", load_model, raising=False)
    return asked


def generate(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["generate", *map(str, arguments)])


def test_without_an_output_the_tune_is_printed_as_abc_and_nothing_else() -> None:
    result = generate("run", "--bars", 4, "--key", "D dorian", "--metre", "6/8", "--seed", 3)
    assert result.exit_code == 0, result.stderr
    (tune,) = read_abc(result.stdout, source="stdout").tunes
    assert (str(tune.key), str(tune.metre)) == ("D dorian", "6/8")
    assert sum(bar.duration for bar in tune.bars) == 4 * 30_240
    assert result.stderr == ""
    assert generate(
        "run", "--bars", 4, "--key", "D dorian", "--metre", "6/8", "--seed", 3
    ).stdout == (result.stdout)


def test_several_tunes_are_printed_as_one_book() -> None:
    result = generate("run", "--count", 3, "--bars", 2)
    book = read_abc(result.stdout, source="stdout")
    assert [tune.id for tune in book.tunes] == ["stdout:1", "stdout:2", "stdout:3"]
    assert [tune.title for tune in book.tunes] == ["Tune 1", "Tune 2", "Tune 3"]


def test_each_output_is_written_by_its_ending(tmp_path: Path) -> None:
    names = ["t.mid", "t.abc", "t.musicxml", "t.svg", "t.png", "t.wav", "t.mp3"]
    outputs = [word for name in names for word in ("--output", tmp_path / name)]
    result = generate("run", "--bars", 2, "--metre", "2/4", "--key", "G", *outputs)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.split() == [str(tmp_path / name) for name in names]
    starts = {
        "t.mid": b"MThd", "t.abc": b"X:1", "t.musicxml": b"<?xml", "t.png": b"\x89PNG",
        "t.wav": b"RIFF",
    }  # fmt: skip
    for name, start in starts.items():
        assert (tmp_path / name).read_bytes().startswith(start), name
    assert b"<svg" in (tmp_path / "t.svg").read_bytes()
    assert (tmp_path / "t.mp3").stat().st_size > 1_000
    abc, midi = load_tune(tmp_path / "t.abc"), load_tune(tmp_path / "t.mid")
    assert [note[2] for note in midi.sounding()] == [note[2] for note in abc.sounding()]


def test_several_tunes_go_to_numbered_files(tmp_path: Path) -> None:
    result = generate("run", "--count", 2, "--bars", 1, "-o", tmp_path / "new" / "air.abc")
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["air-1.abc", "air-2.abc"]


def test_json_prints_one_document_that_says_all(tmp_path: Path) -> None:
    path = tmp_path / "t.mid"
    result = generate(
        "run", "--count", 2, "--bars", 3, "--key", "Em", "--metre", "3/4", "--json", "-o", path,
        "--temperature", 0.9, "--top-k", 40, "--top-p", 0.95, "--endings", 2, "--seed", 8,
        "--model", "markov",
    )  # fmt: skip
    document = json.loads(result.stdout)
    assert document["model"] == "markov"
    assert document["seed"] == 8
    assert document["settings"] == {
        "bars": 3, "key": "E minor", "metre": "3/4", "temperature": 0.9, "top_k": 40, "top_p": 0.95,
        "endings": 2,
    }  # fmt: skip
    first, second = document["tunes"]
    assert (first["key"], first["metre"], first["id"]) == ("E minor", "3/4", "generated-8-1")
    assert first["files"] == [str(tmp_path / "t-1.mid")]
    assert second["files"] == [str(tmp_path / "t-2.mid")]
    (written,) = read_abc(first["abc"], source="json").tunes
    assert len(list(written.sounding())) == first["notes"]
    assert len(written.bars) == first["bars"]


def test_the_model_of_the_run_directory_is_the_one_asked_for(
    run_directory: list[tuple[str, str | None]],
) -> None:
    generate("run", "--bars", 1)
    generate("run/lstm_checkpoints/melody_lstm_best.pt", "--bars", 1, "--model", "transformer")
    assert run_directory == [
        ("run", None),
        ("run/lstm_checkpoints/melody_lstm_best.pt", "transformer"),
    ]


@pytest.mark.parametrize("form", ["text", "abc", "mid", "musicxml"])
def test_an_opening_comes_as_text_or_as_a_file(form: str, tmp_path: Path) -> None:
    text = "X:1\nT:Start\nM:3/4\nL:1/4\nK:G\nGBd|"
    opening: object = text
    if form != "text":
        from chromasonic.formats.tunes import save_tune

        (tune,) = read_abc(text, source="test").tunes
        opening = save_tune(tune, tmp_path / f"start.{form}")
    result = generate("run", "--bars", 3, "--opening", opening)
    assert result.exit_code == 0, result.stderr
    (tune,) = read_abc(result.stdout, source="stdout").tunes
    assert [note.pitch for note in tune.bars[0].notes] == [67, 71, 74]
    assert str(tune.key) == "G major"


def test_a_line_of_music_is_an_opening() -> None:
    result = generate("run", "--bars", 2, "--opening", "GABc dedB", "--key", "G")
    (tune,) = read_abc(result.stdout, source="stdout").tunes
    assert [note.pitch for note in tune.bars[0].notes] == [67, 69, 71, 72, 74, 76, 74, 71]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--temperature", "0"], 2, "temperature is 0.0; it must be above 0"),
        (["--top-p", "1.5"], 2, "top_p is 1.5"),
        (["--endings", "0"], 2, "endings is 0"),
        (["--top-k", "0"], 2, "top_k is 0"),
        (["--bars", "0"], 2, "bars is 0"),
        (["--bars", "100000"], 2, "too many"),
        (["--bars", "many"], 2, "valid integer"),
        (["--key", "H major"], 2, "'H major' is no key"),
        (["--metre", "4/3"], 2, "'4/3' is no metre"),
        (["--count", "0"], 2, "count is 0"),
        (["--seed", "-1"], 2, "seed is -1"),
        (["--device", "abacus"], 2, "Unknown device 'abacus'"),
        (["--output", "tune.docx"], 2, "'.docx'. Allowed: .abc .mid"),
        (["--output", "tune"], 2, "ending is missing"),
        (["--opening", "nowhere.abc"], 2, "nowhere.abc is no file"),
        (["--opening", ""], 1, "opening"),
        (["--opening", "GABc dedB", "--bars", "1"], 2, "fills all that was asked for (bars: 1)"),
    ],
)
def test_misuse_is_one_message_and_an_exit_code(
    arguments: list[str], code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = generate("run", *arguments)
    assert result.exit_code == code, result.stderr
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_path_without_a_model_fails_as_the_loader_says() -> None:
    result = generate("nothing-here")
    assert result.exit_code == 1
    assert result.stderr == "Error: nothing-here holds no model.\n"


def test_an_ending_that_nothing_writes_is_refused_before_the_model_is_loaded(
    run_directory: list[tuple[str, str | None]],
) -> None:
    assert generate("run", "--output", "tune.docx").exit_code == 2
    assert run_directory == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = generate("run", "--bars", 1, "--output", tmp_path / "file" / "tune.abc")
    assert result.exit_code == 1
    assert "Cannot write" in result.stderr
