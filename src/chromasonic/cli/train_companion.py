"""`chromasonic train companion`: the five real-time models, into one output folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.cli.engine import Address, EngineName, Workers, engine_of, train_in_cluster
from chromasonic.cli.tracking import Track, tracked
from chromasonic.errors import UsageError
from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.companion.materials import Material
    from chromasonic.companion.recipe import CompanionRecipe
    from chromasonic.companion.runs import CompanionRun
    from chromasonic.scaling.engine import Engine

DEFAULT_OUTPUT = Path("runs/companion")
RESUMABLE = ("epochs", "patience", "device")

# Left out, a value is the recipe's (of --recipe, else each model's own).
Models = Annotated[
    str | None,
    typer.Option(help="emotion, melody, harmony, dynamics, groove with commas, or all."),
]
Recipe = Annotated[Path | None, typer.Option(help="A TOML file, as recipes/companion.toml.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="The output folder.")]
Resume = Annotated[
    Path | None,
    typer.Option(
        metavar="OUTPUT",
        help="An output folder to go on with, exactly; with it only --epochs, "
        "--early-stopping-patience, --device, --models and --download.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Train anew what lies in --output.")]
Epochs = Annotated[int | None, typer.Option(help="Passes over the training part, at most.")]
ValidationSplit = Annotated[
    float | None,
    typer.Option(
        help="Share of train and validation that becomes validation, by work and --seed; left "
        "out, the corpora's official splits stand. The test part is never touched."
    ),
]
Patience = Annotated[
    int | None,
    typer.Option(
        "--early-stopping-patience",
        "--patience",
        help="Epochs without improvement before it stops; 0 never.",
    ),
]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
BatchSize = Annotated[int | None, typer.Option(help="Examples of one update.")]
LearningRate = Annotated[float | None, typer.Option(help="The schedule's highest rate.")]
Seed = Annotated[
    int | None, typer.Option(help="Of weights, order, dropout, a new split, made-up examples.")
]
Synthetic = Annotated[
    bool, typer.Option("--synthetic", help="Made-up examples, even where corpora are at hand.")
]
SyntheticExamples = Annotated[
    int | None,
    typer.Option(help="How many to learn from, where they are made up (1000, or 16 batches)."),
]
DataDir = Annotated[Path | None, typer.Option(help="A folder with the corpora in it.")]
Download = Annotated[bool, typer.Option("--download", help="Fetch corpora that are not here.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def companion(
    models: Models = None,
    output: Output = None,
    epochs: Epochs = None,
    validation_split: ValidationSplit = None,
    patience: Patience = None,
    device: Device = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
    synthetic: Synthetic = False,
    synthetic_examples: SyntheticExamples = None,
    data_dir: DataDir = None,
    download: Download = False,
    recipe: Recipe = None,
    resume: Resume = None,
    overwrite: Overwrite = False,
    engine: EngineName = "local",
    address: Address = None,
    workers: Workers = None,
    track: Track = None,
    as_json: AsJson = False,
) -> None:
    """Train companion models on their corpora; made-up examples stand in for those not at hand.

    Ends with the models as files that plugins load: NAME.json in the output folder. See
    docs/ML_TRAINING_GUIDE.md.

    Examples:

    \b
      chromasonic train companion
      chromasonic train companion --models groove,dynamics --output runs/drums
      chromasonic train companion --recipe recipes/companion.toml --epochs 20
      chromasonic train companion --resume runs/drums
      chromasonic train companion --synthetic --epochs 3 --output runs/trial
      chromasonic train companion --engine ray --workers 2
    """
    where_to = engine_of(engine, address, workers)
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
    if resume is not None:
        refuse_with_resume({**settings, "recipe": recipe, "output": output, "overwrite": overwrite})
    chosen = chosen_recipe(models, settings, recipe=recipe, resume=resume)
    run = run_training(
        chosen,
        resume or output or DEFAULT_OUTPUT,
        resume=resume is not None,
        overwrite=overwrite,
        download=download,
        track=track,
        engine=where_to,
    )
    print_run(run, as_json=as_json)


def refuse_with_resume(given: dict[str, Any]) -> None:
    """A run goes on with its own settings.

    Raises:
        UsageError: a setting was given that a resumed run cannot change.
    """
    names = {"patience": "early-stopping-patience"}
    wrong = [
        f"--{names.get(key, key).replace('_', '-')}"
        for key, value in given.items()
        if value not in (None, False) and key not in RESUMABLE
    ]
    if wrong:
        allowed = ", ".join(f"--{names.get(key, key)}" for key in RESUMABLE)
        raise UsageError(
            f"A run goes on with its own settings: leave out {', '.join(wrong)} (with --resume "
            f"only {allowed} may be given), or begin a new run in another --output."
        )


def chosen_recipe(
    models: str | None,
    settings: dict[str, Any],
    *,
    recipe: Path | None = None,
    resume: Path | None = None,
) -> CompanionRecipe:
    """The recipe of --resume, of --recipe, or each model's own, with the flags laid over it."""
    from chromasonic.companion import recipe as recipes
    from chromasonic.companion.models import names_of
    from chromasonic.companion.runs import resumed_recipe
    from chromasonic.companion.training import split_settings
    from chromasonic.config import read_toml
    from chromasonic.training.history import check_more, epochs_done

    if resume is not None:
        chosen = resumed_recipe(resume)
    elif recipe is not None:
        chosen = recipes.recipe_from(read_toml(recipe), where=str(recipe))
    else:
        chosen = recipes.default_recipe(names_of(models or "all"))
    if models is not None:
        chosen = recipes.with_models(chosen, names_of(models))
    if resume is not None and settings.get("epochs") is not None:
        check_more(settings["epochs"], epochs_done(resume, chosen.models))
    return recipes.with_settings(chosen, **split_settings(settings))


