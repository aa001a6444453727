"""Drum loops have no seam, and two versions of one are equally loud."""

from __future__ import annotations

import numpy as np
import pytest

from chromasonic.errors import RenderError
from chromasonic.formats.audio import PEAK, RATE_HZ, Sound
from chromasonic.formats.drum_loop import equally_loud, render_drum_loop

CRASH = 49


def loop(onsets: list[float], seconds: float = 1.0) -> np.ndarray:
    count = len(onsets)
    sound = render_drum_loop(np.array(onsets), np.full(count, CRASH), np.full(count, 100), seconds)
    assert sound.rate == RATE_HZ
    return sound.samples


def test_a_round_has_exactly_its_length() -> None:
    assert len(loop([0.0], seconds=0.75)) == round(0.75 * RATE_HZ)


def test_where_a_round_begins_is_not_heard() -> None:
    """A crash before the seam, turned by half a round, sounds as one in the middle."""
    turned, middle = np.roll(loop([0.9]), RATE_HZ // 2), loop([0.4])
    assert np.abs(turned - middle).max() < 0.02 * np.abs(middle).max()


def test_a_hit_before_the_beginning_is_heard_at_the_end() -> None:
    early, late = loop([-0.02]), loop([0.98])
    assert np.abs(early - late).max() < 1e-3
    assert np.abs(early[-int(0.015 * RATE_HZ) :]).max() > 0.1


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e9])
def test_a_length_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(RenderError, match="allowed: above 0, up to 120"):
        loop([0.0], seconds=seconds)


def test_a_loop_without_a_hit_is_refused() -> None:
    with pytest.raises(RenderError, match="no hit"):
        loop([])


def test_two_versions_are_equally_loud_and_none_clips() -> None:
    soft = Sound(np.array([0.1, -0.1, 0.1, -0.1], np.float32), RATE_HZ)
    spiky = Sound(np.array([0.0, 1.0, 0.0, 0.0], np.float32), RATE_HZ)
    one, other = equally_loud([soft, spiky])
    powers = [float(np.sqrt(np.mean(sound.samples**2))) for sound in (one, other)]
    assert powers[0] == pytest.approx(powers[1])
    assert np.abs(other.samples).max() == pytest.approx(PEAK)
    assert np.abs(one.samples).max() == pytest.approx(PEAK / 2)
