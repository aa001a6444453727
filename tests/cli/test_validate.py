"""`chromasonic validate` and `validate_models.py`: what a user types, and what comes of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.companion.exporting import export_companions
from chromasonic.companion.models import describe
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.spec import SPECS
from chromasonic.export.reading import parse_document
from chromasonic.training.checkpoint import FORMAT_VERSION, save_checkpoint

REPOSITORY = Path(__file__).parents[2]
SMALL = ("dynamics_engine", "groove_predictor")

run = CliRunner()


def validate(*arguments: object):  # type: ignore[no-untyped-def]
    return run.invoke(app, ["validate", *map(str, arguments)])


def save_untrained(folder: Path, name: str, *, seed: int) -> None:
    """A best checkpoint of random weights, as of a training on made-up examples."""
    spec = SPECS[name]
    torch.manual_seed(seed)
    content = {
        "format_version": FORMAT_VERSION,
        "model_state_dict": CompanionNetwork(spec).state_dict(),
        "optimizer_state_dict": {},
        "scheduler_state_dict": {},
        "epoch": 7,
        "config": {
            "name": spec.name,
            "model": describe(spec, dropout=0.0),
            "data": {"is_synthetic": True, "corpora": []},
        },
        "metrics": {},
        "rng_state": {},
        "sampler_state": {},
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_checkpoint(folder / f"{name}_best.pt", content)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with five checkpoints and what was exported from them; not to be changed."""
    folder = tmp_path_factory.mktemp("validate") / "run"
    for seed, name in enumerate(SPECS):
        save_untrained(folder / "checkpoints", name, seed=seed)
    export_companions(folder)
    return folder


@pytest.fixture
def copy(exported: Path, tmp_path: Path) -> Path:
    """The two smallest models of the folder, with their checkpoints, to be changed."""
    folder = tmp_path / "copy"
    for name in SMALL:
        (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
        shutil.copy(exported / f"{name}.json", folder)
        shutil.copy(exported / f"checkpoints/{name}_best.pt", folder / "checkpoints")
    return folder


def in_json(*arguments: object) -> dict[str, Any]:
    done = validate(*arguments, "--json")
    assert done.exit_code in (0, 1), done.output
    found = json.loads(done.stdout)
    assert found["passed"] == (done.exit_code == 0)
    return found


def failed(found: dict[str, Any]) -> dict[str, set[str]]:
    """Name of each file to the checks that it failed."""
    return {
        Path(file["path"]).name: {c["name"] for c in file["checks"] if c["passed"] is False}
        for file in found["files"]
    }


def detail(found: dict[str, Any], check: str) -> str:
    (told,) = [c["detail"] for file in found["files"] for c in file["checks"] if c["name"] == check]
    return told


def test_a_folder_of_five_exported_models_passes_beside_its_checkpoints(exported: Path) -> None:
    done = validate(exported)
    assert done.exit_code == 0, done.output
    assert "5 of 5 valid" in done.stdout
    for name, spec in SPECS.items():
        assert f"{name}.json" in done.stdout
        assert f"{spec.exported_parameters:,}" in done.stdout
        assert f"{name}_best.pt, epoch 7" in done.stdout
    assert "WRONG" not in done.stdout


def test_a_missing_model_is_named(exported: Path, copy: Path) -> None:
    found = in_json(copy)
    missing = {f"{name}.json": {"file"} for name in SPECS if name not in SMALL}
    assert failed(found) == {**missing, **{f"{name}.json": set() for name in SMALL}}
    done = validate(copy)
    assert done.exit_code == 1
    assert "HarmonyPredictor is missing; write it with chromasonic export RUN" in done.stdout
    assert "check what is there alone" in " ".join(done.stdout.split())
    assert "2 of 5 valid" in done.stdout


def test_another_model_under_the_right_name_is_found(copy: Path) -> None:
    shutil.copy(copy / "dynamics_engine.json", copy / "groove_predictor.json")
    found = in_json(copy / "groove_predictor.json")
    assert failed(found) == {
        "groove_predictor.json": {"model", "parameters", "name", "feature page"}
    }
    assert "'dynamics_engine', where 'groove_predictor' should be" in detail(found, "name")


def test_a_renamed_file_is_found_unless_it_is_said_what_it_is(copy: Path) -> None:
    renamed = copy / "best groove.json"
    (copy / "groove_predictor.json").rename(renamed)
    assert failed(in_json(renamed)) == {"best groove.json": {"name"}}
    assert failed(in_json(renamed, "--model", "groove")) == {"best groove.json": set()}
    assert "model" in failed(in_json(renamed, "--model", "dynamics"))["best groove.json"]


def test_the_export_of_an_older_training_is_found(copy: Path) -> None:
    save_untrained(copy / "checkpoints", "groove_predictor", seed=99)
    found = in_json(copy / "groove_predictor.json")
    assert failed(found) == {"groove_predictor.json": {"checkpoint"}}
    assert "does not compute what was trained" in detail(found, "checkpoint")
    shutil.rmtree(copy / "checkpoints")
    assert failed(in_json(copy / "groove_predictor.json")) == {"groove_predictor.json": set()}


def test_against_names_the_training(exported: Path, copy: Path, tmp_path: Path) -> None:
    shutil.rmtree(copy / "checkpoints")
    file = copy / "groove_predictor.json"
    assert failed(in_json(file, "--against", exported)) == {file.name: set()}
    assert failed(in_json(file, "--against", exported / "checkpoints")) == {file.name: set()}
    save_untrained(tmp_path / "other", "groove_predictor", seed=99)
    assert failed(in_json(file, "--against", tmp_path / "other")) == {file.name: {"checkpoint"}}
    absent = in_json(file, "--against", tmp_path / "absent")
    assert failed(absent) == {file.name: {"checkpoint"}}


def test_a_damaged_checkpoint_beside_a_file_is_a_failed_check(copy: Path) -> None:
    checkpoint = copy / "checkpoints/groove_predictor_best.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    assert failed(in_json(copy / "groove_predictor.json")) == {
        "groove_predictor.json": {"checkpoint"}
    }


