"""Exact log-likelihood of token streams, kept as sums a stream and a class of token.

Works with anything that maps ids (B, T) to logits (B, T, W): row t says what follows ids[..t].

Legend: S streams, B batch, T tokens, V vocabulary, W width of the logits (W >= V), C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chromasonic.errors import EvaluationError

if TYPE_CHECKING:
    import torch
    from torch import nn

CELLS_A_BATCH = 2_000_000  # logits (B x T x W) held at once: 16 MB as float64


@dataclass(frozen=True, kw_only=True)
class TokenClasses:
    """What tokens are told apart in the figures.

    Attributes:
        names: a name a class, C of them.
        of_token: (V,) the class of each token of the vocabulary; its length is V.
    """

    names: tuple[str, ...]
    of_token: np.ndarray

    @property
    def vocabulary_size(self) -> int:
        """How many token ids there are."""
        return len(self.of_token)


@dataclass(frozen=True, kw_only=True)
class StreamScores:
    """Sums a stream and a class; everything reported is a ratio of sums over streams.

    Attributes:
        classes: names of the classes, C of them.
        bits: (S, C) sum of -log2 P(token | all before it) over the stream's tokens of the class.
        correct: (S, C) how many of them were the model's first choice among the whole vocabulary.
        count: (S, C) how many there are; the first token of a stream is given, not predicted.
    """

    classes: tuple[str, ...]
    bits: np.ndarray
    correct: np.ndarray
    count: np.ndarray

    def of(self, *names: str) -> StreamScores:
        """The same sums with only these classes, added up into one class."""
        columns = [self.classes.index(name) for name in names]

        def joined(table: np.ndarray) -> np.ndarray:
            return table[:, columns].sum(axis=1, keepdims=True)

        return StreamScores(
            classes=("+".join(names),),
            bits=joined(self.bits),
            correct=joined(self.correct),
            count=joined(self.count),
        )


def score_streams(
    model: nn.Module,
    streams: Sequence[Sequence[int]],
    classes: TokenClasses,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> StreamScores:
    """Score streams under a model, exactly, without changing the model.

    The model is put in evaluation mode and restored. Streams are batched by length and padded on
    the right, where a causal model does not look; `check_causal` makes sure that it is one.

    Args:
        model: `forward(ids (B, T) int64) -> logits (B, T, W)`, W >= V; ids from V on are masked.
        streams: token ids, at least two a stream.
        classes: what is told apart.
        on_progress: called with (streams done, streams in all).

    Raises:
        EvaluationError: no stream, a stream too short or with a foreign id, logits of another shape
            or not finite, a model that sees the tokens it should predict.
    """
    checked = check_streams(streams, classes.vocabulary_size)
    tally = Tally(len(checked), classes)
    import torch

    # no_grad, not inference_mode: a model that builds a table on first use (rotary angles, say)
    # must be able to train with it afterwards.
    with in_evaluation_mode(model), torch.no_grad():
        check_causal(model, checked, classes.vocabulary_size)
        done = 0
        for batch in _batches(checked, classes.vocabulary_size):
            ids_BT, lengths = _padded([checked[index] for index in batch])
            log2_BTV = log2_probabilities(model, ids_BT, classes.vocabulary_size)
            for row, index in enumerate(batch):
                tally.add(index, log2_BTV[row, : lengths[row] - 1], checked[index][1:])
            done += len(batch)
            if on_progress is not None:
                on_progress(done, len(checked))
    return tally.scores()


class Tally:
    """Adds up scores, stream by stream.

    Args:
        streams: how many streams (S).
        classes: what is told apart.
    """

    def __init__(self, streams: int, classes: TokenClasses) -> None:
        self.classes = classes
        shape = (streams, len(classes.names))
        self.bits, self.correct, self.count = np.zeros(shape), np.zeros(shape), np.zeros(shape)

    def add(self, index: int, log2_TV: torch.Tensor, targets: np.ndarray) -> None:
        """Add predictions of a stream.

        Args:
            index: which stream.
            log2_TV: log2-probabilities of the next token.
            targets: (T,) what came.
        """
        import torch

        target_T = torch.as_tensor(targets, device=log2_TV.device)
        bits = -log2_TV.gather(1, target_T[:, None])[:, 0].cpu().numpy()
        correct = (log2_TV.argmax(dim=1) == target_T).cpu().numpy()
        kinds, width = self.classes.of_token[targets], len(self.classes.names)
        self.bits[index] += np.bincount(kinds, bits, width)
        self.correct[index] += np.bincount(kinds, correct, width)
        self.count[index] += np.bincount(kinds, minlength=width)

    def scores(self) -> StreamScores:
        """What was added."""
        return StreamScores(
            classes=self.classes.names, bits=self.bits, correct=self.correct, count=self.count
        )


def log2_probabilities(model: Any, ids_BT: torch.Tensor, vocabulary_size: int) -> torch.Tensor:
    """Log2-probabilities (B, T, V), float64, of the next token among the vocabulary's.

    Raises:
        EvaluationError: the model fails; the logits have another shape, are too narrow, or are
            not numbers.
    """
    import torch

    device = device_of(model)
    try:
        logits_BTW = model(ids_BT.to(device))
    except (RuntimeError, IndexError, ValueError, TypeError, AssertionError) as error:
        raise EvaluationError(
            f"{type(model).__name__}.forward failed on token ids of shape {tuple(ids_BT.shape)}: "
            f"{error}. It must take int64 ids (batch, time) of any length."
        ) from error
    if isinstance(logits_BTW, tuple):  # recurrent modules often return (logits, state)
        logits_BTW = logits_BTW[0]
    shape = tuple(getattr(logits_BTW, "shape", ()))
    if len(shape) != 3 or shape[:2] != tuple(ids_BT.shape) or shape[2] < vocabulary_size:
        raise EvaluationError(
            f"The model returned {shape or type(logits_BTW).__name__} for ids of shape "
            f"{tuple(ids_BT.shape)}; it must return logits (batch, time, width) with width at "
            f"least {vocabulary_size}, the size of the vocabulary."
        )
    log_BTV = torch.log_softmax(logits_BTW[..., :vocabulary_size].double(), dim=-1)
    if torch.isnan(log_BTV).any():
        raise EvaluationError(
            "The model's logits are not numbers (NaN). Its weights are probably broken: "
            "check that its training did not diverge."
        )
    return log_BTV / np.log(2.0)


def check_causal(model: Any, streams: Sequence[np.ndarray], vocabulary_size: int) -> None:
    """Make sure that a model does not see what it should predict.

    The last half of one stream is turned back to front; what the model says about the first half
    must stay as it was.

    Raises:
        EvaluationError: it changes (a bidirectional layer, attention without a mask).
    """
    import torch

    stream = max(streams, key=len)[:64]
    if len(stream) < 4:
        return
    half = len(stream) // 2
    changed = stream.copy()
    changed[half:] = changed[half:][::-1]
    if (changed == stream).all():
        changed[half:] = stream[0]
    # One at a time: batch normalization and the like must not mix the two.
    before, after = (
        log2_probabilities(model, torch.as_tensor(ids)[None], vocabulary_size)[0, : half - 1].exp2()
        for ids in (stream, changed)
    )
    gap = float((before - after).abs().max())
    if gap > 1e-3:
        raise EvaluationError(
            "The model sees the future: its prediction for a token changed by "
            f"{gap:.3g} when only later tokens changed. Its accuracy would mean nothing. "
            "Use one direction only, or a causal attention mask."
        )


def check_streams(streams: Sequence[Sequence[int]], vocabulary_size: int) -> list[np.ndarray]:
    """Streams as int64 arrays.

    Raises:
        EvaluationError: there is none, one is shorter than 2 tokens, or holds an id that is none.
    """
    checked = [np.asarray(stream, dtype=np.int64).reshape(-1) for stream in streams]
    if not checked:
        raise EvaluationError(
            "There is no tune to evaluate on (0 sequences were given). "
            "An accuracy over nothing is not 0, it does not exist: give at least one."
        )
    for number, stream in enumerate(checked):
        if len(stream) < 2:
            raise EvaluationError(
                f"Sequence {number} has {len(stream)} tokens; at least 2 are needed, "
                "one to start from and one to predict."
            )
        if stream.min() < 0 or stream.max() >= vocabulary_size:
            bad = stream[(stream < 0) | (stream >= vocabulary_size)][0]
            raise EvaluationError(
                f"Sequence {number} holds the id {bad}; the vocabulary has 0 to "
                f"{vocabulary_size - 1}. Encode tunes with the vocabulary of the model."
            )
    return checked


@contextmanager
def in_evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Evaluation mode for the whole module tree, each part's own mode restored after."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def device_of(model: Any) -> torch.device:
    """Where a model's weights are; a model without weights is on the CPU."""
    import torch

    for tensor in (*model.parameters(), *model.buffers()):
        return tensor.device
    return torch.device("cpu")


def _batches(streams: Sequence[np.ndarray], vocabulary_size: int) -> Iterator[list[int]]:
    """Indices of streams of like length, so many at once as memory should hold."""
    batch: list[int] = []
    for index in sorted(range(len(streams)), key=lambda index: len(streams[index])):
        cells = len(streams[index]) * vocabulary_size * (len(batch) + 1)  # the longest comes last
        if batch and cells > CELLS_A_BATCH:
            yield batch
            batch = []
        batch.append(index)
    yield batch


def _padded(streams: Sequence[np.ndarray]) -> tuple[torch.Tensor, list[int]]:
    """Ids without each stream's last token (B, T), padded with 0; and the streams' lengths."""
    import torch

    lengths = [len(stream) for stream in streams]
    ids_BT = torch.zeros((len(streams), max(lengths) - 1), dtype=torch.int64)
    for row, stream in enumerate(streams):
        ids_BT[row, : lengths[row] - 1] = torch.as_tensor(stream[:-1])
    return ids_BT, lengths
