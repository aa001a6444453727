"""Sound of several voices: length, loudness, places, pitch."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.part_score_examples import CADENCE, SATB, part

from chromasonic.errors import RenderError, UsageError
from chromasonic.formats import audio, part_score_sound
from chromasonic.formats.audio import Sound, audio_bytes, convolved
from chromasonic.formats.part_score_sound import render_part_score, write_part_score_sound
from chromasonic.music.part_score import PartScore

SECONDS = (21 - 5) * 60 / 84 + 5 * 60 / (84 * 0.6)
"""The cadence has 21 quarters at 84 a minute; 2 + 3 of them, under fermatas, go at 0.6 of that."""


@pytest.fixture(scope="module")
def cadence() -> Sound:
    return render_part_score(CADENCE)


def test_it_lasts_as_its_tempo_and_its_fermatas_say_and_rings_out(cadence: Sound) -> None:
    assert SECONDS < cadence.duration_s < SECONDS + audio.TAIL_SECONDS
    assert np.abs(cadence.samples[-1]).max() < 1e-3


def test_it_is_stereo_peaks_at_minus_three_decibels_and_has_no_hole(cadence: Sound) -> None:
    assert cadence.samples.shape[1] == 2
    assert np.abs(cadence.samples).max() == pytest.approx(10 ** (-3 / 20), abs=1e-3)
    size = cadence.rate // 4
    played = cadence.samples[: int(SECONDS * cadence.rate) // size * size]
    level = np.sqrt((played.reshape(-1, size, 2) ** 2).mean(axis=1))
    assert (level > 0.02).all()


def test_voices_stand_from_left_to_right_and_none_on_one_ear_alone() -> None:
    rests = {name: part(name, "r:4") for name in SATB}
    balance = []
    for name in SATB:
        parts = tuple((rests | {name: part(name, "60:4")}).values())
        samples = render_part_score(PartScore(id="x", title="", names=SATB, parts=parts)).samples
        left, right = np.sqrt((samples[: audio.RATE_HZ] ** 2).mean(axis=0))
        balance.append(20 * np.log10(left / right))
    assert balance == sorted(balance, reverse=True)
    assert 3 < balance[0] < 9
    assert -9 < balance[3] < -3


def test_every_voice_is_heard_about_as_loud_as_the_others() -> None:
    rests = {name: part(name, "r:4") for name in SATB}
    loudness = []
    for name, note in zip(SATB, ("72:4", "65:4", "57:4", "45:4"), strict=True):
        parts = tuple((rests | {name: part(name, note)}).values())
        score = PartScore(id="x", title="", names=SATB, parts=parts)
        voices: list[np.ndarray] = []

        def keep(mixed: np.ndarray, _: float, kept: list[np.ndarray] = voices) -> np.ndarray:
            kept.append(mixed)
            return mixed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(part_score_sound, "in_a_room", keep)
            render_part_score(score)
        loudness.append(10 * np.log10((voices[0][: audio.RATE_HZ] ** 2).mean()))
    assert max(loudness) - min(loudness) < 5


def test_the_four_pitches_of_a_chord_are_in_the_sound() -> None:
    parts = tuple(part(str(p), f"{p}:4") for p in (72, 67, 64, 48))
    sound = render_part_score(PartScore(id="x", title="", names=SATB, parts=parts))
    spectrum = np.abs(np.fft.rfft(sound.samples[: sound.rate].mean(axis=1)))  # bins of 1 Hz
    for pitch in (72, 67, 64, 48):
        frequency = 440 * 2 ** ((pitch - 69) / 12)
        near = spectrum[int(frequency) - 3 : int(frequency) + 5].max()
        between = np.median(spectrum[int(frequency) - 12 : int(frequency) + 13])
        assert near > 8 * between


def test_wav_and_mp3_have_two_channels(cadence: Sound, tmp_path: Path) -> None:
    for ending in (".wav", ".mp3"):
        read, rate = soundfile.read(io.BytesIO(audio_bytes(cadence, ending)))
        assert (read.shape[1], rate) == (2, 44_100)
        assert len(read) == pytest.approx(len(cadence.samples), abs=5000)
    with pytest.raises(UsageError, match=r"\.wav or \.mp3"):
        write_part_score_sound(CADENCE, tmp_path / "a.ogg")


def test_nothing_to_play_and_half_an_hour_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = PartScore(id="x", title="Rests", names=("One",), parts=(part("x", "r:4"),))
    with pytest.raises(RenderError, match="'Rests' has no note"):
        render_part_score(silent)
    long = replace(silent, parts=(part("x", *["60:4"] * 700),))
    with pytest.raises(RenderError, match="33 minutes; up to 30"):
        render_part_score(long)
    monkeypatch.setenv(audio.SOUNDFONT_VARIABLE, "/nowhere.sf2")
    with pytest.raises(RenderError, match=r"/nowhere\.sf2"):
        render_part_score(CADENCE)


@settings(max_examples=30, deadline=None)
@given(
    samples=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=300),
    response=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=40),
)
def test_blocks_convolve_as_the_whole_does(samples: list[float], response: list[float]) -> None:
    ours = convolved(np.float32(samples), np.float32(response))
    np.testing.assert_allclose(ours, np.convolve(samples, response), atol=1e-4)
