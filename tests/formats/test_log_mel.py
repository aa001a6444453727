"""Log-mel frames: values by hand, another implementation, silence, streams, bad samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.errors import FormatError, UsageError
from chromasonic.formats import log_mel


def sine(hz: float, seconds: float = 1.0, amplitude: float = 1.0) -> np.ndarray:
    times = np.arange(int(seconds * log_mel.RATE_HZ)) / log_mel.RATE_HZ
    return (amplitude * np.sin(2 * np.pi * hz * times)).astype(np.float32)


def test_the_mel_scale_has_the_values_of_its_formula() -> None:
    # 2595 log10(1 + f / 700): at 700 Hz 2595 log10 2, and the scale is made so that 1000 is 1000.
    assert log_mel.mel(700) == pytest.approx(781.1728, abs=1e-3)
    assert log_mel.mel(1000) == pytest.approx(1000.0, abs=0.02)
    assert log_mel.hertz(log_mel.mel([0, 27.5, 4321])) == pytest.approx([0, 27.5, 4321])


def test_there_are_ten_frames_a_second_exactly() -> None:
    assert log_mel.HOP * log_mel.FRAMES_PER_SECOND == log_mel.RATE_HZ
    assert log_mel.frames_of(np.zeros(10 * log_mel.RATE_HZ)).shape == (100, 128)


def test_the_filterbank_agrees_with_one_written_bin_by_bin() -> None:
    lowest = 2595 * math.log10(1 + log_mel.LOWEST_HZ / 700)
    highest = 2595 * math.log10(1 + log_mel.HIGHEST_HZ / 700)
    edges = [700 * (10 ** ((lowest + k * (highest - lowest) / 129) / 2595) - 1) for k in range(130)]
    wanted = np.zeros((log_mel.WINDOW // 2 + 1, 128))
    for band in range(128):
        low, peak, high = edges[band : band + 3]
        first, last = (int(edge / log_mel.RATE_HZ * log_mel.WINDOW) for edge in (low, high))
        for number in range(first, last + 2):
            hz = number * log_mel.RATE_HZ / log_mel.WINDOW
            if low < hz <= peak:
                wanted[number, band] = (hz - low) / (peak - low)
            elif peak < hz < high:
                wanted[number, band] = (high - hz) / (high - peak)
    assert log_mel.filterbank() == pytest.approx(wanted, abs=1e-6)
    assert (wanted.max(axis=0) > 0).all(), "a band without any bin hears nothing"


def test_a_frame_agrees_with_a_transform_by_definition() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 0.1, log_mel.WINDOW).astype(np.float32)
    k = np.arange(log_mel.WINDOW)
    hann = np.sin(np.pi * k / log_mel.WINDOW) ** 2
    power = np.zeros(log_mel.WINDOW // 2 + 1)
    used = np.flatnonzero(log_mel.filterbank()[:, 40])
    for number in used:
        turned = np.exp(-2j * np.pi * number * k / log_mel.WINDOW)
        power[number] = abs((samples * hann * turned).sum() * 2 / hann.sum()) ** 2
    decibels = 10 * math.log10(power @ log_mel.filterbank()[:, 40])
    padded = np.concatenate([samples, np.zeros((-len(samples)) % log_mel.HOP)])
    # The frame that ends with the last sample: shift the samples so that a frame ends there.
    lead = np.zeros(2 * log_mel.HOP - log_mel.WINDOW % log_mel.HOP)
    frames = log_mel.frames_of(np.concatenate([lead[: (-len(samples)) % log_mel.HOP], samples]))
    assert frames[-1, 40] == pytest.approx((decibels + 60) / 15, abs=1e-3)
    assert len(padded) // log_mel.HOP == len(frames)


@pytest.mark.parametrize("band", [5, 40, 90, 120])
def test_a_full_scale_sine_is_at_the_top_of_its_own_band(band: int) -> None:
    frames = log_mel.frames_of(sine(float(log_mel.band_edges_hz()[band + 1])))
    settled = frames[4:]
    assert (settled.argmax(axis=1) == band).all()
    # Hann spreads a sine over some bins: their powers add up to at most 1.5 (1.8 dB).
    assert (settled[:, band] - log_mel.HIGHEST) == pytest.approx(0, abs=2.5 / 15)


def test_ten_times_the_amplitude_is_twenty_decibels_more() -> None:
    soft, loud = (log_mel.frames_of(sine(440, amplitude=level))[5:] for level in (0.05, 0.5))
    band = int(loud[0].argmax())
    assert (loud - soft)[:, band] == pytest.approx(20 / 15, abs=1e-3)


def test_silence_gives_finite_frames_at_the_floor() -> None:
    frames = log_mel.frames_of(np.zeros(log_mel.RATE_HZ))
    assert frames == pytest.approx(log_mel.LOWEST)
    assert pytest.approx(-4 / 3) == log_mel.LOWEST


def test_a_frame_hears_nothing_that_comes_after_it() -> None:
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 0.1, log_mel.RATE_HZ).astype(np.float32)
    changed = samples.copy()
    changed[5 * log_mel.HOP :] = 0
    assert (log_mel.frames_of(samples)[:5] == log_mel.frames_of(changed)[:5]).all()


@given(sizes=st.lists(st.integers(0, 9000), max_size=12), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_a_stream_in_pieces_of_any_size_gives_the_frames_of_the_whole(
    sizes: list[int], seed: int
) -> None:
    samples = np.random.default_rng(seed).normal(0, 0.1, sum(sizes)).astype(np.float32)
    stream = log_mel.FrameStream()
    pieces = np.split(samples, np.cumsum(sizes)[:-1]) if sizes else []
    heard = [stream.push(piece) for piece in pieces]
    joined = np.concatenate([np.empty((0, 128), np.float32), *heard])
    assert joined == pytest.approx(log_mel.frames_of(samples), abs=1e-4)


def test_a_stream_that_is_reset_begins_anew() -> None:
    stream = log_mel.FrameStream()
    first = stream.push(sine(440))
    stream.reset()
    assert (stream.push(sine(440)) == first).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_no_number_is_refused(bad: float) -> None:
    samples = np.zeros(5000, np.float32)
    samples[1234] = bad
    with pytest.raises(FormatError, match="Sample 1234"):
        log_mel.frames_of(samples)
    stream = log_mel.FrameStream()
    with pytest.raises(FormatError, match="not heard"):
        stream.push(samples)
    assert np.isfinite(stream.push(np.zeros(log_mel.HOP))).all()


def test_two_channels_are_refused() -> None:
    with pytest.raises(UsageError, match="one channel"):
        log_mel.frames_of(np.zeros((2, 5000)))


def test_less_than_a_hop_gives_no_frame() -> None:
    assert log_mel.frames_of(np.zeros(log_mel.HOP - 1)).shape == (0, 128)
