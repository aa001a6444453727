"""Which token may come next, so that a tune has full bars and exactly the length asked for.

A `TuneConstraint` walks along a stream beside the model. At each step it says which tokens keep
the promise:

- the stream follows the grammar of `tokens.py`, so it always decodes;
- every bar is filled exactly; BAR comes when the bar is full, and then nothing else may;
- a first bar of at most half a bar may be a pickup (anacrusis), if the model wants one. It is not
  counted, and the last bar is shorter by it: a tune lasts exactly `bars` bars, and can be repeated;
- tuplets come in complete groups: after a third, only thirds until the position is a multiple of
  a sixty-fourth again, at the latest three times the first duration after the group began;
- metre and key stay as they began;
- END comes when the last bar is full, and then nothing else may; a tune has at least one note;
- what is left of `max_tokens` always suffices to end the tune properly.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache

import numpy as np

from chromasonic.melody_generation.tokens import BAR, END, START, VOCABULARY, Kind

GRID_TICKS = int(VOCABULARY.value[VOCABULARY.id("NOTE:1/16")])
"""The finest binary duration, a sixty-fourth note; every full bar is a multiple of it."""

THIRD_TICKS = int(VOCABULARY.value[VOCABULARY.id("NOTE:1/12")])
"""The finest duration in a tuplet."""

_DURATIONS = [int(ticks) for ticks in VOCABULARY.value[VOCABULARY.ids_of(Kind.NOTE)]]
_FIRST = {kind: int(VOCABULARY.ids_of(kind)[0]) for kind in Kind}
_AMPLE = 1_000
"""More tokens than any bar can use; all counts above it are as good."""


class Phase(IntEnum):
    """What the stream waits for."""

    START = 0
    METRE = 1
    TONIC = 2
    MODE = 3
    EVENT = 4
    PITCH = 5
    DONE = 6


class TuneConstraint:
    """The place in one growing tune, and the tokens that may follow there.

    Args:
        bars: length asked for, in bars.
        metre: id of the METRE token at the start; None lets the model choose.
        tonic: id of the TONIC token at the start, or None.
        mode: id of the MODE token at the start, or None.
        max_tokens: the longest stream allowed, START and END among them; None is no limit.
    """

    def __init__(
        self,
        bars: int,
        *,
        metre: int | None = None,
        tonic: int | None = None,
        mode: int | None = None,
        max_tokens: int | None = None,
    ) -> None:
        self.bars = bars
        self.max_tokens = max_tokens
        self.phase = Phase.START
        self.length = 0  # tokens so far
        self.bars_done = 0  # bars behind us; a pickup is none
        self.pickup_ticks = 0
        self.position = 0  # ticks from the start of the bar
        self._header = {Phase.METRE: metre, Phase.TONIC: tonic, Phase.MODE: mode}
        self._first_bar_ticks = self._bar_ticks = 0
        self._is_first_bar = True
        self._tuplet_end = 0  # position where an open group of thirds must be complete; 0: none
        self._is_sounding = False
        self._has_note = False

    @property
    def is_done(self) -> bool:
        """Whether END has come."""
        return self.phase == Phase.DONE

    @property
    def is_last_bar(self) -> bool:
        """Whether the tune ends after this bar."""
        return self.bars_done >= self.bars - 1

    @property
    def target_ticks(self) -> int:
        """Where this bar ends: the last one is shorter by the pickup."""
        return self._last_bar_ticks(self.pickup_ticks) if self.is_last_bar else self._bar_ticks

    @property
    def can_be_completed(self) -> bool:
        """Whether durations of the vocabulary fill what is left of this bar.

        Always so after allowed tokens; an opening may leave a rest that nothing fills.
        """
        is_over = self.position >= self.target_ticks
        return is_over or self._tuplet_end <= self.target_ticks

    def allowed(self) -> np.ndarray:
        """(V,) bool, read-only: the tokens that may come next."""
        if self.phase == Phase.EVENT:
            return self._allowed_in_bar()
        if self.phase == Phase.PITCH:
            return _mask_of_kind(Kind.PITCH)
        if self.phase == Phase.START:
            return _mask_of(START)
        if self.phase == Phase.DONE:
            return _mask_of()
        wanted = self._header[self.phase]
        return _mask_of_kind(Kind[self.phase.name]) if wanted is None else _mask_of(wanted)

    def advance(self, token: int) -> None:
        """Take a token of a valid stream; bars of an opening need not be full."""
        self.length += 1
        kind, value = Kind(VOCABULARY.kind[token]), int(VOCABULARY.value[token])
        if kind in (Kind.NOTE, Kind.REST, Kind.HOLD):
            self._take_duration(kind, value)
        elif kind == Kind.PITCH:
            self.phase, self._is_sounding, self._has_note = Phase.EVENT, True, True
        elif kind == Kind.BAR:
            self._close_bar()
        elif kind == Kind.METRE:
            self._bar_ticks = value
            if self.phase == Phase.METRE:
                self._first_bar_ticks, self.phase = value, Phase.TONIC
        elif kind == Kind.TONIC:
            self.phase = Phase.MODE
        elif kind == Kind.MODE:
            self.phase = Phase.EVENT
        else:
            self.phase = {START: Phase.METRE, END: Phase.DONE}[token]

    def tokens_to_end(self) -> int:
        """The fewest tokens that end the tune from here (in a bar; not between NOTE and PITCH)."""
        rest = max(0, self.target_ticks - self.position)
        fill = _tokens_to_fill(rest, max(0, self._tuplet_end - self.position))
        return fill + self._tokens_after_bar() + (not self._has_note)

    def _take_duration(self, kind: Kind, ticks: int) -> None:
        start, self.position = self.position, self.position + ticks
        if kind == Kind.NOTE:
            self.phase = Phase.PITCH
        elif kind == Kind.REST:
            self._is_sounding = False
        if self.position % GRID_TICKS == 0:
            self._tuplet_end = 0
        elif start % GRID_TICKS == 0:
            self._tuplet_end = start + _window_ticks(ticks, start, self.target_ticks)
        if self.position % GRID_TICKS:
            open_ticks = self._tuplet_end - self.position
            if open_ticks <= 0 or open_ticks % THIRD_TICKS:  # so only in an opening
                self._tuplet_end = _next_on_grid(self.position)

    def _close_bar(self) -> None:
        if self._is_first_bar and self.position < self._bar_ticks:
            self.pickup_ticks = self.position
        else:
            self.bars_done += 1
        self._is_first_bar = False
        self.position = self._tuplet_end = 0

    def _last_bar_ticks(self, pickup_ticks: int) -> int:
        """Length of the last bar: a full one less the pickup, if its metre is the pickup's."""
        if self._bar_ticks != self._first_bar_ticks or pickup_ticks % GRID_TICKS:
            return self._bar_ticks
        return self._bar_ticks - pickup_ticks

    def _allowed_in_bar(self) -> np.ndarray:
        target = self.target_ticks
        if self.position >= target:
            return _mask_of(END if self.is_last_bar else BAR)
        spare = _AMPLE
        if self.max_tokens is not None:
            spare = min(spare, self.max_tokens - self.length - self._tokens_after_bar())
        open_ticks = max(0, self._tuplet_end - self.position)
        must_sound = not self._has_note
        may_rest_out = not (must_sound and self.is_last_bar)
        mask = _event_mask(
            self.position, target, open_ticks, self._is_sounding, must_sound, may_rest_out, spare
        )
        if self._may_be_pickup():
            mask = mask.copy()
            mask[BAR] = True
        return mask

    def _may_be_pickup(self) -> bool:
        """Whether the bar line may come now, so that the first bar is a pickup."""
        if not self._is_first_bar or not self._has_note or self._tuplet_end:
            return False
        if not 0 < self.position <= self._bar_ticks // 2:
            return False
        needed = 1 + self._tokens_of_bars(self.bars, self.position)
        return self.max_tokens is None or self.length + needed <= self.max_tokens

    def _tokens_after_bar(self) -> int:
        """The fewest tokens after this bar."""
        following = self.bars - 1 - self.bars_done
        return 1 if following < 1 else 1 + self._tokens_of_bars(following, self.pickup_ticks)

    def _tokens_of_bars(self, bars: int, pickup_ticks: int) -> int:
        """The fewest tokens of the last `bars` bars, the bar lines between them and END."""
        full = (bars - 1) * (_tokens_to_fill(self._bar_ticks, 0) + 1)
        return full + _tokens_to_fill(self._last_bar_ticks(pickup_ticks), 0) + 1


