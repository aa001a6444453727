"""Routes for listeners, who know a link and nothing else.

No answer names a version, a title, an item or a file; clips have addresses that follow from the
listener's own order alone, and no header tells when or from what they were made.
"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from chromasonic.abtest.experiments import Experiment
from chromasonic.abtest.vote import LONGEST_WAITED_MS, Answer
from chromasonic.abtest.votes import ExperimentClosed, VoteConflict, VoteRefused
from chromasonic.errors import RegistryError, UsageError
from chromasonic.studio.hear.limits import Limit
from chromasonic.studio.hear.listeners import (
    COOKIE,
    KEPT_SECONDS,
    address_of,
    listener_in,
    new_listener,
    waited,
)
from chromasonic.studio.listen.invitations import CLIP_TYPES, UnknownLink, experiment_of
from chromasonic.studio.listen.results import asked_of_each, minutes_of
from chromasonic.studio.listen.routes import invitations_of
from chromasonic.studio.place import page, studio_of

router = APIRouter()

JOINING = Limit(300, 2.0)
"""New listeners from one address: a whole lecture hall at once, then two a second."""
VOTING = Limit(20, 0.5)
"""Votes of one listener; clips last seconds, so that nobody who listens comes near it."""
FETCHING = Limit(80, 2.0)
"""Clips of one listener."""


class VoteSent(BaseModel):
    """What a listener's page sends."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1, max_length=40)
    choice: Literal["first", "second", "neither"]
    confidence: int = Field(ge=1, le=3, strict=True)
    heard_ms: tuple[int, int] = (0, 0)
    waited_ms: int = Field(0, ge=0, le=LONGEST_WAITED_MS)


@router.get("/hear")
@router.get("/hear/{key}")
async def hear_page(request: Request, key: str = "") -> HTMLResponse:
    """The page; what is behind the key it asks for itself."""
    del key
    return page(request, "hear")


@router.get("/api/hear/{key}")
def state(request: Request, key: str) -> Response:
    """What a listener is asked, and how far they have come."""
    found = _experiment(request, key)
    if isinstance(found, Response):
        return found
    return _answer(_told(request, key, found, _listener(request)))


@router.post("/api/hear/{key}/join")
def join(request: Request, key: str) -> Response:
    """Begin, after the page has said what is kept; whoever comes back goes on where they were."""
    found = _experiment(request, key)
    if isinstance(found, Response):
        return found
    listener = _listener(request)
    if listener is not None:
        return _answer(_told(request, key, found, listener))
    if wait := JOINING.wait(_address(request)):
        return _slower(wait)
    secret = invitations_of(studio_of(request)).secret()
    cookie = new_listener(secret)
    answer = _answer(_told(request, key, found, listener_in(cookie, secret)))
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=KEPT_SECONDS,
        httponly=True,
        samesite="lax",
        secure=is_encrypted(request),
    )
    return answer


@router.get("/api/hear/{key}/clips/{token}/{side}")
def clip(request: Request, key: str, token: str, side: Literal["first", "second"]) -> Response:
    """One side of a pair that this listener is asked about."""
    found, listener = _experiment(request, key), _listener(request)
    if isinstance(found, Response):
        return found
    if listener is None:
        return _refused(403, "Begin the test first: open the link again.")
    if wait := FETCHING.wait(listener):
        return _slower(wait)
    trial = next((one for one in found.plan(listener) if one.token == token), None)
    if trial is None:
        return _refused(404, "This pair is none of yours. Open the link again.")
    label = trial.first if side == "first" else trial.second
    source = found.design.item(trial.item).clips[label].source
    path = invitations_of(studio_of(request)).clip(key, source)
    return Response(
        path.read_bytes(),
        media_type=CLIP_TYPES[path.suffix],
        headers={"Cache-Control": "private, max-age=3600"},
    )


@router.post("/api/hear/{key}/votes")
def vote(request: Request, key: str, sent: VoteSent) -> Response:
    """Store a vote; when this answers, it is on the disk. Sent again, it is stored once."""
    found, listener = _experiment(request, key), _listener(request)
    if isinstance(found, Response):
        return found
    if listener is None:
        return _refused(403, "Begin the test first: open the link again.")
    if wait := VOTING.wait(listener):
        return _slower(wait)
    try:
        answer = Answer(
            choice=sent.choice, confidence=sent.confidence, heard_ms=sent.heard_ms,
            waited_ms=waited(listener, sent.waited_ms),
        )  # fmt: skip
        found.cast(listener, sent.token, answer, address=_address(request))
    except VoteConflict:
        return _refused(409, "You voted on this pair before, and that vote stands.")
    except ExperimentClosed:
        return _refused(410, "The test has ended meanwhile. This vote was not counted.")
    except VoteRefused:
        return _refused(404, "This pair is none of yours. Open the link again.")
    except RegistryError:
        return _refused(503, "The vote could not be stored just now; it is sent again by itself.")
    except UsageError as error:
        return _refused(400, str(error))
    return _answer(_told(request, key, found, listener))


def is_encrypted(request: Request) -> bool:
    """Whether listeners come by https, here or at what stands before the studio."""
    announced = studio_of(request).settings.public_address or str(request.url)
    return announced.startswith("https:")


def _told(
    request: Request, key: str, experiment: Experiment, listener: str | None
) -> dict[str, Any]:
    design = experiment.design
    told: dict[str, Any] = {
        "question": design.question,
        "notes": invitations_of(studio_of(request)).get(key).notes,
        "asked": asked_of_each(design),
        "minutes": minutes_of(design),
        "mustHear": design.guards.heard_share,
        "isOpen": experiment.is_open,
        "hasBegun": listener is not None,
    }
    if listener is not None:
        done = experiment.done(listener)
        trials = experiment.plan(listener)
        told["pairs"] = [{"token": one.token, "isDone": one.index in done} for one in trials]
    return told


def _experiment(request: Request, key: str) -> Experiment | Response:
    """What a key leads to, or the answer that it leads nowhere."""
    try:
        return experiment_of(invitations_of(studio_of(request)).get(key))
    except UnknownLink:
        return _refused(404, "This link leads nowhere. Ask for it again.")
    except (RegistryError, UsageError):
        return _refused(503, "The test cannot be reached just now. Try again in a moment.")


def _listener(request: Request) -> str | None:
    secret = invitations_of(studio_of(request)).secret()
    return listener_in(request.cookies.get(COOKIE), secret)


def _address(request: Request) -> str:
    return address_of(
        request.client.host if request.client else "",
        ", ".join(request.headers.getlist("x-forwarded-for")),
        is_behind_proxy=bool(studio_of(request).settings.public_address),
    )


def _answer(told: dict[str, Any]) -> JSONResponse:
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


def _refused(status: int, words: str) -> JSONResponse:
    return JSONResponse({"error": words}, status_code=status, headers={"Cache-Control": "no-store"})


def _slower(seconds: float) -> JSONResponse:
    return JSONResponse(
        {"error": "That was very fast. Wait a moment; nothing is lost."},
        status_code=429,
        headers={"Retry-After": str(max(1, round(seconds)))},
    )
