"""`chromasonic train`: train models on a corpus, into a run directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.cli.engine import Address, EngineName, Workers, engine_of, train_in_cluster
from chromasonic.cli.tracking import Track, tracked
from chromasonic.cli.train_companion import companion
from chromasonic.cli.train_gesture import gesture
from chromasonic.cli.train_harmonizer import harmonizer
from chromasonic.cli.train_stop import stop
from chromasonic.errors import UsageError
from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.melody_generation.data_loader import MelodyData
    from chromasonic.melody_generation.recipe import MelodyRecipe
    from chromasonic.melody_generation.runs import MelodyRun
    from chromasonic.scaling.engine import Engine

TRAIN_HELP = """Train a model on a corpus.

Examples:

\b
  chromasonic train melody
  chromasonic train melody --dataset nottingham --model both --output runs/first
  chromasonic train companion --output runs/companion
  chromasonic train harmonizer --output models
  chromasonic train gesture --dataset synthetic-gestures --size compact
  chromasonic train stop runs/first
"""

train_app = typer.Typer(no_args_is_help=True, help=TRAIN_HELP)
train_app.command("companion")(companion)
train_app.command("harmonizer")(harmonizer)
train_app.command("gesture")(gesture)
train_app.command("stop")(stop)

DEFAULT_OUTPUT = Path("runs/melody")

# Left out, a value is the recipe's (of --recipe, else the default one).
Recipe = Annotated[Path | None, typer.Option(help="A TOML file with any of the settings below.")]
Dataset = Annotated[
    str | None,
    typer.Option(
        help="A corpus of 'chromasonic data list', the folder of a prepared one, or auto: the best "
        "that is reachable."
    ),
]
Model = Annotated[
    str | None,
    typer.Option(help="lstm, transformer, markov, both (lstm and transformer), or all three."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "--output-dir", "-o", help="The run directory.")
]
Resume = Annotated[
    Path | None,
    typer.Option(
        metavar="RUN",
        help="A run directory to go on with, exactly; only --epochs, --patience and --device "
        "may be given with it.",
    ),
]
InitFrom = Annotated[
    Path | None,
    typer.Option(metavar="RUN|CHECKPOINT", help="Weights to begin with, to fine-tune."),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Let a run in --output be replaced by this one.")
]
Epochs = Annotated[int | None, typer.Option(help="Passes over the training tunes, at most.")]
BatchSize = Annotated[int | None, typer.Option(help="Tunes of one update.")]
Accumulation = Annotated[int | None, typer.Option(help="Shares of a batch, to save memory.")]
LearningRate = Annotated[float | None, typer.Option(help="The schedule's highest rate.")]
Scheduler = Annotated[
    str | None,
    typer.Option("--lr-scheduler", help="reduce_on_plateau, step or cosine."),
]
Warmup = Annotated[int | None, typer.Option(help="Updates in which the rate climbs.")]
WeightDecay = Annotated[float | None, typer.Option(help="AdamW's, on matrices only.")]
GradClip = Annotated[float | None, typer.Option(help="Longest gradient that passes; 0 is off.")]
Smoothing = Annotated[float | None, typer.Option(help="Label smoothing, 0 to below 1.")]
AverageDecay = Annotated[
    float | None, typer.Option(help="Moving average of the weights, such as 0.999; 0 is off.")
]
Patience = Annotated[
    int | None, typer.Option(help="Epochs without improvement before it stops; 0 never.")
]
MinDelta = Annotated[float | None, typer.Option(help="How much lower counts as improvement.")]
Precision = Annotated[str | None, typer.Option(help="auto, fp32, bf16 or fp16.")]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Seed = Annotated[int | None, typer.Option(help="Of weights, order, keys and dropout.")]
HiddenSize = Annotated[int | None, typer.Option(help="Features of a token between layers.")]
NumLayers = Annotated[int | None, typer.Option(help="Layers.")]
Dropout = Annotated[float | None, typer.Option(help="Share of features dropped in training.")]
NumSequences = Annotated[int | None, typer.Option(help="Tunes to make (synthetic corpora).")]
MinLength = Annotated[int | None, typer.Option(help="Notes; shorter tunes are left out.")]
MaxLength = Annotated[
    int | None, typer.Option(help="Notes; longer tunes are cut at a bar line; 0 keeps all.")
]
Expand = Annotated[
    bool | None, typer.Option("--expand-repeats/--as-written", help="Play repeats out, or not.")
]
Transpose = Annotated[
    bool | None, typer.Option("--transpose/--no-transpose", help="Random keys while training.")
]
Window = Annotated[int | None, typer.Option(help="Tokens read at once; longer tunes are cut.")]
SplitFile = Annotated[Path | None, typer.Option(help="A split (JSON) instead of the corpus's own.")]
WithoutCopies = Annotated[
    str | None,
    typer.Option(help="Leave out near-duplicates of this corpus's held-out tunes (to pretrain)."),
]
DataDir = Annotated[Path | None, typer.Option(help="A folder with the corpus in it.")]
DataSeed = Annotated[int | None, typer.Option(help="Of the split, and of made tunes.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@train_app.command("melody")
def melody(
    recipe: Recipe = None,
    dataset: Dataset = None,
    model: Model = None,
    output: Output = None,
    resume: Resume = None,
    init_from: InitFrom = None,
    overwrite: Overwrite = False,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    accumulation: Accumulation = None,
    learning_rate: LearningRate = None,
    scheduler: Scheduler = None,
    warmup_steps: Warmup = None,
    weight_decay: WeightDecay = None,
    grad_clip: GradClip = None,
    label_smoothing: Smoothing = None,
    average_decay: AverageDecay = None,
    patience: Patience = None,
    min_delta: MinDelta = None,
    precision: Precision = None,
    device: Device = None,
    seed: Seed = None,
    hidden_size: HiddenSize = None,
    num_layers: NumLayers = None,
    dropout: Dropout = None,
    num_sequences: NumSequences = None,
    min_melody_length: MinLength = None,
    max_melody_length: MaxLength = None,
    expand_repeats: Expand = None,
    transpose: Transpose = None,
    window: Window = None,
    split_file: SplitFile = None,
    data_dir: DataDir = None,
    without_copies_of: WithoutCopies = None,
    data_seed: DataSeed = None,
    engine: EngineName = "local",
    address: Address = None,
    workers: Workers = None,
    track: Track = None,
    as_json: AsJson = False,
) -> None:
    """Train melody models; ends with a reading of the learning curves.

    Examples:

    \b
      chromasonic train melody
      chromasonic train melody --dataset nottingham --model all --output runs/first
      chromasonic train melody --recipe recipes/melody_lstm.toml --epochs 20 --output runs/short
      chromasonic train melody --resume runs/first
      chromasonic train melody --dataset folk --without-copies-of nottingham --output runs/folk
      chromasonic train melody --init-from runs/folk --dataset nottingham --output runs/tuned
      chromasonic train melody --engine ray --workers 2
    """
    given = dict(locals())
    from chromasonic.training.distributed import is_first_process

    where = {key: given.pop(key) for key in ("recipe", "model", "output", "resume", "as_json")}
    start = {key: given.pop(key) for key in ("init_from", "overwrite", "track")}
    for key in ("engine", "address", "workers"):
        given.pop(key)
    where_to = engine_of(engine, address, workers)
    settings = {key: value for key, value in given.items() if value is not None}
    if resume is not None:
        _refuse_with_resume(
            {**settings, **{k: v for k, v in (where | start).items() if v and k != "track"}}
        )
        output, start["overwrite"] = resume, False
    chosen = _chosen_recipe(recipe, model, resume, init_from, settings)
    run = run_training(
        chosen, output or DEFAULT_OUTPUT, resume=resume is not None, engine=where_to, **start
    )
    if not as_json:
        print_run(run)
    elif is_first_process():
        typer.echo(json_text(run.to_dict()))


MODEL_KEYS = ("hidden_size", "num_layers", "dropout")
DATA_KEYS = (
    "dataset", "num_sequences", "min_melody_length", "max_melody_length", "expand_repeats",
    "transpose", "window", "split_file", "data_dir", "without_copies_of",
    "data_seed",
)  # fmt: skip
RESUMABLE = ("epochs", "patience", "device")


def _refuse_with_resume(given: dict[str, Any]) -> None:
    wrong = [key for key in given if key not in (*RESUMABLE, "resume", "as_json")]
    if wrong:
        flags = ", ".join(f"--{key.replace('_', '-')}" for key in wrong)
        raise UsageError(
            f"A run goes on with its own settings: leave out {flags} (with --resume only "
            f"{', '.join(f'--{key}' for key in RESUMABLE)} may be given), or begin a new run from "
            "its weights with --init-from."
        )


def _chosen_recipe(
    recipe: Path | None,
    model: str | None,
    resume: Path | None,
    init_from: Path | None,
    settings: dict[str, Any],
) -> MelodyRecipe:
    """The recipe of --resume, of --recipe, or the default one, with the flags laid over it."""
    from chromasonic.config import read_toml
    from chromasonic.melody_generation import recipe as recipes
    from chromasonic.melody_generation.beginning import recipe_like
    from chromasonic.melody_generation.runs import resumed_recipe
    from chromasonic.training.history import check_more, epochs_done

    if resume is not None:
        chosen = resumed_recipe(resume)
        if "epochs" in settings:
            names = [f"melody_{kind}" for kind in chosen.models if kind != "markov"]
            check_more(settings["epochs"], epochs_done(resume, names))
    elif recipe is not None:
        chosen = recipes.recipe_from(read_toml(recipe), where=str(recipe))
        if model is not None:
            chosen = recipes.with_models(chosen, recipes.kinds_of(model))
    else:
        chosen = recipes.default_recipe(recipes.kinds_of(model or "lstm"))
    if init_from is not None:
        chosen = recipe_like(init_from, chosen)
    return recipes.with_settings(chosen, **split_settings(settings))


def split_settings(settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Flags by the table of the recipe that they belong to: data, model, training."""
    tables: dict[str, dict[str, Any]] = {"data": {}, "model": {}, "training": {}}
    for key, value in settings.items():
        plain = str(value) if isinstance(value, Path) else value
        if key in DATA_KEYS:
            tables["data"]["seed" if key == "data_seed" else key] = plain
        else:
            tables["model" if key in MODEL_KEYS else "training"][key] = plain
    return tables


