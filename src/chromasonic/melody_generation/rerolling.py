"""One bar of a tune written anew, the rest kept note for note.

A model of streams knows what comes before a bar, not what comes after it. So many bars are drawn
from what came before, and one of them is chosen by the likelihood that the model gives to the bar
line and what stands after it, the tune's end among it: nearly a draw from the bars that
fit on both sides.

Source: sampling-importance resampling, D. B. Rubin, "Using the SIR algorithm to simulate posterior
distributions" (1988).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from chromasonic.errors import UsageError
from chromasonic.melody_generation.constraints import GRID_TICKS, Phase, TuneConstraint
from chromasonic.melody_generation.growing import GrowingTune, Growth
from chromasonic.melody_generation.sampling import draw_by_log_weight
from chromasonic.melody_generation.tokens import (
    BAR,
    END,
    PAD,
    VOCABULARY,
    Kind,
    UnencodableTune,
    decode,
    encode,
)
from chromasonic.music.tune import Bar, Note, Tune

MOST_CANDIDATES = 256
BARS_AFTER = 4
"""So many bars after the new one have a say in which it is; later ones hardly differ."""

LONGEST_CONTEXT = 2_000
"""Tokens before the bar that the model reads; of a longer tune the header and the last ones."""

BOLDER = (1.0, 1.5, 3.0, 10.0)
"""By how much the temperature rises from round to round, while all bars are ones to avoid."""


@dataclass(frozen=True, kw_only=True)
class RerollSettings:
    """How a bar is written anew.

    Attributes:
        candidates: how many bars are drawn, of which one is chosen.
        temperature: above 0; below 1 is safer, above 1 bolder.
        lean_V: (V,) added to the logits of each draw, such as `mood.lean_of` gives, or None.
    """

    candidates: int = 24
    temperature: float = 1.0
    lean_V: np.ndarray | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.candidates <= MOST_CANDIDATES:
            raise UsageError(f"candidates is {self.candidates}; it must be 1 to {MOST_CANDIDATES}.")
        if not 0 < self.temperature < math.inf:
            raise UsageError(f"temperature is {self.temperature}; it must be above 0.")


def reroll_bar(
    model: nn.Module,
    tune: Tune,
    number: int,
    *,
    seed: int = 0,
    settings: RerollSettings | None = None,
    avoid: Sequence[Bar] = (),
) -> Tune:
    """The tune with one bar of new notes; repeats, chord symbols and all other bars stay.

    The new bar is as long as the old one and sounds otherwise. Where the bar after it begins with a
    tied note, it ends on that note's pitch. Bars of `avoid` are chosen only where nothing else was
    found.

    Args:
        model: see `generation.generate_tunes`.
        tune: as written; repeats are not played out.
        number: which bar, from 1; a pickup is bar 1 too.
        seed: at least 0; the same seed gives the same bar.
        settings: see there.
        avoid: versions of the bar that were there before.

    Raises:
        UsageError: no such bar, an empty one, one that breaks off within a tuplet, or a tune that
            the vocabulary cannot say.
    """
    if seed < 0:
        raise UsageError(f"seed is {seed}; it must be 0 or more.")
    settings = settings or RerollSettings()
    place = _place_of(tune, number)
    old = tune.bars[place.index]
    unwanted = {_sound(old.notes), *(_sound(bar.notes) for bar in avoid)}
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            found = _chosen(model, place, unwanted, seed, settings)
    finally:
        model.train(was_training)
    bar = replace(old, notes=found)
    return replace(tune, bars=(*tune.bars[: place.index], bar, *tune.bars[place.index + 1 :]))


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A bar in its stream.

    Attributes:
        index: of the bar in the tune.
        before: tokens up to the bar's first event.
        after: tokens from the bar line after it on, END at last.
        ticks: how long the bar is.
        held_pitch: pitch that the next bar holds on from this one, or None.
        struck_pitch: pitch that the next bar strikes though it is marked as tied: this bar must not
            end on it, or it would be held; or None.
    """

    index: int
    before: tuple[int, ...]
    after: tuple[int, ...]
    ticks: int
    held_pitch: int | None
    struck_pitch: int | None


