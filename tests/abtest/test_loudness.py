"""The loudness meter against the levels that the standards say a meter must show."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chromasonic.abtest.loudness import (
    Level,
    at_equal_loudness,
    integrated_loudness,
    k_weighting,
    true_peak,
)
from chromasonic.errors import RenderError, UsageError
from chromasonic.formats.audio import Sound


def sine(
    *parts: tuple[float, float], hertz: float = 1000.0, rate: int = 48_000, channels: int = 2
) -> Sound:
    """A sine whose level changes: parts of (dB under full scale, seconds)."""
    level = np.concatenate([np.full(round(s * rate), 10 ** (db / 20)) for db, s in parts])
    samples = (level * np.sin(2 * np.pi * hertz * np.arange(len(level)) / rate)).astype(np.float32)
    return Sound(samples if channels == 1 else np.stack([samples] * channels, axis=1), rate)


def test_the_filters_are_the_standards_table_at_48_khz() -> None:
    shelf, high_pass = k_weighting(48_000)
    # ITU-R BS.1770-4, tables 1 and 2.
    assert shelf == pytest.approx(
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241,
         0.73248077421585], abs=1e-10,
    )  # fmt: skip
    assert high_pass == pytest.approx([1, -2, 1, 1, -1.99004745483398, 0.99007225036621], abs=1e-10)


@pytest.mark.parametrize("rate", [22_050, 32_000, 44_100, 48_000, 96_000])
def test_a_full_scale_997_hz_sine_in_one_channel_reads_minus_3_01(rate: int) -> None:
    sound = sine((0, 5), hertz=997, rate=rate, channels=1)
    assert integrated_loudness(sound) == pytest.approx(-3.01, abs=0.03)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-23, 20)], -23.0),  # EBU Tech 3341, case 1
        ([(-33, 20)], -33.0),  # case 2
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),  # case 3
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),  # case 4
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),  # case 5
    ],
    ids=["case 1", "case 2", "case 3", "case 4", "case 5"],
)
def test_the_levels_of_ebu_tech_3341_are_met(
    parts: list[tuple[float, float]], expected: float
) -> None:
    assert integrated_loudness(sine(*parts)) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(
    ("every", "degrees", "amplitude", "expected"),
    [
        (4, 0, 0.5, -6.0),  # EBU Tech 3341, case 15
        (4, 45, 0.5, -6.0),  # case 16: the samples stand at -9 dB
        (6, 60, 0.5, -6.0),  # case 17
        (8, 67.5, 0.5, -6.0),  # case 18
        (4, 45, 1.41, 3.0),  # case 19
    ],
)
def test_peaks_between_samples_are_seen(
    every: int, degrees: float, amplitude: float, expected: float
) -> None:
    n = np.arange(48_000)
    fade = np.minimum(1, np.minimum(n, n[::-1]) / 2400)
    samples = fade * amplitude * np.sin(2 * np.pi * n / every + math.radians(degrees))
    found = true_peak(Sound(samples.astype(np.float32), 48_000))
    assert expected - 0.4 <= found <= expected + 0.2


def test_silence_is_minus_infinity_and_a_very_short_clip_is_measured() -> None:
    assert integrated_loudness(Sound(np.zeros(48_000, np.float32), 48_000)) == -math.inf
    short = sine((-20, 0.3), hertz=997, channels=1)
    assert integrated_loudness(short) == pytest.approx(-23.0, abs=0.3)


def test_clips_of_a_pair_come_out_equally_loud_and_keep_their_peaks_down() -> None:
    rng = np.random.default_rng(0)
    clicks = np.zeros(48_000 * 3, np.float32)
    clicks[::6_000] = 0.9
    noise = rng.normal(0, 0.01, 48_000 * 3).astype(np.float32)
    levelled = at_equal_loudness({"A": Sound(clicks, 48_000), "B": Sound(noise, 48_000)})
    loudness = [integrated_loudness(sound) for sound in levelled.values()]
    assert loudness[0] == pytest.approx(loudness[1], abs=0.01)
    assert max(true_peak(sound) for sound in levelled.values()) <= -1.49
    # What has no peaks reaches the level that was asked for.
    calm = {"A": sine((-40, 3)), "B": sine((-6, 3))}
    for sound in at_equal_loudness(calm, Level(loudness_lufs=-23)).values():
        assert integrated_loudness(sound) == pytest.approx(-23, abs=0.05)


def test_a_silent_clip_and_impossible_levels_are_refused() -> None:
    silent = Sound(np.zeros(48_000, np.float32), 48_000)
    with pytest.raises(RenderError, match="clip of B is silent"):
        at_equal_loudness({"A": sine((-20, 1)), "B": silent})
    with pytest.raises(UsageError, match="loudness_lufs is 0"):
        Level(loudness_lufs=0)
    with pytest.raises(UsageError, match="5 channels"):
        integrated_loudness(Sound(np.zeros((100, 5), np.float32), 48_000))
