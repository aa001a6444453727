"""A comparison as people read it: a table, the verdict, and what must be known."""

from __future__ import annotations

import math
import re
import textwrap

from chromasonic.abtest.comparing import Comparison, MetricComparison
from chromasonic.abtest.power import LEVEL
from chromasonic.abtest.verdicts import Verdict
from chromasonic.evaluation.figure import Figure

HEADINGS = ("metric", "A", "B", "B - A", "95% interval", "p", "verdict on B")
MOST_DIGITS = 6
HARD = "\N{NO-BREAK SPACE}"


def lines_of(comparison: Comparison, *, width: int = 100) -> list[str]:
    """All that is said of a comparison, as lines of at most `width` characters."""
    rows = [row_of(metric) for metric in comparison.metrics]
    lines = [
        f"A  {comparison.first}",
        f"B  {comparison.second}",
        f"{comparison.corpus}, {comparison.part} part, {comparison.pieces} {comparison.unit}s",
        "",
        *table_lines(rows, width=width),
        "",
    ]
    for sentence in sentences_of(comparison):
        lines += wrapped(sentence, width)
    return [*lines, ""]


def wrapped(sentence: str, width: int) -> list[str]:
    """Lines of at most `width` characters; "p < 0.001" stays together."""
    kept = re.sub(r"\bp ([<=]) ", f"p{HARD}\\1{HARD}", sentence)
    lines = textwrap.wrap(kept, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace(HARD, " ") for line in lines]


def row_of(metric: MetricComparison) -> list[str]:
    """Cells of a metric under `HEADINGS`."""
    digits = digits_of(metric)
    return [
        metric.name,
        number(metric.first.value, digits),
        number(metric.second.value, digits),
        signed(metric.difference.value, digits),
        "" if metric.are_alike else interval(metric.difference, digits),
        probability(metric.p_adjusted),
        str(metric.verdict),
    ]


