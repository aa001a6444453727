"""Emotion as a place on the plane of valence (sad to glad) and arousal (calm to excited).

The plane is the square from -1 to 1 in both directions, cut into 8 x 8 cells. Cell number
8 * row + column: columns go up in valence, rows in arousal. A distribution over the 64 cells says
where the emotion may be; its expectation is the place that stands for it.

Source: Russell, "A circumplex model of affect", Journal of Personality and Social Psychology 39
(1980), for the plane.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.errors import UsageError
from chromasonic.music.performance import PlayedNotes

Floats = npt.NDArray[np.float64]

SIDE = 8
CELLS = SIDE * SIDE
CENTRES: Floats = (np.arange(SIDE, dtype=np.float64) - (SIDE - 1) / 2) / (SIDE / 2)
"""Middles of the columns (valence) and of the rows (arousal): -0.875, -0.625, ..., 0.875."""

QUADRANTS = {1: (1, 1), 2: (-1, 1), 3: (-1, -1), 4: (1, -1)}
"""Number of a quadrant to its signs of valence and arousal: 1 glad and excited, 2 angry or afraid,
3 sad, 4 calm and content."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EmotionClip:
    """Piano music that listeners placed in one quadrant of the plane.

    Attributes:
        id: unique in its corpus.
        title: for people.
        song: what it is cut from; clips of one song are never split.
        valence: sign that listeners gave: 1 or -1.
        arousal: likewise.
        notes: as they are played.
        ringing_seconds: (N,) until when each note sounds, the sustain pedal counted in.
        sha256: of its file.
    """

    id: str
    title: str
    song: str
    valence: int
    arousal: int
    notes: PlayedNotes
    ringing_seconds: Floats
    sha256: str

    @property
    def quadrant(self) -> int:
        """1 to 4; see `QUADRANTS`."""
        return quadrant_of_signs(self.valence, self.arousal)

    @property
    def duration_seconds(self) -> float:
        """Until its last note has ended."""
        return float(self.ringing_seconds.max(initial=0.0))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EmotionSong:
    """A recording that listeners placed on the plane by numbers, as a whole and over time.

    Attributes:
        id: unique in its corpus.
        audio: path of the recording below the corpus's folder; "" where it is not there.
        valence: mean over listeners of the whole, -1 to 1.
        arousal: likewise.
        valence_spread: standard deviation over listeners, on the same scale.
        arousal_spread: likewise.
        times_seconds: (K,) rising; of the dynamic labels; empty where there are none.
        valences: (K,) mean over listeners at those times.
        arousals: (K,) likewise.
    """

    id: str
    audio: str
    valence: float
    arousal: float
    valence_spread: float
    arousal_spread: float
    times_seconds: Floats
    valences: Floats
    arousals: Floats


def quadrant_of_signs(valence: float, arousal: float) -> int:
    """Number of the quadrant that a place lies in; 0 counts as positive."""
    if valence >= 0:
        return 1 if arousal >= 0 else 4
    return 2 if arousal >= 0 else 3


def bell(
    valence: npt.ArrayLike, arousal: npt.ArrayLike, valence_width: float, arousal_width: float
) -> Floats:
    """A normal bell over the cells, sampled at their middles.

    Args:
        valence: (...) where its middle is, -1 to 1.
        arousal: (...) likewise.
        valence_width: standard deviation; widths under half a cell are taken as half a cell.
        arousal_width: likewise.

    Returns:
        (..., 64), each adding up to 1.

    Raises:
        UsageError: a value is not finite, or outside the plane.
    """
    middles = [np.asarray(value, float) for value in (valence, arousal)]
    if not all(np.isfinite(value).all() and (abs(value) <= 1).all() for value in middles):
        raise UsageError(f"Valence {middles[0]}, arousal {middles[1]}: both lie between -1 and 1.")
    widths = [max(width, 1 / SIDE) for width in (valence_width, arousal_width)]
    across, up = (
        np.exp(-0.5 * ((CENTRES - value[..., None]) / width) ** 2)
        for value, width in zip(middles, widths, strict=True)
    )
    cells = (up[..., :, None] * across[..., None, :]).reshape(*middles[0].shape, CELLS)
    return cells / cells.sum(-1, keepdims=True)


def quarter(valence: int, arousal: int, *, leak: float = 0.0) -> Floats:
    """The even distribution over the 16 cells of the quadrant with these signs.

    Args:
        valence: 1 or -1.
        arousal: 1 or -1.
        leak: share of the mass that is spread over all 64 cells instead.
    """
    is_column = np.sign(CENTRES) == valence
    is_row = np.sign(CENTRES) == arousal
    cells = np.outer(is_row, is_column).reshape(CELLS) / (CELLS / 4)
    return (1 - leak) * cells + leak / CELLS


def expectation(cells: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Valence and arousal (...) that distributions (..., 64) expect."""
    grid = np.asarray(cells, float).reshape(*np.shape(cells)[:-1], SIDE, SIDE)
    return grid.sum(-2) @ CENTRES, grid.sum(-1) @ CENTRES


def quadrant_masses(cells: npt.ArrayLike) -> Floats:
    """(..., 64) to (..., 4): how much of the mass lies in quadrants 1 to 4."""
    grid = np.asarray(cells, float).reshape(*np.shape(cells)[:-1], 2, SIDE // 2, 2, SIDE // 2)
    halves = grid.sum((-1, -3))  # (..., low and high arousal, low and high valence)
    return np.stack(
        [halves[..., (a + 1) // 2, (v + 1) // 2] for v, a in QUADRANTS.values()], axis=-1
    )
