"""Spools: no whole line is lost, none is sent twice, wherever a process was killed."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chromasonic.registry import tracked_facts
from chromasonic.registry.sending import Sender, send_all, sole_sender
from chromasonic.registry.spool import Spool, is_alive, this_process
from chromasonic.registry.store import Store
from chromasonic.registry.tracking import Tracker
from chromasonic.training.history import Epoch, TrainingHistory


class KilledError(Exception):
    """Stands for a process that ends here."""


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spool:
    """What a training of three epochs left, with a run that it belongs to."""

    def no_process(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr("subprocess.Popen", no_process)
    folder = tmp_path / "run"
    (folder / "plots").mkdir(parents=True)
    (folder / "plots" / "small_loss.png").write_bytes(b"picture")
    tracker = Tracker("melody", folder)
    parent = tracker.begin("search", params={"trials": 2})
    tracker.figures("search", 1, {"best": 0.5})
    tracker.end("search")
    own = Tracker("melody", folder, parent=parent, spool=folder, prefix="trial-1/")
    own.begin("small", kind="small", params={"rate": 0.1}, inputs=[dict(INPUT)])
    for number in (1, 2, 3):
        own.on_epoch(Epoch(epoch=number, learning_rate=0.1, train_loss=3 / number,
                           val_loss=4 / number), is_best=True)  # fmt: skip
    own.on_end(TrainingHistory(name="small"))
    own.close()
    tracker.close()
    return Spool(folder)


INPUT = {"name": "little", "digest": "ab", "source_type": "corpus", "source": "{}"}


def content(store: Store) -> dict[str, Any]:
    """All of the store that a user sees, without the numbers that it gives itself."""
    told = {}
    runs = store.client.search_runs([store.experiment("melody")])
    names = {run.info.run_id: run.info.run_name for run in runs}
    for run in runs:
        number, tags = run.info.run_id, dict(run.data.tags)
        losses = store.client.get_metric_history(number, "val_loss")
        told.setdefault(run.info.run_name, []).append(
            {
                "status": run.info.status,
                "params": run.data.params,
                "losses": sorted((point.step, point.value) for point in losses),
                "parent": names.get(tags.get("mlflow.parentRunId", ""), ""),
                "inputs": [one.dataset.name for one in run.inputs.dataset_inputs],
                "files": sorted(f.path for f in store.client.list_artifacts(number)),
            }
        )
    return told


EXPECTED = {
    "run search": [
        {"status": "FINISHED", "params": {"trials": "2"}, "losses": [], "parent": "",
         "inputs": [], "files": []}
    ],
    "run small": [
        {"status": "FINISHED", "params": {"rate": "0.1"},
         "losses": [(1, 4.0), (2, 2.0), (3, 4 / 3)], "parent": "run search",
         "inputs": ["little"], "files": ["small_loss.png"]}
    ],
}  # fmt: skip


def test_a_run_within_another_is_sent_as_that(tracked_store: Store, spool: Spool) -> None:
    send_all(spool.folder, tracked_store)
    assert content(tracked_store) == EXPECTED


def test_a_sender_killed_before_it_can_note_what_it_sent_loses_and_doubles_nothing(
    tracked_store: Store, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after each request in turn, a new one going on each time."""
    killed = 0

    def killed_here(self: Sender, at: int) -> None:
        raise KilledError

    note = Sender._note
    while not spool.is_sent:
        monkeypatch.setattr(Sender, "_note", killed_here)
        with pytest.raises(KilledError):  # all of the next group is sent, and not noted
            Sender(spool, tracked_store).send()
        killed += 1

        def note_once(self: Sender, at: int) -> None:
            note(self, at)
            monkeypatch.setattr(Sender, "_note", killed_here)

        monkeypatch.setattr(Sender, "_note", note_once)
        with pytest.raises(KilledError):
            Sender(spool, tracked_store).send()
            raise KilledError  # it came to the end
    assert killed > 5
    assert content(tracked_store) == EXPECTED


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    return tmp_path / "cut"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(data=st.data())
def test_lines_before_and_after_a_torn_one_are_whole(cut: Path, data: st.DataObject) -> None:
    path = cut / "tracking.jsonl"
    path.unlink(missing_ok=True)
    spool = Spool(cut)
    before = [{"key": "a", "event": "metrics", "step": n, "values": {"ü": 0.5}} for n in range(3)]
    spool.append(*before)
    size = data.draw(st.integers(0, spool.size))
    with path.open("rb+") as file:
        file.truncate(size)
    kept = path.read_bytes().count(b"\n")
    spool.append({"key": "a", "event": "end", "status": "FINISHED"})
    events = [event for _, event in spool.events() if event]
    whole = [event for event in events if event["event"] == "metrics"]
    assert [event["step"] for event in whole] in (list(range(kept)), list(range(kept + 1)))
    assert events[-1]["event"] == "end"


