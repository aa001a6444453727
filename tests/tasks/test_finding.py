"""Models of every task are found where a training left them, and a version works as its run did."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.companion.models import load_companion
from chromasonic.config import read_toml
from chromasonic.errors import CheckpointError, UsageError
from chromasonic.gesture import recipe as gesture_recipes
from chromasonic.gesture.models import load_gesture
from chromasonic.gesture.runs import train_gesture
from chromasonic.harmonization.agents import SHIPPED, load_agent
from chromasonic.melody_generation import recipe as melody_recipes
from chromasonic.melody_generation.models import load_model
from chromasonic.melody_generation.runs import train_melody
from chromasonic.melody_generation.subjects import find_subjects
from chromasonic.registry.model import ModelFacts
from chromasonic.registry.store import open_store
from chromasonic.registry.versions import Registry
from chromasonic.tasks.finding import models_at
from chromasonic.tasks.table import task_named
from stores import new_store

QUICK = {"epochs": 1, "batch_size": 8, "device": "cpu", "patience": 0}
RECIPES: dict[str, dict[str, Any]] = {
    "melody": {
        "data": {"dataset": "synthetic", "num_sequences": 24},
        "lstm": {"model": {"hidden_size": 8, "num_layers": 1}, "training": {**QUICK, "seed": 5}},
        "markov": {"model": {}},
    },
    "companion": {
        kind: {"data": {"synthetic": True, "synthetic_examples": 16}, "training": QUICK}
        for kind in ("dynamics_engine", "groove_predictor")
    },
    "gesture": {
        "data": {"dataset": "synthetic-gestures", "movements": 24},
        "network": {"spatial_dim": 6, "spatial_layers": 1, "temporal_dim": 8, "temporal_layers": 1},
        "training": QUICK,
    },
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small training of three tasks; not to be written to."""
    folder = tmp_path_factory.mktemp("runs")
    for name, recipe in RECIPES.items():
        task_named(name).train(recipe, folder / name)
    return {name: folder / name for name in RECIPES}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, runs: dict[str, Path]) -> Registry:
    """Each of these models as a version, and the agents that ship."""
    folder = tmp_path_factory.mktemp("registered") / "registry"
    registry = Registry(open_store(str(new_store(folder))))
    for path in (*runs.values(), SHIPPED):
        for model in models_at(path):
            name = f"{model.facts.task}-{model.facts.kind}"
            registry.register(model, name, aliases=["champion"])
    return registry


