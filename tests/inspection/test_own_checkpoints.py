"""Checkpoints of this project carry their configuration: what is inferred is checked by it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
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


def test_the_table_of_ours_shows_the_architecture_and_the_configuration(tmp_path: Path) -> None:
    result = run.invoke(app, ["inspect", str(saved(tmp_path, "gesture"))])
    assert result.exit_code == 0, result.output
    assert "A network built of its configuration has exactly these weights" in result.stdout
    for row in ("model.config.temporal_dim", "model.config.classes", "Best so far"):
        assert row in result.stdout
    rows = [line.split("  ") for line in result.stdout.splitlines()]
    told = {row[1].strip(): [cell.strip() for cell in row[2:] if cell] for row in rows if row[1:]}
    assert told["LSTM hidden dimension"][:2] == ["5", "certain"]
    assert told["Number of GCN layers"][:2] == ["3", "certain"]
    assert told["Number of classes"][:2] == ["7", "certain"]
    assert told["Number of classes"][2].endswith("model.config.classes")
    assert "nothing contradicts, nothing is missing" in result.stdout


@pytest.mark.parametrize("size", ["plain", "fused", "compact", "causal"])
def test_the_architecture_of_every_gesture_size_is_its_configurations(
    tmp_path: Path, size: str
) -> None:
    from chromasonic.gesture.network import GestureNetwork
    from chromasonic.gesture.network_config import SIZES

    chosen = SIZES[size]
    small = replace(chosen, spatial_dim=8, frame_dim=12, temporal_dim=4, classifier_dim=6)
    network = GestureNetwork(small, adjacency=torch.eye(3), features=2, classes=7)
    sizes = {**to_dict(small), "nodes": 3, "features": 2, "classes": 7}
    config = {"task": "gesture", "model": {"kind": "gesture", "config": sizes}}
    path = saved(tmp_path, "gesture", config=config, model_state_dict=network.state_dict())
    known = inspect_file(path, shapes_of=SHAPES_OF)
    assert known.is_checked
    assert known.architecture is not None
    facts = {
        fact.name: fact
        for section in reversed(known.architecture.sections)
        for fact in section.facts
    }
    expected = {
        "Hidden dimension": 8,
        "Number of GCN layers": small.spatial_layers,
        "Input features": 2,
        "LSTM hidden dimension": 4,
        "Number of LSTM layers": small.temporal_layers,
        "Bidirectional": not small.causal,
        "Number of classes": 7,
    }
    assert {name: facts[name].value for name in expected} == expected
    assert {facts[name].certainty for name in expected} == {"certain"}
    assert "Attention heads" not in facts  # its configuration says them


@pytest.mark.parametrize("which", MODELS)
def test_every_task_shows_its_layers(tmp_path: Path, which: str) -> None:
    known = inspect_file(saved(tmp_path, which), shapes_of=SHAPES_OF)
    assert known.architecture is not None
    counted = [f.value for s in known.architecture.sections for f in s.facts]
    assert None not in counted
    assert sum(len(s.facts) for s in known.architecture.sections) > len(known.architecture.sections)


def test_the_overview_counts_what_is_trained_apart_from_the_state_dict(tmp_path: Path) -> None:
    for number in range(3):
        file = saved(tmp_path, "gesture", epoch=2 + number)
        file.rename(tmp_path / f"epoch_{2 + number}_model.pth")
    output = run.invoke(app, ["inspect", str(tmp_path)]).stdout
    heading, first = output.splitlines()[:2]
    model, _ = gesture()
    trained = sum(parameter.numel() for parameter in model.parameters())
    whole = sum(tensor.numel() for tensor in model.state_dict().values())
    assert trained != whole
    assert first[heading.index("PARAMETERS") :].split()[0] == f"{trained:,}"
    assert first[heading.index("STATE DICT") :].split()[0] == f"{whole:,}"


def test_two_of_one_name_are_told_apart_and_each_setting_differs_once(tmp_path: Path) -> None:
    def one(folder: str, width: int, causal: bool) -> Path:
        from chromasonic.gesture.network import GestureNetwork
        from chromasonic.gesture.network_config import CAUSAL, PLAIN

        base = CAUSAL if causal else PLAIN
        small = replace(
            base, spatial_dim=8, frame_dim=12, temporal_dim=width, classifier_dim=6, dropout=0.1
        )
        network = GestureNetwork(small, adjacency=torch.eye(3), features=2, classes=7)
        sizes = {**to_dict(small), "nodes": 3, "features": 2, "classes": 7}
        config = {
            "task": "gesture",
            "model": {"kind": "gesture", "config": sizes},
            "recipe": {"network": to_dict(small), "training": {"learning_rate": width / 3}},
        }
        state = network.state_dict()
        return saved(tmp_path / folder, "gesture", config=config, model_state_dict=state)

    paths = [str(one("a", 5, causal=True)), str(one("b", 9, causal=False))]
    document = json.loads(run.invoke(app, ["inspect", *paths, "--json"]).stdout)
    assert [known["name"] for known in document["checkpoints"]] == [
        "a/best_model.pth", "b/best_model.pth",
    ]  # fmt: skip
    (note,) = [f for f in document["findings"] if f["rule"] == "architecture"]
    assert note["message"].startswith("a/best_model.pth and b/best_model.pth hold different")
    assert "Bidirectional No and Yes" in note["message"]
    settings = [row["name"].rpartition(".")[2] for row in document["differences"]
                if row["name"].startswith("config.")]  # fmt: skip
    assert "causal" in settings
    assert "temporal_dim" not in settings  # told as "LSTM hidden dimension"
    assert len(settings) == len(set(settings))
    table = run.invoke(app, ["inspect", *paths]).stdout
    (row,) = [line for line in table.splitlines() if line.startswith("config.recipe.training")]
    assert row.split()[-2:] == ["1.66667", "3"]


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