def _place_of(tune: Tune, number: int) -> _Place:
    """Where a bar lies in its tune's stream."""
    count = len(tune.bars)
    if not 1 <= number <= count:
        raise UsageError(f"There is no bar {number}: the tune has bars 1 to {count}.")
    index = number - 1
    old = tune.bars[index]
    if not old.notes:
        raise UsageError(f"Bar {number} is empty; there is nothing to write anew.")
    if old.duration % GRID_TICKS:
        raise UsageError(
            f"Bar {number} breaks off within a tuplet; no other bar has its length. "
            "Complete the tuplet, or choose another bar."
        )
    try:
        bars = _bars_of(encode(tune))
    except UnencodableTune as error:
        raise UsageError(
            "This tune cannot be written on, as the vocabulary of the models has no word for "
            f"something in it: {error.reason}."
        ) from error
    written = [place for place, bar in enumerate(tune.bars) if bar.notes]
    which = written.index(index)
    header = next(
        place
        for place, token in enumerate(bars[which])
        if Kind(VOCABULARY.kind[token]) in (Kind.NOTE, Kind.REST, Kind.HOLD)
    )
    before = [token for bar in bars[:which] for token in bar] + bars[which][:header]
    later = [token for bar in bars[which + 1 :] for token in bar]
    end = [bars[which][-1]]  # BAR or END
    following = tune.bars[written[which + 1]] if which + 1 < len(written) else None
    tied = following.notes[0] if following is not None and following.notes[0].tied else None
    held = tied is not None and _is_hold(bars[which + 1])
    return _Place(
        index=index,
        before=tuple(before),
        after=(*end, *later),
        ticks=old.duration,
        held_pitch=tied.pitch if tied is not None and held else None,
        struck_pitch=tied.pitch if tied is not None and not held else None,
    )


def _bars_of(ids: Sequence[int]) -> list[list[int]]:
    """A stream cut after each BAR; the last part ends with END."""
    bars: list[list[int]] = [[]]
    for token in ids:
        bars[-1].append(token)
        if token == BAR:
            bars.append([])
    return bars


def _is_hold(bar: Sequence[int]) -> bool:
    kinds = [Kind(VOCABULARY.kind[token]) for token in bar]
    return next(kind for kind in kinds if kind in (Kind.NOTE, Kind.REST, Kind.HOLD)) == Kind.HOLD


@dataclass(frozen=True)
class _Drawn:
    """The events of a bar, and the log weight of `growing.GrowingTune` for it."""

    events: tuple[int, ...]
    log_weight: float


class _OneBar(TuneConstraint):
    """What may come within one bar of a given length, wherever it stands."""

    def __init__(self, ticks: int) -> None:
        super().__init__(1_000_000)
        self.ticks = ticks

    @property
    def target_ticks(self) -> int:
        return self.ticks

    @property
    def is_full(self) -> bool:
        """Whether the bar has been written."""
        return self.phase == Phase.EVENT and self.position >= self.ticks

    def _may_be_pickup(self) -> bool:
        return False


def _chosen(
    model: nn.Module,
    place: _Place,
    unwanted: set[tuple[Note, ...]],
    seed: int,
    settings: RerollSettings,
) -> tuple[Note, ...]:
    """The notes of the bar that was chosen."""
    fallback: list[_Drawn] = []
    for round_number, bolder in enumerate(BOLDER):
        drawn = _drawn(model, place, [seed, place.index, round_number], settings, bolder)
        notes_of = {one.events: _notes(place, one.events) for one in drawn}
        new = [one for one in drawn if _sound(notes_of[one.events]) not in unwanted]
        if new:
            chance = np.random.default_rng([seed, place.index, round_number, 1_000_000])
            return notes_of[_resampled(model, place, new, chance)]
        fallback = fallback or drawn
    if not fallback:
        raise UsageError(
            "No other bar fits here: the note that is held into the next bar cannot be kept. "
            "Write the next bar anew first."
        )
    return _notes(place, fallback[0].events)


def _drawn(
    model: nn.Module, place: _Place, seeds: list[int], settings: RerollSettings, bolder: float
) -> list[_Drawn]:
    """Bars, each full and with the right last pitch; likely ones more than once."""
    growth = Growth(
        model,
        temperature=settings.temperature * bolder,
        top_k=None,
        top_p=1.0,
        use_cache=True,
        lean_V=settings.lean_V,
    )
    beginning = _context(place.before)
    tunes = []
    for number in range(settings.candidates):
        one = GrowingTune([], _OneBar(place.ticks), np.random.default_rng([*seeds, number]))
        for token in beginning:
            one.take(token)
        tunes.append(one)
    growth.grow(tunes, lambda constraint: constraint.is_full)  # type: ignore[attr-defined]
    drawn = []
    for one in tunes:
        written = tuple(one.ids[len(beginning) :])
        held = place.held_pitch
        events = written if held is None else _ending_on(written, held)
        if events is not None and not _is_struck_anew(place, events):
            drawn.append(_Drawn(events, one.log_weight))
    return drawn


