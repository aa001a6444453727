"""The history as JSON, as CSV and as a picture."""

from __future__ import annotations

import csv
import json
import math
import sys
from pathlib import Path

import pytest

from chromasonic.errors import EvaluationError, FormatError, UsageError
from chromasonic.training.history import Epoch, Metric, TrainingHistory


@pytest.fixture
def history() -> TrainingHistory:
    return TrainingHistory(
        name="toy",
        headline="pitch_accuracy",
        end="epochs",
        epochs=[
            Epoch(
                epoch=i + 1,
                learning_rate=0.001 / (i + 1),
                train_loss=train,
                val_loss=val,
                train={"pitch_accuracy": Metric(sum=30, count=100)},
                val={
                    "pitch_accuracy": Metric(sum=20 + i, count=50),
                    "bar_accuracy": Metric(sum=0, count=0),
                },
                padding_share=0.05,
                seconds=1.5,
            )
            for i, (train, val) in enumerate([(3.0, 2.5), (2.0, 2.25), (1.5, 2.375)])
        ],
    )


def test_best_epoch_loss_and_gap_are_as_counted_by_hand(history: TrainingHistory) -> None:
    assert (history.best_epoch, history.best_val_loss) == (2, 2.25)
    assert history.generalization_gaps == [0.5, -0.25, -0.875]  # training minus validation
    assert history.val_accuracies == [0.4, 0.42, 0.44]
    assert history.train_accuracies == [0.3, 0.3, 0.3]
    assert math.isnan(history.metric("bar_accuracy")[0])
    assert TrainingHistory().best_epoch == 0
    assert TrainingHistory().best_val_loss == math.inf


def test_json_comes_back_as_it_was(history: TrainingHistory, tmp_path: Path) -> None:
    path = history.save(tmp_path / "toy_history.json")
    assert "NaN" not in path.read_text()
    back = TrainingHistory.load(path)
    assert back.to_dict()["epochs"][1] == json.loads(path.read_text())["epochs"][1] | {
        "val": back.to_dict()["epochs"][1]["val"],
        "gradient_norm": pytest.approx(math.nan, nan_ok=True),
    }
    assert (back.best_epoch, back.headline, back.end) == (2, "pitch_accuracy", "epochs")
    assert back.epochs[0].val["pitch_accuracy"] == Metric(sum=20, count=50)


def test_csv_has_a_row_an_epoch_and_counts(history: TrainingHistory, tmp_path: Path) -> None:
    with history.save(tmp_path / "h.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert rows[1]["val_loss"] == "2.25"
    assert rows[1]["generalization_gap"] == "-0.25"
    assert (rows[2]["val_pitch_accuracy"], rows[2]["val_pitch_accuracy_count"]) == ("0.44", "50")
    assert rows[0]["val_bar_accuracy"] == ""  # nothing was counted


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"name": "x", "epochs": [{"epoch": 1}]}'])
def test_what_is_no_history_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(FormatError, match=r"bad.json is no training history"):
        TrainingHistory.load(tmp_path / "bad.json")
    with pytest.raises(FormatError, match="Cannot read the history"):
        TrainingHistory.load(tmp_path / "absent.json")


@pytest.mark.usefixtures("real_pictures")
def test_the_picture_has_four_labelled_panels_and_no_global_state(
    history: TrainingHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)  # importing it would fail
    path = history.plot_curves(save_path=str(tmp_path / "custom_curves.png"))
    assert path.read_bytes().startswith(b"\x89PNG")
    svg = history.plot_curves(save_path=tmp_path / "curves.svg").read_text()
    for words in ("Loss", "Accuracy of the next pitch", "Learning rate", "Generalization gap",
                  "best epoch 2 of 3", "best: 2.250 in epoch 2"):  # fmt: skip
        assert f"<!-- {words}" in svg


def test_a_picture_of_nothing_or_of_an_unknown_kind_is_refused(
    history: TrainingHistory, tmp_path: Path
) -> None:
    from chromasonic.training.curves import draw_curves

    with pytest.raises(UsageError, match=r"allowed: .png, .svg, .pdf"):
        draw_curves(history, tmp_path / "curves.bmp")
    with pytest.raises(EvaluationError, match="no epoch yet"):
        draw_curves(TrainingHistory("new"), tmp_path / "curves.png")


def test_the_shade_of_the_gap_begins_where_the_curve_crosses_zero() -> None:
    from matplotlib.figure import Figure

    from chromasonic.training.curves import _draw_gap

    losses = ((2.0, 1.0), (1.0, 2.0), (1.0, 4.0))  # gaps 1, -1, -3: zero in the middle of 1 and 2
    epochs = [
        Epoch(epoch=number, learning_rate=1e-3, train_loss=train, val_loss=val)
        for number, (train, val) in enumerate(losses, start=1)
    ]
    axes = Figure().add_subplot()
    _draw_gap(axes, TrainingHistory("some", epochs))
    (shade,) = axes.collections
    corners = shade.get_paths()[0].vertices
    assert corners[:, 0].min() == pytest.approx(1.5)
    assert corners[:, 1].min() == pytest.approx(-3)
    assert corners[:, 1].max() == pytest.approx(0)
