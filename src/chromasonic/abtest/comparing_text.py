"""A comparison as people read it: a sentence, a table, and what must be known."""

from __future__ import annotations

import math
import textwrap

from chromasonic.abtest.comparing import Comparison, MetricComparison
from chromasonic.abtest.verdicts import Verdict
from chromasonic.evaluation.figure import Figure

HEADINGS = (
    "metric",
    "A",
    "B",
    "B - A",
    "95% interval",
    "p (Holm)",
    "effect",
    "B better on",
    "verdict on B",
)


def rows_of(comparison: Comparison) -> list[list[str]]:
    """Cells of the table, a row a metric, without the headings."""
    return [
        [
            metric.name,
            number(metric.first.value),
            number(metric.second.value),
            signed(metric.difference.value),
            interval(metric.difference),
            probability(metric.p_adjusted),
            signed(metric.effect, 2),
            "" if math.isnan(metric.share_better.value) else f"{metric.share_better.value:.0%}",
            str(metric.verdict),
        ]
        for metric in comparison.metrics
    ]


def lines_of(comparison: Comparison, *, width: int = 100) -> list[str]:
    """All that is said of a comparison, as lines of at most `width` characters."""
    unit = f"{comparison.pieces} {comparison.unit}s"
    lines = [
        f"A  {comparison.first}",
        f"B  {comparison.second}",
        f"on {comparison.corpus}, {comparison.part} part, {unit}",
        "",
        *table_lines(rows_of(comparison), width=width),
        "",
    ]
    for sentence in sentences_of(comparison):
        lines += textwrap.wrap(sentence, width, break_long_words=False, break_on_hyphens=False)
    return [*lines, ""]


def table_lines(rows: list[list[str]], *, width: int) -> list[str]:
    """The table; where it is wider than the screen, a block a metric instead."""
    widths = [max(len(row[n]) for row in [list(HEADINGS), *rows]) for n in range(len(HEADINGS))]
    if sum(widths) + 2 * (len(widths) - 1) <= width:
        return [
            "  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip()
            for row in [list(HEADINGS), *rows]
        ]
    lines = []
    for row in rows:
        lines.append(f"{row[0]}: {row[-1]}")
        lines += [
            f"  {heading:<14}{cell}"
            for heading, cell in zip(HEADINGS[1:-1], row[1:-1], strict=True)
            if cell
        ]
    return lines


def sentences_of(comparison: Comparison) -> list[str]:
    """The verdict, what it rests on, and what must be known to read it."""
    return [verdict_sentence(comparison), *_on_pieces(comparison), *comparison.remarks]


def verdict_sentence(comparison: Comparison) -> str:
    """The verdict of the metric that decides, with both sides' names."""
    metric = comparison.primary
    a, b, name = comparison.first, comparison.second, metric.name
    gap = f"{signed(metric.difference.value)} {metric.unit} ({interval(metric.difference)})"
    match metric.verdict:
        case Verdict.BETTER | Verdict.WORSE:
            return (
                f"Verdict: B is {metric.verdict}. {b} against {a}: {gap} in {name}, "
                f"p = {probability(metric.p_adjusted)}."
            )
        case Verdict.UNDEFINED:
            return f"Verdict: not comparable in {name}: {metric.difference.reason}."
        case _ if metric.are_alike:
            return (
                f"Verdict: no difference seen. A and B say the same of every {comparison.unit}: "
                "they are probably the same weights."
            )
        case Verdict.TOO_FEW:
            return f"Verdict: too few {comparison.unit}s to tell. {b} against {a}: {gap} in {name}."
        case _:
            return f"Verdict: {metric.verdict}. {b} against {a}: {gap} in {name}."


def _on_pieces(comparison: Comparison) -> list[str]:
    metric = comparison.primary
    if metric.verdict is Verdict.UNDEFINED or metric.are_alike:
        return []
    return [needed_sentence(metric, comparison)]


def needed_sentence(metric: MetricComparison, comparison: Comparison) -> str:
    """How many pieces it takes, and what these can show."""
    units = f"{comparison.unit}s"
    told = [
        f"These {comparison.pieces} {units} show a difference of {number(metric.detectable)} "
        f"{metric.unit} or more in 4 of 5 such comparisons."
    ]
    if metric.pieces_needed is not None:
        told.append(
            f"To see one of {number(metric.looked_for)} as often takes about "
            f"{metric.pieces_needed:,} {units}."
        )
    return " ".join(told)


def number(value: float, digits: int = 3) -> str:
    """A number for people."""
    if math.isnan(value):
        return "undefined"
    return f"{value:.{digits}f}" if abs(value) < 1000 else f"{value:.0f}"


def signed(value: float, digits: int = 3) -> str:
    """A number with its sign."""
    return "" if math.isnan(value) else f"{value:+.{digits}f}"


def interval(figure: Figure) -> str:
    """A 95% interval; empty where there is none."""
    return "" if math.isnan(figure.low) else f"{signed(figure.low)} to {signed(figure.high)}"


def probability(value: float) -> str:
    """A p-value."""
    if math.isnan(value):
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
