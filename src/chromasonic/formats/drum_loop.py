"""Sound of a drum loop that has no seam: what rings on at its end is heard at its beginning.

Legend: N hits, M samples.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from chromasonic.errors import RenderError
from chromasonic.formats.audio import PEAK, RATE_HZ, Sound, in_a_room
from chromasonic.formats.drum_audio import RING_SECONDS, drum_notes, notes_player
from chromasonic.formats.velocity_layers import render_layers

LONGEST_SECONDS = 120.0
RINGS_SECONDS = RING_SECONDS + 3.5
"""After so long nothing is heard of a hit: less than a thousandth of a crash's peak is left."""
AHEAD_SECONDS = 0.25
"""By so much of the next round the sound goes on before it is cut."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def render_drum_loop(
    onset_seconds: Floats, pitch: Integers, velocity: Integers, seconds: float
) -> Sound:
    """Play one round of a loop, as it sounds when another round went before it.

    Args:
        onset_seconds: (N,) may lie a little before 0 or after the end: then a hit is heard at the
            other side of the seam.
        pitch: (N,) General MIDI drums.
        velocity: (N,) 1 to 127.
        seconds: how long a round is.

    Returns:
        round(seconds * rate) samples.

    Raises:
        RenderError: there is no hit, no soundfont, or a round is too long.
    """
    if not len(pitch):
        raise RenderError("The loop has no hit to play.")
    if not 0 < seconds <= LONGEST_SECONDS:
        raise RenderError(
            f"The loop lasts {seconds:g} s; allowed: above 0, up to {LONGEST_SECONDS:g}."
        )
    begin = RINGS_SECONDS
    rounds = np.arange(-math.ceil(RINGS_SECONDS / seconds) - 1, 3)
    onset = (onset_seconds[None] + rounds[:, None] * seconds + begin).ravel()
    heard = (onset >= 0) & (onset < begin + seconds + AHEAD_SECONDS)
    struck = [np.tile(column, len(rounds))[heard] for column in (pitch, velocity)]
    notes = drum_notes(onset[heard], *struck)
    samples = render_layers(notes_player(notes), notes.velocity)
    roomy = in_a_room(samples, begin + seconds + AHEAD_SECONDS + RING_SECONDS)
    first, length = round(begin * RATE_HZ), round(seconds * RATE_HZ)
    return Sound(_padded(roomy[first:], length), RATE_HZ)


def equally_loud(sounds: list[Sound]) -> list[Sound]:
    """Recordings at one loudness (root mean square), the highest peak of all at `PEAK`."""
    powers = [math.sqrt(float(np.mean(np.square(one.samples))) or 1.0) for one in sounds]
    level = [one.samples / power for one, power in zip(sounds, powers, strict=True)]
    highest = max(float(np.abs(samples).max(initial=0.0)) for samples in level) or 1.0
    return [
        Sound((samples * (PEAK / highest)).astype(np.float32), one.rate)
        for samples, one in zip(level, sounds, strict=True)
    ]


def _padded(samples: npt.NDArray[np.float32], length: int) -> npt.NDArray[np.float32]:
    lacking = max(0, length - len(samples))
    return np.concatenate([samples, np.zeros(lacking, np.float32)])[:length]
