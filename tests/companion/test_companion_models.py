"""Loading companion models: by name, folder or file; everything else is refused by its name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from trained import NAMES

from chromasonic.companion import load_companion
from chromasonic.companion.models import names_of
from chromasonic.companion.spec import SPECS
from chromasonic.errors import CheckpointError, UsageError
from chromasonic.training.checkpoint import load_checkpoint, save_checkpoint


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_found_in_its_output_folder_by_name(output: Path, name: str) -> None:
    loaded = load_companion(output, name)
    assert loaded.name == name
    assert loaded.is_synthetic
    assert not loaded.network.training
    features = torch.zeros(1, 3, SPECS[name].inputs)
    assert loaded.network.predict(features).shape == (1, 3, SPECS[name].outputs)
    best = load_checkpoint(output / f"checkpoints/{name}_best.pt")["model_state_dict"]
    assert all(torch.equal(v, best[k]) for k, v in loaded.network.state_dict().items())


def test_short_names_and_folders_of_checkpoints_and_files_do_as_well(output: Path) -> None:
    assert load_companion(output / "checkpoints", "groove").name == "groove_predictor"
    file = output / "checkpoints/melody_transformer_latest.pt"
    assert load_companion(file).name == "melody_transformer"


def test_names_may_be_short_and_several() -> None:
    assert names_of("all") == NAMES
    assert names_of("groove, emotion") == ("emotion_recognizer", "groove_predictor")
    assert names_of("dynamics_engine") == ("dynamics_engine",)
    for wrong in ("drums", "", ","):
        with pytest.raises(UsageError, match="--models is .*emotion, melody, harmony"):
            names_of(wrong)


def test_of_several_models_one_must_be_named(output: Path) -> None:
    with pytest.raises(CheckpointError, match="several models"):
        load_companion(output)
    with pytest.raises(UsageError, match="'drums' is no companion model"):
        load_companion(output, "drums")


def test_another_model_under_the_name_is_refused_by_name(output: Path, tmp_path: Path) -> None:
    file = tmp_path / "groove_predictor_best.pt"
    shutil.copy(output / "checkpoints/dynamics_engine_best.pt", file)
    with pytest.raises(CheckpointError, match=r"holds the DynamicsEngine.*not the GroovePredictor"):
        load_companion(tmp_path, "groove_predictor")


def changed(output: Path, tmp_path: Path, change) -> Path:  # type: ignore[no-untyped-def]
    content = load_checkpoint(output / "checkpoints/groove_predictor_best.pt")
    change(content)
    return save_checkpoint(tmp_path / "groove_predictor_best.pt", content)


def test_other_sizes_are_refused_whether_the_checkpoint_says_them_or_not(
    output: Path, tmp_path: Path
) -> None:
    def says(content: dict) -> None:
        content["config"]["model"]["config"]["inputs"] = 65

    with pytest.raises(CheckpointError, match="other sizes: its inputs are 65"):
        load_companion(changed(output, tmp_path, says))

    def hides(content: dict) -> None:
        content["model_state_dict"]["layers.0.weight"] = torch.zeros(128, 65)

    with pytest.raises(CheckpointError, match=r"layers.0.weight is 128 x 65 there and 128 x 64"):
        load_companion(changed(output, tmp_path, hides))


def test_other_features_are_refused(output: Path, tmp_path: Path) -> None:
    def change(content: dict) -> None:
        content["config"]["vocabulary"] = "kick 32, snare 32"

    with pytest.raises(CheckpointError, match="other features"):
        load_companion(changed(output, tmp_path, change))


@pytest.mark.parametrize("config", [{}, {"model": {"kind": "lstm", "config": {}}}, None])
def test_a_foreign_checkpoint_is_refused(output: Path, tmp_path: Path, config: object) -> None:
    def change(content: dict) -> None:
        content["config"] = config

    with pytest.raises(CheckpointError, match="not a companion model"):
        load_companion(changed(output, tmp_path, change))


def test_a_truncated_checkpoint_and_an_empty_folder_are_refused(
    output: Path, tmp_path: Path
) -> None:
    whole = (output / "checkpoints/groove_predictor_best.pt").read_bytes()
    file, empty = tmp_path / "groove_predictor_best.pt", tmp_path / "empty"
    empty.mkdir()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match="truncated|damaged"):
        load_companion(file)
    with pytest.raises(CheckpointError, match="no checkpoint in"):
        load_companion(empty, "groove")
