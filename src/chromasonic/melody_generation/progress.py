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
        ending: number of the tune whose last bars are being written, from 1; None: of no one tune.
        tunes: how many are written.
        share: how much of all the work is done, 0 to 1.
    """

    bar: int
    bars: int
    ending: int | None
    tunes: int
    share: float

    def __str__(self) -> str:
        if self.ending is None or self.tunes == 1:
            return f"bar {self.bar} of {self.bars}"
        return f"the end of tune {self.ending} of {self.tunes}"


OnProgress = Callable[[WritingProgress], None]


class ProgressInBars:
    """Turns bars done into progress, and tells each step once.

    Args:
        tell: hears it.
        bars: of each tune.
        tunes: how many.
        has_endings: whether the last bars are written tune by tune.
    """

    def __init__(self, tell: OnProgress, *, bars: int, tunes: int, has_endings: bool) -> None:
        self._tell = tell
        self._bars = bars
        self._tunes = tunes
        self._ending_bars = min(LAST_BARS, bars) if has_endings else 0
        self._last: tuple[int | None, int] | None = None

    def body(self, first: int, size: int, bars_done: int) -> None:
        """All but the ends of the tunes: `size` of them from number `first` on, counted from 0."""
        body_bars = self._bars - self._ending_bars
        work = first * body_bars + size * min(bars_done, body_bars)
        self._say(None, bars_done, work)

    def ending(self, number: int, bars_done: int) -> None:
        """The end of a tune, counted from 0."""
        body_bars = self._bars - self._ending_bars
        work = self._tunes * body_bars + number * self._ending_bars
        self._say(number + 1, bars_done, work + max(0, bars_done - body_bars))

    def _say(self, ending: int | None, bars_done: int, work: int) -> None:
        if (ending, bars_done) == self._last:
            return
        self._last = (ending, bars_done)
        self._tell(
            WritingProgress(
                bar=min(bars_done + 1, self._bars),
                bars=self._bars,
                ending=ending,
                tunes=self._tunes,
                share=min(1.0, work / (self._tunes * self._bars)),
            )
        )
