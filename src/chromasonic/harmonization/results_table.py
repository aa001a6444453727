"""The tables of an evaluation of harmonizers, as cells for a terminal and as Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chromasonic.evaluation.figure import Figure
from chromasonic.harmonization.evaluating import BACH, BACH_AT_BEATS, EXACT
from chromasonic.harmonization.rates import RATES
from chromasonic.harmonization.results import FOUR_VOICES, TWO_VOICES, Evaluation, MethodResults
from chromasonic.harmonization.rules import RULES
from chromasonic.harmonization.two_voices_rules import TWO_VOICE_RULES

WORSE = " !"
"""After a rate that is above the upper end of Bach's interval."""
FAR_FROM_BACH = 0.10
"""How far the share of contrary motion may lie from Bach's."""

OF_FOUR_VOICES = ("wide_gap",)
"""Rates that two voices cannot have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Cells with headings.

    Attributes:
        title: above it.
        headings: of the columns; the first column names the rows.
        lines: rows of cells.
        notes: sentences below it.
    """

    title: str
    headings: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def tables_of(evaluation: Evaluation) -> list[Table]:
    """All tables: the overview, Bach's chords, rates on sixteenths, every rule."""
    four = [m for m in evaluation.methods.values() if m.game == FOUR_VOICES]
    two = [m for m in evaluation.methods.values() if m.game == TWO_VOICES]
    tables = [
        overview(evaluation, four, "Four voices"),
        rates_table(four, "Rates on sixteenths"),
        rules_table(four, "Breaches of each rule in 100 beats", RULES),
    ]
    if two:
        tables.insert(1, overview(evaluation, two, "Two voices, a game of its own"))
        tables.append(rates_table(two, "Two voices: rates on sixteenths"))
        tables.append(
            rules_table(two, "Two voices: breaches of each rule in 100 beats", TWO_VOICE_RULES)
        )
    return tables


def overview(evaluation: Evaluation, methods: Sequence[MethodResults], title: str) -> Table:
    """Reward, share of the ceiling, contrary motion, Bach's chords and time of each method."""
    has_chords = any(method.chords for method in methods)
    has_ratio = all(method.ratio.is_defined for method in methods)
    headings = ["", "reward a beat", "share of the ceiling, %", "contrary outer motion, %"]
    if has_ratio:
        headings.insert(2, "of the exact reward, %")
    if has_chords:
        headings += ["Bach's chords, %", "where they change", "where they are held"]
    lines = []
    for method in methods:
        if method.name == BACH_AT_BEATS:
            continue
        cells = [
            method.name,
            with_interval(method.reward, 2),
            with_interval(method.share, 1, 100),
            with_interval(method.rates["contrary"], 1, 100),
        ]
        if has_ratio:
            cells.insert(2, with_interval(method.ratio, 1, 100))
        if has_chords:
            for which in ("all", "new", "held"):
                figure = method.chords.get(which)
                cells.append("" if figure is None else with_interval(figure, 1, 100))
        lines.append((*cells, "" if method.name == BACH else number(method.seconds.value, 2)))
    notes = [
        f"{evaluation.part} part: {evaluation.chorales} chorales, {evaluation.beats:,} beats; "
        "in brackets 95% intervals over chorales. Share of the ceiling: "
        "(reward - random) / (exact - random), random being the expectation over uniformly "
        "random candidates; mean over chorales."
    ]
    if has_chords:
        count = methods[0].chords["all"].n
        notes.append(
            f"Bach's chords: root and triad as in the Roman-numeral analyses of {count} of the "
            "chorales. In Bach's own row they are found by the labels that the rules give him."
        )
    return Table(
        title=title,
        headings=(*headings, "seconds"),
        lines=tuple(lines),
        notes=tuple(notes),
    )


def rates_table(methods: Sequence[MethodResults], title: str) -> Table:
    """What sounds on the sixteenth grid, beside Bach's own where he is among the methods."""
    bach = next((method for method in methods if method.name == BACH), None)
    lines = []
    for name, rate in RATES.items():
        if bach is None and name in OF_FOUR_VOICES:
            continue
        cells = [f"{rate.text}, % of {rate.over}"]
        for method in methods:
            figure = method.rates[name]
            mark = WORSE if bach is not None and is_worse(name, figure, bach.rates[name]) else ""
            cells.append(with_interval(figure, 2, 100) + mark)
        lines.append(tuple(cells))
    note = (
        f"Marked{WORSE}: an error above the upper end of Bach's interval, or contrary motion more "
        f"than {FAR_FROM_BACH * 100:.0f} points from his. Bach: all his notes; Bach at beats: his "
        "voicings where the others choose theirs, held from beat to beat as theirs."
    )
    return Table(
        title=title,
        headings=("", *(method.name for method in methods)),
        lines=tuple(lines),
        notes=() if bach is None else (note,),
    )


