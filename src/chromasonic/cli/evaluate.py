"""`chromasonic evaluate`: how good a trained model is, with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chromasonic.cli import judging
from chromasonic.cli.evaluate_companion import companion
from chromasonic.cli.evaluate_gesture import gesture
from chromasonic.cli.evaluate_harmonizer import harmonizer
from chromasonic.files import json_text, write_json

EVALUATE_HELP = """Judge a trained model.

Examples:

\b
  chromasonic evaluate melody runs/first
  chromasonic evaluate companion runs/companion
  chromasonic evaluate harmonizer --models models
  chromasonic evaluate gesture runs/gesture
  chromasonic evaluate controls --dataset nottingham
"""

evaluate_app = typer.Typer(no_args_is_help=True, help=EVALUATE_HELP)
evaluate_app.command("companion")(companion)
evaluate_app.command("harmonizer")(harmonizer)
evaluate_app.command("gesture")(gesture)

# Figure -> what the table calls it. In the order of the table.
NOTE_FIGURES = {
    "pitch_bits_per_note": "Pitch bits a note, durations given",
    "accuracy": "Next-pitch accuracy, durations given",
    "perplexity": "Perplexity of the next pitch",
    "rhythm_bits_per_note": "Rhythm bits a note",
    "rhythm_accuracy": "Rhythm accuracy",
    "bar_accuracy": "Bar-line accuracy",
    "token_accuracy": "Next-token accuracy, easy tokens too",
    "token_perplexity": "Token perplexity, easy tokens too",
}
TUNE_FIGURES = {
    "diversity": "Diversity",
    "coherence": "Coherence",
    "musicality": "Musicality",
    "pitch_class_entropy": "Pitch-class entropy",
    "scale_consistency": "Scale consistency",
    "groove_consistency": "Groove consistency",
}
OTHER_ROWS = {"expanded": "repeats played out", "dynamic": "dynamic evaluation"}


@evaluate_app.command("melody")
def melody(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL", help="A run directory, a checkpoint (.pt), or NAME@VERSION."
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(help="lstm, transformer or markov, where the run directory has several."),
    ] = None,
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
        Path | None, typer.Option("--output", "-o", help="A .json file for all results.")
    ] = None,
    as_json: judging.AsJson = False,
) -> None:
    """Judge melody models: likelihood on held-out tunes, and the tunes that they write.

    Every figure comes with a 95% bootstrap interval over tunes. See docs/evaluation.md.

    Examples:

    \b
      chromasonic evaluate melody runs/first
      chromasonic evaluate melody runs/first --model lstm --dynamic
      chromasonic evaluate melody melody_lstm_best.pt --dataset nottingham --part validation
      chromasonic evaluate melody folk@champion --part validation
      chromasonic evaluate melody runs/first --json > results.json
    """
    from chromasonic.evaluation.dynamic import DynamicConfig
    from chromasonic.melody_generation.subjects import find_material, find_subjects
    from chromasonic.melody_generation.testing import ModelTester, TestSettings

    settings = TestSettings(
        generated_tunes=tunes,
        generated_bars=bars,
        temperature=temperature,
        seed=seed,
        expanded=expanded,
        dynamic=DynamicConfig() if dynamic else None,
    )
    document: dict[str, Any] = {"models": {}}
    with judging.progress_line() as show:
        subjects = find_subjects([path], kind=model, device=device)
        material = find_material(
            subjects, dataset=dataset, part=part, data_dir=data_dir, split_file=split_file
        )
        document |= {"dataset": material.dataset, "part": material.part}
        for subject in subjects:
            tester = ModelTester(
                subject.model,
                subject.name,
                settings=settings,
                reference_tunes=material.reference,
                training_tunes=material.training,
                on_progress=show,
            )
            document["models"][subject.name] = tester.run_comprehensive_test(material.tunes)
    if output is not None:
        write_json(output, document)
    if as_json:
        typer.echo(json_text(document))
    else:
        for results in document["models"].values():
            _print(results, document)


@evaluate_app.command("controls")
def controls(
    dataset: Annotated[str, typer.Option(help="A corpus of human tunes.")] = "auto",
    part: Annotated[str, typer.Option(help="validation or test.")] = "validation",
    data_dir: judging.DataDir = None,
    split_file: judging.SplitFile = None,
    seed: judging.Seed = 0,
    as_json: judging.AsJson = False,
) -> None:
    """Put coherence and musicality themselves to the test on a corpus.

    The corpus's training part is the reference; its held-out tunes should have a median of 0.7 or
    more, and the same tunes with notes or bars shuffled, or replaced by walks, less than 0.5.

    Examples:

    \b
      chromasonic evaluate controls --dataset nottingham
      chromasonic evaluate controls --dataset folk-pd --json
    """
    from chromasonic.data import load
    from chromasonic.errors import EvaluationError, UsageError
    from chromasonic.evaluation.metric_check import check_metrics
    from chromasonic.evaluation.reference import reference_of

    if part not in ("validation", "test"):
        raise UsageError(f"--part is '{part}'; allowed: validation, test (train is the reference).")
    with judging.progress_line():
        corpus = load(dataset, data_dir=data_dir, split_file=split_file)
        tunes = corpus.part(part)
        if not tunes:
            raise EvaluationError(f"The {part} part of {corpus.name} is empty.")
        reference = reference_of(corpus.part("train"), name=f"{corpus.name}, train")
        checked = check_metrics(reference, tunes, seed=seed)
    document = {
        "dataset": corpus.name,
        "part": part,
        "n_tunes": len(tunes),
        "reference": reference.facts.to_dict(),
        "medians": {
            name: {metric: figure.to_dict() for metric, figure in figures.items()}
            for name, figures in checked.items()
        },
    }
    if as_json:
        typer.echo(json_text(document))
    else:
        _print_controls(document)


def _print_controls(document: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if Console().is_terminal else 120, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    table.title = f"{document['dataset']}, {document['part']} part, {document['n_tunes']} tunes"
    for heading in ("MEDIAN OF", "COHERENCE", "95% INTERVAL", "MUSICALITY", "95% INTERVAL"):
        table.add_column(heading, no_wrap=True)
    for name, figures in document["medians"].items():
        cells = [
            text
            for metric in ("coherence", "musicality")
            for text in (
                judging.number(figures[metric]["value"]),
                judging.interval(figures[metric]),
            )
        ]
        table.add_row(name, *cells)
    console.print(table)
    reference = document["reference"]
    console.print(
        f"Among {reference['count']} human tunes ({reference['name']}, {reference['ids_hash']}).",
        soft_wrap=True,
    )


def _print(results: dict[str, Any], document: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if Console().is_terminal else 120, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    table.title = (
        f"{results['model']} on {document['dataset']}, {document['part']} part, "
        f"{results['n_tunes']} tunes as written"
    )
    for heading, justify in (("", "left"), ("VALUE", "right"), ("95% INTERVAL", "left"),
                             ("N", "right"), ("HUMAN", "right"), ("", "left")):  # fmt: skip
        table.add_column(heading, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for name, label in (NOTE_FIGURES | TUNE_FIGURES).items():
        human = (results["human"] or {}).get(name)
        table.add_row(
            label,
            judging.number(results[name]),
            judging.interval(results["figures"][name]),
            str(results["figures"][name]["n"]),
            "" if human is None else judging.number(human),
            results["bands"].get(name, ""),
        )
    for key, label in OTHER_ROWS.items():
        if key in results:
            figure = results[key]["figures"]["pitch_bits_per_note"]
            value = judging.number(figure["value"])
            row = (f"Pitch bits a note, {label}", value, judging.interval(figure))
            table.add_row(*row, str(figure["n"]))
    table.add_row("Overall score", judging.number(results["overall_score"]))
    console.print(table)
    for line in _remarks(results):
        console.print(line, soft_wrap=True)
    console.print()


def _remarks(results: dict[str, Any]) -> list[str]:
    reference = results["reference"]
    lines = [
        f"Coherence and musicality among {reference['count']} human tunes "
        f"({reference['name']}, {reference['ids_hash']})."
    ]
    memory = results["memorization"]
    if memory is not None:
        parts = []
        for who in ("generated", "human"):
            if memory[who] is not None:
                share, run = memory[who]["copied_share"]["value"], memory[who]["longest_run"]
                parts.append(f"{who} {share:.0%} (longest run {run['value']:.1f} notes on average)")
        lines.append(
            f"Notes in runs of {memory['generated']['run_notes']} or more that stand in the "
            f"{memory['training_tunes']} training tunes: {', '.join(parts)}."
        )
    lines += [f"Left out: {count} tunes, {why}." for why, count in results["skipped"].items()]
    lines += [f"{name} is undefined: {why}." for name, why in results["reasons"].items()]
    return lines