@pytest.fixture
def registered(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The same as that of the settings."""
    monkeypatch.setenv("CHROMASONIC_REGISTRY", registry.store.address)
    return registry


def facts_at(path: Path) -> dict[str, ModelFacts]:
    return {model.facts.kind: model.facts for model in models_at(path)}


def test_facts_of_melody_models_are_those_of_the_run(runs: dict[str, Path]) -> None:
    facts = facts_at(runs["melody"])
    run = json.loads((runs["melody"] / "run.json").read_text())
    recipe = read_toml(runs["melody"] / "recipe.toml")

    assert list(facts) == ["lstm", "markov"]
    lstm = facts["lstm"]
    assert lstm.validation == run["results"]["lstm"]["validation"]
    assert lstm.headline in lstm.validation
    assert lstm.parameters == run["results"]["lstm"]["parameters"]
    assert lstm.seed == 5
    tunes = json.loads((runs["melody"] / "split.json").read_text())["validation"]
    assert lstm.validated_on == f"{len(tunes)} tunes"
    assert facts["markov"].parameters is None  # it counts
    assert facts["markov"].seed is None  # and knows no chance
    assert lstm.recipe == {"data": recipe["data"], "lstm": recipe["lstm"]}
    assert [corpus.name for corpus in lstm.corpora] == ["synthetic"]
    assert lstm.corpora[0].fingerprint == run["corpus"]["manifest"]["fingerprint"]
    assert lstm.code["commit"] == run["code_commit"]
    assert lstm.command == tuple(run["command"])


@pytest.mark.parametrize("task", ["melody", "companion", "gesture"])
def test_a_run_that_was_stopped_has_as_many_parameters_as_one_that_ended(
    runs: dict[str, Path], tmp_path: Path, task: str
) -> None:
    ended = {kind: facts.parameters for kind, facts in facts_at(runs[task]).items()}
    stopped = tmp_path / task
    shutil.copytree(runs[task], stopped)
    run = json.loads((stopped / "run.json").read_text())
    (stopped / "run.json").write_text(json.dumps({**run, "results": {}}))
    assert {kind: facts.parameters for kind, facts in facts_at(stopped).items()} == ended


def test_companions_come_as_a_set_and_one_by_one(runs: dict[str, Path]) -> None:
    facts = facts_at(runs["companion"])
    run = json.loads((runs["companion"] / "run.json").read_text())

    assert list(facts) == ["all", "dynamics_engine", "groove_predictor"]
    assert facts["all"].parameters == 13_520 + 18_656
    groove = facts["groove_predictor"]
    assert groove.parameters == 18_656
    assert groove.validation == run["results"]["groove_predictor"]["validation"]
    assert groove.headline == "velocity MAE"
    sizes = run["data"]["groove_predictor"]["sizes"]["validation"]
    assert groove.validated_on == f"{sizes['examples']} examples of {sizes['pieces']} pieces"
    assert set(groove.recipe) == {"groove_predictor"}
    assert "made-up" in groove.title
    assert [corpus.name for corpus in groove.corpora] == ["made-up-examples"]
    assert facts["all"].corpora == groove.corpora
    assert "dynamics_engine, groove_predictor" in facts["all"].title


def test_a_gesture_model_knows_its_corpus_and_settings(runs: dict[str, Path]) -> None:
    facts = facts_at(runs["gesture"])["gesture"]

    assert [corpus.name for corpus in facts.corpora] == ["synthetic-gestures"]
    assert facts.recipe["network"]["spatial_dim"] == 6
    assert "output" not in facts.recipe
    count = json.loads((runs["gesture"] / "run.json").read_text())["data"]["sizes"]["validation"]
    assert facts.validated_on == f"{count} recordings, protocol 'seen'"
    assert facts.headline in facts.validation


def test_the_agents_that_ship_are_a_set_and_three_models() -> None:
    facts = facts_at(SHIPPED)
    hybrid = json.loads((SHIPPED / "hybrid_model_metadata.json").read_text())

    assert list(facts) == ["all", "advanced", "simple", "hybrid"]
    told = facts["hybrid"].validation
    assert (
        told["validation_share_of_ceiling"] == (hybrid["measured"]["validation_share_of_ceiling"])
    )
    assert facts["hybrid"].corpora[0].licence == hybrid["corpora"][0]["licence"]
    assert facts["hybrid"].corpora[0].citation
    assert facts["hybrid"].recipe["hybrid"] == hybrid["settings"]


def test_no_figure_of_a_test_part_is_among_the_facts(runs: dict[str, Path]) -> None:
    models = [model for path in (*runs.values(), SHIPPED) for model in models_at(path)]

    assert len(models) == 2 + 3 + 1 + 4
    assert not [name for model in models for name in model.facts.validation if "test" in name]
    assert not [name for model in models for name in model.files if "result" in name.lower()]


def test_a_best_checkpoint_of_a_run_is_that_runs_model(runs: dict[str, Path]) -> None:
    file = runs["melody"] / "lstm_checkpoints" / "melody_lstm_best.pt"

    (found,) = models_at(file)
    (whole,) = models_at(runs["melody"], kind="lstm")

    assert found == whole


def test_another_checkpoint_of_a_run_is_told_apart(runs: dict[str, Path]) -> None:
    file = runs["melody"] / "lstm_checkpoints" / "melody_lstm_final.pt"

    (found,) = models_at(file)

    assert found.files["lstm_checkpoints/melody_lstm_best.pt"] == file
    assert found.facts.title.endswith("(epoch 1)")


@pytest.mark.parametrize(
    ("task", "file", "kind"),
    [
        ("melody", "lstm_checkpoints/melody_lstm_best.pt", "lstm"),
        ("melody", "markov_checkpoints/melody_markov_best.pt", "markov"),
        ("companion", "checkpoints/groove_predictor_best.pt", "groove_predictor"),
        ("gesture", "best_model.pth", "gesture"),
    ],
)
def test_a_checkpoint_by_itself_says_what_it_is(
    runs: dict[str, Path], tmp_path: Path, task: str, file: str, kind: str
) -> None:
    alone = shutil.copy(runs[task] / file, tmp_path)

    (found,) = models_at(alone)
    (whole,) = models_at(runs[task], kind=kind)

    assert (found.facts.task, found.facts.kind) == (task, kind)
    assert found.facts.validation == pytest.approx(whole.facts.validation)
    assert [corpus.name for corpus in found.facts.corpora] == [
        corpus.name for corpus in whole.facts.corpora
    ]
    assert found.facts.parameters == whole.facts.parameters


@pytest.fixture(scope="module")
def alone(
    registry: Registry, runs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Task to a version that was made of a checkpoint by itself."""
    folder = tmp_path_factory.mktemp("alone")
    bests = {
        "melody": "lstm_checkpoints/melody_lstm_best.pt",
        "companion": "checkpoints/groove_predictor_best.pt",
        "gesture": "best_model.pth",
    }
    made = {}
    for task, best in bests.items():
        (model,) = models_at(shutil.copy(runs[task] / best, folder))
        made[task] = registry.register(model, f"alone-{task}").reference
    return made


@pytest.mark.parametrize("task", ["melody", "companion", "gesture"])
def test_a_version_that_was_made_of_a_checkpoint_alone_is_found_again(
    registered: Registry, alone: dict[str, str], task: str
) -> None:
    version = registered.get(alone[task])

    (found,) = models_at(registered.folder_of(version.reference))

    assert found.facts == version.facts


@pytest.mark.parametrize(
    ("task", "command"),
    [
        ("melody", ["generate", "{}", "--bars", "1"]),
        ("melody", ["export", "{}", "--format", "onnx"]),
        ("companion", ["evaluate", "companion", "{}"]),
        ("companion", ["export", "{}", "--models", "groove"]),
        ("gesture", ["export", "{}", "--format", "onnx"]),
        *((task, ["inspect", "{}"]) for task in RECIPES),
        *((task, ["models", "export", "{}", "-o", "out"]) for task in RECIPES),
        *((task, ["models", "card", "{}"]) for task in RECIPES),
    ],
)
def test_commands_take_a_version_that_was_made_of_a_checkpoint_alone(
    registered: Registry,
    alone: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    task: str,
    command: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(app, [word.format(alone[task]) for word in command])

    assert result.exit_code == 0, result.output


def test_a_place_without_a_model_is_told(tmp_path: Path, runs: dict[str, Path]) -> None:
    with pytest.raises(CheckpointError, match="There is nothing at"):
        models_at(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match="no trained model"):
        models_at(tmp_path)
    with pytest.raises(CheckpointError, match=r"kind 'transformer'.*there: lstm, markov"):
        models_at(runs["melody"], kind="transformer")
    foreign = tmp_path / "foreign.pt"
    torch.save({"weight": torch.zeros(2)}, foreign)
    with pytest.raises(CheckpointError):
        models_at(foreign)


def test_a_run_that_has_not_ended_an_epoch_holds_no_model(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    half = shutil.copytree(runs["gesture"], tmp_path / "half")
    (half / "best_model.pth").unlink()

    with pytest.raises(CheckpointError, match="ended its first epoch"):
        models_at(half)


def test_a_run_that_was_broken_off_tells_the_figures_of_its_history(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    broken = shutil.copytree(runs["melody"], tmp_path / "broken")
    facts = json.loads((broken / "run.json").read_text())
    (broken / "run.json").write_text(json.dumps({**facts, "results": {}}))

    told = facts_at(broken)["lstm"].validation

    assert told == pytest.approx(facts["results"]["lstm"]["validation"])


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


def test_every_loader_takes_a_version(registered: Registry, runs: dict[str, Path]) -> None:
    for kind in ("lstm", "markov"):
        loaded = load_model(f"melody-{kind}@champion")
        assert same_weights(loaded.model, load_model(runs["melody"], kind=kind).model)
    for name in ("companion-all", "companion-groove_predictor"):
        network = load_companion(f"{name}@1", "groove").network
        assert same_weights(network, load_companion(runs["companion"], "groove").network)
    gesture = load_gesture("gesture-gesture@1")
    assert same_weights(gesture.network, load_gesture(runs["gesture"]).network)
    assert load_agent("advanced", Path("harmonizer-advanced@champion")).name == "advanced"
    assert load_agent("hybrid", Path("harmonizer-all@champion")).name == "hybrid"


def test_a_version_without_the_agent_that_is_asked_for_names_those_it_has(
    registered: Registry,
) -> None:
    with pytest.raises(UsageError, match=r"harmonizer-advanced@1 .*holds advanced\. Say --agent"):
        load_agent("hybrid", Path("harmonizer-advanced@1"))
    with pytest.raises(CheckpointError, match="lstm.*not.*transformer"):
        load_model("melody-lstm@1", kind="transformer")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["generate", "companion-groove_predictor@1"], "companion models (groove_predictor"),
        (["evaluate", "melody", "gesture-gesture@1"], "a gesture network (Gesture network"),
        (["evaluate", "companion", "melody-lstm@1"], "a melody model (LSTM for melodies"),
    ],
)
def test_a_version_of_another_task_is_called_by_its_name_and_said_to_be_one(
    registered: Registry, command: list[str], told: str
) -> None:
    result = CliRunner().invoke(app, command)

    assert result.exit_code == 1
    assert told in result.output
    assert registered.store.address not in result.output


def test_a_loader_says_that_a_version_is_of_another_task(registered: Registry) -> None:
    with pytest.raises(CheckpointError, match="melody-lstm@1 holds a melody model"):
        load_gesture("melody-lstm@1")
    with pytest.raises(CheckpointError, match="gesture-gesture@1 holds a gesture network"):
        load_model("gesture-gesture@1")


def test_a_version_of_which_nothing_was_exported_is_not_called_wrong(
    registered: Registry, runs: dict[str, Path], tmp_path: Path
) -> None:
    best = shutil.copy(runs["companion"] / "checkpoints/groove_predictor_best.pt", tmp_path)
    (model,) = models_at(best)
    registered.register(model, "bare")

    result = CliRunner().invoke(app, ["validate", "bare@1"])
    registered.delete("bare@1")

    assert result.exit_code == 2
    assert "Nothing was exported of bare@1 yet" in result.output


def test_what_was_exported_of_a_version_is_validated_against_it(
    registered: Registry, tmp_path: Path
) -> None:
    reference = "companion-dynamics_engine@1"
    made = CliRunner().invoke(app, ["models", "export", reference, "-o", str(tmp_path)])
    assert made.exit_code == 0, made.output

    result = CliRunner().invoke(app, ["validate", reference, "--json"])

    assert result.exit_code == 0, result.output
    of_its_training, of_the_version = json.loads(result.stdout)["files"]
    for found in (of_its_training, of_the_version):
        states = {check["name"]: check["passed"] for check in found["checks"]}
        assert states["checkpoint"] is True


def test_an_export_of_another_task_is_validated_by_its_version(
    registered: Registry, tmp_path: Path
) -> None:
    made = CliRunner().invoke(app, ["models", "export", "gesture-gesture@1", "-o", str(tmp_path)])
    assert made.exit_code == 0, made.output
    result = CliRunner().invoke(app, ["validate", "gesture-gesture@1", "--json"])
    assert result.exit_code == 0, result.output
    assert [Path(one["path"]).suffix for one in json.loads(result.stdout)["files"]] == [".onnx"]


def test_a_version_knows_its_split_and_is_called_by_its_reference(
    registered: Registry, runs: dict[str, Path]
) -> None:
    subjects = find_subjects(["melody-lstm@1", "melody-lstm@champion"], device="cpu")

    assert [subject.name for subject in subjects] == [
        "melody-lstm@1/lstm", "melody-lstm@champion/lstm"
    ]  # fmt: skip
    split = json.loads((runs["melody"] / "split.json").read_text())
    for subject in subjects:
        assert subject.run is not None
        assert subject.run.split() == split
        assert subject.run.recipe()["data"]["dataset"] == "synthetic"


def test_a_version_is_found_again_as_the_model_that_it_is(registered: Registry) -> None:
    for version in registered.versions():
        folder = registered.folder_of(version.reference)
        kind = version.facts.kind
        (again,) = models_at(folder, kind=kind)
        assert (again.facts.task, again.facts.validation, again.facts.parameters) == (
            version.facts.task, version.facts.validation, version.facts.parameters
        )  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [
        ["generate", "melody-lstm@champion", "--bars", "1"],
        ["harmonize", "C4 D4 E4:2", "--agent", "simple", "--models", "harmonizer-simple@1"],
        ["inspect", "gesture-gesture@1", "--json"],
        ["validate", "companion-groove_predictor@1", "--model", "groove"],
        ["export", "companion-all@1", "--models", "groove"],
        ["export", "gesture-gesture@1", "--format", "onnx"],
        ["evaluate", "companion", "companion-groove_predictor@1"],
        ["evaluate", "gesture", "gesture-gesture@1", "--no-baselines"],
    ],
)
def test_commands_take_a_version_and_leave_it_as_it_is(
    registered: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(app, command)

    assert result.exit_code == 0, result.output
    wrong = [line for v in registered.versions() for line in registered.verify(v.reference)]
    assert wrong == []


@pytest.mark.parametrize(
    ("reference", "parent", "best"),
    [
        ("melody-lstm@champion", "melody-lstm@1", "lstm_checkpoints/melody_lstm_best.pt"),
        ("gesture-gesture@champion", "gesture-gesture@1", "best_model.pth"),
    ],
)
def test_a_training_that_begins_from_a_version_names_it_as_its_parent(
    registered: Registry, tmp_path: Path, reference: str, parent: str, best: str
) -> None:
    task = reference.partition("-")[0]
    if task == "melody":
        recipe = {name: RECIPES["melody"][name] for name in ("data", "lstm")}
        train_melody(melody_recipes.recipe_from(recipe), tmp_path / "run", init_from=reference)
    else:
        recipe = gesture_recipes.recipe_from(RECIPES["gesture"])
        train_gesture(recipe, tmp_path / "run", init_from=reference)

    (model,) = models_at(tmp_path / "run")

    assert model.facts.parent == parent
    assert model.facts.parent_weights == registered.get(parent).files[best].sha256
    child = registered.register(model, f"{task}-tuned")
    assert child.reference in [one.reference for one in registered.children(parent)]
