"""Routes of the page of parts."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from chromasonic.studio.place import page

router = APIRouter()


@router.get("/kit")
async def kit_page(request: Request) -> HTMLResponse:
    """The page."""
    return page(request, "kit")
