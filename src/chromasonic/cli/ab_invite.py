"""`chromasonic ab invite`: a link for listeners to an experiment that was made in a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chromasonic.files import json_text


def invite(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the experiment.")],
    clips: Annotated[Path, typer.Option(help="The folder that it was made with.")],
    title: Annotated[
        str, typer.Option(help="On the Listen page; listeners never see it. [default: NAME]")
    ] = "",
    notes: Annotated[str, typer.Option(help="What listeners are told before they begin.")] = "",
    folder: Annotated[
        Path | None, typer.Option(help="Of the studio, where it is started with --folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Put an experiment over clips on the studio's Listen page, with a link for listeners.

    The clips (MP3, WAV or FLAC) are copied to the studio and played as they are. Given again, the
    same link is told.

    Examples:

    \b
      chromasonic ab invite folk-or-not --clips clips
      chromasonic ab invite bows --clips clips --title "Gut or steel?" --notes "Use headphones."
    """
    from chromasonic.abtest.experiments import Experiments
    from chromasonic.studio.listen.invitations import Invitations
    from chromasonic.studio.listen.inviting import invite as invited
    from chromasonic.studio.settings import default_folder

    invitations = Invitations((folder or default_folder()) / "listening")
    with Experiments() as experiments:
        invitation = invited(invitations, experiments.get(name), clips, title=title, notes=notes)
    pages = {"page": f"/listen?test={invitation.key}", "listeners": f"/hear/{invitation.key}"}
    if as_json:
        typer.echo(json_text({"experiment": name, "key": invitation.key, **pages}))
        return
    own = f" --folder {folder}" if folder else ""
    typer.echo(f"'{invitation.title}' stands on the Listen page: {pages['page']}")
    typer.echo(f"Listeners: {pages['listeners']}, as long as the studio runs.")
    typer.echo(f"Next: chromasonic studio --share{own}")
