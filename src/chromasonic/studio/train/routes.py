"""Routes of the Train page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from chromasonic.errors import UsageError
from chromasonic.studio.choices import choices, run_folders
from chromasonic.studio.place import page, studio_of
from chromasonic.studio.train.on_disk import Run
from chromasonic.studio.train.trainings import Trainings, folder_name, state_of


@asynccontextmanager
async def life(app: FastAPI) -> AsyncIterator[None]:
    """Looks after the queue of trainings as long as the studio is open."""
    app.state.trainings = Trainings(run_folders(app.state.studio))
    await app.state.trainings.open()
    yield
    await app.state.trainings.close()


router = APIRouter(lifespan=life)


Number = Annotated[float, Field(allow_inf_nan=False)]
Setting = bool | Number | Annotated[str, Field(max_length=200)] | None
"""None is a field that was left empty."""


class Wish(BaseModel):
    """What shall be trained."""

    model_config = ConfigDict(extra="forbid")

    task: str = Field(max_length=30)
    kind: str = Field(max_length=40)
    corpus: str = Field(max_length=60)
    settings: dict[str, Setting] = Field(default_factory=dict, max_length=40)
    init_from: str = Field("", max_length=4_000)
    name: str = Field("", max_length=80)


class More(BaseModel):
    """How a run shall go on."""

    model_config = ConfigDict(extra="forbid")

    epochs: int | None = Field(None, ge=1, le=100_000)


@router.get("/train")
async def train_page(request: Request) -> HTMLResponse:
    """The page."""
    return page(request, "train")


@router.get("/api/train/form")
async def form(request: Request) -> dict[str, Any]:
    """What can be trained on what: the job whose result is {"tasks": [...]}."""
    return studio_of(request).desk.submit("train-offered", {}).told()


@router.get("/api/train/performers")
async def performers(request: Request, corpus: str) -> dict[str, Any]:
    """Who moves in a corpus: the job whose result is {"performers": [...]}."""
    return studio_of(request).desk.submit("train-performers", {"corpus": corpus}).told()


@router.get("/api/train/usual")
async def usual(request: Request, task: str, kind: str, corpus: str) -> dict[str, Any]:
    """How long an epoch took in the newest such runs: {"usual": {kind: {"name", "seconds"}}}."""
    from chromasonic.studio.train.telling import usual_seconds

    trainings = trainings_of(request)
    return {"usual": await asyncio.to_thread(usual_seconds, trainings, task, kind, corpus)}


@router.get("/api/train/runs")
async def runs(request: Request) -> dict[str, Any]:
    """Every run in short."""
    from chromasonic.studio.train.telling import listed

    return {"runs": await asyncio.to_thread(listed, trainings_of(request))}


@router.post("/api/train/runs")
async def begin(request: Request, wish: Wish) -> dict[str, Any]:
    """Check what is asked for and put it into the queue: {"run": id, "runs": [id, ...]}."""
    await _check_beginning(request, wish)
    if wish.name.strip() and not folder_name(wish.name):
        raise UsageError(
            f"Name of the run is {wish.name.strip()!r}; allowed: a name with a letter from a to z "
            "or a digit, as its folder is called so."
        )
    plan = await _done(request, "train-planned", wish.model_dump())
    name = wish.name.strip() or f"{wish.task}-{wish.kind}"
    asked = await asyncio.to_thread(
        trainings_of(request).ask_all,
        wish.task,
        plan["kinds"],
        plan["runs"],
        name,
        init_from=wish.init_from,
    )
    return {"run": asked[0].id, "runs": [run.id for run in asked]}


@router.get("/api/train/runs/{run_id}")
async def run_told(request: Request, run_id: str) -> dict[str, Any]:
    """A run with its curves and their reading."""
    from chromasonic.studio.train.curves import curves_of, reading_of
    from chromasonic.studio.train.telling import summary

    trainings, run = trainings_of(request), await _run(request, run_id)

    def told() -> dict[str, Any]:
        short = summary(run, trainings)
        reading = reading_of(run, is_live=short["is_live"])
        return {**short, "curves": curves_of(run), "reading": reading}

    return await asyncio.to_thread(told)


@router.get("/api/train/runs/{run_id}/events")
async def run_events(request: Request, run_id: str) -> StreamingResponse:
    """Server-sent events: what is new of a run, until its training is over."""
    from chromasonic.studio.train.curves import changes

    run = await _run(request, run_id)
    since = request.headers.get("last-event-id", "")

    async def lines() -> AsyncIterator[str]:
        async for number, told in changes(run, since):
            yield f"id: {number}\ndata: {json.dumps(told)}\n\n" if number else ": still here\n\n"

    return StreamingResponse(
        lines(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


@router.post("/api/train/runs/{run_id}/stop")
async def stop(request: Request, run_id: str) -> dict[str, Any]:
    """Ask a training to end; it can be continued."""
    run = await _run(request, run_id)
    await asyncio.to_thread(trainings_of(request).stop, run)
    return {"run": run.id}


@router.post("/api/train/runs/{run_id}/continue")
async def go_on(request: Request, run_id: str, more: More) -> dict[str, Any]:
    """Put a run into the queue to go on where it ended."""
    run, trainings = await _run(request, run_id), trainings_of(request)
    await asyncio.to_thread(_check_more, run, more.epochs)
    plan = await _done(request, "train-continued", {**_made_with(run), "epochs": more.epochs})
    await asyncio.to_thread(trainings.go_on, run, plan["recipe"])
    return {"run": run.id}


@router.get("/api/train/runs/{run_id}/again")
async def again(request: Request, run_id: str) -> dict[str, Any]:
    """A run's settings for the form of a new training: the job that tells them."""
    from chromasonic.studio.train.notes import Notes

    run = await _run(request, run_id)
    params = {**_made_with(run), "init_from": Notes(run.path).asked().get("init_from", "")}
    return studio_of(request).desk.submit("train-again", params).told()


