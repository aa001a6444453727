"""The comparison of models as a table of text."""

from __future__ import annotations

import math
from typing import Any

COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("pitch_bits_per_note", "pitch bits/note", "lower"),
    ("accuracy", "accuracy", "higher"),
    ("perplexity", "perplexity", "lower"),
    ("rhythm_bits_per_note", "rhythm bits/note", "lower"),
    ("diversity", "diversity", "higher"),
    ("coherence", "coherence", "higher"),
    ("musicality", "musicality", "higher"),
    ("overall_score", "overall", "higher"),
)
"""Figure, its heading, and which way is better."""

OTHER_ROWS = {"expanded": "repeats played out", "dynamic": "dynamic evaluation"}


def table_rows(results: dict[str, Any]) -> list[list[str]]:
    """Heading and rows of cells: the models, then their other rows (expanded, dynamic).

    Args:
        results: what `ModelComparison.compare_models` returns.
    """
    rows = [["model", *(heading for _, heading, _ in COLUMNS)]]
    for name, model in results["models"].items():
        rows.append([name, *(_cell(model, figure) for figure, _, _ in COLUMNS)])
        for key, label in OTHER_ROWS.items():
            if key in model:
                row = {**model[key], "accuracy": model[key]["pitch_accuracy"]}
                row["perplexity"] = model[key]["pitch_perplexity"]
                row["figures"] = {
                    **model[key]["figures"],
                    "accuracy": model[key]["figures"]["pitch_accuracy"],
                    "perplexity": model[key]["figures"]["pitch_perplexity"],
                }
                cells = (_cell(row, figure) for figure, _, _ in COLUMNS)
                rows.append([f"  {label}", *cells])
    if results.get("human"):
        human = results["human"]
        rows.append(["human test tunes", *(_cell(human, figure) for figure, _, _ in COLUMNS)])
    return rows


def columns_that_fit(rows: list[list[str]], width: int, gap: int = 2) -> list[list[int]]:
    """Which columns stand side by side; the first one, the names, stands before each group.

    Args:
        rows: of cells, the heading among them.
        width: characters that a line may have.
        gap: spaces between columns.
    """
    names, *widths = (max(map(len, column)) for column in zip(*rows, strict=True))
    groups: list[list[int]] = []
    room = 0
    for index, wide in enumerate(widths, start=1):
        if not groups or gap + wide > room:
            groups.append([0])
            room = width - names
        groups[-1].append(index)
        room -= gap + wide
    return groups


def comparison_table(results: dict[str, Any]) -> str:
    """The table, the paired tests and the notes to them, as lines of text."""
    rows = table_rows(results)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join([*lines, "", *sentences(results), *notes(results)])


def sentences(results: dict[str, Any]) -> list[str]:
    """A sentence a paired test."""
    lines = []
    for test in results["paired_tests"]:
        gap = test["difference"]
        verdict = "differ" if test["is_significant"] else "are not shown to differ"
        lines.append(
            f"{test['first']} and {test['second']} {verdict}: "
            f"{gap['value']:+.3f}{_interval(gap, 3)} pitch bits a note, "
            f"p = {test['p_adjusted']:.2g} (Holm), "
            f"better on {test['wins']} of {test['n']} tunes, worse on {test['losses']}."
        )
    return lines


def notes(results: dict[str, Any]) -> list[str]:
    """What must be known to read the table."""
    reference = results["reference"]
    lines = [
        f"n = {results['n_tunes']} test tunes; 95% bootstrap intervals over tunes. "
        "Accuracy and perplexity are those of the notes' pitches, durations given; "
        "bar lines and durations are not in them.",
        f"Coherence and musicality: medians of generated tunes, placed among {reference['count']} "
        f"human tunes ({reference['name']}, {reference['ids_hash']}).",
    ]
    for name, model in results["models"].items():
        lines += [f"{name}: {figure} undefined: {why}." for figure, why in model["reasons"].items()]
    return lines


def _cell(model: dict[str, Any], figure: str) -> str:
    value = model.get(figure)
    if value is None:
        return ""
    if math.isnan(value):
        return "undefined"
    digits = 2 if abs(value) < 100 else 0
    digits = 3 if "bits" in figure or "accuracy" in figure else digits
    text = f"{value:.{digits}f}"
    return text + _interval(model.get("figures", {}).get(figure, {}), digits)


def _interval(figure: dict[str, Any], digits: int) -> str:
    low, high = figure.get("low", math.nan), figure.get("high", math.nan)
    return "" if math.isnan(low) else f" [{low:.{digits}f}, {high:.{digits}f}]"
