"""Tracked trainings: all of it is in the store, once; and the training does not notice."""

from __future__ import annotations

import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch
from small_training import CORPUS, tracked, tracked_here, train
from test_store import listening

from chromasonic.registry import pending, recorder, server
from chromasonic.registry.sending import send_all
from chromasonic.registry.spool import SPOOL, Spool, tracked_run
from chromasonic.registry.store import Store, open_store
from chromasonic.registry.tracking import Tracker, is_tracked
from chromasonic.training.history import TrainingHistory
from chromasonic.training.observers import Observer

pytestmark = pytest.mark.usefixtures("no_pictures")
DRIVER = Path(__file__).with_name("small_training.py")


def runs_of(store: Store, experiment: str = "melody") -> list[Any]:
    return list(store.client.search_runs([store.experiment(experiment)]))


def only_run(store: Store) -> Any:
    (run,) = runs_of(store)
    return run


def values(store: Store, run: Any, metric: str) -> list[tuple[int, float]]:
    history = store.client.get_metric_history(run.info.run_id, metric)
    return sorted((point.step, point.value) for point in history)


def until_sent(folder: Path, seconds: float = 200.0) -> None:
    end = time.monotonic() + seconds
    while not (Spool(folder).is_sent and Spool(folder).sent().runs):
        assert time.monotonic() < end, Spool(folder).sent()
        time.sleep(0.05)