def is_worse(name: str, figure: Figure, bach: Figure) -> bool:
    """Whether a rate is worse than Bach's: see `WORSE` and `FAR_FROM_BACH`."""
    if not (figure.is_defined and bach.is_defined):
        return False
    if RATES[name].is_error:
        return figure.value > (bach.value if math.isnan(bach.high) else bach.high)
    return abs(figure.value - bach.value) > FAR_FROM_BACH


def rules_table(methods: Sequence[MethodResults], title: str, rules: Mapping[str, object]) -> Table:
    """Each rule's rate, with its interval."""
    shown = [method for method in methods if method.name != BACH_AT_BEATS]
    lines = tuple(
        (rule, *(with_interval(method.rules[rule], 1, 100) for method in shown))
        for rule in rules
        if all(rule in method.rules for method in shown)
    )
    return Table(title=title, headings=("", *(method.name for method in shown)), lines=lines)


def with_interval(figure: Figure, digits: int, factor: float = 1.0) -> str:
    """A value with its interval in brackets."""
    if not figure.is_defined:
        return "undefined"
    value = number(figure.value * factor, digits)
    if math.isnan(figure.low) or figure.low == figure.high == figure.value:
        return value
    low, high = number(figure.low * factor, digits), number(figure.high * factor, digits)
    return f"{value} [{low}, {high}]"


def number(value: float, digits: int) -> str:
    """A number for people; no negative zero."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def markdown(table: Table, level: int = 2) -> str:
    """A table as Markdown, with its title and notes."""
    rows = [table.headings, ("---",) * len(table.headings), *table.lines]
    lines = [f"{'#' * level} {table.title}", ""]
    lines += ["| " + " | ".join(cells) + " |" for cells in rows]
    for note in table.notes:
        lines += ["", note]
    return "\n".join(lines)


def as_text(table: Table) -> str:
    """A table in columns, for a terminal or a file."""
    widths = [
        max(len(cells[column]) for cells in (table.headings, *table.lines))
        for column in range(len(table.headings))
    ]
    rows = [table.headings, *table.lines]
    lines = [table.title, ""]
    for cells in rows:
        first = cells[0].ljust(widths[0])
        rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        lines.append("  ".join((first, *rest)).rstrip())
    return "\n".join([*lines, *("\n" + note for note in table.notes)])


def verdicts(evaluation: Evaluation) -> list[str]:
    """Which goals are reached, as sentences; those of methods that are there."""
    methods = evaluation.methods
    goals = {"simple": 0.97, "advanced": 0.92, "hybrid": 0.97}
    found = [
        _verdict(
            f"{name}: {with_interval(methods[name].share, 1, 100)}% of the ceiling",
            f"at least {goal:.0%}",
            methods[name].share.value >= goal,
        )
        for name, goal in goals.items()
        if name in methods
    ]
    if "hybrid" in methods and BACH in methods:
        found += _verdicts_beside_bach(methods["hybrid"], methods[BACH], methods[EXACT])
    return found


def _verdicts_beside_bach(
    hybrid: MethodResults, bach: MethodResults, exact: MethodResults
) -> list[str]:
    worse = [
        f"{RATES[name].text} ({hybrid.rates[name].value:.3%}, his {bach.rates[name].high:.3%})"
        for name in RATES
        if RATES[name].is_error and is_worse(name, hybrid.rates[name], bach.rates[name])
    ]
    contrary, his = hybrid.rates["contrary"], bach.rates["contrary"]
    found = [
        _verdict(
            "hybrid: error rates above the upper end of Bach's interval: "
            f"{', '.join(worse) or 'none'}",
            "none",
            not worse,
        ),
        _verdict(
            f"hybrid: contrary outer motion {contrary.value:.1%}, Bach {his.value:.1%}",
            f"within {FAR_FROM_BACH * 100:.0f} points",
            not is_worse("contrary", contrary, his),
        ),
    ]
    if hybrid.chords and exact.chords:
        ours, theirs = hybrid.chords["all"].value, exact.chords["all"].value
        found.append(
            _verdict(
                f"hybrid: {ours:.1%} of Bach's chords, exact {theirs:.1%}",
                "more than exact",
                ours > theirs,
            )
        )
    return found


def _verdict(what: str, goal: str, is_reached: bool) -> str:
    return f"{what} (goal: {goal}): {'reached' if is_reached else 'NOT reached'}."
