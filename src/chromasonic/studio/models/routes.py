"""Routes of the Models page."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from chromasonic.errors import UsageError
from chromasonic.studio.choices import registered_versions
from chromasonic.studio.models.shipped import shipped_summaries
from chromasonic.studio.place import page, studio_of
from chromasonic.studio.train.routes import trainings_of

router = APIRouter()

PACKED = "packed"
"""Folder of the studio for archives that were asked for; each is made anew."""
ARCHIVE = re.compile(r"[A-Za-z0-9][\w.-]{0,120}\.zip", re.ASCII)

Reference = Field(max_length=140, pattern=r"^[A-Za-z0-9][\w.-]*@[A-Za-z0-9][\w.-]*$")


class One(BaseModel):
    """A model."""

    model_config = ConfigDict(extra="forbid")

    reference: str = Reference


class Some(BaseModel):
    """Models to set beside each other."""

    model_config = ConfigDict(extra="forbid")

    references: list[str] = Field(min_length=1, max_length=12)


class NewVersion(BaseModel):
    """A run that shall be registered."""

    model_config = ConfigDict(extra="forbid")

    run: str = Field(max_length=20)
    name: str = Field(max_length=80)
    note: str = Field("", max_length=500)


class Promotion(BaseModel):
    """An alias that shall point to a version."""

    model_config = ConfigDict(extra="forbid")

    reference: str = Reference
    alias: str = Field("champion", max_length=64)
    gate: bool = True
    force: bool = False
    why: str = Field("", max_length=500)


class Rollback(BaseModel):
    """An alias that shall go back."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=64)
    alias: str = Field("champion", max_length=64)
    why: str = Field("", max_length=500)


class Pack(BaseModel):
    """Files that shall be downloaded."""

    model_config = ConfigDict(extra="forbid")

    reference: str = Reference
    format: str = Field("", pattern=r"^(rtneural|onnx|modelt)?$")


@router.get("/models")
async def models_page(request: Request) -> HTMLResponse:
    """The page."""
    return page(request, "models")


@router.get("/api/models")
async def models(request: Request) -> dict[str, Any]:
    """Shipped models and registered versions: {"shipped", "versions", "problem"}."""
    studio = studio_of(request)
    shipped = await asyncio.to_thread(shipped_summaries)
    versions, problem = await registered_versions(studio)
    return {"shipped": shipped, "versions": versions, "problem": problem}


@router.get("/api/models/shipped")
async def models_that_ship() -> dict[str, Any]:
    """Those that come with the package, without a look into the registry: {"shipped"}."""
    return {"shipped": await asyncio.to_thread(shipped_summaries)}


@router.post("/api/models/show")
async def show(request: Request, one: One) -> dict[str, Any]:
    """All of a model: the job that tells it."""
    return _job(request, "registry-show", one.model_dump())


@router.post("/api/models/compare")
async def compare(request: Request, some: Some) -> dict[str, Any]:
    """Models beside each other: the job that tells it."""
    return _job(request, "registry-compare", some.model_dump())


@router.post("/api/models/register")
async def register(request: Request, new: NewVersion) -> dict[str, Any]:
    """Register a run: the job whose result is {"versions", "is_new"}."""
    run = await asyncio.to_thread(trainings_of(request).get, new.run)
    params = {"path": str(run.path), "name": new.name.strip(), "note": new.note}
    return _job(request, "registry-register", params)


@router.post("/api/models/promote")
async def promote(request: Request, promotion: Promotion) -> dict[str, Any]:
    """Point an alias to a version: the job whose result is {"changed", "says", "gate"}."""
    return _job(request, "registry-promote", promotion.model_dump())


@router.post("/api/models/rollback")
async def rollback(request: Request, wish: Rollback) -> dict[str, Any]:
    """Point an alias to what it was before: the job whose result is {"says"}."""
    return _job(request, "registry-rollback", wish.model_dump())


@router.post("/api/models/verify")
async def verify(request: Request, one: One) -> dict[str, Any]:
    """Check a model's files: the job whose result is {"problems", "files"}."""
    return _job(request, "registry-verify", one.model_dump())


@router.post("/api/models/pack")
async def pack(request: Request, wish: Pack) -> dict[str, Any]:
    """Pack files: the job whose result is {"file"}, to be had from /api/models/packed/FILE."""
    folder = studio_of(request).settings.folder / PACKED
    return _job(request, "registry-pack", {**wish.model_dump(), "folder": str(folder)})


@router.get("/api/models/packed/{name}")
async def packed(request: Request, name: str) -> FileResponse:
    """An archive that was packed."""
    folder = studio_of(request).settings.folder / PACKED
    if not ARCHIVE.fullmatch(name) or not (folder / name).is_file():
        raise UsageError("There is no such archive here (any more). Pack it again.")
    return FileResponse(folder / name, filename=name, media_type="application/zip")


def _job(request: Request, kind: str, params: dict[str, Any]) -> dict[str, Any]:
    return studio_of(request).desk.submit(kind, params).told()
