"""New tunes from any model of token streams: valid bars, the length asked for, the same by seed.

Axes: B tunes, T tokens, V token ids, W ids that the model gives logits of (W >= V).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from chromasonic.errors import CheckpointError, UsageError
from chromasonic.melody_generation.constraints import TuneConstraint
from chromasonic.melody_generation.opening import Opening, parse_key, parse_metre, read_opening
from chromasonic.melody_generation.sampling import draw
from chromasonic.melody_generation.tokens import PAD, START, VOCABULARY, decode
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Tune

LARGEST_BATCH = 64
"""Tunes that are generated side by side; more are taken in turns."""


@dataclass(frozen=True, kw_only=True)
class GenerationSettings:
    """What a generated tune shall be like.

    Attributes:
        bars: length in bars; a pickup and the last bar, which is shorter by it, count as one.
        key: the key, or text such as "D major"; None lets the model choose.
        metre: the metre, or text such as "6/8"; None lets the model choose.
        temperature: above 0; below 1 is safer, above 1 bolder.
        top_k: draw among so many of the likeliest tokens only; None is all.
        top_p: draw among the fewest likeliest tokens that hold this share, in (0, 1]; 1 is all.
        max_tokens: the longest token stream; a tune that nears it ends in long notes.
    """

    bars: int = 16
    key: Key | str | None = None
    metre: Metre | str | None = None
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0
    max_tokens: int = 4096

    def __post_init__(self) -> None:
        if isinstance(self.key, str):
            object.__setattr__(self, "key", parse_key(self.key))
        if self.metre is not None:
            object.__setattr__(self, "metre", parse_metre(str(self.metre)))
        if self.bars < 1:
            raise UsageError(f"bars is {self.bars}; a tune has at least 1.")
        if not 0 < self.temperature < math.inf:
            raise UsageError(
                f"temperature is {self.temperature}; it must be above 0 (1 is as learned, "
                "0.8 safer, 1.2 bolder)."
            )
        if self.top_k is not None and self.top_k < 1:
            raise UsageError(f"top_k is {self.top_k}; it must be at least 1, or left out for all.")
        if not 0 < self.top_p <= 1:
            raise UsageError(f"top_p is {self.top_p}; it must be above 0 and at most 1 (1 is all).")
        if self.max_tokens < 1:
            raise UsageError(f"max_tokens is {self.max_tokens}; it must be at least 1.")


def generate_tunes(
    model: nn.Module,
    count: int = 1,
    *,
    settings: GenerationSettings | None = None,
    seed: int = 0,
    opening: Tune | str | Sequence[int] | None = None,
    use_cache: bool = True,
) -> list[Tune]:
    """Generate tunes, side by side.

    Tune number i depends on the model, the settings, the seed and i alone, not on `count`.

    Args:
        model: any module with `forward` from ids (B, T) to logits (B, T, W); logits beyond the
            vocabulary are not drawn from. Where it has `step`, each token is read once only.
        count: how many tunes.
        settings: what they shall be like.
        seed: at least 0.
        opening: what each tune begins with, verbatim: a tune, ABC text or token ids. Key and metre
            are its own.
        use_cache: False reads the whole stream again for each token, though the model has `step`.

    Returns:
        The tunes, with ids "generated-SEED-1" and so on.

    Raises:
        UsageError: a value that cannot be used; says what is allowed.
        CheckpointError: the model gives numbers that are no logits.
    """
    settings = settings or GenerationSettings()
    given = _opening(opening, settings)
    streams = generate_ids(
        model, count, settings=settings, seed=seed, opening=given, use_cache=use_cache
    )
    spelled = dict(given.keys)
    if isinstance(settings.key, Key):
        spelled.setdefault((settings.key.tonic_pitch_class, settings.key.mode), settings.key)
    return [
        _spelled(decode(ids, id=f"generated-{seed}-{number}", title=f"Tune {number}"), spelled)
        for number, ids in enumerate(streams, start=1)
    ]


def generate_ids(
    model: nn.Module,
    count: int = 1,
    *,
    settings: GenerationSettings | None = None,
    seed: int = 0,
    opening: Opening | Tune | str | Sequence[int] | None = None,
    use_cache: bool = True,
) -> list[list[int]]:
    """The token streams of `generate_tunes`, from START to END."""
    settings = settings or GenerationSettings()
    if count < 1:
        raise UsageError(f"count is {count}; generate at least 1 tune.")
    if seed < 0:
        raise UsageError(f"seed is {seed}; it must be 0 or more.")
    given = opening if isinstance(opening, Opening) else _opening(opening, settings)
    limit = _token_limit(model, settings)
    _check_opening(given, settings, limit)
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            return [
                ids
                for first in range(0, count, LARGEST_BATCH)
                for ids in _Batch(
                    model, range(first, min(count, first + LARGEST_BATCH)), settings, seed
                ).run(given, limit, use_cache)
            ]
    finally:
        model.train(was_training)


def _opening(opening: Tune | str | Sequence[int] | None, settings: GenerationSettings) -> Opening:
    if opening is None:
        return Opening((START,))
    assert not isinstance(settings.key, str)
    assert not isinstance(settings.metre, str)
    return read_opening(opening, key=settings.key, metre=settings.metre)


def _token_limit(model: nn.Module, settings: GenerationSettings) -> int:
    """The longest stream, from the settings and the model's context (`context_tokens`) if it has.

    Raises:
        UsageError: bars of eighth notes would not fit.
    """
    limit = settings.max_tokens
    context = getattr(model, "context_tokens", None)
    if isinstance(context, int):
        limit = min(limit, context)
    metre = settings.metre if isinstance(settings.metre, Metre) else Metre()
    tokens_a_bar = 1 + 2 * math.ceil(metre.bar_ticks / (TICKS_PER_QUARTER // 2))
    if 5 + settings.bars * tokens_a_bar > limit:
        raise UsageError(
            f"bars is {settings.bars}, which is too many: a stream of {limit} tokens, the most "
            f"that the model and max_tokens allow, holds {max(0, limit - 5) // tokens_a_bar} bars "
            f"of {metre}."
        )
    return limit


def _constraint(settings: GenerationSettings, limit: int) -> TuneConstraint:
    key, metre = settings.key, settings.metre
    return TuneConstraint(
        settings.bars,
        metre=VOCABULARY.id(f"METRE:{metre}") if metre else None,
        tonic=VOCABULARY.id(f"TONIC:{key.tonic_pitch_class}") if isinstance(key, Key) else None,
        mode=VOCABULARY.id(f"MODE:{key.mode}") if isinstance(key, Key) else None,
        max_tokens=limit,
    )


def _check_opening(opening: Opening, settings: GenerationSettings, limit: int) -> None:
    """Refuse an opening after which nothing can be written."""
    if len(opening.ids) < 2:
        return
    place = _constraint(settings, limit)
    for token in opening.ids:
        place.advance(token)
    if place.bars_done >= settings.bars or (
        place.is_last_bar and place.position >= place.target_ticks
    ):
        raise UsageError(
            f"The opening fills all that was asked for (bars: {settings.bars}). "
            "Ask for more bars, or give a shorter opening."
        )
    if not place.can_be_completed:
        raise UsageError(
            "The last bar of the opening leaves a rest of the bar that no duration fills. "
            "Complete its tuplet, or end the opening at a bar line."
        )
    if place.length + place.tokens_to_end() > limit:
        raise UsageError(
            f"The opening has {place.length} tokens, and {limit} are the most that the model and "
            "max_tokens allow. Give a shorter opening."
        )


class _Batch:
    """Tunes that grow side by side, one token each at a time."""

    def __init__(
        self, model: nn.Module, numbers: range, settings: GenerationSettings, seed: int
    ) -> None:
        self.model = model
        self.settings = settings
        self.generators = [np.random.default_rng([seed, number]) for number in numbers]

    def run(self, opening: Opening, limit: int, use_cache: bool) -> list[list[int]]:
        """Grow all tunes to their END."""
        streams = [list(opening.ids) for _ in self.generators]
        places = [_constraint(self.settings, limit) for _ in self.generators]
        for place in places:
            for token in opening.ids:
                place.advance(token)
        rows = list(range(len(streams)))  # the tunes in the batch, some of them finished
        reader = _Reader(self.model, use_cache)
        new_ids = [streams[row] for row in rows]
        while True:
            logits_BV = reader.read(new_ids)
            growing = [index for index, row in enumerate(rows) if not places[row].is_done]
            tokens = self._draw(logits_BV[growing], [rows[index] for index in growing], places)
            new_ids = [[PAD] for _ in rows]
            for index, token in zip(growing, tokens, strict=True):
                streams[rows[index]].append(token)
                places[rows[index]].advance(token)
                new_ids[index] = [token]
            growing_rows = [row for row in rows if not places[row].is_done]
            if not growing_rows:
                return streams
            if 2 * len(growing_rows) <= len(rows) or not reader.has_cache:
                # Reading the streams that still grow once more is cheaper than idle rows.
                rows, new_ids = growing_rows, [streams[row] for row in growing_rows]
                reader = _Reader(self.model, use_cache)

    def _draw(
        self, logits_BV: np.ndarray, rows: list[int], places: list[TuneConstraint]
    ) -> list[int]:
        tokens_B = draw(
            logits_BV,
            np.stack([places[row].allowed() for row in rows]),
            np.array([self.generators[row].random() for row in rows]),
            temperature=self.settings.temperature,
            top_k=self.settings.top_k,
            top_p=self.settings.top_p,
        )
        return [int(token) for token in tokens_B]


class _Reader:
    """Feeds streams to a model and keeps its state where it has one."""

    def __init__(self, model: nn.Module, use_cache: bool) -> None:
        self.model = model
        self.has_cache = use_cache and callable(getattr(model, "step", None))
        self._state: Any = None
        self._device = _device_of(model)

    def read(self, ids: list[list[int]]) -> np.ndarray:
        """(B, V) float64 logits after the last of the ids: new ones with a cache, else all."""
        ids_BT = torch.tensor(ids, dtype=torch.long, device=self._device)
        if self.has_cache:
            logits_BTW, self._state = self.model.step(ids_BT, self._state)  # type: ignore[operator]
        else:
            logits_BTW = self.model(ids_BT)
        return _checked(logits_BTW)


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


def _spelled(tune: Tune, keys: dict[tuple[int, str], Key]) -> Tune:
    """The tune with its keys spelled as they were asked for (Db major, not C# major)."""
    bars = tuple(
        replace(bar, key=keys.get((bar.key.tonic_pitch_class, bar.key.mode), bar.key))
        for bar in tune.bars
    )
    return replace(tune, bars=bars)
