"""Clips as files: equally loud, equally long, the same number of bytes, no tags."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from chromasonic.abtest.clips import items_in
from chromasonic.abtest.loudness import Level, integrated_loudness, true_peak
from chromasonic.abtest.own_sounds import read_stereo, write_own
from chromasonic.abtest.paired_sound import LEAD_SECONDS, RATE_HZ, ClipForm, write_clips
from chromasonic.errors import FormatError, RenderError, UsageError
from chromasonic.formats.audio import Sound


def noise(seconds: float, level: float, channels: int = 1) -> Sound:
    rng = np.random.default_rng(3)
    shape = (round(seconds * RATE_HZ), channels)[: 1 if channels == 1 else 2]
    return Sound(rng.normal(0, level, shape).astype(np.float32), RATE_HZ)


def hum(seconds: float, level: float) -> Sound:
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return Sound((level * np.sin(2 * np.pi * 220 * times)).astype(np.float32), RATE_HZ)


def clicks(seconds: float) -> Sound:
    samples = np.zeros(round(seconds * RATE_HZ), np.float32)
    samples[:: RATE_HZ // 5] = 0.9
    return Sound(samples, RATE_HZ)


@pytest.mark.parametrize(
    "sounds",
    [
        {"A": noise(1.5, 0.3), "B": hum(2.0, 0.01)},
        {"A": noise(1.5, 0.02, channels=2), "B": hum(1.0, 0.9), "anchor": noise(1.2, 0.1)},
        {"A": clicks(2.0), "B": noise(2.0, 0.1)},
    ],
    ids=["noise and hum", "stereo, mono, anchor", "clicks, whose peaks stand high"],
)
def test_files_of_an_item_are_equal_in_all_but_the_music(
    sounds: dict[str, Sound], tmp_path: Path
) -> None:
    write_clips(tmp_path, "one", sounds)
    (item,) = items_in(tmp_path, list(sounds))
    files = [tmp_path / clip.source for clip in item.clips.values()]
    assert len({path.stat().st_size for path in files}) == 1
    assert len({clip.duration_ms for clip in item.clips.values()}) == 1
    read = [Sound(*soundfile.read(path, dtype="float32")) for path in files]
    assert len({sound.samples.shape for sound in read}) == 1
    loudness = [integrated_loudness(sound) for sound in read]
    assert max(loudness) - min(loudness) < 0.1
    assert max(true_peak(sound) for sound in read) < -1.0
    assert max(loudness) <= -19.9
    for path in files:
        assert path.read_bytes()[:2] in (b"\xff\xfb", b"\xff\xfa")  # sound from the first byte


def test_lossless_clips_are_the_recordings_but_for_a_gain(tmp_path: Path) -> None:
    sounds = {"A": noise(1.5, 0.05), "B": hum(2.0, 0.01)}
    write_clips(tmp_path, "one", sounds, ClipForm(is_lossless=True))
    (item,) = items_in(tmp_path, list(sounds))
    files = {label: tmp_path / clip.source for label, clip in item.clips.items()}
    assert len({path.stat().st_size for path in files.values()}) == 1
    heads = {path.read_bytes()[:44] for path in files.values()}
    assert len(heads) == 1
    assert heads.pop()[36:40] == b"data"  # nothing but the format stands before the samples
    loudness = []
    for label, path in files.items():
        samples, _ = soundfile.read(path, dtype="float64")
        loudness.append(integrated_loudness(Sound(samples.astype(np.float32), RATE_HZ)))
        before = sounds[label].samples.astype(np.float64)
        begin = round(LEAD_SECONDS * RATE_HZ)
        after = samples[begin : begin + len(before)]
        gain = (after @ before) / (before @ before)
        assert np.abs(after - gain * before).max() < 2.0**-22
        assert not samples[:begin].any()
        assert not samples[begin + len(before) :].any()
    assert loudness == pytest.approx([-20, -20], abs=0.02)


def test_the_loudness_that_was_asked_for_is_reached(tmp_path: Path) -> None:
    form = ClipForm(level=Level(loudness_lufs=-23))
    write_clips(tmp_path, "one", {"A": hum(2, 0.5), "B": noise(2, 0.01)}, form)
    for label in "AB":
        sound = Sound(*soundfile.read(tmp_path / label / "one.mp3", dtype="float32"))
        assert integrated_loudness(sound) == pytest.approx(-23, abs=0.1)


def test_what_is_long_fades_out(tmp_path: Path) -> None:
    write_clips(tmp_path, "one", {"A": hum(5, 0.5), "B": hum(1, 0.5)}, ClipForm(longest_s=2))
    samples, rate = soundfile.read(tmp_path / "A" / "one.mp3")
    assert len(samples) / rate == pytest.approx(2.06, abs=0.03)
    middle, end = samples[rate // 2 : rate], samples[-rate // 10 :]
    assert np.abs(end).max() < 0.25 * np.abs(middle).max()


def test_recordings_are_read_as_they_are_whatever_their_rate(tmp_path: Path) -> None:
    times = np.arange(24_000) / 48_000
    stereo = np.stack([np.sin(2 * np.pi * 440 * times), 0 * times], axis=1) * 0.5
    soundfile.write(tmp_path / "a.flac", stereo, 48_000)
    sound = read_stereo(tmp_path / "a.flac", 20)
    assert (sound.samples.shape, sound.rate) == ((22_050, 2), RATE_HZ)
    assert np.abs(sound.samples[:, 1]).max() < 1e-4
    surround = np.repeat(stereo[:, :1], 6, axis=1)
    soundfile.write(tmp_path / "six.wav", surround, 48_000)
    assert read_stereo(tmp_path / "six.wav", 20).samples.ndim == 1


def test_recordings_that_cannot_be_paired_or_read_are_told(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", hum(1, 0.3).samples, RATE_HZ)
    soundfile.write(tmp_path / "none.wav", np.zeros(RATE_HZ), RATE_HZ)
    (tmp_path / "text.wav").write_text("no sound")
    one = {"x": tmp_path / "a.wav"}
    with pytest.raises(UsageError, match="Version B has no recording 'y'"):
        write_own({"A": {**one, "y": tmp_path / "a.wav"}, "B": one}, tmp_path / "clips")
    with pytest.raises(FormatError, match=r"text\.wav is no recording"):
        write_own({"A": one, "B": {"x": tmp_path / "text.wav"}}, tmp_path / "clips")
    with pytest.raises(RenderError, match="clip of B is silent"):
        write_own({"A": one, "B": {"x": tmp_path / "none.wav"}}, tmp_path / "clips")
