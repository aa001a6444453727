"""The script `evaluate_models.py`: the table of results; see docs/ML_TRAINING_GUIDE.md."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chromasonic.cli import evaluate_companion as shared
from chromasonic.cli.script import failures_told, run_script, script_app

app = script_app()


@app.command()
def evaluate_models(
    checkpoint_dir: Annotated[
        Path, typer.Option(help="The checkpoints of a training (NAME_best.pt).")
    ] = Path("trained_models/checkpoints"),
    output: Annotated[
        Path, typer.Option(help="Gets results.json, report.md, report.html and pictures.")
    ] = Path("evaluation_results"),
    models: shared.Models = None,
    data_dir: shared.DataDir = None,
    download: shared.Download = False,
    as_json: shared.AsJson = False,
) -> None:
    """Judge the best checkpoints on the test parts, beside their baselines.

    Examples:

    \b
      python evaluate_models.py --checkpoint-dir ./trained_models/checkpoints
      python evaluate_models.py --models groove,dynamics --output ./evaluation_results
    """
    with failures_told():
        evaluation = shared.run_evaluation(
            checkpoint_dir, models, data_dir=data_dir, download=download
        )
        written = shared.save(evaluation, output)
        shared.print_evaluation(evaluation, as_json=as_json)
        if not as_json:
            typer.echo("\n" + "\n".join(f"  {file}" for file in written))


def main() -> None:
    """Run the script."""
    run_script(app)