def test_a_tiny_change_with_hash_and_golden_vectors_made_anew_is_found(copy: Path) -> None:
    """Only the checkpoint knows; here even the outputs differ by no more than rounding."""
    from dataclasses import replace

    from chromasonic.export.document import weight_hash
    from chromasonic.export.reading import read_document
    from chromasonic.export.writing import write_document

    path = copy / "dynamics_engine.json"
    document = read_document(path)
    assert document.metadata is not None
    kernel = document.layers[0].weights[0].copy()
    kernel[3, 5] += np.float32(3e-6)
    first = replace(document.layers[0], weights=(kernel, document.layers[0].weights[1]))
    layers = (first, *document.layers[1:])
    metadata = replace(document.metadata, weight_hash=weight_hash(layers))
    write_document(path, replace(document, layers=layers, metadata=metadata))
    found = in_json(path)
    assert failed(found) == {"dynamics_engine.json": {"checkpoint"}}
    assert "1 of 4,096 in layers[0].weights[0]" in detail(found, "checkpoint")


def test_a_bias_shifted_before_its_softmax_is_the_same_model(
    exported: Path, tmp_path: Path
) -> None:
    """The exporter may shift all logits, to keep RTNeural's exponentials in range."""
    from dataclasses import replace

    from chromasonic.export.document import weight_hash
    from chromasonic.export.reading import read_document
    from chromasonic.export.writing import write_document

    document = read_document(exported / "harmony_predictor.json")
    assert document.metadata is not None
    kernel, bias = document.layers[-1].weights
    shifted = replace(document.layers[-1], weights=(kernel, bias - np.float32(8)))
    layers = (*document.layers[:-1], shifted)
    metadata = replace(document.metadata, weight_hash=weight_hash(layers))
    path = write_document(
        tmp_path / "harmony_predictor.json", replace(document, layers=layers, metadata=metadata)
    )
    assert failed(in_json(path, "--against", exported)) == {"harmony_predictor.json": set()}
    assert "--against RUN" in detail(in_json(path), "checkpoint")


