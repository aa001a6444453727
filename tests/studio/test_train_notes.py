"""Runs on the disk, the queue, and what the curves' watchers are told; no browser, no training."""

from __future__ import annotations

import json
import math
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.studio.running import run_async

from chromasonic.errors import ConfigError, UsageError
from chromasonic.studio.desk.report import unheard
from chromasonic.studio.train import planning
from chromasonic.studio.train.curves import changes, curves_of, reading_of
from chromasonic.studio.train.notes import Notes
from chromasonic.studio.train.on_disk import run_at, runs_in
from chromasonic.studio.train.routes import Wish
from chromasonic.studio.train.telling import best, summary, table_text
from chromasonic.studio.train.trainings import Trainings, state_of
from chromasonic.training import stopping
from chromasonic.training.history import Epoch, Metric, TrainingHistory
from chromasonic.training.holding import held


def epoch(number: int, train: float, val: float) -> Epoch:
    share = Metric(sum=number, count=10)
    return Epoch(
        epoch=number, learning_rate=0.1, train_loss=train, val_loss=val, seconds=2.0, updates=5,
        val={"pitch_accuracy": share},
    )  # fmt: skip


def write_history(folder: Path, losses: list[tuple[float, float]], *, end: str = "") -> None:
    epochs = [epoch(number, *pair) for number, pair in enumerate(losses, start=1)]
    history = TrainingHistory(name="melody_lstm", epochs=epochs, headline="pitch_accuracy", end=end)
    place = folder / "lstm_checkpoints"
    place.mkdir(parents=True, exist_ok=True)
    history.save(place / "melody_lstm_history.json")


def make_run(folder: Path, **facts: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "task": "melody", "models": ["lstm"], "results": {},
        "corpus": {"manifest": {"name": "nottingham"}}, "date": "2026-01-02T03:04:05+00:00",
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps({**told, **facts}))
    return folder


def test_runs_are_found_in_folders_of_folders_but_not_inside_runs(tmp_path: Path) -> None:
    make_run(tmp_path / "a" / "deep" / "one")
    make_run(tmp_path / "two")
    make_run(tmp_path / "two" / "inside")
    make_run(tmp_path / "search" / "trials" / "7")
    assert {run.name for run in runs_in([tmp_path])} == {"a/deep/one", "two"}


