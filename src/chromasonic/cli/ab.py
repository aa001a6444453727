"""`chromasonic ab`: is B better than A, over the same pieces; and by ear."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chromasonic.cli import judging
from chromasonic.cli.ab_online import VERBS
from chromasonic.files import json_text

AB_HELP = """Is B better than A: over the same pieces, and by ear.

Examples:

\b
  chromasonic ab compare runs/first runs/second
  chromasonic ab compare folk@champion folk@challenger --on nottingham:test
  chromasonic ab compare runs/a-seed* vs runs/b-seed*
  chromasonic ab create folk-or-not folk@1 folk@2 --clips clips
  chromasonic ab show folk-or-not
"""

ab_app = typer.Typer(no_args_is_help=True, help=AB_HELP)

Models = Annotated[
    list[str],
    typer.Argument(
        metavar="A B",
        help="Two models: run directories, checkpoints or NAME@VERSION. Several runs of each "
        "recipe with the word 'vs' between them: A1 A2 A3 vs B1 B2 B3.",
    ),
]
On = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="CORPUS:PART",
        help="What to judge on; PART is validation or test. Left out: A's own corpus, validation.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option("--model", help="Of runs with several models, this one (lstm, groove, ...)."),
]
Metric = Annotated[
    list[str] | None,
    typer.Option("--metric", help="Compare by this one; again for more. The first decides."),
]
Margin = Annotated[
    float | None,
    typer.Option(help="Largest difference that does not matter, in the first metric's unit."),
]
Detect = Annotated[
    float | None,
    typer.Option(help="A difference that must be seen: how many pieces does it take?"),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="A file for the results: .json, .md, .txt or .png."),
]
Seed = Annotated[int, typer.Option(help="Of resamples and of sign flips.")]


@ab_app.command("compare")
def compare(
    models: Models,
    on: On = None,
    model: Model = None,
    metric: Metric = None,
    margin: Margin = None,
    detect: Detect = None,
    data_dir: judging.DataDir = None,
    seed: Seed = 0,
    device: judging.Device = "auto",
    output: Output = None,
    as_json: judging.AsJson = False,
) -> None:
    """Say whether B is better than A on the same pieces: better, worse, no difference, too few.

    Paired over pieces (tunes, chorales, recordings): sign-flip permutation test and bootstrap
    interval, corrected for several metrics (Holm), with effect size and the number of pieces that
    it takes. With several runs of each recipe, chance of training counts too. See
    docs/ab-compare.md.

    Examples:

    \b
      chromasonic ab compare runs/first runs/second
      chromasonic ab compare folk@champion folk@challenger --on nottingham:test
      chromasonic ab compare runs/a-seed* vs runs/b-seed*
      chromasonic ab compare runs/first runs/second --margin 0.02 --output compared.png
    """
    from chromasonic.abtest.comparing_files import check_output, write_comparisons
    from chromasonic.abtest.comparing_models import compare_models, sides_in
    from chromasonic.abtest.comparing_text import lines_of

    first, second = sides_in(models)
    if output is not None:
        check_output(output)
    with judging.progress_line() as show:
        compared = compare_models(
            first,
            second,
            on=on,
            kind=model,
            metrics=metric,
            margin=margin,
            detect=detect,
            data_dir=data_dir,
            seed=seed,
            device=device,
            on_progress=show,
        )
    if output is not None:
        write_comparisons(compared, output)
    if as_json:
        typer.echo(json_text([one.to_dict() for one in compared]))
        return
    from rich.console import Console

    width = Console().width if Console().is_terminal else 100
    for one in compared:
        for line in lines_of(one, width=width):
            typer.echo(line)
    if output is not None:
        typer.echo(f"Written: {output}")


for _name, _verb in VERBS.items():
    ab_app.command(_name)(_verb)
