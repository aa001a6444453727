"""The report's comparison: pitch bits with intervals, the table of all figures, radar and bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from chromasonic.evaluation.figure import Figure
from chromasonic.evaluation.report_charts import (
    Series,
    bar_chart,
    interval_chart,
    legend,
    radar_chart,
)
from chromasonic.evaluation.report_data import ReportData, ReportModel, ReportRow

_ARROWS = {"lower": "lower is better", "higher": "higher is better", "": ""}


def comparison_section(report: ReportData, colours: dict[str, str]) -> str:
    """HTML of the comparison: pitch bits a note, the table of figures, the radar."""
    parts = []
    if report.pitch_bits:
        parts.append(_pitch_bits(report, colours))
    if report.rows:
        parts.append(_table(report, colours))
        parts.append(_radar(report, colours))
    return "".join(parts)


def _pitch_bits(report: ReportData, colours: dict[str, str]) -> str:
    rows = [
        (model.label, colours[model.name], report.pitch_bits[model.name])
        for model in report.models
        if model.name in report.pitch_bits
    ]
    baseline = next((model.label for model in report.models if model.is_baseline), "")
    chart = interval_chart(rows, title="Pitch bits a note, with 95% intervals", baseline=baseline)
    note = report.pitch_bits_note or "Bits that a note's pitch still costs, given its rhythm."
    return (
        '<figure class="wide-figure"><h3>How well the next pitch is foreseen</h3>'
        f"{chart}<figcaption>{escape(note)}</figcaption></figure>"
    )


def _table(report: ReportData, colours: dict[str, str]) -> str:
    models = [
        model for model in report.models if any(model.name in row.figures for row in report.rows)
    ]
    has_reference = any(row.reference is not None for row in report.rows)
    heads = "".join(
        f'<th scope="col" style="--accent:{colours[model.name]}">{escape(model.label)}'
        f"{'<small>baseline</small>' if model.is_baseline else ''}</th>"
        for model in models
    )
    if has_reference:
        heads += '<th scope="col" style="--accent:var(--human)">Human tunes</th>'
    lines = "".join(_table_row(row, models, has_reference) for row in report.rows)
    return (
        '<div class="table"><table><caption>Every figure with its 95% interval and the number n '
        "that it rests on.</caption>"
        f'<thead><tr><th scope="col">Figure</th>{heads}</tr></thead><tbody>{lines}</tbody>'
        "</table></div>"
    )


def _table_row(row: ReportRow, models: Sequence[ReportModel], has_reference: bool) -> str:
    best = _best(row, models)
    cells = [
        _cell(row.figures.get(model.name), row, model.label, row.words.get(model.name, ""), best)
        for model in models
    ]
    if has_reference:
        cells.append(_cell(row.reference, row, "Human tunes", "", math.nan))
    way = f" <em>{_ARROWS[row.better]}</em>" if row.better else ""
    return (
        f'<tr><th scope="row">{escape(row.title)}<small>{escape(row.says)}{way}</small></th>'
        f"{''.join(cells)}</tr>"
    )


def _best(row: ReportRow, models: Sequence[ReportModel]) -> float:
    """The best model's value; NaN where there is no better or worse, or nothing to compare."""
    values = [row.figures[m.name].value for m in models if m.name in row.figures]
    defined = [value for value in values if not math.isnan(value)]
    if not row.better or len(defined) < 2:
        return math.nan
    return min(defined) if row.better == "lower" else max(defined)


def _cell(figure: Figure | None, row: ReportRow, label: str, word: str, best: float) -> str:
    name = f'data-label="{escape(label)}"'
    if figure is None:
        return f'<td {name} class="none">—</td>'
    if not figure.is_defined:
        return f'<td {name} class="none">undefined<small>{escape(figure.reason)}</small></td>'
    value = figure_text(figure.value, row.kind)
    strong = f"<b>{value}</b>" if figure.value == best else value
    rest = []
    if math.isfinite(figure.low) and math.isfinite(figure.high):
        rest.append(f"{figure_text(figure.low, row.kind)} – {figure_text(figure.high, row.kind)}")
    rest.append(f"n = {figure.n:,}")
    if word:
        rest.append(escape(word))
    notes = "".join(f"<span>{text}</span>" for text in rest)
    return f"<td {name}>{strong}<small>{notes}</small></td>"


def figure_text(value: float, kind: str) -> str:
    """A number as the table prints it: shares in percent, others with the digits that matter."""
    if kind == "share":
        return f"{value * 100:.1f}%"
    if kind == "count":
        return f"{value:,.0f}"
    if kind == "score":
        return f"{value:.2f}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def _radar(report: ReportData, colours: dict[str, str]) -> str:
    rows = [row for row in report.rows if row.in_radar]
    if len(rows) < 3:
        return ""
    axes = [row.title for row in rows]
    series = [
        Series(
            label=model.label,
            colour=colours[model.name],
            figures=[row.figures.get(model.name) for row in rows],
        )
        for model in report.models
        if any(model.name in row.figures for row in rows)
    ]
    names = {one.label: one.colour for one in series}
    radar = radar_chart(series, axes, title="Scores of all models, from 0 to 1")
    bars = bar_chart(series, axes, title="Scores of all models, with 95% intervals")
    return (
        '<figure class="wide-figure"><h3>Scores side by side</h3>'
        f'{legend(names)}<div class="pair">{radar}{bars}</div>'
        "<figcaption>From 0 to 1, outward and longer is better; whiskers are 95% intervals."
        "</figcaption></figure>"
    )
