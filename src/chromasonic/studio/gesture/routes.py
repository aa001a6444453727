"""Routes of the Gesture page."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from chromasonic.studio.choices import check_offered
from chromasonic.studio.place import page, studio_of

router = APIRouter()
PIECE = r"^[A-Za-z0-9_-]{12,24}$"


class Sent(BaseModel):
    """An upload to be read, and its frames a second where it does not say them."""

    model_config = ConfigDict(extra="forbid")

    upload: str = Field(max_length=40)
    name: str = Field("recording", max_length=120)
    rate: float | None = Field(None, gt=0, le=10_000, allow_inf_nan=False)


class Row(BaseModel):
    """What one gesture plays."""

    model_config = ConfigDict(extra="forbid")

    gesture: str = Field(max_length=200)
    plays: str = Field(max_length=20)
    value: str = Field("", max_length=200)


class Wishes(BaseModel):
    """A recording, who reads it, and what it shall play."""

    model_config = ConfigDict(extra="forbid")

    recording: str = Field(pattern=PIECE)
    model: str = Field(min_length=1, max_length=300)
    certainty: float = Field(0.6, ge=0.05, le=1, allow_inf_nan=False)
    rows: list[Row] | None = Field(None, max_length=400)
    text: str | None = Field(None, max_length=40_000)
    key: str = Field("D major", max_length=30)
    tempo: float = Field(100, ge=30, le=300, allow_inf_nan=False)
    replaces: str | None = Field(None, pattern=PIECE)


class Asked(BaseModel):
    """A model whose gestures are asked for."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(min_length=1, max_length=300)


@router.get("/gesture")
async def gesture_page(request: Request) -> HTMLResponse:
    """The page."""
    return page(request, "gesture")


@router.post("/api/gesture/readings")
async def read_recording(request: Request, sent: Sent) -> dict[str, Any]:
    """Begin to read a recording that came in: the job whose result is {"piece": id}."""
    studio = studio_of(request)
    path = studio.uploads.path(sent.upload, ("landmarks",))
    return _submit(request, "gesture-read", {**sent.model_dump(), "path": str(path)})


@router.post("/api/gesture/example")
async def example(request: Request) -> dict[str, Any]:
    """Begin to make an example: the job whose result is {"piece": id}."""
    return _submit(request, "gesture-example", {})


@router.post("/api/gesture/classes")
async def classes(request: Request, asked: Asked) -> dict[str, Any]:
    """Begin to ask a model for its gestures: the job whose result are classes and rows."""
    check_offered(studio_of(request), asked.model)
    return _submit(request, "gesture-classes", asked.model_dump())


@router.post("/api/gesture/recognitions")
async def recognize(request: Request, wishes: Wishes) -> dict[str, Any]:
    """Begin to find and play gestures: the job whose result is {"piece": id}."""
    check_offered(studio_of(request), wishes.model)
    studio_of(request).shelf.path(wishes.recording, "movement.npz")
    return _submit(request, "gesture", wishes.model_dump())


def _submit(request: Request, kind: str, params: dict[str, Any]) -> dict[str, Any]:
    studio = studio_of(request)
    return studio.desk.submit(kind, {**params, "shelf": str(studio.shelf.folder)}).told()
