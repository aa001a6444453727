"""Streams that grow side by side, a token each at a time, read by a model with or without cache.

Axes: B streams, T tokens, V token ids, W ids that the model gives logits of (W >= V).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from chromasonic.errors import CheckpointError, UsageError
from chromasonic.melody_generation.constraints import TuneConstraint
from chromasonic.melody_generation.sampling import draw, log_allowed_share
from chromasonic.melody_generation.tokens import PAD, VOCABULARY

OnBars = Callable[[int], None]

LARGEST_BATCH = 64
"""Streams that are best grown side by side; more cost each as much again."""


@runtime_checkable
class Memory(Protocol):
    """A model's state after some tokens of B streams, of which streams can be taken and joined.

    A state that cannot do so serves too, but streams that have stopped are read on with the others.
    """

    def taken(self, rows: Sequence[int]) -> Self:
        """Of some of the streams alone."""

    @staticmethod
    def joined(states: Sequence[Any]) -> Any:
        """Of all streams of several states, which may have read more and fewer tokens."""


@dataclass
class GrowingTune:
    """A stream, its place in the tune, and its own source of chance.

    Attributes:
        ids: the tokens so far.
        place: what may follow.
        chance: the generator that its tokens are drawn with.
        log_weight: log of the probability that the model, left to itself, would have drawn the bar
            lines and the end where they had to come, as far as this stream grew: the sum of the
            log shares of tokens that alone might come.
        memory: what the model keeps of all ids but the last, where that is known.
    """

    ids: list[int]
    place: TuneConstraint
    chance: np.random.Generator
    log_weight: float = 0.0
    memory: Memory | None = None

    def take(self, token: int) -> None:
        """Grow by a token."""
        self.ids.append(token)
        self.place.advance(token)

    def fork(self, chance: np.random.Generator) -> GrowingTune:
        """A copy that grows its own way, with a weight of its own."""
        return GrowingTune(list(self.ids), copy.copy(self.place), chance, memory=self.memory)


class Growth:
    """How streams grow.

    Args:
        model: see `generation.generate_tunes`.
        temperature: see `sampling.draw`, and so the next two.
        top_k: None is all.
        top_p: 1 is all.
        use_cache: whether to go on from the model's state, where it has one.
        lean_V: (V,) added to the model's logits wherever it draws; None adds nothing. The weights
            stay the model's own.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        temperature: float,
        top_k: int | None,
        top_p: float,
        use_cache: bool,
        lean_V: np.ndarray | None = None,
    ) -> None:
        self.model = model
        self.use_cache = use_cache
        self.lean_V = lean_V
        self._how: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p}

    def grow(
        self,
        tunes: Sequence[GrowingTune],
        until: Callable[[TuneConstraint], bool],
        on_bars: OnBars | None = None,
    ) -> None:
        """Grow streams until each has come where it shall stop.

        Args:
            tunes: streams, which are changed; best no more than `LARGEST_BATCH`.
            until: whether a stream stops at a place.
            on_bars: told after each token how many bars the slowest stream that grows has done.
        """
        for batch in _readable_together(tune for tune in tunes if not until(tune.place)):
            self._grow(batch, until, on_bars)

    def _grow(
        self,
        batch: list[GrowingTune],
        until: Callable[[TuneConstraint], bool],
        on_bars: OnBars | None,
    ) -> None:
        reader = _Reader(self.model, self.use_cache)
        while batch:
            for tune, token in zip(batch, self._draw(batch, reader.read(batch)), strict=True):
                tune.take(token)
            growing = []
            for row, tune in enumerate(batch):
                if not until(tune.place):
                    growing.append(row)
                elif not tune.place.is_done:
                    tune.memory = reader.memory(row)
            if len(growing) < len(batch):
                batch = [batch[row] for row in growing]
                reader.keep(growing)
            if on_bars is not None and batch:
                on_bars(min(tune.place.bars_done for tune in batch))

    def _draw(self, batch: list[GrowingTune], logits_BV: np.ndarray) -> list[int]:
        """The next token of each stream, whose weights take note of what may come."""
        allowed_BV = np.stack([tune.place.allowed() for tune in batch])
        (forced,) = np.nonzero(allowed_BV.sum(1) == 1)
        if len(forced):
            shares = log_allowed_share(
                logits_BV[forced], allowed_BV[forced], temperature=self._how["temperature"]
            )
            for row, log_share in zip(forced.tolist(), shares.tolist(), strict=True):
                batch[row].log_weight += log_share
        uniform_B = np.array([tune.chance.random() for tune in batch])
        leaned_BV = logits_BV if self.lean_V is None else logits_BV + self.lean_V
        return draw(leaned_BV, allowed_BV, uniform_B, **self._how).tolist()


