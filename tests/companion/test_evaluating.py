"""Judging: metrics by hand, tables and verdicts, reports, and what may be missing."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from chromasonic.companion import (
    SyntheticGrooveDataset,
    SyntheticMelodyDataset,
    evaluate_companions,
    evaluate_model,
    load_companion,
)
from chromasonic.companion.cards import update_cards
from chromasonic.companion.companion import Row
from chromasonic.companion.report import write_report
from chromasonic.companion.table import markdown_table, table_of, verdicts
from chromasonic.errors import CheckpointError, DataError, EvaluationError, UsageError
from chromasonic.evaluation.figure import Figure, undefined
from chromasonic.training.examples import collate


class Says(nn.Module):
    """Gives the same answer to every input."""

    def __init__(self, *answer: float) -> None:
        super().__init__()
        self.answer = torch.tensor(answer)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.answer.expand(*features.shape[:-1], -1)


FEATURES = torch.zeros(2, 3)


@pytest.mark.parametrize("key", ["melody", "harmony"])
def test_classes_by_hand(key: str) -> None:
    batch = {"features": FEATURES, key: torch.tensor([0, 1]), "mask": torch.tensor([1.0, 1.0])}
    found = evaluate_model(Says(math.log(3), 0.0), [batch])  # 3/4 and 1/4
    cross_entropy = -(math.log(3 / 4) + math.log(1 / 4)) / 2
    assert found["n"] == 2
    assert found["accuracy"] == 0.5
    assert found["cross_entropy"] == pytest.approx(cross_entropy)
    assert found["perplexity"] == pytest.approx(math.exp(cross_entropy))


def test_distributions_by_hand() -> None:
    target = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    found = evaluate_model(Says(0.0, 0.0), [{"features": FEATURES, "emotion": target}])
    assert found["cross_entropy"] == pytest.approx(math.log(2))
    assert found["cosine_similarity"] == pytest.approx((math.sqrt(0.5) + 1) / 2)


@pytest.mark.parametrize("key", ["expression", "dynamics", "groove"])
def test_numbers_by_hand_and_what_the_mask_leaves_out_counts_nowhere(key: str) -> None:
    batch = {
        "features": FEATURES,
        key: torch.tensor([[1.0, 3.0], [5.0, 100.0]]),
        "mask": torch.tensor([[1.0, 1.0], [1.0, 0.0]]),
    }
    found = evaluate_model(Says(1.0, 1.0), [batch])
    assert found["n"] == 3
    assert found["mae"] == pytest.approx((0 + 2 + 4) / 3)
    assert found["mse"] == pytest.approx((0 + 4 + 16) / 3)
    assert found["rmse"] == pytest.approx(math.sqrt(20 / 3))
    assert found["cosine_similarity"] == pytest.approx((4 / math.sqrt(20) + 1) / 2)


def test_numbers_of_a_companion_are_what_the_exported_model_gives(output: Path) -> None:
    network = load_companion(output, "dynamics").network
    batch = {"features": torch.zeros(1, 32), "expression": network.predict(torch.zeros(1, 32))}
    assert evaluate_model(network, [batch])["mae"] == 0


def test_pairs_are_compared_as_numbers() -> None:
    data = TensorDataset(torch.zeros(5, 3), torch.full((5, 2), 2.0))
    found = evaluate_model(Says(1.0, 1.0), DataLoader(data, batch_size=2))
    assert (found["n"], found["mse"], found["mae"]) == (10, 1.0, 1.0)


@pytest.mark.parametrize("kind", ["groove", "melody"])
def test_torch_loaders_of_the_data_sets_do(output: Path, kind: str) -> None:
    data = {"groove": SyntheticGrooveDataset, "melody": SyntheticMelodyDataset}[kind](20)
    loader = DataLoader(data, batch_size=8, collate_fn=collate)
    found = evaluate_model(load_companion(output, kind).network, loader)
    assert found["n"] == sum(float(example["mask"].sum()) for example in data)


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ({"features": FEATURES}, "has the keys features; wanted are 'features' and exactly one of"),
        ({"x": FEATURES, "groove": FEATURES}, "has the keys x, groove; wanted"),
        ({"features": FEATURES, "groove": FEATURES, "melody": FEATURES}, "exactly one of emotion"),
        ([FEATURES], "A batch is a list"),
        (FEATURES, "A batch is a Tensor"),
        ({"features": FEATURES, "groove": torch.zeros(2, 5)}, r"shape \(2, 5\).*must be \(2, 2\)"),
        (
            {"features": FEATURES, "groove": torch.zeros(2, 2), "mask": torch.zeros(2)},
            r"mask has the shape \(2,\)",
        ),
    ],
)
def test_an_unknown_form_of_batch_is_an_error_that_names_the_keys(
    batch: object, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        evaluate_model(Says(0.0, 0.0), [batch])


def test_nothing_to_judge_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="no target that counts"):
        evaluate_model(Says(0.0), [])


def figure(value: float, half: float = 0.1) -> Figure:
    return Figure(value=value, n=9, low=value - half, high=value + half)


BETTER = {"error": "lower", "share right": "higher"}
ROWS = [
    Row(model="m", test="A", method="model", better=BETTER,
        figures={"error": figure(1.0), "share right": figure(0.5)}),
    Row(model="m", test="A", method="mean", better=BETTER, is_baseline=True,
        figures={"error": figure(2.0), "share right": figure(0.4)}),
    Row(model="m", test="A", method="trees", better=BETTER, is_baseline=True,
        figures={"error": figure(3.0), "share right": figure(0.6)}),
    Row(model="m", test="B", method="model", better=BETTER,
        figures={"error": undefined("nothing there")}),
]  # fmt: skip


def test_verdicts_take_the_best_baseline_of_each_metric() -> None:
    lower, higher = verdicts(ROWS)
    assert (lower.baseline, lower.is_better, lower.is_clear) == ("mean", True, True)
    assert (higher.baseline, higher.is_better, higher.is_clear) == ("trees", False, False)
    assert lower.sentence == (
        "A, error: beats mean, 1.000 [0.900, 1.100] beside 2.000 [1.900, 2.100]."
    )
    assert "does not beat trees" in higher.sentence
    assert "(the intervals overlap)" in higher.sentence


def test_the_table_marks_the_best_of_each_test_set() -> None:
    table = table_of(ROWS)
    assert table.headings == ["test", "method", "pieces", "error ↓", "share right ↑"]
    assert [line[0] for line in table.lines] == ["A", "", "", "B"]
    assert [best[3:] for best in table.is_best] == [
        [True, False], [False, False], [False, True], [False, False],
    ]  # fmt: skip
    assert "| **1.000 [0.900, 1.100]** |" in markdown_table(ROWS)
    assert table.lines[3][3:] == ["undefined", ""]


def test_all_models_of_a_folder_are_judged_and_reported(output: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(output, copy)
    evaluation = evaluate_companions(copy)
    assert evaluation.missing == ()
    for results in evaluation.models.values():
        assert [row.method for row in results.rows] == [
            "model", "best constant answer", "untrained network",
        ]  # fmt: skip
        assert "say nothing about music" in " ".join(results.remarks)
    written = write_report(evaluation, tmp_path / "results")
    document = json.loads(written["results"].read_text())
    assert document["models"].keys() == evaluation.models.keys()
    for name in evaluation.models:
        assert written[name].read_bytes().startswith(b"\x89PNG")
        assert f"plots/{name}_results.png" in written["report"].read_text()
        assert f"plots/{name}_results.png" in written["page"].read_text()
    assert len(update_cards(evaluation)) == 5
    card = (copy / "cards/groove_predictor.md").read_text()
    assert "| made-up examples | model |" in card
    assert "Not judged yet" not in card


def test_missing_models_are_said_and_are_an_error_where_asked_for_or_none_is_there(
    output: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    with pytest.raises(CheckpointError, match=r"no emotion_recognizer_best\.pt and no melody"):
        evaluate_companions(folder)
    shutil.copy(output / "checkpoints/groove_predictor_best.pt", folder)
    evaluation = evaluate_companions(folder)
    assert list(evaluation.models) == ["groove_predictor"]
    assert evaluation.missing == (
        "emotion_recognizer", "melody_transformer", "harmony_predictor", "dynamics_engine",
    )  # fmt: skip
    with pytest.raises(CheckpointError, match="no dynamics_engine_best.pt"):
        evaluate_companions(folder, models=["groove_predictor", "dynamics_engine"])


def test_one_checkpoint_is_judged_too(output: Path) -> None:
    evaluation = evaluate_companions(output / "checkpoints/dynamics_engine_latest.pt")
    assert list(evaluation.models) == ["dynamics_engine"]


def test_a_metric_without_baseline_or_value_gives_no_verdict() -> None:
    assert [verdict.test for verdict in verdicts(ROWS)] == ["A", "A"]
    assert verdicts([]) == []


def test_a_device_that_is_not_here_is_refused() -> None:
    with pytest.raises(UsageError, match="Unknown device 'gpu'"):
        evaluate_model(Says(0.0), [], device="gpu")