def test_an_untransposed_square_matrix_of_a_real_model_is_found(
    exported: Path, tmp_path: Path
) -> None:
    from dataclasses import replace

    from chromasonic.export.document import weight_hash
    from chromasonic.export.reading import read_document
    from chromasonic.export.writing import write_document

    document = read_document(exported / "melody_transformer.json")
    assert document.metadata is not None
    square = document.layers[2]
    turned = replace(square, weights=(square.weights[0].T.copy(), square.weights[1]))
    layers = (*document.layers[:2], turned, document.layers[3])
    metadata = replace(document.metadata, weight_hash=weight_hash(layers))
    path = write_document(
        tmp_path / "melody_transformer.json",
        replace(document, layers=layers, metadata=metadata),
    )
    found = in_json(path)
    assert failed(found) == {"melody_transformer.json": {"golden outputs"}}
    assert "it fits with layers[2] transposed" in detail(found, "golden outputs")


def test_other_features_are_found(copy: Path) -> None:
    path = copy / "groove_predictor.json"
    path.write_text(path.read_text().replace('"name":"snare"', '"name":"clap"'))
    found = in_json(path)
    assert failed(found) == {"groove_predictor.json": {"feature page"}}
    assert "clap 16" in detail(found, "feature page")


def test_other_words_for_a_feature_are_told(copy: Path) -> None:
    path = copy / "groove_predictor.json"
    path.write_text(path.read_text().replace("the same of snare,", "the same for snare,"))
    found = in_json(path)
    assert found["passed"]
    assert "1 described in other words" in detail(found, "feature page")


def test_a_file_of_another_program(copy: Path) -> None:
    value = json.loads((copy / "groove_predictor.json").read_text())
    del value["metadata"]
    foreign = copy / "amp.json"
    foreign.write_text(json.dumps(value))
    assert failed(in_json(foreign)) == {"amp.json": {"metadata"}}
    done = validate(foreign, "--no-golden")
    assert done.exit_code == 0, done.output
    assert "not checked" in done.stdout
    assert failed(in_json(foreign, "--no-golden", "--against", copy)) == {
        "amp.json": {"checkpoint"}
    }


