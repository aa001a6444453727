"""The studio's web application: pages, their interfaces, and what guards them."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from chromasonic.studio.assets import Assets
from chromasonic.studio.desk.desk import Desk
from chromasonic.studio.guard import guard
from chromasonic.studio.pages import PAGES
from chromasonic.studio.place import WEB, Studio
from chromasonic.studio.settings import StudioSettings
from chromasonic.studio.shelf import Shelf
from chromasonic.studio.uploads import Uploads


def create_app(
    settings: StudioSettings | None = None, *, shared_address: str | None = None
) -> FastAPI:
    """The application; uvicorn or a test client serves it.

    Args:
        settings: see `StudioSettings`; left out, the defaults.
        shared_address: see `Studio`.
    """
    settings = settings or StudioSettings()
    studio = Studio(
        settings=settings,
        desk=Desk(makers=settings.makers, waiting=settings.waiting, warm=settings.warm),
        shelf=Shelf(settings.folder / "pieces"),
        uploads=Uploads(settings.folder / "uploads", file_bytes=settings.upload_bytes),
        shared_address=shared_address,
    )

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(studio.shelf.sweep)
        await studio.desk.start()
        yield
        await studio.desk.stop()

    app = FastAPI(
        title="Chromasonic",
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.studio = studio
    app.add_route("/web/{path:path}", Assets(WEB).answer, methods=["GET", "HEAD"])
    shared = (
        "chromasonic.studio.common",
        "chromasonic.studio.choices",
        "chromasonic.studio.sound.routes",
        "chromasonic.studio.kit.routes",
        "chromasonic.studio.hear.routes",
    )
    for module in (*shared, *(page.module for page in PAGES)):
        app.include_router(importlib.import_module(module).router)
    guard(app, settings)
    return app
