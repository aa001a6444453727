"""`chromasonic train gesture`: a network that tells a performer's movements apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.cli.engine import Address, EngineName, Workers, engine_of, train_in_cluster
from chromasonic.cli.tracking import Track, tracked
from chromasonic.errors import UsageError
from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.gesture.preparing import Prepared
    from chromasonic.gesture.recipe import GestureRecipe
    from chromasonic.gesture.runs import GestureRun
    from chromasonic.scaling.engine import Engine
    from chromasonic.training.history import TrainingHistory

RESUMABLE = ("epochs", "patience", "device")

# Left out, a value is the recipe's (of --recipe, else the specification's).
Dataset = Annotated[
    str | None,
    typer.Option(
        help="A corpus of movements by name (chromasonic data list), auto, or a folder of your own "
        "recordings: FOLDER/LABEL/RECORDING."
    ),
]
Movements = Annotated[int | None, typer.Option(help="How many, where they are made up.")]
Protocol = Annotated[
    str | None,
    typer.Option(help="seen, unseen (with --performer) or official: what is kept to be judged by."),
]
Performer = Annotated[
    str | None, typer.Option(help="Who is left out, to be judged by (--protocol unseen).")
]
ValidationPerformer = Annotated[
    str | None, typer.Option(help="Another, by whom the best epoch is chosen; not learned from.")
]
Size = Annotated[str | None, typer.Option(help="plain, fused, compact or causal.")]
Recipe = Annotated[Path | None, typer.Option(help="A TOML file, as recipes/gesture-*.toml.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="The run directory.")]
Resume = Annotated[
    Path | None,
    typer.Option(
        metavar="RUN", help="A run to go on with, exactly; with it only --epochs, --patience, "
        "--device and --download.",
    ),
]  # fmt: skip
InitFrom = Annotated[Path | None, typer.Option(help="A run or checkpoint whose weights to take.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the run in --output.")]
Epochs = Annotated[int | None, typer.Option(help="Passes over the training part, at most.")]
Patience = Annotated[
    int | None,
    typer.Option(
        "--patience",
        "--early-stopping-patience",
        help="Epochs without improvement before it stops; 0 never.",
    ),
]
BatchSize = Annotated[int | None, typer.Option(help="Movements of one update.")]
LearningRate = Annotated[float | None, typer.Option(help="The schedule's highest rate.")]
Rate = Annotated[float | None, typer.Option("--rate", help="Frames a second that it reads.")]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Loaders = Annotated[int | None, typer.Option(help="Processes that prepare batches.")]
Seed = Annotated[int | None, typer.Option(help="Of weights, order, changes and dropout.")]
DataDir = Annotated[Path | None, typer.Option(help="A folder with the corpus in it.")]
Download = Annotated[bool, typer.Option("--download", help="Fetch a corpus that is not here.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def gesture(
    dataset: Dataset = None,
    movements: Movements = None,
    protocol: Protocol = None,
    performer: Performer = None,
    validation_performer: ValidationPerformer = None,
    size: Size = None,
    output: Output = None,
    epochs: Epochs = None,
    patience: Patience = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    rate: Rate = None,
    seed: Seed = None,
    device: Device = None,
    loaders: Loaders = None,
    data_dir: DataDir = None,
    download: Download = False,
    recipe: Recipe = None,
    resume: Resume = None,
    init_from: InitFrom = None,
    overwrite: Overwrite = False,
    engine: EngineName = "local",
    address: Address = None,
    workers: Workers = None,
    track: Track = None,
    as_json: AsJson = False,
) -> None:
    """Train a network to tell movements apart: a hand's signs, a bow's strokes, a mouth's words.

    Ends with best_model.pth and final_model.pth in the run directory. See docs/gesture-training.md.

    Examples:

    \b
      chromasonic train gesture --dataset synthetic-gestures --size compact --epochs 20
      chromasonic train gesture --recipe recipes/gesture-auslan95-unseen.toml --performer waleed
      chromasonic train gesture --dataset my-recordings --size causal --output runs/mine
      chromasonic train gesture --resume runs/mine --epochs 200
      chromasonic train gesture --engine ray --workers 2
    """
    where_to = engine_of(engine, address, workers)
    settings: dict[str, Any] = {
        "dataset": dataset,
        "movements": movements,
        "protocol": protocol,
        "performer": performer,
        "validation_performer": validation_performer,
        "size": size,
        "epochs": epochs,
        "patience": patience,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "rate_hz": rate,
        "seed": seed,
        "device": device,
        "workers": loaders,
        "data_dir": str(data_dir) if data_dir else None,
    }
    if resume is not None:
        refuse_with_resume({**settings, "recipe": recipe, "output": output, "init_from": init_from,
                            "overwrite": overwrite or None})  # fmt: skip
    chosen = chosen_recipe(settings, recipe=recipe, resume=resume)
    run = run_training(
        chosen,
        resume or output or Path(chosen.output),
        resume=resume is not None,
        overwrite=overwrite,
        init_from=init_from,
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
    names = {"rate_hz": "rate", "workers": "loaders"}
    wrong = [
        f"--{names.get(key, key).replace('_', '-')}"
        for key, value in given.items()
        if value is not None and key not in RESUMABLE
    ]
    if wrong:
        raise UsageError(
            f"A run goes on with its own settings: leave out {', '.join(wrong)} (with --resume "
            f"only {', '.join(f'--{name}' for name in RESUMABLE)} may be given), or begin a new "
            "run in another --output."
        )


def chosen_recipe(
    settings: dict[str, Any], *, recipe: Path | None = None, resume: Path | None = None
) -> GestureRecipe:
    """The recipe of --resume, of --recipe, or the specification's, with the flags laid over it."""
    from chromasonic.config import read_toml
    from chromasonic.gesture.recipe import GestureRecipe, recipe_from, with_settings

    if resume is not None:
        from chromasonic.gesture.runs import NAME, resumed_recipe
        from chromasonic.training.history import check_more, epochs_done

        chosen = resumed_recipe(resume)
        if settings["epochs"] is not None:
            check_more(settings["epochs"], epochs_done(resume, [NAME]))
    elif recipe is not None:
        chosen = recipe_from(read_toml(recipe), where=str(recipe))
    else:
        chosen = GestureRecipe()
    if settings["performer"] and not settings["protocol"]:
        settings = {**settings, "protocol": "unseen"}
    return with_settings(chosen, **settings)