def table_lines(rows: list[list[str]], *, width: int) -> list[str]:
    """The table; where it is wider than the screen, a block a metric instead."""
    table = [list(HEADINGS), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADINGS))]
    if sum(widths) + 2 * (len(widths) - 1) <= width:
        return [
            "  ".join(
                cell.ljust(size) if column in (0, 4, 6) else cell.rjust(size)
                for column, (cell, size) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in table
        ]
    lines = []
    for name, a, b, gap, ends, p, verdict in rows:
        lines += [
            f"{name}: {verdict}",
            f"    A {a}, B {b}",
            f"    B - A {gap}" + (f" ({ends})" if ends else "") + (f", p {p}" if p else ""),
        ]
    return lines


def sentences_of(comparison: Comparison) -> list[str]:
    """The verdict, how large the difference is, what it rests on, and what must be known."""
    metric = comparison.primary
    said = [verdict_sentence(comparison)]
    if metric.verdict is not Verdict.UNDEFINED and not metric.are_alike:
        said += [size_sentence(comparison), needed_sentence(comparison)]
        said += _why_not_called(comparison)
    said += _of_others(comparison)
    tested = sum(not one.are_alike and not math.isnan(one.p_value) for one in comparison.metrics)
    if tested > 1:
        said.append(f"p is corrected for {tested} metrics (Holm); '{metric.name}' decides.")
    return [*said, runs_sentence(comparison), *_of_groups(comparison), *comparison.remarks]


def is_alike(comparison: Comparison) -> bool:
    """Whether both sides say the same in every metric."""
    return all(metric.are_alike for metric in comparison.metrics)


def verdict_sentence(comparison: Comparison) -> str:
    """The verdict of the metric that decides."""
    metric, units = comparison.primary, f"{comparison.unit}s"
    digits = digits_of(metric)
    gap = (
        f"{signed(metric.difference.value, digits)} {metric.unit}, "
        f"95% interval {interval(metric.difference, digits) or 'none'}"
    )
    margin = "" if comparison.margin is None else f" of {comparison.margin:g} {metric.unit}"
    match metric.verdict:
        case Verdict.BETTER | Verdict.WORSE:
            said = f"B is {metric.verdict} than A"
        case Verdict.UNDEFINED:
            return f"Verdict: not comparable in {metric.name}: {metric.difference.reason}."
        case _ if metric.are_alike:
            few = f", but the {units} are too few" if metric.verdict is Verdict.TOO_FEW else ""
            same = " They may be one model under two names." if is_alike(comparison) else ""
            return (
                f"Verdict: no difference seen{few}: in {metric.name} A and B say the same of "
                f"every one of the {comparison.pieces} {units}.{same}"
            )
        case Verdict.TOO_FEW:
            said = f"too few {units if max(comparison.runs) == 1 else f'{units} or runs'} to tell"
        case Verdict.EQUIVALENT:
            said = f"no difference as large as the margin{margin}"
        case Verdict.NO_WORSE:
            said = f"B is no worse than A by the margin{margin}"
        case _:
            said = "no difference seen"
    p = probability(metric.p_adjusted)
    tested = f", p {'' if p.startswith('<') else '= '}{p}" if p else ""
    return f"Verdict: {said} in {metric.name}: {gap}{tested}."


def size_sentence(comparison: Comparison) -> str:
    """How large the difference is, in three ways."""
    metric = comparison.primary
    share = metric.share_better
    parts = [f"B is better on {share.value:.0%} of {comparison.unit}s"
             f" ({share.low:.0%} to {share.high:.0%})"]  # fmt: skip
    if not math.isnan(metric.effect):
        whose = "of the gaps" if max(comparison.runs) == 1 else "of a recipe's runs"
        parts.append(f"{signed(metric.effect, 2)} standard deviations {whose}")
    change = metric.relative
    if change.is_defined and comparison.primary.first.value > 0:
        ends = "" if math.isnan(change.low) else f" ({change.low:+.1%} to {change.high:+.1%})"
        parts.append(f"{change.value:+.1%} of A's figure{ends}")
    return "Size: " + "; ".join(parts) + "."


def needed_sentence(comparison: Comparison) -> str:
    """What these pieces can show, and how many it would take."""
    metric, units = comparison.primary, f"{comparison.unit}s"
    digits = digits_of(metric)
    several = max(comparison.runs) > 1
    runs = f" and {comparison.runs[0]} against {comparison.runs[1]} runs" if several else ""
    told = (
        f"Power: {comparison.pieces} {units}{runs} show a difference of "
        f"{number(metric.detectable, digits)} {metric.unit} in 4 of 5 such comparisons."
        if not math.isnan(metric.detectable)
        else f"Power: unknown from {comparison.pieces} {units}."
    )
    if not metric.looked_for or math.isnan(metric.looked_for):
        return told
    size = number(metric.looked_for, digits)
    if metric.looked_for == abs(metric.difference.value):
        size = f"one as large as seen here, {size},"
    if metric.pieces_needed is not None:
        told += f" To show {size} so often takes about {metric.pieces_needed:,} {units}"
        told += "." if not several else f" with these runs{_or_runs(metric)}."
    elif metric.runs_needed is not None:
        told += (
            f" To show {size} so often no number of {units} is enough with so few runs; about "
            f"{metric.runs_needed} runs a side would do."
        )
    elif several:
        told += f" To show {size} so often takes more {units} and more runs."
    return told


def _or_runs(metric: MetricComparison) -> str:
    if metric.runs_needed is None:
        return ""
    return f", or about {metric.runs_needed} runs a side"


def runs_sentence(comparison: Comparison) -> str:
    """Whether it is said of two models or of two recipes."""
    metric, (a, b) = comparison.primary, comparison.runs
    if a == b == 1 and set(comparison.kinds) == {"markov"}:
        return "Markov models are counted and know no chance: another run would be the same."
    if a == b == 1:
        return (
            "This is about these two trained models. Another seed of either recipe may differ as "
            "much: to compare recipes, train several runs of each and give A1 A2 A3 vs B1 B2 B3."
        )
    digits = digits_of(metric)
    spreads = ", ".join(
        f"{name}'s by {number(deviation, digits)}"
        for name, deviation in zip("AB", metric.seed_deviations, strict=True)
        if not math.isnan(deviation)
    )
    told = f"This is about two recipes. Runs differ by chance: {spreads} (standard deviation)."
    if metric.runs_better is not None:
        told += f" A run of B is better than one of A in {metric.runs_better:.0%} of pairs."
    if 1 in (a, b):
        told += (
            f" {'A' if a == 1 else 'B'} has one run: its chance is taken to be as large as the "
            "other's, which nobody has measured."
        )
    return told


def _why_not_called(comparison: Comparison) -> list[str]:
    """Where p-value and interval, each by itself, would say different things."""
    metric = comparison.primary
    holds = metric.difference.low <= 0 <= metric.difference.high
    if metric.verdict in (Verdict.BETTER, Verdict.WORSE) or math.isnan(metric.difference.low):
        return []
    if metric.p_adjusted < LEVEL and holds:
        return ["p is below 0.05 but the interval holds 0: for a verdict both must agree."]
    if metric.p_adjusted >= LEVEL and not holds:
        return [
            "The interval by itself excludes 0; with the correction for several metrics it is not "
            "enough. Name the one that matters before looking: --metric."
        ]
    return []


def _of_others(comparison: Comparison) -> list[str]:
    """Metrics that cannot be compared, with the reason."""
    return [
        f"{metric.name} cannot be compared: {metric.difference.reason}."
        for metric in comparison.metrics[1:]
        if metric.verdict is Verdict.UNDEFINED
    ]


def _of_groups(comparison: Comparison) -> list[str]:
    if comparison.groups == comparison.pieces:
        return []
    return [
        f"The {comparison.pieces} {comparison.unit}s are of {comparison.groups} works or "
        "performers, which are what is resampled: those of one depend on each other."
    ]


def digits_of(metric: MetricComparison) -> int:
    """As many decimals as show two figures of the difference's interval."""
    ends = [metric.difference.value, metric.difference.low, metric.difference.high]
    sizes = [abs(end) for end in ends if math.isfinite(end) and end]
    if not sizes:
        return 3
    return min(MOST_DIGITS, max(3, 1 - math.floor(math.log10(max(sizes)))))


def number(value: float, digits: int = 3) -> str:
    """A number for people."""
    if math.isnan(value):
        return "undefined"
    return f"{value:.{digits}f}" if abs(value) < 1000 else f"{value:.0f}"


def signed(value: float, digits: int = 3) -> str:
    """A number with its sign; empty where there is none."""
    return "" if math.isnan(value) else f"{value:+.{digits}f}"


def interval(figure: Figure, digits: int = 3) -> str:
    """A 95% interval; empty where there is none."""
    if math.isnan(figure.low):
        return ""
    return f"{signed(figure.low, digits)} to {signed(figure.high, digits)}"


def probability(value: float) -> str:
    """A p-value; empty where there is none."""
    if math.isnan(value):
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
