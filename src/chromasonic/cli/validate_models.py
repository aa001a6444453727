"""The script `validate_models.py`: is what was exported what was trained? See docs/validate.md."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from chromasonic.cli import validate as shared
from chromasonic.errors import ChromasonicError

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def validate_models(
    folder: Annotated[
        Path, typer.Argument(help="Where train_all_models.py wrote the five NAME.json.")
    ] = Path("trained_models"),
    against: shared.Against = None,
    as_json: shared.AsJson = False,
) -> None:
    """Check the five exported models: all there, whole, and computing what was trained.

    Examples:

    \b
      python validate_models.py trained_models
      python validate_models.py exported --against runs/companion --json
    """
    try:
        shared.run_validation([folder], against=against, as_json=as_json)
    except ChromasonicError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(error.exit_code) from error
    except KeyboardInterrupt as error:
        typer.echo("\nInterrupted.", err=True)
        raise typer.Exit(130) from error


def main() -> None:
    """Run the script."""
    app(prog_name=Path(sys.argv[0]).name)
