"""The EmotionRecognizer's frames and the meaning of its answers: C++ equal to Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soxr
import torch
from asking import PARITY, Cpp, largest_gap
from exported_network import network_of

from chromasonic.companion.emotion_data import WARM_UP_FRAMES, mask_of
from chromasonic.formats import log_mel
from chromasonic.formats.abc import read_abc
from chromasonic.formats.audio import render
from chromasonic.music.emotion import expectation, quadrant_masses

TUNES = Path(__file__).parents[1] / "fixtures" / "tunes.abc"
RATE = log_mel.RATE_HZ
Samples = npt.NDArray[np.float32]
Ask = Callable[..., npt.NDArray[np.float64]]


@pytest.fixture(scope="module")
def cpp(built: Path) -> Iterator[Cpp]:
    with Cpp(built) as child:
        yield child


@pytest.fixture
def frames(cpp: Cpp, tmp_path: Path) -> Ask:
    """The C++ frames of samples, heard in blocks."""

    def ask(samples: Samples, *, rate: float = RATE, block: int = 512) -> npt.NDArray[np.float64]:
        path = tmp_path / "samples.f32"
        samples.astype(np.float32).tofile(path)
        answer = cpp.ask("log_mel_frames", path=str(path), rate=rate, block=block)
        return np.array(answer, np.float64).reshape(-1, log_mel.BANDS)

    return ask


@pytest.fixture(scope="module")
def music() -> Samples:
    """Eight seconds of a tune, played by the synthesizer, at 44,100 Hz."""
    tunes = read_abc(TUNES.read_text("utf-8"), source="tunes.abc").tunes
    return render(tunes[0]).samples[: 8 * 44_100]


def sounds(music: Samples) -> dict[str, npt.NDArray[np.float64]]:
    rng, seconds = np.random.default_rng(0), np.arange(3 * RATE) / RATE
    return {
        "tune": soxr.resample(music.astype(np.float64), 44_100, RATE),
        "low sine": np.sin(2 * np.pi * 32.7 * seconds),
        "high sine beside silence": np.sin(2 * np.pi * 7_900 * seconds) * (seconds > 1),
        "sine between bins": 0.9 * np.sin(2 * np.pi * 440.123 * seconds),
        "rising sine": np.sin(2 * np.pi * (30 + 1_300 * seconds) * seconds),
        "noise": rng.normal(0, 0.2, len(seconds)),
        "soft noise": rng.normal(0, 1e-4, len(seconds)),
        "clicks": (rng.random(len(seconds)) < 1e-3).astype(np.float64),
        "far too loud": rng.normal(0, 1e4, len(seconds)),
        "silence": np.zeros(len(seconds)),
        "less than a frame": np.ones(log_mel.HOP - 1),
        "nothing": np.zeros(0),
    }


def test_frames_of_music_sines_noise_and_silence_are_pythons(frames: Ask, music: Samples) -> None:
    for name, samples in sounds(music).items():
        own = samples.astype(np.float32)
        assert largest_gap(frames(own), log_mel.frames_of(own)) <= PARITY, name


def test_blocks_of_any_size_give_the_same_frames(frames: Ask, music: Samples) -> None:
    for rate, samples in ((RATE, sounds(music)["tune"][: 2 * RATE]), (48_000, music[:96_000])):
        whole = frames(samples, rate=rate, block=len(samples))
        assert len(whole) == len(samples) // (rate // 10) - (rate != RATE)
        for block in (1, 64, 441, 512, 2_205, 4_097):
            np.testing.assert_array_equal(frames(samples, rate=rate, block=block), whole)


@pytest.mark.parametrize("rate", [24_000, 32_000, 44_056, 44_100, 48_000, 88_200, 96_000, 192_000])
def test_hosts_of_other_rates_get_nearly_the_frames_of_a_resampled_file(
    frames: Ask, music: Samples, rate: int
) -> None:
    """Python resamples files with soxr. Another good resampler agrees to 0.002 dB in music."""
    at_rate = soxr.resample(music.astype(np.float64), 44_100, rate) if rate != 44_100 else music
    at_rate = at_rate.astype(np.float32)
    expected = log_mel.frames_of(soxr.resample(at_rate, rate, RATE).astype(np.float32))
    answer = frames(at_rate, rate=rate)
    # What is in the filter when the recording ends has not come out: at most its last frame.
    assert len(expected) - len(answer) in (0, 1)
    gap_db = log_mel.UNIT_DB * np.abs(answer - expected[: len(answer)])
    assert gap_db.max() < 0.002
    assert gap_db.mean() < 1e-4


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000, 192_000])
def test_what_only_the_host_can_say_does_not_fold_into_the_bands(frames: Ask, rate: int) -> None:
    """A tone at full scale that would fold to 7,000 Hz is silence, to the floor of 80 dB."""
    seconds = np.arange(rate) / rate
    tone = np.sin(2 * np.pi * (RATE - 7_000) * seconds) * np.minimum(1, 4 * seconds)
    assert frames(tone, rate=rate)[-3:].max() == pytest.approx(log_mel.LOWEST)
    heard = frames(np.sin(2 * np.pi * 7_000 * seconds), rate=rate)[-1]
    assert heard.max() > log_mel.HIGHEST - 0.1


def cells(count: int) -> npt.NDArray[np.float32]:
    """Distributions that wander over the plane."""
    rng = np.random.default_rng(2)
    logits = np.cumsum(rng.normal(0, 0.7, (count, 64)), axis=0)
    shares = np.exp(logits - logits.max(1, keepdims=True))
    return (shares / shares.sum(1, keepdims=True)).astype(np.float32)


def test_a_distribution_has_pythons_place_and_quadrants(cpp: Cpp) -> None:
    asked = np.concatenate([cells(60), np.eye(64, dtype=np.float32)])
    answer = cpp.ask("emotion_places", cells=asked)
    valence, arousal = expectation(asked)
    masses = quadrant_masses(asked)
    assert largest_gap([row["valence"] for row in answer], valence) <= PARITY
    assert largest_gap([row["arousal"] for row in answer], arousal) <= PARITY
    assert largest_gap([row["quadrants"] for row in answer], masses) <= PARITY
    assert [row["quadrant"] for row in answer] == (masses.argmax(1) + 1).tolist()


def test_the_plain_mean_is_the_answer_that_the_model_is_measured_by(cpp: Cpp) -> None:
    asked = cells(90)
    last = cpp.ask("emotion_events", cells=asked)[-1]
    mean = asked[mask_of(len(asked)) > 0].astype(np.float64).mean(0)
    assert largest_gap([last["valence"], last["arousal"]], np.array(expectation(mean))) <= PARITY
    assert largest_gap(last["quadrants"], quadrant_masses(mean)) <= PARITY
    assert last["quadrant"] == quadrant_masses(mean).argmax() + 1


def test_the_smoothed_mean_forgets_and_the_quadrant_does_not_flicker(cpp: Cpp) -> None:
    asked, seconds, margin = cells(200), 1.5, 0.1
    events = cpp.ask("emotion_events", cells=asked, seconds=seconds, margin=margin)
    assert not any(event["is_settled"] for event in events[:WARM_UP_FRAMES])
    assert [event["quadrant"] for event in events[:WARM_UP_FRAMES]] == [0] * WARM_UP_FRAMES
    quadrant, changes = 0, 0
    for now in range(WARM_UP_FRAMES, len(asked)):
        heard = asked[WARM_UP_FRAMES : now + 1].astype(np.float64)
        weight = np.exp(-np.arange(len(heard))[::-1] / (10 * seconds))
        mean = (weight[:, None] * heard).sum(0) / weight.sum()
        masses = quadrant_masses(mean)
        leader = int(masses.argmax()) + 1
        is_changed = not quadrant or masses[leader - 1] > masses[quadrant - 1] + margin
        quadrant = leader if is_changed else quadrant
        changes += is_changed
        event = events[now]
        assert event["is_settled"]
        assert (event["quadrant"], event["has_changed"]) == (quadrant, is_changed)
        found = [event["valence"], event["arousal"]]
        assert largest_gap(found, np.array(expectation(mean))) <= PARITY
    assert changes > 2


@pytest.mark.parametrize(("rate", "most"), [(RATE, 1e-5), (44_100, 1e-3)])
def test_the_model_listens_in_cpp_as_in_python(
    cpp: Cpp, exported_models: Path, music: Samples, tmp_path: Path, rate: int, most: float
) -> None:
    """Sound to valence and arousal; at the host's own rate as near as two resamplers are."""
    at_page = soxr.resample(music.astype(np.float64), 44_100, RATE).astype(np.float32)
    network = network_of(exported_models, "emotion_recognizer")
    answers = network.predict(torch.from_numpy(log_mel.frames_of(at_page))[None])[0].numpy()
    path = tmp_path / "music.f32"
    (music if rate == 44_100 else at_page).tofile(path)
    events = cpp.ask(
        "emotion_listening",
        model=str(exported_models / "emotion_recognizer.json"),
        path=str(path),
        rate=rate,
    )
    assert len(events) > 70
    heard = answers[WARM_UP_FRAMES : len(events)].astype(np.float64).mean(0)
    found = [events[-1]["valence"], events[-1]["arousal"]]
    assert largest_gap(found, np.array(expectation(heard))) <= most
