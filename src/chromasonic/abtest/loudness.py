"""How loud a recording is for an ear, and clips brought to equal loudness before they are compared.

What is louder is preferred, whatever it is; so both clips of a pair play at the same loudness.

Source: ITU-R BS.1770-4, "Algorithms to measure audio programme loudness and true-peak audio level"
(2015); its K-weighting at rates other than 48 kHz by the analogue prototype of the same two
filters, B. De Man, "Evaluation of implementations of the EBU R128 loudness measurement", AES 145
(2018). Levels that a meter must show: EBU Tech 3341 (2016).

Legend: M samples, C channels, B blocks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.abtest.ranges import check_ranges
from chromasonic.errors import RenderError, UsageError
from chromasonic.formats.audio import Sound

BLOCK_SECONDS, HOP_SECONDS = 0.4, 0.1
ABSOLUTE_GATE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0
OFFSET = -0.691
"""So that a 997 Hz sine of full scale in one channel reads -3.01 LUFS."""

OVERSAMPLING = 4


@dataclass(frozen=True, kw_only=True)
class Level:
    """What clips are brought to.

    Args:
        loudness_lufs: integrated loudness.
        peak_dbtp: no true peak above this; clips that would go over make their whole pair softer.
    """

    loudness_lufs: float = -20.0
    peak_dbtp: float = -1.5

    def __post_init__(self) -> None:
        check_ranges(self, ("loudness_lufs", -50, -10), ("peak_dbtp", -20, 0))


def integrated_loudness(sound: Sound) -> float:
    """Integrated loudness in LUFS; minus infinity where nothing is above -70 LUFS.

    Args:
        sound: mono (M,), or left and right (M, 2). Shorter than 0.4 s it counts as one block.
    """
    power_B = _block_powers(sound)
    loud_B = power_B[_lufs(power_B) > ABSOLUTE_GATE_LUFS]
    if not len(loud_B):
        return -math.inf
    gate = float(_lufs(loud_B.mean())) + RELATIVE_GATE_LU
    return float(_lufs(loud_B[_lufs(loud_B) > gate].mean()))


def true_peak(sound: Sound) -> float:
    """The highest level between samples too, in dBTP, from four times as many samples."""
    from scipy.signal import resample_poly

    samples_MC = _columns(sound)
    if not samples_MC.size:
        return -math.inf
    finer = resample_poly(samples_MC.astype(np.float64), OVERSAMPLING, 1, axis=0)
    peak = max(float(np.abs(finer).max()), float(np.abs(samples_MC).max()))
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def at_equal_loudness(sounds: Mapping[str, Sound], level: Level | None = None) -> dict[str, Sound]:
    """Clips of one pair, each with one gain, so that all have the same integrated loudness.

    Args:
        sounds: label to clip.
        level: what to bring them to; where a peak would go over, all are that much softer.

    Raises:
        RenderError: a clip is silent.
    """
    gains = equal_gains(sounds, level)
    return {label: louder(sound, gains[label]) for label, sound in sounds.items()}


def equal_gains(sounds: Mapping[str, Sound], level: Level | None = None) -> dict[str, float]:
    """Label to the gain in dB that brings its clip there; see `at_equal_loudness`."""
    level = level or Level()
    loudness = {label: integrated_loudness(sound) for label, sound in sounds.items()}
    for label, value in loudness.items():
        if value == -math.inf:
            raise RenderError(f"The clip of {label} is silent: nothing in it is above -70 LUFS.")
    over = max(
        true_peak(sound) + level.loudness_lufs - loudness[label] - level.peak_dbtp
        for label, sound in sounds.items()
    )
    target = level.loudness_lufs - max(0.0, over)
    return {label: target - value for label, value in loudness.items()}


def louder(sound: Sound, gain_db: float) -> Sound:
    """The same with a gain in dB."""
    return Sound(sound.samples * np.float32(10 ** (gain_db / 20)), sound.rate)


def k_weighting(rate: int) -> npt.NDArray[np.float64]:
    """The two filters of K-weighting as second-order sections (2, 6): b0 b1 b2 a0 a1 a2.

    Args:
        rate: samples a second, 8,000 or more.
    """
    if rate < 8_000:
        raise UsageError(f"The rate is {rate} Hz; allowed: 8000 or more.")
    k = math.tan(math.pi * 1681.974450955533 / rate)
    q, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    norm = 1 + k / q + k * k
    shelf = [
        (high + middle * k / q + k * k) / norm,
        2 * (k * k - high) / norm,
        (high - middle * k / q + k * k) / norm,
        1.0,
        2 * (k * k - 1) / norm,
        (1 - k / q + k * k) / norm,
    ]
    k = math.tan(math.pi * 38.13547087602444 / rate)
    q = 0.5003270373238773
    norm = 1 + k / q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm]
    return np.array([shelf, high_pass])


def _block_powers(sound: Sound) -> npt.NDArray[np.float64]:
    """Weighted mean squares (B,) over channels of blocks that overlap by three quarters."""
    from scipy.signal import sosfilt

    weighted_MC = sosfilt(k_weighting(sound.rate), _columns(sound).astype(np.float64), axis=0)
    power_M = (weighted_MC**2).sum(axis=1)
    block, hop = round(BLOCK_SECONDS * sound.rate), round(HOP_SECONDS * sound.rate)
    if len(power_M) <= block:
        return np.array([power_M.mean() if len(power_M) else 0.0])
    sums = np.concatenate([[0.0], np.cumsum(power_M)])
    starts = np.arange(0, len(power_M) - block + 1, hop)
    return np.asarray((sums[starts + block] - sums[starts]) / block)


def _lufs(power: npt.ArrayLike) -> npt.NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(OFFSET + 10 * np.log10(power))


def _columns(sound: Sound) -> npt.NDArray[np.float32]:
    """Samples as (M, C).

    Raises:
        UsageError: more than two channels, whose places around the listener are not told.
    """
    samples = sound.samples if sound.samples.ndim == 2 else sound.samples[:, None]
    if samples.shape[1] > 2:
        raise UsageError(f"The clip has {samples.shape[1]} channels; allowed: 1 or 2.")
    return samples
