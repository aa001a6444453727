"""One file against itself and several beside each other: what contradicts is found, what agrees is
not."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from chromasonic.inspection import Checkpoint, Inspection, inspect_file, inspect_paths
from chromasonic.inspection.histories import series_of
from chromasonic.inspection.inspecting import labels_of
from chromasonic.inspection.metric_names import metric_name
from chromasonic.inspection.plain import side_by_side


def saved(path: Path, *, seed: int = 0, size: int = 2, **more: Any) -> Path:
    torch.manual_seed(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"model": nn.Linear(3, size).state_dict(), **more}, path)
    return path


def rules(found: Inspection, level: str = "contradiction") -> list[str]:
    return [f.rule for f in found.findings if f.level == level]


HISTORY = {"train_loss": [3.0, 2.0, 1.5], "val_acc": [0.2, 0.6, 0.5], "val_loss": [2.0, 1.0, 1.2]}
CONFIG = {"config": {"epochs": 3}}


def test_two_checkpoints_of_one_honest_run_have_nothing_to_find(tmp_path: Path) -> None:
    saved(tmp_path / "best.pt", seed=1, epoch=2, val_acc=0.6, val_loss=1.0, **CONFIG)
    saved(tmp_path / "last.pt", seed=2, epoch=3, val_acc=0.5, history=HISTORY, **CONFIG)
    found = inspect_paths([tmp_path])
    assert rules(found) == rules(found, "warning") == []
    assert {row.name for row in found.differences} >= {"Epoch saved", "Validation accuracy"}


def test_epochs_counted_from_zero_are_no_contradiction(tmp_path: Path) -> None:
    saved(tmp_path / "best.pt", epoch=1, val_acc=0.6, **CONFIG)
    saved(tmp_path / "last.pt", seed=1, epoch=2, val_acc=0.5, history=HISTORY, **CONFIG)
    assert rules(inspect_paths([tmp_path])) == []


def test_a_best_by_one_metric_may_be_worse_by_another(tmp_path: Path) -> None:
    history = {"val_acc": [0.6, 0.5], "val_loss": [2.0, 1.0]}
    saved(tmp_path / "best.pt", epoch=2, val_acc=0.5, val_loss=1.0, **CONFIG)
    saved(tmp_path / "last.pt", seed=1, epoch=2, history=history, **CONFIG)
    assert rules(inspect_paths([tmp_path])) == []


def test_a_best_below_the_last_is_found_without_any_history(tmp_path: Path) -> None:
    best = saved(tmp_path / "best.pt", epoch=2, val_acc=0.3, **CONFIG)
    last = saved(tmp_path / "last.pt", seed=1, epoch=3, val_acc=0.4, **CONFIG)
    found = inspect_paths([best, last])
    assert rules(found) == ["best-is-worse"]
    message = next(f.message for f in found.findings if f.rule == "best-is-worse")
    assert "0.300000 (30.00%), but last.pt has 0.400000 (40.00%)" in message


def test_a_lower_loss_is_the_better_one(tmp_path: Path) -> None:
    best = saved(tmp_path / "best.pt", epoch=2, val_loss=0.5, **CONFIG)
    last = saved(tmp_path / "last.pt", seed=1, epoch=3, val_loss=0.3, **CONFIG)
    assert rules(inspect_paths([best, last])) == ["best-is-worse"]
    best = saved(tmp_path / "best.pt", epoch=2, val_loss=0.2, **CONFIG)
    assert rules(inspect_paths([best, last])) == []


def test_only_names_that_claim_one_model_contradict_by_their_architecture(tmp_path: Path) -> None:
    saved(tmp_path / "hand_best.pt", **CONFIG)
    saved(tmp_path / "mouth_best.pt", size=5, **CONFIG)
    assert "architecture" not in rules(inspect_paths([tmp_path]))
    saved(tmp_path / "hand_epoch_10.pt", size=4, **CONFIG)
    assert rules(inspect_paths([tmp_path])) == ["architecture"]


@pytest.mark.parametrize(
    ("name", "claimed"),
    [
        ("best_model.pth", "model"),
        ("final_model.pth", "model"),
        ("model_epoch_10.pt", "model"),
        ("model-epoch10.ckpt", "model"),
        ("epoch=3-step=400.ckpt", ""),
        ("resnet18.pth", "resnet18"),
        ("hand_v2_best.pth.tar", "hand_v2"),
        ("model-00001-of-00002.safetensors", "model-00001-of-00002"),
    ],
)
def test_a_name_claims_a_model_apart_from_the_moment(name: str, claimed: str) -> None:
    known = Checkpoint(path=Path(name), size_bytes=0, format="", kind="")
    assert known.claimed_model == claimed


def test_a_schedule_alone_is_explained(tmp_path: Path) -> None:
    optimizer = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.5)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 7)
    torch.save(schedule.state_dict(), tmp_path / "scheduler.pt")
    known = inspect_file(tmp_path / "scheduler.pt")
    assert (known.kind, known.rate, known.planned_epochs) == ("schedule alone", 0.5, 7)


def test_files_that_are_named_are_compared_however_they_are_called(tmp_path: Path) -> None:
    one = saved(tmp_path / "hand.pt", **CONFIG)
    other = saved(tmp_path / "mouth.pt", size=5, **CONFIG)
    found = inspect_paths([one, other])
    assert rules(found) == []
    assert "architecture" in rules(found, "note")
    rows = {row.name: row.values for row in found.differences}
    assert rows["Total parameters"] == (8, 20)


def test_a_name_is_told_with_as_much_of_its_path_as_it_takes() -> None:
    paths = [Path("a/x/best.pt"), Path("b/x/best.pt"), Path("a/x/last.pt"), Path("c/best.pt")]
    assert list(labels_of(paths).values()) == ["a/x/best.pt", "b/x/best.pt", "last.pt", "c/best.pt"]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((0.9270833333333334, 0.5), ["0.927083", "0.5"]),
        ((0.12345678, 0.12345679), ["0.12345678", "0.12345679"]),
        ((0.12345678901234567, 0.1234567890123457), ["0.12345678901234566", "0.1234567890123457"]),
        ((True, None, 12345), ["Yes", "-", "12,345"]),
    ],
)
def test_numbers_beside_each_other_are_as_short_as_tells_them_apart(
    values: tuple[object, ...], texts: list[str]
) -> None:
    assert side_by_side(values) == texts


def test_the_same_weights_under_two_epochs_are_found(tmp_path: Path) -> None:
    saved(tmp_path / "best.pt", epoch=1, val_acc=0.5, **CONFIG)
    saved(tmp_path / "last.pt", epoch=3, val_acc=0.5, **CONFIG)
    assert rules(inspect_paths([tmp_path]), "warning") == ["same-weights"]


@pytest.mark.parametrize(
    ("more", "rule", "said"),
    [
        (
            {"epoch": 9, "config": {"epochs": 5}},
            "epochs",
            "epoch 9, but its configuration ends at 5",
        ),
        ({"epoch": 9, "history": HISTORY}, "epochs", "epoch 9, but its history has 3 epochs"),
        (
            {"epoch": 2, "val_acc": 0.9, "history": HISTORY},
            "metric",
            "at epoch 2 its history has 0.6",
        ),
        (
            {"epoch": 3, "best_acc": 0.9, "history": {"acc": [0.2, 0.6, 0.5]}},
            "metric",
            "is 0.600000",
        ),
    ],
)
def test_what_a_file_says_against_itself_is_found(
    tmp_path: Path, more: dict[str, Any], rule: str, said: str
) -> None:
    known = inspect_file(saved(tmp_path / "some.pt", **more))
    (found,) = [found for found in known.findings if found.level == "contradiction"]
    assert found.rule == rule
    assert said in found.message


def test_a_best_that_its_own_history_does_not_call_so_is_found(tmp_path: Path) -> None:
    history = {"val_acc": [0.1, 0.2, 0.3, 0.6, 0.5, 0.4]}
    known = inspect_file(saved(tmp_path / "best.pt", epoch=6, history=history))
    assert [f.rule for f in known.findings if f.level == "contradiction"] == ["best"]
    chosen = {"metric": "val_loss", "value": 0.5, "epoch": 4}
    known = inspect_file(saved(tmp_path / "best.pt", epoch=6, best=chosen, val_loss=0.5))
    (found,) = [found for found in known.findings if found.rule == "best"]
    assert "is of epoch 6, but says that epoch 4 was the best" in found.message


def test_a_best_that_says_nothing_of_itself_is_found(tmp_path: Path) -> None:
    known = inspect_file(saved(tmp_path / "model_best.pt", epoch=6))
    assert "no-metric" in {found.rule for found in known.findings}


def test_a_configuration_beside_the_file_is_told_but_not_believed(tmp_path: Path) -> None:
    path = saved(tmp_path / "some.pt")
    (found,) = inspect_file(path).findings
    assert (found.rule, found.level) == ("missing-configuration", "warning")
    (tmp_path / "config.json").write_text("{}")
    (found,) = inspect_file(path).findings
    assert found.level == "note"
    assert "config.json" in found.message


@pytest.mark.parametrize(
    "history",
    [
        HISTORY,
        [dict(zip(HISTORY, row, strict=True)) for row in zip(*HISTORY.values(), strict=True)],
        {key: torch.tensor(values) for key, values in HISTORY.items()},
        {
            "epochs": [
                {
                    "epoch": number + 1,
                    "train_loss": HISTORY["train_loss"][number],
                    "val_loss": HISTORY["val_loss"][number],
                    "val": {"acc": {"value": HISTORY["val_acc"][number], "sum": 1, "count": 2}},
                }
                for number in range(3)
            ]
        },
    ],
    ids=["lists", "rows", "tensors", "ours"],
)
def test_histories_of_every_form_become_the_same_series(history: Any) -> None:
    found = {series.metric.text: series for series in series_of(history)}
    accuracy, loss = found["Validation accuracy"], found["Validation loss"]
    assert accuracy.best == (2, pytest.approx(0.6))
    assert loss.best == (2, pytest.approx(1.0))
    assert found["Training loss"].best == (3, pytest.approx(1.5))


def test_gaps_in_a_history_are_passed_over() -> None:
    (series,) = series_of({"val_loss": [math.nan, 2.0, None, 1.0, math.inf]})
    assert series.best == (4, 1.0)


@pytest.mark.parametrize(
    ("key", "text", "is_lower_better"),
    [
        ("val_acc", "Validation accuracy", False),
        ("best_val_acc", "Best validation accuracy", False),
        ("valid/loss", "Validation loss", True),
        ("valLoss", "Validation loss", True),
        ("train_f1_score", "Training F1 score", False),
        ("test-mae", "Test MAE", True),
        ("accuracy", "Accuracy", False),
    ],
)
def test_keys_of_others_are_read_as_metrics(key: str, text: str, is_lower_better: bool) -> None:
    metric = metric_name(key)
    assert (metric.text, metric.is_lower_better) == (text, is_lower_better)