def test_several_processes_write_one_spool_line_by_line(tmp_path: Path) -> None:
    program = (
        "import sys; from chromasonic.registry.spool import Spool; spool = Spool(sys.argv[1])\n"
        "for n in range(200): spool.append({'key': sys.argv[2], 'event': 'metrics', 'step': n})"
    )
    words = [sys.executable, "-c", program, str(tmp_path)]
    children = [subprocess.Popen([*words, name]) for name in "ab"]
    assert [child.wait(timeout=300) for child in children] == [0, 0]
    events = [event for _, event in Spool(tmp_path).events()]
    for name in "ab":
        assert [e["step"] for e in events if e and e["key"] == name] == list(range(200))


def test_a_run_thrown_away_in_the_store_stops_nothing(tracked_store: Store, spool: Spool) -> None:
    sender = Sender(spool, tracked_store)
    sender.send()
    for run in tracked_store.client.search_runs([tracked_store.experiment("melody")]):
        tracked_store.client.delete_run(run.info.run_id)
    key = spool.key_of("trial-1/small")
    spool.append({"key": key, "event": "metrics", "step": 4, "values": {"val_loss": 1.0}})
    sender.send()
    assert spool.is_sent


def test_one_sender_at_a_time(tmp_path: Path) -> None:
    with sole_sender(tmp_path) as first, sole_sender(tmp_path) as second:
        assert (first, second) == (True, False)
    with sole_sender(tmp_path) as again:
        assert again


def test_a_process_that_has_gone_is_told_from_one_that_runs_and_from_its_successor() -> None:
    assert is_alive(this_process())
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait(timeout=300)
    assert not is_alive({**this_process(), "pid": child.pid})
    assert is_alive({"pid": child.pid, "host": "another machine"})
    if os.path.exists("/proc/self/stat"):
        assert not is_alive({**this_process(), "started": "12345"})


def test_a_locked_store_is_noted_as_trouble_and_no_line_as_sent(
    tracked_store: Store, spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chromasonic.registry import local_store, recorder

    monkeypatch.setattr(local_store, "LOCK_SECONDS", 0.01)
    monkeypatch.setattr(recorder, "AFTERWARDS", 0)
    monkeypatch.setattr(recorder, "TRY_AGAIN_SECONDS", (0.0,))
    database = tmp_path / "registry" / "registry.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("begin exclusive")
        assert not recorder.record(spool.folder, os.getpid())
    sent = spool.sent()
    assert (sent.bytes, sent.runs) == (0, {})
    assert "is locked" in sent.trouble
    assert recorder.record(spool.folder, os.getpid())
    assert spool.sent().trouble == ""
    assert content(tracked_store) == EXPECTED


# --- facts ---------------------------------------------------------------------------------------


def test_parameters_are_flat_and_those_of_other_models_left_out() -> None:
    recipe = {
        "data": {"dataset": "folk", "window": 8},
        "chorales": 0,
        "lstm": {"model": {"hidden": 4}, "training": {"epochs": 2, "rates": [1, 2]}},
        "transformer": {"model": {"layers": 1}},
    }
    assert tracked_facts.parameters_of(recipe, "lstm") == {
        "data.dataset": "folk", "data.window": "8", "chorales": "0", "model.hidden": "4",
        "training.epochs": "2", "training.rates": "[1, 2]",
    }  # fmt: skip
    assert tracked_facts.parameters_of({"a": {"b": True}}, "lstm") == {"a.b": "true"}


def test_names_are_those_that_mlflow_takes() -> None:
    assert tracked_facts.metrics_of({"valence MAE (1–9)": 1, "ok": True, "why": "no"}) == {
        "valence MAE _1_9_": 1.0
    }


def test_what_is_no_number_is_no_figure() -> None:
    epoch = Epoch(epoch=1, learning_rate=0.0, train_loss=1.0, val_loss=2.0)
    figures = tracked_facts.epoch_figures(epoch)
    assert "gradient_norm" not in figures  # NaN: a counted model has none
    assert figures["generalization_gap"] == -1.0
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
