"""`evaluate_model`: how good any network is on batches of a companion task, and what a constant is.

What is asked is told from the batch: its target stands under the task's own key.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from chromasonic.companion.companion import Companion
from chromasonic.errors import DataError, EvaluationError
from chromasonic.export.spec import ModelSpec
from chromasonic.training.device import choose_device
from chromasonic.training.examples import FEATURES, MASK, Examples, collate

Sums = dict[str, tuple[float, float]]
"""Name of a metric to (sum, count)."""

KEYS: dict[str, str] = {
    "emotion": "distribution",
    "melody": "class",
    "harmony": "class",
    "expression": "number",
    "dynamics": "number",
    "groove": "number",
}
"""What a batch may be asked for: a distribution over the outputs, the number of a class, or a
number for each output. "dynamics" is another name of "expression"."""


def evaluate_model(
    model: nn.Module, loader: Iterable[Any], *, device: str = "cpu"
) -> dict[str, float]:
    """Metrics of a network over the batches of a loader.

    Args:
        model: gives logits where classes or distributions are asked for; else what its `predict`
            gives, or its output where it has none.
        loader: a torch `DataLoader` (with `companion.examples.collate` for sequences), or any
            iterable, of dicts with "features" (B, ..., I), one of the keys of `KEYS`, and a
            "mask" of the places that count, if not all do; or of pairs (inputs, targets) of
            tensors, which are compared by mean squared and absolute error.
        device: where to compute.

    Returns:
        "n" (targets that counted), and by the kind of the target:
        a class: "cross_entropy" (nats), "perplexity", "accuracy";
        a distribution: "cross_entropy", "cosine_similarity", "accuracy" (of its highest place);
        numbers: "mse", "rmse", "mae", "cosine_similarity" (of each example's whole answer).

    Raises:
        DataError: a batch has another form; names its keys.
        EvaluationError: there is nothing to count.
    """
    where = choose_device(device)
    was_training = model.training
    model.to(where).eval()
    totals: Sums = {}
    count, kind = 0.0, "number"
    try:
        with torch.no_grad():
            for batch in loader:
                inputs, targets, mask, kind = _read(batch)
                inputs, targets = inputs.to(where), targets.to(where)
                outputs = _outputs(model, inputs, kind)
                _check_shapes(outputs, targets, kind)
                weights = _weights(mask, outputs, kind).to(where)
                for name, (total, number) in _METRICS[kind](outputs, targets, weights).items():
                    before = totals.get(name, (0.0, 0.0))
                    totals[name] = (before[0] + total, before[1] + number)
                count += float(weights.sum())
    finally:
        model.train(was_training)
    if not count:
        raise EvaluationError("The loader gave no target that counts: there is nothing to judge.")
    return {"n": count, **_finished(totals)}


def _read(batch: Any) -> tuple[Tensor, Tensor, Tensor | None, str]:
    """Inputs, targets, mask and kind of a batch."""
    if isinstance(batch, Sequence) and len(batch) == 2 and all(map(torch.is_tensor, batch)):
        return batch[0], batch[1], None, "number"
    if not isinstance(batch, Mapping):
        raise DataError(
            f"A batch is a {type(batch).__name__}; wanted is a dict with '{FEATURES}' and one of "
            f"{', '.join(KEYS)}, or a pair (inputs, targets) of tensors."
        )
    found = [key for key in KEYS if key in batch]
    if FEATURES not in batch or len(found) != 1:
        raise DataError(
            f"A batch has the keys {', '.join(map(str, batch)) or '(none)'}; wanted are "
            f"'{FEATURES}' and exactly one of {', '.join(KEYS)} (and '{MASK}', if not every place "
            "counts)."
        )
    return batch[FEATURES], batch[found[0]], batch.get(MASK), KEYS[found[0]]


def _outputs(model: nn.Module, inputs: Tensor, kind: str) -> Tensor:
    predict: Callable[[Tensor], Tensor] = getattr(model, "predict", model)
    outputs: Any = predict(inputs) if kind == "number" else model(inputs)
    if not isinstance(outputs, Tensor):
        raise DataError(
            f"{type(model).__name__} gave a {type(outputs).__name__}; a tensor is wanted."
        )
    return outputs.float()


def _check_shapes(outputs: Tensor, targets: Tensor, kind: str) -> None:
    wanted = outputs.shape[:-1] if kind == "class" else outputs.shape
    if targets.shape != wanted:
        raise DataError(
            f"The targets have the shape {tuple(targets.shape)}, the model's answers "
            f"{tuple(outputs.shape)}; for these answers the targets must be {tuple(wanted)}."
        )


def _weights(mask: Tensor | None, outputs: Tensor, kind: str) -> Tensor:
    """1.0 where a target counts: a number for each target."""
    shape = outputs.shape if kind == "number" else outputs.shape[:-1]
    if mask is None:
        return torch.ones(shape)
    if mask.shape != shape:
        raise DataError(
            f"The mask has the shape {tuple(mask.shape)}; the targets have {tuple(shape)}."
        )
    return mask.float()


def _of_classes(logits: Tensor, targets: Tensor, weights: Tensor) -> Sums:
    flat = logits.flatten(0, -2)
    nll = functional.cross_entropy(flat, targets.flatten().long(), reduction="none")
    is_right = (flat.argmax(-1) == targets.flatten()).float()
    flat_weights, number = weights.flatten(), float(weights.sum())
    return {
        "cross_entropy": (float((nll * flat_weights).sum()), number),
        "accuracy": (float((is_right * flat_weights).sum()), number),
    }


def _of_distributions(logits: Tensor, targets: Tensor, weights: Tensor) -> Sums:
    number = float(weights.sum())
    nll = -(targets * functional.log_softmax(logits, -1)).sum(-1)
    alike = functional.cosine_similarity(logits.softmax(-1), targets, dim=-1)
    is_right = (logits.argmax(-1) == targets.argmax(-1)).float()
    return {
        "cross_entropy": (float((nll * weights).sum()), number),
        "cosine_similarity": (float((alike * weights).sum()), number),
        "accuracy": (float((is_right * weights).sum()), number),
    }


def _of_numbers(answers: Tensor, targets: Tensor, weights: Tensor) -> Sums:
    number = float(weights.sum())
    gaps = (answers - targets) * weights
    alike = functional.cosine_similarity(answers * weights, targets * weights, dim=-1)
    has_any = (weights.sum(-1) > 0).float()
    return {
        "mse": (float(gaps.square().sum()), number),
        "mae": (float(gaps.abs().sum()), number),
        "cosine_similarity": (float((alike * has_any).sum()), float(has_any.sum())),
    }


_METRICS: dict[str, Callable[[Tensor, Tensor, Tensor], Sums]] = {
    "class": _of_classes,
    "distribution": _of_distributions,
    "number": _of_numbers,
}


def _finished(totals: Sums) -> dict[str, float]:
    means = {name: total / number for name, (total, number) in totals.items() if number}
    if "cross_entropy" in means and "accuracy" in means:
        means["perplexity"] = math.exp(min(means["cross_entropy"], 700))
    if "mse" in means:
        means["rmse"] = math.sqrt(means["mse"])
    return means


class ConstantAnswer(nn.Module):
    """Gives the same logits whatever it is shown: what can be had without listening.

    Args:
        spec: of the network in whose place it stands.
    """

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.spec = spec
        self.answer = nn.Parameter(torch.zeros(spec.outputs))

    def forward(self, features: Tensor) -> Tensor:
        """(..., I) to the same (O,) at each place: (..., O)."""
        return self.answer.expand(*features.shape[:-1], -1)


def best_constant(companion: Companion, examples: Examples, *, steps: int = 300) -> ConstantAnswer:
    """The constant answer with the lowest loss on some examples, found by gradient descent.

    Args:
        companion: gives the loss.
        examples: to fit it on: the training part.
        steps: of the descent.
    """
    model = ConstantAnswer(companion.spec)
    tensors = collate(examples.items)
    count = float(tensors[MASK].count_nonzero())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        (companion.loss(model, tensors).objective_sum / count).backward()
        optimizer.step()
        schedule.step()
    return model.eval()


@dataclass(frozen=True)
class PieceSums:
    """Loss and metrics of a network, summed over each piece.

    Attributes:
        sums: name to one sum a piece.
        counts: name to one count a piece.
    """

    sums: dict[str, list[float]]
    counts: dict[str, list[float]]


@torch.no_grad()
def sums_by_piece(companion: Companion, model: nn.Module, examples: Examples) -> PieceSums:
    """What the task's own loss says of a network, piece by piece; "loss" is its first name."""
    numbers: dict[str, list[int]] = {}
    for number, piece in enumerate(examples.pieces):
        numbers.setdefault(piece, []).append(number)
    sums: dict[str, list[float]] = {}
    counts: dict[str, list[float]] = {}
    model.eval()
    for members in numbers.values():
        tensors = collate([examples.items[number] for number in members])
        loss = companion.loss(model, tensors)
        entries = {"loss": (loss.loss_sum, tensors[MASK].count_nonzero()), **loss.metrics}
        for name, (total, count) in entries.items():
            sums.setdefault(name, []).append(float(total))
            counts.setdefault(name, []).append(float(count))
    return PieceSums(sums, counts)