def run_training(
    recipe: MelodyRecipe,
    output: Path,
    *,
    resume: bool,
    init_from: Path | None,
    overwrite: bool,
    track: bool | None = None,
    engine: Engine | None = None,
) -> MelodyRun:
    """Train with progress on stderr; the training is tracked unless that is switched off."""
    from functools import partial

    from chromasonic.cli.training_progress import training_progress
    from chromasonic.melody_generation.runs import train_melody
    from chromasonic.training.distributed import is_first_process

    train = partial(train_melody, recipe, init_from=init_from)
    with (
        tracked("melody", output, resume=resume, wanted=track) as trackers,
        training_progress(is_resumed=resume) as progress,
    ):
        how: dict[str, Any] = {
            "resume": resume, "overwrite": overwrite, "observers": [progress, *trackers],
        }  # fmt: skip
        if engine is not None and engine.is_ray:
            trained: MelodyRun = train_in_cluster(
                engine, train, output, device=device_of(recipe), describe=data_lines,
                console=progress.console, **how,
            )  # fmt: skip
            return trained

        def say_data(data: MelodyData) -> None:
            if is_first_process():
                progress.say_lines(data_lines(data))

        return train(output, on_data=say_data, **how)


def device_of(recipe: MelodyRecipe) -> str:
    """The device of the networks; the Markov model counts on the CPU."""
    networks = [part for part in (recipe.lstm, recipe.transformer) if part]
    return networks[0].training.device if networks else "cpu"


