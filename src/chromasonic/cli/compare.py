"""`chromasonic compare`: models side by side on the same tunes, with tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chromasonic.cli import judging
from chromasonic.errors import UsageError
from chromasonic.files import json_text


def compare(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="MODEL...",
            help="Run directories (all their models), checkpoints, or NAME@VERSION.",
        ),
    ],
    dataset: judging.Dataset = None,
    part: judging.PartOption = "test",
    data_dir: judging.DataDir = None,
    split_file: judging.SplitFile = None,
    dynamic: judging.Dynamic = False,
    expanded: judging.Expanded = True,
    tunes: judging.Tunes = 40,
    bars: judging.Bars = 16,
    temperature: judging.Temperature = 1.0,
    seed: judging.Seed = 0,
    device: judging.Device = "auto",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder for model_comparison.png and .json; left out: comparison_results in the "
            "run directory, or here where there are several.",
        ),
    ] = None,
    as_json: judging.AsJson = False,
) -> None:
    """Set models side by side: a table, paired tests over tunes, bars and a radar.

    Models are compared by their pitch bits a note, tune by tune; p-values are adjusted for the
    number of pairs (Holm). A model is never judged on tunes that it was trained on.

    Examples:

    \b
      chromasonic compare runs/first
      chromasonic compare runs/first runs/second --output compared
      chromasonic compare folk@champion folk@challenger --part validation
      chromasonic compare a/melody_lstm_best.pt b/melody_lstm_best.pt --dataset nottingham
    """
    from chromasonic.evaluation.dynamic import DynamicConfig
    from chromasonic.melody_generation.subjects import find_material, find_subjects, run_of
    from chromasonic.melody_generation.testing import ModelComparison, TestSettings

    settings = TestSettings(
        generated_tunes=tunes,
        generated_bars=bars,
        temperature=temperature,
        seed=seed,
        expanded=expanded,
        dynamic=DynamicConfig() if dynamic else None,
    )
    with judging.progress_line() as show:
        subjects = find_subjects(paths, device=device)
        if len(subjects) < 2:
            raise UsageError(
                f"{paths[0]} holds one model; a comparison needs two. Name another one, or judge "
                f"it by itself: chromasonic evaluate melody {paths[0]}"
            )
        material = find_material(
            subjects, dataset=dataset, part=part, data_dir=data_dir, split_file=split_file
        )
        comparison = ModelComparison(
            settings,
            reference_tunes=material.reference,
            training_tunes=material.training,
            on_progress=show,
        )
        run = run_of(paths[0]) if len(paths) == 1 else None  # of a NAME@VERSION it is none
        folder = output or (run.comparison if run is not None else Path("comparison_results"))
        results = comparison.compare_models(
            {subject.name: subject.model for subject in subjects}, material.tunes, folder
        )
    results |= {"dataset": material.dataset, "part": material.part}
    if as_json:
        typer.echo(json_text({key: value for key, value in results.items() if key != "table"}))
    else:
        _print(results)


def _print(results: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from chromasonic.melody_generation.comparison_table import (
        columns_that_fit,
        notes,
        sentences,
        table_rows,
    )

    console = Console(width=None if Console().is_terminal else 100, highlight=False)
    rows = table_rows(results)
    typer.echo(f"{results['dataset']}, {results['part']} part, {results['n_tunes']} tunes")
    for columns in columns_that_fit(rows, console.width):
        table = Table(box=None, pad_edge=False, header_style="bold")
        for index in columns:
            justify: Any = "right" if index else "left"
            table.add_column(rows[0][index], justify=justify, no_wrap=True)
        for row in rows[1:]:
            style = "bold" if row[0] == results["best"] else ""
            table.add_row(*(row[index] for index in columns), style=style)
        console.print()
        console.print(table)
    for line in ("", *sentences(results), *notes(results), ""):
        console.print(line, soft_wrap=True)
    for path in results["files"].values():
        console.print(path, soft_wrap=True)
