"""`chromasonic evaluate harmonizer`: the table of all harmonizers, and Bach."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chromasonic.files import json_text, write_json, write_text

if TYPE_CHECKING:
    from chromasonic.harmonization.results import Evaluation

Models = Annotated[
    Path | None,
    typer.Option(
        help="A models directory, or NAME@VERSION; left out: the models that ship with the package."
    ),
]
Part = Annotated[str, typer.Option("--part", help="test or validation.")]
Agents = Annotated[
    list[str] | None,
    typer.Option("--agent", help="simple, advanced or hybrid; again for more; all if left out."),
]
DataDir = Annotated[Path | None, typer.Option(help="A folder with the corpora in it.")]
Chorales = Annotated[
    int | None, typer.Option(min=1, help="Only the first so many chorales, for a quick look.")
]
Seed = Annotated[int, typer.Option(help="Of random voicings and of every bootstrap.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="A .json, .md or .txt file for the results.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def harmonizer(
    models: Models = None,
    part: Part = "test",
    agent: Agents = None,
    data_dir: DataDir = None,
    chorales: Chorales = None,
    seed: Seed = 0,
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Judge all harmonizers on held-out chorales, beside exact search, baselines and Bach.

    Reward, share of the ceiling, rates on sixteenths beside Bach's own, every rule's rate, and how
    many of Bach's chords are found; all with 95% intervals over chorales.

    Examples:

    \b
      chromasonic evaluate harmonizer
      chromasonic evaluate harmonizer --models models --part validation --agent advanced
      chromasonic evaluate harmonizer --chorales 10 --output results.json
    """
    _check(part, output)
    evaluation = run(models, part, agent, data_dir=data_dir, first=chorales, seed=seed)
    if output is not None:
        save(evaluation, output)
    if as_json:
        typer.echo(json_text(evaluation.to_dict()))
    else:
        show(evaluation)
        if output is not None:
            typer.echo(f"\nWritten: {output}")


def _check(part: str, output: Path | None) -> None:
    """Refuse before the work begins."""
    from chromasonic.errors import UsageError
    from chromasonic.harmonization.evaluating import PARTS

    if part not in PARTS:
        raise UsageError(f"--part is '{part}'; allowed: {', '.join(PARTS)}.")
    if output is not None and output.suffix not in (".json", ".md", ".txt"):
        raise UsageError(f"--output is '{output}'; its ending must be .json, .md or .txt.")


def run(
    models: Path | None,
    part: str,
    agents: list[str] | None,
    *,
    data_dir: Path | None,
    first: int | None,
    seed: int,
) -> Evaluation:
    """Judge with progress on stderr."""
    from chromasonic.cli.judging import progress_line
    from chromasonic.data.harmonizer_chorales import harmonizer_chorales
    from chromasonic.harmonization.evaluating import evaluate_harmonizers

    with progress_line() as progress:
        parts = harmonizer_chorales(data_dir=data_dir, on_progress=progress)
        chorales = parts.test if part == "test" else parts.validation
        return evaluate_harmonizers(
            chorales[:first],
            part=part,
            models=models,
            agents=agents or None,
            seed=seed,
            on_progress=progress,
        )


def save(evaluation: Evaluation, output: Path) -> None:
    """Write the results by the file's ending."""
    from chromasonic.harmonization.results_table import as_text, markdown, tables_of

    if output.suffix == ".json":
        write_json(output, evaluation.to_dict())
        return
    form = markdown if output.suffix == ".md" else as_text
    write_text(output, "\n\n".join(form(table) for table in tables_of(evaluation)) + "\n")


def show(evaluation: Evaluation) -> None:
    """The tables, what was left out, and which goals are reached."""
    from chromasonic.harmonization.results_table import as_text, tables_of, verdicts

    for table in tables_of(evaluation):
        typer.echo(as_text(table) + "\n")
    for sentence in verdicts(evaluation):
        typer.echo(sentence)
    if not any(method.chords for method in evaluation.methods.values()):
        typer.echo(
            "Bach's chords were not compared: the analyses are not here. Fetch them: "
            "chromasonic data fetch when-in-rome"
        )
    for agent, why in evaluation.missing.items():
        typer.echo(f"Not judged, {agent}: {why}")
    for chorale, why in evaluation.skipped.items():
        typer.echo(f"Left out, {chorale}: {why}")
