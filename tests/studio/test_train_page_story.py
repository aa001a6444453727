"""From a first training to a model in use, in a browser: stopped, continued, compared."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from tests.studio.running import (
    LONGEST_WAIT_MS,
    RunningStudio,
    ended,
    serious_faults,
    started_studio,
    watched_page,
)

from stores import new_store

EPOCHS = 100_000  # more than can be made before the test stops it

SHOWN = "n => Number(document.querySelector('#loss [role=slider]')?.ariaValueMax)"
"""Script that begins a comparison with the last epoch that the curves show."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio with a registry and runs of its own."""
    folder = tmp_path_factory.mktemp("train")
    registry = new_store(folder / "registry")
    running = started_studio(folder / "studio", CHROMASONIC_REGISTRY=str(registry))
    yield running
    ended(running)


def told(studio: RunningStudio, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the studio answers, in JSON."""
    request = urllib.request.Request(
        studio.address + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=LONGEST_WAIT_MS / 1000) as answer:
        value: dict[str, Any] = json.loads(answer.read())
    return value


def wait_for(page: Any, words: str, selector: str = "#detail-state") -> None:
    page.wait_for_function(
        "([selector, words]) => document.querySelector(selector)?.textContent.includes(words)",
        arg=[selector, words],
    )


def epochs_shown(page: Any) -> int:
    return int(page.locator("#loss [role=slider]").get_attribute("aria-valuemax"))


def set_form(page: Any, kind: str, name: str) -> None:
    page.get_by_role("radio", name=re.compile(f"^{kind}")).check()
    page.locator("#corpus").select_option("synthetic-structured")
    page.get_by_label("Tunes to make").fill("24")
    page.get_by_label("Name of the run").fill(name)


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page whose console stays empty, but for the refusal that is asked for."""
    with watched_page(browser, but="status of 400") as page:
        yield page


def test_a_training_from_its_first_epoch_to_a_model_in_use(page: Any, own: RunningStudio) -> None:
    page.goto(own.address + "/train")
    page.get_by_role("button", name="Train your first model").click()
    set_form(page, "LSTM", "Stopped & continued")
    page.get_by_text("More settings").click()
    page.get_by_label("Hidden size").fill("8")

    # A value that cannot be is said beside its field, and nothing is started.
    page.get_by_label("Epochs", exact=False).first.fill("0")
    page.get_by_role("button", name="Start training").click()
    page.wait_for_selector("#start-error:not([hidden])")
    beside = page.locator("label.field", has_text="Epochs").locator(".train-fault")
    assert beside.first.inner_text().startswith("Epochs is 0; allowed: 1 or more")
    assert told(own, "/api/train/runs")["runs"] == []

    page.get_by_label("Epochs", exact=False).first.fill(str(EPOCHS))
    page.get_by_role("button", name="Start training").click()
    wait_for(page, "learning")
    page.wait_for_function(f"{SHOWN} >= n", arg=2)
    before = epochs_shown(page)
    page.reload()  # in the middle
    page.wait_for_selector("#detail:not([hidden])")
    assert page.locator("#detail-title").inner_text() == "stopped-continued"
    page.wait_for_function(f"{SHOWN} >= n", arg=before)
    page.get_by_role("button", name="Stop", exact=True).click()
    wait_for(page, "stopped")
    stopped_at = epochs_shown(page)
    assert before <= stopped_at < EPOCHS

    page.get_by_role("button", name="Continue …").click()
    page.get_by_label("Epochs in all").fill(str(stopped_at + 2))
    page.get_by_role("dialog").get_by_role("button", name="Continue").click()
    wait_for(page, "done")
    assert epochs_shown(page) == stopped_at + 2
    assert page.locator(".finding").count() >= 1
    assert serious_faults(page) == []

    # Another run, laid over the first; both are kept in the address.
    wish = {"task": "melody", "kind": "markov", "corpus": "synthetic-structured"}
    wish |= {"name": "Counted", "settings": {"data.num_sequences": 24}}
    markov = told(own, "/api/train/runs", wish)["run"]
    await_end(own, markov)
    page.reload()
    page.get_by_label("Lay counted over the others").check()
    page.get_by_role("button", name="counted", exact=True).first.wait_for()
    assert markov in page.url
    with page.expect_download() as table:
        page.get_by_role("link", name="Curves as CSV").click()
    assert table.value.suggested_filename == "stopped-continued.csv"
    register_and_use(page, own, markov)


def await_end(studio: RunningStudio, run: str) -> None:
    end = time.monotonic() + 300
    while time.monotonic() < end:
        state = told(studio, f"/api/train/runs/{run}")["state"]["state"]
        if state in ("done", "failed", "interrupted"):
            break
        time.sleep(0.3)
    assert state == "done"


def register_and_use(page: Any, own: RunningStudio, markov: str) -> None:
    """The run becomes version 1 and is put in use; the other becomes version 2, and is compared."""
    page.get_by_role("button", name="Register …").click()
    page.get_by_label("Name of the model").fill("tiny")
    page.get_by_role("dialog").get_by_role("button", name="Register").click()
    link = page.get_by_role("link", name="tiny@1")
    link.wait_for()
    with page.expect_response("**/api/train/runs"):  # the page looks for news, and draws anew
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    link.click()
    page.wait_for_selector("#model-title")
    page.get_by_role("button", name="Promote …").click()
    page.get_by_role("checkbox", name="Check first").uncheck()
    page.get_by_label("Why (is kept").fill("<b>to begin with</b>")
    page.get_by_role("dialog").get_by_role("button", name="Promote").click()
    page.locator("#view .models-badge", has_text="champion").wait_for()

    job = told(own, "/api/models/register", {"run": markov, "name": "tiny"})
    while job["state"] not in ("done", "failed"):
        time.sleep(0.2)
        job = told(own, f"/api/jobs/{job['id']}")
    assert job["result"]["versions"] == ["tiny@2"]
    page.goto(own.address + "/models?version=tiny@2")
    page.get_by_role("heading", name="tiny, version 2").wait_for()
    page.get_by_role("button", name="Promote …").click()
    page.get_by_role("dialog").get_by_role("button", name="Promote").click()
    page.locator(".models-check", has_text="comparison").wait_for()
    assert "in pitch bits" in page.locator("#model-work").inner_text()
    page.locator("#view .models-title .models-badge", has_text="champion").wait_for()

    for version in ("tiny@1", "tiny@2"):
        page.get_by_label(f"Compare {version}").check()
    page.get_by_role("button", name="Compare 2").click()
    page.get_by_role("heading", name="2 models beside each other").wait_for()
    page.get_by_role("img", name=re.compile("Figures of these models at once")).wait_for()
    assert serious_faults(page) == []

    page.reload()  # the comparison is in the address
    page.get_by_role("heading", name="2 models beside each other").wait_for()
    page.get_by_role("button", name="Version 2").click()
    page.get_by_role("button", name="Roll back …").click()
    page.get_by_role("dialog").get_by_label("Why").fill("clicks")
    page.get_by_role("dialog").get_by_role("button", name="Back to version 1").click()
    page.get_by_role("button", name="Version 1champion").wait_for()
    page.get_by_role("button", name="Promote …").wait_for()  # version 2 is in use no more
    page.get_by_role("tab", name="History").click()
    history = page.locator(".models-history li")
    history.first.wait_for()
    assert "champion is version 1, was version 2 (rolled back)" in history.first.inner_text()
    assert "<b>to begin with</b>" in history.last.inner_text()  # as text