def data_lines(data: MelodyData) -> list[str]:
    """What is learned from, in words."""
    sizes = ", ".join(f"{count:,} {part}" for part, count in data.sizes.items())
    lines = [f"{data.manifest.title} ({data.manifest.licence}): {sizes}", *data.manifest.remarks]
    for counted in (data.skipped, data.changed):
        lines += [f"  {count:,} tunes: {reason}" for reason, count in counted.items()]
    return lines


def print_run(run: MelodyRun) -> None:
    """Say how each model ended, what its curves say, and where everything lies."""
    from chromasonic.training.distributed import is_first_process

    if not is_first_process():
        return
    for model in run.models.values():
        facts = model.to_dict()
        measured = facts["validation"]
        typer.echo(
            f"\n{model.name}: best epoch {facts['best_epoch']} of {facts['epochs']}, validation "
            f"loss {facts['best_val_loss']:.4f}, {measured['pitch_bits']:.3f} pitch bits a note, "
            f"next pitch right {measured['pitch_accuracy']:.1%} "
            f"(rhythm {measured['rhythm_accuracy']:.1%}, bar lines {measured['bar_accuracy']:.1%})"
        )
        typer.echo(model.reading.text)
        for what, path in facts["files"].items():
            typer.echo(f"  {what:8} {path}")
    typer.echo(f"\nRun directory: {run.directory.path}")
