"""What the Train page refuses, and how one goes on from a failure or without a studio."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.studio.running import RunningStudio, serious_faults, watched_page
from tests.studio.test_train_watching import LOOK_NOW, begun, learned

from chromasonic.config import to_toml
from chromasonic.errors import ConfigError, TrainingError, UsageError
from chromasonic.studio.desk.report import unheard
from chromasonic.studio.train import planning
from chromasonic.studio.train.fields import in_form_words
from chromasonic.studio.train.notes import Notes
from chromasonic.studio.train.runner import Noted, _words
from chromasonic.training.history import check_more
from chromasonic.training.holding import held

SETTINGS = {
    "data.num_sequences": 24,
    "lstm.training.epochs": 40,
    "lstm.training.learning_rate": 0.5,
    "data.transpose": True,
}


def plan(**values: Any) -> dict[str, Any]:
    wish = {"task": "melody", "kind": "lstm", "corpus": "synthetic-structured", "settings": {}}
    return planning.planned({**wish, **values}, unheard())


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page whose console stays empty, but for what is refused or does not answer on purpose."""
    with watched_page(browser, but="Failed to load resource") as page:
        yield page


def test_every_wrong_field_is_named_at_once_the_empty_one_too() -> None:
    settings = {
        "lstm.training.learning_rate": 1e9,
        "lstm.training.batch_size": None,
        "lstm.training.weight_decay": 7,
    }
    with pytest.raises(ConfigError) as told:
        plan(settings=settings)
    first, second, third = str(told.value).split("\n")
    assert first.startswith("Learning rate is 1000000000.0; allowed: above 0, 1 at most")
    assert second == "Batch is empty; allowed: a value."
    assert third.startswith("Weight decay is 7.0; allowed: from 0 to 1")


@pytest.mark.parametrize(
    "wish",
    [
        {"settings": SETTINGS},
        {"kind": "all", "settings": {"*.training.seed": 5}},
        {"task": "companion", "kind": "dynamics_engine", "corpus": "made-up",
         "settings": {"dynamics_engine.data.synthetic_examples": 9}},
        {"task": "gesture", "kind": "causal", "corpus": "synthetic-gestures",
         "settings": {"training.epochs": 3, "data.protocol": "unseen",
                      "data.performer": "performer 2"}},
        {"task": "harmonizer", "kind": "simple", "corpus": "bach-chorales",
         "settings": {"simple.episodes": 77}},
    ],
)  # fmt: skip
def test_a_runs_recipe_leads_back_to_what_the_form_was_given(wish: dict[str, Any]) -> None:
    wish = {"task": "melody", "kind": "lstm", "corpus": "synthetic-structured", **wish}
    (run,) = planning.planned(wish, unheard())["runs"]
    asked = {"task": wish["task"], "path": "", "recipe": run["recipe"], "init_from": "folk@1"}
    assert planning.again(asked, unheard()) == {**wish, "begin": "folk@1"}


def test_a_run_of_models_that_the_form_does_not_offer_together_is_refused() -> None:
    recipe = plan(kind="all")["runs"][0]["recipe"]
    del recipe["transformer"]
    with pytest.raises(UsageError, match="does not offer"):
        planning.again({"task": "melody", "path": "", "recipe": recipe}, unheard())


def test_a_failures_advice_names_the_forms_fields() -> None:
    told = _words(TrainingError("Lower the rate (--learning-rate 0.0001), or --no-such-flag 3."))
    assert told == "Lower the rate (“Learning rate” 0.0001), or no such flag 3."
    assert in_form_words("Fetch it: chromasonic data fetch --all") == (
        "Fetch it: chromasonic data fetch --all"
    )


@pytest.mark.parametrize(
    ("what", "told"),
    [("reading MAESTRO", "Reading MAESTRO 50%"),
     ("looking for near-duplicates", "Looking for near-duplicates 50%")],
)  # fmt: skip
def test_what_is_done_before_learning_is_told_as_it_is(
    tmp_path: Path, what: str, told: str
) -> None:
    notes = Notes(tmp_path)
    notes.ask({})
    noted = Noted(notes)
    noted.on_load(what, 1, 2)
    assert noted.now["message"] == told