def run_training(
    recipe: GestureRecipe,
    output: Path,
    *,
    resume: bool,
    overwrite: bool,
    init_from: Path | None,
    download: bool,
    track: bool | None = None,
    engine: Engine | None = None,
) -> GestureRun:
    """Train with progress on stderr; the training is tracked unless that is switched off."""
    from functools import partial

    from chromasonic.cli.training_progress import training_progress
    from chromasonic.gesture.runs import train_gesture
    from chromasonic.training.distributed import is_first_process

    train = partial(train_gesture, recipe, init_from=init_from, download=download)
    with (
        tracked("gesture", output, resume=resume, wanted=track) as trackers,
        training_progress(is_resumed=resume) as progress,
    ):
        how: dict[str, Any] = {
            "resume": resume, "overwrite": overwrite, "observers": [progress, *trackers],
        }  # fmt: skip
        if engine is not None and engine.is_ray:
            trained: GestureRun = train_in_cluster(
                engine, train, output, device=recipe.training.device, describe=data_lines,
                console=progress.console, **how,
            )  # fmt: skip
            return trained

        def say_data(data: Prepared) -> None:
            if is_first_process():
                progress.say_lines(data_lines(data))

        return train(output, on_data=say_data, **how)


def data_lines(data: Prepared) -> list[str]:
    """What is learned from, in words."""
    manifest, sizes = data.manifest, data.sizes
    lines = [
        f"{manifest.title} ({manifest.licence}): {len(data.classes)} classes on "
        f"{len(data.skeleton.nodes)} nodes of '{data.skeleton.name}'",
        f"  {sizes['train']:,} movements to learn from, {sizes['validation']:,} to choose by, "
        f"{sizes['test']:,} kept shut",
    ]
    for reason, count in list(manifest.skipped_reasons.items())[:5]:
        lines.append(f"  left out {count:,}: {reason}")
    return lines + [f"  {remark}" for remark in data.remarks]


def print_run(run: GestureRun, *, as_json: bool) -> None:
    """Say how it ended and where everything lies."""
    from chromasonic.training.distributed import is_first_process

    if not is_first_process():
        return
    facts = run.to_dict()
    if as_json:
        typer.echo(json_text(facts))
        return
    validation = facts["validation"]
    typer.echo(
        f"{facts['parameters']:,} parameters; best in epoch {facts['best_epoch']} of "
        f"{facts['epochs']}: validation loss {facts['best_val_loss']:.4g}, accuracy "
        f"{validation.get('accuracy', float('nan')):.1%}, in the first five "
        f"{validation.get('top_5_accuracy', float('nan')):.1%}"
    )
    path = run.directory.path
    if is_improving(run.history):
        more = 2 * len(run.history)
        typer.echo(
            "It still improved in its last epochs; more may help: "
            f"chromasonic train gesture --resume {path} --epochs {more}"
        )
    typer.echo(f"\nRun directory: {path}\n")
    for what, command in (
        ("The table of results", f"evaluate gesture {path}"),
        ("A recording of yours", f"gesture recognize FILE --model {path}"),
        ("As music", f"gesture play FILE --model {path} --map MAPPING.toml -o FILE.mid"),
        ("For another program", f"export {path} --format onnx"),
        ("What is in it", f"inspect {path}"),
    ):
        typer.echo(f"{what + ':':<22}chromasonic {command}")


def is_improving(history: TrainingHistory) -> bool:
    """Whether all epochs were made and the loss was falling by some percent until the last.

    Where the best epoch is the last, but the tenth of the training before it brought less than 2%,
    more epochs are no advice: the learning rate is at its lowest there.
    """
    losses = history.val_losses
    if history.end != "epochs" or history.best_epoch != len(losses):
        return False
    before = losses[: -max(1, len(losses) // 10)]
    return not before or losses[-1] < 0.98 * before[-1]
