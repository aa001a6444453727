"""Learning melodies: the next token of a stream, in windows cut at bar lines, in random keys.

Axes: B windows, T tokens, V vocabulary, W classes of the model (W >= V), N = B x T places,
G groups of tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from chromasonic.errors import DataError, UsageError
from chromasonic.melody_generation.recipe import DEFAULT_WINDOW
from chromasonic.melody_generation.tokens import (
    BAR,
    PAD,
    START,
    VOCABULARY,
    Kind,
    transpose,
    transpositions,
)
from chromasonic.training.batches import bucketed
from chromasonic.training.task import Batch, BatchLoss, Part

GROUPS = ("other", "pitch", "rhythm", "bar")
"""Groups of tokens whose accuracy and bits are counted apart, so that easy ones dress up none."""

_GROUP_OF_KIND = {
    Kind.PITCH: "pitch",
    Kind.NOTE: "rhythm",
    Kind.REST: "rhythm",
    Kind.HOLD: "rhythm",
    Kind.BAR: "bar",
}
_PARTS = {"train": 0, "validation": 1}


def groups_of_vocabulary() -> np.ndarray:
    """(V, G) 1.0 where a token belongs to a group of `GROUPS`."""
    groups = [_GROUP_OF_KIND.get(Kind(kind), "other") for kind in VOCABULARY.kind]
    return np.array([[group == name for name in GROUPS] for group in groups], dtype=np.float32)


@dataclass(frozen=True)
class Window:
    """A stretch of a stream.

    Attributes:
        ids: integers, the tokens to read; all but the first `context` are to be predicted.
        context: tokens at the front that are given: START, or what is in force at a later bar
            (START METRE TONIC MODE).
        tune: number of its stream.
    """

    ids: np.ndarray
    context: int
    tune: int

    def __len__(self) -> int:
        return len(self.ids) - 1


def windows_of(ids: Sequence[int] | np.ndarray, tune: int, longest: int) -> list[Window]:
    """Cut a stream into windows of at most `longest` tokens, as even as its bar lines allow.

    A later window begins after a BAR, with the metre and key then in force before it as context,
    so that the model knows where it is. Each token but the first is predicted exactly once.
    """
    array = np.asarray(ids)
    if len(array) - 1 <= longest:
        return [Window(array, 1, tune)]
    after_bars = np.flatnonzero(array == BAR) + 1
    kinds = VOCABULARY.kind[array]
    windows: list[Window] = []
    header = array[:1]
    start = 1
    while start < len(array):
        room = longest - len(header) + 1
        pieces = -(-(len(array) - start) // room)
        wanted = start + -(-(len(array) - start) // pieces)
        fitting = after_bars[(after_bars > start) & (after_bars <= start + room)]
        # The bar line nearest to an even cut; a bar longer than the window is cut where it must.
        end = int(fitting[np.abs(fitting - wanted).argmin()]) if len(fitting) else start + room
        end = len(array) if pieces == 1 else end
        windows.append(Window(np.concatenate([header, array[start:end]]), len(header), tune))
        start = end
        header = _in_force(array[:start], kinds[:start]).astype(array.dtype)
    return windows


def _in_force(array: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """START and the last metre, tonic and mode that were said."""
    said = [array[kinds == kind][-1:] for kind in (Kind.METRE, Kind.TONIC, Kind.MODE)]
    return np.concatenate([[START], *said]).astype(np.int64)


def checked_streams(sequences: Sequence[Sequence[int]], part: str) -> list[np.ndarray]:
    """Streams as arrays; those that are arrays stay as they are (a byte a token, maybe).

    Raises:
        DataError: an id is outside the vocabulary, or a stream has less than two tokens; names
            the stream.
    """
    streams = []
    for number, ids in enumerate(sequences):
        array = np.asarray(ids)
        if array.ndim != 1 or len(array) < 2 or array.dtype.kind not in "iu":
            raise DataError(
                f"Sequence {number} of the {part} data is no list of two or more token ids: "
                f"{str(ids)[:60]}. Make them with tokens.encode or create_training_data."
            )
        if array.min() < 0 or array.max() >= VOCABULARY.size:
            bad = int(array.max() if array.max() >= VOCABULARY.size else array.min())
            raise DataError(
                f"Sequence {number} of the {part} data holds the id {bad}; the vocabulary has "
                f"0 to {VOCABULARY.size - 1}. Make them with tokens.encode or "
                "create_training_data."
            )
        streams.append(array)
    return streams


class MelodyTask:
    """Next-token prediction over token streams.

    Args:
        train: streams to learn from.
        validation: streams to judge by.
        window: longest stretch of tokens that is read at once.
        transpose: whether each tune stands in a random key in each training epoch.
    """

    def __init__(
        self,
        train: Sequence[Sequence[int]],
        validation: Sequence[Sequence[int]],
        *,
        window: int = DEFAULT_WINDOW,
        transpose: bool = True,
    ) -> None:
        if window < 8:
            raise UsageError(f"window is {window}; allowed: 8 tokens or more (try 1024).")
        streams = {
            "train": checked_streams(train, "training"),
            "validation": checked_streams(validation, "validation"),
        }
        self.windows: dict[str, list[Window]] = {
            part: [
                piece
                for number, stream in enumerate(streams[part])
                for piece in windows_of(stream, number, window)
            ]
            for part in streams
        }
        self.shifts = [transpositions(stream) for stream in streams["train"]] if transpose else None

    def epoch(self, part: Part, *, seed: int, epoch: int, batch_size: int) -> MelodyBatches:
        """The batches of an epoch; in training in an order and in keys of its own."""
        windows = self.windows[part]
        lengths = [len(window) for window in windows]
        if part != "train":
            plan = bucketed(lengths, batch_size=batch_size, rng=None)
            return MelodyBatches(windows, plan, None)
        rng = np.random.default_rng([seed, epoch, _PARTS[part]])
        plan = bucketed(lengths, batch_size=batch_size, rng=rng)
        if self.shifts is None:
            return MelodyBatches(windows, plan, None)
        lowest = np.array([fitting.start for fitting in self.shifts])
        count = np.array([len(fitting) for fitting in self.shifts])
        chosen = lowest + (rng.random(len(count)) * np.maximum(count, 1)).astype(np.int64)
        return MelodyBatches(windows, plan, np.where(count > 0, chosen, 0))

    def loss(self, model: nn.Module, batch: Batch, *, label_smoothing: float) -> BatchLoss:
        """Negative log-likelihood of each next token, and metrics of each group of tokens.

        Metrics: `accuracy` of all tokens, and `pitch_accuracy`, `pitch_bits` (bits a sounding
        note, its duration given), `rhythm_accuracy`, `rhythm_bits`, `bar_accuracy`, `bar_bits`.
        """
        ids_BT, targets_BT = batch.tensors["ids"], batch.tensors["targets"]
        logits_BTW = model(ids_BT)
        _check_logits(logits_BTW, ids_BT, model)
        # A model may have more classes than there are tokens; they are no outcome of a stream.
        logits_NV = logits_BTW[..., : VOCABULARY.size].flatten(0, 1).float()
        targets_N = targets_BT.flatten()
        nll_N = functional.cross_entropy(logits_NV, targets_N, ignore_index=PAD, reduction="none")
        objective = loss = nll_N.sum()
        if label_smoothing:
            objective = functional.cross_entropy(
                logits_NV,
                targets_N,
                ignore_index=PAD,
                reduction="sum",
                label_smoothing=label_smoothing,
            )
        with torch.no_grad():
            metrics = self._metrics(logits_NV, targets_N, nll_N)
        return BatchLoss(objective_sum=objective, loss_sum=loss, metrics=metrics)

    def _metrics(
        self, logits_NV: Tensor, targets_N: Tensor, nll_N: Tensor
    ) -> dict[str, tuple[Tensor, Tensor]]:
        is_token_N = targets_N != PAD
        is_right_N = (logits_NV.argmax(1) == targets_N) & is_token_N
        group_NG = self._groups.to(targets_N.device)[targets_N] * is_token_N[:, None]
        count_G = group_NG.sum(0)
        right_G = (is_right_N[:, None] * group_NG).sum(0)
        bits_G = (nll_N[:, None] * group_NG).sum(0) / np.log(2)
        metrics = {"accuracy": (right_G.sum(), count_G.sum())}
        for g, name in enumerate(GROUPS):
            if name != "other":
                metrics[f"{name}_accuracy"] = (right_G[g], count_G[g])
                metrics[f"{name}_bits"] = (bits_G[g], count_G[g])
        return metrics

    @cached_property
    def _groups(self) -> Tensor:
        return torch.from_numpy(groups_of_vocabulary())


def _check_logits(logits: object, ids_BT: Tensor, model: nn.Module) -> None:
    shape = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
    B, T = ids_BT.shape
    if (
        not isinstance(logits, Tensor)
        or logits.ndim != 3
        or logits.shape[:2] != (B, T)
        or logits.shape[2] < VOCABULARY.size
    ):
        raise UsageError(
            f"{type(model).__name__}.forward gave {shape} for token ids of shape {(B, T)}; "
            f"it must give logits of shape ({B}, {T}, W) with W at least {VOCABULARY.size}, "
            "the size of the vocabulary (tokens.VOCABULARY.size)."
        )


@dataclass(frozen=True)
class MelodyBatches:
    """Batches of one part in one epoch.

    Attributes:
        windows: all of the part.
        plan: for each update the numbers of its windows.
        shifts: semitones of each tune in this epoch; None leaves the keys as written.
    """

    windows: Sequence[Window]
    plan: Sequence[Sequence[int]]
    shifts: np.ndarray | None

    def batch(self, examples: Sequence[int]) -> Batch:
        """Windows padded to one length: `ids` to read and `targets`, PAD where none is asked."""
        windows = [self.windows[number] for number in examples]
        longest = max(len(window.ids) for window in windows)
        ids = np.full((len(windows), longest), PAD, dtype=np.int64)
        for row, window in enumerate(windows):
            ids[row, : len(window.ids)] = window.ids
        if self.shifts is not None:
            shifts_B1 = self.shifts[[window.tune for window in windows]][:, None]
            ids = transpose(ids, shifts_B1)
        targets = ids[:, 1:].copy()
        for row, window in enumerate(windows):
            targets[row, : window.context - 1] = PAD
        return Batch(
            tensors={
                "ids": torch.from_numpy(np.ascontiguousarray(ids[:, :-1])),
                "targets": torch.from_numpy(targets),
            },
            count=int(np.count_nonzero(targets != PAD)),
            cells=targets.size,
            padded=targets.size - sum(len(window) for window in windows),
        )
