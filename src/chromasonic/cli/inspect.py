"""`chromasonic inspect`: what is in a checkpoint, of this project or of anybody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chromasonic.inspection import Inspection


def inspect(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="Checkpoints (.pt, .pth, .ckpt, .bin, .safetensors), folders of them, or "
            "NAME@VERSION. Given several: what differs, and what contradicts.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print a Markdown summary of the parameters.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Tell all of each, also of more than two.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write it to a file instead: .md is Markdown, .json is JSON, else the tables.",
        ),
    ] = None,
) -> None:
    """Say what is in a checkpoint: architecture, optimizer, schedule, metrics, history.

    Nothing in the file is run. What had to be inferred from names and shapes says from which, and
    how sure that is. Findings do not change the exit code.

    Examples:

    \b
      chromasonic inspect outputs/combined
      chromasonic inspect best_model.pth final_model.pth --markdown
      chromasonic inspect lightning.ckpt --output lightning.json
    """
    from chromasonic import files
    from chromasonic.cli.inspect_shapes import SHAPES_OF
    from chromasonic.errors import UsageError
    from chromasonic.inspection import inspect_paths
    from chromasonic.registry.reference import located

    if as_json and as_markdown:
        raise UsageError("--json and --markdown are both given; choose one.")
    found = inspect_paths([located(path) for path in paths], shapes_of=SHAPES_OF)
    if output is None and not as_json and not as_markdown:
        from chromasonic.cli.inspect_table import print_inspection

        print_inspection(found, full=full)
        return
    ending = output.suffix.lower() if output is not None else ""
    text = _text(
        found,
        as_json=as_json or (ending == ".json" and not as_markdown),
        as_markdown=as_markdown or ending == ".md",
        full=full,
    )
    if output is None:
        typer.echo(text, nl=False)
    else:
        files.write_text(output, text)
        typer.echo(f"Written: {output}", err=True)


def _text(found: Inspection, *, as_json: bool, as_markdown: bool, full: bool) -> str:
    if as_json:
        from chromasonic.files import json_text

        return json_text(found.to_dict()).rstrip("\n") + "\n"
    if as_markdown:
        from chromasonic.inspection.markdown import markdown

        return markdown(found)
    from chromasonic.cli.inspect_table import table_text

    return table_text(found, full=full)