@cache
def _mask_of(*tokens: int) -> np.ndarray:
    """(V,) bool: true at these tokens."""
    mask = np.zeros(VOCABULARY.size, dtype=bool)
    mask[list(tokens)] = True
    mask.setflags(write=False)
    return mask


@cache
def _mask_of_kind(kind: Kind) -> np.ndarray:
    """(V,) bool: true at the tokens of a kind."""
    return _mask_of(*(int(token) for token in VOCABULARY.ids_of(kind)))


@cache
def _event_mask(
    position: int,
    target: int,
    open_ticks: int,
    is_sounding: bool,
    must_sound: bool,
    may_rest_out: bool,
    spare: int,
) -> np.ndarray:
    """The notes, rests and holds that fit at a place in a bar; cached, as tunes meet it often.

    Args:
        position: ticks from the start of the bar.
        target: where the bar ends.
        open_ticks: ticks to the end of an open tuplet; 0: none is open.
        is_sounding: whether there is a note to hold.
        must_sound: whether the tune has no note yet.
        may_rest_out: whether the bar may end without a note.
        spare: tokens that the rest of this bar may take.
    """
    mask = np.zeros(VOCABULARY.size, dtype=bool)
    for index, ticks in enumerate(_DURATIONS):
        left = target - position - ticks
        if left < 0 or not _fits(ticks, position, target, open_ticks):
            continue
        after = _tokens_to_fill(left, _open_after(ticks, position, target, open_ticks))
        costs = {Kind.NOTE: 2, Kind.REST: 1 + must_sound, Kind.HOLD: 1}
        if not is_sounding:
            del costs[Kind.HOLD]
        if left == 0 and not may_rest_out:
            del costs[Kind.REST]
        for kind, cost in costs.items():
            mask[_FIRST[kind] + index] = cost + after <= spare
    mask.setflags(write=False)
    return mask


