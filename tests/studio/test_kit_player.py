"""The kit's player in a real browser: stems locked to the sample, seek, loop, mute, solo, keys."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect
from tests.studio.running import RunningStudio

from chromasonic.studio.shelf import Shelf

RATE = 44_100

LISTEN = """async () => {
  const {audioContext, output} = await import('/web/kit/context.js');
  window.heard = new AnalyserNode(audioContext(), {fftSize: 8192});
  output().connect(heard);
  window.peak = () => {
    const samples = new Float32Array(heard.fftSize);
    heard.getFloatTimeDomainData(samples);
    return Math.max(...samples.map(Math.abs));
  };
}"""


def wav(samples: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples.astype(np.float32), RATE, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


@pytest.fixture
def stems(studio: RunningStudio) -> str:
    """A piece with three seconds of noise, the same turned upside down, and a soft tone."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 3 * RATE)
    tone = 0.1 * np.sin(np.arange(3 * RATE) * 0.05)
    files = {"noise.wav": wav(noise), "inverse.wav": wav(-noise), "tone.wav": wav(tone)}
    return Shelf(studio.folder / "pieces").keep("sound", "Noise", {}, files).id


@pytest.fixture
def player(visitor: Any, studio: RunningStudio, stems: str) -> Callable[..., Any]:
    """A function that loads some files into `window.player`."""
    visitor.goto(studio.address + "/kit")
    visitor.evaluate(LISTEN)

    def load(*names: str) -> None:
        urls = [f"/api/pieces/{stems}/{name}.wav" for name in names]
        visitor.evaluate(
            """async (urls) => {
              const {Player} = await import('/web/kit/player.js');
              window.player = new Player();
              window.told = [];
              for (const name of ['play', 'pause', 'end', 'load']) {
                player.addEventListener(name, () => told.push(name));
              }
              await player.load(urls.map((url) => ({url})));
            }""",
            urls,
        )

    return load


ROUND = "player.loop = {start: 0, end: 2.9}"
"""For sound that shall not have ended before the test looks."""


def until(visitor: Any, script: str) -> None:
    """Wait until a script is true."""
    visitor.wait_for_function(f"() => {script}")


def test_stems_are_locked_to_the_sample(visitor: Any, player: Callable[..., Any]) -> None:
    player("noise", "inverse")
    visitor.evaluate(ROUND)
    visitor.evaluate("player.play()")
    until(visitor, "player.position > 0.5")
    assert visitor.evaluate("peak()") < 1e-6  # a stem and its inverse leave nothing
    visitor.evaluate("player.seek(1.2345)")
    until(visitor, "player.position > 1.6")
    assert visitor.evaluate("peak()") < 1e-6
    visitor.evaluate("player.mute(1)")
    until(visitor, "peak() > 0.2")  # so there was sound to cancel
    visitor.evaluate("player.stop()")


def test_a_stem_alone_a_stem_off_a_stem_soft(visitor: Any, player: Callable[..., Any]) -> None:
    player("noise", "tone")
    visitor.evaluate(ROUND)
    visitor.evaluate("player.solo(1)")
    visitor.evaluate("player.play()")
    until(visitor, "player.position > 0.4")
    assert visitor.evaluate("peak()") == pytest.approx(0.1, abs=0.04)
    visitor.evaluate("player.gain(1, 0.5)")
    until(visitor, "peak() < 0.06")
    visitor.evaluate("player.solo(1, false)")
    until(visitor, "peak() > 0.3")
    visitor.evaluate("player.mute(0)")
    until(visitor, "peak() < 0.06")
    heard = visitor.evaluate("player.stems.map((one) => one.isHeard)")
    assert heard == [False, True]
    visitor.evaluate("player.stop()")


def test_it_pauses_goes_on_and_ends(visitor: Any, player: Callable[..., Any]) -> None:
    player("tone")
    assert visitor.evaluate("player.duration") == pytest.approx(3.0, abs=1e-3)
    visitor.evaluate(ROUND)
    visitor.evaluate("player.play()")
    until(visitor, "player.position > 0.3")
    visitor.evaluate("player.pause()")
    place = visitor.evaluate("player.position")
    visitor.wait_for_timeout(200)
    assert visitor.evaluate("player.position") == place
    assert not visitor.evaluate("player.isPlaying")
    visitor.evaluate("player.loop = null")
    visitor.evaluate("player.seek(2.8)")
    visitor.evaluate("player.play()")
    until(visitor, "told.includes('end')")
    assert visitor.evaluate("[player.isPlaying, player.position]") == [False, 0]


def test_a_loop_stays_within_its_bounds(visitor: Any, player: Callable[..., Any]) -> None:
    player("tone")
    visitor.evaluate("player.loop = {start: 1, end: 1.4}")
    visitor.evaluate("player.seek(1.2)")
    visitor.evaluate("player.play()")
    places = [visitor.evaluate("player.position")]
    while len(places) < 40 or not any(later < earlier for earlier, later in pairwise(places)):
        assert len(places) < 1_500, "it never came round"
        visitor.wait_for_timeout(40)
        places.append(visitor.evaluate("player.position"))
    assert min(places) >= 1.0
    assert max(places) < 1.4 + 1e-6
    visitor.evaluate("player.stop()")


def test_only_one_player_sounds_on_a_page(visitor: Any, player: Callable[..., Any]) -> None:
    player("tone")
    visitor.evaluate(ROUND)
    visitor.evaluate("window.first = player")
    player("noise")
    visitor.evaluate(ROUND)
    visitor.evaluate("first.play()")
    until(visitor, "first.isPlaying")
    visitor.evaluate("player.play()")
    until(visitor, "player.isPlaying")
    assert not visitor.evaluate("first.isPlaying")
    visitor.evaluate("player.stop()")


def test_sound_that_is_gone_is_told_in_words(visitor: Any, player: Callable[..., Any]) -> None:
    player("tone")
    said = visitor.evaluate(
        """() => player.load([{url: '/web/kit/icons.svg'}])
          .then(() => '', (error) => error.message)"""
    )
    assert "cannot play" in said


def test_the_space_bar_plays_unless_something_is_typed(
    visitor: Any, player: Callable[..., Any]
) -> None:
    player("tone")
    visitor.evaluate(
        """async () => {
          const {transport} = await import('/web/kit/player.js');
          transport(document.querySelector('#transport'), player);
          player.loop = {start: 0, end: player.duration};
        }"""
    )
    visitor.locator("input[name=opening]").press("Space")
    assert not visitor.evaluate("player.isPlaying")
    visitor.evaluate("document.activeElement.blur()")
    visitor.keyboard.press("Space")
    until(visitor, "player.isPlaying")
    expect(visitor.get_by_role("button", name="Pause")).to_be_visible()
    visitor.keyboard.press("Space")
    until(visitor, "!player.isPlaying")
    visitor.evaluate("player.loop = null")
    bar = visitor.get_by_role("slider", name="Place in the sound")
    bar.focus()
    bar.press("End")
    assert visitor.evaluate("player.position") == pytest.approx(3.0, abs=0.01)
    assert bar.get_attribute("aria-valuetext") == "0:03 of 0:03"
