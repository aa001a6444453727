"""One trial: what it measures, how it ends early, and that it goes on exactly."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from searches import TINY, plan, study_in

from chromasonic.companion import runs as companion_runs
from chromasonic.data.harmonizer_chorales import HarmonizerChorales
from chromasonic.errors import DataError
from chromasonic.gesture import runs as gesture_runs
from chromasonic.melody_generation import runs as melody_runs
from chromasonic.training.history import TrainingHistory
from chromasonic.tuning.opening import open_study
from chromasonic.tuning.plan import plan_of
from chromasonic.tuning.search import Limits, Told, run_here
from chromasonic.tuning.trial import StudyChanged, TrialSpec, run_trial


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Curves take a second each to draw; they have tests of their own."""
    monkeypatch.setattr(TrainingHistory, "plot", lambda *_: None)


def spec(folder: Path, **changes: Any) -> TrialSpec:
    values = {
        "number": 3, "task": "melody", "kind": "lstm", "recipe": plan().recipe,
        "values": plan().values(plan().first()), "output": str(folder),
    }  # fmt: skip
    return TrialSpec(**{**values, **changes})


def test_a_trial_measures_what_the_training_itself_measures(tmp_path: Path) -> None:
    result = run_trial(spec(tmp_path / "trial"))
    run = melody_runs.train_melody(
        melody_runs.recipe_from(dict(plan().recipe)), tmp_path / "by hand"
    )
    history = run.models["lstm"].history
    assert result.end == "complete"
    assert result.loss == history.best_val_loss
    assert list(result.curve) == history.val_losses
    assert result.validation["pitch_bits"] == history.best.val["pitch_bits"].value
    assert result.data == {"synthetic": run.data.manifest.fingerprint}
    assert result.parameters == sum(p.numel() for p in run.models["lstm"].model.parameters())


def test_what_goes_in_and_comes_out_travels(tmp_path: Path) -> None:
    asked = spec(tmp_path / "trial", recipe=plan().recipe_with({"training.learning_rate": 2e-3}))
    assert pickle.loads(pickle.dumps(asked)) == asked
    result = run_trial(pickle.loads(pickle.dumps(asked)))
    assert pickle.loads(pickle.dumps(result)) == result


def test_a_trial_ends_where_it_is_behind(tmp_path: Path) -> None:
    heard = []

    def report(step: int, loss: float) -> bool:
        heard.append((step, loss))
        return step == 2

    result = run_trial(spec(tmp_path / "trial"), report=report)
    assert (result.end, result.reason) == ("pruned", "behind the others after epoch 2")
    assert [step for step, _ in heard] == [1, 2]
    assert result.curve == tuple(loss for _, loss in heard)
    assert result.loss == min(result.curve)


def test_a_trial_cut_by_time_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    whole = run_trial(spec(tmp_path / "whole"))
    clock = {"epochs": 0}

    def report(step: int, loss: float) -> bool:
        clock["epochs"] = step
        return False

    cut = run_trial(
        spec(tmp_path / "cut", deadline=0.0), report=report
    )  # time is up at the first batch
    assert (cut.end, cut.curve) == ("cut", ())

    class Deadline(float):
        def __lt__(self, now: float) -> bool:  # after the first epoch
            return clock["epochs"] >= 1

    cut = run_trial(spec(tmp_path / "cut", deadline=Deadline(1e12)), report=report)
    assert cut.end == "cut"
    assert len(cut.curve) == 1
    rest = run_trial(spec(tmp_path / "cut", curve=cut.curve), report=report)
    assert rest.end == "complete"
    assert (rest.loss, rest.curve, rest.validation) == (whole.loss, whole.curve, whole.validation)


def test_settings_that_cannot_be_trained_are_an_answer_not_an_error(tmp_path: Path) -> None:
    recipe = plan_of("melody", "transformer").recipe_with({"model.num_heads": 5})
    result = run_trial(spec(tmp_path / "t", kind="transformer", recipe=recipe))
    assert result.end == "impossible"
    assert "multiple of twice the 5 heads" in result.reason


def test_a_loss_that_explodes_is_an_answer_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    asked = spec(tmp_path / "t")
    monkeypatch.setattr(torch, "isfinite", lambda x: torch.zeros_like(x, dtype=torch.bool))
    result = run_trial(asked)
    assert result.end == "impossible"
    assert "not finite" in result.reason or "is nan" in result.reason


def test_a_corpus_that_is_not_there_ends_the_search(tmp_path: Path) -> None:
    recipe = plan_of("melody", "lstm", {**TINY, "data": {"dataset": "nottingham"}}).recipe
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHROMASONIC_DATA", str(tmp_path))
        patch.setenv("CHROMASONIC_CACHE", str(tmp_path / "cache"))
        with pytest.raises(DataError):
            run_trial(spec(tmp_path / "t", recipe=recipe))


def test_other_data_than_the_study_s_are_refused_before_training(tmp_path: Path) -> None:
    with pytest.raises(StudyChanged, match="synthetic 0000 -> "):
        run_trial(spec(tmp_path / "t", data={"synthetic": "0000"}))
    assert not list((tmp_path / "t").rglob("*.pt"))


class Shut:
    """A test part that may be counted and nothing else."""

    def __len__(self) -> int:
        return 5

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("the test part was opened")

    def __getitem__(self, _: object) -> Any:
        raise AssertionError("the test part was opened")

    def __call__(self, *_: object) -> Any:
        raise AssertionError("the test part was opened")


