"""C++ reads drum bars and answers for them as Python does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.cpp.asking import Cpp
from tests.cpp.humanizing import drum_file, metres_between

from chromasonic.companion import groove_balance
from chromasonic.companion.groove_features import features_of
from chromasonic.companion.groove_humanizing import HumanizeSettings, humanize
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.spec import SPECS
from chromasonic.music.drums import (
    GROUP_OF_PITCH,
    INSTRUMENTS,
    DrumGrid,
    drum_grid,
    instrument_name,
)

METRES = [
    [],
    [(0.0, 3, 4)],
    [(0.0, 7, 8)],
    [(0.0, 5, 4)],
    [(0.0, 12, 8), (9.0, 5, 16)],
    [(0.0, 4, 4), (7.25, 6, 4), (20.0, 1, 32), (22.1, 4, 4)],
    [(3.0, 11, 4), (3.1, 2, 2)],
]


@pytest.fixture(scope="module")
def cpp(built: Path) -> Iterator[Cpp]:
    with Cpp(built) as child:
        yield child


def random_hits(seed: int, count: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Onsets in quarters, on and off the grid, many of them exactly between two steps."""
    rng = np.random.default_rng(seed)
    onset = rng.integers(0, 60 * 24, count) / 24
    onset = np.sort(np.where(rng.random(count) < 0.5, onset, rng.random(count) * 60))
    drums = np.array([*INSTRUMENTS, 0, 27, 60, 127])
    return onset, rng.choice(drums, count), rng.integers(1, 128, count)


def test_the_tables_are_the_same(cpp: Cpp) -> None:
    tables = cpp.ask("groove_tables")
    assert tables["group"] == GROUP_OF_PITCH.tolist()
    assert tables["name"] == [instrument_name(note) for note in range(128)]
    assert (np.array(tables["shares"], np.float32) == groove_balance._SHARE).all()


@pytest.mark.parametrize("metres", METRES)
def test_hits_stand_in_the_same_bars_and_give_the_same_features(cpp: Cpp, metres: Any) -> None:
    hits = random_hits(len(metres))
    grid = drum_grid(*hits, metres)
    onset, pitch, velocity = hits
    answer = cpp.ask(
        "groove_bars", onset_quarters=onset, pitch=pitch, velocity=velocity, metres=metres
    )
    assert answer["first_step"] == grid.first_step.tolist()
    for name in ("hit_bar", "hit_step", "hit_group"):
        assert answer[name] == getattr(grid, name).tolist()
    assert answer["hit_offset"] == pytest.approx(grid.hit_offset, abs=1e-12)
    assert (np.array(answer["features"], np.float32) == features_of(grid.onsets)).all()


def loud_network(seed: int, gain: float) -> CompanionNetwork:
    """Random weights whose answers spread over all velocities and over a step."""
    torch.manual_seed(seed)
    network = CompanionNetwork(SPECS["groove_predictor"]).eval()
    with torch.no_grad():
        for layer in network.layers:
            layer.weight.mul_(gain)
        network.layers[-1].bias[:16] += 0.5
    return network


def decoded(
    cpp: Cpp,
    hits: tuple[np.ndarray, np.ndarray, np.ndarray],
    grid: DrumGrid,
    outputs: np.ndarray,
    settings: HumanizeSettings,
) -> dict[str, np.ndarray]:
    """What C++ makes of each bar's hits, in their order."""
    columns: dict[str, list[Any]] = {"shift": [], "velocity": [], "is_meant": []}
    for bar, output in enumerate(outputs):
        mine = grid.hit_bar == bar  # hits are in time, so bars follow each other
        answer = cpp.ask(
            "groove_decode",
            output=output,
            step=grid.hit_step[mine],
            offset=grid.hit_offset[mine],
            pitch=hits[1][mine],
            velocity=hits[2][mine],
            velocity_amount=settings.amount if settings.velocity is None else settings.velocity,
            timing_amount=settings.amount if settings.timing is None else settings.timing,
            quantize=settings.quantize,
        )
        for name, values in columns.items():
            values += answer[name]
    return {name: np.array(values) for name, values in columns.items()}


@pytest.mark.parametrize(
    "settings",
    [
        HumanizeSettings(),
        HumanizeSettings(amount=0),
        HumanizeSettings(amount=0.6, timing=1.7),
        HumanizeSettings(velocity=4.0, timing=0.0),
        HumanizeSettings(quantize=True),
    ],
)
@pytest.mark.parametrize("metres", [METRES[0], METRES[4]])
def test_each_hit_is_struck_as_in_python(cpp: Cpp, settings: HumanizeSettings, metres: Any) -> None:
    onset, pitch, velocity = random_hits(7)
    network = loud_network(3, 1.6)
    file = drum_file(np.rint(onset * 96).astype(int), pitch, velocity, metres, division=96)
    hits = (file.hits.onset / 96, file.hits.pitch, file.hits.velocity)
    grid = drum_grid(*hits, metres_between(file))
    outputs = network.predict(torch.as_tensor(features_of(grid.onsets))).numpy()
    answer = decoded(cpp, hits, grid, outputs, settings)
    played = humanize(file, network, settings)
    assert answer["velocity"].tolist() == played.new_velocity.tolist()
    assert answer["is_meant"].tolist() == played.is_meant.tolist()
    assert len(np.unique(played.new_velocity)) > 20


def test_the_shift_is_the_offset_itself_to_the_last_digit(cpp: Cpp) -> None:
    hits = random_hits(11)
    grid = drum_grid(*hits)
    network = loud_network(5, 1.5)
    outputs = network.predict(torch.as_tensor(features_of(grid.onsets))).numpy()
    answer = decoded(cpp, hits, grid, outputs, HumanizeSettings(timing=0.75))
    offset = outputs[grid.hit_bar, 16 + grid.hit_step].astype(np.float64)
    free = ~answer["is_meant"]
    assert 50 < free.sum() < len(free)
    assert answer["shift"][free] == pytest.approx(0.75 * offset[free], abs=1e-12)
    assert (answer["shift"][~free] == 0).all()


def test_an_answer_beyond_all_bounds_gives_velocities_all_the_same(cpp: Cpp) -> None:
    answer = cpp.ask(
        "groove_decode",
        output=[3e38] * 8 + [-3e38] * 8 + [-3e38] * 16,
        step=[0, 15],
        offset=[0.0, 0.1],
        pitch=[36, 127],
        velocity=[1, 127],
        velocity_amount=4.0,
        timing_amount=1.0,
        quantize=False,
    )
    assert answer["velocity"] == [127, 1]
