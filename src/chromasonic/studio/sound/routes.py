"""Routes of the sound of pieces."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from chromasonic.studio.place import studio_of
from chromasonic.studio.sound.files import TIMELINE

router = APIRouter()


class SoundWish(BaseModel):
    """In which form a piece is to be heard."""

    model_config = ConfigDict(extra="forbid")

    form: Literal["voices", "mp3", "wav"] = "voices"
    program: int | None = Field(None, ge=0, le=127)


@router.post("/api/pieces/{piece_id}/sound")
async def sound(request: Request, piece_id: str, wish: SoundWish) -> dict[str, Any]:
    """Begin to render a piece: the job whose result is {"files": [...], "voices": [...]}."""
    studio = studio_of(request)
    studio.shelf.path(piece_id, TIMELINE)
    params = {**wish.model_dump(), "shelf": str(studio.shelf.folder), "piece": piece_id}
    return studio.desk.submit("sound", params).told()
