"""The report of a search, for people: what was tried, what came out, what it is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from chromasonic.tuning.confirming import Confirmation
from chromasonic.tuning.importance import in_words
from chromasonic.tuning.objectives import Objective, objective_of
from chromasonic.tuning.outcome import BEST, HISTORY, IMPORTANCE, Outcome
from chromasonic.tuning.records import TrialRecord
from chromasonic.tuning.study import Study

SHOWN = 5


def report_of(study: Study, outcome: Outcome) -> str:
    """The report as Markdown."""
    plan, best = study.plan, outcome.best
    assert best is not None
    objective = objective_of(plan.task, plan.kind)
    counts = ", ".join(f"{count} {_ENDS[end]}" for end, count in outcome.counts.items())
    data = study.fingerprints()
    heading, *rows = comparison_rows(outcome)
    lines = [
        f"# Search over {plan.task} {plan.kind}",
        "",
        *([f"**{outcome.warning}**", ""] if outcome.warning else []),
        *sentences(outcome),
        "",
        f"What is {objective.goal}: {objective.name} ({objective.unit}) on the validation part. "
        "The test part was not opened.",
        "",
        "## The best trials",
        "",
        "| " + " | ".join(heading) + " |",
        "|" + "---|" + "---:|" * (len(heading) - 1),
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
        f"![Each trial, and the validation curves]({HISTORY})",
        "",
        "## What mattered",
        "",
        in_words(outcome.importances),
        "",
        *([f"![Settings by importance]({IMPORTANCE})", ""] if outcome.importances else []),
        "## How it was searched",
        "",
        f"- {len(outcome.records)} trials: {counts}.",
        f"- Seed {plan.seed}; trials are proposed by TPE, {_PRUNERS[plan.pruner]}.",
        "- Data: "
        + (", ".join(f"{name} (`{mark[:12]}`)" for name, mark in data.items()) or "as the recipe"),
        "- What could change:",
        *(f"  - `{name}`: {one}" for name, one in plan.space.items()),
        f"- Time spent: {duration(sum(record.seconds for record in outcome.records))}.",
        f"- The best recipe: [{BEST}]({BEST}).",
        "",
    ]
    return "\n".join(lines)


_ENDS = {
    "complete": "complete",
    "pruned": "ended early",
    "impossible": "could not be trained",
    "cut": "cut by time or a kill (they go on with --resume)",
    "running": "running",
    "waiting": "waiting",
}
_PRUNERS = {
    "median": "ended early where behind the median of the others at the same epoch",
    "hyperband": "ended early by Hyperband",
    "none": "none ended early",
}


def sentences(outcome: Outcome) -> list[str]:
    """What came out, in words."""
    best, first, confirmed = outcome.best, outcome.first, outcome.confirmation
    if best is None:
        return ["No trial has come to its end yet."]
    objective = objective_of(outcome.task, outcome.kind)
    if best.number == 0:
        return [
            f"No trial was better than the recipe as it was ({objective.name} "
            f"{objective.text(best.loss)}), which is the recipe that best.toml holds."
        ]
    said = [f"Best: trial {best.number}, {objective.name} {objective.text(best.loss)}"]
    if first is not None and math.isfinite(first.loss):
        gain = objective.figure(best.loss - first.loss)
        said[0] += f"; the recipe as it was {objective.text(first.loss)} ({gain:+.4f})"
    said[0] += "."
    if confirmed is None:
        said.append(
            "The best of many trials looks better than it is, and one seed is one throw: "
            "--confirm 3 trains both from other seeds."
        )
        return said
    return [*said, confirmed_in_words(confirmed, objective)]


def confirmed_in_words(one: Confirmation, objective: Objective) -> str:
    """Whether the best is beyond the noise of seeds."""
    best, recipe = (objective.text(sum(side) / len(side)) for side in (one.best, one.recipe))
    ends = sorted(objective.figure(end) for end in (one.low, one.high))
    interval = f"{objective.figure(one.difference):+.4f} [{ends[0]:+.4f}, {ends[1]:+.4f}]"
    said = (
        f"From {len(one.seeds)} other seeds each: {best} against {recipe}, difference "
        f"{interval} (95%, Welch)."
    )
    verdicts = {
        "better": " That is beyond the noise of seeds.",
        "worse": " That is worse beyond the noise of seeds: the search's gain was luck.",
        "not told apart": " Seeds alone could make such a difference: more of them, or more data, "
        "would be needed to tell.",
    }
    return said + verdicts[one.verdict]


def comparison_rows(outcome: Outcome, shown: int = SHOWN) -> list[list[str]]:
    """The recipe as it was and the best trials side by side: a row for each setting and figure."""
    objective = objective_of(outcome.task, outcome.kind)
    done = sorted(
        (one for one in outcome.records if one.end == "complete" and one.number != 0),
        key=lambda one: one.loss,
    )
    columns = [one for one in [outcome.first] if one is not None] + done[:shown]
    if not columns:
        return []
    names = ["as it was" if one.number == 0 else f"trial {one.number}" for one in columns]
    rows = [[objective.name, *(objective.text(one.loss) for one in columns)]]
    beside = objective.beside or {
        name: name for name in columns[0].validation if outcome.task == "companion"
    }
    for metric, words in beside.items():
        if any(metric in one.validation for one in columns):
            figures = [one.validation.get(metric, math.nan) for one in columns]
            rows.append([words, *(f"{figure:.3f}" for figure in figures)])
    if objective.step == "epoch" and any(one.curve for one in columns):
        rows.append(["epochs", *(str(len(one.curve)) for one in columns)])
    if any(one.parameters for one in columns):
        rows.append(["parameters", *(f"{one.parameters:,}" for one in columns)])
    rows.append(["time", *(duration(one.seconds) for one in columns)])
    for name in columns[0].values:
        rows.append([name, *(value_text(one.values[name]) for one in columns)])
    return [["", *names], *rows]


def value_text(value: Any) -> str:
    """A setting's value, short."""
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(value_text(one) for one in value) + "]"
    return str(value)


def changes_in(record: TrialRecord) -> str:
    """A trial's settings in a line, by their last names."""
    if record.number == 0:
        return "the recipe as it is"
    pairs = (
        f"{name.rpartition('.')[2].replace('_', ' ')} {value_text(value)}"
        for name, value in record.values.items()
    )
    return ", ".join(pairs)


def duration(seconds: float) -> str:
    """A length of time for people."""
    whole = round(seconds)
    if whole < 100:
        return f"{seconds:.0f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
