"""Routes of the Compose page."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from chromasonic.errors import FormatError, UsageError
from chromasonic.music.emotion_words import ANGLES_DEGREES
from chromasonic.music.key import MODES
from chromasonic.music.mood_cues import MIDDLE_TEMPO_BPM, TEMPO_OCTAVES
from chromasonic.studio.choices import check_offered
from chromasonic.studio.compose.versions import KIND, family_of, tunes_on
from chromasonic.studio.place import Studio, page, studio_of

router = APIRouter()

METRES = ("2/4", "3/4", "4/4", "2/2", "6/8", "9/8", "12/8", "3/8", "3/2", "6/4", "5/4", "7/8")
TONICS = ("C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F")
MOST_ABC = 4_000

Place = Annotated[float, Field(ge=-1, le=1)]
Step = Annotated[list[Annotated[int, Field(ge=0, le=20_000)]], Field(min_length=3, max_length=3)]


class Colour(BaseModel):
    """One colour of the picture that a tune was made from."""

    model_config = ConfigDict(extra="forbid")

    hex: Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
    share: float = Field(ge=0, le=1)


class Wishes(BaseModel):
    """What a tune shall be like."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(min_length=1, max_length=1_000)
    model_label: str = Field("", max_length=200)
    title: str = Field("", max_length=200)
    bars: int = Field(16, ge=1, le=64)
    key: str | None = Field(None, max_length=30)
    mode: str | None = Field(None, max_length=12)
    metre: str | None = Field(None, max_length=10)
    tempo: float | None = Field(None, ge=20, le=300)
    temperature: float = Field(1.0, ge=0.1, le=3)
    valence: Place | None = None
    arousal: Place | None = None
    count: int = Field(1, ge=1, le=6)
    seed: int | None = Field(None, ge=0, le=2**31 - 1)
    opening: str | None = Field(None, max_length=MOST_ABC)
    colours: list[Colour] = Field(default_factory=list, max_length=16)

    @model_validator(mode="after")
    def _mood_is_whole(self) -> Wishes:
        if (self.valence is None) != (self.arousal is None):
            raise ValueError("a mood has both valence and arousal")
        return self


class Opening(BaseModel):
    """What a tune shall begin with: typed, or played as [step, steps, pitch] in sixteenths."""

    model_config = ConfigDict(extra="forbid")

    abc: str | None = Field(None, max_length=MOST_ABC)
    notes: list[Step] | None = Field(None, min_length=1, max_length=500)
    key: str | None = Field(None, max_length=30)
    metre: str | None = Field(None, max_length=10)
    bars: int | None = Field(None, ge=1, le=64)

    @model_validator(mode="after")
    def _has_one(self) -> Opening:
        if (self.abc is None) == (self.notes is None):
            raise ValueError("give either abc or notes")
        return self


class Reroll(BaseModel):
    """Which bar of a tune is to be written anew."""

    model_config = ConfigDict(extra="forbid")

    bar: int = Field(ge=1, le=10_000)
    seed: int | None = Field(None, ge=0, le=2**31 - 1)


class Picture(BaseModel):
    """A picture that was sent."""

    model_config = ConfigDict(extra="forbid")

    upload: str = Field(max_length=100)
    name: str = Field("The picture", max_length=200)


@router.get("/compose")
async def compose_page(request: Request) -> HTMLResponse:
    """The page."""
    cues = {"middle": MIDDLE_TEMPO_BPM, "octaves": TEMPO_OCTAVES}
    lists = {"metres": METRES, "tonics": TONICS, "modes": tuple(MODES)}
    return page(request, "compose", words=ANGLES_DEGREES, cues=cues, **lists)


@router.post("/api/compose/tunes")
async def new_tune(request: Request, wishes: Wishes) -> dict[str, Any]:
    """Begin tunes: the job whose result is {"piece": id of the first, "pieces": [ids]}."""
    studio = studio_of(request)
    check_offered(studio, wishes.model)
    params = wishes.model_dump()
    text = (wishes.opening or "").strip()
    read = await _read_opening(studio, text, wishes) if text else None
    params |= {
        "seed": secrets.randbelow(2**31) if wishes.seed is None else wishes.seed,
        "opening": read,
        "batch": secrets.token_urlsafe(6),
        "opening_text": text or None,
        "shelf": str(studio.shelf.folder),
    }
    return studio.desk.submit("compose", params).told()


async def _read_opening(studio: Studio, text: str, wishes: Wishes) -> dict[str, Any]:
    """What an opening says, read where strangers' words are read.

    Raises:
        FormatError: it cannot be read.
    """
    asked = {"abc": text, "key": wishes.key, "metre": wishes.metre, "bars": wishes.bars}
    job = await studio.desk.finished(studio.desk.submit("compose-opening", asked))
    found = job.result or {}
    if job.error or "tune" not in found:
        fault = found.get("fault", {}).get("text") or job.error or "The opening cannot be read."
        raise FormatError(fault)
    return found["tune"]


@router.post("/api/compose/openings")
async def opening(request: Request, given: Opening) -> dict[str, Any]:
    """Begin to read an opening: the job whose result `reading.opening` tells."""
    params = {**given.model_dump(), "engrave": True}
    return studio_of(request).desk.submit("compose-opening", params).told()


@router.post("/api/compose/pictures")
async def picture(request: Request, given: Picture) -> dict[str, Any]:
    """Begin to read a picture's palette: the job whose result `reading.picture` tells."""
    studio = studio_of(request)
    path = studio.uploads.path(given.upload, ("picture",))
    params = {"path": str(path), "name": given.name}
    return studio.desk.submit("compose-picture", params).told()


@router.post("/api/compose/tunes/{piece_id}/reroll")
async def new_bar(request: Request, piece_id: str, wish: Reroll) -> dict[str, Any]:
    """Begin to write a bar anew: the job whose result is {"piece": id}."""
    studio = studio_of(request)
    piece = studio.shelf.get(piece_id)
    if piece.kind != KIND or "tune" not in piece.data:
        raise UsageError("Only a tune that was composed here can have a bar written anew.")
    if wish.bar > piece.data["bars"]:
        raise UsageError(f"There is no bar {wish.bar}: the tune has {piece.data['bars']}.")
    seed = secrets.randbelow(2**31) if wish.seed is None else wish.seed
    params = {"piece": piece_id, "bar": wish.bar, "seed": seed, "shelf": str(studio.shelf.folder)}
    return studio.desk.submit("compose-reroll", params).told()


@router.get("/api/compose/tunes")
async def tunes(request: Request) -> dict[str, Any]:
    """What was composed, the newest first, of versions only the newest: {"tunes": [...]}."""
    return {"tunes": tunes_on(studio_of(request).shelf)}


@router.get("/api/compose/tunes/{piece_id}/versions")
async def versions(request: Request, piece_id: str) -> dict[str, Any]:
    """{"versions": a tune and what was made of it bar by bar, the oldest first; "variations": the
    tunes that were written together with it}."""
    return family_of(studio_of(request).shelf, piece_id)
