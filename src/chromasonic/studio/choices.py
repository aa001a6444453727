"""The models that a page can offer for a task: shipped, registered, and runs on this machine."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request

from chromasonic.errors import ChromasonicError, UsageError
from chromasonic.studio.place import Studio, studio_of
from chromasonic.studio.train.on_disk import Run, runs_in

router = APIRouter()

TASKS = ("melody", "companion:groove", "harmonizer", "gesture")
SHIPPED, REGISTERED, RUNS = "Shipped", "Registered", "Runs"
NETWORKS = {
    "lstm": "LSTM",
    "transformer": "Transformer",
    "markov": "Markov model",
    "groove_predictor": "groove",
    "melody_transformer": "MelodyTransformer",
}
PARTS = {"groove": "groove_predictor", "melody": "melody_transformer"}
"""Part of the companion to the kind of model that plays it."""
SERVER_SECONDS = 20.0
"""How long what a registry on a server said is believed."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A model that can be chosen.

    Attributes:
        ref: what `chromasonic.registry.reference.located` is given.
        label: its name in a list.
        group: Shipped, Registered or Runs.
        kind: lstm, transformer, markov, groove_predictor, simple, advanced, hybrid, gesture, ...
        summary: a line that says more.
    """

    ref: str
    label: str
    group: str
    kind: str
    summary: str = ""


@router.get("/api/choices")
async def told_choices(request: Request, task: str) -> dict[str, Any]:
    """The models for a task: {"choices": [...], "problem": why some are missing, or ""}."""
    studio = studio_of(request)
    found = await choices(studio, task)
    return {"choices": [asdict(one) for one in found], "problem": await registry_problem(studio)}


async def choices(studio: Studio, task: str) -> list[Choice]:
    """The models for a task, shipped ones first, then registered ones, then runs.

    A registry that cannot be read gives none; see `registry_problem`.

    Args:
        studio: the running studio.
        task: one of `TASKS`.

    Raises:
        UsageError: no such task.
    """
    if task not in TASKS:
        raise UsageError(f"'{task}' is no task here; allowed: {', '.join(TASKS)}.")
    room, _, part = task.partition(":")
    runs = await asyncio.to_thread(runs_in, run_folders(studio))
    registered, _ = await registered_versions(studio)
    rooms = [(room, part)]
    if task == "melody":  # the companion's model of melodies, too
        rooms.append(("companion", "melody"))
    return [
        *(one for place in rooms for one in _of_shipped(*place)),
        *(one for place in rooms for one in _of_registry(registered, *place)),
        *(one for place in rooms for one in _of_runs(runs, *place)),
    ]


async def registry_problem(studio: Studio) -> str:
    """Why registered models are missing; "" where none is."""
    return (await registered_versions(studio))[1]


def run_folders(studio: Studio) -> tuple[Path, ...]:
    """The folders in which runs are looked for; the studio's own is the first."""
    return (studio.settings.folder / "runs", *studio.settings.runs)


def check_offered(studio: Studio, name: str) -> None:
    """Refuse a model that can be none of the choices: a path outside of the folders of runs.

    Raises:
        UsageError: it is one; nothing was looked for there.
    """
    from chromasonic.registry.reference import reference_in
    from chromasonic.registry.shipped import shipped

    try:
        if reference_in(name) is not None or shipped(name) is not None:
            return
        place = Path(name).resolve()
        if any(place.is_relative_to(folder.resolve()) for folder in run_folders(studio)):
            return
    except ValueError:  # it is not even a path
        pass
    raise UsageError("This model is not (any more) one of the list. Choose another.")


def _of_shipped(room: str, part: str) -> list[Choice]:
    try:
        module = importlib.import_module("chromasonic.registry.shipped")
        shipped = module.shipped_models()
    except (ImportError, ChromasonicError):  # a package without them
        return []
    return [
        Choice(
            ref=f"{one.name}@{module.ALIAS}",
            label=one.title or one.name,
            group=SHIPPED,
            kind=one.kind,
            summary=one.summary,
        )
        for one in shipped
        if one.task == room and _plays(one.kind, part)
    ]


def _of_registry(versions: Iterable[dict[str, Any]], room: str, part: str) -> list[Choice]:
    """Aliases before bare numbers: a champion is what most want."""
    found = []
    for one in versions:
        if one["task"] != room or not _plays(one["kind"], part):
            continue
        where = [f"{one['name']}@{alias}" for alias in one["aliases"]]
        for ref in (*where, one["reference"]):
            found.append(
                Choice(
                    ref=ref,
                    label=ref if ref in where else f"{one['name']}, version {one['version']}",
                    group=REGISTERED,
                    kind=one["kind"],
                    summary=one["title"],
                )
            )
    return sorted(found, key=lambda choice: choice.ref.rpartition("@")[2].isdigit())


def _plays(kind: str, part: str) -> bool:
    """Whether a kind of model has a part; any has where no part is asked for."""
    return not part or kind in (PARTS[part], "all")


def _of_runs(runs: Iterable[Run], room: str, part: str) -> list[Choice]:
    found = []
    for run in runs:
        if run.task != room:
            continue
        for kind in run.ready:
            if part and kind != PARTS[part]:
                continue
            ref = run.best(kind) if room == "melody" else run.path
            is_alone = len(run.kinds) == 1 and room != "melody"
            corpora = run.corpora_of(kind)
            found.append(
                Choice(
                    ref=str(ref.resolve()),
                    label=run.name if is_alone else f"{run.name}: {NETWORKS.get(kind, kind)}",
                    group=RUNS,
                    kind=kind,
                    summary=f"Learned from {', '.join(corpora)}." if corpora else "",
                )
            )
    return found


class _Remembered:
    """What the registry said last, and to which state of its database that belongs."""

    def __init__(self) -> None:
        self.stamp: Any = None
        self.told: tuple[list[dict[str, Any]], str] = ([], "")
        self.lock = asyncio.Lock()


@lru_cache(maxsize=8)
def _memory(_studio_id: int) -> _Remembered:
    return _Remembered()


async def registered_versions(studio: Studio) -> tuple[list[dict[str, Any]], str]:
    """Summaries of registered versions and what went wrong; asked again when something changed."""
    memory = _memory(id(studio))
    async with memory.lock:
        stamp = registry_stamp()
        if stamp is None:
            return [], ""
        if stamp != memory.stamp:
            job = await studio.desk.finished(studio.desk.submit("registry-list", {}))
            result = job.result or {}
            problem = job.error or ""
            memory.told = (result.get("versions", []), problem)
            memory.stamp = None if problem else stamp
        return memory.told


def registry_stamp() -> Any:
    """What changes when the registry does; None where there is no registry."""
    from chromasonic.registry.address import database_file, store_address

    try:
        file = database_file(store_address())
    except ChromasonicError:
        return 0
    if file is None:
        return int(time.time() / SERVER_SECONDS)
    if not file.is_file():
        return None
    stamps = []
    for ending in ("", "-wal", "-journal"):
        one = file.with_name(f"{file.name}{ending}")
        stamps.append((one.stat().st_mtime_ns, one.stat().st_size) if one.exists() else None)
    return str(file), *stamps
