"""How far simple trees come on two corpora of movement, by the form in which they see it.

Run from the repository's root:

    CHROMASONIC_DATA=DIR python benchmarks/movement_corpora.py

Writes `benchmarks/results/movement_corpora.json` and `docs/images/synthetic-gestures.png`. For
HDM05 only the three actors of the training part are looked at, each left out in turn: which form
is better is a choice, and the test part makes none.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

from chromasonic.data import load
from chromasonic.data.synthetic_gestures import LABELS, NO_NUISANCE, PERFORMERS, made_gestures
from chromasonic.errors import DataError
from chromasonic.files import write_json
from chromasonic.music.movement import Movement

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "movement_corpora.json"
PICTURE = ROOT / "docs" / "images" / "synthetic-gestures.png"
TREES = 200
POINTS = 20

Form = Callable[[np.ndarray, Movement], np.ndarray]


def as_recorded(frames: np.ndarray, movement: Movement) -> np.ndarray:
    """Where the joints were in the studio, or in the picture."""
    del movement
    return frames


def from_the_root(frames: np.ndarray, movement: Movement) -> np.ndarray:
    """Relative to the first landmark of the same frame."""
    del movement
    return frames - frames[:, :1]


def from_the_start(frames: np.ndarray, movement: Movement) -> np.ndarray:
    """Relative to where the first landmark was at the start; for a body its height stays."""
    origin = frames[:1, :1].copy()
    if "lfemur" in movement.skeleton.node_numbers:
        origin[..., 1] = 0
    return frames - origin


def facing_ahead(form: Form) -> Form:
    """A form of a body that is first turned about the vertical to face one way at the start."""

    def turned(frames: np.ndarray, movement: Movement) -> np.ndarray:
        left, right = (movement.skeleton.node_numbers[name] for name in ("lfemur", "rfemur"))
        across = frames[0, left] - frames[0, right]
        angle = np.arctan2(across[2], across[0])
        cosine, sine = np.cos(angle), np.sin(angle)
        x, y, z = np.moveaxis(frames, -1, 0)
        return form(np.stack([cosine * x + sine * z, y, cosine * z - sine * x], -1), movement)

    return turned


def inputs(movements: list[Movement], form: Form) -> np.ndarray:
    """(B, POINTS x N x C): each movement at evenly spread moments, gaps bridged."""
    return np.stack([form(spread(movement), movement).ravel() for movement in movements])


def spread(movement: Movement) -> np.ndarray:
    """(POINTS, N, C) of a movement."""
    flat = movement.frames.reshape(len(movement), -1)
    moments, times = np.linspace(0, len(movement) - 1, POINTS), np.arange(len(movement))
    columns = []
    for column in flat.T:
        seen = np.isfinite(column)
        there = seen.any()
        columns.append(np.interp(moments, times[seen], column[seen]) if there else 0 * moments)
    return np.stack(columns, 1).reshape(POINTS, *movement.frames.shape[1:])


def accuracy(train: list[Movement], test: list[Movement], form: Form) -> float:
    trees = ExtraTreesClassifier(TREES, random_state=0)
    trees.fit(inputs(train, form), [movement.label for movement in train])
    return float(trees.score(inputs(test, form), [movement.label for movement in test]))


def hdm05() -> dict[str, Any]:
    """By form: the accuracy on each training actor, learned from the two others."""
    movements = list(load("hdm05-11", download=False).part("train"))
    actors = sorted({movement.performer for movement in movements})
    forms: dict[str, Form] = {
        "as recorded": as_recorded,
        "from the root of each frame": from_the_root,
        "facing ahead, from the root of each frame": facing_ahead(from_the_root),
        "facing ahead, from the start": facing_ahead(from_the_start),
    }
    return {
        name: {
            actor: accuracy(
                [m for m in movements if m.performer != actor],
                [m for m in movements if m.performer == actor],
                form,
            )
            for actor in actors
        }
        for name, form in forms.items()
    }


def synthetic() -> dict[str, float]:
    """By form: the accuracy on the test performer of 1,200 made movements."""
    corpus = load("synthetic-gestures")
    train, test = list(corpus.part("train")), list(corpus.part("test"))
    return {
        "as recorded": accuracy(train, test, as_recorded),
        "from the start": accuracy(train, test, from_the_start),
    }


def draw() -> None:
    """Each made gesture once: the hand at its start, middle and end, and the wrist's way."""
    from matplotlib.figure import Figure

    movements = made_gestures(PERFORMERS * len(LABELS), 0, nuisance=NO_NUISANCE)[::PERFORMERS]
    figure = Figure(figsize=(9, 7.2), layout="constrained")
    for axes, movement in zip(figure.subplots(3, 4).flat, movements, strict=True):
        for moment, shade in ((0, "0.75"), (len(movement) // 2, "0.45"), (-1, "black")):
            x, y, _ = movement.frames[moment].T
            for one, two in movement.skeleton.edges:
                axes.plot(x[[one, two]], y[[one, two]], color=shade, linewidth=1.4)
        for node, colour in ((0, "tab:red"), (8, "tab:blue")):
            axes.plot(*movement.frames[:, node, :2].T, color=colour, linewidth=1)
        axes.set(xlim=(0.08, 0.93), ylim=(0.9, 0.05), xticks=[], yticks=[], aspect="equal")
        axes.set_title(movement.label, fontsize=11)
    figure.savefig(PICTURE, dpi=100)


def main() -> None:
    results: dict[str, Any] = {"trees": TREES, "points": POINTS, "synthetic-gestures": synthetic()}
    try:
        results["hdm05-11"] = hdm05()
    except DataError as error:
        print(f"hdm05-11: left out. {str(error).partition('. ')[0]}.")
    write_json(RESULTS, results)
    draw()
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