@pytest.mark.parametrize(
    ("asked", "done", "is_right"),
    [
        (7, [6], True), (6, [6], False), (2, [6], False),
        (40, [40, 3], True), (30, [40, 3], False), (40, [40, 0], True), (5, [], True),
    ],
)  # fmt: skip
def test_more_epochs_are_more_than_are_done(asked: int, done: list[int], is_right: bool) -> None:
    if is_right:
        check_more(asked, done)
        return
    with pytest.raises(UsageError, match=f"{max(done)} epochs (are done|already)"):
        check_more(asked, done)


def stopped_run(folder: Path, name: str, epochs: int) -> Path:
    """A run that a terminal stopped after some epochs of 40."""
    run = begun(folder, name)
    learned(run, epochs)
    recipe = plan(settings=SETTINGS)["runs"][0]["recipe"]
    (run / "recipe.toml").write_text(to_toml(recipe))
    return run


def test_fewer_or_as_many_epochs_as_are_done_are_refused_and_the_plan_stays(
    page: Any, studio: RunningStudio
) -> None:
    run = stopped_run(studio.folder / "runs", "six-are-done", 6)
    recipe = (run / "recipe.toml").read_text()
    page.goto(f"{studio.address}/train")
    page.get_by_role("button", name="six-are-done").click()
    page.get_by_role("button", name="Continue …").click()
    dialog = page.get_by_role("dialog")
    for number in ("2", "6"):
        dialog.get_by_label("Epochs in all").fill(number)
        dialog.get_by_label("Epochs in all").press("Enter")
        expect(dialog.get_by_role("alert")).to_contain_text(
            f"6 epochs are done, so {number} in all leave nothing to learn."
        )
    expect(dialog.get_by_label("Epochs in all")).to_have_value("6")
    dialog.get_by_label("Epochs in all").fill("")  # as planned: not where all that was is done
    told = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**told, "results": {"lstm": {}}}))
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog.get_by_role("alert")).to_contain_text("All epochs that were planned are done.")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    assert (run / "recipe.toml").read_text() == recipe
    assert Notes(run).asked() == {}


def failed_run(studio: RunningStudio, name: str) -> Path:
    run = studio.folder / "runs" / name
    made = plan(settings=SETTINGS)
    notes = Notes(run)
    notes.ask({
        "task": "melody", "kinds": ["lstm"], "recipe": made["runs"][0]["recipe"], "resume": False,
        "init_from": "", "asked": 1.0,
    })  # fmt: skip
    notes.tell(state="failed", error="The loss is not finite.")
    return run


def test_a_failed_run_is_trained_again_from_the_form_with_its_settings(
    page: Any, studio: RunningStudio
) -> None:
    failed_run(studio, "it-failed")
    page.goto(f"{studio.address}/train")
    page.get_by_role("button", name="it-failed").click()
    page.get_by_role("button", name="Train again with other settings").click()
    rate = page.get_by_label("Learning rate")
    expect(rate).to_have_value("0.5")
    expect(page.get_by_label("Tunes to make")).to_have_value("24")
    expect(page.locator("#corpus")).to_have_value("synthetic-structured")

    # What is refused is marked at each field, and is no default of the next training.
    page.get_by_text("More settings").click()
    rate.fill("1e9")
    page.get_by_label("Batch", exact=True).fill("")
    page.get_by_role("button", name="Start training").click()
    faults = page.locator(".train-fault")
    expect(faults).to_have_count(2)
    error = page.locator("#start-error").evaluate("one => getComputedStyle(one).color")
    assert faults.first.evaluate("one => getComputedStyle(one).color") == error
    assert serious_faults(page) == []
    page.get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("button", name="New training").click()
    expect(rate).not_to_have_value("1000000000")
    expect(page.get_by_label("Batch", exact=True)).to_have_value("8")
    expect(faults).to_have_count(0)


