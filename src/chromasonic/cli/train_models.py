"""The script `train_models.py`: train, then compare; its flags are those of the training guide."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chromasonic.cli import train as flags
from chromasonic.cli.script import failures_told, run_script, script_app
from chromasonic.cli.tracking import Track

if TYPE_CHECKING:
    from chromasonic.melody_generation.recipe import MelodyRecipe
    from chromasonic.melody_generation.runs import MelodyRun

LABELS = {"lstm": "LSTM", "transformer": "Transformer", "markov": "Markov"}

app = script_app()


@app.command()
def train_models(
    dataset: Annotated[
        str, typer.Option(help="synthetic, nottingham, folk, ... or auto.")
    ] = "synthetic",
    num_sequences: Annotated[int, typer.Option(help="Tunes to make (synthetic).")] = 1000,
    model: Annotated[
        str, typer.Option(help="lstm, transformer, both, markov, or all three.")
    ] = "both",
    epochs: Annotated[int, typer.Option(help="Passes over the training tunes, at most.")] = 100,
    batch_size: Annotated[int, typer.Option(help="Tunes of one update.")] = 32,
    learning_rate: flags.LearningRate = None,
    hidden_size: flags.HiddenSize = None,
    num_layers: flags.NumLayers = None,
    dropout: flags.Dropout = None,
    patience: Annotated[int, typer.Option(help="Epochs without improvement before it stops.")] = 15,
    min_melody_length: flags.MinLength = None,
    max_melody_length: flags.MaxLength = None,
    output_dir: Annotated[Path, typer.Option(help="Where everything goes.")] = Path(
        "training_results"
    ),
    lr_scheduler: Annotated[
        str, typer.Option(help="reduce_on_plateau, step or cosine.")
    ] = "reduce_on_plateau",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --output-dir, exactly.")
    ] = False,
    init_from: flags.InitFrom = None,
    device: flags.Device = None,
    seed: flags.Seed = None,
    track: Track = None,
) -> None:
    """Train melody models end to end, and compare them.

    Examples:

    \b
      python train_models.py --dataset synthetic --num-sequences 1000
      python train_models.py --dataset nottingham --epochs 100
      python train_models.py --model lstm --dataset nottingham --epochs 100
    """
    given = dict(locals())
    for key in ("model", "output_dir", "resume", "init_from", "track"):
        del given[key]
    given["scheduler"] = given.pop("lr_scheduler")
    settings = {key: value for key, value in given.items() if value is not None}
    with failures_told("Interrupted. Go on with the same command and --resume."):
        recipe = _recipe(settings, model, init_from)
        run = flags.run_training(
            recipe, output_dir, resume=resume, init_from=init_from, overwrite=True, track=track
        )
        flags.print_run(run)
        _compare(run)


def _recipe(settings: dict[str, object], model: str, init_from: Path | None) -> MelodyRecipe:
    from chromasonic.melody_generation import recipe as recipes
    from chromasonic.melody_generation.beginning import recipe_like

    recipe = recipes.default_recipe(recipes.kinds_of(model))
    if init_from is not None:
        recipe = recipe_like(init_from, recipe)
    return recipes.with_settings(recipe, **flags.split_settings(settings))


def _compare(run: MelodyRun) -> None:
    """Judge the models on the test part; only the first of several processes does."""
    from chromasonic.cli.judging import progress_line
    from chromasonic.melody_generation.testing import ModelComparison
    from chromasonic.training.distributed import is_first_process

    if not is_first_process():
        return
    with progress_line() as show:
        comparison = ModelComparison(training_tunes=run.data.tunes["train"], on_progress=show)
        results = comparison.compare_models(
            models={LABELS[kind]: trained.model.cpu() for kind, trained in run.models.items()},
            test_data=run.data.test,
            save_dir=run.directory.comparison,
        )
    typer.echo(f"\n{results['table']}")
    for path in results["files"].values():
        typer.echo(f"  {path}")


def main() -> None:
    """Run the script."""
    run_script(app)