SMALL = {
    "melody": ("lstm", TINY),
    "companion": (
        "groove_predictor",
        {
            "groove_predictor": {
                "data": {"synthetic": True, "synthetic_examples": 16},
                "training": {"epochs": 1, "device": "cpu"},
            }
        },
    ),
    "gesture": (
        "causal",
        {
            "data": {"dataset": "synthetic-gestures", "movements": 60},
            "network": {"spatial_dim": 4, "spatial_layers": 1, "temporal_dim": 4, "pooling": "flat",
                        "temporal_layers": 1, "classifier_dim": 0},
            "training": {"epochs": 1, "device": "cpu"},
        },
    ),
    "harmonizer": ("simple", {"chorales": 1, "simple": {"episodes": 60}}),
}  # fmt: skip


@pytest.mark.parametrize("task", SMALL)
def test_a_search_over_any_task_leaves_the_test_part_shut(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, prepare, divided = (
        melody_runs.load_dataset, companion_runs.prepare, gesture_runs.prepare,
    )  # fmt: skip
    opened: list[str] = []

    def shut_streams(*args: Any, **options: Any) -> Any:
        opened.append("melody")
        return replace(load(*args, **options), test=Shut())

    def shut_material(*args: Any, **options: Any) -> Any:
        opened.append("companion")
        material = prepare(*args, **options)
        return replace(material, data=replace(material.data, test=Shut()))

    def shut_movements(corpus: Any, *args: Any, **options: Any) -> Any:
        opened.append("gesture")
        data = divided(corpus, *args, **options)
        seen = {*data.train.ids, *data.validation.ids} if hasattr(data.train, "ids") else set()
        assert not seen & set(data.division.test)
        assert len(data.train) + len(data.validation) == len(data.division.train) + len(
            data.division.validation
        )
        return data

    def shut_chorales(_: HarmonizerChorales) -> Any:
        raise AssertionError("the test part was opened")

    monkeypatch.setattr(melody_runs, "load_dataset", shut_streams)
    monkeypatch.setattr(companion_runs, "prepare", shut_material)
    monkeypatch.setattr(gesture_runs, "prepare", shut_movements)
    monkeypatch.setattr(HarmonizerChorales, "test", property(shut_chorales))
    monkeypatch.setattr(HarmonizerChorales, "test_scores", property(shut_chorales))
    kind, values = SMALL[task]
    study = open_study(tmp_path / "s", plan_of(task, kind, values))
    run_here(study, Limits(trials=2), Told())
    assert [record.end for record in study.records()] == ["complete", "complete"]
    assert len({record.loss for record in study.records()}) == 2
    assert task == "harmonizer" or opened == [task, task]


def test_an_agent_s_share_of_the_ceiling_is_that_of_its_evaluation(tmp_path: Path) -> None:
    from chromasonic.data.harmonizer_chorales import harmonizer_chorales
    from chromasonic.harmonization.agents import load_agent
    from chromasonic.harmonization.evaluating import judge_agent
    from chromasonic.tuning.harmonizer_objective import share_of_ceiling

    chorales = harmonizer_chorales(analyses=False).validation[:1]
    judged, _ = judge_agent(load_agent("simple"), chorales)
    expected = sum(one.share for one in judged) / len(judged)
    models = Path(load_agent.__code__.co_filename).parent / "shipped"
    first = share_of_ceiling("simple", models, chorales, tmp_path)
    again = share_of_ceiling("simple", models, chorales, tmp_path)
    assert first == pytest.approx(expected, abs=1e-12)
    assert again == pytest.approx(first, abs=1e-12), "with floors and ceilings as kept"


LONG = {**TINY, "lstm": {**TINY["lstm"], "training": {"epochs": 8, "batch_size": 2}}}
SCRIPT = """
import os, signal, sys
from pathlib import Path
from chromasonic.training.history import TrainingHistory
from chromasonic.training.observers import Observer
from chromasonic.tuning.opening import open_study
from chromasonic.tuning.search import Limits, Told, run_here
class Killer(Observer):
    def on_epoch(self, epoch, is_best):
        if epoch.epoch == 2:
            os.kill(os.getpid(), signal.SIGKILL)
TrainingHistory.plot = lambda *_: None
told = Told(observers=lambda _: (Killer(),))
run_here(open_study(Path(sys.argv[1])), Limits(trials=2), told)
"""


def test_a_search_killed_in_the_middle_of_a_training_ends_as_an_unbroken_one(
    tmp_path: Path,
) -> None:
    long = plan_of("melody", "lstm", LONG)
    whole = open_study(tmp_path / "whole", long)
    run_here(whole, Limits(trials=2), Told())
    broken = open_study(tmp_path / "broken", long)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "broken")]
    killed = subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [record.end for record in broken.records()] == ["running"]
    run_here(broken, Limits(trials=2), Told())
    for name in ("values", "loss", "curve", "validation", "end"):
        assert [getattr(r, name) for r in broken.records()] == [
            getattr(r, name) for r in whole.records()
        ], name
    facts = (broken.folder(0) / "run.json").read_text()
    assert '"resumed"' in facts, "it was gone on with, not begun anew"
    assert study_in(tmp_path / "other").best is None