def run_training(
    recipe: CompanionRecipe,
    output: Path,
    *,
    resume: bool,
    overwrite: bool,
    download: bool = False,
    track: bool | None = None,
    engine: Engine | None = None,
) -> CompanionRun:
    """Train with progress on stderr; the trainings are tracked unless that is switched off."""
    from functools import partial

    from chromasonic.cli.training_progress import training_progress
    from chromasonic.companion.runs import train_companions
    from chromasonic.training.distributed import is_first_process

    train = partial(train_companions, recipe, download=download)
    with (
        tracked("companion", output, resume=resume, wanted=track) as trackers,
        training_progress(is_resumed=resume) as progress,
    ):
        how: dict[str, Any] = {
            "resume": resume, "overwrite": overwrite, "observers": [progress, *trackers],
        }  # fmt: skip
        if engine is not None and engine.is_ray:
            device = next(iter(recipe.models.values())).training.device
            trained: CompanionRun = train_in_cluster(
                engine, train, output, device=device, describe=data_lines,
                console=progress.console, **how,
            )  # fmt: skip
            return trained

        def say_data(name: str, material: Material) -> None:
            if is_first_process():
                progress.say_lines(data_lines(name, material))

        return train(output, on_data=say_data, **how)


def data_lines(name: str, material: Material) -> list[str]:
    """What a model learns from, in words."""
    sizes = ", ".join(
        f"{counts['examples']:,} {part} examples of {counts['pieces']:,} pieces"
        for part, counts in material.sizes.items()
    )
    if material.synthetic:
        lines = [
            f"\n{name}: MADE-UP EXAMPLES, {material.synthetic}. "
            "What is learned from them says nothing about music.",
            f"  {sizes}",
        ]
    else:
        corpora = ", ".join(f"{m.title} ({m.licence})" for m in material.data.manifests)
        lines = [f"\n{name}: {corpora}", f"  {sizes}"]
    for manifest in material.data.manifests:
        for reason, count in list(manifest.skipped_reasons.items())[:5]:
            lines.append(f"  {manifest.name}: left out {count:,}: {reason}")
    return lines + [f"  {remark}" for remark in material.data.remarks]


def print_run(run: CompanionRun, *, as_json: bool) -> None:
    """Say how each model ended and where everything lies."""
    from rich.console import Console
    from rich.table import Table

    from chromasonic.training.distributed import is_first_process

    if not is_first_process():
        return
    if as_json:
        typer.echo(json_text(run.to_dict()))
        return
    console = Console(width=None if Console().is_terminal else 120, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("MODEL", "PARAMETERS", "BEST EPOCH", "VALIDATION LOSS", "METRIC", "DATA"):
        is_number = heading in ("PARAMETERS", "VALIDATION LOSS")
        table.add_column(
            heading, justify="right" if is_number else "left", no_wrap=heading != "DATA"
        )
    for name, model in run.models.items():
        facts = model.to_dict()
        headline = facts["headline"]
        corpora = ", ".join(corpus["name"] for corpus in model.data["corpora"])
        table.add_row(
            name,
            f"{facts['parameters']:,}",
            f"{facts['best_epoch']} of {facts['epochs']}"
            + (" (stopped early)" if facts["end"] == "patience" else ""),
            f"{facts['best_val_loss']:.4g}",
            f"{headline.replace('_', ' ')} {facts['validation'].get(headline, float('nan')):.4g}",
            "MADE UP" if model.data["is_synthetic"] else corpora,
        )
    console.print(table)
    exported = [model.exported for model in run.models.values() if model.exported]
    typer.echo(f"\nOutput folder: {run.directory.path}")
    typer.echo(
        f"For plugins, compared with what was trained: {', '.join(e.path.name for e in exported)}"
    )
    typer.echo(f"The table of results: chromasonic evaluate companion {run.directory.path}")