def _is_struck_anew(place: _Place, events: tuple[int, ...]) -> bool:
    """Whether a bar ends on the pitch that the next bar must not hold on."""
    struck = place.struck_pitch
    return struck is not None and _notes(place, events)[-1].pitch == struck


def _context(before: tuple[int, ...]) -> tuple[int, ...]:
    """What the model reads before the bar: of a long tune the header and the last bars."""
    if len(before) <= LONGEST_CONTEXT:
        return before
    header = before[:4]  # START METRE TONIC MODE
    cut = before.index(BAR, len(before) - LONGEST_CONTEXT)
    return (*header, *before[cut + 1 :])


def _ending_on(events: tuple[int, ...], pitch: int) -> tuple[int, ...] | None:
    """The events with their last pitch changed to one that is held on; None where none sounds."""
    wanted = VOCABULARY.id(f"PITCH:{pitch}")
    for place in range(len(events) - 1, -1, -1):
        kind = Kind(VOCABULARY.kind[events[place]])
        if kind == Kind.PITCH:
            return (*events[:place], wanted, *events[place + 1 :])
        if kind == Kind.REST:
            return None
    return None


def _notes(place: _Place, events: tuple[int, ...]) -> tuple[Note, ...]:
    """The written notes of a bar's events."""
    if not any(Kind(VOCABULARY.kind[token]) == Kind.PITCH for token in (*place.before, *events)):
        return tuple(Note(int(VOCABULARY.value[token]), None) for token in events)
    return decode([*place.before, *events, END]).bars[-1].notes


def _sound(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Notes without what is not heard; rests that follow each other are one, ties are joined."""
    joined: list[Note] = []
    for note in notes:
        is_rest = note.pitch is None
        before = joined[-1] if joined else None
        if before and before.pitch == note.pitch and (is_rest or note.tied):
            joined[-1] = Note(before.duration + note.duration, note.pitch, before.tied)
        else:
            joined.append(Note(note.duration, note.pitch, note.tied and not is_rest))
    return tuple(joined)


def _resampled(
    model: nn.Module, place: _Place, bars: list[_Drawn], chance: np.random.Generator
) -> tuple[int, ...]:
    """The events of one of the bars, drawn by how likely it and what follows it are."""
    after = _first_bars(place.after, BARS_AFTER)
    context = _context(place.before)
    distinct = list(dict.fromkeys(bar.events for bar in bars))
    score = dict(zip(distinct, _log_likelihoods(model, context, distinct, after), strict=True))
    weights = np.array([bar.log_weight + score[bar.events] for bar in bars])
    return bars[draw_by_log_weight(weights, chance)].events


def _first_bars(after: tuple[int, ...], count: int) -> tuple[int, ...]:
    """What stands after the bar, up to the bar line that closes the last of so many bars."""
    lines = [place for place, token in enumerate(after) if token == BAR]
    return after[: lines[count] + 1] if len(lines) > count else after


def _log_likelihoods(
    model: nn.Module,
    context: tuple[int, ...],
    bars: list[tuple[int, ...]],
    after: tuple[int, ...],
) -> list[float]:
    """Log of the model's probability of what follows, after each bar."""
    longest = max(map(len, bars))
    tensor = next((t for t in (*model.parameters(), *model.buffers())), torch.zeros(1))
    rows = [[*context, *bar, *after, *[PAD] * (longest - len(bar))] for bar in bars]
    logits_BTV = model(torch.tensor(rows, device=tensor.device))[..., : VOCABULARY.size]
    log_BTV = torch.log_softmax(logits_BTV.double(), dim=-1).cpu()
    wanted = torch.tensor(after)
    result = []
    for row, bar in enumerate(bars):
        start = len(context) + len(bar) - 1
        said = log_BTV[row, start : start + len(after)]
        result.append(float(said.gather(1, wanted[:, None]).sum()))
    return result
