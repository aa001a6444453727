"""C++ reads bars of notes and gives them strength as Python does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.cpp.asking import Cpp

from chromasonic.companion.dynamics_features import bars_of
from chromasonic.music.bar_grid import STEPS, Beats, place_onsets
from chromasonic.music.performance import PlayedNotes

METRES = [
    [],
    [(0.0, 3, 4)],
    [(0.0, 6, 8)],
    [(0.0, 5, 4)],
    [(0.0, 12, 8), (9.0, 5, 16)],
    [(0.0, 4, 4), (7.0, 6, 4), (20.0, 9, 4), (25.5, 4, 4)],
]
QUARTERS = 64


@pytest.fixture(scope="module")
def cpp(built: Path) -> Iterator[Cpp]:
    with Cpp(built) as child:
        yield child


def played(seed: int, count: int = 500) -> PlayedNotes:
    """Notes of which a quarter is a second, on and off the grid, in chords of up to 12."""
    rng = np.random.default_rng(seed)
    onset = rng.integers(0, (QUARTERS - 4) * 24, count) / 24
    onset = np.repeat(onset, rng.integers(1, 13, count))[:count]
    onset = np.sort(np.where(rng.random(count) < 0.7, onset, rng.random(count) * (QUARTERS - 4)))
    zeros = np.zeros(count, np.int64)
    return PlayedNotes(
        onset_seconds=onset,
        end_seconds=onset + 1,
        onset_quarters=onset,
        pitch=rng.integers(0, 128, count),
        velocity=rng.integers(1, 128, count),
        channel=zeros,
        track=zeros,
        program=zeros,
    )


def sixteenths(metres: Any) -> Beats:
    """The grid of some metres, every sixteenth a beat of its own, a quarter a second."""
    steps = np.arange(QUARTERS * 4)
    is_bar = np.zeros(len(steps), bool)
    changes = [*sorted({0.0: (4, 4)} | {at: (n, d) for at, n, d in metres})]
    signatures = {0.0: (4, 4)} | {at: (n, d) for at, n, d in metres}
    for begin, end in zip(changes, [*changes[1:], float(QUARTERS)], strict=True):
        numerator, denominator = signatures[begin]
        is_bar[int(begin * 4) : int(end * 4) : 16 * numerator // denominator] = True
    return Beats(seconds=steps / 4, is_downbeat=is_bar, sixteenths=np.ones(len(steps), np.int64))


def onsets_of(notes: PlayedNotes) -> dict[str, np.ndarray]:
    return {
        "onset_quarters": notes.onset_quarters,
        "pitch": notes.pitch,
        "velocity": notes.velocity,
    }


@pytest.mark.parametrize("metres", METRES)
def test_bars_give_the_same_features(cpp: Cpp, metres: Any) -> None:
    notes = played(len(metres))
    beats = sixteenths(metres)
    answer = cpp.ask("dynamics_bars", metres=metres, **onsets_of(notes))
    places = place_onsets(notes.onset_seconds, beats)
    assert answer["step"] == places.step.tolist()
    firsts = np.array(answer["window"])
    is_new = np.diff(firsts, prepend=-1) != 0
    assert (is_new == (np.diff(places.window, prepend=-1) != 0)).all()
    features = bars_of(notes, beats).features
    assert np.array(answer["features"], np.float32) == pytest.approx(features, abs=1e-6)
    assert len(features) > 10


def test_the_loudest_note_goes_where_the_model_says_and_a_chord_keeps_its_voicing(
    cpp: Cpp,
) -> None:
    output = np.linspace(0.2, 0.8, STEPS, dtype=np.float32)
    bar = {"step": [0, 0, 4, 15], "pitch": [60, 67, 72, 40], "velocity": [100, 50, 64, 127]}
    velocities = cpp.ask("dynamics_decode", output=output, **bar, amount=1, level=0)
    # 0.2 x 127 = 25.4 and half of it; 0.36 x 127 = 45.72; 0.8 x 127 = 101.6
    assert velocities == [25, 13, 46, 102]
    still = cpp.ask("dynamics_decode", output=output, **bar, amount=0, level=0)
    assert still == bar["velocity"]
    half = cpp.ask("dynamics_decode", output=output, **bar, amount=0.5, level=0)
    assert half == [63, 31, 55, 114]  # 62.7, 31.35, 54.86, 114.3
    louder = cpp.ask("dynamics_decode", output=output, **bar, amount=1, level=30)
    assert louder == [55, 28, 76, 127]  # 55.4, 27.7, 75.72, 131.6


def test_velocities_stay_within_midi(cpp: Cpp) -> None:
    bar = {"step": [0, 1], "pitch": [60, 60], "velocity": [1, 127]}
    assert cpp.ask("dynamics_decode", output=[0] * 16, **bar, amount=4, level=0) == [1, 1]
    assert cpp.ask("dynamics_decode", output=[1] * 16, **bar, amount=4, level=127) == [127, 127]
