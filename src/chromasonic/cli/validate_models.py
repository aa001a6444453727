"""The script `validate_models.py`: is what was exported what was trained? See docs/validate.md."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chromasonic.cli import validate as shared
from chromasonic.cli.script import failures_told, run_script, script_app

app = script_app()


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
    with failures_told():
        shared.run_validation([folder], against=against, as_json=as_json)


def main() -> None:
    """Run the script."""
    run_script(app)
