"""Frames of sound as 128 numbers: the loudness of mel bands, 10 times a second.

Every constant that another program needs to compute the same frames stands here. Nothing looks at
the whole recording (no normalization by clip), and a frame sees only what was before it, so that a
stream gives the frames that a file gives.

A frame: the last `WINDOW` samples at `RATE_HZ`, times a periodic Hann window; magnitudes of the
discrete Fourier transform, scaled so that a sine of amplitude 1 has magnitude 1; squared; summed
under triangles that are evenly spaced in mel, each 1 at its peak; in decibels, not below
`FLOOR_DB`; `MIDDLE_DB` becomes 0 and `UNIT_DB` more becomes 1, so that a network meets numbers
around 0 of about unit size. Frame k ends with sample (k + 1) * `HOP`; before the beginning is
silence.

Source: the mel scale by O'Shaughnessy, "Speech Communication" (1987), page 150, and triangles as
in Young et al., "The HTK Book" (2006), section 5.4.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from chromasonic.errors import FormatError, UsageError

Frames = npt.NDArray[np.float32]
"""(T, 128)."""

VERSION = 1
"""Goes up when the same sound gives frames that differ by more than rounding."""

RATE_HZ = 22_050
FRAMES_PER_SECOND = 10
HOP = RATE_HZ // FRAMES_PER_SECOND
WINDOW = 4096
BANDS = 128
LOWEST_HZ = 27.5
HIGHEST_HZ = 8_000.0
FLOOR_DB = -80.0
MIDDLE_DB, UNIT_DB = -60.0, 15.0

LOWEST, HIGHEST = (FLOOR_DB - MIDDLE_DB) / UNIT_DB, -MIDDLE_DB / UNIT_DB
"""What silence becomes (-4/3), and a sine at full scale (4)."""

_AT_ONCE = 512  # frames transformed together, to bound memory


def mel(hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Frequencies in mel: 2595 log10(1 + hz / 700)."""
    return 2595 * np.log10(1 + np.asarray(hz, float) / 700)


def hertz(mels: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The inverse of `mel`."""
    return 700 * (10 ** (np.asarray(mels, float) / 2595) - 1)


def band_edges_hz() -> npt.NDArray[np.float64]:
    """(130,): band b rises from edge b to its peak at edge b + 1 and falls to edge b + 2."""
    return hertz(np.linspace(mel(LOWEST_HZ), mel(HIGHEST_HZ), BANDS + 2))


@lru_cache(maxsize=1)
def filterbank() -> npt.NDArray[np.float32]:
    """(WINDOW // 2 + 1, 128): weight of each bin of the transform in each band."""
    bins_hz = np.arange(WINDOW // 2 + 1)[:, None] * (RATE_HZ / WINDOW)
    low, peak, high = (band_edges_hz()[start : start + BANDS] for start in range(3))
    rising, falling = (bins_hz - low) / (peak - low), (high - bins_hz) / (high - peak)
    weights = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    weights.setflags(write=False)
    return weights


@lru_cache(maxsize=1)
def window() -> npt.NDArray[np.float32]:
    """(WINDOW,): a periodic Hann window, scaled so that a sine of amplitude 1 has magnitude 1."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    scaled = (hann * 2 / hann.sum()).astype(np.float32)
    scaled.setflags(write=False)
    return scaled


def frames_of(samples: npt.ArrayLike) -> Frames:
    """All frames of a mono recording.

    Args:
        samples: (N,) at `RATE_HZ`, full scale -1 to 1.

    Returns:
        (N // HOP, 128), from `LOWEST` (at or under `FLOOR_DB`) to about `HIGHEST`.

    Raises:
        UsageError: more than one channel.
        FormatError: a sample is NaN or infinite.
    """
    samples = np.asarray(samples, np.float32)
    if samples.ndim != 1:
        raise UsageError(
            f"Samples of shape {samples.shape} were given; frames are made of one channel (N,). "
            "Take the mean over the channels first."
        )
    if not np.isfinite(samples).all():
        place = int(np.flatnonzero(~np.isfinite(samples))[0])
        raise FormatError(
            f"Sample {place} of the recording is {samples[place]}, which is no loudness. "
            "Export the recording again."
        )
    padded = np.concatenate([np.zeros(WINDOW - HOP, np.float32), samples])
    count = len(samples) // HOP
    result = np.empty((count, BANDS), np.float32)
    if not count:
        return result
    views = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:count]
    for start in range(0, count, _AT_ONCE):
        result[start : start + _AT_ONCE] = _frames(views[start : start + _AT_ONCE])
    return result


def _frames(windows: npt.NDArray[np.float32]) -> Frames:
    """(T, WINDOW) to (T, 128).

    In double precision: single precision is off by some 1e-5 where a band is soft beside a loud
    one, and every machine by another amount. So the same sound gives the same frames in C++ too.
    """
    from scipy.fft import rfft

    spectrum = rfft(windows.astype(np.float64) * window(), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return scaled_decibels(power @ filterbank())


def scaled_decibels(power: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Power to decibels, at least `FLOOR_DB`, in units of `UNIT_DB` from `MIDDLE_DB` on."""
    decibels = np.maximum(10 * np.log10(np.maximum(power, 1e-12)), FLOOR_DB)
    return ((decibels - MIDDLE_DB) / UNIT_DB).astype(np.float32)


class FrameStream:
    """Frames of sound that arrives in pieces of any size: the same as `frames_of` of the whole."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self._heard = np.zeros(WINDOW - HOP, np.float32)

    def push(self, samples: npt.ArrayLike) -> Frames:
        """Hear (N,) more samples; gives the frames that they complete, (T, 128), often none.

        Raises:
            UsageError: more than one channel.
            FormatError: a sample is NaN or infinite; the stream stays as it was.
        """
        samples = np.asarray(samples, np.float32)
        if samples.ndim != 1:
            raise UsageError(f"Samples of shape {samples.shape} were given; one channel is heard.")
        if not np.isfinite(samples).all():
            raise FormatError("A sample is NaN or infinite, which is no loudness; it is not heard.")
        heard = np.concatenate([self._heard, samples])
        count = max(0, (len(heard) - (WINDOW - HOP)) // HOP)
        self._heard = heard[count * HOP :]
        if not count:
            return np.empty((0, BANDS), np.float32)
        views = np.lib.stride_tricks.sliding_window_view(heard, WINDOW)[::HOP][:count]
        return _frames(views)
