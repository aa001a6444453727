"""Likelihoods are exact, whatever the batch, and nothing about the model is left changed."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from chromasonic.errors import ConfigError, EvaluationError
from chromasonic.evaluation import likelihood
from chromasonic.evaluation.dynamic import DynamicConfig, score_dynamically
from chromasonic.evaluation.likelihood import TokenClasses, score_streams

CLASSES = TokenClasses(names=("even", "odd"), of_token=np.array([0, 1, 0, 1]))  # V = 4


class Table(nn.Module):
    """A bigram model whose probabilities are written down; wider than the vocabulary."""

    def __init__(self, rows: list[list[float]], width: int = 4) -> None:
        super().__init__()
        logits = torch.full((4, width), 50.0)  # what lies outside the vocabulary looks best
        logits[:, :4] = torch.tensor(rows, dtype=torch.float64).log().float()
        self.logits = nn.Parameter(logits)

    def forward(self, ids_BT: torch.Tensor) -> torch.Tensor:
        return self.logits[ids_BT]


class Recurrent(nn.Module):
    """A small causal network with dropout."""

    def __init__(self, *, bidirectional: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Embedding(4, 8)
        self.lstm = nn.LSTM(8, 8, batch_first=True, bidirectional=bidirectional)
        self.dropout = nn.Dropout(0.5)
        self.out = nn.Linear(16 if bidirectional else 8, 4)

    def forward(self, ids_BT: torch.Tensor) -> torch.Tensor:
        return self.out(self.dropout(self.lstm(self.embed(ids_BT))[0]))


ROWS = [
    [0.5, 0.25, 0.125, 0.125],
    [0.25, 0.25, 0.25, 0.25],
    [0.125, 0.5, 0.25, 0.125],
    [0.25, 0.5, 0.125, 0.125],
]


@pytest.mark.parametrize("width", [4, 9])
def test_bits_and_accuracies_by_hand_also_when_the_model_is_too_wide(width: int) -> None:
    # 0 -> 1: 2 bits, wrong. 1 -> 2: 2 bits. 2 -> 1: 1 bit, right. 1 -> 0: 2 bits, right (first of
    # equals). 0 -> 3: 3 bits, wrong.
    scores = score_streams(Table(ROWS, width), [[0, 1, 2, 1, 0, 3]], CLASSES)
    assert scores.bits.tolist() == [pytest.approx([4.0, 6.0], abs=1e-5)]
    assert scores.count.tolist() == [[2, 3]]
    assert scores.correct.tolist() == [[1, 1]]


def test_classes_add_up_to_all_tokens() -> None:
    scores = score_streams(Table(ROWS), [[0, 1, 2, 1], [3, 3]], CLASSES)
    total = scores.of("even", "odd")
    assert total.count[:, 0].tolist() == [3, 1]
    assert total.bits[:, 0] == pytest.approx(scores.bits.sum(axis=1))


def test_batches_of_any_size_give_the_same_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    streams = [rng.integers(0, 4, length).tolist() for length in (40, 3, 17, 2, 25, 9)]
    model = Recurrent()
    together = score_streams(model, streams, CLASSES)
    monkeypatch.setattr(likelihood, "CELLS_A_BATCH", 1)
    alone = score_streams(model, streams, CLASSES)
    assert together.bits == pytest.approx(alone.bits, rel=1e-5)
    assert together.count.tolist() == alone.count.tolist()
    expected = [[sum(t % 2 == kind for t in s[1:]) for kind in (0, 1)] for s in streams]
    assert together.count.tolist() == expected


def test_the_model_is_judged_without_dropout_and_goes_back_to_its_mode() -> None:
    model = Recurrent()
    model.dropout.eval()  # a part that the caller had frozen
    first = score_streams(model, [[0, 1, 2, 3, 0]], CLASSES)
    second = score_streams(model, [[0, 1, 2, 3, 0]], CLASSES)
    assert first.bits.tolist() == second.bits.tolist()
    assert model.training
    assert model.lstm.training
    assert not model.dropout.training


def test_a_model_that_sees_the_future_is_found_out() -> None:
    with pytest.raises(EvaluationError, match="sees the future"):
        score_streams(Recurrent(bidirectional=True), [[0, 1, 2, 3, 0, 2, 1, 0]], CLASSES)


def test_an_empty_set_is_an_error_and_not_accuracy_0() -> None:
    with pytest.raises(EvaluationError, match="no tune to evaluate on"):
        score_streams(Table(ROWS), [], CLASSES)


@pytest.mark.parametrize(
    ("streams", "message"),
    [
        ([[0, 1], [2]], "Sequence 1 has 1 tokens"),
        ([[0, 4]], "id 4; the vocabulary has 0 to 3"),
        ([[0, -1]], "id -1"),
    ],
)
def test_streams_that_cannot_be_scored_are_named(streams: list[list[int]], message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        score_streams(Table(ROWS), streams, CLASSES)


class Shaped(nn.Module):
    def __init__(self, give: object) -> None:
        super().__init__()
        self.give = give

    def forward(self, ids_BT: torch.Tensor) -> object:
        return self.give(ids_BT)  # type: ignore[operator]


def test_a_model_that_is_too_narrow_is_told_the_width() -> None:
    with pytest.raises(EvaluationError, match=r"\(1, 4, 3\).*width at least 4"):
        score_streams(Shaped(lambda ids: torch.zeros(*ids.shape, 3)), [[0, 1, 2, 3]], CLASSES)


def test_a_model_that_answers_once_a_sequence_is_refused() -> None:
    with pytest.raises(EvaluationError, match="must return logits"):
        score_streams(Shaped(lambda ids: torch.zeros(len(ids), 4)), [[0, 1, 2, 3]], CLASSES)


def test_broken_weights_are_said_to_be_broken() -> None:
    model = Table(ROWS)
    model.logits.data[:] = math.nan
    with pytest.raises(EvaluationError, match="not numbers"):
        score_streams(model, [[0, 1, 2, 3]], CLASSES)


def fail(ids_BT: torch.Tensor) -> torch.Tensor:
    raise IndexError(f"position {ids_BT.shape[1]} is out of range")


def test_a_model_that_fails_is_named_with_what_it_was_given() -> None:
    with pytest.raises(EvaluationError, match=r"shape \(1, 4\).*position 4 is out of range"):
        score_streams(Shaped(fail), [[0, 1, 2, 3]], CLASSES)


def test_a_recurrent_module_that_returns_its_state_too_is_taken() -> None:
    table = Table(ROWS)
    scores = score_streams(Shaped(lambda ids: (table(ids), None)), [[0, 1]], CLASSES)
    assert scores.bits.sum() == pytest.approx(2)


def test_what_cannot_happen_costs_infinite_bits() -> None:
    model = Table([[1.0, 0.0, 0.0, 0.0]] * 4)
    assert math.isinf(score_streams(model, [[0, 1]], CLASSES).bits.sum())


LOOP = [0, 1, 2, 3] * 30


def test_adaptation_learns_from_the_tune_and_restores_the_weights() -> None:
    model = Recurrent()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    static = score_streams(model, [LOOP, LOOP], CLASSES).bits.sum(axis=1)
    config = DynamicConfig(segment_tokens=8, learning_rate=1.0, decay=0.0)
    dynamic = score_dynamically(model, [LOOP, LOOP], CLASSES, config).bits.sum(axis=1)
    assert (dynamic < 0.9 * static).all()
    assert dynamic[0] == dynamic[1]  # nothing is carried over to the next tune
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(weight.grad is None for weight in model.parameters())
    assert model.training


def test_a_segment_is_scored_before_it_is_learned_from() -> None:
    model = Recurrent()
    whole = DynamicConfig(segment_tokens=1000, learning_rate=5.0)
    dynamic = score_dynamically(model, [LOOP], CLASSES, whole)
    assert dynamic.bits == pytest.approx(score_streams(model, [LOOP], CLASSES).bits)
    assert dynamic.count.tolist() == score_streams(model, [LOOP], CLASSES).count.tolist()


def test_the_weights_come_back_also_when_scoring_fails() -> None:
    model = Table(ROWS)
    before = model.logits.detach().clone()
    with pytest.raises(EvaluationError):
        score_dynamically(model, [LOOP, [0, 9]], CLASSES)
    assert torch.equal(before, model.logits)


def test_a_model_without_weights_cannot_adapt() -> None:
    with pytest.raises(EvaluationError, match="judged without it"):
        score_dynamically(Shaped(lambda ids: torch.zeros(*ids.shape, 4)), [LOOP], CLASSES)


@pytest.mark.parametrize(
    "wrong",
    [{"segment_tokens": 0}, {"learning_rate": 0.0}, {"decay": 1.5}, {"max_gradient_norm": 0.0}],
)
def test_settings_of_the_adaptation_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        DynamicConfig(**wrong)  # type: ignore[arg-type]
