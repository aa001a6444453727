"""`chromasonic studio`: the page in the browser on which everything can be seen and heard."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chromasonic.errors import UsageError

if TYPE_CHECKING:
    from chromasonic.studio.serving import Addresses

EVERYWHERE = "0.0.0.0"


def studio(
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on. [default: 127.0.0.1; with --share: all]"),
    ] = None,
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 takes any free one.", min=0, max=65_535)
    ] = 8770,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address.")
    ] = False,
    share: Annotated[
        bool,
        typer.Option(
            "--share",
            help="Let others on the network in: listeners by their link, all else by a token.",
        ),
    ] = False,
    public_address: Annotated[
        str | None,
        typer.Option(
            help="With --share: where others reach it through a proxy, https://listen.example.org.",
            metavar="URL",
        ),
    ] = None,
    runs: Annotated[
        list[Path] | None,
        typer.Option(help="A folder of training runs; repeat it for more. [default: runs, demo]"),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where the studio keeps what is made in it.")
    ] = None,
) -> None:
    """Open the studio: compose, harmonize, groove, train, compare and listen in the browser.

    It can be reached from this machine alone, unless --share is given.

    Examples:

    \b
      chromasonic studio
      chromasonic studio --port 9000 --no-browser
      chromasonic studio --share
      chromasonic studio --runs runs --runs ~/more-runs --folder ~/Music/studio
    """
    wanted = ("fastapi", "uvicorn", "jinja2", "PIL")
    if not all(importlib.util.find_spec(name) for name in wanted):
        raise UsageError("The studio is an extra: pip install 'chromasonic[studio]'")
    import secrets

    from chromasonic.studio.serving import serve
    from chromasonic.studio.settings import DEFAULT_RUNS, StudioSettings, default_folder

    for missing in (path for path in runs or () if not path.is_dir()):
        typer.echo(f"Note: {missing} is no folder (yet); it shows no runs.", err=True)
    settings = StudioSettings(
        host=host or (EVERYWHERE if share else "127.0.0.1"),
        port=port,
        token=secrets.token_urlsafe(16) if share else None,
        public_address=public_address,
        folder=folder or default_folder(),
        runs=tuple(runs or DEFAULT_RUNS),
    )

    def opened(addresses: Addresses) -> None:
        _tell(addresses)
        if not no_browser:
            _show(addresses.own)

    serve(settings, on_open=opened)


def _tell(addresses: Addresses) -> None:
    """Say where the studio is."""
    if addresses.shared is None:
        print(f"The studio is open at {addresses.own}  (Ctrl-C ends it)", flush=True)
        return
    key = addresses.own.partition("?")[2]
    print(
        f"The studio is open at {addresses.own}  (Ctrl-C ends it)\n"
        f"On the network: {addresses.shared}/?{key}\n"
        "Whoever has one of these links can use all of the studio: give it only to those who may.\n"
        "Listeners get a link of their own from the Listen page; it shows them nothing else.",
        flush=True,
    )


def _show(address: str) -> None:
    """Open the user's browser, beside the studio that answers it."""
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
