"""Routes of the Harmonize page."""

from __future__ import annotations

from collections import OrderedDict
from typing import Annotated, Any, Literal
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chromasonic.errors import UsageError
from chromasonic.studio.choices import choices
from chromasonic.studio.desk.desk import Desk
from chromasonic.studio.desk.job import Job
from chromasonic.studio.harmonize.examples import AGENTS, KEYS, MELODIES, SETTINGS, example_path
from chromasonic.studio.harmonize.work import HARMONY, plain_title
from chromasonic.studio.place import Studio, page, studio_of
from chromasonic.studio.shelf import Piece

router = APIRouter()

KINDS = ("midi", "abc", "musicxml", "mxl", "kern")
"""Kinds of upload that hold a melody."""
MOST_READINGS = 64
MOST_AGENTS = 4

Short = Annotated[str, StringConstraints(max_length=60, strip_whitespace=True)]


class Source(BaseModel):
    """Where the music is: typed, a file that was sent, a piece, an example; one of them."""

    model_config = ConfigDict(extra="forbid")

    text: str | None = Field(None, max_length=100_000)
    upload: str | None = Field(None, max_length=40)
    piece: str | None = Field(None, max_length=40)
    example: str | None = Field(None, max_length=40)
    name: str | None = Field(None, max_length=200)
    part: int | None = Field(None, ge=0, le=200)
    key: Short | None = None
    metre: Short | None = None


class Player(BaseModel):
    """An agent: its kind, and which model of it; none: the one that ships."""

    model_config = ConfigDict(extra="forbid")

    agent: Literal["hybrid", "exact", "advanced", "simple"]
    models: str | None = Field(None, max_length=1000)


class Wishes(BaseModel):
    """What settings are asked for."""

    model_config = ConfigDict(extra="forbid")

    source: Source
    agents: list[Player] = Field(default=[Player(agent="hybrid", models=None)], min_length=1)
    count: int = Field(1, ge=1, le=4)
    seed: int = Field(0, ge=0, le=2**31 - 1)
    title: str = Field("", max_length=200)


class OwnSetting(BaseModel):
    """A setting to be checked."""

    model_config = ConfigDict(extra="forbid")

    source: Source
    title: str = Field("", max_length=200)


@router.get("/harmonize")
async def harmonize_page(request: Request) -> HTMLResponse:
    """The page."""
    return page(
        request, "harmonize", melodies=MELODIES, settings=SETTINGS, agents=AGENTS, keys=KEYS
    )


@router.post("/api/harmonize/melody")
async def melody(request: Request, source: Source) -> dict[str, Any]:
    """Begin to read a melody: the job whose result the page previews (`reading.read_melody`)."""
    studio = studio_of(request)
    return _reading(studio, "harmonize-melody", source).told()


@router.post("/api/harmonize/settings")
async def settings(request: Request, wishes: Wishes) -> dict[str, Any]:
    """Read the melody, then begin to set it: the job whose result is {"piece": id}."""
    studio = studio_of(request)
    if len(wishes.agents) > MOST_AGENTS:
        raise UsageError(f"Up to {MOST_AGENTS} agents are compared at once; choose fewer.")
    agents = [await _agent(studio, one) for one in wishes.agents]
    read = await _read(studio, "harmonize-melody", wishes.source)
    params = {
        "tune": read["tune"],
        "agents": agents,
        "count": wishes.count,
        "seed": wishes.seed,
        "fixed_key": bool(wishes.source.key),
        "title": wishes.title.strip()
        or read["title"]
        or plain_title("Melody", read["key"], read["bars"]),
        "said": read["said"],
        "asked": {"kind": "melody", **wishes.model_dump()},
        "shelf": str(studio.shelf.folder),
    }
    return studio.desk.submit("harmonize", params).told()


