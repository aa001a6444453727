"""Frames that came when they came, as frames evenly spaced."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chromasonic.errors import FormatError
from chromasonic.formats.motion_text import MOST_FRAMES

Floats = npt.NDArray[np.float64]

JITTER_FRAMES = 0.25
"""Times as near to an even grid as this share of a frame count as even."""

LONGEST_GAP_SECONDS = 0.25
"""Over more than this nothing is interpolated: what lies between was not seen."""


def plain_rate(rate_hz: float) -> float:
    """A rate that a file gives by rounded seconds (0.0083333), as the whole number that is meant.

    A rate farther than a ten-thousandth from a whole one (59.94) stays what it is. The result is
    a plain number, since it goes into checkpoints.
    """
    whole = round(rate_hz)
    return float(whole if abs(rate_hz - whole) < 1e-4 * rate_hz else round(rate_hz, 4))


def evenly(times: Floats, points: Floats, *, source: str) -> tuple[Floats, float]:
    """Frames at a steady rate.

    Times that are even but for rounding leave the frames as they are. Others (a camera's that
    drops frames) are put on a grid of the median distance by linear interpolation; a landmark that
    was unseen on either side stays unseen, and so does what lies in a gap longer than
    `LONGEST_GAP_SECONDS`.

    Args:
        times: (T,) seconds, rising; two or more.
        points: (T, N, C), NaN where unseen.
        source: what the messages call the file.

    Returns:
        (T', N, C), and the frames a second.

    Raises:
        FormatError: the times do not rise, or make no rate.
    """
    steps = np.diff(times)
    if not (np.isfinite(times).all() and (steps > 0).all()):
        wrong = int(np.argmax(~(steps > 0))) + 2
        raise FormatError(
            f"{source}, frame {wrong}: its time does not come after that of the frame before. Put "
            "the frames in order, each once."
        )
    mean = (times[-1] - times[0]) / len(steps)
    off_grid = np.abs(times - times[0] - np.arange(len(times)) * mean).max()
    step = mean if off_grid <= JITTER_FRAMES * mean else float(np.median(steps))
    rate_hz = plain_rate(float(1 / max(step, 1e-300)))
    count = (times[-1] - times[0]) / step + 1
    if not (0 < rate_hz < 100_000 and count <= MOST_FRAMES):
        raise FormatError(
            f"{source}: its times make {rate_hz:,.4f} frames a second and {count:,.0f} frames; "
            f"allowed: up to 100,000 a second and {MOST_FRAMES:,} in all. Times are in seconds."
        )
    if step == mean:
        return points, rate_hz
    grid = times[0] + np.arange(round(count)) * step
    after = np.clip(np.searchsorted(times, grid, side="left"), 1, len(steps))
    share = np.clip((grid - times[after - 1]) / steps[after - 1], 0, 1)
    share = np.where(np.abs(share - np.round(share)) < 1e-6, np.round(share), share)
    is_far = (steps[after - 1] > LONGEST_GAP_SECONDS) & (share > 0) & (share < 1)
    share_T11 = share[:, None, None]
    before_TNC, after_TNC = points[after - 1], points[after]
    between = before_TNC * (1 - share_T11) + after_TNC * share_T11
    between = np.where(share_T11 == 0, before_TNC, np.where(share_T11 == 1, after_TNC, between))
    between[is_far] = np.nan
    return between, rate_hz
