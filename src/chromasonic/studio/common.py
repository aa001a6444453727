"""What all pages share: jobs, pieces and their files."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import (
    FileResponse,
    PlainTextResponse,
    RedirectResponse,
    StreamingResponse,
)

from chromasonic.studio.desk.job import Job
from chromasonic.studio.place import studio_of
from chromasonic.studio.settings import SIGN
from chromasonic.studio.shelf import NotHereError

router = APIRouter()

BEAT_SECONDS = 10.0
"""A watcher hears of a job at least so often: so a connection that is dead is noticed."""


@router.get("/")
async def root() -> RedirectResponse:
    """The first page."""
    return RedirectResponse("/compose")


@router.get("/favicon.ico")
async def icon() -> RedirectResponse:
    """What browsers ask for when an answer is no page."""
    return RedirectResponse("/web/kit/icon.svg")


@router.get("/robots.txt")
async def robots() -> PlainTextResponse:
    """Nothing here is for search engines."""
    return PlainTextResponse(f"{SIGN}\nUser-agent: *\nDisallow: /\n")


@router.get("/api/alive")
async def alive() -> dict[str, Any]:
    """Answers whoever may ask, and no more: a page looks whether the studio is still there."""
    return {}


@router.post("/api/uploads")
async def upload(request: Request) -> dict[str, Any]:
    """Keep a file: {"upload": id, "name", "bytes", "kind"}."""
    return await studio_of(request).uploads.keep(request)


@router.get("/api/jobs/{job_id}")
async def job(request: Request, job_id: str) -> dict[str, Any]:
    """How a job stands."""
    return _told(request, _job(request, job_id))


@router.get("/api/jobs/{job_id}/events")
async def job_events(request: Request, job_id: str) -> StreamingResponse:
    """Server-sent events: the job now, after each change and every few seconds, until its end."""
    found = _job(request, job_id)

    async def lines() -> AsyncIterator[str]:
        while True:
            event = found.changed
            yield f"data: {json.dumps(_told(request, found))}\n\n"
            if found.is_over:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await event.wait()

    return StreamingResponse(lines(), media_type="text/event-stream")


@router.post("/api/jobs/{job_id}/cancel")
async def cancel(request: Request, job_id: str) -> dict[str, Any]:
    """Stop a job."""
    studio_of(request).desk.cancel(job_id)
    return _told(request, _job(request, job_id))


@router.get("/api/pieces")
def pieces(
    request: Request,
    kind: Annotated[str | None, Query(max_length=100)] = None,
    before: Annotated[str | None, Query(max_length=20)] = None,
    most: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """What was made, the newest first, without `data`; `next` is where the next page begins."""
    found = studio_of(request).shelf.listed(
        kinds=kind.split(",") if kind else (), before=before, most=most + 1
    )
    shown = [vars(one) for one in found]
    return {"pieces": shown[:most], "next": shown[most - 1]["id"] if len(shown) > most else None}


@router.get("/api/pieces/{piece_id}")
def piece(request: Request, piece_id: str) -> dict[str, Any]:
    """One piece."""
    return studio_of(request).shelf.get(piece_id).told()


@router.get("/api/pieces/{piece_id}/{name}")
def piece_file(request: Request, piece_id: str, name: str) -> FileResponse:
    """A file of a piece; ?download=1 makes it a download, named after the piece.

    Another word than 1 stands behind that name: ?download=straight.
    """
    shelf = studio_of(request).shelf
    path = shelf.path(piece_id, name)
    wanted = request.query_params.get("download")
    title = shelf.get(piece_id).title
    word = f"-{_plain(wanted)}" if wanted and wanted != "1" else ""
    return FileResponse(path, filename=f"{_plain(title)}{word}{path.suffix}" if wanted else None)


@router.delete("/api/pieces/{piece_id}")
def remove_piece(request: Request, piece_id: str) -> dict[str, Any]:
    """Take a piece away; it can be brought back for some days."""
    studio_of(request).shelf.remove(piece_id)
    return {}


@router.post("/api/pieces/{piece_id}/restore")
def restore_piece(request: Request, piece_id: str) -> dict[str, Any]:
    """Bring a piece back that was taken away."""
    return studio_of(request).shelf.restore(piece_id).told()


def _told(request: Request, found: Job) -> dict[str, Any]:
    """A job as the page is told, with how many are done before it."""
    return {**found.told(), "ahead": studio_of(request).desk.ahead_of(found)}


def _job(request: Request, job_id: str) -> Job:
    found = studio_of(request).desk.get(job_id)
    if found is None:
        raise NotHereError(
            "The studio knows nothing of this (any more): it may have been started anew in "
            "between. Begin it once more."
        )
    return found


def _plain(title: str) -> str:
    """A title as a file's name."""
    kept = "".join(one if one.isalnum() else "-" for one in title.lower())
    return "-".join(part for part in kept.split("-") if part)[:60] or "piece"
