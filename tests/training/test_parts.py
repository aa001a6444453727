"""Batches, schedules, early stopping, averaging, configuration, run directory."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from chromasonic.errors import CheckpointError, ConfigError
from chromasonic.training.averaging import WeightAverage
from chromasonic.training.batches import bucketed, padding_share, share
from chromasonic.training.config import TrainingConfig
from chromasonic.training.early_stopping import EarlyStopping
from chromasonic.training.run_directory import RunDirectory, code_commit
from chromasonic.training.schedules import build_schedule


@given(
    st.lists(st.integers(1, 500), min_size=1, max_size=80),
    st.integers(1, 9),
    st.one_of(st.none(), st.integers(0, 99)),
)
def test_each_example_stands_in_exactly_one_batch(
    lengths: list[int], size: int, seed: int | None
) -> None:
    rng = None if seed is None else np.random.default_rng(seed)
    plan = bucketed(lengths, batch_size=size, rng=rng)
    assert sorted(number for batch in plan for number in batch) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= size for batch in plan)


def test_padding_stays_under_a_tenth_on_lengths_as_tunes_have_them() -> None:
    rng = np.random.default_rng(1)
    lengths = np.exp(rng.normal(5.3, 0.5, 1000)).astype(int).tolist()
    plain = [list(range(i, min(i + 32, 1000))) for i in range(0, 1000, 32)]
    plan = bucketed(lengths, batch_size=32, rng=np.random.default_rng(0))
    assert padding_share(lengths, plan) < 0.1 < padding_share(lengths, plain)
    assert plan != bucketed(lengths, batch_size=32, rng=np.random.default_rng(1))


def test_padding_share_by_hand() -> None:
    assert padding_share([2, 4, 3], [[0, 1], [2]]) == pytest.approx(2 / 11)


def test_shares_are_even_and_whole() -> None:
    assert [share(range(7), index, 3) for index in range(3)] == [
        range(0, 7, 3), range(1, 7, 3), range(2, 7, 3),
    ]  # fmt: skip


def config(**values: object) -> TrainingConfig:
    return TrainingConfig(**{"learning_rate": 1.0, **values})  # type: ignore[arg-type]


def test_the_plateau_cuts_after_its_patience_and_never_below_the_floor() -> None:
    schedule = build_schedule(config(scheduler_patience=1, min_learning_rate=0.2))
    rates = []
    for loss in (3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0):
        rates.append(schedule.rate(step=0, epochs_done=0))
        schedule.epoch_ended(loss)
    assert rates == [1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.2]


def test_steps_and_cosine_by_hand() -> None:
    steps = build_schedule(config(scheduler="step", step_epochs=2, scheduler_factor=0.1))
    assert [steps.rate(step=0, epochs_done=e) for e in (0, 1.9, 2, 4)] == pytest.approx(
        [1, 1, 0.1, 0.01]
    )
    cosine = build_schedule(config(scheduler="cosine", epochs=10, min_learning_rate=0.0))
    assert [cosine.rate(step=0, epochs_done=e) for e in (0, 2.5, 5, 10)] == pytest.approx(
        [1, (1 + math.cos(math.pi / 4)) / 2, 0.5, 0]
    )


@pytest.mark.parametrize("name", ["reduce_on_plateau", "step", "cosine"])
def test_every_schedule_warms_up(name: str) -> None:
    schedule = build_schedule(config(scheduler=name, warmup_steps=4))
    rates = [schedule.rate(step=step, epochs_done=0) for step in range(6)]
    assert rates == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])


def test_early_stopping_waits_for_improvements_worth_the_name() -> None:
    stopping = EarlyStopping(patience=2, min_delta=0.1)
    seen = []
    for epoch, loss in enumerate([1.0, 0.95, 0.8, 0.79, 0.78], 1):
        seen.append((stopping.update(epoch, loss), stopping.should_stop))
    assert seen == [(True, False), (True, False), (True, False), (True, False), (True, True)]
    assert (stopping.best_loss, stopping.best_epoch) == (0.78, 5)
    never = EarlyStopping(patience=0)
    for epoch in range(1, 99):
        never.update(epoch, 1.0)
    assert never.waited == 97
    assert not never.should_stop


def test_the_average_of_weights_by_hand() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 1.0)
    average = WeightAverage(model, decay=0.5)
    for value in (2.0, 3.0):
        nn.init.constant_(model.weight, value)
        average.update(model)
    # Decays 2/11 and 3/12: 1 -> 2/11 + 2 * 9/11 = 20/11 -> 5/11 + 3 * 9/12.
    with average.in_place_of(model):
        assert model.weight.item() == pytest.approx(5 / 11 + 2.25)
    assert model.weight.item() == 3.0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0), ("batch_size", 0), ("accumulation", 0), ("learning_rate", 0.0),
        ("learning_rate", math.inf), ("learning_rate", math.nan), ("weight_decay", -1.0),
        ("grad_clip", -1.0), ("label_smoothing", 1.0), ("scheduler", "linear"),
        ("scheduler_factor", 1.0), ("patience", -1), ("average_decay", 1.0), ("precision", "fp8"),
        ("seed", -1), ("min_learning_rate", 0.5), ("checkpoint_every", -1),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_what_is_allowed(field: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"{field} is {value!r}; allowed: "):
        TrainingConfig(**{field: value})  # type: ignore[arg-type]
    assert dataclasses.is_dataclass(TrainingConfig())


def test_a_run_directory_tells_what_was_trained(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "run")
    assert not run.is_there
    with pytest.raises(CheckpointError, match="is no run directory: cannot read run.json"):
        run.facts()
    run.begin(recipe={"data": {"dataset": "x"}}, facts={"seed": 3}, split={"train": ["a"]})
    run.add_result("lstm", {"epochs": 2})
    run.add_session()
    facts = run.facts()
    assert run.is_there
    assert run.recipe() == {"data": {"dataset": "x"}}
    assert run.split() == {"train": ["a"]}
    assert (facts["seed"], facts["results"]) == (3, {"lstm": {"epochs": 2}})
    assert facts["libraries"]["torch"] == torch.__version__
    assert len(facts["resumed"]) == 1
    assert {"date", "command", "code_version", "code_commit", "python", "platform"} <= facts.keys()
    assert code_commit() == "" or len(code_commit()) == 40
    (tmp_path / "run/run.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"run.json is broken"):
        run.facts()