def _readable_together(tunes: Iterable[GrowingTune]) -> Iterable[list[GrowingTune]]:
    """Streams of which a model has a memory, all together; others by their lengths."""
    batches: dict[int, list[GrowingTune]] = {}
    for tune in tunes:
        batches.setdefault(0 if tune.memory is not None else len(tune.ids), []).append(tune)
    return batches.values()


class _Reader:
    """Feeds streams to a model and keeps its state where it has one.

    Streams that are the same as each other are read once, if their state can be joined.
    """

    def __init__(self, model: nn.Module, use_cache: bool) -> None:
        self.model = model
        self._has_cache = use_cache and callable(getattr(model, "step", None))
        self._state: Any = None
        self._rows: list[int] = []  # of the state: which stands for which stream
        self._size = 0  # rows that the state has
        self._device = _device_of(model)

    def read(self, tunes: Sequence[GrowingTune]) -> np.ndarray:
        """(B, V) float64 logits after the last id of each stream, read on if a state is there."""
        if not self._has_cache:
            return _checked(self.model(self._tensor([tune.ids for tune in tunes])))
        if self._state is None:
            return self._begun(tunes)
        new = [[PAD] for _ in range(self._size)]
        for row, tune in zip(self._rows, tunes, strict=True):
            new[row] = tune.ids[-1:]
        return self._step(new)[self._rows]

    def keep(self, streams: Sequence[int]) -> None:
        """Go on with some of the streams alone."""
        self._rows = [self._rows[stream] for stream in streams] if self._rows else []
        if isinstance(self._state, Memory):
            self._state = self._state.taken(self._rows)
            self._rows = list(range(len(self._rows)))
            self._size = len(self._rows)
        elif 2 * len(self._rows) <= self._size:
            self._state = None  # to read those that still grow once more costs less than idle ones

    def memory(self, stream: int) -> Memory | None:
        """What is kept of one stream."""
        is_known = isinstance(self._state, Memory)
        return self._state.taken([self._rows[stream]]) if is_known else None

    def _begun(self, tunes: Sequence[GrowingTune]) -> np.ndarray:
        """The first logits, from what the model remembers of the streams, else from all of them."""
        memories, ids = [tune.memory for tune in tunes], [tune.ids for tune in tunes]
        for tune in tunes:
            tune.memory = None  # it is of this place alone
        self._rows, self._size = list(range(len(tunes))), len(tunes)
        if memories[0] is not None:
            self._state = memories[0].joined(memories)
            return self._step([one[-1:] for one in ids])
        if _are_forks(ids):
            logits_BV = self._step(ids[:1])
            if isinstance(self._state, Memory):
                self._state = self._state.joined([self._state] * len(ids))
                return logits_BV.repeat(len(ids), 0)
            self._state = None
        return self._step(ids)

    def _step(self, ids: list[list[int]]) -> np.ndarray:
        logits_BTW, self._state = self.model.step(self._tensor(ids), self._state)  # type: ignore[operator]
        return _checked(logits_BTW)

    def _tensor(self, ids: list[list[int]]) -> Tensor:
        return torch.tensor(ids, dtype=torch.long, device=self._device)


def _are_forks(ids: list[list[int]]) -> bool:
    """Whether streams that have gone some way are all the same, so that one stands for all."""
    return len(ids) > 1 and len(ids[0]) > 1 and all(one == ids[0] for one in ids[1:])


def _checked(logits_BTW: Tensor) -> np.ndarray:
    """The last logits of the vocabulary, as numbers that can be drawn from."""
    if logits_BTW.ndim != 3 or logits_BTW.shape[2] < VOCABULARY.size:
        raise UsageError(
            f"The model gives logits of shape {tuple(logits_BTW.shape)}; they must be (tunes, "
            f"tokens, ids) with at least the vocabulary's {VOCABULARY.size} ids."
        )
    logits_BV = logits_BTW[:, -1, : VOCABULARY.size].double().cpu().numpy()
    if np.isnan(logits_BV).any() or np.isposinf(logits_BV).any():
        raise CheckpointError(
            "The model gives logits that are no finite numbers: its training went astray. "
            "Take an earlier checkpoint, or train again with a lower learning rate."
        )
    return logits_BV


def _device_of(model: nn.Module) -> torch.device:
    for tensor in (*model.parameters(), *model.buffers()):
        return tensor.device
    return torch.device("cpu")
