"""Routes of the Listen page: what the owner of an experiment does and sees."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from chromasonic.abtest.version_kinds import model_in
from chromasonic.errors import UsageError
from chromasonic.studio.choices import check_offered
from chromasonic.studio.listen.addresses import public_address
from chromasonic.studio.listen.invitations import CLIP_TYPES, Invitation, Invitations
from chromasonic.studio.listen.qr import qr_svg
from chromasonic.studio.listen.results import Results
from chromasonic.studio.listen.wishes import (
    FromAgents,
    FromDrummers,
    FromModels,
    FromSounds,
    FromVersions,
    OwnVersion,
)
from chromasonic.studio.place import Studio, page, studio_of
from chromasonic.studio.settings import LOOPBACK

router = APIRouter()
RESULTS = Results()
LOOK_SECONDS, SIGN_OF_LIFE_SECONDS = 1.0, 15.0


def invitations_of(studio: Studio) -> Invitations:
    """The invitations of a studio."""
    return Invitations(studio.settings.folder / "listening")


@router.get("/listen")
async def listen_page(request: Request) -> HTMLResponse:
    """The page."""
    return page(request, "listen")


@router.get("/api/listen")
def tests(request: Request) -> dict[str, Any]:
    """Every listening test, the newest first."""
    invitations = invitations_of(studio_of(request)).all()
    return {"tests": [RESULTS.summary(one) for one in invitations]}


@router.post("/api/listen")
async def from_models(request: Request, wishes: FromModels) -> dict[str, Any]:
    """Begin a test between models: the job whose result is {"key", "name"}."""
    return _submit(request, "listen-pair", wishes)


@router.post("/api/listen/voices")
async def from_agents(request: Request, wishes: FromAgents) -> dict[str, Any]:
    """Begin a test between agents that harmonize: the job whose result is {"key", "name"}."""
    return _submit(request, "listen-voices", wishes)


@router.post("/api/listen/grooves")
async def from_drummers(request: Request, wishes: FromDrummers) -> dict[str, Any]:
    """Begin a test between drummers: the job whose result is {"key", "name"}."""
    return _submit(request, "listen-pair", wishes)


@router.post("/api/listen/anchors")
async def anchors(request: Request) -> dict[str, Any]:
    """Begin to look for the corpora of anchors: the job whose result is {kind: problem or ""}."""
    return studio_of(request).desk.submit("listen-anchors", {}).told()


@router.post("/api/listen/sounds")
async def from_sounds(request: Request, wishes: FromSounds) -> dict[str, Any]:
    """Begin a test between recordings: the job whose result is {"key", "name"}."""
    studio = studio_of(request)
    sounds = {
        label: _recordings(studio, version)
        for label, version in zip(ascii_uppercase, wishes.versions, strict=False)
    }
    params = {
        **wishes.params(),
        "folder": str(invitations_of(studio).folder),
        "names": [version.name for version in wishes.versions],
        "sounds": sounds,
        "anchors": 0,
        "longest_s": wishes.longest_s,
    }
    return studio.desk.submit("listen-sounds", params).told()


@router.get("/api/listen/{key}")
def test(request: Request, key: str) -> Response:
    """One test with its results by now."""
    return _json(RESULTS.told(_invitation(request, key)))


@router.get("/api/listen/{key}/events")
async def events(request: Request, key: str) -> StreamingResponse:
    """Server-sent events: the results now and whenever a vote came in."""
    invitation = await asyncio.to_thread(_invitation, request, key)

    async def lines() -> AsyncIterator[str]:
        seen, silent = None, 0.0
        while not await request.is_disconnected():
            state = await asyncio.to_thread(RESULTS.state, invitation)
            if state != seen:
                told = await asyncio.to_thread(RESULTS.told, invitation)
                yield f"data: {json.dumps(told)}\n\n"
                seen, silent = state, 0.0
            elif silent >= SIGN_OF_LIFE_SECONDS:
                yield ": still here\n\n"
                silent = 0.0
            await asyncio.sleep(LOOK_SECONDS)
            silent += LOOK_SECONDS

    return StreamingResponse(lines(), media_type="text/event-stream")


@router.get("/api/listen/{key}/link")
def link(request: Request, key: str) -> dict[str, Any]:
    """What listeners are sent: {"address", "isShared"}."""
    invitation = _invitation(request, key)
    shared = studio_of(request).settings.host not in LOOPBACK
    return {"address": public_address(request, invitation.key), "isShared": shared}


@router.get("/api/listen/{key}/link.svg")
def link_as_code(request: Request, key: str) -> Response:
    """The same as a code for a phone's camera."""
    invitation = _invitation(request, key)
    return Response(qr_svg(public_address(request, invitation.key)), media_type="image/svg+xml")


