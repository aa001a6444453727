"""How the studio says no: JSON for scripts, a page for people; no paths, no tracebacks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from chromasonic.studio.settings import default_folder

_TITLES = {
    401: "This studio asks for its link",
    403: "Not from here",
    404: "Nothing is here",
    413: "That is too large",
    421: "The studio has another address",
    429: "Too many tries",
    500: "That went wrong",
    503: "Busy for a moment",
}
_PATH = re.compile(r"(?<![\w.:/<])/(?:[^\s/'\"<>:,;()]+/)+([^\s/'\"<>:,;()]*)")


def refused(
    request: HTTPConnection, status: int, words: str, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer that says why a request is not done.

    Args:
        request: decides between a page (a person opened an address) and JSON.
        status: HTTP status.
        words: for the user; paths of this machine are taken out.
        headers: more headers.
    """
    words = without_paths(words)
    if wants_page(request):
        from chromasonic.studio.place import TEMPLATES

        shown = {"title": _TITLES.get(status, "This cannot be done"), "words": words}
        return TEMPLATES.TemplateResponse(
            request,  # type: ignore[arg-type]
            "ground/refused.html",
            {**shown, "status": status},
            status_code=status,
            headers=headers,
        )
    return JSONResponse({"error": words}, status_code=status, headers=headers)


def wants_page(request: HTTPConnection) -> bool:
    """Whether a person opened an address in a browser."""
    path = request.scope.get("path", "")
    if path.startswith(("/api/", "/web/")):
        return False
    return "text/html" in request.headers.get("accept", "")


def without_paths(words: str) -> str:
    """A message with the last name of each path of this machine in the path's place."""
    for folder in (str(default_folder()), str(Path.home())):
        if len(folder) > 1:
            words = words.replace(f"{folder}/", "/~/")
    return _PATH.sub(lambda found: found[1] or "a folder", words)
