"""What `gesture_results.py` writes: the document of all figures, the pictures and the docs page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chromasonic.evaluation.figure import Figure
from chromasonic.files import write_json, write_text
from chromasonic.gesture import baselines
from chromasonic.gesture.results import GestureResults, gain_of
from chromasonic.gesture.results_report import (
    LEAD,
    body_parts,
    draw_confusion_of,
    mistakes_text,
)
from chromasonic.gesture.scores import ACCURACY
from chromasonic.training.run_directory import environment

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results/gesture_results.json"
PAGE = ROOT / "docs/gesture-results.md"
IMAGES = ROOT / "docs/images"
COMMAND = ["python", "benchmarks/gesture_results.py"]

GOALS = {
    "auslan95-seen": 0.92,
    "auslan95-unseen": 0.40,
    "hdm05": 0.95,
    "articulary": 0.985,
    "violin": 0.55,
}
"""The accuracy that was aimed at."""

FLOORS = {
    "auslan95-seen": "79.8",
    "auslan95-unseen": "23.5",
    "hdm05": "88.9 (joint angles)",
    "articulary": "98.0",
    "violin": "40.4",
}
"""Trees on a resample as they were first measured, before this system: to check ours by."""

HEAD = f"""# The gesture models beside their baselines

Written by `python benchmarks/gesture_results.py`; the same tables come from
`chromasonic train gesture --recipe recipes/gesture-*.toml` for each performer and seed, and
`chromasonic evaluate gesture` on their folders.

{LEAD} How they are made, and what the baselines are: [evaluation](gesture-evaluation.md)."""


def results_document(name: str, results: GestureResults) -> dict[str, Any]:
    """A recipe's results for the committed document: without the big tables and without paths."""
    document = results.to_dict()
    for key in ("confusion", "runs", "command", "date", "platform"):
        document.pop(key)
    seconds = [
        run.facts["results"]["gesture"]["seconds"] for runs in results.runs.values() for run in runs
    ]
    sections = [
        f"## {results.title}",
        *body_parts(results),
        picture_of(name),
        mistakes_text(results),
    ]
    return {
        **document,
        "recipe": f"recipes/gesture-{name}.toml",
        "goal": GOALS.get(name),
        "training_minutes": sum(seconds) / 60,
        "summary": summary_line(name, results),
        "section": "\n\n".join(part for part in sections if part),
    }


def summary_line(name: str, results: GestureResults) -> list[str]:
    """Cells of the first table."""
    accuracy = results.network.figures[ACCURACY]
    goal = GOALS.get(name)
    trees = {
        row.method: row.figures[ACCURACY]
        for row in results.rows
        if row.method in baselines.TREES_NAMES
    }
    gain = next(
        (gain_of(test) for test in results.paired if test.second == baselines.TREES_RAW), None
    )
    reached = "" if goal is None else "yes" if accuracy.value >= goal else "no"
    return [
        results.title,
        f"{sum(results.sizes.values()):,}",
        percent(accuracy),
        "–".join(f"{100 * v:.1f}" for v in (min(results.by_seed), max(results.by_seed))),
        FLOORS.get(name, ""),
        *(percent(trees[method]) if method in trees else "" for method in baselines.TREES_NAMES),
        percent(gain, signed=True) if gain else "",
        "" if goal is None else f"{100 * goal:g}: {reached}",
    ]


def percent(figure: Figure, *, signed: bool = False) -> str:
    """A share in percent with its interval."""
    form = "+.1f" if signed else ".1f"
    value, low, high = (f"{100 * end:{form}}" for end in (figure.value, figure.low, figure.high))
    return f"{value} [{low}, {high}]"


def picture_of(name: str) -> str:
    """The Markdown of a recipe's confusion picture."""
    return f"![Which gestures are taken for which](images/gesture-confusion-{name}.png)"


def draw_pictures(name: str, results: GestureResults) -> None:
    """Draw the confusion picture of a recipe for the docs."""
    draw_confusion_of(results, IMAGES / f"gesture-confusion-{name}.png")


def write_page(found: Mapping[str, dict[str, Any]]) -> None:
    """Put results into the document beside those of other recipes, and write the page anew."""
    recipes: dict[str, Any] = {}
    if RESULTS.is_file():
        recipes = json.loads(RESULTS.read_text(encoding="utf-8"))["recipes"]
    recipes |= found
    recipes = {name: recipes[name] for name in sorted(recipes)}
    write_json(RESULTS, {**environment(COMMAND), "recipes": recipes})
    heads = [
        "", "test recordings", "network", "seeds", "trees, first measured",
        *baselines.TREES_NAMES, "gain over trees on the recorded channels, paired", "goal",
    ]  # fmt: skip
    lines = [heads, ["---"] * len(heads), *(recipe["summary"] for recipe in recipes.values())]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    minutes = sum(recipe["training_minutes"] for recipe in recipes.values())
    summary = f"Accuracy in percent. All trainings together took {minutes:.0f} minutes of one core."
    sections = [recipe["section"] for recipe in recipes.values()]
    found_here = [summary, table, *sections] if recipes else ["Nothing was trained yet."]
    write_text(PAGE, "\n\n".join([HEAD, *found_here]) + "\n")
