"""Drawings of the report, as inline SVG text.

Colours are CSS variables of the page (`--model-1` and so on), so that they follow the reader's
light or dark preference; a dash pattern and a label tell the lines apart without colour too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from chromasonic.evaluation.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a chart: values by epoch from 1 on, NaN where there is none."""

    label: str
    colour: str
    values: Sequence[float]
    is_dashed: bool = False
    mark: int = 0


@dataclass(frozen=True, kw_only=True)
class Series:
    """Values of one model on some axes, 0 to 1; None or NaN where undefined."""

    label: str
    colour: str
    figures: Sequence[Figure | None]


WIDTH, HEIGHT = 440, 270
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 12, 38


def line_chart(
    lines: Sequence[Line], *, title: str, y_label: str, log: bool = False, percent: bool = False
) -> str:
    """Lines over epochs.

    Args:
        lines: at least one with a finite value, else a note stands in the drawing's place.
        title: for screen readers.
        y_label: what the values are, with their unit.
        log: logarithmic values.
        percent: print the values as percent.
    """
    drawn = [value for line in lines for value in line.values if _shown(value, log)]
    epochs = max((len(line.values) for line in lines), default=0)
    if not drawn:
        return f'<p class="none">{escape(title)}: no values.</p>'
    ticks = _log_ticks(drawn) if log else nice_ticks(min(drawn), max(drawn))
    low, high = ticks[0], ticks[-1]

    def x(epoch: float) -> float:
        return LEFT + (epoch - 1) / max(epochs - 1, 1) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        if log:
            share = math.log(value / low) / math.log(high / low)
        else:
            share = (value - low) / (high - low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    parts = [_grid_line(y(tick), _tick_text(tick, percent, log)) for tick in ticks]
    for epoch in _epoch_ticks(epochs):
        parts.append(_text(x(epoch), HEIGHT - BOTTOM + 16, str(epoch), "tick", "middle"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, "epoch", "axis", "middle"))
    for line in lines:
        parts.append(_path(line, x, y, log))
    return _svg(WIDTH, HEIGHT, f"{title}: {y_label}", parts)


def _shown(value: float, log: bool) -> bool:
    return math.isfinite(value) and (value > 0 or not log)


def _path(line: Line, x: Callable[[float], float], y: Callable[[float], float], log: bool) -> str:
    commands, pen = [], "M"
    for epoch, value in enumerate(line.values, start=1):
        if not _shown(value, log):
            pen = "M"
            continue
        commands.append(f"{pen}{x(epoch):.1f} {y(value):.1f}")
        pen = "L"
    dash = ' stroke-dasharray="5 4"' if line.is_dashed else ""
    style = f'style="stroke:{line.colour}"'
    drawing = f'<path class="line" d="{" ".join(commands)}" {style}{dash}/>'
    if len(commands) == 1:  # a single epoch has no line: a dot stands for it
        place = commands[0][1:].split()
        drawing += f'<circle cx="{place[0]}" cy="{place[1]}" r="3" style="fill:{line.colour}"/>'
    if 0 < line.mark <= len(line.values) and _shown(line.values[line.mark - 1], log):
        cx, cy = x(line.mark), y(line.values[line.mark - 1])
        style = f'style="stroke:{line.colour}"'
        drawing += f'<circle class="best" cx="{cx:.1f}" cy="{cy:.1f}" r="4.5" {style}/>'
    return f"<g><title>{escape(line.label)}</title>{drawing}</g>"


def interval_chart(
    rows: Sequence[tuple[str, str, Figure]], *, title: str, baseline: str = ""
) -> str:
    """A dot with its 95% interval for each row, on one scale; a rule stands at the baseline's dot.

    Args:
        rows: (label, colour, figure).
        title: for screen readers.
        baseline: label of the row at whose value the rule stands.
    """
    shown = [(label, colour, figure) for label, colour, figure in rows if figure.is_defined]
    if not shown:
        return f'<p class="none">{escape(title)}: no values.</p>'
    ends = [end for _, _, figure in shown for end in (figure.value, figure.low, figure.high)]
    finite = [end for end in ends if math.isfinite(end)]
    ticks = nice_ticks(min(finite), max(finite))
    width, left, right, row_height = 720, 150, 120, 44
    height = row_height * len(shown) + 44

    def x(value: float) -> float:
        return left + (value - ticks[0]) / (ticks[-1] - ticks[0]) * (width - left - right)

    parts = []
    for tick in ticks:
        parts.append(f'<path class="grid" d="M{x(tick):.1f} 8V{height - 34}"/>')
        parts.append(_text(x(tick), height - 16, _tick_text(tick, False, False), "tick", "middle"))
    for label, _, figure in shown:
        if label == baseline:
            parts.append(f'<path class="rule" d="M{x(figure.value):.1f} 4V{height - 34}"/>')
    for index, (label, colour, figure) in enumerate(shown):
        y = 8 + row_height * (index + 0.5)
        parts.append(_text(left - 18, y + 5, label, "name", "end"))
        if math.isfinite(figure.low) and math.isfinite(figure.high):
            ends_path = f"M{x(figure.low):.1f} {y:.1f}H{x(figure.high):.1f}"
            parts.append(f'<path class="interval" d="{ends_path}" style="stroke:{colour}"/>')
        dot = f'cx="{x(figure.value):.1f}" cy="{y:.1f}" r="6"'
        parts.append(f'<circle {dot} style="fill:{colour}"/>')
        parts.append(_text(width - right + 18, y + 6, f"{figure.value:.3f}", "value", "start"))
    return _svg(width, height, title, parts)


def radar_chart(series: Sequence[Series], axes: Sequence[str], *, title: str) -> str:
    """One polygon for each model on axes from 0 to 1."""
    if len(axes) < 3:
        return ""
    size, centre_y, radius = 440, 205, 135
    angles = [2 * math.pi * index / len(axes) - math.pi / 2 for index in range(len(axes))]

    def point(angle: float, share: float) -> str:
        distance = radius * min(max(share, 0.0), 1.0)
        x, y = size / 2 + distance * math.cos(angle), centre_y + distance * math.sin(angle)
        return f"{x:.1f},{y:.1f}"

    parts = []
    for ring in (0.25, 0.5, 0.75, 1.0):
        corners = " ".join(point(angle, ring) for angle in angles)
        parts.append(f'<polygon class="grid" points="{corners}"/>')
    for angle, axis in zip(angles, axes, strict=True):
        end = point(angle, 1.0)
        parts.append(f'<path class="grid" d="M{size / 2},{centre_y}L{end}"/>')
        x = size / 2 + (radius + 16) * math.cos(angle)
        y = centre_y + (radius + 16) * math.sin(angle) + 5
        side = "middle" if abs(math.cos(angle)) < 0.2 else "start" if math.cos(angle) > 0 else "end"
        parts.append(_text(x, y, axis, "axis", side))
    parts.append(_text(size / 2 + 5, centre_y - radius / 2 - 3, "0.5", "tick", "start"))
    for one in series:
        places = [
            (angle, figure.value)
            for angle, figure in zip(angles, one.figures, strict=True)
            if figure is not None and figure.is_defined
        ]
        corners = " ".join(point(angle, value) for angle, value in places)
        style = f'style="stroke:{one.colour};fill:{one.colour}"'
        parts.append(
            f"<g><title>{escape(one.label)}</title>"
            f'<polygon class="shape" points="{corners}" {style}/></g>'
        )
    return _svg(size, 400, title, parts)


def bar_chart(series: Sequence[Series], axes: Sequence[str], *, title: str) -> str:
    """Grouped bars from 0 to 1, each with its 95% interval as a whisker."""
    if not axes or not series:
        return ""
    row, gap, left, width = 15, 18, 118, 440
    group = row * len(series) + gap
    height = group * len(axes) + 36
    right = width - 44

    def x(value: float) -> float:
        return left + min(max(value, 0.0), 1.0) * (right - left)

    parts = []
    for tick in (0, 0.5, 1.0):
        parts.append(f'<path class="grid" d="M{x(tick):.1f} 4V{height - 28}"/>')
        parts.append(_text(x(tick), height - 12, f"{tick:g}", "tick", "middle"))
    for place, axis in enumerate(axes):
        top = place * group + 8
        parts.append(_text(left - 12, top + row * len(series) / 2 + 5, axis, "axis", "end"))
        for number, one in enumerate(series):
            figure, y = one.figures[place], top + number * row
            if figure is None or not figure.is_defined:
                parts.append(_text(left + 4, y + 10, "undefined", "tick", "start"))
                continue
            parts.append(
                f'<rect x="{left}" y="{y + 1}" width="{x(figure.value) - left:.1f}" '
                f'height="{row - 3}" style="fill:{one.colour}">'
                f"<title>{escape(f'{one.label}, {axis}: {figure}')}</title></rect>"
            )
            end = figure.value
            if math.isfinite(figure.low) and math.isfinite(figure.high):
                middle, end = y + row / 2 - 0.5, max(figure.value, figure.high)
                whisker = f"M{x(figure.low):.1f} {middle:.1f}H{x(figure.high):.1f}"
                parts.append(f'<path class="whisker" d="{whisker}"/>')
            parts.append(_text(x(end) + 6, y + 11, f"{figure.value:.2f}", "tick", "start"))
    return _svg(width, height, title, parts)


def nice_ticks(low: float, high: float, count: int = 4) -> list[float]:
    """About `count` round numbers around a range, the first below it and the last above.

    Steps are 1, 2, 2.5 or 5 times a power of ten.
    """
    if not high > low:
        margin = abs(low) * 0.1 or 1.0
        low, high = low - margin, high + margin
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(index * step, 10) for index in range(first, last + 1)]


