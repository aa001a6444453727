"""Comparisons written to a file, by its ending."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from chromasonic import files
from chromasonic.abtest.comparing import Comparison
from chromasonic.abtest.comparing_text import HEADINGS, lines_of, row_of, sentences_of, signed
from chromasonic.errors import UsageError

ENDINGS = (".json", ".md", ".txt", ".png")


def check_output(output: Path) -> None:
    """Refuse an ending that nothing is written under, before the work begins.

    Raises:
        UsageError: the ending is another.
    """
    if output.suffix not in ENDINGS:
        raise UsageError(f"--output is '{output}'; its ending must be one of {', '.join(ENDINGS)}.")


def write_comparisons(compared: Sequence[Comparison], output: Path) -> None:
    """Write comparisons by the file's ending: everything, a report, the lines, or a picture.

    Raises:
        StorageError: the file cannot be written.
    """
    if output.suffix == ".json":
        files.write_json(output, [one.to_dict() for one in compared])
    elif output.suffix == ".png":
        from chromasonic.abtest.comparing_picture import draw_comparisons

        draw_comparisons(compared, output)
    elif output.suffix == ".md":
        files.write_text(output, "\n".join(markdown_of(one) for one in compared))
    else:
        files.write_text(output, "\n".join(line for one in compared for line in lines_of(one)))


def markdown_of(comparison: Comparison) -> str:
    """A report of one comparison."""
    headings = [*HEADINGS[:-1], "effect", "B better on", HEADINGS[-1]]
    lines = [
        f"## {comparison.second} against {comparison.first}",
        "",
        f"{comparison.corpus}, {comparison.part} part, {comparison.pieces} {comparison.unit}s.",
        "",
        f"| {' | '.join(headings)} |",
        f"|{' --- |' * len(headings)}",
    ]
    for metric in comparison.metrics:
        *cells, verdict = row_of(metric)
        share = metric.share_better.value
        more = [signed(metric.effect, 2), "" if math.isnan(share) else f"{share:.0%}"]
        cells[0] = f"{metric.name} ({metric.unit})"
        lines.append(f"| {' | '.join([*cells, *more, verdict])} |")
    return "\n".join([*lines, "", *(f"- {said}" for said in sentences_of(comparison)), ""])
