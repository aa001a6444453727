"""An inspection as tables in the terminal."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from chromasonic.inspection import Checkpoint, Fact, Inspection

WIDTH = 120
"""Where there is no terminal."""
MOST_IN_FULL = 2
MOST_SETTINGS = 40
MOST_SIDE_BY_SIDE = 4
"""Checkpoints whose differences stand in columns."""
STYLES = {"contradiction": "bold red", "warning": "yellow", "note": "dim"}


def print_inspection(found: Inspection, *, full: bool) -> None:
    """Print it: one or two checkpoints in full, more of them in a line each."""
    from rich.console import Console

    _print(Console(width=None if Console().is_terminal else WIDTH, highlight=False), found, full)


def table_text(found: Inspection, *, full: bool) -> str:
    """The same as plain text."""
    from rich.console import Console

    page = io.StringIO()
    _print(Console(file=page, width=WIDTH, highlight=False), found, full)
    return page.getvalue()


def _print(console: Console, found: Inspection, full: bool) -> None:
    if full or len(found.checkpoints) <= MOST_IN_FULL:
        for known in found.checkpoints:
            _print_one(console, known)
    else:
        _print_overview(console, found)
        if (chosen := _one_for_all(found)) is not None:
            _print_one(console, chosen)
    if 1 < len(found.checkpoints) <= MOST_SIDE_BY_SIDE and found.differences:
        _print_differences(console, found)
    _print_findings(console, found)


def _heading(console: Console, text: str, style: str = "bold") -> None:
    from rich.text import Text

    console.print(Text(text, style), soft_wrap=True)


def _table(*headings: str, right: Iterable[str] = ()) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    return table


def _add(table: Table, *cells: object) -> None:
    from rich.text import Text

    table.add_row(*(Text(str(cell)) for cell in cells))


def _print_one(console: Console, known: Checkpoint) -> None:
    from chromasonic.inspection.plain import printable

    _heading(console, printable(known.path), "bold cyan")
    console.print(f"{known.kind}; {known.format}; {known.size_bytes:,} bytes")
    console.print()
    if known.architecture is not None:
        _print_architecture(console, known)
    table = _table("TRAINING", "VALUE", "SURE", "FROM")
    for fact in known.training_facts():
        _add(table, fact.name, *_fact_cells(fact))
    console.print(table)
    console.print()
    _print_figures(console, known)
    if known.config is not None:
        _print_settings(console, known)


def _print_architecture(console: Console, known: Checkpoint) -> None:
    from rich.text import Text

    from chromasonic.inspection.checkpoint import CHECKED
    from chromasonic.inspection.plain import number_text

    assert known.architecture is not None
    table = _table("ARCHITECTURE", "VALUE", "SURE", "FROM")
    for section in known.architecture.sections:
        table.add_row(Text(section.title, "bold"), "", "", "")
        for fact in section.facts:
            _add(table, f"  {fact.name}", *_fact_cells(fact))
    totals = known.architecture.totals
    counted = f"of the state dict: {_tensors(totals.tensors)}"
    _add(table, "Total parameters", number_text(totals.state_dict), "certain", counted)
    sure, why = known.trainable_certainty
    _add(table, "  Trainable", number_text(totals.trainable), sure, why)
    _add(table, "  Buffers", number_text(totals.buffers), sure, "the rest")
    if totals.distinct != totals.state_dict:
        _add(table, "  Stored once", number_text(totals.distinct), "certain", "tied weights once")
    for name, count in known.others.items():
        _add(table, f"Also: {name}", _tensors(count), "stored", "not counted above")
    console.print(table)
    if known.is_checked:
        console.print(CHECKED)
    console.print()


def _tensors(count: int) -> str:
    return f"{count:,} tensor{'' if count == 1 else 's'}"


def _fact_cells(fact: Fact) -> tuple[str, str, str]:
    from chromasonic.inspection.checkpoint import NOT_SAVED
    from chromasonic.inspection.plain import value_text

    if fact.value is None:
        shown = "not saved" if fact.source == NOT_SAVED else "unknown"
        return shown, "", "" if fact.source == NOT_SAVED else fact.source
    return value_text(fact.value), fact.certainty, "" if fact.source == "stored" else fact.source


def _print_figures(console: Console, known: Checkpoint) -> None:
    from chromasonic.inspection.findings import told
    from chromasonic.inspection.metric_names import metric_name

    if known.metrics:
        table = _table("METRICS", "VALUE", "KEY")
        for key, value in known.metrics.items():
            metric = metric_name(key)
            _add(table, metric.text, told(metric, value), key)
        console.print(table)
        console.print()
    if not known.series:
        return
    table = _table("HISTORY", "EPOCHS", "START", "END", "BEST", "AT EPOCH", right=("EPOCHS",))
    for series in known.series:
        epoch, best = series.best if series.metric.is_judgement and series.best else ("", None)
        shown = "" if best is None else told(series.metric, best)
        start, end = (told(series.metric, series.values[i]) for i in (0, -1))
        _add(table, series.metric.text, len(series.values), start, end, shown, epoch)
    console.print(table)
    console.print()


def _print_settings(console: Console, known: Checkpoint) -> None:
    from chromasonic.inspection.markdown import short

    table = _table("CONFIGURATION", "VALUE")
    rows = list(_flat(known.config or {}, ""))
    for name, value in rows[:MOST_SETTINGS]:
        _add(table, name, short(value, 80))
    console.print(table)
    if len(rows) > MOST_SETTINGS:
        console.print(f"... and {len(rows) - MOST_SETTINGS} more: --json or --markdown tell all")
    console.print()


def _flat(values: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _print_overview(console: Console, found: Inspection) -> None:
    from chromasonic.inspection.findings import told
    from chromasonic.inspection.metric_names import metric_name

    headings = ("FILE", "MODULES", "PARAMETERS", "STATE DICT", "EPOCH", "LEARNING RATE", "METRIC")
    table = _table(*headings)
    table.columns[0].no_wrap = all(len(known.name) <= WIDTH // 2 for known in found.checkpoints)
    for known in found.checkpoints:
        architecture = known.architecture
        modules = ", ".join(module.name for module in architecture.modules) if architecture else ""
        metrics = [(metric_name(key), value) for key, value in known.metrics.items()]
        metrics.sort(key=lambda m: (m[0].part != "validation", m[0].name == "loss"))
        chosen = metrics[0] if metrics else None
        _add(
            table,
            known.name,
            modules[:60],
            f"{architecture.totals.trainable:,}" if architecture else "no weights",
            f"{architecture.totals.state_dict:,}" if architecture else "",
            "" if known.epoch is None else known.epoch,
            "" if known.rate is None else f"{known.rate:.6g}",
            f"{chosen[0].text} {told(*chosen)}" if chosen else "",
        )
    console.print(table)
    console.print("PARAMETERS are trained; STATE DICT counts buffers, too. Each in full: --full.")
    console.print()


def _one_for_all(found: Inspection) -> Checkpoint | None:
    """Where all hold one architecture, the one to tell in full: the best, else the last."""
    if any(known.shapes != found.checkpoints[0].shapes for known in found.checkpoints):
        return None
    by_role = {known.role: known for known in found.checkpoints}
    return by_role.get("best", by_role.get("last", found.checkpoints[-1]))


def _print_differences(console: Console, found: Inspection) -> None:
    from chromasonic.inspection.markdown import short
    from chromasonic.inspection.plain import side_by_side

    table = _table("DIFFERS", *(known.name for known in found.checkpoints))
    for row in found.differences:
        _add(table, row.name, *(short(text, 60) for text in side_by_side(row.values)))
    console.print(table)
    console.print()


def _print_findings(console: Console, found: Inspection) -> None:
    from rich.padding import Padding
    from rich.text import Text

    if not found.findings:
        console.print("FINDINGS  none: nothing contradicts, nothing is missing.")
        return
    _heading(console, "FINDINGS")
    for number, finding in enumerate(found.findings, start=1):
        unnamed = [name for name in finding.files if name not in finding.message]
        about = f" ({', '.join(unnamed)})" if len(found.checkpoints) > 1 and unnamed else ""
        title = f"{number}. {finding.level}: {finding.rule}{about}"
        console.print(Text(title, STYLES[finding.level]))
        console.print(Padding(Text(finding.message), (0, 0, 0, 3)))
        console.print(Padding(Text(finding.advice, "italic"), (0, 0, 0, 3)))