def _fits(ticks: int, position: int, target: int, open_ticks: int) -> bool:
    """Whether a duration may begin here, as far as tuplets are concerned."""
    is_third = ticks % GRID_TICKS != 0
    if open_ticks:
        return is_third and ticks <= open_ticks
    return not is_third or _window_ticks(ticks, position, target) > 0


def _window_ticks(ticks: int, position: int, target: int) -> int:
    """Length of the group that a third opens on the grid; 0 where it must not open one.

    Three of the duration, or, where these do not fit, it and one of half its length. The group
    begins at a multiple of half its length, so that it lies within a beat or across one evenly.
    """
    for window in (3 * ticks, 3 * ticks // 2):
        is_whole = window % GRID_TICKS == 0 and window - ticks >= THIRD_TICKS
        if is_whole and position + window <= target and position % (window // 2) == 0:
            return window
    return 0


def _next_on_grid(position: int) -> int:
    """Where the smallest thirds, counted from a position, meet the grid of binary durations."""
    while position % GRID_TICKS:
        position += THIRD_TICKS
    return position


def _open_after(ticks: int, position: int, target: int, open_ticks: int) -> int:
    """Ticks to the end of the tuplet that is open after a duration; 0: none is."""
    if (position + ticks) % GRID_TICKS == 0:
        return 0
    return (open_ticks or _window_ticks(ticks, position, target)) - ticks


@cache
def _tokens_to_fill(ticks: int, open_ticks: int) -> int:
    """The fewest rests or holds that fill so many ticks up to a bar line, closing a tuplet first.

    Args:
        ticks: what is left of the bar.
        open_ticks: ticks to the end of an open tuplet; 0: none is open.
    """
    if not ticks:
        return 0
    if open_ticks:
        thirds = [third for third in _DURATIONS if third % GRID_TICKS and third <= open_ticks]
        return 1 + min(
            _tokens_to_fill(
                ticks - third, 0 if (ticks - third) % GRID_TICKS == 0 else open_ticks - third
            )
            for third in thirds
        )
    return 1 + min(
        _tokens_to_fill(ticks - binary, 0)
        for binary in _DURATIONS
        if binary % GRID_TICKS == 0 and binary <= ticks
    )