def test_damaged_and_hostile_files_fail_without_a_traceback(copy: Path, tmp_path: Path) -> None:
    whole = (copy / "groove_predictor.json").read_bytes()
    hostile = {
        "cut.json": whole[: len(whole) // 2],
        "deep.json": b"[" * 1_000_000,
        "empty.json": b"",
        "binary.json": bytes(range(256)) * 64,
        "escape.json": b'{"in_shape":[1],"layers":[{"type":"\\u001b[31m[bold]x"}]}',
    }
    for name, data in hostile.items():
        (tmp_path / name).write_bytes(data)
    paths = [*(tmp_path / name for name in hostile), tmp_path / "absent.json", "/dev/zero"]
    done = validate(*paths)
    assert done.exit_code == 1
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "0 of 7 valid" in done.stdout
    assert "\x1b" not in done.stdout
    assert "[bold]x" in done.stdout
    assert len(failed(in_json(*paths))) == 7


def test_an_onnx_file_is_checked_too(exported: Path, copy: Path, tmp_path: Path) -> None:
    export_companions(exported, format="onnx", models=["groove"], output=tmp_path)
    path = tmp_path / "groove_predictor.onnx"
    assert failed(in_json(path)) == {"groove_predictor.onnx": set()}
    assert failed(in_json(tmp_path, "--against", exported)) == {"groove_predictor.onnx": set()}
    beside = Path(shutil.copy(path, copy))
    found = in_json(beside)
    assert failed(found) == {"groove_predictor.onnx": set()}
    assert "the weights of groove_predictor.json" in detail(found, "same as json")
    assert "160 steps as the trained model" in detail(found, "checkpoint")
    other = path.rename(tmp_path / "dynamics_engine.onnx")
    assert failed(in_json(other)) == {"dynamics_engine.onnx": {"name", "parameters"}}
    other.write_bytes(other.read_bytes()[:5000])
    assert failed(in_json(other)) == {"dynamics_engine.onnx": {"onnx"}}


def test_what_was_not_compared_with_a_training_says_so(copy: Path, tmp_path: Path) -> None:
    export_companions(copy, format="onnx", models=["groove"], output=tmp_path)
    found = in_json(tmp_path / "groove_predictor.onnx")
    assert "no training beside it: --against RUN" in detail(found, "checkpoint")
    melody_run = tmp_path / "melody"
    for kind in ("lstm", "markov"):
        (melody_run / f"{kind}_checkpoints").mkdir(parents=True)
        (melody_run / f"{kind}_checkpoints/melody_{kind}_best.pt").write_bytes(b"")
    for file in (copy / "groove_predictor.json", tmp_path / "groove_predictor.onnx"):
        told = detail(in_json(file, "--against", melody_run), "checkpoint")
        assert "there is no groove_predictor_best.pt in" in told
        assert "--model" not in told


def test_the_json_beside_an_onnx_file_is_judged_by_its_weights(copy: Path) -> None:
    """Its hash line, which nobody changed, would say that they are the same."""
    export_companions(copy, format="onnx", models=["groove"], output=copy)
    path = copy / "groove_predictor.json"
    value = json.loads(path.read_text())
    value["layers"][0]["weights"][0][0][0] += 0.25
    path.write_text(json.dumps(value))
    assert failed(in_json(copy / "groove_predictor.onnx")) == {
        "groove_predictor.onnx": {"same as json"}
    }


def test_an_onnx_file_of_an_older_training_is_found(copy: Path) -> None:
    export_companions(copy, format="onnx", models=["groove"], output=copy)
    save_untrained(copy / "checkpoints", "groove_predictor", seed=99)
    path = copy / "groove_predictor.onnx"
    assert failed(in_json(path)) == {"groove_predictor.onnx": {"checkpoint"}}
    export_companions(copy, models=["groove"], output=copy)
    assert failed(in_json(path))["groove_predictor.onnx"] == {"same as json", "checkpoint"}


def test_nothing_in_a_file_or_its_name_reaches_the_terminal_raw(copy: Path) -> None:
    path = copy / "groove_predictor.json"
    value = json.loads(path.read_text())
    value["metadata"].update(is_synthetic=False, version="1\x1b[31m", title="\x1b]0;x\x07")
    corpus = dict.fromkeys(("title", "licence_url", "fingerprint"), "")
    value["metadata"]["corpora"] = [{**corpus, "name": "a\nb", "licence": "[bold]\x9b" * 99}]
    path.write_text(json.dumps(value))
    odd = Path(os.fsdecode(bytes(copy / "x") + b"\xff\x1b[0m.json"))
    shutil.copy(path, odd)
    done = validate(path, odd)
    assert done.exit_code == 1
    assert "\x1b" not in done.stdout
    assert "\x9b" not in done.stdout
    assert len(in_json(path, odd)["files"]) == 2


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--model", "drums", "x.json"], "'drums', which is no companion model"),
        (["--model", "groove", "x.json", "y.json"], "goes with one file, and 2 were given"),
        (["--model", "groove,dynamics", "x.json"], "allowed: emotion, melody"),
        (["--model", "groove", "."], "is a folder. Give a file in it, or leave it out"),
        ([], "Missing argument"),
    ],
)
def test_misuse_is_told_with_exit_code_2(arguments: list[str], match: str) -> None:
    done = validate(*arguments)
    assert done.exit_code == 2
    assert match in done.output


def test_the_script_checks_a_folder(copy: Path) -> None:
    shutil.rmtree(copy / "checkpoints")
    script = [sys.executable, str(REPOSITORY / "validate_models.py"), str(copy), "--json"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    found = failed(json.loads(done.stdout))
    assert found["groove_predictor.json"] == set()
    assert found["harmony_predictor.json"] == {"file"}


def test_what_is_exported_needs_no_other_parser(exported: Path) -> None:
    """Five documents, read by a strict reader, hold the numbers of the table."""
    for name, spec in SPECS.items():
        document = parse_document((exported / f"{name}.json").read_bytes())
        assert document.parameters == spec.exported_parameters
        assert (document.inputs, document.outputs) == (spec.inputs, spec.outputs)