@router.get("/api/listen/{key}/votes.{ending}")
def export(request: Request, key: str, ending: str) -> Response:
    """All votes as a table or a document."""
    from chromasonic.abtest.vote_export import export_document, vote_rows
    from chromasonic.files import json_text
    from chromasonic.studio.listen.invitations import experiment_of

    experiment = experiment_of(_invitation(request, key))
    if ending == "csv":
        content, kind = _table(vote_rows(experiment)), "text/csv; charset=utf-8"
    elif ending == "json":
        content, kind = json_text(export_document(experiment)), "application/json"
    else:
        raise UsageError(f"Votes are written as .csv or .json, not .{ending[:10]}.")
    name = f"{experiment.name}-votes.{ending}"
    return Response(
        content,
        media_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


@router.get("/api/listen/{key}/clips/{number}/{label}")
def clip(request: Request, key: str, number: int, label: str) -> Response:
    """A clip for the owner, who may know which version it is."""
    from chromasonic.studio.listen.invitations import experiment_of

    invitation = _invitation(request, key)
    items = experiment_of(invitation).design.items
    if not 0 <= number < len(items) or label not in items[number].clips:
        raise UsageError("There is no such clip.")
    path = invitations_of(studio_of(request)).clip(key, items[number].clips[label].source)
    return Response(path.read_bytes(), media_type=CLIP_TYPES[path.suffix])


@router.post("/api/listen/{key}/close")
def close(request: Request, key: str) -> Response:
    """Take no votes any more, for good."""
    from chromasonic.abtest.pinning import release
    from chromasonic.studio.listen.invitations import experiment_of

    invitation = _invitation(request, key)
    closed = experiment_of(invitation).close_for_good("closed in the studio")
    release(closed.design)
    return _json(RESULTS.told(invitation))


def _submit(request: Request, kind: str, wishes: FromVersions) -> dict[str, Any]:
    studio = studio_of(request)
    for version in wishes.models:
        if name := model_in(version):
            check_offered(studio, name)
    params = {**wishes.params(), "folder": str(invitations_of(studio).folder)}
    return studio.desk.submit(kind, params).told()


def _invitation(request: Request, key: str) -> Invitation:
    return invitations_of(studio_of(request)).get(key)


def _json(value: Any) -> Response:
    return Response(json.dumps(value, allow_nan=False), media_type="application/json")


def _table(rows: list[dict[str, Any]]) -> str:
    """Rows as CSV; a text that a spreadsheet would take for a formula begins with an apostrophe."""
    from chromasonic.abtest.vote_export import COLUMNS

    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _no_formula(value) for name, value in row.items()})
    return text.getvalue()


def _no_formula(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def _recordings(studio: Studio, version: OwnVersion) -> dict[str, str]:
    """Item to the path of what was sent for it."""
    found: dict[str, str] = {}
    for one in version.recordings:
        item = item_name(one.name)
        if item in found:
            raise UsageError(
                f"{version.name} has two recordings called '{item}'. Give each another name: those "
                "of the same name make a pair."
            )
        found[item] = str(studio.uploads.path(one.upload, ("sound",)))
    return found


def item_name(file: str) -> str:
    """A recording's name as the name of an item: no folder, no ending, nothing but plain signs."""
    stem = Path(file.replace("\\", "/")).stem
    return re.sub(r"[^\w-]+", "-", stem, flags=re.ASCII).strip("-").lower()[:60] or "clip"
