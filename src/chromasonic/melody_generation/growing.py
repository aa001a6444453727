"""Streams that grow side by side, a token each at a time, read by a model with or without cache.

Axes: B streams, T tokens, V token ids, W ids that the model gives logits of (W >= V).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from chromasonic.errors import CheckpointError, UsageError
from chromasonic.melody_generation.constraints import TuneConstraint
from chromasonic.melody_generation.sampling import draw, log_allowed_share
from chromasonic.melody_generation.tokens import PAD, VOCABULARY

OnBars = Callable[[int], None]

SMALL_BATCH = 16
"""Rows that cost hardly more than one: a batch as small keeps those that have stopped."""


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
    """

    ids: list[int]
    place: TuneConstraint
    chance: np.random.Generator
    log_weight: float = 0.0

    def take(self, token: int) -> None:
        """Grow by a token."""
        self.ids.append(token)
        self.place.advance(token)

    def fork(self, chance: np.random.Generator) -> GrowingTune:
        """A copy that grows its own way, with a weight of its own."""
        return GrowingTune(list(self.ids), copy.copy(self.place), chance)


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
            tunes: streams, all as long as each other; they are changed.
            until: whether a stream stops at a place.
            on_bars: told after each token how many bars the slowest stream that grows has done.
        """
        batch = [tune for tune in tunes if not until(tune.place)]  # some will stop before others
        reader, new_ids = self._reader(), [tune.ids for tune in batch]
        growing = list(range(len(batch)))
        while growing:
            logits_BV = reader.read(new_ids)
            new_ids = [[PAD] for _ in batch]
            for row, token in zip(growing, self._draw(batch, growing, logits_BV), strict=True):
                batch[row].take(token)
                new_ids[row] = [token]
            growing = [row for row in growing if not until(batch[row].place)]
            if on_bars is not None and growing:
                on_bars(min(batch[row].place.bars_done for row in growing))
            has_many_idle = len(batch) > SMALL_BATCH and 2 * len(growing) <= len(batch)
            if has_many_idle or not reader.has_cache:
                # To read the streams that still grow once more costs less than idle rows.
                batch = [batch[row] for row in growing]
                growing = list(range(len(batch)))
                reader, new_ids = self._reader(), [tune.ids for tune in batch]

    def _reader(self) -> _Reader:
        return _Reader(self.model, self.use_cache)

    def _draw(self, batch: list[GrowingTune], rows: list[int], logits_BV: np.ndarray) -> list[int]:
        """The next token of some rows of the batch, whose weights take note of what may come."""
        allowed_BV = np.stack([batch[row].place.allowed() for row in rows])
        temperature = self._how["temperature"]
        share_B = log_allowed_share(logits_BV[rows], allowed_BV, temperature=temperature)
        is_forced_B = allowed_BV.sum(1) == 1
        for row, log_share in zip(rows, np.where(is_forced_B, share_B, 0.0).tolist(), strict=True):
            batch[row].log_weight += log_share
        uniform_B = np.array([batch[row].chance.random() for row in rows])
        leaned_BV = logits_BV[rows] if self.lean_V is None else logits_BV[rows] + self.lean_V
        return draw(leaned_BV, allowed_BV, uniform_B, **self._how).tolist()


class _Reader:
    """Feeds streams to a model and keeps its state where it has one.

    Forks of one stream are read once: the state of a model that can repeat it (`repeated(count)`)
    is that of all of them.
    """

    def __init__(self, model: nn.Module, use_cache: bool) -> None:
        self.model = model
        self.has_cache = use_cache and callable(getattr(model, "step", None))
        self._state: Any = None
        self._device = _device_of(model)

    def read(self, ids: list[list[int]]) -> np.ndarray:
        """(B, V) float64 logits after the last of the ids: new ones with a cache, else all."""
        if self.has_cache and self._state is None and _are_forks(ids):
            logits_BV = self._step(ids[:1])
            repeated = getattr(self._state, "repeated", None)
            if repeated is not None:
                self._state = repeated(len(ids))
                return logits_BV.repeat(len(ids), 0)
            self._state = None
        if self.has_cache:
            return self._step(ids)
        return _checked(self.model(self._tensor(ids)))

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