def _log_ticks(values: Sequence[float]) -> list[float]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return [10.0**power for power in range(low, max(high, low + 1) + 1)]


def _epoch_ticks(epochs: int) -> list[int]:
    if epochs <= 6:
        return list(range(1, epochs + 1))
    step = next(step for step in (2, 5, 10, 20, 50, 100, 10**9) if epochs / step <= 6)
    return [1, *range(step, epochs + 1, step)]


def _tick_text(value: float, percent: bool, log: bool) -> str:
    if percent:
        return f"{value * 100:g}%"
    if log:
        return f"{value:.10f}".rstrip("0").rstrip(".")
    return f"{value:g}".replace("-", "−")


def _grid_line(y: float, text: str) -> str:
    line = f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
    return line + _text(LEFT - 8, y + 4.5, text, "tick", "end")


def _text(x: float, y: float, text: str, kind: str, anchor: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(text)}</text>'


def _svg(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg class="chart" role="img" aria-label="{escape(title)}" '
        f'viewBox="0 0 {width} {height}">{"".join(parts)}</svg>'
    )


def legend(entries: Mapping[str, str], *, dashed: str = "", solid: str = "") -> str:
    """Labels with their colours, and what solid and dashed lines mean."""
    items = [
        f'<li><span class="swatch" style="background:{colour}"></span>{escape(label)}</li>'
        for label, colour in entries.items()
    ]
    for text, kind in ((solid, "solid"), (dashed, "dashed")):
        if text:
            items.append(f'<li><span class="stroke {kind}"></span>{escape(text)}</li>')
    return f'<ul class="legend">{"".join(items)}</ul>'
