"""The specification's two checkpoints: each fact that it inferred, each note that it made."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.inspection import Checkpoint, Finding, Inspection, inspect_file, inspect_paths

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs/inspect.md"


@pytest.fixture(scope="module")
def both(specification_folder: Path) -> Inspection:
    return inspect_paths([specification_folder / "outputs/combined"])


@pytest.fixture(scope="module")
def best(both: Inspection) -> Checkpoint:
    return next(known for known in both.checkpoints if known.name == "best_model.pth")


@pytest.fixture(scope="module")
def final(both: Inspection) -> Checkpoint:
    return next(known for known in both.checkpoints if known.name == "final_model.pth")


def facts_of(known: Checkpoint, title: str) -> dict[str, Any]:
    assert known.architecture is not None
    (section,) = [s for s in known.architecture.sections if s.title == title]
    return {fact.name: fact.value for fact in section.facts}


def training_of(known: Checkpoint) -> dict[str, Any]:
    return {fact.name: fact.value for fact in known.training_facts()}


def finding(both: Inspection, rule: str) -> Finding:
    (found,) = [found for found in both.findings if found.rule == rule]
    return found


# What the specification says of best_model.pth; the number of graph convolutions is the issue's,
# whose count of numbers contradicts the specification's default of 3.
BEST = {
    ("Spatial Module", "Hidden dimension"): 512,
    ("Spatial Module", "Number of GCN layers"): 5,
    ("Spatial Module", "Input features"): 31,
    ("Temporal Module", "LSTM hidden dimension"): 512,
    ("Temporal Module", "LSTM input dimension"): 1024,
    ("Temporal Module", "Number of LSTM layers"): 3,
    ("Temporal Module", "Bidirectional"): True,
    ("Temporal Module", "Number of Transformer layers"): 2,
    ("Temporal Module", "Transformer width"): 512,
    ("Temporal Module", "Feed-forward dimension"): 2048,
    ("Classifier", "Input dimension"): 2048,
    ("Classifier", "Hidden dimension"): 1024,
    ("Classifier", "Number of classes"): 100,
}
FINAL = {
    ("Spatial Module", "Hidden dimension"): 256,
    ("Spatial Module", "Number of GCN layers"): 3,
    ("Temporal Module", "LSTM hidden dimension"): 512,
    ("Temporal Module", "LSTM input dimension"): 512,
    ("Temporal Module", "Number of LSTM layers"): 2,
    ("Temporal Module", "Bidirectional"): True,
    ("Classifier", "Input dimension"): 1024,
    ("Classifier", "Hidden dimension"): 512,
    ("Classifier", "Number of classes"): 100,
}


@pytest.mark.parametrize(("place", "value"), BEST.items(), ids=str)
def test_each_fact_of_the_best_models_architecture_is_inferred(
    best: Checkpoint, place: tuple[str, str], value: Any
) -> None:
    assert facts_of(best, place[0])[place[1]] == value


@pytest.mark.parametrize(("place", "value"), FINAL.items(), ids=str)
def test_each_fact_of_the_final_models_architecture_is_inferred(
    final: Checkpoint, place: tuple[str, str], value: Any
) -> None:
    assert facts_of(final, place[0])[place[1]] == value


def test_totals_count_every_number_and_what_is_trained(best: Checkpoint, final: Checkpoint) -> None:
    assert best.architecture is not None
    assert final.architecture is not None
    assert best.architecture.totals.state_dict == 33_219_694
    assert best.architecture.totals.trainable == 33_212_519
    assert final.architecture.totals.state_dict == 11_223_143
    assert final.architecture.totals.trainable == 11_221_604
    modules = sum(module.elements for module in best.architecture.modules)
    assert modules == 33_219_694


def test_the_training_of_the_best_model_is_told(best: Checkpoint) -> None:
    told = training_of(best)
    assert told["Epoch saved"] == 33
    assert told["Learning rate"] == 0.0009973422519357583
    assert told["Initial learning rate"] == 0.001
    assert told["Weight decay"] == 0.0001
    assert told["Optimizer"] == "AdamW"
    assert told["Betas"] == "(0.9, 0.999)"
    assert best.metrics == {"val_acc": 0.112179, "val_f1": 0.064831}


def test_the_history_of_the_final_model_is_told_and_what_it_lacks_is_said(
    final: Checkpoint,
) -> None:
    told = training_of(final)
    assert told["Epoch saved"] == 100
    assert told["Learning rate"] is None
    accuracy = final.series_of("validation", "accuracy")
    loss = final.series_of("training", "loss")
    assert accuracy is not None
    assert loss is not None
    assert accuracy.best == (33, 0.196783)
    assert accuracy.values[-1] == pytest.approx(0.173700)
    assert (loss.values[0], loss.values[-1]) == (3.85, pytest.approx(2.414095))
    assert len(loss.values) == 100


def test_note_1_two_architectures_under_names_of_one_model(both: Inspection) -> None:
    found = finding(both, "architecture")
    assert found.level == "contradiction"
    for part in (
        "Hidden dimension 512 and 256",
        "LSTM layers 3 and 2",
        "33,219,694 and 11,223,143",
    ):
        assert part in found.message


def test_note_2_the_best_is_worse_than_the_last(both: Inspection) -> None:
    found = finding(both, "best-is-worse")
    assert found.level == "contradiction"
    for part in ("11.22%", "19.68%", "epoch 33", "17.37%"):
        assert part in found.message
    other = finding(both, "metric-not-in-history")
    assert "0.112179 (11.22%) at epoch 33" in other.message
    assert "has 0.196783 (19.68%)" in other.message


def test_note_3_the_course_of_the_training(both: Inspection) -> None:
    found = finding(both, "history")
    for part in ("3.85 to 2.41", "epoch 33", "19.68%", "17.37%"):
        assert part in found.message


def test_note_4_no_configuration_anywhere(both: Inspection) -> None:
    found = finding(both, "missing-configuration")
    assert found.files == ("best_model.pth", "final_model.pth")


def test_the_learning_rate_is_no_cosine_of_100_epochs_but_exactly_one_of_1000(
    both: Inspection,
) -> None:
    found = finding(both, "schedule")
    assert found.level == "contradiction"
    at_33 = 1e-5 + (1e-3 - 1e-5) * (1 + math.cos(math.pi * 33 / 100)) / 2
    assert f"{at_33:.6f}" == "0.000757"
    assert "0.000757" in found.message
    of_1000 = 1e-5 + (1e-3 - 1e-5) * (1 + math.cos(math.pi * 33 / 1000)) / 2
    assert of_1000 == pytest.approx(0.0009973422519357583, rel=1e-14)
    assert "1,000 epochs down to a hundredth" in found.message


def test_a_file_alone_is_explained_without_the_other(specification_folder: Path) -> None:
    known = inspect_file(specification_folder / "outputs/combined/best_model.pth")
    assert {found.rule for found in known.findings} == {"missing-configuration"}
    assert training_of(known)["Schedule"] == "a cosine of 1,000 epochs down to a hundredth of it"


def test_markdown_has_the_specifications_headings_and_figures(specification_folder: Path) -> None:
    result = CliRunner().invoke(
        app, ["inspect", str(specification_folder / "outputs/combined"), "--markdown"]
    )
    assert result.exit_code == 0, result.output
    headings = re.findall(r"^#+ .*", result.stdout, re.MULTILINE)
    named = [re.sub(r" \(.*", "", heading) for heading in headings]
    one = ["### Model Architecture", "### Training Parameters", "### Performance Metrics"]
    assert named == [
        "# Model Parameters Summary",
        *("## Best Model", *one),
        *("## Final Model", *one),
        "## Differences",
        "## Notes",
    ]
    for line in (
        "- **Spatial Module**:",
        "- **Total parameters**: 33,219,694 (every number of the state dict)",
        "- **Epoch saved**: 33",
        "- **Validation accuracy**: 0.112179 (11.22%)",
        "- **Validation F1 score**: 0.064831 (6.48%)",
        "- **Learning rate**: Not saved",
        "- **Best validation accuracy**: 0.196783 (19.68%) at epoch 33",
        "- **Training epochs completed**: 100",
    ):
        assert f"\n{line}\n" in result.stdout
    assert "- **Learning rate**: 0.0009973422519357583" in result.stdout


def test_json_is_one_document_with_everything(specification_folder: Path) -> None:
    result = CliRunner().invoke(
        app, ["inspect", str(specification_folder / "outputs/combined"), "--json"]
    )
    document = json.loads(result.stdout)
    best, final = document["checkpoints"]
    assert best["learning_rate"] == 0.0009973422519357583
    assert best["architecture"]["totals"]["state_dict"] == 33_219_694
    assert final["history"][1]["best_epoch"] == 33
    assert {found["rule"] for found in document["findings"]} >= {"architecture", "schedule"}


def test_the_page_shows_what_the_command_prints(
    specification_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(specification_folder)
    printed = CliRunner().invoke(app, ["inspect", "outputs/combined"]).stdout
    shown = re.search(
        r"<!-- inspect outputs/combined -->\n```text\n(.*?)```", PAGE.read_text(), re.DOTALL
    )
    assert shown is not None

    def lines(text: str) -> list[str]:
        # The archive's own size may differ by a few bytes between versions of PyTorch.
        stripped = [
            re.sub(r"[\d,]+ bytes$", "N bytes", line.rstrip()) for line in text.splitlines()
        ]
        return [line for line in stripped if line]

    assert lines(shown[1]) == lines(printed)


def test_the_made_history_goes_through_the_stated_points_alone(
    specification_script: ModuleType,
) -> None:
    history = specification_script.history()
    assert max(history["val_acc"]) == history["val_acc"][32] == 0.196783
    assert len(history["val_acc"]) == len(history["train_loss"]) == 100
    assert history["train_loss"] == sorted(history["train_loss"], reverse=True)
