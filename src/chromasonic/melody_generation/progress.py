"""How far the writing of tunes is, in bars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chromasonic.melody_generation.endings import LAST_BARS


@dataclass(frozen=True, kw_only=True)
class WritingProgress:
    """A place in the writing.

    Attributes:
        bar: number of the bar that is being written, from 1; of tunes that grow side by side the
            slowest one's. A pickup is none.
        bars: how many there will be.
        is_ending: whether these are last bars, which are written several times.
        tunes: how many are written.
        share: how much of all the work is done, 0 to 1.
    """

    bar: int
    bars: int
    is_ending: bool
    tunes: int
    share: float

    def __str__(self) -> str:
        if self.is_ending and self.tunes > 1:
            return f"the ends of {self.tunes} tunes"
        return f"bar {self.bar} of {self.bars}"


OnProgress = Callable[[WritingProgress], None]


class ProgressInBars:
    """Turns bars done into progress, and tells each step once: endings that are tried later are not
    told, as nobody knows before how many these are.

    Args:
        tell: hears it.
        bars: of each tune.
        tunes: how many.
        has_endings: whether the last bars are written several times.
    """

    def __init__(self, tell: OnProgress, *, bars: int, tunes: int, has_endings: bool) -> None:
        self._tell = tell
        self._bars = bars
        self._tunes = tunes
        self._body_bars = bars - LAST_BARS if has_endings else bars
        self._work = -1

    def __call__(self, first: int, size: int, bars_done: int) -> None:
        """So many bars are done of `size` tunes from number `first` on, counted from 0."""
        work = first * self._bars + size * min(bars_done, self._bars)
        if work <= self._work:
            return
        self._work = work
        self._tell(
            WritingProgress(
                bar=min(bars_done + 1, self._bars),
                bars=self._bars,
                is_ending=bars_done >= self._body_bars,
                tunes=self._tunes,
                share=work / (self._tunes * self._bars),
            )
        )
