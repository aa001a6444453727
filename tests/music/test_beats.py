"""Beats estimated from notes: of made-up pieces whose beats are known; and of ASAP's."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from chromasonic.data.loading import load
from chromasonic.errors import ConfigError, DataError
from chromasonic.music.beats import BeatTracking, estimate_beats
from chromasonic.music.performance import PlayedNotes


def played(rows: list[tuple[float, float, int, int]]) -> PlayedNotes:
    """Notes from (onset, length, pitch, velocity)."""
    onset, length, pitch, velocity = (
        np.array(column) for column in zip(*sorted(rows), strict=True)
    )
    zeros = np.zeros(len(rows), np.int64)
    return PlayedNotes(
        onset_seconds=onset.astype(float), end_seconds=onset + length, onset_quarters=onset * 2.0,
        pitch=pitch, velocity=velocity, channel=zeros, track=zeros, program=zeros,
    )  # fmt: skip


def piece(beats: np.ndarray, beats_a_bar: int, *, seed: int = 0) -> PlayedNotes:
    """A bass on each downbeat, chords on the others, eighths above, each up to 15 ms off."""
    rng = np.random.default_rng(seed)
    rows = []
    for number, (start, end) in enumerate(pairwise(beats)):
        is_downbeat = number % beats_a_bar == 0
        rows.append((start, 0.6 if is_downbeat else 0.2, 36 if is_downbeat else 55, 80))
        if not is_downbeat:
            rows.append((start, 0.2, 60, 50))
        rows.append((start, 0.2, int(rng.integers(70, 80)), 70))
        if rng.random() < 0.7:
            rows.append(((start + end) / 2, 0.2, int(rng.integers(70, 80)), 55))
    return played([(at + rng.uniform(-0.015, 0.015), *rest) for at, *rest in rows])  # type: ignore[misc]


def f_measure(reference: np.ndarray, estimated: np.ndarray, tolerance: float = 0.07) -> float:
    """Hits counted as mir_eval's `beat.f_measure` counts them: each beat meets at most one."""
    hits, place = 0, 0
    for at in reference:
        while place < len(estimated) and estimated[place] < at - tolerance:
            place += 1
        if place < len(estimated) and estimated[place] <= at + tolerance:
            hits, place = hits + 1, place + 1
    return 2 * hits / (len(reference) + len(estimated))


@pytest.mark.parametrize("period", [0.4, 0.5, 0.65])
@pytest.mark.parametrize("beats_a_bar", [3, 4])
def test_even_beats_and_bar_lines_are_found(period: float, beats_a_bar: int) -> None:
    truth = 3.0 + period * np.arange(49)
    found = estimate_beats(piece(truth, beats_a_bar))
    assert f_measure(truth[:-1], found.seconds) > 0.97
    downbeats = found.seconds[found.is_downbeat]
    assert f_measure(truth[:-1:beats_a_bar], downbeats) > 0.9


def test_beats_are_followed_through_a_slow_change_of_tempo() -> None:
    truth = np.cumsum(np.linspace(0.45, 0.62, 80))
    found = estimate_beats(piece(truth, 4))
    assert f_measure(truth[:-1], found.seconds) > 0.95


def test_the_same_notes_give_the_same_beats_wherever_they_begin() -> None:
    notes = piece(0.5 * np.arange(33), 4)
    later = piece(0.5 * np.arange(33) + 100.0, 4)
    first, second = estimate_beats(notes), estimate_beats(later)
    np.testing.assert_array_equal(first.seconds, estimate_beats(notes).seconds)
    np.testing.assert_allclose(second.seconds - 100.0, first.seconds, atol=0.011)


@pytest.mark.parametrize(
    "rows",
    [
        [(1.0, 1.0, 60, 80)],
        [(1.0, 1.0, 60, 80), (1.0, 1.0, 64, 80)],
        [(1.0, 1.0, 60, 80), (1.3, 1.0, 64, 80)],
        [(0.0, 1.0, 60, 80), (500.0, 1.0, 64, 80)],
    ],
)
def test_notes_that_say_nothing_of_a_beat_get_a_grid_all_the_same(
    rows: list[tuple[float, float, int, int]],
) -> None:
    found = estimate_beats(played(rows))
    assert len(found) >= 2
    assert (np.diff(found.seconds) > 0).all()


def test_no_note_at_all_has_no_beats() -> None:
    with pytest.raises(DataError, match="without any note"):
        estimate_beats(played([(0.0, 1.0, 60, 80)])[np.zeros(1, bool)])


@pytest.mark.parametrize("settings", [{"tightness": 0.0}, {"shortest_seconds": 2.0}])
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        BeatTracking(**settings)


@pytest.mark.corpus
def test_annotated_beats_of_real_performances_are_met_half_of_the_time(corpus_folder: Path) -> None:
    """A bound far below what the guide reports; a wrong grid meets about a fifth by chance."""
    corpus = load("asap", data_dir=corpus_folder, download=False)
    scores = [
        f_measure(piece.beats.seconds, estimate_beats(piece.notes).seconds)
        for piece in corpus.part("train")[::40]
    ]
    assert np.mean(scores) > 0.5
