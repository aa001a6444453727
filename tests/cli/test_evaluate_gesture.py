"""`chromasonic evaluate gesture` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from chromasonic.cli.app import app
from chromasonic.config import from_dict
from chromasonic.gesture import baselines
from chromasonic.gesture.network_config import NetworkConfig
from chromasonic.gesture.recipe import GestureData, GestureRecipe
from chromasonic.gesture.runs import train_gesture
from chromasonic.training.config import TrainingConfig


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "hands"
    recipe = GestureRecipe(
        data=from_dict(GestureData, {"dataset": "synthetic-gestures", "movements": 72}, where=""),
        network=NetworkConfig(
            spatial_dim=8, spatial_layers=1, temporal_dim=8, temporal_layers=1, classifier_dim=8
        ),
        training=TrainingConfig(epochs=1, device="cpu", checkpoint_every=0),
    )
    train_gesture(recipe, folder)
    return folder


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "TREES", 10)


def evaluate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["evaluate", "gesture", *map(str, arguments)])


def test_the_table_says_that_the_test_part_is_opened_and_who_is_better(
    run: Path, tmp_path: Path
) -> None:
    result = evaluate(run, "--output", tmp_path)
    assert result.exit_code == 0, result.output
    assert "the test part is opened" in result.stderr
    assert "trees on the recorded channels" in result.stdout
    assert "paired over" in result.stdout
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"results.json", "report.md", "confusion.png", "results.png"}
    assert (run / "card.md").exists()


def test_json_is_one_document_with_all_figures(run: Path) -> None:
    result = evaluate(run, "--no-baselines", "--checkpoint", "final", "--json")
    document = json.loads(result.stdout)
    assert (document["corpus"], document["part"]) == ("synthetic-gestures", "test")
    assert document["checkpoint"] == "final_model.pth"
    assert [row["method"] for row in document["rows"]] == ["network"]
    figures = document["rows"][0]["figures"]
    assert set(figures) == {
        "accuracy", "macro F1", "top-5", "negative log-likelihood", "calibration error",
    }  # fmt: skip
    assert len(document["confusion"]) == len(document["classes"])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("no/such/run",), 1, "There is no run in no/such/run"),
        (("RUN", "RUN"), 1, "would count twice"),
        (("RUN", "--checkpoint", "latest"), 2, "allowed: best, final"),
        ((), 2, "Missing argument"),
    ],
)
def test_what_cannot_be_is_said(
    run: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = evaluate(*(str(run) if argument == "RUN" else argument for argument in arguments))
    assert result.exit_code == code
    assert message in result.output
    assert "Traceback" not in result.output


def test_a_checkpoint_with_code_in_it_is_refused(run: Path, tmp_path: Path) -> None:
    import pickle
    import shutil

    class Hostile:
        def __reduce__(self) -> tuple[object, tuple[str, ...]]:
            return (Path.touch, (tmp_path / "owned",))  # type: ignore[return-value]

    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    (copy / "best_model.pth").write_bytes(pickle.dumps(Hostile()))
    result = evaluate(copy, "--no-baselines")
    assert result.exit_code == 1
    assert "best_model.pth" in result.output
    assert not (tmp_path / "owned").exists()
