"""What every route of the studio can reach: its settings, desk, shelf and templates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from chromasonic import __version__
from chromasonic.studio.desk.desk import Desk
from chromasonic.studio.pages import PAGES
from chromasonic.studio.settings import StudioSettings
from chromasonic.studio.shelf import Shelf
from chromasonic.studio.uploads import Uploads

WEB = Path(__file__).with_name("web")
TEMPLATES = Jinja2Templates(directory=WEB)  # names are escaped: autoescape is on for .html


@dataclass(frozen=True, kw_only=True)
class Studio:
    """One running studio.

    Args:
        settings: what it was started with.
        desk: where long work goes.
        shelf: where what was made is kept.
        uploads: where files come in.
        shared_address: its address for others on the network, such as "http://192.168.1.7:8770";
            None where it is not shared.
    """

    settings: StudioSettings
    desk: Desk
    shelf: Shelf
    uploads: Uploads
    shared_address: str | None = None


def studio_of(request: Request) -> Studio:
    """The studio that a request came to."""
    return request.app.state.studio


def page(request: Request, name: str, **values: Any) -> HTMLResponse:
    """A page by its template `NAME/page.html`.

    Args:
        name: folder in `web/`.
        values: what the template is given, beside `pages`, `here`, `version` and `upload_bytes`.
    """
    most = studio_of(request).settings.upload_bytes
    shown = {"pages": PAGES, "here": name, "version": __version__, "upload_bytes": most, **values}
    return TEMPLATES.TemplateResponse(request, f"{name}/page.html", shown)
