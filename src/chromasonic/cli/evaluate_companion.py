"""`chromasonic evaluate companion`: the table of results of the five real-time models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chromasonic.files import json_text

if TYPE_CHECKING:
    from chromasonic.companion.evaluating import Evaluation, ModelResults
    from chromasonic.companion.materials import Material

Models = Annotated[
    str | None,
    typer.Option(
        help="emotion, melody, harmony, dynamics, groove with commas; those there if not."
    ),
]
DataDir = Annotated[
    Path | None, typer.Option(help="A folder with the corpora in it, if not where they were.")
]
Download = Annotated[bool, typer.Option("--download", help="Fetch corpora that are not here.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def companion(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="An output folder, its folder of checkpoints, a checkpoint, or NAME@VERSION.",
        ),
    ],
    models: Models = None,
    data_dir: DataDir = None,
    download: Download = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A folder for results.json, report and pictures."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge companion models on the test parts, beside their baselines, with 95% intervals.

    The model cards in RUN/cards are written anew with what was found; a registered version stays
    as it is.

    Examples:

    \b
      chromasonic evaluate companion runs/companion
      chromasonic evaluate companion runs/companion --models groove --output results
      chromasonic evaluate companion runs/companion --json
    """
    evaluation = run_evaluation(path, models, data_dir=data_dir, download=download)
    written = save(evaluation, output)
    print_evaluation(evaluation, as_json=as_json)
    if not as_json:
        for file in written:
            typer.echo(f"  {file}")


def run_evaluation(
    path: Path, models: str | None, *, data_dir: Path | None, download: bool
) -> Evaluation:
    """Judge with progress on stderr."""
    from chromasonic.cli.judging import progress_line
    from chromasonic.cli.train_companion import data_lines
    from chromasonic.companion.evaluating import evaluate_companions
    from chromasonic.companion.models import names_of

    def say(name: str, material: Material) -> None:
        for line in data_lines(name, material):
            typer.echo(line, err=True)

    with progress_line():
        evaluation = evaluate_companions(
            path,
            models=None if models is None else names_of(models),
            data_dir=data_dir,
            download=download,
            on_model=say,
        )
    if evaluation.missing:
        typer.echo(f"\nNot trained here: {', '.join(evaluation.missing)}.", err=True)
    return evaluation


def save(evaluation: Evaluation, output: Path | None) -> list[Path]:
    """Write the report, where a folder is given, and the model cards."""
    from chromasonic.companion.cards import update_cards
    from chromasonic.companion.report import write_report

    written = list(write_report(evaluation, output).values()) if output is not None else []
    return [*written, *update_cards(evaluation)]


def print_evaluation(evaluation: Evaluation, *, as_json: bool) -> None:
    """The table with baselines and intervals, model by model."""
    if as_json:
        typer.echo(json_text(evaluation.to_dict()))
        return
    for results in evaluation.models.values():
        _print_model(results)


def _print_model(results: ModelResults) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from chromasonic.companion.table import table_of

    console = Console(width=None if Console().is_terminal else 160, highlight=False)
    cells = table_of(results.rows)
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    made_up = ", MADE-UP EXAMPLES" if results.material.synthetic else ""
    table.title = f"{results.loaded.spec.title}{made_up}"
    for heading in cells.headings:
        table.add_column(heading.upper() if heading in cells.headings[:3] else heading)
    for line, best in zip(cells.lines, cells.is_best, strict=True):
        table.add_row(*(Text(c, "bold" if b else "") for c, b in zip(line, best, strict=True)))
    console.print()
    console.print(table)
    for remark in results.remarks:
        console.print(remark, soft_wrap=True)
    lost = [verdict.sentence for verdict in results.verdicts if not verdict.is_better]
    for sentence in lost:
        console.print(f"Does not beat its baseline: {sentence}", soft_wrap=True, markup=False)
    if results.verdicts and not lost:
        console.print("Beats the best of its baselines everywhere.")
