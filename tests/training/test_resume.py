"""Interrupted and resumed equals uninterrupted, to the last bit, whenever the process dies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from toy import ToyModel, ToyTask, plain, same_tensors

from chromasonic.errors import CheckpointError, UsageError
from chromasonic.training.checkpoint import load_checkpoint
from chromasonic.training.config import TrainingConfig
from chromasonic.training.history import TrainingHistory
from chromasonic.training.loop import fit
from chromasonic.training.observers import Observer

HERE = Path(__file__).parent
META = {"task": "toy", "model": {"kind": "toy", "config": {"size": 8}}, "vocabulary": "v1"}
STATES = (
    "model_state_dict", "optimizer_state_dict", "scheduler_state_dict", "rng_state",
    "sampler_state", "early_stopping_state_dict", "average_state_dict", "epoch",
)  # fmt: skip


def config(**changes: object) -> TrainingConfig:
    values = {"epochs": 6, "batch_size": 8, "learning_rate": 0.01, "device": "cpu", **changes}
    return TrainingConfig(**values)  # type: ignore[arg-type]


class StopAfter(Observer):
    def __init__(self, epoch: int, batch: int | None = None) -> None:
        self.at = (epoch, batch)

    def on_batch(self, epoch: int, batch: int, batches: int) -> None:
        if (epoch, batch) == self.at:
            raise KeyboardInterrupt

    def on_epoch(self, epoch, is_best):  # type: ignore[no-untyped-def]
        if self.at == (epoch.epoch, None):
            raise KeyboardInterrupt


def run(folder: Path, observers=(), *, model=None, metadata=META, **changes: object):
    model = model or ToyModel()
    resume = bool(changes.pop("resume", False))
    history = fit(
        model, ToyTask(), config(**changes), folder=folder, name="toy", observers=observers,
        resume=resume, metadata=metadata,
    )  # fmt: skip
    return history, model


def assert_same_run(folder: Path, other: Path) -> None:
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(path.name for path in other.iterdir())
    for path in folder.glob("*.pt"):
        ours, theirs = load_checkpoint(path), load_checkpoint(other / path.name)
        for key in STATES:
            assert same_tensors(ours[key], theirs[key]), f"{path.name}: {key} differs"
    left, right = (TrainingHistory.load(f / "toy_history.json") for f in (folder, other))
    assert plain(left) == plain(right)


@pytest.mark.parametrize("at", [(1, None), (3, None), (5, None), (4, 2)])
@pytest.mark.parametrize(
    "settings",
    [
        {"scheduler": "reduce_on_plateau", "scheduler_patience": 0, "learning_rate": 0.5},
        {"scheduler": "cosine", "warmup_steps": 7, "average_decay": 0.9},
        {"scheduler": "step", "step_epochs": 2, "accumulation": 2, "precision": "fp16"},
    ],
    ids=lambda value: value["scheduler"],
)
def test_an_interrupted_run_goes_on_exactly(tmp_path: Path, settings: dict, at: tuple) -> None:
    straight, model = run(tmp_path / "straight", **settings)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "resumed", [StopAfter(*at)], **settings)
    # The new process begins with other weights: all must come from the checkpoint.
    other = ToyModel(seed=99)
    resumed, _ = run(tmp_path / "resumed", model=other, resume=True, **settings)
    assert plain(resumed) == plain(straight)
    assert same_tensors(model.state_dict(), other.state_dict())
    assert_same_run(tmp_path / "straight", tmp_path / "resumed")


def driver(folder: Path, mode: str) -> dict:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(HERE / "kill_driver.py"), str(folder), mode]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(("mode", "at_least"), [("files", 20), ("random", 1)])
def test_kill_9_at_any_moment_loses_nothing(tmp_path: Path, mode: str, at_least: int) -> None:
    import kill_driver

    straight = tmp_path / "straight"
    fit(ToyModel(), ToyTask(), kill_driver.CONFIG, folder=straight, name="toy")
    outcome = driver(tmp_path, mode)
    assert outcome.get("kills", len(outcome["trials"])) >= at_least
    for folder, code in outcome["trials"]:
        assert code == 0, folder
        assert_same_run(straight, Path(folder))


def test_what_a_killed_process_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    run(tmp_path, epochs=1)
    half = tmp_path / ".toy_latest.pt.abc.tmp"
    half.write_bytes(b"half")
    (tmp_path / ".other_latest.pt.abc.tmp").write_bytes(b"another run's")
    run(tmp_path, epochs=2, resume=True)
    assert not half.exists()
    assert (tmp_path / ".other_latest.pt.abc.tmp").exists()


def test_a_finished_run_can_be_given_more_epochs(tmp_path: Path) -> None:
    straight, _ = run(tmp_path / "straight", epochs=6, patience=0)
    run(tmp_path / "more", epochs=2, patience=0)
    longer, _ = run(tmp_path / "more", epochs=6, patience=0, resume=True)
    assert plain(longer) == plain(straight)


def test_a_run_that_stopped_early_goes_on_with_more_patience(tmp_path: Path) -> None:
    short, _ = run(tmp_path, epochs=60, learning_rate=1.0, patience=2, grad_clip=0)
    assert short.end == "patience"
    again, _ = run(tmp_path, epochs=60, learning_rate=1.0, patience=2, grad_clip=0, resume=True)
    assert len(again) == len(short)
    longer, _ = run(tmp_path, epochs=60, learning_rate=1.0, patience=9, grad_clip=0, resume=True)
    assert len(longer) > len(short)


def test_resume_without_a_checkpoint_begins(tmp_path: Path) -> None:
    history, _ = run(tmp_path, resume=True)
    assert plain(history) == plain(run(tmp_path / "other")[0])


def test_other_settings_are_named_and_refused(tmp_path: Path) -> None:
    run(tmp_path, epochs=2)
    with pytest.raises(UsageError, match=r"learning_rate 0.01 -> 0.5.*--init-from"):
        run(tmp_path, resume=True, learning_rate=0.5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"vocabulary": "v2"}, r"another vocabulary \(v1; here v2\)"),
        ({"task": "gesture"}, r"another task \(toy; here gesture\)"),
        ({"model": {"kind": "lstm", "config": {}}}, "another architecture: toy there, lstm here"),
        ({"model": {"kind": "toy", "config": {"size": 9}}}, "size is 8 there, 9 here"),
    ],
)
@pytest.mark.parametrize("way", ["resume", "init_from"])
def test_another_vocabulary_or_architecture_is_named(
    tmp_path: Path, change: dict, says: str, way: str
) -> None:
    run(tmp_path, epochs=1)
    before = (tmp_path / "toy_best.pt").read_bytes()
    metadata = {**META, **change}
    with pytest.raises(CheckpointError, match=says):
        run(tmp_path, resume=True, metadata=metadata) if way == "resume" else start(
            tmp_path / "toy_best.pt", tmp_path / "new", metadata=metadata
        )
    assert (tmp_path / "toy_best.pt").read_bytes() == before


def start(source: Path, folder: Path, model=None, metadata=META, **changes: object):  # type: ignore[no-untyped-def]
    model = model or ToyModel(seed=1)
    history = fit(
        model, ToyTask(), config(**changes), folder=folder, name="toy", init_from=source,
        metadata=metadata,
    )  # fmt: skip
    return history, model


def test_init_from_takes_the_weights_and_nothing_else(tmp_path: Path) -> None:
    _, trained = run(tmp_path / "old", epochs=6)
    for source in (tmp_path / "old", tmp_path / "old" / "toy_best.pt"):
        by_hand = ToyModel()
        by_hand.load_state_dict(trained.state_dict())
        expected, _ = run(tmp_path / "by_hand", model=by_hand, learning_rate=0.3, seed=4)
        got, _ = start(source, tmp_path / "new", learning_rate=0.3, seed=4)
        assert plain(got) == plain(expected)
        assert got.epochs[0].epoch == 1


def test_fine_tuning_may_drop_more_out_than_the_weights_were_trained_with(tmp_path: Path) -> None:
    def described(dropout: float) -> dict:
        return {**META, "model": {"kind": "toy", "config": {"size": 8, "dropout": dropout}}}

    run(tmp_path / "old", epochs=1, metadata=described(0.1))
    history, _ = start(tmp_path / "old", tmp_path / "new", metadata=described(0.4))
    assert history.epochs
    with pytest.raises(CheckpointError, match=r"dropout is 0.1 there, 0.4 here"):
        run(tmp_path / "old", resume=True, metadata=described(0.4))


def test_a_custom_module_of_another_shape_is_named_by_its_weights(tmp_path: Path) -> None:
    run(tmp_path, epochs=1, metadata={})
    with pytest.raises(
        CheckpointError, match=r"embedding.weight is 7 x 8 there and 7 x 9 here.*and 1 more"
    ):
        start(tmp_path, tmp_path / "new", model=ToyModel(9), metadata={})


def test_a_folder_without_a_checkpoint_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There is no checkpoint in"):
        start(tmp_path, tmp_path / "new")
