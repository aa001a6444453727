"""Routes of the Groove page."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from chromasonic.music.drum_patterns import DRUMS, starts
from chromasonic.studio.choices import check_offered
from chromasonic.studio.place import page, studio_of

router = APIRouter()
PIECE = r"^[A-Za-z0-9_-]{12}$"


class Grid(BaseModel):
    """A pattern of sixteenths."""

    model_config = ConfigDict(extra="forbid")

    hits: list[tuple[int, int, int]] = Field(max_length=1024)
    bars: int = 1
    tempo: float = Field(120.0, allow_inf_nan=False)
    swing: float = Field(50.0, allow_inf_nan=False)
    swung: int = 16
    metre: str = Field("4/4", max_length=5)


class Feel(BaseModel):
    """Who plays it, and how much of it is theirs."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(min_length=1, max_length=300)
    velocity: float = Field(1.0, ge=0, le=4, allow_inf_nan=False)
    timing: float = Field(1.0, ge=0, le=4, allow_inf_nan=False)
    looseness: float = Field(0.0, ge=0, le=4, allow_inf_nan=False)
    seed: int = Field(0, ge=0, le=2**31 - 1)
    title: str = Field("Groove", min_length=1, max_length=80)
    keep: bool = False
    replaces: str | None = Field(None, pattern=PIECE)


class PatternWishes(Feel):
    """A pattern to be played."""

    pattern: Grid


class FileWishes(Feel):
    """A MIDI file to be played that was read before."""

    source: str = Field(pattern=PIECE)
    quantize: bool = False


class Sent(BaseModel):
    """An upload to be read."""

    model_config = ConfigDict(extra="forbid")

    upload: str = Field(max_length=40)
    name: str = Field("The file", max_length=120)


class Chosen(BaseModel):
    """On which channel the drums of a file stand that was read before."""

    model_config = ConfigDict(extra="forbid")

    source: str = Field(pattern=PIECE)
    channel: int = Field(ge=1, le=16)


@router.get("/groove")
async def groove_page(request: Request) -> HTMLResponse:
    """The page."""
    return page(request, "groove")


@router.get("/api/groove/starts")
async def groove_starts() -> dict[str, Any]:
    """The grid's drums and the patterns to start from."""
    drums = [{"name": name, "pitch": pitch, "shown": shown} for name, pitch, shown in DRUMS]
    return {"drums": drums, "starts": starts()}


@router.post("/api/groove/patterns")
async def play_pattern(request: Request, wishes: PatternWishes) -> dict[str, Any]:
    """Begin to play a pattern: the job whose result is {"piece": id}."""
    return _submit(request, "groove", wishes)


@router.post("/api/groove/files")
async def play_file(request: Request, wishes: FileWishes) -> dict[str, Any]:
    """Begin to play a file that was read: the job whose result is {"piece": id}."""
    studio_of(request).shelf.path(wishes.source, "source.mid")
    return _submit(request, "groove-file", wishes)


@router.post("/api/groove/readings")
async def read_file(request: Request, sent: Sent) -> dict[str, Any]:
    """Begin to read a MIDI file that came in: the job whose result is {"piece": its source}."""
    studio = studio_of(request)
    path = studio.uploads.path(sent.upload, ("midi",))
    params = {"path": str(path), "name": sent.name, "shelf": str(studio.shelf.folder)}
    return studio.desk.submit("groove-read", params).told()


@router.post("/api/groove/channels")
async def read_channel(request: Request, chosen: Chosen) -> dict[str, Any]:
    """Begin to read a file anew, its drums on another channel: the job's result as of a reading."""
    studio = studio_of(request)
    path = studio.shelf.path(chosen.source, "source.mid")
    name = studio.shelf.get(chosen.source).data["name"]
    params = {"path": str(path), "name": name, "channel": chosen.channel}
    return studio.desk.submit("groove-read", {**params, "shelf": str(studio.shelf.folder)}).told()


def _submit(request: Request, kind: str, wishes: Feel) -> dict[str, Any]:
    studio = studio_of(request)
    check_offered(studio, wishes.model)
    return studio.desk.submit(
        kind, {**wishes.model_dump(), "shelf": str(studio.shelf.folder)}
    ).told()
