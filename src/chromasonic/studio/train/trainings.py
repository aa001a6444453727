"""The trainings of a studio: a queue of one at a time, each a process that outlives the studio."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from chromasonic.errors import UsageError
from chromasonic.studio.train.notes import Notes
from chromasonic.studio.train.on_disk import OWN, Run, run_at, run_id, runs_in
from chromasonic.training.holding import ask_to_stop, hears, is_held, is_stopping, was_stopped

LOOK_SECONDS = 1.0
"""Between two looks whether the next in the queue can begin."""
START_SECONDS = 60.0
"""How long a process that was started may take to take its lock, on a machine however busy; one
that ended before is told at once by the studio that started it."""
ENDED_EARLY = "Its process ended before it began."
MOST_WAITING = 20
LIVE = ("queued", "starting", "running", "stopping")


class Trainings:
    """Starts, stops and knows the trainings below some folders.

    Args:
        folders: where runs are looked for; new ones are made in the first.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self.folders = tuple(folders)
        self._processes: dict[Path, subprocess.Popen[bytes]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to look after the queue; what waited when a studio ended is taken up again."""
        self._looking = asyncio.create_task(self._look())

    async def close(self) -> None:
        """Look no more; what is being trained goes on."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def all(self) -> list[Run]:
        """Every run, the newest first."""
        return runs_in(self.folders)

    def get(self, wanted: str) -> Run:
        """The run with an id.

        Raises:
            UsageError: there is none.
        """
        for run in self.all():
            if run.id == wanted:
                return run
        raise UsageError("There is no such run here (any more).")

    def ask(
        self,
        task: str,
        kinds: list[str],
        recipe: Mapping[str, Any],
        name: str = "",
        *,
        init_from: str = "",
    ) -> Run:
        """Put a new training into the queue.

        Args:
            task: melody, companion, harmonizer or gesture.
            kinds: of models.
            recipe: every setting, checked.
            name: of its folder; made from the task where empty.
            init_from: a model whose weights it begins with.

        Raises:
            UsageError: too many wait.
        """
        made = name or (f"{task}-{'-'.join(kinds)}" if len(kinds) < 3 else f"{task}-all")
        plans = [{"name": "", "recipe": recipe}]
        return self.ask_all(task, kinds, plans, made, init_from=init_from)[0]

    def ask_all(
        self,
        task: str,
        kinds: list[str],
        plans: Sequence[Mapping[str, Any]],
        name: str,
        *,
        init_from: str = "",
    ) -> list[Run]:
        """Put trainings that belong together into the queue, in a folder of their own.

        Args:
            task: melody, companion, harmonizer or gesture.
            kinds: of models.
            plans: of each: its recipe, and its name below the folder of all; one that is alone and
                has none is the folder itself.
            name: of the folder.
            init_from: a model whose weights each begins with.

        Raises:
            UsageError: too many would wait; then none was put there.
        """
        waiting = sum(state_of(run)["state"] == "queued" for run in self._own())
        if waiting + len(plans) > MOST_WAITING:
            already = f"{waiting} trainings wait already. " if waiting else ""
            raise UsageError(
                f"{already}No more than {MOST_WAITING} can wait, and this is {len(plans)}. Stop "
                "some of them first, or train fewer."
            )
        top = _fresh(self.folders[0], name)
        found = []
        for plan in plans:
            folder = _fresh(top, plan["name"]) if plan["name"] else top
            asked = _asked(task, kinds, plan["recipe"], resume=False, init_from=init_from)
            Notes(folder).ask(asked)
            run = run_at(folder, below=self.folders[0])
            assert run is not None
            found.append(run)
        return found

    def go_on(self, run: Run, recipe: Mapping[str, Any]) -> None:
        """Put a run into the queue to be continued where it ended.

        Raises:
            UsageError: it is being trained.
        """
        state = state_of(run)["state"]
        if state in LIVE:
            raise UsageError(f"'{run.name}' is {state} already.")
        began = (run.path / "run.json").is_file() or run.task == "harmonizer"
        notes = Notes(run.path)
        source = "" if began else notes.asked().get("init_from", "")
        asked = _asked(run.task, list(run.kinds), recipe, resume=began, init_from=source)
        notes.ask(asked)

    def stop(self, run: Run) -> None:
        """Ask a training to end; one that waits is taken off the queue.

        Raises:
            UsageError: it is not being trained, or what trains it cannot be reached.
        """
        state = state_of(run)
        notes = Notes(run.path)
        if state["state"] == "queued":
            notes.tell(state="stopped", message="")
        elif state["state"] in ("starting", "running") and state["by"] == "studio":
            notes.stop_file.touch()
        elif state["state"] == "running":
            ask_to_stop(run.path, by="the studio")
        elif state["state"] != "stopping":
            raise UsageError(f"'{run.name}' is not being trained.")

    def remove(self, run: Run) -> None:
        """Take away a run that the studio made.

        Raises:
            UsageError: it is being trained, or lies in a folder of somebody else's.
        """
        if state_of(run)["state"] in LIVE:
            raise UsageError(f"'{run.name}' is being trained; stop it first.")
        if self.folders[0].resolve() not in run.path.resolve().parents:
            raise UsageError(
                f"'{run.name}' was not made by the studio; take its folder away yourself."
            )
        shutil.rmtree(run.path)

    def _own(self) -> list[Run]:
        """Runs that the studio noted something of."""
        return [run for run in self.all() if (run.path / OWN / "asked.json").is_file()]

    async def _look(self) -> None:
        while True:
            with suppress(OSError):  # a folder that is taken away meanwhile: look again
                await asyncio.to_thread(self._begin_next)
            await asyncio.sleep(LOOK_SECONDS)

    def _begin_next(self) -> None:
        for path, process in list(self._processes.items()):
            if process.poll() is not None:
                del self._processes[path]
                told = Notes(path).progress()
                if told.get("state") == "starting":
                    Notes(path).tell(**{**told, "state": "failed", "error": ENDED_EARLY})
        states = [(run, state_of(run)) for run in self._own()]
        if any(state["state"] in LIVE[1:] and state["by"] == "studio" for _, state in states):
            return
        waiting = [(state["asked"], run) for run, state in states if state["state"] == "queued"]
        if waiting:
            self._begin(min(waiting, key=lambda one: one[0])[1].path)

    def _begin(self, folder: Path) -> None:
        notes = Notes(folder)
        notes.tell(state="starting", message="Starting", asked=notes.asked().get("asked"))
        with notes.log.open("ab") as log:
            self._processes[folder] = subprocess.Popen(
                [sys.executable, "-m", "chromasonic.studio.train.runner", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # it goes on when the studio ends
            )


def state_of(run: Run) -> dict[str, Any]:
    """How a run stands.

    Returns:
        state: queued, starting, running, stopping, stopped, interrupted, failed or done;
        by: "studio" or "terminal"; asked: when, in seconds; and what the process noted last.
    """
    notes = Notes(run.path)
    asked, (is_ours, progress) = notes.asked(), _standing(notes)
    told = {key: value for key, value in progress.items() if key not in ("pid", "asked", "rewards")}
    told |= {"asked": asked.get("asked", 0.0), "by": "studio" if asked else "terminal"}
    if not is_ours and is_held(run.path):  # also a run of the studio's, continued there
        state = "stopping" if is_stopping(run.path) else "running"
        return told | {"state": state, "by": "terminal", "hears": hears(run.path)}
    if not asked:
        return told | {"state": _state_elsewhere(run)}
    if is_ours:
        return told | {"state": "stopping" if notes.stop_file.exists() else "running"}
    state = progress.get("state", "queued")
    if progress.get("updated", 0.0) < asked.get("asked", 0.0):
        state = "queued"
    if state == "starting" and time.time() - progress["updated"] > START_SECONDS:
        told |= {"error": ENDED_EARLY}
        state = "failed"
    if state in ("running", "done") and was_stopped(run.path):  # in a terminal, afterwards
        state = "stopped"
    return told | {"state": "interrupted" if state == "running" else state}


def _standing(notes: Notes) -> tuple[bool, dict[str, Any]]:
    """Whether a process of the studio's trains now, and what it noted: the two of one moment."""
    while True:
        progress = notes.progress()
        is_at_work = notes.is_at_work()
        if is_at_work or notes.progress() == progress:
            return is_at_work, progress


def _state_elsewhere(run: Run) -> str:
    """How a run stands that nobody trains and that the studio never asked for."""
    results = run.facts.get("results", {})
    if run.kinds and all(kind in results for kind in run.kinds):
        return "done"
    if was_stopped(run.path):
        return "stopped"
    return "done" if run.task == "harmonizer" else "interrupted"


def _asked(
    task: str, kinds: list[str], recipe: Mapping[str, Any], *, resume: bool, init_from: str = ""
) -> dict[str, Any]:
    return {
        "task": task, "kinds": kinds, "recipe": dict(recipe), "resume": resume,
        "init_from": init_from, "asked": time.time(),
    }  # fmt: skip


def folder_name(name: str) -> str:
    """What a folder is called after a name as people type it; "" where nothing of it is left."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:48].strip("-")


def _fresh(parent: Path, name: str) -> Path:
    """A folder that is not there yet, by a name as people typed it."""
    plain = folder_name(name) or "run"
    for number in range(1, 10_000):
        folder = parent / (plain if number == 1 else f"{plain}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise UsageError(f"There are too many runs called '{plain}'. Give another name.")


__all__ = ["LIVE", "Trainings", "folder_name", "run_id", "state_of"]
