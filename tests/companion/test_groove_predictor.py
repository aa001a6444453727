"""The GroovePredictor: targets, masks, loss, augmentation, learning, the table of results."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from chromasonic.companion import groove_evaluation
from chromasonic.companion.companion import CompanionData, DataRequest
from chromasonic.companion.groove_balance import SHARES, of_groups
from chromasonic.companion.groove_evaluation import JudgedBars, evaluate_groove
from chromasonic.companion.groove_features import (
    HITS,
    STEP_MS,
    TIMING_MAE,
    VELOCITY_MAE,
    groove_examples,
)
from chromasonic.companion.groove_predictor import (
    COMPANION,
    TIMING_WEIGHT,
    groove_augment,
    groove_loss,
)
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.step_baselines import TreeSettings
from chromasonic.companion.synthetic import synthetic_groove
from chromasonic.music.drums import DrumTake
from chromasonic.training.examples import Examples, ExampleTask, collate
from chromasonic.training.loop import fit


def take_of(hits: list[tuple[float, int, int]], name: str = "a", **facts: object) -> DrumTake:
    quarters, pitch, velocity = (np.array(column) for column in zip(*hits, strict=True))
    rest = {
        "drummer": "drummer1", "session": "s", "style": "funk/x", "tempo_bpm": 120.0,
        "beat_type": "beat", "numerator": 4, "denominator": 4, **facts,
    }  # fmt: skip
    return DrumTake(
        id=name, onset_quarters=quarters.astype(float), pitch=pitch, velocity=velocity, **rest
    )  # type: ignore[arg-type]


TAKE = take_of([(0.0, 36, 127), (0.01, 42, 60), (1.05, 38, 100), (4.0, 42, 40), (6.98, 45, 90)])


def test_a_bar_is_64_onsets_and_the_target_its_loudest_hits() -> None:
    examples = groove_examples([TAKE])
    first, second = examples.items
    assert first["features"].sum() == 3
    assert first["features"][[0, 32, 16 + 4]].tolist() == [1, 1, 1]  # kick, hat, snare
    assert first["groove"][[0, 4]] == pytest.approx([1.0, 100 / 127])
    assert first["groove"][[16, 20]] == pytest.approx([0.0, 0.2], abs=1e-6)
    assert first["mask"].nonzero()[0].tolist() == [0, 4, 16, 20]
    assert second["features"][48 + 12] == 1
    assert second["groove"][16 + 12] == pytest.approx(-0.08)
    assert examples.pieces == ["a", "a"]
    assert examples.groups["style"] == ["funk", "funk"]


def test_judged_bars_know_each_drum_and_the_length_of_a_step() -> None:
    (first, _) = groove_examples([TAKE], judged=True).items
    assert first[STEP_MS] == 125
    assert first[HITS][2, 0] == pytest.approx([60, 0.04])  # the hat under the kick
    assert np.isnan(first[HITS][3]).all()


def test_steps_without_an_onset_count_in_no_loss_and_no_metric() -> None:
    tensors = collate(groove_examples([TAKE]).items)
    network = CompanionNetwork(COMPANION.spec)
    before = groove_loss(network, tensors)
    spoiled = {**tensors, "groove": tensors["groove"] + 99 * (1 - tensors["mask"])}
    assert groove_loss(network, spoiled).loss_sum == before.loss_sum
    assert before.metrics[VELOCITY_MAE][1] == before.metrics[TIMING_MAE][1] == 4


def test_the_loss_is_the_sum_of_absolute_errors_of_both() -> None:
    class Silent(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.zeros(len(x), 32)

    loss = groove_loss(Silent(), collate(groove_examples([TAKE]).items))
    velocities, offsets = (127 + 100 + 40 + 90) / 127, 0.2 + 0.08
    assert float(loss.metrics[VELOCITY_MAE][0]) == pytest.approx(127 * velocities, rel=1e-5)
    assert float(loss.metrics[TIMING_MAE][0]) == pytest.approx(offsets, rel=1e-4)
    whole = velocities + TIMING_WEIGHT * offsets
    assert float(loss.objective_sum) == pytest.approx(whole, rel=1e-5)


def test_augmentation_makes_bars_of_the_takes_own_hits() -> None:
    items = groove_examples([TAKE]).items
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(200):
        new = groove_augment(items[0], rng)
        rows = new["features"].reshape(4, 16)
        struck = np.tile(rows.any(axis=0), 2)
        assert (new["mask"] == struck).all()
        assert set(np.round(new["groove"][:16] * 127).astype(int)) <= {0, 127, 100, 40, 90}
        assert not new["groove"][~struck].any()
        seen.add(new["features"].tobytes())
    assert len(seen) > 4
    other = groove_examples([take_of([(0.0, 36, 90)], numerator=3)]).items[0]
    assert all((groove_augment(other, rng)["features"] == other["features"]).all() for _ in "abcde")


def test_shares_are_for_groups_that_meet_and_never_above_the_loudest() -> None:
    assert all(len(groups) == len(shares) for groups, shares in SHARES.items())
    assert all(max(s) <= 1 and min(s) > 0 for shares in SHARES.values() for s in shares)
    features = np.zeros((1, 64), np.float32)
    features[0, [0, 16, 32]] = 1
    velocity = np.full((1, 16), 100, np.float32)
    assert of_groups(velocity, features)[0, :3, 0] == pytest.approx([63, 83, 100])
    assert of_groups(velocity * 0.5, features)[0, :3, 0] == pytest.approx([43.5, 30, 48.5])


def made_up(count: int = 400) -> CompanionData:
    train, validation, test = (synthetic_groove(n, s) for n, s in ((count, 0), (80, 1), (80, 2)))
    return CompanionData(train=train, validation=validation, test=lambda: test, manifests=())


def trained(data: CompanionData, epochs: int) -> CompanionNetwork:
    torch.manual_seed(0)
    network = CompanionNetwork(COMPANION.spec)
    task = ExampleTask(data.train, data.validation, COMPANION.loss, COMPANION.augment)
    config = replace(COMPANION.training, epochs=epochs, batch_size=32, device="cpu")
    fit(network, task, config, folder=None, name="groove")
    return network


@pytest.fixture
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees that take no time; how good they are is not asked here."""
    few = TreeSettings(rounds=3, leaves=7)
    monkeypatch.setattr(groove_evaluation, "VELOCITY_TREES", few)
    monkeypatch.setattr(groove_evaluation, "TIMING_TREES", few)


