"""A real studio in a process of its own, a real browser, and what axe-core says of a page."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

BROWSERS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)

LONGEST_WAIT_MS = 180_000
"""How long a page is waited for, whatever for: what is there sooner is seen sooner, so that only
tests that fail are slow, and those of a busy machine do not fail."""
ENDING_SECONDS = 30.0
"""In which a training may look that it shall end, before it is killed."""
NO_TIMERS = "window.setTimeout = () => 0;"
"""For `add_init_script`, where a page's own patience shall not end before the test has looked:
notices that go away by themselves, work that is only shown, silence that is waited for."""
STILL = """async () => {
  const ends = (one) => one.effect?.getComputedTiming().iterations !== Infinity;
  await new Promise(requestAnimationFrame);
  await Promise.allSettled(document.getAnimations().filter(ends).map((one) => one.finished));
}"""
"""Waits until what fades or moves has arrived; what turns for ever is not waited for."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class RunningStudio:
    """A studio that answers at `address` and keeps its things in `folder`."""

    address: str
    folder: Path
    process: subprocess.Popen[str]


def started_studio(folder: Path, *options: str, **environment: str) -> RunningStudio:
    """A studio in a process of its own; the caller ends the process."""
    (folder / "runs").mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "chromasonic.cli.app", "studio", "--no-browser", "--port", "0"),
            *("--folder", str(folder), "--runs", str(folder / "runs"), *options),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    found = re.search(r"http://\S+", said)
    assert found, f"the studio did not start: {said!r}"
    return RunningStudio(found[0].rstrip("/"), folder, process)


def ended(studio: RunningStudio) -> None:
    """End a studio, and what it trains, which would go on without it."""
    studio.process.terminate()
    studio.process.wait(LONGEST_WAIT_MS / 1000)
    end_trainings(studio.folder)


def end_trainings(folder: Path) -> None:
    """End every training below a folder, even one whose process has only just begun.

    One whose wish is taken away ends by itself at its next look, or else it is killed.
    """
    from chromasonic.studio.train.notes import Notes

    trainings = [Notes(wish.parent.parent) for wish in folder.rglob(".studio/asked.json")]
    for notes in trainings:
        (notes.folder / "asked.json").unlink(missing_ok=True)
    end = time.monotonic() + ENDING_SECONDS
    for notes in trainings:
        while notes.is_at_work():
            process = notes.progress().get("pid")
            if process and time.monotonic() > end:
                with suppress(ProcessLookupError):  # it has just ended by itself
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.1)


def browser_path() -> str:
    """Where a Chromium is; its absence fails in CI and skips elsewhere."""
    chosen = os.environ.get("CHROMASONIC_BROWSER")
    found = chosen or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        message = "no Chromium (Debian, Ubuntu: apt-get install chromium; or CHROMASONIC_BROWSER)"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return found


def patient_context(browser: Any, **options: Any) -> Any:
    """A context of a browser whose pages are waited for as long as `LONGEST_WAIT_MS`."""
    context = browser.new_context(**options)
    context.set_default_timeout(LONGEST_WAIT_MS)
    return context


@contextmanager
def watched_page(browser: Any, *, but: str = "no such words") -> Iterator[Any]:
    """A fresh page, 1280 by 900; an error on its console or in its scripts fails the test.

    Args:
        browser: a Playwright browser.
        but: what an error may say all the same, such as the status of a refusal that is asked for.
    """
    context = patient_context(browser, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    left = [one for one in wrong if but not in one]
    assert not left, left


def reload_in_the_middle(page: Any, key: str, begin: Callable[[], Any]) -> None:
    """Begin a job and reload the page while it is followed, however fast the job is.

    The page hears of no job's end before it is reloaded: what it asks for is never answered.

    Args:
        page: of the studio.
        key: under which the page keeps the job (`keptJob`).
        begin: what makes the page begin it, such as a click.
    """
    left: list[bool] = []

    def hold(route: Any) -> None:
        if left:
            route.continue_()

    page.route("**/api/jobs/*/events", hold)
    begin()
    page.wait_for_function("(key) => sessionStorage.getItem(`chromasonic-job-${key}`)", arg=key)
    left.append(True)  # to unroute here would send on what is held
    page.reload()


def serious_faults(page: Any) -> list[str]:
    """What axe-core finds serious or critical on the page as it stands."""
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(STILL)  # a colour on its way has a contrast that nobody sees
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: " + json.dumps([node["target"] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine gives; in a thread of its own, as the browser's loop runs in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