def recorded_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train with a tracker; what its process does after the end is done in this one."""
    monkeypatch.setattr(recorder, "AFTERWARDS", 0)
    monkeypatch.setattr(recorder, "TRY_AGAIN_SECONDS", (0.0,))
    with monkeypatch.context() as patch:
        patch.setattr("subprocess.Popen", no_process)
        assert tracked(folder, seconds=0.0).state == "kept"
    assert not recorder.record(folder, os.getpid())


def no_process(*_: object, **__: object) -> None:
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))


def test_a_training_is_in_the_store_with_all_its_figures_and_its_process_never_imports_mlflow(
    tracked_store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "first"
    program = (
        "import sys; from pathlib import Path; "
        "from small_training import sending_process, tracked; sending_process.NICENESS = 0; "
        "outcome = tracked(Path(sys.argv[1])); print(outcome.state, *outcome.runs, "
        "'mlflow' in sys.modules, 'sqlalchemy' in sys.modules)"
    )
    end = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        cwd=DRIVER.parent, capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    assert (end.stdout, end.stderr) == ("sent melody_small False False\n", "")
    run = only_run(tracked_store)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "first small")

    history = TrainingHistory.load(folder / "small_checkpoints" / "melody_small_history.json")
    assert len(history) == 3
    for name, expected in (
        ("train_loss", history.train_losses),
        ("val_loss", history.val_losses),
        ("learning_rate", history.learning_rates),
        ("gradient_norm", [epoch.gradient_norm for epoch in history.epochs]),
        ("seconds", [epoch.seconds for epoch in history.epochs]),
        ("train_accuracy", history.metric("accuracy", "train")),
        ("val_accuracy", history.metric("accuracy")),
    ):
        assert values(tracked_store, run, name) == list(enumerate(expected, start=1)), name
    assert run.data.metrics["best/val_loss"] == history.best_val_loss
    assert run.data.metrics["best/epoch"] == history.best_epoch

    assert run.data.params == {"data.dataset": "little", "training.epochs": "3"}
    tags = run.data.tags
    assert (tags["task"], tags["kind"], tags["model"]) == ("melody", "small", "melody_small")
    assert (tags["corpus"], tags["licence"], tags["seed"]) == ("little", "CC0", "4")
    assert tags["corpus_fingerprint"] == CORPUS["fingerprint"]
    assert (tags["device"], tags["precision"], tags["parameters"]) == ("cpu", "float32", "49")
    assert tags["run_directory"] == str(folder)
    assert json.loads(tags["libraries"])["torch"] == torch.__version__
    (used,) = run.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("little", str(CORPUS["fingerprint"])[:36])
    assert tracked_run(folder, "melody_small") == run.info.run_id == tracked_run(folder, "small")


def test_pictures_tables_and_the_recipe_are_kept_and_no_weights(
    tracked_store: Store, tmp_path: Path
) -> None:
    tracked_here(tmp_path / "first", tracked_store)
    run_id = only_run(tracked_store).info.run_id
    listed = [*tracked_store.client.list_artifacts(run_id)]
    listed += tracked_store.client.list_artifacts(run_id, "run")
    assert sorted(one.path for one in listed if not one.is_dir) == [
        "melody_small_curves.png", "melody_small_history.csv", "melody_small_history.json",
        "run/recipe.toml", "run/run.json", "run/split.json",
    ]  # fmt: skip


def test_tracking_changes_no_bit_of_the_weights(
    tracked_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subprocess.Popen", no_process)
    tracker = Tracker("melody", tmp_path / "with")
    _, with_it = train(tmp_path / "with", [tracker])
    _, without = train(tmp_path / "without")
    assert tracker.close(seconds=0.0).runs == ("melody_small",)
    for ours, theirs in zip(with_it.parameters(), without.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_batch_costs_nothing() -> None:
    assert Tracker.on_batch is Observer.on_batch


def test_a_training_killed_and_resumed_is_one_run_with_each_epoch_once(
    tracked_store: Store, tmp_path: Path
) -> None:
    """Killed after epoch 2 was saved and before the tracker heard of it; then it goes on."""
    folder = tmp_path / "killed"
    words = [sys.executable, str(DRIVER), str(folder)]
    first = subprocess.run([*words, "4", "2"], timeout=300, check=False)
    assert first.returncode == -signal.SIGKILL
    end = time.monotonic() + 200
    while not (runs := runs_of(tracked_store)) or runs[0].info.status != "KILLED":
        assert time.monotonic() < end, "its recorder never said that it was killed"
        time.sleep(0.1)
    assert [step for step, _ in values(tracked_store, runs[0], "val_loss")] == [1]

    second = subprocess.run([*words, "5", "0"], timeout=300, check=True, capture_output=True)
    assert second.stdout == b"sent\n"
    run = only_run(tracked_store)
    assert run.info.status == "FINISHED"
    history = TrainingHistory.load(folder / "small_checkpoints" / "melody_small_history.json")
    assert values(tracked_store, run, "val_loss") == list(enumerate(history.val_losses, start=1))
    assert len(history) == 5


def test_what_changed_for_a_resume_is_a_tag(tracked_store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "longer"
    tracked_here(folder, tracked_store, epochs=2)
    recipe = (folder / "recipe.toml").read_text()
    (folder / "recipe.toml").write_text(recipe.replace("epochs = 3", "epochs = 4"))
    tracked_here(folder, tracked_store, epochs=4, resume=True)
    run = only_run(tracked_store)
    assert (run.data.params["training.epochs"], run.data.tags["resumed.training.epochs"]) == (
        "3",
        "4",
    )
    assert [step for step, _ in values(tracked_store, run, "val_loss")] == [1, 2, 3, 4]


def test_a_training_begun_anew_in_the_same_folder_is_another_run(
    tracked_store: Store, tmp_path: Path
) -> None:
    tracked_here(tmp_path / "again", tracked_store)
    tracked_here(tmp_path / "again", tracked_store)
    runs = runs_of(tracked_store)
    assert [run.info.status for run in runs] == ["FINISHED", "FINISHED"]
    assert [len(values(tracked_store, run, "val_loss")) for run in runs] == [3, 3]


def test_a_resumed_training_that_was_not_tracked_before_is_tracked_whole(
    tracked_store: Store, tmp_path: Path
) -> None:
    train(tmp_path / "late", epochs=2)
    tracked_here(tmp_path / "late", tracked_store, epochs=3, resume=True)
    run = only_run(tracked_store)
    assert [step for step, _ in values(tracked_store, run, "val_loss")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("failure", "status"), [(ValueError("no"), "FAILED"), (KeyboardInterrupt(), "KILLED")]
)
def test_a_training_that_fails_or_is_interrupted_says_so(
    tracked_store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: BaseException,
    status: str,
) -> None:
    class Fails(Observer):
        def on_epoch(self, *_: object) -> None:
            raise failure

    monkeypatch.setattr("subprocess.Popen", no_process)
    tracker = Tracker("melody", tmp_path / "failed")
    with pytest.raises(type(failure)):
        train(tmp_path / "failed", [tracker, Fails()])
    tracker.close(failure, seconds=0.0)
    send_all(tmp_path / "failed", tracked_store)
    run = only_run(tracked_store)
    assert run.info.status == status
    assert run.data.tags.get("failure") == ("ValueError: no" if status == "FAILED" else None)
    assert [step for step, _ in values(tracked_store, run, "val_loss")] == [1]


# --- the store cannot be written ----------------------------------------------------------------


def test_without_a_store_the_training_ends_well_and_is_sent_later(
    tracked_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(tmp_path / "taken"))
    folder = tmp_path / "run"
    outcome = tracked(folder)
    assert outcome.state == "kept"
    assert "a file has that name" in outcome.trouble
    assert pending.remembered() == [folder]
    assert tracked_run(folder, "small") == ""

    send_all(folder, tracked_store)
    send_all(folder, tracked_store)
    run = only_run(tracked_store)
    assert run.info.status == "FINISHED"
    assert [step for step, _ in values(tracked_store, run, "val_loss")] == [1, 2, 3]
    assert pending.remembered() == []


def test_a_silent_server_neither_fails_nor_holds_the_training(
    tracked_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening() as port:
        monkeypatch.setenv("CHROMASONIC_REGISTRY", f"http://127.0.0.1:{port}")
        monkeypatch.setattr(server, "ANSWER_SECONDS", 0.2)
        recorded_here(tmp_path / "run", monkeypatch)
    assert "does not answer" in Spool(tmp_path / "run").sent().trouble
    monkeypatch.setenv("CHROMASONIC_REGISTRY", tracked_store.address)
    send_all(tmp_path / "run", tracked_store)
    assert only_run(tracked_store).info.status == "FINISHED"


def test_a_store_locked_all_the_time_gets_everything_when_it_is_free(
    tracked_store: Store, tmp_path: Path
) -> None:
    database = tmp_path / "registry" / "registry.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("begin exclusive")
        outcome = tracked(tmp_path / "run", seconds=0.0)
        assert outcome.state == "waiting"
        other.execute("rollback")
    until_sent(tmp_path / "run")
    run = only_run(tracked_store)
    assert [step for step, _ in values(tracked_store, run, "val_loss")] == [1, 2, 3]


def test_a_full_disk_ends_tracking_and_not_the_training(
    tracked_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(self: Spool, *events: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Spool, "append", no_space)
    tracker = Tracker("melody", tmp_path / "run")
    history, _ = train(tmp_path / "run", [tracker])
    outcome = tracker.close()
    assert (outcome.state, len(history)) == ("lost", 3)
    assert "No space left" in outcome.trouble


def test_epochs_lost_to_a_full_disk_are_made_good_when_there_is_room_again(
    tracked_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, failures = Spool.append, iter([True])

    def sometimes(self: Spool, *events: Any) -> None:
        if any(event.get("step") == 2 for event in events) and next(failures, False):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(self, *events)

    monkeypatch.setattr(Spool, "append", sometimes)
    tracked_here(tmp_path / "run", tracked_store)
    run = only_run(tracked_store)
    assert [step for step, _ in values(tracked_store, run, "val_loss")] == [1, 2, 3]


def test_a_process_that_cannot_start_leaves_all_in_the_run_directory(
    tracked_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subprocess.Popen", no_process)
    outcome = tracked(tmp_path / "run")
    assert (outcome.state, outcome.trouble) == (
        "kept",
        "the process that sends it did not start",
    )
    send_all(tmp_path / "run", tracked_store)
    assert only_run(tracked_store).info.status == "FINISHED"


def test_the_next_training_sends_what_an_earlier_one_could_not(
    tracked_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("subprocess.Popen", no_process)
        tracked(tmp_path / "earlier")
    tracked(tmp_path / "later")
    until_sent(tmp_path / "earlier")
    names = sorted(run.info.run_name for run in runs_of(tracked_store))
    assert names == ["earlier small", "later small"]


def test_a_password_of_the_store_is_written_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMASONIC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CHROMASONIC_REGISTRY", "postgresql://me:hush-hush@127.0.0.1:1/none")
    recorded_here(tmp_path / "run", monkeypatch)
    assert "does not answer" in Spool(tmp_path / "run").sent().trouble
    written = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert (tmp_path / "run" / SPOOL) in written
    assert [path for path in written if b"hush-hush" in path.read_bytes()] == []


# --- switched off -------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["off", "OFF", "0", "no", "false"])
def test_the_environment_switches_it_off_and_the_flag_wins(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMASONIC_TRACKING", word)
    assert not is_tracked()
    assert is_tracked(True)
    monkeypatch.delenv("CHROMASONIC_TRACKING")
    assert is_tracked()
    assert not is_tracked(False)


def test_another_store_gets_everything_anew(tracked_store: Store, tmp_path: Path) -> None:
    from stores import new_store

    tracked_here(tmp_path / "run", tracked_store)
    second = open_store(str(new_store(tmp_path / "second")))
    send_all(tmp_path / "run", second)
    for store in (tracked_store, second):
        assert [step for step, _ in values(store, only_run(store), "val_loss")] == [1, 2, 3]
