"""`chromasonic export`, as typed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.companion.models import describe
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.spec import SPECS
from chromasonic.training.checkpoint import save_checkpoint


def export(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["export", *(str(word) for word in words)])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with the checkpoints of two untrained models."""
    folder = tmp_path_factory.mktemp("run") / "with spaces"
    torch.manual_seed(4)
    for name in ("dynamics_engine", "groove_predictor"):
        save_checkpoint(
            folder / f"checkpoints/{name}_best.pt",
            {
                "format_version": 1,
                "model_state_dict": CompanionNetwork(SPECS[name]).state_dict(),
                "epoch": 1,
                "config": {
                    "task": "companion",
                    "model": describe(SPECS[name], dropout=0.0),
                    "data": {"is_synthetic": True, "corpora": []},
                },
            },
        )
    return folder


def test_it_writes_what_is_there_and_says_what_was_compared(run: Path, tmp_path: Path) -> None:
    said = export(run, "--output", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "dynamics_engine.json", "groove_predictor.json",
    }  # fmt: skip
    assert "13,520" in said.stdout
    assert "192 steps" in said.stdout
    assert "Warning: dynamics_engine, groove_predictor: trained on made-up examples" in said.stderr
    assert "Not trained here: emotion_recognizer, melody_transformer, harmony" in said.stderr


def test_files_lie_in_the_output_folder_if_nothing_else_is_said(run: Path) -> None:
    export(run, "--models", "groove")
    assert (run / "groove_predictor.json").is_file()
    assert not (run / "dynamics_engine.json").exists()


def test_json_is_one_document(run: Path, tmp_path: Path) -> None:
    said = export(run, "--models", "groove", "--output", tmp_path, "--json")
    (exported,) = json.loads(said.stdout)["exported"]
    assert exported["parameters"] == 18_656
    assert exported["largest_difference"] < 1e-9
    assert Path(exported["path"]).stat().st_size == exported["size_bytes"]


def test_a_header_for_modelt_is_written(run: Path, tmp_path: Path) -> None:
    said = export(run, "--models", "groove", "--output", tmp_path, "--format", "modelt")
    text = (tmp_path / "groove_predictor_model.hpp").read_text()
    assert "ModelT" in text
    assert "type alone" in said.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["RUN", "--format", "tflite"], 2, "--format is 'tflite'; allowed: rtneural, onnx, modelt"),
        (["RUN", "--models", "drums"], 2, "--models is 'drums'"),
        (["RUN", "--models", "emotion"], 1, "There is no emotion_recognizer in"),
        (["nowhere"], 1, "There is no nowhere. Give the output folder"),
        (["taken"], 1, "There is no companion model in"),
        (["groove_predictor.json"], 2, "is an exported file"),
        (["notes.txt"], 1, "notes.txt is no checkpoint: it is something else. Give a NAME_best"),
        (["song.mid"], 1, "song.mid is no checkpoint: it is a MIDI file"),
        (["exported"], 2, "exported holds exported files and no checkpoints"),
        (["RUN", "--models", "groove", "--output", "taken"], 1, "A folder has that name: move it"),
        (["RUN", "--output", "notes.txt"], 2, "notes.txt, which is a file"),
        (["RUN", "--output", "notes.txt/deep"], 1, "Cannot write"),
    ],
)
def test_bad_input_is_told_with_the_next_step(
    words: list[str], code: int, said: str, run: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("no checkpoint")
    Path("groove_predictor.json").write_text("{}")
    Path("song.mid").write_bytes(b"MThd")
    Path("exported").mkdir()
    Path("exported/groove_predictor.json").write_text("{}")
    Path("taken/groove_predictor.json").mkdir(parents=True)
    result = export(*[run if word == "RUN" else word for word in words], code=code)
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_a_folder_that_may_not_be_written_is_told(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr("chromasonic.files.tempfile.mkstemp", refuse)
    said = export(run, "--output", tmp_path, "--models", "groove", code=1)
    assert "Cannot write" in said.stderr
    assert "Permission denied" in said.stderr


def test_a_melody_run_is_refused_for_rtneural_by_name(tmp_path: Path) -> None:
    (tmp_path / "lstm_checkpoints").mkdir()
    (tmp_path / "lstm_checkpoints/melody_lstm_best.pt").write_bytes(b"")
    for run in (tmp_path, tmp_path / "lstm_checkpoints"):
        said = export(run, code=2)
        assert "RTNeural has no Embedding" in said.stderr
        assert "--format onnx" in said.stderr


@pytest.mark.parametrize("format", ["rtneural", "onnx", "modelt"])
def test_a_markov_model_is_refused_for_what_it_is(format: str, tmp_path: Path) -> None:
    folder = tmp_path / "markov_checkpoints"
    folder.mkdir()
    save_checkpoint(
        folder / "melody_markov_best.pt",
        {
            "format_version": 1,
            "model_state_dict": {},
            "config": {"task": "melody", "model": {"kind": "markov"}},
        },
    )
    for run in (tmp_path, folder, folder / "melody_markov_best.pt"):
        said = export(run, "--format", format, code=1).stderr
        assert "holds a Markov model: it counts" in said
        assert "--format" not in said


def test_an_operator_set_can_be_asked_for(run: Path, tmp_path: Path) -> None:
    import onnx

    words = ("--format", "onnx", "--models", "groove", "-o", tmp_path, "--opset")
    export(run, *words, 18)
    assert onnx.load(tmp_path / "groove_predictor.onnx").opset_import[0].version == 18
    assert "allowed are 18 to" in export(run, *words, 3, code=2).stderr
    assert "--opset is of --format onnx" in export(run, "--opset", 18, code=2).stderr
