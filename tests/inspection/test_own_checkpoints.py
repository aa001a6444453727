"""Checkpoints of this project carry their configuration: nothing is inferred, all is checked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.cli.inspect_shapes import SHAPES_OF
from chromasonic.config import to_dict
from chromasonic.inspection import Checkpoint, inspect_file
from chromasonic.training.checkpoint import FORMAT_VERSION, load_checkpoint, save_checkpoint

run = CliRunner()


def melody(kind: str, config: dict[str, Any]) -> tuple[nn.Module, dict[str, Any]]:
    from chromasonic.melody_generation.models import build_model
    from chromasonic.melody_generation.training import describe_model

    model = build_model(kind, config)
    return model, {"task": "melody", "model": describe_model(model)}


def companion() -> tuple[nn.Module, dict[str, Any]]:
    from chromasonic.companion.models import describe
    from chromasonic.companion.network import CompanionNetwork
    from chromasonic.companion.spec import SPECS

    spec = SPECS["groove_predictor"]
    return CompanionNetwork(spec), {"task": "companion", "model": describe(spec, dropout=0.1)}


def harmonizer() -> tuple[nn.Module, dict[str, Any]]:
    from chromasonic.harmonization.chorale_network import ChoraleNetwork, NetworkConfig

    config = NetworkConfig(features=9, encoder=4, hidden=6, memory=5)
    kind = {"kind": "chorales on beats", **config.to_dict()}
    return ChoraleNetwork(config), {"task": "harmonizer", "model": kind}


def gesture() -> tuple[nn.Module, dict[str, Any]]:
    from chromasonic.gesture.network import GestureNetwork
    from chromasonic.gesture.network_config import NetworkConfig

    config = NetworkConfig(spatial_dim=4, temporal_dim=5, classifier_dim=6)
    network = GestureNetwork(config, adjacency=torch.eye(3), features=2, classes=7)
    sizes = {**to_dict(config), "nodes": 3, "features": 2, "classes": 7}
    return network, {"task": "gesture", "model": {"kind": "gesture", "config": sizes}}


MODELS = {
    "melody lstm": lambda: melody("lstm", {"hidden_size": 8}),
    "melody transformer": lambda: melody("transformer", {"hidden_size": 16}),
    "melody markov": lambda: melody("markov", {}),
    "companion": companion,
    "harmonizer": harmonizer,
    "gesture": gesture,
}


def saved(folder: Path, which: str, **changed: Any) -> Path:
    model, config = MODELS[which]()
    content = {
        "format_version": FORMAT_VERSION,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": {},
        "epoch": 2,
        "config": config,
        "metrics": {"val_loss": 0.5, "val": {"accuracy": {"value": 0.75, "sum": 3, "count": 4}}},
        "best": {"metric": "val_loss", "value": 0.5, "epoch": 2},
    }
    return save_checkpoint(folder / "best_model.pth", {**content, **changed})


@pytest.mark.parametrize("which", MODELS)
def test_the_weights_of_every_task_are_checked_against_the_configuration(
    tmp_path: Path, which: str
) -> None:
    known = inspect_file(saved(tmp_path, which), shapes_of=SHAPES_OF)
    assert known.is_ours
    assert known.is_checked
    assert {found.level for found in known.findings} <= {"note"}
    assert known.metrics == {"val_loss": 0.5, "val_accuracy": 0.75}


def test_every_task_that_trains_networks_is_checked() -> None:
    assert {which.split()[0] for which in MODELS} == set(SHAPES_OF)


def contradictions(known: Checkpoint) -> list[str]:
    return [found.message for found in known.findings if found.level == "contradiction"]


def test_a_configuration_of_another_size_is_a_contradiction_name_by_name(tmp_path: Path) -> None:
    _, config = gesture()
    config["model"]["config"]["classes"] = 9
    known = inspect_file(saved(tmp_path, "gesture", config=config), shapes_of=SHAPES_OF)
    (message,) = contradictions(known)
    assert "classifier.3.weight is 7 x 6 instead of 9 x 6" in message
    assert not known.is_checked


def test_missing_and_surplus_weights_are_a_contradiction(tmp_path: Path) -> None:
    model, _ = companion()
    state = model.state_dict()
    first = next(iter(state))
    state["extra"] = state.pop(first)
    known = inspect_file(saved(tmp_path, "companion", model_state_dict=state), shapes_of=SHAPES_OF)
    (message,) = contradictions(known)
    assert f"{first} is missing; extra is one too many" in message


@pytest.mark.parametrize("sizes", [{"temporal_dim": -1}, {"unheard_of": 3}, {"nodes": "many"}])
def test_a_configuration_that_cannot_be_built_is_a_contradiction(
    tmp_path: Path, sizes: dict[str, Any]
) -> None:
    _, config = gesture()
    config["model"]["config"] |= sizes
    known = inspect_file(saved(tmp_path, "gesture", config=config), shapes_of=SHAPES_OF)
    assert "no network can be built" in contradictions(known)[0]


def test_a_configuration_that_asks_for_terabytes_builds_nothing(tmp_path: Path) -> None:
    _, config = gesture()
    config["model"]["config"] |= {"spatial_dim": 4096, "temporal_dim": 4096, "classes": 10**9}
    known = inspect_file(saved(tmp_path, "gesture", config=config), shapes_of=SHAPES_OF)
    assert "holds other weights" in contradictions(known)[0]


def test_a_model_of_a_users_own_class_is_inferred_as_any_other(tmp_path: Path) -> None:
    config = {"task": "melody", "model": {"kind": "MyModel"}}
    known = inspect_file(saved(tmp_path, "melody lstm", config=config), shapes_of=SHAPES_OF)
    assert not known.is_checked
    assert contradictions(known) == []


def test_the_table_infers_nothing_of_ours_and_prints_the_configuration(tmp_path: Path) -> None:
    result = run.invoke(app, ["inspect", str(saved(tmp_path, "gesture"))])
    assert result.exit_code == 0, result.output
    assert "Nothing is inferred: a network of its configuration has these weights" in result.stdout
    assert "likely" not in result.stdout
    for row in ("model.config.temporal_dim", "model.config.classes", "Best so far"):
        assert row in result.stdout
    assert "nothing contradicts, nothing is missing" in result.stdout


def test_a_training_of_the_one_loop_has_nothing_to_find(tmp_path: Path) -> None:
    from toy_training import train_toy

    train_toy(tmp_path)
    result = run.invoke(app, ["inspect", str(tmp_path), "--json"])
    document = json.loads(result.stdout)
    assert len(document["checkpoints"]) >= 3
    assert [f for f in document["findings"] if f["level"] != "note"] == []


def test_a_best_taken_from_another_run_is_found(tmp_path: Path) -> None:
    from toy_training import train_toy

    train_toy(tmp_path / "a", seed=1)
    train_toy(tmp_path / "b", seed=2)
    stranger = load_checkpoint(tmp_path / "b/toy_best.pt")
    save_checkpoint(tmp_path / "a/toy_best.pt", stranger)
    document = json.loads(run.invoke(app, ["inspect", str(tmp_path / "a"), "--json"]).stdout)
    rules = {f["rule"] for f in document["findings"] if f["level"] == "contradiction"}
    assert rules & {"best-is-worse", "metric-not-in-history"}


@pytest.mark.parametrize("ending", [".md", ".json", ".txt"])
def test_what_is_written_is_what_is_printed(tmp_path: Path, ending: str) -> None:
    path, page = saved(tmp_path, "companion"), tmp_path / f"page{ending}"
    option = {".md": ["--markdown"], ".json": ["--json"], ".txt": []}[ending]
    printed = run.invoke(app, ["inspect", str(path), *option]).stdout
    result = run.invoke(app, ["inspect", str(path), "--output", str(page)])
    assert result.exit_code == 0
    assert page.read_text(encoding="utf-8") == printed


def test_what_was_not_a_checkpoint_ends_with_one_line_and_code_1(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_text("no checkpoint")
    result = run.invoke(app, ["inspect", str(tmp_path / "a.pt")])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1
    both = run.invoke(app, ["inspect", str(saved(tmp_path, "companion")), "--json", "--markdown"])
    assert both.exit_code == 2


def test_help_of_inspect_imports_nothing_heavy() -> None:
    script = (
        "import sys; from chromasonic.cli.app import main\n"
        "sys.argv = ['chromasonic', 'inspect', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    print('LOADED', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert loaded & {"torch", "numpy", "matplotlib"} == set()
