"""New tunes from any model of token streams: valid bars, the length asked for, the same by seed.

How a tune comes to its end just where it shall is in `endings.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import nn

from chromasonic.errors import UsageError
from chromasonic.melody_generation.constraints import TuneConstraint
from chromasonic.melody_generation.endings import ended, is_done, is_near_end
from chromasonic.melody_generation.growing import LARGEST_BATCH, GrowingTune, Growth, OnBars
from chromasonic.melody_generation.opening import Opening, parse_metre, read_opening
from chromasonic.melody_generation.progress import OnProgress, ProgressInBars
from chromasonic.melody_generation.tokens import START, VOCABULARY, decode
from chromasonic.music.key import MODES, Key
from chromasonic.music.key_text import parse_key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Tune

MOST_ENDINGS = 64


@dataclass(frozen=True, kw_only=True)
class GenerationSettings:
    """What a generated tune shall be like.

    Attributes:
        bars: length in bars; a pickup and the last bar, which is shorter by it, count as one.
        key: the key, or text such as "D major"; None lets the model choose.
        mode: the mode alone, such as "minor", where no key is given; None lets the model choose.
        metre: the metre, or text such as "6/8"; None lets the model choose.
        temperature: above 0; below 1 is safer, above 1 bolder.
        top_k: draw among so many of the likeliest tokens only; None is all.
        top_p: draw among the fewest likeliest tokens that hold this share, in (0, 1]; 1 is all.
        endings: how many endings are tried for each tune, one of which is drawn by how likely the
            model would end there; 1 takes what comes.
        max_tokens: the longest token stream; a tune that nears it ends in long notes.
    """

    bars: int = 16
    key: Key | str | None = None
    mode: str | None = None
    metre: Metre | str | None = None
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0
    endings: int = 32
    max_tokens: int = 4096

    def __post_init__(self) -> None:
        if isinstance(self.key, str):
            object.__setattr__(self, "key", parse_key(self.key))
        if self.mode is not None and self.mode not in MODES:
            raise UsageError(f"'{self.mode}' is no mode. Allowed: {', '.join(MODES)}.")
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
        if not 1 <= self.endings <= MOST_ENDINGS:
            raise UsageError(f"endings is {self.endings}; it must be 1 to {MOST_ENDINGS}.")
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
    lean_V: np.ndarray | None = None,
    on_progress: OnProgress | None = None,
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
        lean_V: (V,) added to the logits of each draw, such as `mood.lean_of` gives; None: nothing.
        on_progress: told at each bar how far the tunes are.

    Returns:
        The tunes, with ids "generated-SEED-1" and so on.

    Raises:
        UsageError: a value that cannot be used; says what is allowed.
        CheckpointError: the model gives numbers that are no logits.
    """
    settings = settings or GenerationSettings()
    given = _opening(opening, settings)
    streams = generate_ids(
        model,
        count,
        settings=settings,
        seed=seed,
        opening=given,
        use_cache=use_cache,
        lean_V=lean_V,
        on_progress=on_progress,
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
    lean_V: np.ndarray | None = None,
    on_progress: OnProgress | None = None,
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
            writer = _Writer(model, settings, seed, limit, use_cache, lean_V)
            return writer.write(count, given, on_progress)
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
    mode = key.mode if isinstance(key, Key) else settings.mode
    return TuneConstraint(
        settings.bars,
        metre=VOCABULARY.id(f"METRE:{metre}") if metre else None,
        tonic=VOCABULARY.id(f"TONIC:{key.tonic_pitch_class}") if isinstance(key, Key) else None,
        mode=VOCABULARY.id(f"MODE:{mode}") if mode is not None else None,
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


class _Writer:
    """Writes tunes: first all but their ends, then the ends."""

    def __init__(
        self,
        model: nn.Module,
        settings: GenerationSettings,
        seed: int,
        limit: int,
        use_cache: bool,
        lean_V: np.ndarray | None,
    ) -> None:
        self.settings = settings
        self.seed = seed
        self.limit = limit
        self.growth = Growth(
            model,
            temperature=settings.temperature,
            top_k=settings.top_k,
            top_p=settings.top_p,
            use_cache=use_cache,
            lean_V=lean_V,
        )

    def write(
        self, count: int, opening: Opening, on_progress: OnProgress | None
    ) -> list[list[int]]:
        """The streams of so many tunes."""
        tell = self._progress(count, on_progress)
        tunes: list[GrowingTune] = []
        while len(tunes) < count:
            numbers = range(len(tunes), min(len(tunes) + LARGEST_BATCH, count))
            on_bars = partial(tell, numbers.start, len(numbers)) if tell else None
            tunes += self._batch(numbers, opening, on_bars)
        return [tune.ids for tune in tunes]

    def _batch(self, numbers: range, opening: Opening, on_bars: OnBars | None) -> list[GrowingTune]:
        """The tunes of some numbers, written side by side."""
        tunes = [self._begin(number, opening) for number in numbers]
        if self.settings.endings == 1:
            self.growth.grow(tunes, is_done, on_bars)
            return tunes
        self.growth.grow(tunes, is_near_end, on_bars)
        endings = range(1, self.settings.endings + 1)
        seeds = [[(self.seed, number, ending) for ending in endings] for number in numbers]
        return ended(self.growth, tunes, seeds, on_bars)

    def _progress(self, count: int, tell: OnProgress | None) -> ProgressInBars | None:
        if tell is None:
            return None
        return ProgressInBars(
            tell, bars=self.settings.bars, tunes=count, has_endings=self.settings.endings > 1
        )

    def _begin(self, number: int, opening: Opening) -> GrowingTune:
        tune = GrowingTune(
            [], _constraint(self.settings, self.limit), np.random.default_rng([self.seed, number])
        )
        for token in opening.ids:
            tune.take(token)
        return tune


def _spelled(tune: Tune, keys: dict[tuple[int, str], Key]) -> Tune:
    """The tune with its keys spelled as they were asked for (Db major, not C# major)."""
    bars = tuple(
        replace(bar, key=keys.get((bar.key.tonic_pitch_class, bar.key.mode), bar.key))
        for bar in tune.bars
    )
    return replace(tune, bars=bars)
