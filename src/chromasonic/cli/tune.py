"""`chromasonic tune`: search for a better recipe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from chromasonic.cli.engine import Address, EngineName
from chromasonic.cli.tracking import Track
from chromasonic.cli.tune_options import Asked, parsed_seconds, parsed_settings
from chromasonic.errors import UsageError

TUNE_HELP = """Search for a better recipe, on the validation part; the test part stays shut.

Examples:

\b
  chromasonic tune melody --model lstm --trials 40 --time 30m
  chromasonic tune melody --recipe recipes/melody_lstm.toml --workers 2 --output runs/search
  chromasonic tune melody --resume runs/search --trials 80
  chromasonic tune companion --model groove_predictor --trials 20
  chromasonic tune harmonizer --agent simple --trials 15
  chromasonic tune gesture --size causal --dataset synthetic-gestures --trials 10
  chromasonic tune melody --model lstm --trials 40 --engine ray --workers 2
"""

tune_app = typer.Typer(no_args_is_help=True, help=TUNE_HELP)

Recipe = Annotated[
    Path | None,
    typer.Option(help="A TOML file; its [KIND.search] table says what may change. Trial 0 is it."),
]
Dataset = Annotated[str | None, typer.Option(help="A corpus of 'chromasonic data list'.")]
DataDir = Annotated[Path | None, typer.Option(help="A folder with the corpus in it.")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="SETTING=VALUE",
        help="A setting of the recipe, such as lstm.training.epochs=10; may be given repeatedly.",
    ),
]  # fmt: skip
Trials = Annotated[
    int | None, typer.Option(help="Trials in all, those of earlier commands too. [40]")
]
Time = Annotated[
    str | None,
    typer.Option("--time", metavar="30m|2h|90s", help="Then the trial in progress is cut."),
]
Workers = Annotated[int, typer.Option(help="Trials side by side, each in a process of its own.")]
Seed = Annotated[int | None, typer.Option(help="Of what is tried; trainings have the recipe's.")]
Pruner = Annotated[
    str | None, typer.Option(help="median, hyperband or none: what ends a trial that is behind.")
]
Confirm = Annotated[
    int, typer.Option(metavar="SEEDS", help="Then train best and recipe from so many other seeds.")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="The folder of the search.")]
Resume = Annotated[
    Path | None,
    typer.Option(metavar="SEARCH", help="A search to go on with, as it was begun."),
]
Extend = Annotated[
    bool, typer.Option("--extend", help="Let ranges grow; the trials so far are taken over.")
]
StudyAt = Annotated[
    str | None,
    typer.Option("--study", metavar="URL", help="A database in place of the journal file."),
]
Keep = Annotated[bool, typer.Option("--keep", help="Keep every trial's weights, not the best's.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@tune_app.command("melody")
def melody(
    model: Annotated[str | None, typer.Option(help="lstm, transformer or markov.")] = None,
    dataset: Dataset = None,
    recipe: Recipe = None,
    settings: Set = None,
    data_dir: DataDir = None,
    trials: Trials = None,
    time: Time = None,
    workers: Workers = 1,
    engine: EngineName = "local",
    address: Address = None,
    seed: Seed = None,
    pruner: Pruner = None,
    confirm: Confirm = 0,
    output: Output = None,
    resume: Resume = None,
    extend: Extend = False,
    study: StudyAt = None,
    keep: Keep = False,
    track: Track = None,
    as_json: AsJson = False,
) -> None:
    """Search for a better recipe of a melody model.

    Examples:

    \b
      chromasonic tune melody --model lstm --trials 40 --time 30m
      chromasonic tune melody --model lstm --dataset nottingham --workers 2 --confirm 3
      chromasonic tune melody --resume runs/tune-melody-lstm --trials 80
      chromasonic train melody --recipe runs/tune-melody-lstm/best.toml --output runs/tuned
    """
    given = {"data.dataset": dataset, "data.data_dir": data_dir}
    _run("melody", model, given, locals())


@tune_app.command("companion")
def companion(
    model: Annotated[
        str | None,
        typer.Option(help="emotion_recognizer, melody_transformer, harmony_predictor, "
                     "dynamics_engine or groove_predictor; emotion, melody, ... for short."),
    ] = None,
    recipe: Recipe = None,
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Made-up examples, even with a corpus at hand.")
    ] = False,
    settings: Set = None,
    data_dir: DataDir = None,
    trials: Trials = None,
    time: Time = None,
    workers: Workers = 1,
    engine: EngineName = "local",
    address: Address = None,
    seed: Seed = None,
    pruner: Pruner = None,
    confirm: Confirm = 0,
    output: Output = None,
    resume: Resume = None,
    extend: Extend = False,
    study: StudyAt = None,
    keep: Keep = False,
    track: Track = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Search for a better recipe of a companion model.

    Examples:

    \b
      chromasonic tune companion --model groove_predictor --trials 20
      chromasonic tune companion --model dynamics_engine --time 10m --confirm 3
      chromasonic tune companion --model groove --synthetic --trials 4
    """
    given = {"KIND.data.data_dir": data_dir, "KIND.data.synthetic": synthetic or None}
    if model is not None:
        from chromasonic.companion.models import names_of

        names = names_of(model)
        if len(names) != 1:
            raise UsageError(f"--model is '{model}': a search is for one model; name one of them.")
        model = names[0]
    _run("companion", model, given, locals())


