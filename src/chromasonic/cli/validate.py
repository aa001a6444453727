"""`chromasonic validate`: are exported files what they claim to be, and what was trained?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.export.validation import Validation

Against = Annotated[
    Path | None,
    typer.Option(
        metavar="RUN",
        help="The training whose best checkpoints the files must equal; by default checkpoints/ "
        "beside a file, if there.",
    ),
]
Golden = Annotated[
    bool,
    typer.Option(
        "--golden/--no-golden",
        help="Whether metadata and golden vectors must be there (files of other programs have "
        "none).",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

STATES = {True: ("ok", "green"), False: ("WRONG", "bold red"), None: ("not checked", "dim")}
"""What the table says of a check."""


def validate(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="Exported files (.json, .onnx), or folders of them; where one companion model is "
            "there as .json, all five must be.",
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(help="What the one file must hold, however it is called (groove, ...)."),
    ] = None,
    against: Against = None,
    golden: Golden = True,
    as_json: AsJson = False,
) -> None:
    """Check exported models: shapes, numbers, golden vectors, and that they are what was trained.

    Each check is explained in docs/validate.md. Exit code 0 only if all pass.

    Examples:

    \b
      chromasonic validate runs/companion
      chromasonic validate groove_predictor.json --against runs/companion
      chromasonic validate other.json --no-golden --json
    """
    run_validation(paths, model=model, against=against, golden=golden, as_json=as_json)


def run_validation(
    paths: list[Path],
    *,
    model: str | None = None,
    against: Path | None = None,
    golden: bool = True,
    as_json: bool = False,
) -> None:
    """Validate, print, and end with code 1 if anything is wrong."""
    from chromasonic.companion.validating import validate_companions

    found = validate_companions(paths, name=model, against=against, with_golden=golden)
    passed = all(validation.passed for validation in found)
    if as_json:
        typer.echo(
            json_text({"passed": passed, "files": [validation.to_dict() for validation in found]})
        )
    else:
        _print(found)
    if not passed:
        raise typer.Exit(1)


def _print(found: tuple[Validation, ...]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from chromasonic.export.json_limits import printable

    console = Console(width=None if Console().is_terminal else 160, highlight=False)
    for validation in found:
        table = Table(box=None, pad_edge=False, show_header=False)
        console.print(Text(printable(str(validation.path)), "bold"), soft_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for check in validation.checks:
            word, style = STATES[check.passed]
            table.add_row(Text(check.name), Text(word, style), Text(check.detail))
        console.print(table)
        console.print()
    right = sum(validation.passed for validation in found)
    console.print(Text(f"{right} of {len(found)} valid", "green" if right == len(found) else "red"))
    for validation in found:
        if validation.failed:
            names = ", ".join(check.name for check in validation.failed)
            console.print(Text(f"  {printable(str(validation.path))}: {names}"), soft_wrap=True)
