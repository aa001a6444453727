"""The DynamicsEngine: bars out of performances, its loss, its table, and that it learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from chromasonic.companion.companion import DataRequest
from chromasonic.companion.dynamics_data import DynamicsData, load_dynamics
from chromasonic.companion.dynamics_engine import COMPANION, dynamics_augment
from chromasonic.companion.dynamics_evaluation import (
    MEAN_MAE,
    SHAPE_CORRELATION,
    SHAPE_MAE,
    VELOCITY_MAE,
    JudgedBars,
    evaluate_dynamics,
    rows_of,
    shape_within_bars,
)
from chromasonic.companion.dynamics_features import bars_of, dynamics_examples
from chromasonic.companion.network import CompanionNetwork
from chromasonic.data.asap import FACTS
from chromasonic.data.corpus import Manifest
from chromasonic.errors import CorpusError
from chromasonic.music.bar_grid import Beats
from chromasonic.music.performance import PlayedNotes
from chromasonic.music.piano_performance import PianoPerformance
from chromasonic.training.examples import Example, ExampleTask, collate


def played(rows: list[tuple[float, int, int]]) -> PlayedNotes:
    """Notes from (onset, pitch, velocity)."""
    onset, pitch, velocity = (np.array(column) for column in zip(*sorted(rows), strict=True))
    zeros = np.zeros(len(rows), np.int64)
    return PlayedNotes(
        onset_seconds=onset.astype(float), end_seconds=onset + 0.1, onset_quarters=onset * 2.0,
        pitch=pitch, velocity=velocity, channel=zeros, track=zeros, program=zeros,
    )  # fmt: skip


FOUR_BEATS = Beats.even(0.5 * np.arange(8))


def recital(number: int, *, bars: int = 8, composer: str = "Bach") -> PianoPerformance:
    """A performance that is louder the higher and the fuller it is."""
    rng = np.random.default_rng(number)
    rows = []
    for sixteenth in range(16 * bars):
        if rng.random() < 0.6:
            base, notes = int(rng.integers(40, 85)), int(rng.integers(1, 5))
            loud = int(np.clip(10 + 0.6 * base + 8 * notes + rng.normal(0, 3), 1, 127))
            rows += [(0.125 * sixteenth, base + 3 * n, loud) for n in range(notes)]
    return PianoPerformance(
        id=f"asap/x/{number}", composer=composer, title=f"Piece {number}", notes=played(rows),
        beats=Beats.even(0.5 * np.arange(4 * bars)),
    )  # fmt: skip


def test_a_bar_is_counts_and_mean_heights_of_what_begins_on_each_sixteenth() -> None:
    notes = played([(0.0, 60, 50), (0.01, 72, 90), (0.25, 84, 30), (2.0, 48, 10)])
    bars = bars_of(notes, FOUR_BEATS)
    weight, height = bars.features[:, :16], bars.features[:, 16:]
    np.testing.assert_allclose(weight[0, [0, 1, 2]], [2 / 8, 0, 1 / 8])
    np.testing.assert_allclose(height[0, [0, 1, 2]], [6 / 24, 0, 1])
    np.testing.assert_allclose(height[1, 0], -0.5)
    np.testing.assert_allclose(bars.loudest[0, [0, 1, 2]] * 127, [90, 0, 30], rtol=1e-6)
    np.testing.assert_allclose(bars.mean[0, [0, 1, 2]] * 127, [70, 0, 30], rtol=1e-6)
    assert bars.struck.sum(axis=1).tolist() == [2, 1]
    assert bars.bar_steps.tolist() == [16, 16]


def test_more_than_eight_notes_at_once_weigh_no_more() -> None:
    notes = played([(0.0, 40 + n, 50) for n in range(12)])
    assert bars_of(notes, FOUR_BEATS).features[0, 0] == 1.0


def test_bars_in_which_nothing_begins_are_no_examples() -> None:
    notes = played([(2.1, 60, 50)])
    assert len(bars_of(notes, FOUR_BEATS).features) == 1


def test_beats_that_nobody_annotated_are_estimated() -> None:
    known = recital(1)
    unknown = PianoPerformance(
        id=known.id, composer=known.composer, title=known.title, notes=known.notes
    )
    by_hand = dynamics_examples([known], estimated=True)
    assert len(dynamics_examples([unknown])) == len(by_hand) > 1
    assert len(by_hand.items) == len(by_hand.pieces) == len(by_hand.groups["composer"])


def test_steps_without_an_onset_count_in_no_loss_and_no_metric() -> None:
    examples = dynamics_examples([recital(1)])
    tensors = collate(examples.items)
    network = CompanionNetwork(COMPANION.spec)
    spoiled = dict(tensors)
    spoiled["expression"] = torch.where(tensors["mask"] > 0, tensors["expression"], 9.0)
    clean, same = (COMPANION.loss(network, batch) for batch in (tensors, spoiled))
    assert torch.equal(clean.loss_sum, same.loss_sum)
    error, count = clean.metrics[VELOCITY_MAE]
    answer = network.predict(tensors["features"])
    mask = tensors["mask"] > 0
    expected = (answer - tensors["expression"]).abs()[mask].mean() * 127
    assert float(error.detach() / count) == pytest.approx(float(expected), rel=1e-5)


def test_an_error_of_shape_costs_more_than_the_same_error_of_level() -> None:
    tensors = collate(dynamics_examples([recital(1)]).items)
    mask = tensors["mask"]

    class Answers(torch.nn.Module):
        def __init__(self, error: torch.Tensor) -> None:
            super().__init__()
            self.error = error

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            return torch.logit((tensors["expression"] + self.error * mask).clamp(0.01, 0.99))

    sign = 1.0 - 2.0 * (mask.cumsum(dim=1) % 2)
    level, shape = (
        float(COMPANION.loss(Answers(error), tensors).loss_sum)
        for error in (torch.full_like(mask, 0.02), 0.02 * sign)
    )
    # 0.02 is below the bend: 0.02^2 / (2 x 0.15) a step, and a quarter of it for the level.
    steps = float(mask.sum())
    assert level == pytest.approx(0.25 * steps * 0.02**2 / 0.3, rel=1e-3)
    assert 0.9 < shape / (steps * 0.02**2 / 0.3) <= 1


def test_augmentation_only_mixes_neighbours_turns_transposes_and_leaves_out() -> None:
    bars = dynamics_examples([recital(1)]).items
    item = bars[0]
    copy = {name: np.copy(value) for name, value in item.items()}

    def onsets(bar: Example) -> list[tuple[float, float, float]]:
        columns = bar["features"][:16], bar["features"][16:], bar["expression"]
        return [tuple(float(c[step]) for c in columns) for step in bar["mask"].nonzero()[0]]  # type: ignore[misc]

    def moved(bar: Example, semitones: int) -> set[tuple[float, float, float]]:
        return {(w, round(h + semitones / 24, 4), v) for w, h, v in onsets(bar)}

    gaps = set()
    for seed in range(30):
        other = dynamics_augment(item, np.random.default_rng(seed))
        assert set(other) == set(item)
        fits = [
            gap
            for gap in range(-12, 13)
            if moved(other, 0) <= set.union(*(moved(bar, gap) for bar in bars))
        ]
        assert fits, "each onset keeps its weight and its velocity, and all move alike"
        gaps |= set(fits) if len(onsets(other)) > 3 else set()
        silent = np.tile(other["mask"] == 0, 2)
        assert not other["features"][silent].any()
    assert {-3, 3} <= gaps <= set(range(-3, 4)), "transposed by whole semitones, three at most"
    assert all(np.array_equal(item[name], copy[name]) for name in item), "the bar itself stays"


def test_shape_within_bars_by_hand() -> None:
    truth = np.array([[0.1, 0.3, 0.5, 9.0], [0.2, 0.4, 0.6, 0.8]], np.float32)
    answer = np.array([[0.6, 0.8, 1.0, 0.0], [0.8, 0.6, 0.4, 0.2]], np.float32)
    mask = np.array([[1, 1, 1, 0], [1, 1, 1, 1]], bool)
    error, correlation = shape_within_bars(answer, truth, mask)
    np.testing.assert_allclose(error, [0.0, 0.6 + 0.2 + 0.2 + 0.6], atol=1e-6)
    np.testing.assert_allclose(correlation, [1.0, -1.0], atol=1e-6)
    flat = np.full_like(answer, 0.5)
    assert shape_within_bars(flat, truth, mask)[1].tolist() == [0.0, 0.0]


def test_the_figures_of_a_row_are_ratios_of_sums_over_performances() -> None:
    bars = JudgedBars.of(dynamics_examples([recital(n) for n in range(4)], judged=True))
    truth = bars.steps.targets
    (row,) = rows_of(bars, {"model": truth + np.float32(0.1)}, test="x")
    assert row.figures[VELOCITY_MAE].value == pytest.approx(12.7, rel=1e-4)
    assert row.figures[SHAPE_MAE].value == pytest.approx(0, abs=1e-4)
    assert row.figures[SHAPE_CORRELATION].value == pytest.approx(1, abs=1e-4)
    assert row.figures[MEAN_MAE].value == pytest.approx(12.7, rel=1e-4), "its chords are even"
    assert row.figures[VELOCITY_MAE].n == 4


def data_of(pieces: int) -> DynamicsData:
    half = [recital(n) for n in range(pieces)]
    rest = [recital(n + 100, composer="Haydn" if n % 2 else "Bach") for n in range(4)]
    return DynamicsData(
        train=dynamics_examples(half),
        validation=dynamics_examples(rest, judged=True),
        test=lambda: dynamics_examples(rest, judged=True),
        others=lambda: {
            "maestro, test, estimated beats": dynamics_examples(rest, estimated=True, judged=True)
        },
        manifests=(Manifest.of(FACTS, found_at="", found_by="", fingerprint="", counts={}),),
    )


def test_the_table_has_the_model_its_baselines_both_kinds_of_beats_and_composers() -> None:
    rows = evaluate_dynamics(CompanionNetwork(COMPANION.spec), data_of(6))
    methods = {row.method: row.is_baseline for row in rows}
    assert methods["model"] is False
    assert {name for name, is_baseline in methods.items() if is_baseline} >= {
        "constant (median)", "mean of each cell (step and metre)", "gradient-boosted trees",
    }  # fmt: skip
    assert {row.test for row in rows} == {
        "asap, test", "asap, test, composer: Bach", "asap, test, composer: Haydn",
        "maestro, test, estimated beats",
    }  # fmt: skip
    assert all(figure.is_defined for row in rows for figure in row.figures.values())


def train(network: CompanionNetwork, data: DynamicsData, epochs: int, *, plain: bool) -> None:
    task = ExampleTask(
        train=data.train, validation=data.validation, loss_of=COMPANION.loss,
        augment=None if plain else COMPANION.augment,
    )  # fmt: skip
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    for epoch in range(epochs):
        batches = task.epoch("train", seed=0, epoch=epoch, batch_size=32)
        for plan in batches.plan:
            batch = batches.batch(plan)
            optimizer.zero_grad()
            (task.loss(network, batch, label_smoothing=0).objective_sum / batch.count).backward()
            optimizer.step()


def test_it_learns_what_made_up_pianists_do_better_than_cells_can() -> None:
    torch.manual_seed(0)
    network, data = CompanionNetwork(COMPANION.spec), data_of(24)
    train(network, data, 25, plain=False)
    rows = [row for row in evaluate_dynamics(network, data) if row.test == "asap, test"]
    errors = {row.method: row.figures[VELOCITY_MAE].value for row in rows}
    assert errors["model"] < 0.6 * errors["mean of each cell (step and metre)"]


def test_it_overfits_one_batch() -> None:
    torch.manual_seed(0)
    network, data = CompanionNetwork(COMPANION.spec), data_of(1)
    train(network, data, 400, plain=True)
    tensors = collate(data.train.items)
    error, count = COMPANION.loss(network, tensors).metrics[VELOCITY_MAE]
    assert float(error.detach() / count) < 1.5


def test_without_asap_and_maestro_it_says_so(no_corpora: Path) -> None:
    with pytest.raises(CorpusError, match="neither is on this machine"):
        load_dynamics(DataRequest(data_dir=no_corpora))


@pytest.mark.corpus
def test_the_real_corpus_gives_bars_of_three_parts(corpus_folder: Path) -> None:
    data = load_dynamics(DataRequest(data_dir=corpus_folder))
    assert len(set(data.train.pieces)) == 399
    assert len(set(data.validation.pieces)) == 46
    assert (len(data.train), len(data.validation)) == (77_789, 7_602)
