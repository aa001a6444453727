"""Drums: which instrument stands in which group, and hits on a grid of sixteenths.

A hit is heard at a step (a sixteenth of the file's beat) and a signed offset from it, as a share of
a step. What a bar tells a model is which groups are struck on which step; what a drummer adds is
how loud and how early or late.

Legend: N hits, B bars that hold a hit, S = 16 steps, G = 4 groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STEPS = 16
"""Steps of a bar that a model sees; a longer bar is cut into pieces of so many."""

STEPS_PER_QUARTER = 4

GROUPS = ("kick", "snare", "hat_or_cymbal", "other")

INSTRUMENTS: dict[int, tuple[str, str]] = {
    22: ("closed hi-hat, edge", "hat_or_cymbal"),
    26: ("open hi-hat, edge", "hat_or_cymbal"),
    35: ("acoustic bass drum", "kick"),
    36: ("bass drum", "kick"),
    37: ("side stick", "snare"),
    38: ("snare", "snare"),
    39: ("hand clap", "snare"),
    40: ("snare, rim or electric", "snare"),
    41: ("low floor tom", "other"),
    42: ("closed hi-hat", "hat_or_cymbal"),
    43: ("floor tom", "other"),
    44: ("pedal hi-hat", "hat_or_cymbal"),
    45: ("low tom", "other"),
    46: ("open hi-hat", "hat_or_cymbal"),
    47: ("low-mid tom", "other"),
    48: ("high-mid tom", "other"),
    49: ("crash cymbal 1", "hat_or_cymbal"),
    50: ("high tom", "other"),
    51: ("ride cymbal 1", "hat_or_cymbal"),
    52: ("chinese cymbal", "hat_or_cymbal"),
    53: ("ride bell", "hat_or_cymbal"),
    54: ("tambourine", "other"),
    55: ("splash cymbal", "hat_or_cymbal"),
    56: ("cowbell", "other"),
    57: ("crash cymbal 2", "hat_or_cymbal"),
    58: ("floor tom, rim", "other"),
    59: ("ride cymbal 2", "hat_or_cymbal"),
}
"""MIDI note of a drum to (name, group); notes that are not here are "other".

22, 26 and 58 are the Roland TD-11's own (in General MIDI 58 is a vibraslap, which is "other" too).

Source: MIDI Manufacturers Association, "General MIDI System Level 1", percussion key map; Roland,
"TD-11 Data List", default notes; they agree with the notes met in the Groove MIDI Dataset.
"""

GROUP_OF_PITCH: npt.NDArray[np.int64] = np.array(
    [GROUPS.index(INSTRUMENTS[p][1]) if p in INSTRUMENTS else 3 for p in range(128)]
)
"""MIDI note (0 to 127) to the number of its group."""


def instrument_name(pitch: int) -> str:
    """What a drum's MIDI note is called; "drum 63" for one without a name here."""
    return INSTRUMENTS[pitch][0] if pitch in INSTRUMENTS else f"drum {pitch}"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DrumTake:
    """One recording of a drummer.

    Attributes:
        id: unique and stable within its corpus.
        drummer: who played.
        session: when.
        style: such as "funk/groove1"; what stands before the slash is the genre.
        tempo_bpm: quarter notes a minute of the click.
        beat_type: "beat" or "fill".
        numerator, denominator: of the metre.
        onset_quarters: (N,) quarter notes from the start, in order.
        pitch: (N,) MIDI note of each hit.
        velocity: (N,) 1 to 127.
    """

    id: str
    drummer: str
    session: str
    style: str
    tempo_bpm: float
    beat_type: str
    numerator: int
    denominator: int
    onset_quarters: npt.NDArray[np.float64]
    pitch: npt.NDArray[np.int64]
    velocity: npt.NDArray[np.int64]

    @property
    def genre(self) -> str:
        """The first word of the style."""
        return self.style.partition("/")[0]

    @property
    def work(self) -> str:
        """What one drummer played in one session in one style at one tempo."""
        return f"{self.session} {self.style} {self.tempo_bpm:g}"

    @property
    def step_ms(self) -> float:
        """Length of a step in milliseconds."""
        return 60_000 / self.tempo_bpm / STEPS_PER_QUARTER


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DrumGrid:
    """Hits on the grid, and what each bar holds.

    Attributes:
        first_step: (B,) steps from the start of the music to each bar, in order. A bar of more
            than 16 steps stands here as several pieces; one of fewer fills its first steps.
        onsets: (B, S, G) whether a group is struck.
        velocity: (B, S) of the loudest hit of a step, 1 to 127; 0 where none is.
        offset: (B, S) of that hit, share of a step from -0.5 (early) to below 0.5.
        hit_bar: (N,) number of each hit's bar.
        hit_step: (N,) its step in the bar.
        hit_group: (N,) its group.
        hit_offset: (N,) its own offset.
    """

    first_step: npt.NDArray[np.int64]
    onsets: npt.NDArray[np.bool_]
    velocity: npt.NDArray[np.int64]
    offset: npt.NDArray[np.float64]
    hit_bar: npt.NDArray[np.int64]
    hit_step: npt.NDArray[np.int64]
    hit_group: npt.NDArray[np.int64]
    hit_offset: npt.NDArray[np.float64]

    @property
    def struck(self) -> npt.NDArray[np.bool_]:
        """(B, S) whether anything is struck."""
        return np.any(self.onsets, axis=2)


