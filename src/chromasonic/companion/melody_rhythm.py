"""Rhythm for a steered melody: a Markov chain of lengths on the sixteenths of the bar.

The MelodyTransformer says which pitch comes, not when. When it comes is drawn from a chain counted
on skylines of clips with an emotion: the length from one onset to the next, given the place in the
bar, the length before, and whether the clip is calm or excited. Longer contexts lean on shorter
ones: the counts of a context are joined by `LEAN` of what the next shorter one says.

Legend: D lengths, S 16 places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.companion.melody_lines import SIXTEENTH_TICKS, UNKNOWN, MelodyLine, place_in_bar
from chromasonic.errors import UsageError
from chromasonic.music.metre import Metre

Floats = npt.NDArray[np.float64]

LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16)
"""Lengths in sixteenths; any other is counted as the nearest, the shorter of two."""

LEAN = 300.0
"""How many counts a shorter context is worth; chosen on validation clips (`bits_a_length`: 2.236;
2.260 with 10, 2.253 with 1,000). It is much, as a clip repeats its own rhythm."""

CALM, EXCITED = 0, 1


@dataclass(frozen=True, eq=False)
class RhythmModel:
    """Counts of lengths.

    Attributes:
        counts: (2, D, S, D): arousal (calm, excited), length before, place in the bar, length.
    """

    counts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, lines: Sequence[MelodyLine]) -> RhythmModel:
        """Count the melodies whose arousal is known."""
        counts = np.zeros((2, len(LENGTHS), 16, len(LENGTHS)), np.int64)
        for line in lines:
            if line.arousal and len(line) > 2:
                before, place, length = _transitions(line)
                mood = EXCITED if line.arousal > 0 else CALM
                np.add.at(counts[mood], (before, place, length), 1)
        return cls(counts)

    def chances(self, arousal: float) -> Floats:
        """(D, S, D) probability of each length after a length before, at a place.

        Args:
            arousal: -1 to 1; between the two the calm and the excited chain are mixed evenly along.
        """
        share = (1 + float(np.clip(arousal, -1, 1))) / 2
        calm, excited = (_smoothed(self.counts[mood]) for mood in (CALM, EXCITED))
        return (1 - share) * calm + share * excited

    def bits_a_length(self, lines: Sequence[MelodyLine]) -> float:
        """How many bits a length of other melodies takes, the sign of their arousal known."""
        tables = [_smoothed(self.counts[mood]) for mood in (CALM, EXCITED)]
        bits, count = 0.0, 0
        for line in lines:
            if line.arousal and len(line) > 2:
                said = tables[EXCITED if line.arousal > 0 else CALM][_transitions(line)]
                bits -= float(np.log2(said).sum())
                count += len(said)
        return bits / count if count else float("nan")

    def draw(
        self, *, bars: int, metre: Metre, arousal: float, rng: np.random.Generator
    ) -> list[list[int]]:
        """Lengths in sixteenths, bar by bar; each bar is full, and none is tied over its end. The
        last note is long.

        In a metre whose beat is dotted, lengths are eighths or more: the chain knows beats of four
        sixteenths.

        Args:
            bars: how many.
            metre: of all of them; a bar must be a whole number of sixteenths.
            arousal: -1 to 1.
            rng: decides.

        Raises:
            UsageError: the metre has no sixteenths.
        """
        whole, rest = divmod(metre.bar_ticks, SIXTEENTH_TICKS)
        if rest or not whole:
            raise UsageError(
                f"A bar of {metre} is no whole number of sixteenths. Take 4/4, 3/4 or 6/8."
            )
        unit = 2 if metre.beat_ticks % (3 * SIXTEENTH_TICKS) == 0 and whole % 2 == 0 else 1
        table = self.chances(arousal)
        before = LENGTHS.index(4)
        result = []
        for number in range(bars):
            lengths: list[int] = []
            # The last note takes the second half of the last bar, or what is left of it.
            end = whole if number < bars - 1 else whole // 2 // unit * unit
            while (done := sum(lengths)) < end:
                place = place_in_bar(done * SIXTEENTH_TICKS, metre)
                weight = table[before, place] * [
                    length <= end - done and length % unit == 0 for length in LENGTHS
                ]
                before = int(rng.choice(len(LENGTHS), p=weight / weight.sum()))
                lengths.append(LENGTHS[before])
            if end < whole:
                lengths.append(whole - end)
            result.append(lengths)
        return result


def _transitions(line: MelodyLine) -> tuple[npt.NDArray[np.int64], ...]:
    """(length before, place, length) of the notes whose place is known, as numbers."""
    gaps = np.array([_nearest(length) for length in line.length.tolist()], np.int64)
    before, place, length = gaps[:-1], line.place[1:].astype(np.int64), gaps[1:]
    known = place != UNKNOWN
    return before[known], place[known], length[known]


def _nearest(length: float) -> int:
    return int(np.argmin([abs(np.log2(max(length, 0.5) / each)) for each in LENGTHS]))


def _smoothed(counts: npt.NDArray[np.int64]) -> Floats:
    """(D, S, D) of counts as probabilities: each context leans on the place, that on all."""
    overall = (counts.sum((0, 1)) + 1.0) / (counts.sum() + len(LENGTHS))
    at_place = counts.sum(0) + LEAN * overall
    at_place = at_place / at_place.sum(-1, keepdims=True)
    full = counts + LEAN * at_place
    return np.asarray(full / full.sum(-1, keepdims=True))