@router.delete("/api/train/runs/{run_id}")
async def remove(request: Request, run_id: str) -> dict[str, Any]:
    """Take away a run that the studio made."""
    await asyncio.to_thread(trainings_of(request).remove, await _run(request, run_id))
    return {}


@router.get("/api/train/runs/{run_id}/curves.csv")
async def table(request: Request, run_id: str) -> PlainTextResponse:
    """The curves as a table."""
    from chromasonic.studio.train.telling import table_text

    run = await _run(request, run_id)
    name = run.name.replace("/", "-").encode("ascii", "replace").decode().replace('"', "")
    return PlainTextResponse(
        await asyncio.to_thread(table_text, run),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def trainings_of(request: Request) -> Trainings:
    """The trainings of the studio that a request came to."""
    return request.app.state.trainings


def _check_more(run: Run, epochs: int | None) -> None:
    """Refuse to continue a run that would learn nothing more.

    Raises:
        UsageError: as many epochs, or episodes, are done.
    """
    from chromasonic.studio.train.telling import done_in
    from chromasonic.training.history import check_more

    is_agent = run.task == "harmonizer"
    if epochs is not None:
        check_more(epochs, done_in(run), unit="episode" if is_agent else "epoch")
    elif not is_agent and state_of(run)["state"] == "done":
        raise UsageError("All epochs that were planned are done. Say how many it shall be in all.")


def _made_with(run: Run) -> dict[str, Any]:
    """Where the recipe of a run is: beside it, or in what was asked for."""
    from chromasonic.studio.train.notes import Notes

    recipe = None if (run.path / "recipe.toml").is_file() else Notes(run.path).asked().get("recipe")
    return {"task": run.task, "path": str(run.path), "recipe": recipe}


async def _run(request: Request, wanted: str) -> Run:
    return await asyncio.to_thread(trainings_of(request).get, wanted)


async def _check_beginning(request: Request, wish: Wish) -> None:
    """Only what the page offers may be begun with; no path that somebody typed.

    Raises:
        UsageError: it is none of the models for this task and kind.
    """
    if not wish.init_from:
        return
    if wish.task in ("melody", "gesture"):
        for one in await choices(studio_of(request), wish.task):
            if one.ref == wish.init_from and one.kind in (wish.kind, wish.task):
                return
    raise UsageError("There is no such model (any more) that this training could begin with.")


async def _done(request: Request, kind: str, params: dict[str, Any]) -> dict[str, Any]:
    """The result of a short job.

    Raises:
        UsageError: it failed.
    """
    desk = studio_of(request).desk
    job = await desk.finished(desk.submit(kind, params))
    if job.result is None:
        raise UsageError(job.error or "That was cancelled.")
    return job.result