def test_the_folders_name_is_shown_while_it_is_typed_and_one_of_no_letters_is_refused(
    page: Any, studio: RunningStudio
) -> None:
    page.goto(f"{studio.address}/train")
    page.get_by_role("button", name="New training").click()
    name = page.get_by_label("Name of the run")
    name.fill("../../etc/<b>x")
    expect(page.locator("#name-about")).to_have_text("Its folder is called etc-b-x.")
    name.fill("///")
    page.get_by_role("button", name="Start training").click()
    expect(page.locator(".train-fault")).to_contain_text("Name of the run is '///'; allowed:")


@pytest.mark.parametrize("how", ["gone", "locked"])
def test_a_page_says_that_the_studio_does_not_answer_and_comes_alive_again(
    page: Any, studio: RunningStudio, how: str
) -> None:
    run = begun(studio.folder / "runs", f"watched-{how}")
    refusal = {"status": 401, "json": {"error": "Open it by the whole link."}}
    with held(run):
        page.goto(f"{studio.address}/train")
        page.get_by_role("button", name=f"watched-{how}").click()
        expect(page.locator("#detail-state")).to_have_text("learning")
        lost = (lambda route: route.abort()) if how == "gone" else (lambda r: r.fulfill(**refusal))
        page.route("**/api/**", lost)
        words = "does not answer" if how == "gone" else "Open it by the whole link."
        expect(page.locator("#no-connection")).to_contain_text(words)
        expect(page.locator("#detail-state")).to_have_text("not known")
        expect(page.locator("#runs")).not_to_contain_text("learning")
        page.evaluate(LOOK_NOW)  # what fails meanwhile does not bring it back
        expect(page.locator("#detail-state")).to_have_text("not known")
        page.unroute("**/api/**")
        expect(page.locator("#no-connection")).to_be_hidden()
        expect(page.locator("#detail-state")).to_have_text("learning")


def test_the_listen_page_says_so_too(page: Any, studio: RunningStudio) -> None:
    page.goto(f"{studio.address}/listen")
    expect(page.locator("#tests")).not_to_have_attribute("aria-busy", "true")
    page.route("**/api/**", lambda route: route.abort())
    expect(page.locator("#no-connection")).to_contain_text("The studio does not answer.")
    page.unroute("**/api/**")
    expect(page.locator("#no-connection")).to_be_hidden()


def test_a_refused_registration_keeps_the_dialog_and_the_note(
    page: Any, studio: RunningStudio
) -> None:
    run = begun(studio.folder / "runs", "to-register", results={"lstm": {}})
    (run / "lstm_checkpoints" / "melody_lstm_best.pt").write_bytes(b"")
    page.goto(f"{studio.address}/train")
    page.get_by_role("button", name="to-register").click()
    page.get_by_role("button", name="Register …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name of the model").fill("No name!")
    dialog.get_by_label("Note").fill("of the long evening")
    dialog.get_by_role("button", name="Register").click()
    expect(dialog.get_by_role("alert")).to_contain_text("No name!")
    expect(dialog.get_by_label("Note")).to_have_value("of the long evening")
    expect(dialog).not_to_contain_text("Registering")


def test_the_single_points_of_a_counted_model_are_told_apart(
    page: Any, studio: RunningStudio
) -> None:
    begun(studio.folder / "runs", "counted-once", results={"lstm": {}})  # one epoch: two points
    page.goto(f"{studio.address}/train")
    page.get_by_role("button", name="counted-once").click()
    expect(page.locator("#detail-title")).to_have_text("counted-once")
    marks = page.locator("#loss .chart-lines path[transform]")
    expect(marks).to_have_count(2)
    validation, training = (marks.nth(place).get_attribute("fill") for place in (0, 1))
    assert validation != training == "var(--card)"
