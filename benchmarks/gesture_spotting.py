"""Are the gestures in a long recording found? Single recordings put one after the other.

The recordings of a run's validation part, each performer's by themselves, are put together by
sixes in three ways: with rests, the hand out of sight between them; with rests, the hand going
straight to where the next gesture begins (a movement that is none of the classes); and with nothing
between. A gesture counts as found where one event of its class overlaps it by 0.3 of what the two
have together. Run:

    python benchmarks/gesture_spotting.py runs/causal [runs/compact ...] [--data-dir DIR]

It writes benchmarks/results/gesture_spotting.json. Settings were chosen on these parts; the test
parts stay shut.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic.files import write_json
from chromasonic.gesture.models import GestureModel, load_gesture
from chromasonic.gesture.preparing import movements_of
from chromasonic.gesture.recipe import recipe_from
from chromasonic.gesture.spotting import count_matches, spot
from chromasonic.gesture.spotting_config import SpottingConfig
from chromasonic.gesture.spotting_sequences import BETWEEN, Between, sequence_of
from chromasonic.music.movement import Movement
from chromasonic.training.run_directory import RunDirectory

RESULTS = Path(__file__).parent / "results" / "gesture_spotting.json"
TOGETHER = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", nargs="+", help="folders of gesture trainings")
    parser.add_argument("--data-dir", default="", help="a folder with the corpora in it")
    parser.add_argument("--most", type=int, default=40, help="sequences of each kind, at most")
    parser.add_argument("--certainty", type=float, nargs="*", default=[0.6])
    parser.add_argument("--hold", type=float, nargs="*", default=[0.2])
    parser.add_argument("--rest", default="still", help="a class that is none: rest")
    parser.add_argument("--output", default=RESULTS, type=Path)
    arguments = parser.parse_args()
    rows = []
    for path in arguments.runs:
        run, model = RunDirectory(path), load_gesture(path)
        recipe = recipe_from(run.recipe())
        corpus = movements_of(replace(recipe.data, data_dir=arguments.data_dir))
        movements = [corpus.by_id[id] for id in run.split()["validation"]]
        movements = [one for one in movements if one.label != arguments.rest]
        for between in BETWEEN:
            sequences = groups(movements)[: arguments.most]
            for certainty, hold in product(arguments.certainty, arguments.hold):
                config = SpottingConfig(
                    certainty=certainty, release=0.65 * certainty, hold_seconds=hold
                )
                row = {
                    "corpus": corpus.name,
                    "size": "causal" if model.is_causal else "whole",
                    "single_accuracy": single_accuracy(model, sequences),
                    **measured(model, sequences, between, config, arguments.rest),
                }
                rows.append(row)
                print(row)
    print(write_json(arguments.output, {"part": "validation", "rows": rows}))


def groups(movements: list[Movement]) -> list[list[Movement]]:
    """Each performer's recordings by sixes, shuffled always alike."""
    found = []
    for performer in sorted({one.performer for one in movements}):
        own = [one for one in movements if one.performer == performer]
        order = np.random.default_rng(0).permutation(len(own)).tolist()
        shuffled = [own[number] for number in order]
        found += [
            shuffled[start : start + TOGETHER]
            for start in range(0, len(shuffled) - TOGETHER + 1, TOGETHER)
        ]
    return [found[number] for number in np.random.default_rng(1).permutation(len(found))]


def single_accuracy(model: GestureModel, sequences: list[list[Movement]]) -> float:
    """Share of the same recordings that are recognized each by itself."""
    movements = [one for sequence in sequences for one in sequence]
    best = model.probabilities_of(movements).argmax(axis=1)
    right = [model.classes[b] == m.label for b, m in zip(best, movements, strict=True)]
    return round(float(np.mean(right)), 4)


def measured(
    model: GestureModel,
    sequences: list[list[Movement]],
    between: Between,
    config: SpottingConfig,
    rest: str,
) -> dict[str, Any]:
    """Precision, recall and F1 of events; how soon they are recognized."""
    totals = np.zeros(3, int)
    places = np.zeros(2, int)  # takes that overlap a gesture alone; gestures
    waits: list[float] = []
    for sequence in sequences:
        recording, truth = sequence_of(sequence, between=between)
        spotting = spot(model, recording, config)
        totals += count_matches([e for e in spotting.events if e.label != rest], truth)
        places += count_matches(
            [replace(e, label="any", nearest="any") for e in spotting.events],
            [("any", start, end) for _, start, end in truth],
        )[::2]
        for event in spotting.known:
            waits += [
                event.recognized - end
                for label, start, end in truth
                if label == event.label and start <= event.recognized <= end + 1
            ]
    right, found, true = totals.tolist()
    precision, recall = right / max(found, 1), right / max(true, 1)
    return {
        "between": between,
        "certainty": config.certainty,
        "hold": config.hold_seconds,
        "sequences": len(sequences),
        "gestures": true,
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * right / max(found + true, 1), 4),
        "places_found": round(float(places[0] / max(places[1], 1)), 4),
        "recognized_after_its_end_seconds": round(float(np.median(waits)), 3) if waits else None,
    }


if __name__ == "__main__":
    main()
