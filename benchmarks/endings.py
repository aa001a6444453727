"""How tunes end at the bar that was asked for, beside how people end theirs, and what it costs.

Run from the repository's root:

    CHROMASONIC_DATA=DIR python benchmarks/endings.py [--models folk folk-markov] [--tunes 60]

Each model writes the same number of tunes of 16 bars at each temperature, with the first ending
that comes and with one drawn from more. Beside them stand the people's tunes of `folk-pd`'s
validation part; the test part stays shut. Figures are means over tunes with 95% intervals. It
writes `benchmarks/results/endings.json`; rows that are not asked for stay there. Time is that
of the processor for each tune, where one is made alone and where many are made together: the median
of some rounds in which all numbers of endings take turns. How many last bars differ from all others
is counted among equally many tunes of people, evenly chosen.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from chromasonic.evaluation.descriptors import (
    bar_repetition,
    ends_on_tonic,
    final_length,
    in_scale,
    phrase_repetition,
)
from chromasonic.evaluation.memorization import memorization_of
from chromasonic.evaluation.outline import Outline, outline_of
from chromasonic.evaluation.statistics import bootstrap_mean
from chromasonic.files import write_json
from chromasonic.melody_generation.data_loader import load_dataset
from chromasonic.melody_generation.generation import GenerationSettings, generate_tunes
from chromasonic.melody_generation.models import load_model
from chromasonic.music.tune import Tune
from chromasonic.registry.reference import located

RESULTS = Path(__file__).parent / "results" / "endings.json"
BARS = 16
SEED = 1
ROUNDS = {1: 7, 12: 3, 60: 1}
"""Tunes that are made together, and how often."""


def longer_than_usual(o: Outline) -> float:
    """1 where the last note is at least half as long again as the mean note, else 0."""
    return float(o.durations[-1] >= 1.5 * o.durations.mean())


def pitch_range(o: Outline) -> float:
    """Semitones from the lowest note to the highest."""
    return float(np.ptp(o.pitches))


def notes_a_bar(o: Outline) -> float:
    """Notes over bars."""
    return len(o.pitches) / len(o.bars)


FIGURES: dict[str, Callable[[Outline], float]] = {
    "ends on the tonic": ends_on_tonic,
    "last note long": longer_than_usual,
    "length of the last note, octaves": final_length,
    "notes a bar": notes_a_bar,
    "range, semitones": pitch_range,
    "notes in the scale": in_scale,
    "bars that stood before": bar_repetition,
    "pairs of bars that stood before": phrase_repetition,
}


def figures_of(
    tunes: Sequence[Tune], training: Sequence[Tune], among: int
) -> dict[str, list[float]]:
    """Each figure's mean and 95% interval; different last bars are counted among so many tunes."""
    outlines = [outline_of(tune) for tune in tunes]
    columns = {
        name: np.array([figure(outline) for outline in outlines])
        for name, figure in FIGURES.items()
    }
    copied = memorization_of(tunes, training)
    columns["longest run copied, notes"] = np.array(copied.runs_N, float)
    told = {}
    for name, column in columns.items():
        mean = bootstrap_mean(column[np.isfinite(column)])
        told[name] = [mean.value, mean.low, mean.high]
    share = copied.copied_share
    told["notes in copied runs of 8"] = [share.value, share.low, share.high]
    chosen = [outlines[place * len(outlines) // among] for place in range(among)]
    told["different last bars"] = [len({last_bar(one) for one in chosen}) / among]
    return told


def last_bar(o: Outline) -> tuple[tuple[int, int], ...]:
    """Onsets and pitches over the tonic of the last bar in which a note begins."""
    last = next(bar for bar in reversed(o.bars) if bar.onsets)
    degrees = [(pitch - o.key.tonic_pitch_class) % 12 for pitch in last.pitches]
    return tuple(zip(last.onsets, degrees, strict=True))


def seconds_a_tune(model: nn.Module, tunes: int, endings: Sequence[int]) -> dict[str, float]:
    """Median seconds of the processor for each of some tunes made together, by endings."""
    taken: dict[int, list[float]] = {number: [] for number in endings}
    generate_tunes(model)  # what the first one waits for is nobody's
    for seed in range(ROUNDS[tunes]):
        for number in endings:
            settings = GenerationSettings(bars=BARS, endings=number)
            start = time.process_time()
            generate_tunes(model, tunes, settings=settings, seed=seed)
            taken[number].append((time.process_time() - start) / tunes)
    return {str(number): float(np.median(seconds)) for number, seconds in taken.items()}


def main() -> None:
    """Write, measure, keep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["folk", "folk-markov"])
    parser.add_argument("--tunes", type=int, default=60)
    parser.add_argument("--temperatures", nargs="+", type=float, default=[1.0, 0.9, 0.8])
    parser.add_argument("--endings", nargs="+", type=int, default=[1, 8, 32])
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = load_dataset("folk-pd", download=False)
    training = data.tunes["train"]
    people = data.tunes["validation"]
    before = json.loads(options.output.read_text()) if options.output.is_file() else {}
    rows = {place_of(row): row for row in before.get("rows", [])}

    def keep(row: dict[str, Any], tunes: Sequence[Tune], among: int) -> None:
        row |= {"tunes": len(tunes), "figures": figures_of(tunes, training, among)}
        rows[place_of(row)] = row
        say(row)

    keep({"by": "people"}, people, options.tunes)
    cost = before.get("seconds a tune", {})
    for name in options.models:
        model = load_model(located(Path(name))).model
        cost[name] = {str(n): seconds_a_tune(model, n, options.endings) for n in ROUNDS}
        print(f"{name}: seconds a tune by tunes and endings {cost[name]}", flush=True)
        for temperature in options.temperatures:
            for endings in options.endings:
                settings = GenerationSettings(bars=BARS, temperature=temperature, endings=endings)
                tunes = generate_tunes(model, options.tunes, settings=settings, seed=SEED)
                row = {"by": name, "temperature": temperature, "endings": endings}
                keep(row, tunes, len(tunes))
                told = {"bars": BARS, "seconds a tune": cost, "rows": list(rows.values())}
                write_json(options.output, told)


def place_of(row: dict[str, Any]) -> tuple[Any, ...]:
    """What a row is of: another one of the same takes its place."""
    return row["by"], row.get("temperature"), row.get("endings")


def say(row: dict[str, Any]) -> None:
    """Print a row."""
    what = [f"{row['by']:12}"]
    what += [f"{key} {row[key]}" for key in ("temperature", "endings") if key in row]
    figures = [f"{key} {value[0]:.2f}" for key, value in row["figures"].items()]
    print("  ".join([*what, *figures]), flush=True)


if __name__ == "__main__":
    main()
