"""What the HarmonyPredictor remembers of a piece: 64 numbers, brought up to date once a beat.

A small network without state hears of the past through these numbers alone. Beside the chord that
sounds they say how long it has lasted, which chords came before it, and what the piece itself did
the last time it stood here: which chord came next, and whether it is time for it.

    each beat:  numbers = memory.numbers()            # before the beat's chord is known
                memory.hear(class of the beat's chord)

"The last time it stood here" is the last time that the same chords led here: the longest of the
last `ORDER` that has been met before. In C++ it is a map from those chords to (what came next,
after how many beats), and a trace of 64 floats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from chromasonic.music.chord import CLASSES, HOLD, START

TRACE, DECAY = 0.15, 0.6
"""A chord that was left stands with TRACE x DECAY to the power of the changes since it began."""

ORDER = 8
"""Chords by which the memory finds its way back."""

EXPECTED, EXPECTED_BY_ALL = 0.25, 0.25
"""To the chord that came next the last time is added EXPECTED, and EXPECTED_BY_ALL times the share
of the last `ORDER` chords by which the memory found its way back."""

LENGTH_UNKNOWN, TOO_EARLY, DUE, OVERDUE = 0.0, -1.0, 1.0, 0.3
"""The chord has lasted: nobody knows; shorter than the last time; as long; longer."""

Floats = npt.NDArray[np.float32]


@dataclass
class HarmonyMemory:
    """The chords of a piece so far, by their classes.

    Attributes:
        chords: the last `ORDER` classes, the one that sounds last; empty before the first.
        held: beats for which it has sounded.
        expected: the class that came next the last time, after how many beats, and by how many
            chords that time was found; None: the chord that sounds is here for the first time.
        trace: (64,) recency of each class.
        after: the last 1 to `ORDER` classes to what came next, and after how many beats.
    """

    chords: tuple[int, ...] = ()
    held: int = 0
    expected: tuple[int, int, int] | None = None
    trace: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(CLASSES))
    after: dict[tuple[int, ...], tuple[int, int]] = field(default_factory=dict)

    @property
    def current(self) -> int:
        """Class that sounds; `START` before the first."""
        return self.chords[-1] if self.chords else START

    def numbers(self) -> Floats:
        """(64,) the block `last_chord` of the page of features, roots as they sound."""
        if not self.chords:
            block = np.zeros(CLASSES, np.float32)
            block[START] = 1
            return block
        block = (TRACE * self.trace).astype(np.float32)
        if self.expected is not None:
            follower, _, length = self.expected
            block[follower] += EXPECTED + EXPECTED_BY_ALL * length / ORDER
        block[self.current] = 1
        block[HOLD], block[START] = math.log2(1 + self.held), self.due
        return block

    @property
    def due(self) -> float:
        """Whether the chord has lasted as long as the last time."""
        if self.expected is None:
            return LENGTH_UNKNOWN
        beats = self.expected[1]
        return DUE if self.held == beats else TOO_EARLY if self.held < beats else OVERDUE

    def hear(self, class_id: int, *, is_new: bool | None = None) -> None:
        """Take in a beat.

        Args:
            class_id: class of its chord, roots as they sound; `START` or `HOLD` where nothing new
                is heard.
            is_new: whether it is another chord than in the beat before; None compares classes.
        """
        stays = class_id in (HOLD, START) or class_id == self.current
        if stays if is_new is None else not is_new:
            self.held += bool(self.chords)
            return
        for length in range(1, len(self.chords) + 1):
            self.after[self.chords[-length:]] = (class_id, self.held)
        self.trace *= DECAY
        self.trace[class_id] = 1
        self.chords = (*self.chords, class_id)[-ORDER:]
        self.held = 1
        self.expected = self._look_up()

    def _look_up(self) -> tuple[int, int, int] | None:
        for length in range(len(self.chords), 0, -1):
            found = self.after.get(self.chords[-length:])
            if found is not None:
                return (*found, length)
        return None

    def copy(self) -> HarmonyMemory:
        """The same memory, which may go another way."""
        return replace(self, trace=self.trace.copy(), after=dict(self.after))
