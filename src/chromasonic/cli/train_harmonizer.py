"""`chromasonic train harmonizer`: the agents that learn, into a models directory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.cli.tracking import Track, tracked
from chromasonic.errors import UsageError
from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.harmonization.training import HarmonizerRecipe, HarmonizerTraining

DEFAULT_OUTPUT = Path("models")
# The hybrid's networks read chorales before its policy plays episodes.
ROUNDS = {"hybrid": "round"}
FIGURES = {"hybrid": "log-likelihood of a note, then reward of a beat"}

Agent = Annotated[
    str | None, typer.Option(help="simple, advanced, hybrid, several with commas, or all.")
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="The models directory; ./models.")
]
Recipe = Annotated[Path | None, typer.Option(help="A TOML file, as recipes/harmonizer.toml.")]
Resume = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="A models directory to go on with, exactly; with it only --agent and --episodes.",
    ),
]
Episodes = Annotated[
    int | None, typer.Option(help="Melodies that each agent harmonizes while it learns.")
]
Epochs = Annotated[
    int | None, typer.Option(help="Passes over the chorales for the hybrid's networks.")
]
Seed = Annotated[int | None, typer.Option(help="Of exploration, order and weights.")]
Chorales = Annotated[
    int | None,
    typer.Option(help="Only so many chorales of each part, for a quick trial; 0 is all."),
]
DataDir = Annotated[Path | None, typer.Option(help="A folder with the corpora in it.")]
Engine = Annotated[
    str, typer.Option("--engine", help="local alone: an agent learns one episode after another.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def harmonizer(
    agent: Agent = None,
    output: Output = None,
    episodes: Episodes = None,
    epochs: Epochs = None,
    seed: Seed = None,
    recipe: Recipe = None,
    resume: Resume = None,
    chorales: Chorales = None,
    data_dir: DataDir = None,
    engine: Engine = "local",
    track: Track = None,
    as_json: AsJson = False,
) -> None:
    """Train agents that harmonize a melody, on Bach's chorales; the exact agent needs none.

    An earlier training in the folder is copied to its archive. See docs/harmonizer.md.

    Examples:

    \b
      chromasonic train harmonizer --agent simple
      chromasonic train harmonizer --agent all --output models
      chromasonic train harmonizer --agent advanced --episodes 2000 --seed 1 --output trial
      chromasonic train harmonizer --resume trial
    """
    if engine != "local":
        raise UsageError(
            f"--engine {engine} cannot train an agent: each episode begins with what the one "
            "before taught, so that several processes have nothing to share. Leave it out, or "
            "search with many workers: chromasonic tune harmonizer --engine ray."
        )
    if resume is not None:
        _refuse_with_resume(
            {
                "output": output,
                "epochs": epochs,
                "seed": seed,
                "recipe": recipe,
                "chorales": chorales,
                "data-dir": data_dir,
            }
        )
    chosen = _chosen(agent, recipe, resume)
    from chromasonic.harmonization.training import with_settings

    chosen = with_settings(
        chosen,
        episodes=episodes,
        epochs=epochs,
        seed=seed,
        chorales=chorales,
        data_dir=None if data_dir is None else str(data_dir),
    )
    trained = _train(
        chosen, resume or output or DEFAULT_OUTPUT, resume=resume is not None, track=track
    )
    _print(trained, as_json)


def _refuse_with_resume(given: dict[str, Any]) -> None:
    wrong = [f"--{name}" for name, value in given.items() if value is not None]
    if wrong:
        raise UsageError(
            f"A training goes on with its own settings: leave out {', '.join(wrong)} (with "
            "--resume only --agent and --episodes may be given), or begin a new one in another "
            "--output."
        )


def _chosen(agent: str | None, recipe: Path | None, resume: Path | None) -> HarmonizerRecipe:
    """The recipe of --resume, of --recipe, or the default one; with the agents asked for."""
    from chromasonic.config import read_toml
    from chromasonic.harmonization import training

    if resume is not None:
        chosen = training.resumed_recipe(resume)
    elif recipe is not None:
        chosen = training.recipe_from(read_toml(recipe), where=str(recipe))
    else:
        chosen = training.default_recipe()
    if agent is None or agent == "all":
        return chosen if agent is None else training.with_agents(chosen, list(training.FILES))
    names = [name.strip() for name in agent.split(",") if name.strip()]
    absent = [name for name in names if name not in chosen.agents]
    if resume is not None and absent:
        raise UsageError(
            f"{resume} has no training of {', '.join(absent)} to go on with; it has "
            f"{', '.join(chosen.agents)}."
        )
    return training.with_agents(chosen, names)


def _train(
    recipe: HarmonizerRecipe, folder: Path, *, resume: bool, track: bool | None
) -> HarmonizerTraining:
    """Train with progress on stderr: a bar on a terminal, else a line at every twentieth."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from chromasonic.harmonization.training import train_harmonizer

    console = Console(file=sys.stderr)
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    tasks: dict[str, Any] = {}
    said: dict[str, int] = {}

    with (
        tracked("harmonizer", folder, resume=resume, wanted=track) as trackers,
        Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal
        ) as bars,
    ):

        def say_data(training: int, validation: int) -> None:
            console.print(
                f"{training} chorales to learn from, {validation} to choose by; the test part "
                "stays shut.",
                highlight=False,
            )

        def say(agent: str, done: int, total: int, reward: float) -> None:
            if agent not in tasks:
                tasks[agent] = bars.add_task(agent, total=total)
            bars.update(tasks[agent], completed=done, total=total)
            bars.update(tasks[agent], description=f"{agent} {reward:8.2f}")
            twentieth = done * 20 // max(total, 1)
            if said.get(agent) != twentieth:
                said[agent] = twentieth
                console.print(
                    f"{agent}: {ROUNDS.get(agent, 'episode')} {done:,}/{total:,}  "
                    f"{FIGURES.get(agent, 'reward of late')} {reward:.2f}",
                    highlight=False,
                )

        return train_harmonizer(
            recipe,
            folder,
            resume=resume,
            on_progress=say,
            on_data=say_data,
            observers=trackers,
        )


def _print(trained: HarmonizerTraining, as_json: bool) -> None:
    """Say how each agent ended and where everything lies."""
    from rich.console import Console
    from rich.table import Table

    if as_json:
        typer.echo(json_text(trained.to_dict()))
        return
    console = Console(width=None if Console().is_terminal else 120, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("AGENT", "EPISODES", "AVERAGE REWARD", "BEST"):
        table.add_column(heading, justify="left" if heading == "AGENT" else "right")
    for name, known in trained.metadata.items():
        table.add_row(
            name,
            f"{known.episodes:,}",
            f"{known.average_reward:.3f}",
            f"{known.best_reward:.3f}",
        )
    console.print(table)
    typer.echo(f"\nModels directory: {trained.folder} (what is in it: README.md)")
    typer.echo(f"Use it: chromasonic harmonize TUNE --models {trained.folder}")
    typer.echo(f"Judge it: chromasonic evaluate harmonizer --models {trained.folder}")