@tune_app.command("harmonizer")
def harmonizer(
    agent: Annotated[str | None, typer.Option(help="simple, advanced or hybrid.")] = None,
    recipe: Recipe = None,
    settings: Set = None,
    data_dir: DataDir = None,
    trials: Trials = None,
    time: Time = None,
    workers: Workers = 1,
    engine: EngineName = "local",
    address: Address = None,
    seed: Seed = None,
    pruner: Pruner = None,
    confirm: Confirm = 0,
    output: Output = None,
    resume: Resume = None,
    extend: Extend = False,
    study: StudyAt = None,
    keep: Keep = False,
    track: Track = None,
    as_json: AsJson = False,
) -> None:
    """Search for better settings of an agent that harmonizes.

    Examples:

    \b
      chromasonic tune harmonizer --agent simple --trials 15
      chromasonic tune harmonizer --agent advanced --set advanced.episodes=2000 --time 20m
    """
    _run("harmonizer", agent, {"data_dir": data_dir}, locals())


@tune_app.command("gesture")
def gesture(
    size: Annotated[str | None, typer.Option(help="plain, fused, compact or causal.")] = None,
    dataset: Dataset = None,
    recipe: Recipe = None,
    settings: Set = None,
    data_dir: DataDir = None,
    trials: Trials = None,
    time: Time = None,
    workers: Workers = 1,
    engine: EngineName = "local",
    address: Address = None,
    seed: Seed = None,
    pruner: Pruner = None,
    confirm: Confirm = 0,
    output: Output = None,
    resume: Resume = None,
    extend: Extend = False,
    study: StudyAt = None,
    keep: Keep = False,
    track: Track = None,
    as_json: AsJson = False,
) -> None:
    """Search for a better recipe of a gesture network.

    Examples:

    \b
      chromasonic tune gesture --size causal --dataset synthetic-gestures --trials 10
      chromasonic tune gesture --recipe recipes/gesture-violin.toml --time 1h
    """
    given = {"data.dataset": dataset, "data.data_dir": data_dir}
    _run("gesture", size, given, locals())


def _run(
    task: str, kind: str | None, given: Mapping[str, object], options: dict[str, object]
) -> None:
    """What the four commands share: options in, a search, its outcome printed."""
    from chromasonic.cli.tune_running import run_search

    flags = {
        name: value if isinstance(value, bool) else str(value)
        for name, value in given.items()
        if value is not None
    }
    settings: list[str] = options["settings"] or []  # type: ignore[assignment]
    asked = Asked(
        task=task,
        kind=kind,
        settings={**flags, **parsed_settings(settings)},
        seconds=parsed_seconds(options["time"]),  # type: ignore[arg-type]
        **{
            name: options[name]
            for name in (
                "recipe", "trials", "workers", "engine", "address", "seed", "pruner", "confirm",
                "output", "resume", "extend", "study", "keep", "track", "as_json",
            )
        },  # type: ignore[arg-type]
    )  # fmt: skip
    if asked.resume is not None:
        wrong = [
            name
            for name, value in (
                ("the model", kind), ("--recipe", asked.recipe),
                (f"settings ({', '.join(asked.settings)})", asked.settings),
                ("--seed", asked.seed), ("--pruner", asked.pruner), ("--output", asked.output),
                ("--extend", asked.extend or None),
            )
            if value
        ]  # fmt: skip
        if wrong:
            raise UsageError(
                f"A search goes on as it was begun: leave out {', '.join(wrong)} (with --resume "
                "--trials, --time, --workers, --engine, --address, --confirm and --keep may be "
                "given)."
            )
    run_search(asked)
