"""Recordings: every common form is read alike, every damaged one is refused with its reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from chromasonic.errors import FormatError, UsageError
from chromasonic.formats.audio_reading import read_audio

RATE = 22_050


def tone(rate: int, seconds: float = 1.0, hz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def loudest_hz(samples: np.ndarray) -> float:
    return float(np.abs(np.fft.rfft(samples)).argmax() * RATE / len(samples))


@pytest.mark.parametrize(
    ("ending", "subtype", "rate", "channels"),
    [
        (".wav", "PCM_U8", 22_050, 1),
        (".wav", "PCM_16", 48_000, 2),
        (".wav", "PCM_24", 44_100, 6),
        (".wav", "FLOAT", 8_000, 1),
        (".flac", "PCM_16", 96_000, 2),
        (".ogg", "VORBIS", 44_100, 1),
        (".mp3", "MPEG_LAYER_III", 44_100, 2),
    ],
)
def test_recordings_of_any_form_sound_alike(
    tmp_path: Path, ending: str, subtype: str, rate: int, channels: int
) -> None:
    path = tmp_path / f"tone{ending}"
    soundfile.write(path, np.tile(tone(rate)[:, None], channels), rate, subtype=subtype)
    sound = read_audio(path, rate=RATE)
    assert sound.rate == RATE
    assert sound.samples.dtype == np.float32
    assert sound.duration_s == pytest.approx(1.0, abs=0.06)
    assert loudest_hz(sound.samples) == pytest.approx(440, abs=2)
    assert np.abs(sound.samples[2000:-2000]).max() == pytest.approx(0.5, abs=0.02)


def test_channels_are_mixed(tmp_path: Path) -> None:
    left, right = tone(RATE), np.zeros(RATE, np.float32)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], 1), RATE, subtype="FLOAT")
    assert read_audio(tmp_path / "a.wav", rate=RATE).samples == pytest.approx(left / 2, abs=1e-5)


def test_a_recording_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    soundfile.write(path, tone(RATE, 4), RATE)
    path.write_bytes(path.read_bytes()[: 2 * RATE])
    with pytest.raises(FormatError, match="cut short"):
        read_audio(path, rate=RATE)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"This is no sound at all, but a text.", "no recording that can be read"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "no recording that can be read"),
        (b"\xff\xfb" + bytes(40), "no recording|cut short|lasts"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=reason):
        read_audio(path, rate=RATE)


def test_absent_short_and_unreal_recordings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="Cannot read"):
        read_audio(tmp_path / "absent.wav", rate=RATE)
    soundfile.write(tmp_path / "short.wav", tone(RATE, 0.1), RATE)
    with pytest.raises(FormatError, match=r"lasts 0\.10 seconds; at least 0\.5"):
        read_audio(tmp_path / "short.wav", rate=RATE)
    samples = tone(RATE)
    samples[100] = np.nan
    soundfile.write(tmp_path / "nan.wav", samples, RATE, subtype="FLOAT")
    with pytest.raises(FormatError, match="NaN or infinite"):
        read_audio(tmp_path / "nan.wav", rate=RATE)
    with pytest.raises(UsageError, match="rate is 0"):
        read_audio(tmp_path / "nan.wav", rate=0)


def test_a_silent_recording_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE), RATE)
    assert not read_audio(tmp_path / "silence.wav", rate=RATE).samples.any()
