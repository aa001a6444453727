"""The report's learning curves, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from chromasonic.evaluation.report_charts import Line, legend, line_chart
from chromasonic.evaluation.report_data import ReportCurves, ReportData

_SIGNS = {"problem": "!", "warning": "!", "note": "i", "good": "✓"}


def curves_section(report: ReportData, colours: dict[str, str]) -> str:
    """HTML of the learning curves with their reading in words; empty where there are none."""
    curves = [one for one in report.curves if one.train_loss]
    if not curves:
        return ""
    labels = {model.name: model.label for model in report.models}
    charts = [
        ("Loss, nats a token", _loss_lines(curves, labels, colours), {}),
        (
            "Next pitch foreseen (validation)",
            _lines(curves, labels, colours, lambda one: one.val_accuracy),
            {"percent": True},
        ),
        (
            "Generalization gap: training minus validation loss",
            _lines(curves, labels, colours, _gap),
            {},
        ),
        (
            "Learning rate",
            _lines(curves, labels, colours, lambda one: one.learning_rate),
            {"log": True},
        ),
    ]
    panels = "".join(
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f"{line_chart(lines, title=title, y_label=title, **options)}</figure>"
        for title, lines, options in charts
        if any(line.values for line in lines)
    )
    names = {labels[one.model]: colours[one.model] for one in curves}
    key = legend(names, solid="validation", dashed="training")
    ring = '<p class="small">A ring marks the epoch whose weights are kept.</p>'
    readings = "".join(_reading(one, labels[one.model], colours[one.model]) for one in curves)
    return f'{key}<div class="panels">{panels}</div>{ring}<div class="readings">{readings}</div>'


def _gap(curves: ReportCurves) -> tuple[float, ...]:
    return tuple(a - b for a, b in zip(curves.train_loss, curves.val_loss, strict=True))


def _loss_lines(
    curves: Sequence[ReportCurves], labels: dict[str, str], colours: dict[str, str]
) -> list[Line]:
    lines = []
    for one in curves:
        name, colour = labels[one.model], colours[one.model]
        lines.append(
            Line(label=f"{name}, training", colour=colour, values=one.train_loss, is_dashed=True)
        )
        lines.append(
            Line(
                label=f"{name}, validation", colour=colour, values=one.val_loss, mark=one.best_epoch
            )
        )
    return lines


def _lines(
    curves: Sequence[ReportCurves],
    labels: dict[str, str],
    colours: dict[str, str],
    values: Callable[[ReportCurves], tuple[float, ...]],
) -> list[Line]:
    return [
        Line(
            label=labels[one.model],
            colour=colours[one.model],
            values=values(one),
            mark=one.best_epoch,
        )
        for one in curves
    ]


def _reading(curves: ReportCurves, label: str, colour: str) -> str:
    if not curves.findings:
        return ""
    items = "".join(
        f'<li class="{escape(severity)}"><span class="sign" aria-hidden="true">'
        f"{_SIGNS.get(severity, '·')}</span><span>{escape(says)}"
        f"{f' <em>{escape(advice)}</em>' if advice else ''}</span></li>"
        for severity, says, advice in curves.findings
    )
    return (
        f'<div style="--accent:{colour}"><h3>What the curves of the {escape(label)} say</h3>'
        f'<ul class="findings">{items}</ul></div>'
    )
