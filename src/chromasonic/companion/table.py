"""The table of results: rows of models and baselines, who is better, as text, Markdown and HTML."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chromasonic.companion.companion import Row
from chromasonic.evaluation.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A model beside the best of its baselines, by one metric on one test set.

    Attributes:
        test: what it was measured on.
        metric: by name.
        model: the model's figure.
        baseline: the best baseline's name.
        best: its figure.
        is_better: whether the model is better.
        is_clear: whether the two 95% intervals lie apart.
    """

    test: str
    metric: str
    model: Figure
    baseline: str
    best: Figure
    is_better: bool
    is_clear: bool

    @property
    def sentence(self) -> str:
        """In plain words."""
        word = "beats" if self.is_better else "does not beat"
        doubt = "" if self.is_clear else " (the intervals overlap)"
        places = 4 if self.model.high - self.model.low < 0.01 else 3
        return (
            f"{self.test}, {self.metric}: {word} {self.baseline}, {_cell(self.model, places)} "
            f"beside {_cell(self.best, places)}{doubt}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "sentence": self.sentence}


def verdicts(rows: Sequence[Row]) -> list[Verdict]:
    """For each test set and metric whether the model beats the best of its baselines.

    Where a test set has several rows of the model, the first one speaks.
    """
    found = []
    for test in _once(row.test for row in rows):
        own = [row for row in rows if row.test == test and not row.is_baseline]
        others = [row for row in rows if row.test == test and row.is_baseline]
        for metric, better in (own[0].better if own else {}).items():
            model = own[0].figures.get(metric)
            rivals = [
                (row.method, row.figures[metric])
                for row in others
                if metric in row.figures and row.figures[metric].is_defined
            ]
            if model is None or not model.is_defined or not rivals:
                continue
            sign = 1 if better == "higher" else -1
            name, best = max(rivals, key=lambda rival: sign * rival[1].value)
            found.append(
                Verdict(
                    test=test,
                    metric=metric,
                    model=model,
                    baseline=name,
                    best=best,
                    is_better=sign * model.value > sign * best.value,
                    is_clear=model.high < best.low or model.low > best.high,
                )
            )
    return found


@dataclass(frozen=True)
class Table:
    """Cells of one model's results.

    Attributes:
        headings: of the columns.
        lines: a cell for each column.
        is_best: the same shape: whether a cell is the best of its test set.
    """

    headings: list[str]
    lines: list[list[str]]
    is_best: list[list[bool]]


def table_of(rows: Sequence[Row]) -> Table:
    """Rows in order: test set, who answered, pieces, a column for each metric."""
    metrics = _once(metric for row in rows for metric in row.figures)
    headings = ["test", "method", "pieces", *(_heading(metric, rows) for metric in metrics)]
    places = {metric: _places(metric, rows) for metric in metrics}
    lines, best = [], []
    before = None
    for row in rows:
        counts = _once(figure.n for figure in row.figures.values())
        cells = [_cell(row.figures[m], places[m]) if m in row.figures else "" for m in metrics]
        first = "" if row.test == before else row.test
        lines.append([first, row.method, "/".join(map(str, counts)), *cells])
        best.append([False] * 3 + [_is_best(row, metric, rows) for metric in metrics])
        before = row.test
    return Table(headings, lines, best)


def markdown_table(rows: Sequence[Row]) -> str:
    """As GitHub reads it; the best of each test set in bold."""
    table = table_of(rows)
    lines = [table.headings, ["---"] * len(table.headings)]
    for cells, best in zip(table.lines, table.is_best, strict=True):
        lines.append([f"**{c}**" if b and c else c for c, b in zip(cells, best, strict=True)])
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def html_table(rows: Sequence[Row]) -> str:
    """As a page shows it; the best of each test set in bold."""
    table = table_of(rows)
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in table.headings)
    body = []
    for cells, best in zip(table.lines, table.is_best, strict=True):
        inner = "".join(
            f"<td><b>{html.escape(c)}</b></td>" if b else f"<td>{html.escape(c)}</td>"
            for c, b in zip(cells, best, strict=True)
        )
        body.append(f'<tr class="first">{inner}</tr>' if cells[0] else f"<tr>{inner}</tr>")
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{chr(10).join(body)}</tbody></table>"


def row_to_dict(row: Row) -> dict[str, Any]:
    """Plain values for JSON."""
    return {
        "model": row.model,
        "test": row.test,
        "method": row.method,
        "is_baseline": row.is_baseline,
        "figures": {name: figure.to_dict() for name, figure in row.figures.items()},
        "better": dict(row.better),
    }


def _heading(metric: str, rows: Sequence[Row]) -> str:
    better = next((row.better[metric] for row in rows if metric in row.better), "")
    arrow = {"lower": " ↓", "higher": " ↑"}.get(better, "")
    return f"{metric}{arrow}"


def _is_best(row: Row, metric: str, rows: Sequence[Row]) -> bool:
    """Whether a row's figure is the best of its test set, where there are several."""
    better = row.better.get(metric)
    figures = [
        other.figures[metric].value
        for other in rows
        if other.test == row.test and metric in other.figures and other.figures[metric].is_defined
    ]
    if metric not in row.figures or better is None or len(figures) < 2:
        return False
    return row.figures[metric].value == (min(figures) if better == "lower" else max(figures))


def _places(metric: str, rows: Sequence[Row]) -> int:
    """Places after the point that a metric's narrow intervals need, alike in its whole column."""
    figures = [row.figures[metric] for row in rows if metric in row.figures]
    return 4 if any(figure.high - figure.low < 0.01 for figure in figures) else 3


def _cell(figure: Figure, places: int = 3) -> str:
    """Value and interval."""
    if not figure.is_defined:
        return "undefined"
    value = f"{figure.value:.{places}f}"
    if figure.low != figure.low:
        return value
    return f"{value} [{figure.low:.{places}f}, {figure.high:.{places}f}]"


def _once(values: Iterable[Any]) -> list[Any]:
    """Each value once, in order of appearance."""
    return list(dict.fromkeys(values))
