"""Sound: length, loudness, silence, and what happens without a soundfont."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from chromasonic.errors import RenderError, UsageError
from chromasonic.formats import audio
from chromasonic.formats.abc import read_abc
from chromasonic.formats.audio import audio_bytes, find_soundfont, render, write_audio
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER as Q
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Bar, Note, Tune

FIXTURE = Path(__file__).parents[1] / "fixtures" / "tunes.abc"
WALTZ = read_abc(FIXTURE.read_text(encoding="utf-8"), source="tunes").tunes[2]
WALTZ_SECONDS = 48.0
"""Two parts of 8 bars in 3/4, each played twice, at 120 quarters a minute."""


def loudness(samples: np.ndarray, rate: int) -> np.ndarray:
    """Root mean square of each tenth of a second."""
    size = rate // 10
    return np.sqrt((samples[: len(samples) // size * size].reshape(-1, size) ** 2).mean(axis=1))


@pytest.fixture(scope="module")
def waltz() -> audio.Sound:
    return render(WALTZ)


def test_a_tune_lasts_as_long_as_its_tempo_says_and_then_rings_out(waltz: audio.Sound) -> None:
    assert WALTZ_SECONDS + 0.1 < waltz.duration_s < WALTZ_SECONDS + audio.TAIL_SECONDS
    assert abs(waltz.samples[-1]) < 1e-3


def test_it_peaks_three_decibels_under_full_scale(waltz: audio.Sound) -> None:
    assert np.abs(waltz.samples).max() == pytest.approx(10 ** (-3 / 20), abs=1e-3)
    assert np.isfinite(waltz.samples).all()


def test_there_is_no_silence_but_at_the_end(waltz: audio.Sound) -> None:
    levels = loudness(waltz.samples, waltz.rate)
    assert (levels[: int(WALTZ_SECONDS * 10) - 1] > 0.02).all()


def test_pitch_is_right() -> None:
    bar = Bar((Note(4 * Q, 69),), Metre(4, 4), Key())
    sound = render(Tune("a", "A", (bar,)))
    spectrum = np.abs(np.fft.rfft(sound.samples[: sound.rate]))
    peaks = np.flatnonzero(spectrum > spectrum.max() / 4)
    assert abs(peaks[0] - 440) <= 4  # bins of 1 Hz; the fundamental or an octave partial
    assert all(min(peak % 440, -peak % 440) <= 12 for peak in peaks)


def test_rendering_twice_gives_the_same_samples() -> None:
    short = replace(WALTZ, bars=WALTZ.bars[:3])
    assert np.array_equal(render(short).samples, render(short).samples)


@pytest.mark.parametrize(("ending", "bits"), [(".wav", "PCM_16"), (".mp3", "MPEG_LAYER_III")])
def test_files_are_what_they_say_and_as_long(
    ending: str, bits: str, waltz: audio.Sound, tmp_path: Path
) -> None:
    data = audio_bytes(waltz, ending)
    info = soundfile.info(io.BytesIO(data))
    assert (info.subtype, info.samplerate, info.channels) == (bits, 44_100, 1)
    assert info.duration == pytest.approx(waltz.duration_s, abs=0.1)
    samples, _ = soundfile.read(io.BytesIO(data))
    assert 0.6 < np.abs(samples).max() < 0.8  # MP3 may overshoot a little, but does not clip
    if ending == ".mp3":
        assert len(data) * 8 / waltz.duration_s < 80_000  # small enough to stand in a page
    write_audio(replace(WALTZ, bars=WALTZ.bars[:2]), tmp_path / f"waltz{ending}")
    assert soundfile.info(tmp_path / f"waltz{ending}").duration > 1


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.wav or \.mp3"):
        write_audio(WALTZ, tmp_path / "waltz.ogg")


def test_the_variable_names_the_soundfont(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.sf2").write_bytes(b"not really")
    monkeypatch.setenv("CHROMASONIC_SOUNDFONT", str(tmp_path / "mine.sf2"))
    assert find_soundfont() == tmp_path / "mine.sf2"
    with pytest.raises(RenderError, match=r"mine\.sf2"):
        render(WALTZ)
    monkeypatch.setenv("CHROMASONIC_SOUNDFONT", str(tmp_path / "absent.sf2"))
    with pytest.raises(RenderError, match=r"absent\.sf2"):
        find_soundfont()


def test_soundfonts_are_taken_in_a_fixed_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHROMASONIC_SOUNDFONT", raising=False)
    second, third = tmp_path / "second.sf2", tmp_path / "third.sf2"
    monkeypatch.setattr(audio, "SYSTEM_SOUNDFONTS", (str(tmp_path / "first.sf2"), str(second)))
    monkeypatch.setattr(audio, "_of_pretty_midi", lambda: [third])
    third.touch()
    assert find_soundfont() == third
    second.touch()
    assert find_soundfont() == second


def test_without_any_soundfont_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMASONIC_SOUNDFONT", raising=False)
    monkeypatch.setattr(audio, "SYSTEM_SOUNDFONTS", ())
    monkeypatch.setattr(audio, "_of_pretty_midi", list)
    with pytest.raises(RenderError, match=r"apt install.*pretty_midi.*CHROMASONIC_SOUNDFONT"):
        render(WALTZ)


def test_nothing_to_play_and_endless_tunes_are_refused() -> None:
    rest = Bar((Note(4 * Q, None),), Metre(4, 4), Key())
    with pytest.raises(RenderError, match="no note"):
        render(Tune("rest", "Rest", (rest,)))
    long = Bar((Note(4 * Q, 60),), Metre(4, 4), Key())
    with pytest.raises(RenderError, match="minutes"):
        render(Tune("long", "Long", (long,) * 2000))