def test_a_broken_run_file_and_a_strange_one_hide_no_other_run(tmp_path: Path) -> None:
    make_run(tmp_path / "good")
    for name, text in (("cut", '{"task": "mel'), ("list", "[1, 2]"), ("empty", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(text)
    assert [run.name for run in runs_in([tmp_path])] == ["good"]


def test_agents_of_a_models_directory_are_a_run_of_the_harmonizer(tmp_path: Path) -> None:
    (tmp_path / "hybrid_model.npz").write_bytes(b"")
    (found,) = runs_in([tmp_path])
    assert (found.task, found.kinds, found.ready) == ("harmonizer", ("hybrid",), ("hybrid",))


def test_a_run_of_a_terminal_is_done_running_or_interrupted(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    with held(run):
        assert state_of(run_at(run))["state"] == "running"
    assert state_of(run_at(run))["state"] == "interrupted"
    make_run(run, results={"lstm": {}})
    told = state_of(run_at(run))
    assert (told["state"], told["by"]) == ("done", "terminal")


def test_a_run_that_a_terminal_trains_is_running_however_long_its_first_epoch_takes(
    tmp_path: Path,
) -> None:
    run = make_run(tmp_path / "run")
    trainings = Trainings([tmp_path])
    with held(run):
        (found,) = trainings.all()
        assert (state_of(found)["state"], state_of(found)["by"]) == ("running", "terminal")
        with pytest.raises(UsageError, match="running already"):
            trainings.go_on(found, {})
    assert state_of(found)["state"] == "interrupted"


def test_a_run_of_the_studio_that_a_terminal_goes_on_with_is_left_alone(tmp_path: Path) -> None:
    trainings = Trainings([tmp_path])
    run = trainings.ask("melody", ["lstm"], {})
    Notes(run.path).tell(state="stopped")
    with held(run.path):
        assert (state_of(run)["state"], state_of(run)["by"]) == ("running", "terminal")
        with pytest.raises(UsageError, match="stop it first"):
            trainings.remove(run)
    assert state_of(run)["state"] == "stopped"


@pytest.fixture
def trainings(tmp_path: Path) -> Trainings:
    return Trainings([tmp_path / "own", tmp_path / "runs"])


def test_what_is_asked_for_waits_under_a_name_of_its_own(trainings: Trainings) -> None:
    first = trainings.ask("melody", ["lstm"], {}, "Ätherische Weisen / ../../etc")
    second = trainings.ask("melody", ["lstm"], {}, "Ätherische Weisen / ../../etc")
    assert first.path.parent == second.path.parent == trainings.folders[0]
    assert first.name == "therische-weisen-etc"
    assert second.name == "therische-weisen-etc-2"
    assert state_of(first)["state"] == "queued"
    trainings.stop(first)
    assert state_of(first)["state"] == "stopped"


def test_too_many_that_wait_are_refused(trainings: Trainings) -> None:
    for _ in range(20):
        trainings.ask("melody", ["lstm"], {})
    with pytest.raises(UsageError, match="20 trainings wait already"):
        trainings.ask("melody", ["lstm"], {})


def test_the_queue_begins_one_at_a_time_and_in_order(
    trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def begin(folder: Path) -> None:
        begun.append(folder.name)
        Notes(folder).tell(state="starting")

    monkeypatch.setattr(trainings, "_begin", begin)
    first = trainings.ask("melody", ["lstm"], {}, "first")
    time.sleep(0.01)
    trainings.ask("melody", ["lstm"], {}, "second")
    trainings._begin_next()
    trainings._begin_next()
    assert begun == ["first"]
    Notes(first.path).tell(state="done")
    trainings._begin_next()
    assert begun == ["first", "second"]


def test_a_training_whose_process_was_killed_is_interrupted_and_one_at_work_is_running(
    trainings: Trainings,
) -> None:
    run = trainings.ask("melody", ["lstm"], {})
    notes = Notes(run.path)
    notes.tell(state="running", epoch=3)
    assert state_of(run)["state"] == "interrupted"
    with notes.lock():
        assert state_of(run)["state"] == "running"
        trainings.stop(run)
        assert state_of(run)["state"] == "stopping"
        with pytest.raises(UsageError, match="stopping already"):
            trainings.go_on(run, {})


def test_a_run_of_a_terminal_that_is_over_is_neither_stopped_nor_deleted(
    trainings: Trainings, tmp_path: Path
) -> None:
    make_run(tmp_path / "runs" / "mine")
    (run,) = trainings.all()
    with pytest.raises(UsageError, match="is not being trained"):
        trainings.stop(run)
    make_run(run.path, results={"lstm": {}})
    (run,) = trainings.all()
    with pytest.raises(UsageError, match="was not made by the studio"):
        trainings.remove(run)
    assert run.path.is_dir()


def test_an_unknown_id_is_refused(trainings: Trainings) -> None:
    with pytest.raises(UsageError, match="no such run"):
        trainings.get("../../etc/passwd")


def test_curves_give_the_losses_and_nothing_that_is_no_number(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    write_history(run, [(2.0, 2.5), (math.nan, 2.0)])
    (curve,) = curves_of(run_at(run))
    assert [(one["train"], one["val"]) for one in curve["epochs"]] == [(2.0, 2.5), (None, 2.0)]
    assert curve["epochs"][1]["metrics"] == {"pitch_accuracy": [None, 0.2]}
    assert (curve["key"], curve["title"], curve["best_epoch"]) == ("lstm", "LSTM", 2)
    json.dumps(curve, allow_nan=False)


def test_a_history_that_is_cut_off_is_left_out(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    write_history(run, [(2.0, 2.5)])
    file = run / "lstm_checkpoints" / "melody_lstm_history.json"
    file.write_text(file.read_text()[:80])
    assert curves_of(run_at(run)) == []


def test_the_named_figure_is_that_of_the_best_epoch(tmp_path: Path, trainings: Trainings) -> None:
    run = make_run(tmp_path / "run")
    write_history(run, [(3.0, 3.0), (2.0, 1.0), (1.0, 2.0)])
    assert best(run_at(run)) == {"name": "pitch accuracy", "value": 0.2, "is_lower_better": False}
    assert summary(run_at(run), trainings)["corpora"] == ["nottingham"]


def test_the_table_has_a_row_an_epoch(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    write_history(run, [(2.0, 2.5), (math.nan, 2.0)])
    assert table_text(run_at(run)).splitlines() == [
        "run,model,epoch,training loss,validation loss,learning rate,seconds,"
        "training pitch accuracy,validation pitch accuracy",
        "run,lstm,1,2.0,2.5,0.1,2.0,,0.1",
        "run,lstm,2,,2.0,0.1,2.0,,0.2",
    ]


def test_over_fitting_is_said_in_words_and_without_flags_of_a_terminal(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    write_history(run, [(3, 3), (2, 2), (1, 2.4), (0.5, 3), (0.3, 3.5), (0.2, 4)], end="epochs")
    (told,) = reading_of(run_at(run), is_live=False)
    assert "over-fitting" in [one["kind"] for one in told["findings"]]
    assert not any("--" in one["advice"] for one in told["findings"])


def test_while_a_training_goes_on_nobody_says_that_it_was_too_short(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    write_history(run, [(3.0, 3.0), (2.0, 2.5)])
    (told,) = reading_of(run_at(run), is_live=True)
    assert told["findings"][0]["says"] == "So far so good: validation loss 2.500 in epoch 2."


def news(run: Path, since: str = "") -> tuple[str, dict[str, Any]]:
    async def first() -> tuple[str, dict[str, Any]]:
        async for one in changes(run_at(run), since):
            return one
        raise AssertionError("nothing was told")

    return run_async(first())


def test_a_watcher_that_comes_back_is_told_only_what_is_new(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", results={"lstm": {}})
    write_history(run, [(3.0, 3.0), (2.0, 2.5)])
    since, told = news(run)
    assert [one["n"] for one in told["curves"][0]["epochs"]] == [1, 2]
    write_history(run, [(3.0, 3.0), (2.0, 2.5), (1.0, 2.0)])
    _, told = news(run, since)
    assert (told["curves"][0]["from"], [one["n"] for one in told["curves"][0]["epochs"]]) == (
        2,
        [3],
    )


def test_a_training_that_began_anew_is_told_from_its_first_epoch(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", results={"lstm": {}})
    write_history(run, [(3.0, 3.0)])
    _, told = news(run, '{"lstm": 5}')
    assert (told["curves"][0]["from"], len(told["curves"][0]["epochs"])) == (0, 1)


@pytest.mark.parametrize("since", ["", "no json", "[1]", '{"lstm": "x"}', "null", '{"lstm": -1}'])
def test_a_strange_last_event_id_tells_everything(tmp_path: Path, since: str) -> None:
    run = make_run(tmp_path / "run", results={"lstm": {}})
    write_history(run, [(3.0, 3.0), (2.0, 2.0)])
    _, told = news(run, since)
    assert [one["n"] for one in told["curves"][0]["epochs"]] == [1, 2]


def test_watching_ends_with_the_training(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", results={"lstm": {}})

    async def all_of_it() -> list[str]:
        return [told["state"]["state"] async for _, told in changes(run_at(run))]

    assert run_async(all_of_it()) == ["done"]


def plan(**values: Any) -> dict[str, Any]:
    wish = {"task": "melody", "kind": "lstm", "corpus": "synthetic", "settings": {}}
    return planning.planned({**wish, **values}, unheard())


def recipe_of(**values: Any) -> dict[str, Any]:
    (run,) = plan(**values)["runs"]
    return run["recipe"]


def test_a_plan_is_the_default_recipe_with_what_was_set() -> None:
    made = plan(settings={"lstm.training.epochs": 3, "data.num_sequences": 24})
    assert made["kinds"] == ["lstm"]
    (run,) = made["runs"]
    assert run["recipe"]["data"]["dataset"] == "synthetic"
    assert run["recipe"]["data"]["num_sequences"] == 24
    assert run["recipe"]["lstm"]["training"]["epochs"] == 3
    assert run["recipe"]["lstm"]["training"]["batch_size"] == 8  # the default recipe's


def test_a_setting_is_a_finite_number_a_word_or_a_truth() -> None:
    told = {"epochs": 3, "keys": True, "person": "anna"}
    made = Wish(task="melody", kind="lstm", corpus="folk-pd", settings=told)
    assert made.settings == told
    for number in (math.nan, math.inf):
        with pytest.raises(ValidationError, match="finite number"):
            Wish(task="melody", kind="lstm", corpus="folk-pd", settings={"epochs": number})


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        (
            {"settings": {"lstm.training.epochs": 0}},
            ConfigError,
            "^Epochs is 0; allowed: 1 or more",
        ),
        ({"settings": {"lstm.training.epochs": 2.5}}, ConfigError, "whole numbers"),
        ({"settings": {"data.data_dir": 3}}, UsageError, "no setting of this form"),
        ({"settings": {"lstm.training.learning_rate": -1}}, ConfigError, "^Learning rate is -1"),
        ({"corpus": "/etc"}, UsageError, "no corpus for this"),
        ({"kind": "gpt"}, UsageError, "no model here"),
        ({"task": "chess"}, UsageError, "no task"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_in_the_forms_words(
    values: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        plan(**values)


def test_each_setting_that_cannot_be_is_named_by_its_label() -> None:
    settings = {"lstm.model.dropout": 2, "lstm.training.epochs": 0, "lstm.model.num_layers": 1}
    with pytest.raises(ConfigError) as told:
        plan(settings=settings)
    first, second = str(told.value).split("\n")
    assert first.startswith("Dropout is 2")
    assert "below 1" in first
    assert second.startswith("Epochs is 0; allowed: 1 or more")


@pytest.mark.parametrize("task", ["melody", "companion", "harmonizer", "gesture"])
def test_every_kind_that_the_form_offers_can_be_planned(task: str) -> None:
    (offer,) = [one for one in planning.offered({}, unheard())["tasks"] if one["task"] == task]
    assert offer["kinds"]
    corpus = offer["corpora"][0]["name"]
    for kind in offer["kinds"]:
        values = {one["key"]: one["value"] for one in kind["fields"] if one["value"] is not None}
        made = plan(task=task, kind=kind["kind"], corpus=corpus, settings=values)
        assert made["kinds"]


def test_a_run_can_be_given_more_epochs(tmp_path: Path) -> None:
    from chromasonic.config import to_toml

    recipe = recipe_of(settings={"lstm.training.epochs": 3})
    (tmp_path / "recipe.toml").write_text(to_toml(recipe))
    params = {"task": "melody", "path": str(tmp_path), "epochs": 7}
    assert planning.continued(params, unheard())["recipe"]["lstm"]["training"]["epochs"] == 7


def gesture_plan(**settings: Any) -> dict[str, Any]:
    return plan(task="gesture", kind="compact", corpus="synthetic-gestures", settings=settings)


def test_each_person_in_turn_is_left_out_by_a_training_of_its_own(trainings: Trainings) -> None:
    made = gesture_plan(**{"data.protocol": "each", "training.epochs": 3})
    left_out = [run["recipe"]["data"]["performer"] for run in made["runs"]]
    assert sorted(left_out) == sorted(f"performer {number}" for number in range(1, 11))
    assert {run["recipe"]["data"]["protocol"] for run in made["runs"]} == {"unseen"}
    assert {run["recipe"]["training"]["epochs"] for run in made["runs"]} == {3}
    asked = trainings.ask_all("gesture", made["kinds"], made["runs"], "Hands")
    assert {run.path.parent for run in asked} == {trainings.folders[0] / "hands"}
    assert len({run.path for run in asked}) == 10
    trainings.ask_all("gesture", made["kinds"], made["runs"], "Hands")
    with pytest.raises(UsageError, match="20 trainings wait already"):
        trainings.ask_all("gesture", made["kinds"], made["runs"], "Hands")
    assert not (trainings.folders[0] / "hands-3").exists()  # none was put there


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"data.protocol": "unseen"}, "Who is left out is not said"),
        ({"data.protocol": "unseen", "data.performer": "nobody"}, "'nobody' does not move in"),
        ({"data.protocol": "half"}, "Judged by is 'half'"),
    ],
)
def test_a_protocol_that_cannot_be_is_refused_before_anything_starts(
    settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        gesture_plan(**settings)


def test_all_kinds_take_what_is_set_for_all_and_keep_their_own_of_the_rest() -> None:
    made = plan(task="companion", kind="all", corpus="made-up", settings={"*.training.epochs": 3})
    (run,) = made["runs"]
    alone = recipe_of(task="companion", kind="groove_predictor", corpus="made-up")
    assert len(made["kinds"]) == len(run["recipe"]) == 5
    assert {part["training"]["epochs"] for part in run["recipe"].values()} == {3}
    assert all(part["data"]["synthetic"] for part in run["recipe"].values())
    rates = [one["groove_predictor"]["training"]["learning_rate"] for one in (run["recipe"], alone)]
    assert rates[0] == rates[1]


def test_fine_tuning_takes_the_sizes_of_the_model_that_it_begins_with() -> None:
    from chromasonic.registry.shipped import shipped
    from chromasonic.tasks.finding import models_at

    folk = shipped("folk")
    assert folk is not None
    sizes = models_at(folk.folder)[0].facts.recipe[folk.kind]["model"]
    recipe = recipe_of(kind=folk.kind, init_from="folk@shipped")
    assert json.loads(json.dumps(recipe[folk.kind]["model"])) == sizes
    assert recipe[folk.kind]["model"] != recipe_of(kind=folk.kind)[folk.kind]["model"]
    assert recipe[folk.kind]["training"] == recipe_of(kind=folk.kind)[folk.kind]["training"]


def test_an_agent_can_be_given_more_episodes(tmp_path: Path) -> None:
    from chromasonic.config import to_toml

    recipe = recipe_of(task="harmonizer", kind="simple", corpus="bach-chorales")
    (tmp_path / "recipe.toml").write_text(to_toml(recipe))
    params = {"task": "harmonizer", "path": str(tmp_path), "epochs": 12_345}
    assert planning.continued(params, unheard())["recipe"]["simple"]["episodes"] == 12_345


def test_a_run_of_a_terminal_is_asked_to_stop_and_then_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path / "run")
    (found,) = (trainings := Trainings([tmp_path])).all()
    is_seen, interrupt = threading.Event(), stopping._interrupt

    def interrupt_when_seen() -> None:
        is_seen.wait(300)
        interrupt()

    monkeypatch.setattr(stopping, "_interrupt", interrupt_when_seen)
    with pytest.raises(KeyboardInterrupt, match="asked in the studio"), held(run):
        trainings.stop(found)
        assert state_of(found)["state"] == "stopping"
        is_seen.set()
        time.sleep(300)
    assert state_of(found)["state"] == "stopped"
