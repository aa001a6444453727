"""`chromasonic evaluate gesture`: the table of results of gesture models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chromasonic.files import json_text

if TYPE_CHECKING:
    from rich.console import Console

    from chromasonic.data.corpus import Corpus
    from chromasonic.gesture.results import GestureResults
    from chromasonic.music.movement import Movement

DataDir = Annotated[
    Path | None, typer.Option(help="A folder with the corpus in it, if not where it was.")
]
Download = Annotated[bool, typer.Option("--download", help="Fetch a corpus that is not here.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
MOST_MISTAKES = 5


def gesture(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            help="Run directories, checkpoints in them, folders of run directories, NAME@VERSION.",
        ),
    ],
    baselines: Annotated[
        bool,
        typer.Option(
            "--baselines/--no-baselines", help="Trees and neighbours learn and answer the same."
        ),
    ] = True,
    checkpoint: Annotated[
        str, typer.Option(help="best (by the validation part) or final (the last epoch).")
    ] = "best",
    data_dir: DataDir = None,
    download: Download = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A folder for results.json, report and pictures."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge gesture models on the test part, beside trees and other baselines, with 95% intervals.

    Several runs are judged together if they are folds (performers left out in turn) and seeds of
    one training. Each run's card.md is written anew. See docs/gesture-results.md.

    Examples:

    \b
      chromasonic evaluate gesture runs/gesture
      chromasonic evaluate gesture runs/adam-0 runs/adam-1 runs/waleed-0 --output results
      chromasonic evaluate gesture runs/auslan95-unseen --json
    """
    from chromasonic.cli.judging import progress_line
    from chromasonic.errors import UsageError
    from chromasonic.gesture.evaluating import evaluate_gesture
    from chromasonic.gesture.results_card import write_cards
    from chromasonic.gesture.results_report import write_report

    if checkpoint not in ("best", "final"):
        raise UsageError(f"--checkpoint is '{checkpoint}'; allowed: best, final.")

    def say(corpus: Corpus[Movement]) -> None:
        typer.echo(
            f"{corpus.manifest.title} ({corpus.manifest.licence}): the test part is opened.",
            err=True,
        )

    with progress_line() as show:
        results = evaluate_gesture(
            runs,
            with_baselines=baselines,
            which="final" if checkpoint == "final" else "best",
            data_dir=data_dir,
            download=download,
            on_progress=show,
            on_data=say,
        )
    written = list(write_report(results, output).values()) if output is not None else []
    written += write_cards(results)
    if as_json:
        typer.echo(json_text(results.to_dict()))
        return
    print_results(results)
    for file in written:
        typer.echo(f"  {file}")


def print_results(results: GestureResults) -> None:
    """The table, who is better, and the performers."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from chromasonic.companion.table import table_of
    from chromasonic.gesture.results_report import note_of, sentences

    console = Console(width=None if Console().is_terminal else 160, highlight=False)
    cells = table_of(results.rows)
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    table.title = f"{results.title}: {note_of(results)}"
    for heading in cells.headings[1:]:
        table.add_column(heading)
    for line, best in zip(cells.lines, cells.is_best, strict=True):
        pairs = zip(line[1:], best[1:], strict=True)
        table.add_row(*(Text(cell, "bold" if is_best else "") for cell, is_best in pairs))
    console.print()
    console.print(table)
    for sentence in sentences(results):
        console.print(sentence, soft_wrap=True, markup=False)
    if results.by_performer:
        _print_performers(console, results)
    for mistake in results.mistakes[:MOST_MISTAKES]:
        console.print(
            f"{mistake.true} is taken for {mistake.answer} in {mistake.share:.0%} of its "
            "recordings.", soft_wrap=True, markup=False,
        )  # fmt: skip
    for remark in results.remarks:
        console.print(remark, soft_wrap=True, markup=False)
    console.print()


def _print_performers(console: Console, results: GestureResults) -> None:
    from rich.table import Table

    methods = list(next(iter(results.by_performer.values())))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("performer", *methods):
        table.add_column(heading)
    for name, figures in results.by_performer.items():
        table.add_row(name, *(str(figures[method]) for method in methods))
    console.print()
    console.print(table)
    console.print()
