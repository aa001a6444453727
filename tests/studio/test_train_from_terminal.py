"""A companion's training that a terminal began: stopped and continued on the page, then played."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from tests.studio.running import RunningStudio, ended, started_studio, watched_page

from stores import new_store

EPOCHS = 100_000  # more than can be made before it is stopped


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    folder = tmp_path_factory.mktemp("terminal")
    registry = new_store(folder / "registry")
    running = started_studio(folder / "studio", CHROMASONIC_REGISTRY=str(registry))
    yield running
    ended(running)


@pytest.fixture
def terminal(own: RunningStudio) -> Iterator[subprocess.Popen[str]]:
    """`chromasonic train companion`, in the folder where the studio looks for runs."""
    with (own.folder / "terminal.txt").open("w") as screen:  # a pipe that is full would halt it
        training = subprocess.Popen(
            [
                *(sys.executable, "-m", "chromasonic.cli.app", "train", "companion", "--no-track"),
                *("--models", "groove", "--synthetic", "--synthetic-examples", "64"),
                *("--epochs", str(EPOCHS), "--patience", "0"),
                *("--output", str(own.folder / "runs" / "drums")),
            ],
            stderr=screen,
            stdout=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "COLUMNS": "500"},
        )
    yield training
    training.kill()
    training.wait(300)


def wait_for(page: Any, words: str) -> None:
    page.wait_for_function(
        "words => document.querySelector('#detail-state')?.textContent === words", arg=words
    )


def test_a_terminals_training_is_stopped_and_continued_here_and_plays_in_groove(
    browser: Any, own: RunningStudio, terminal: subprocess.Popen[str]
) -> None:
    with watched_page(browser) as page:
        page.goto(own.address + "/train")
        page.get_by_text("Companion · Groove").first.wait_for()
        wait_for(page, "learning")
        page.wait_for_function(
            "() => Number(document.querySelector('#loss [role=slider]')?.ariaValueMax) >= 2"
        )
        page.get_by_role("button", name="Stop", exact=True).click()
        wait_for(page, "stopped")
        assert terminal.wait(300) == 130
        said = (own.folder / "terminal.txt").read_text()
        run = own.folder / "runs" / "drums"
        assert f"as was asked in the studio. What was finished before is on the disk, whole. Go on with it: chromasonic train companion --resume {run}\n" in said  # fmt: skip # noqa: E501

        done = int(page.locator("#loss [role=slider]").get_attribute("aria-valuemax"))
        page.get_by_role("button", name="Continue …").click()
        page.get_by_label("Epochs in all").fill(str(done + 2))
        page.get_by_role("dialog").get_by_role("button", name="Continue").click()
        wait_for(page, "done")
        shown = int(page.locator("#loss [role=slider]").get_attribute("aria-valuemax"))
        assert shown == done + 2
        assert page.locator(".finding").count() >= 1
        assert (run / "groove_predictor.json").is_file()  # as plugins load it

        page.goto(own.address + "/groove")
        page.locator("option", has_text="drums").first.wait_for(state="attached")


def test_the_form_asks_whom_a_gesture_training_leaves_out(browser: Any, own: RunningStudio) -> None:
    with watched_page(browser) as page:
        page.goto(own.address + "/train")
        page.get_by_role("button", name="New training").click()
        page.get_by_role("radio", name="Gesture").check()
        page.locator("#corpus").select_option("synthetic-gestures")
        page.get_by_label("Judged by", exact=True).select_option("one person whom it never saw")
        left_out = page.locator('[data-key="data.performer"]')
        left_out.select_option("performer 3")
        page.reload()
        page.get_by_role("button", name="New training").click()
        left_out.wait_for()
        assert left_out.input_value() == "performer 3"  # kept
        page.get_by_label("Judged by", exact=True).select_option(
            "each person in turn, whom it never saw"
        )
        page.get_by_text("10 trainings, one for each person who is left out.").wait_for()
