"""What an evaluation of gesture models leaves: results.json, report.md and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chromasonic import files
from chromasonic.companion.result_plot import draw_results
from chromasonic.companion.table import markdown_table
from chromasonic.evaluation.figure import Figure
from chromasonic.gesture.confusion_picture import draw_confusion
from chromasonic.gesture.results import NETWORK, GestureResults, paired_sentence
from chromasonic.gesture.scores import ACCURACY

WORST = 10
LEAD = (
    "Figures are of the test part, which neither training nor any choice has seen, with 95% "
    "intervals. The simple classifiers learned from everything that is not test. The best is bold; "
    "the arrow says which way is better."
)


def write_report(results: GestureResults, output: files.PathLike) -> dict[str, Path]:
    """Write everything that is known into a folder.

    Args:
        results: of an evaluation.
        output: the folder.

    Returns:
        What to where: "results", "report", "confusion", "figures".

    Raises:
        StorageError: the folder cannot be written.
    """
    folder = Path(output)
    return {
        "confusion": draw_confusion_of(results, folder / "confusion.png"),
        "figures": draw_results(results.rows, folder / "results.png", title=results.title),
        "results": files.write_json(folder / "results.json", results.to_dict()),
        "report": files.write_text(folder / "report.md", report_text(results)),
    }


def draw_confusion_of(results: GestureResults, path: files.PathLike) -> Path:
    """Draw the confusion picture of an evaluation."""
    return draw_confusion(
        results.confusion, results.classes, path, title=results.title, note=note_of(results)
    )


def note_of(results: GestureResults) -> str:
    """What the figures rest on, in a line."""
    count = sum(results.sizes.values())
    folds = f"{len(results.sizes)} performers left out in turn, " if len(results.sizes) > 1 else ""
    seeds = "1 seed" if len(results.seeds) == 1 else f"mean of {len(results.seeds)} seeds"
    accuracy = results.network.figures[ACCURACY].value
    return f"{count:,} test recordings, {folds}{seeds}; accuracy {accuracy:.1%}"


def report_text(results: GestureResults) -> str:
    """The report as Markdown."""
    parts = [f"# {results.title}", LEAD, *body_parts(results)]
    parts += ["![Confusion](confusion.png)", "![Results](results.png)"]
    parts += ["## Classes", worst_table(results), mistakes_text(results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def body_parts(results: GestureResults) -> list[str]:
    """What it rests on, the table, who is better, performers; for reports, cards and docs."""
    manifest, weights = results.manifest, results.first.checkpoint.name
    return [
        f"{manifest['title']} ({manifest['licence']}). {note_of(results)}; {results.parameters:,} "
        f"parameters, {len(results.classes)} classes, weights of `{weights}`.",
        markdown_table(results.rows),
        "\n".join(f"- {sentence}" for sentence in sentences(results)),
        performers_table(results),
        "\n".join(f"- {remark}" for remark in results.remarks),
    ]


def sentences(results: GestureResults) -> list[str]:
    """Who is better, how far the seeds spread, and what a next performer may expect."""
    found = [f"The network is {paired_sentence(test)}." for test in results.paired]
    if len(results.by_seed) > 1:
        low, high = min(results.by_seed), max(results.by_seed)
        found.append(
            f"Over {len(results.by_seed)} seeds its accuracy goes from {low:.1%} to {high:.1%}."
        )
    if results.over_performers is not None:
        figure = results.over_performers
        found.append(
            f"Over the {figure.n} performers as a sample of all: {figure.value:.1%} "
            f"[{figure.low:.1%}, {figure.high:.1%}] (Student)."
        )
    return found


def performers_table(results: GestureResults) -> str:
    """Accuracy on each performer as Markdown; empty where the corpus names none."""
    if not results.by_performer:
        return ""
    methods = list(next(iter(results.by_performer.values())))
    lines = [["performer", "units", *methods], ["---"] * (len(methods) + 2)]
    for name, figures in results.by_performer.items():
        best = max(figure.value for figure in figures.values())
        cells = [_share(figures[method], best) for method in methods]
        lines.append([name, f"{recordings_of(results, name):,}", *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def recordings_of(results: GestureResults, performer: str) -> int:
    """Units of a performer in the test parts."""
    return results.by_performer[performer][NETWORK].n


def worst_table(results: GestureResults) -> str:
    """The classes with the lowest F1 as Markdown."""
    lines: list[Sequence[str]] = [["class", "F1"], ["---", "---"]]
    lines += [[name, f"{value:.3f}"] for name, value in list(results.f1.items())[:WORST]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def mistakes_text(results: GestureResults) -> str:
    """The most frequent mistakes as a list."""
    found = results.mistakes[:WORST]
    if not found:
        return "Nothing was taken for anything else."
    return "Most frequent mistakes:\n\n" + "\n".join(
        f"- {mistake.true} taken for {mistake.answer}: {mistake.share:.0%} of its recordings"
        for mistake in found
    )


def _share(figure: Figure, best: float) -> str:
    text = f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
    return f"**{text}**" if figure.value == best else text
