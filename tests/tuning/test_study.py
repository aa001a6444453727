"""Which trial comes next, and how each ended: limits, kills, two at once, seeds."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
from searches import TINY, plan, pretend, pretend_all, study_in

from chromasonic.errors import StorageError
from chromasonic.tuning.opening import open_study
from chromasonic.tuning.study import MOST_DEATHS, Study
from chromasonic.tuning.trial import StudyChanged, TrialResult


def test_the_first_trial_is_the_recipe_as_it_was(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    first = study.next_trial(5)
    assert first is not None
    assert first.number == 0
    assert first.recipe == plan().recipe
    assert first.values == {"training.learning_rate": 4e-3, "model.hidden_size": 8}
    assert "search" not in first.recipe["lstm"]
    assert TINY["lstm"]["model"]["hidden_size"] == 8


def test_trials_are_numbered_and_there_are_no_more_than_asked_for(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    pretend_all(study, 7)
    assert [record.number for record in study.records()] == list(range(7))
    assert study.next_trial(7) is None
    assert study.is_done(7)
    more = study.next_trial(8)
    assert more is not None
    assert more.number == 7


def test_the_best_is_the_lowest_complete_one_and_never_above_the_recipe(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    spec = study.next_trial(9)
    assert spec is not None
    pretend(study, spec, loss=0.5)
    for _ in range(8):
        spec = study.next_trial(9)
        assert spec is not None
        pretend(study, spec, loss=0.5 + spec.number)
    best = study.best
    assert best is not None
    assert (best.number, best.loss) == (0, 0.5)


def test_a_trial_behind_the_others_is_ended_and_is_never_the_best(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    for loss in (1.0, 1.1, 1.2, 1.3, 1.4):
        spec = study.next_trial(9)
        assert spec is not None
        pretend(study, spec, loss=loss)
    spec = study.next_trial(9)
    assert spec is not None
    assert not study.report(spec, 1, 99.0), "too early to tell"
    assert study.report(spec, 2, 99.0), "above the median of the others at that epoch"
    record = study.finish(spec, TrialResult(end="pruned", loss=0.01))
    assert record.end == "pruned"
    assert study.best is not None
    assert study.best.loss == 1.0


def test_one_seed_one_search_whoever_asks(tmp_path: Path) -> None:
    def tried(folder: str, seed: int, pause: bool) -> list[float]:
        study = open_study(tmp_path / folder, plan(seed=seed))
        while (spec := study.next_trial(16)) is not None:
            pretend(study, spec)
            if pause:  # another process goes on each time
                study = open_study(tmp_path / folder)
        return [record.values["training.learning_rate"] for record in study.records()]

    once = tried("a", 3, pause=False)
    assert tried("b", 3, pause=True) == once
    assert tried("c", 4, pause=False) != once
    assert len(set(once)) == 16


def _ask_and_die(folder: Path) -> None:
    study = open_study(folder)
    spec = study.next_trial(50)
    assert spec is not None
    study.report(spec, 1, 3.25)
    Path(spec.output).mkdir(parents=True, exist_ok=True)
    (Path(spec.output) / "left.txt").write_text("by a dead process")
    os.kill(os.getpid(), signal.SIGKILL)


def _killed(folder: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=_ask_and_die, args=(folder,))
    process.start()
    process.join(300)
    assert process.exitcode == -signal.SIGKILL


def test_a_killed_process_leaves_its_trial_to_the_next_one(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    pretend_all(study, 2)
    _killed(tmp_path / "s")
    assert [record.end for record in study.records()] == ["complete", "complete", "running"]
    spec = study.next_trial(3)
    assert spec is not None
    assert spec.number == 2
    assert (Path(spec.output) / "left.txt").exists(), "in the folder of the dead one"
    assert spec.curve == (3.25,), "and with the losses that it reported"
    pretend(study, spec)
    assert [record.end for record in study.records()] == ["complete"] * 3
    assert study.records()[2].curve[0] == 3.25
    assert study.next_trial(3) is None


def test_a_search_that_was_killed_tries_what_an_unbroken_one_tries(tmp_path: Path) -> None:
    whole, broken = study_in(tmp_path / "whole"), study_in(tmp_path / "broken")
    pretend_all(whole, 15)
    for kill_at in (1, 12):
        pretend_all(broken, kill_at)
        _killed(tmp_path / "broken")
    pretend_all(broken, 15)
    assert [r.values for r in broken.records()] == [r.values for r in whole.records()]


def test_a_trial_that_kills_its_processes_is_given_up(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    pretend_all(study, 1)
    for _ in range(MOST_DEATHS):
        _killed(tmp_path / "s")
    spec = study.next_trial(3)
    assert spec is not None
    assert spec.number == 2, "the search goes on without it"
    record = study.records()[1]
    assert record.end == "impossible"
    assert f"its process died {MOST_DEATHS} times" in record.reason


def test_a_trial_that_was_cut_goes_on_in_the_next_search(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    spec = study.next_trial(3)
    assert spec is not None
    study.report(spec, 1, 2.5)
    assert study.finish(spec, TrialResult(end="cut")).end == "cut"
    again = study.next_trial(3)
    assert again is not None
    assert (again.number, again.curve, again.output) == (0, (2.5,), spec.output)


def test_two_at_one_study_never_run_the_same_trial(tmp_path: Path) -> None:
    one, other = study_in(tmp_path / "s"), study_in(tmp_path / "s")
    specs = [study.next_trial(4) for study in (one, other, one, other)]
    assert [spec.number for spec in specs if spec] == [0, 1, 2, 3]
    assert one.next_trial(4) is None, "all are at work"
    for study, spec in zip((one, other, one, other), specs, strict=True):
        assert spec is not None
        pretend(study, spec)
    assert one.is_done(4)
    assert other.is_done(4)


def _many(folder: Path, most: int) -> None:
    pretend_all(open_study(folder), most)


def test_four_processes_at_one_study_lose_nothing(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_many, args=(tmp_path / "s", 20)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
        assert process.exitcode == 0
    records = study.records()
    assert [record.number for record in records] == list(range(20))
    assert all(record.is_over for record in records)
    assert len({record.values["training.learning_rate"] for record in records}) == 20


def test_weights_stay_of_the_best_alone(tmp_path: Path) -> None:
    def weights(study: Study, number: int) -> Path:
        return study.folder(number) / "lstm_checkpoints/melody_lstm_best.pt"

    study = study_in(tmp_path / "s")
    for loss in (3.0, 2.0, 4.0):
        spec = study.next_trial(9)
        assert spec is not None
        path = weights(study, spec.number)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"weights")
        (path.parents[1] / "recipe.toml").write_text("kept")
        pretend(study, spec, loss=loss)
    assert [weights(study, number).exists() for number in range(3)] == [False, True, False]
    assert all((study.folder(number) / "recipe.toml").exists() for number in range(3))


def test_with_keep_all_weights_stay(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s", keep=True)
    for loss in (3.0, 2.0):
        spec = study.next_trial(9)
        assert spec is not None
        Path(spec.output).mkdir(parents=True)
        (Path(spec.output) / "w.pt").write_bytes(b"weights")
        pretend(study, spec, loss=loss)
    assert all((study.folder(number) / "w.pt").exists() for number in range(2))


def test_a_trial_on_other_data_is_refused(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    pretend_all(study, 1)
    spec = study.next_trial(2)
    assert spec is not None
    assert spec.data == {"made": "aa"}
    with pytest.raises(StudyChanged, match="The data have changed"):
        study.finish(spec, TrialResult(end="complete", loss=1.0, data={"made": "bb"}))


def test_no_trial_begins_when_time_is_up(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    assert study.next_trial(5, deadline=time.time() - 1) is None
    assert study.next_trial(5, deadline=time.time() + 60) is not None


def test_a_journal_that_is_gone_or_broken_is_said(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    pretend_all(study, 2)
    journal = tmp_path / "s/study.journal"
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    journal.unlink()
    with pytest.raises(StorageError, match="is gone"):
        study.next_trial(9)
    journal.write_bytes(b"".join([*lines[:3], b"{half a li\n", *lines[3:]]))
    with pytest.raises(StorageError, match=r"damaged.*begin a new search in another --output"):
        study_in(tmp_path / "s").records()
    journal.write_bytes(whole)
    assert len(study_in(tmp_path / "s").records()) == 2
