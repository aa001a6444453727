"""Exporting companion models: one proven file each, beside their checkpoints; training ends so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from trained import NAMES, train_tiny

from chromasonic.companion import runs
from chromasonic.companion.exporting import export_companion, export_companions, output_folder
from chromasonic.companion.features import INPUTS, OUTPUTS
from chromasonic.companion.models import LoadedCompanion, load_companion
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.preparing import describe
from chromasonic.companion.spec import SPECS
from chromasonic.errors import CheckpointError, ExportError, UsageError
from chromasonic.export.golden import golden_inputs
from chromasonic.export.interpreter import compute
from chromasonic.export.reading import read_document
from chromasonic.export.validation import validate_file

NUMBERS = {
    "emotion_recognizer": 402_752, "melody_transformer": 640_640, "harmony_predictor": 74_176,
    "dynamics_engine": 13_520, "groove_predictor": 18_656,
}  # fmt: skip
"""As the page of the format counts them."""


@pytest.mark.parametrize("name", NAMES)
def test_training_ends_with_a_file_that_passes_every_check(name: str, output: Path) -> None:
    found = validate_file(output / f"{name}.json", SPECS[name])
    assert found.passed, found.failed


@pytest.mark.parametrize("name", NAMES)
def test_a_file_computes_what_the_best_checkpoint_predicts(name: str, output: Path) -> None:
    document = read_document(output / f"{name}.json")
    assert document.parameters == NUMBERS[name]
    network = load_companion(output, name).network
    inputs = golden_inputs(document.inputs, seed=77, steps=300)
    with torch.no_grad():
        wanted = network.predict(torch.from_numpy(inputs)[None])[0].numpy()
    given = compute(document, inputs)
    assert np.abs(given - wanted).max() < 1e-5 * max(1, np.abs(wanted).max())
    if SPECS[name].layers[-1].activation == "softmax":
        assert np.allclose(given.sum(1), 1)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_what_it_is_and_nothing_of_this_machine(name: str, output: Path) -> None:
    text = (output / f"{name}.json").read_text()
    value = json.loads(text)
    spec, metadata = SPECS[name], value["metadata"]
    assert value.keys() == {"in_shape", "layers", "metadata"}
    assert value["in_shape"] == [None, None, spec.inputs]
    assert [layer["type"] for layer in value["layers"]] == [layer.kind for layer in spec.layers]
    assert (metadata["name"], metadata["title"]) == (name, spec.title)
    assert metadata["is_synthetic"]
    assert metadata["parameters"] == NUMBERS[name]
    assert metadata["state_policy"] == spec.state
    for half, page in (("inputs", INPUTS), ("outputs", OUTPUTS)):
        blocks = [(b["name"], b["size"], b["meaning"]) for b in metadata["feature_page"][half]]
        assert blocks == [(b.name, b.size, b.meaning) for b in page[name]]
    assert metadata["training"].keys() == {"epoch", "seed", "validation_loss", "validation"}
    assert np.shape(metadata["golden"]["inputs"]) == (96, spec.inputs)
    assert metadata["golden"]["reset_before"] == [0, 64]
    assert str(output) not in text
    assert str(Path.home()) not in text
    assert "found_at" not in text


def test_a_run_and_its_cards_know_the_files(output: Path) -> None:
    exports = json.loads((output / "run.json").read_text())["exports"]
    for name in NAMES:
        assert exports[name]["file"] == f"{name}.json"
        assert exports[name]["size_bytes"] == (output / f"{name}.json").stat().st_size
        card = (output / f"cards/{name}.md").read_text()
        assert f"`{name}.json` (RTNeural JSON): {NUMBERS[name]:,} numbers" in card
        assert "must not be shipped" in card


def test_exporting_again_gives_the_same_bytes(output: Path, tmp_path: Path) -> None:
    exported = export_companions(output, output=tmp_path / "new/folder")
    assert tuple(one.name for one in exported) == NAMES
    for one in exported:
        assert one.path == tmp_path / f"new/folder/{one.name}.json"
        assert one.path.read_bytes() == (output / f"{one.name}.json").read_bytes()
        assert one.parameters == NUMBERS[one.name]
        assert one.largest_difference < 1e-7
        assert any("made-up examples" in remark for remark in one.remarks)


def test_a_single_checkpoint_goes_beside_its_folder(output: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run/checkpoints"
    folder.mkdir(parents=True)
    file = shutil.copy(output / "checkpoints/groove_predictor_best.pt", folder)
    (exported,) = export_companions(file)
    assert exported.path == tmp_path / "run/groove_predictor.json"
    assert output_folder(folder) == output_folder(folder.parent) == tmp_path / "run"
    (exported,) = export_companions(folder, models=["groove"])
    assert exported.name == "groove_predictor"


def test_of_some_models_those_that_are_there_unless_one_is_asked_for(
    output: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    for name in ("dynamics_engine", "groove_predictor"):
        shutil.copy(output / f"checkpoints/{name}_best.pt", folder)
    exported = export_companions(tmp_path)
    assert [one.name for one in exported] == ["dynamics_engine", "groove_predictor"]
    with pytest.raises(CheckpointError, match="no harmony_predictor in .*checkpoints"):
        export_companions(tmp_path, models=["groove", "harmony"])


def test_what_is_no_run_is_refused(output: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There is no .*nowhere. Give the output folder"):
        export_companions(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match="no companion model in"):
        export_companions(tmp_path)
    with pytest.raises(UsageError, match="groove_predictor.json is an exported file"):
        export_companions(output / "groove_predictor.json")
    with pytest.raises(UsageError, match="run.json is no checkpoint"):
        export_companions(output / "run.json")
    with pytest.raises(UsageError, match="--format is 'tflite'; allowed: rtneural, onnx, modelt"):
        export_companions(output, format="tflite")
    with pytest.raises(UsageError, match="--models is 'drums'"):
        export_companions(output, models=["drums"])
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file, which is a file"):
        export_companions(output, output=tmp_path / "file")
    with pytest.raises(CheckpointError, match="holds the GroovePredictor"):
        export_companions(output / "checkpoints/groove_predictor_best.pt", models=["emotion"])


def untrained(info: dict) -> LoadedCompanion:
    spec = SPECS["groove_predictor"]
    return LoadedCompanion(
        network=CompanionNetwork(spec).eval(), spec=spec, checkpoint=Path("x.pt"), info=info
    )


def test_corpora_are_named_without_where_they_lay() -> None:
    corpus = {
        "name": "groove-midi", "title": "Groove", "licence": "CC BY 4.0", "licence_url": "u",
        "fingerprint": "ab", "found_at": "/home/somebody/corpora", "counts": {"takes": 3},
    }  # fmt: skip
    loaded = untrained({"data": {"corpora": [corpus], "weights_may_ship": True}})
    (named,) = describe(loaded).corpora
    assert named == {
        "name": "groove-midi", "title": "Groove", "licence": "CC BY 4.0", "licence_url": "u",
        "fingerprint": "ab",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ({"data": {"is_synthetic": True}}, "made-up examples"),
        ({"data": {"weights_may_ship": False}}, "do not let its weights be shipped"),
        ({}, "does not say what it was trained on"),
    ],
)
def test_what_a_user_must_know_before_shipping_is_remarked(
    info: dict, said: str, tmp_path: Path
) -> None:
    assert said in export_companion(untrained(info), tmp_path).remarks[0]
    free = untrained({"data": {"weights_may_ship": True}})
    assert export_companion(free, tmp_path).remarks == ()


def test_metrics_that_are_no_numbers_are_null(tmp_path: Path) -> None:
    metrics = {"val_loss": float("nan"), "val": {"MAE": {"value": float("inf")}}}
    exported = export_companion(untrained({"metrics": metrics, "epoch": 3}), tmp_path)
    training = json.loads(exported.path.read_text())["metadata"]["training"]
    assert training["validation_loss"] is None
    assert training["validation"] == {"MAE": None}


def test_a_network_with_nan_is_refused_by_name(tmp_path: Path) -> None:
    loaded = untrained({})
    with torch.no_grad():
        loaded.network.layers[1].bias[3] = float("nan")
    with pytest.raises(ExportError, match=r"network\.layers\.1\.bias of .* no finite"):
        export_companion(loaded, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_exporting_into_the_output_folder_is_noted_there(tmp_path: Path) -> None:
    train_tiny(tmp_path, models=["dynamics_engine"])
    facts = json.loads((tmp_path / "run.json").read_text())
    noted = facts.pop("exports")
    (tmp_path / "run.json").write_text(json.dumps(facts))
    export_companions(tmp_path, output=tmp_path / "elsewhere")
    assert "exports" not in json.loads((tmp_path / "run.json").read_text())
    export_companions(tmp_path)
    assert json.loads((tmp_path / "run.json").read_text())["exports"] == noted


def test_resuming_a_finished_run_exports_what_is_missing(tmp_path: Path) -> None:
    only = {"models": ["dynamics_engine"]}
    first = train_tiny(tmp_path, **only).models["dynamics_engine"].exported
    assert first is not None
    before = first.path.read_bytes()
    first.path.unlink()
    leftover = tmp_path / ".dynamics_engine.json.abc.tmp.json"
    leftover.write_text("of a process that was killed")
    again = train_tiny(tmp_path, **only, resume=True).models["dynamics_engine"].exported
    assert again == first
    assert not leftover.exists()
    assert first.path.read_bytes() == before


def test_training_anew_replaces_the_file(tmp_path: Path) -> None:
    only = {"models": ["dynamics_engine"]}
    train_tiny(tmp_path, **only)
    before = read_document(tmp_path / "dynamics_engine.json").metadata
    train_tiny(tmp_path, **only, seed=5, overwrite=True)
    after = read_document(tmp_path / "dynamics_engine.json").metadata
    assert before is not None
    assert after is not None
    assert before.weight_hash != after.weight_hash


def test_an_export_that_fails_costs_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ExportError("not what was trained")

    both = {"models": ["dynamics_engine", "groove_predictor"]}
    with monkeypatch.context() as patch:
        patch.setattr(runs, "export_companion", fail)
        with pytest.raises(ExportError, match="not what was trained"):
            train_tiny(tmp_path, **both)
    results = json.loads((tmp_path / "run.json").read_text())["results"]
    assert results.keys() == set(both["models"])
    again = train_tiny(tmp_path, **both, resume=True)
    assert all(model.exported is not None for model in again.models.values())
    assert len(again.models["groove_predictor"].history) == 2