def drum_grid(
    onset_quarters: npt.NDArray[np.float64],
    pitch: npt.NDArray[np.int64],
    velocity: npt.NDArray[np.int64],
    metres: Sequence[tuple[float, int, int]] = (),
) -> DrumGrid:
    """Put hits on the grid of sixteenths.

    Each hit goes to its nearest step, one that lies exactly between two to the later. A hit that
    is a little early for a bar's first step belongs to that bar.

    Args:
        onset_quarters: (N,) quarter notes from the start, 0 or later.
        pitch: (N,) MIDI notes.
        velocity: (N,) 1 to 127.
        metres: (quarters from the start, numerator, denominator) in time; 4/4 until the first.
    """
    position = np.asarray(onset_quarters, np.float64) * STEPS_PER_QUARTER
    step = np.floor(position + 0.5).astype(np.int64)
    first = _first_step_of_bar(step, metres)
    bars, hit_bar = np.unique(first, return_inverse=True)
    hit_step, group = step - first, GROUP_OF_PITCH[pitch]
    offset = position - step
    onsets = np.zeros((len(bars), STEPS, len(GROUPS)), bool)
    onsets[hit_bar, hit_step, group] = True
    # Written from the quietest to the loudest: what stands in the end is the loudest, of several
    # equally loud ones the earliest.
    order = np.lexsort((-position, velocity))
    loudest = np.zeros((len(bars), STEPS), np.int64)
    its_offset = np.zeros((len(bars), STEPS))
    loudest[hit_bar[order], hit_step[order]] = velocity[order]
    its_offset[hit_bar[order], hit_step[order]] = offset[order]
    return DrumGrid(
        first_step=bars,
        onsets=onsets,
        velocity=loudest,
        offset=its_offset,
        hit_bar=hit_bar,
        hit_step=hit_step,
        hit_group=group,
        hit_offset=offset,
    )


def _first_step_of_bar(
    step: npt.NDArray[np.int64], metres: Sequence[tuple[float, int, int]]
) -> npt.NDArray[np.int64]:
    """For each step the first step of its bar, or of its piece of a longer bar."""
    signatures = {0: (4, 4)}
    for quarters, numerator, denominator in metres:
        if numerator > 0 and denominator > 0:  # 0 says nothing: the metre before goes on
            signatures[round(quarters * STEPS_PER_QUARTER)] = (numerator, denominator)
    begins = np.array(sorted(signatures), np.int64)
    lengths = np.array(
        [max(1, round(STEPS * n / d)) for n, d in (signatures[begin] for begin in begins.tolist())],
        np.int64,
    )
    which = np.searchsorted(begins, step, side="right") - 1
    since, length = step - begins[which], lengths[which]
    in_bar = since % length
    return step - in_bar % STEPS