@router.delete("/api/harmonize/settings/{piece_id}")
async def remove(request: Request, piece_id: str) -> dict[str, Any]:
    """Take a piece away with every setting that it names."""
    shelf = studio_of(request).shelf
    for one in _settings_of(shelf.get(piece_id)):
        shelf.remove(one)
    shelf.remove(piece_id)
    return {}


@router.post("/api/harmonize/settings/{piece_id}/restore")
async def restore(request: Request, piece_id: str) -> dict[str, Any]:
    """Bring a piece back that was taken away, with every setting that it names."""
    shelf = studio_of(request).shelf
    piece = shelf.restore(piece_id)
    for one in _settings_of(piece):
        shelf.restore(one)
    return piece.told()


def _settings_of(piece: Piece) -> list[str]:
    """Ids of the settings that a piece names."""
    if piece.kind != HARMONY:
        raise UsageError(f"The piece {piece.id} is no harmonization.")
    return [one["piece"] for one in piece.data["settings"]]


@router.post("/api/harmonize/checks")
async def checks(request: Request, own: OwnSetting) -> dict[str, Any]:
    """Read a setting, then begin to judge it: the job whose result is {"piece": id}."""
    studio = studio_of(request)
    read = await _read(studio, "harmonize-setting", own.source)
    params = {
        "parts": read["parts"],
        "key": read["key"],
        "title": own.title.strip() or read["title"] or own.source.name or "",
        "asked": {"kind": "setting", **own.model_dump()},
        "shelf": str(studio.shelf.folder),
    }
    return studio.desk.submit("harmonize-check", params).told()


def _params(studio: Studio, source: Source) -> dict[str, Any]:
    """What a reading is given; the name of a file becomes its place."""
    given = [
        one for one in (source.text, source.upload, source.piece, source.example) if one is not None
    ]
    if len(given) != 1:
        raise UsageError("Type a melody, or send a file, or take a piece: one of them.")
    params: dict[str, Any] = {
        "text": source.text,
        "path": None,
        "name": source.name,
        "part": source.part,
        "key": source.key or None,
        "metre": source.metre or None,
    }
    if source.upload is not None:
        params["path"] = str(studio.uploads.path(source.upload, KINDS))
    if source.example is not None:
        params["path"] = str(example_path(source.example))
    if source.piece is not None:
        params["path"] = str(studio.shelf.path(source.piece, "tune.abc"))
        params["name"] = studio.shelf.get(source.piece).title
    return params


def _reading(studio: Studio, kind: str, source: Source) -> Job:
    """The job that reads a source; the one of the preview serves for the setting too."""
    params = _params(studio, source)
    known = _READINGS.setdefault(studio.desk, OrderedDict())
    key = f"{kind} {sorted(params.items(), key=str)}"
    job = known.get(key)
    if job is None or job.state in ("failed", "cancelled"):
        job = known[key] = studio.desk.submit(kind, params)
    known.move_to_end(key)
    if len(known) > MOST_READINGS:
        known.popitem(last=False)
    return job


async def _read(studio: Studio, kind: str, source: Source) -> dict[str, Any]:
    """What the reading of a source gave.

    Raises:
        UsageError: it cannot be read; the text says why.
    """
    job = await studio.desk.finished(_reading(studio, kind, source))
    if job.result is None:
        raise UsageError(job.error or "The reading was broken off. Try again.")
    return job.result


_READINGS: WeakKeyDictionary[Desk, OrderedDict[str, Job]] = WeakKeyDictionary()
"""The latest readings of each running studio."""


async def _agent(studio: Studio, wished: Player) -> dict[str, Any]:
    """An agent as the work takes it; models are taken from those on offer alone."""
    if wished.models is None:
        return {"agent": wished.agent, "models": None, "label": wished.agent.capitalize()}
    for one in await choices(studio, "harmonizer"):
        if one.ref == wished.models and one.kind in (wished.agent, "all"):
            return {"agent": wished.agent, "models": one.ref, "label": one.label}
    raise UsageError(f"There is no {wished.agent} agent {wished.models} here (any more).")