@pytest.mark.usefixtures("few_trees")
def test_it_learns_made_up_grooves_better_than_every_baseline_without_bars() -> None:
    data = made_up()
    rows = evaluate_groove(trained(data, 15), data)
    values = {row.method: row.figures for row in rows if row.test.endswith("test")}
    ours = values.pop("model")
    for name in (VELOCITY_MAE, TIMING_MAE):
        others = [f[name].value for method, f in values.items() if "trees" not in method]
        assert ours[name].value < min(others)
    assert {row.is_baseline for row in rows} == {True, False}


def test_it_learns_a_small_batch_by_heart() -> None:
    batch = collate(groove_examples([TAKE]).items)
    torch.manual_seed(0)
    network = CompanionNetwork(COMPANION.spec)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    for step in range(300):
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * (1 - step / 300)
        optimizer.zero_grad()
        groove_loss(network, batch).objective_sum.backward()
        optimizer.step()
    assert groove_loss(network, batch).loss_sum.item() < 0.02


@pytest.mark.usefixtures("few_trees")
def test_intervals_are_over_takes_and_groups_have_rows_of_their_own() -> None:
    takes = [
        take_of([(q, 38, v + n), (q + 1, 36, 60)], f"t{n}", style=style, drummer=f"drummer{n % 2}")
        for n, (q, v, style) in enumerate([(0, 90, "funk"), (4, 80, "jazz"), (8, 70, "jazz")])
    ]
    examples = groove_examples(takes, judged=True)
    data = CompanionData(train=examples, validation=examples, test=lambda: examples, manifests=())
    rows = evaluate_groove(CompanionNetwork(COMPANION.spec), data)
    tests = {row.test.partition(", test")[2] for row in rows}
    assert {"", ", drum: kick", ", drum: snare", ", style: jazz", ", drummer: drummer0"} <= tests
    straight = next(row for row in rows if row.method.startswith("straight, velocity 100"))
    assert straight.figures[VELOCITY_MAE].n == 3
    # Errors against 100: snares of 90, 81, 72, kicks of 60.
    expected = (10 + 19 + 28 + 40 * 3) / 6
    assert straight.figures[VELOCITY_MAE].value == pytest.approx(expected, rel=1e-5)
    assert straight.figures["timing MAE (ms)"].value == 0


def test_examples_without_groups_are_judged_too() -> None:
    bars = JudgedBars.of(
        Examples(*[getattr(synthetic_groove(9, 0), k) for k in ("items", "pieces")])
    )
    assert bars.count == 2


@pytest.mark.corpus
def test_the_real_bars_follow_the_official_split_or_a_new_one(corpus_folder) -> None:  # type: ignore[no-untyped-def]
    official = COMPANION.load(DataRequest(data_dir=corpus_folder))
    assert (len(set(official.train.pieces)), len(set(official.validation.pieces))) == (897, 124)
    again = COMPANION.load(DataRequest(data_dir=corpus_folder, validation_split=0.2, seed=3))
    test = set(official.test().pieces)
    assert len(test) == 129
    assert not test & {*again.train.pieces, *again.validation.pieces}
    assert len(set(again.validation.pieces)) == pytest.approx(0.2 * 1021, rel=0.15)
