"""The script `train_all_models.py`: all five companion models; see docs/ML_TRAINING_GUIDE.md."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chromasonic.cli import train_companion as flags
from chromasonic.cli.script import failures_told, run_script, script_app
from chromasonic.cli.tracking import Track

app = script_app()


@app.command()
def train_all_models(
    output: Annotated[Path, typer.Option(help="Where everything goes.")] = Path("trained_models"),
    epochs: flags.Epochs = None,
    validation_split: flags.ValidationSplit = None,
    patience: flags.Patience = None,
    device: flags.Device = None,
    models: flags.Models = None,
    batch_size: flags.BatchSize = None,
    learning_rate: flags.LearningRate = None,
    seed: flags.Seed = None,
    synthetic: flags.Synthetic = False,
    synthetic_examples: flags.SyntheticExamples = None,
    data_dir: flags.DataDir = None,
    download: flags.Download = False,
    recipe: flags.Recipe = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what lies in --output, exactly.")
    ] = False,
    track: Track = None,
    as_json: flags.AsJson = False,
) -> None:
    """Train the five companion models; what lies in --output is trained anew without --resume.

    Ends with NAME.json of each in --output: the files that plugins load.

    Examples:

    \b
      python train_all_models.py --output ./trained_models --epochs 100
      python train_all_models.py --validation-split 0.2 --early-stopping-patience 10 --device cpu
      python train_all_models.py --output ./trained_models --resume
    """
    settings = {
        "epochs": epochs,
        "validation_split": validation_split,
        "patience": patience,
        "device": device,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "synthetic": synthetic or None,
        "synthetic_examples": synthetic_examples,
        "data_dir": data_dir,
    }
    with failures_told("Interrupted. Go on with: --resume and the same --output."):
        if resume:
            flags.refuse_with_resume({**settings, "recipe": recipe})
        chosen = flags.chosen_recipe(
            models, settings, recipe=recipe, resume=output if resume else None
        )
        run = flags.run_training(
            chosen, output, resume=resume, overwrite=not resume, download=download, track=track
        )
        flags.print_run(run, as_json=as_json)


def main() -> None:
    """Run the script."""
    run_script(app)
