"""What a mood changes in the tunes of models that never heard of moods, and what it costs them.

Run from the repository's root:

    python benchmarks/mood_steering.py [--models folk folk-markov] [--tunes 60]

Each model writes the same number of tunes in each quadrant of the plane and without a mood, with
the same seeds. Of each tune four figures are taken: notes a quarter, mean pitch, notes a second,
and whether its thirds are major. The cost is the model's own bits a token on what it wrote in a
mood, beside those on what it wrote without one. For arousal and for valence the difference between
the two sides is told, paired by seed, with its 95% interval over tunes. It writes
`benchmarks/results/mood_steering.json`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch

from chromasonic.companion.melody_moods import major_third
from chromasonic.evaluation.statistics import bootstrap_mean
from chromasonic.files import write_json
from chromasonic.melody_generation.generation import GenerationSettings, generate_tunes
from chromasonic.melody_generation.models import load_model
from chromasonic.melody_generation.mood import generate_in_mood
from chromasonic.melody_generation.tokens import encode
from chromasonic.music.emotion import QUADRANTS
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.tune import Tune
from chromasonic.registry.reference import located

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "mood_steering.json"
STRENGTH = 0.7
SETTINGS = GenerationSettings(bars=8, metre="4/4")
FIGURES = ("notes_a_quarter", "mean_pitch", "notes_a_second", "major_third", "bits_a_token")
PLAIN_TEMPO = 112.0


def main() -> None:
    """Write, measure, keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["folk", "folk-markov"])
    parser.add_argument("--tunes", type=int, default=60)
    options = parser.parse_args()
    results = {name: measured(name, options.tunes) for name in options.models}
    write_json(RESULTS, {"tunes": options.tunes, "strength": STRENGTH, "models": results})
    for name, told in results.items():
        print(name)
        for place, figures in told["means"].items():
            words = "  ".join(f"{key} {value:.2f}" for key, value in figures.items())
            print(f"  {place:8} {words}")
        for side, figures in told["differences"].items():
            for key, value in figures.items():
                print(f"  {side:8} {key:16} {value[0]:+.2f} [{value[1]:+.2f}, {value[2]:+.2f}]")


def measured(name: str, count: int) -> dict[str, Any]:
    """Figures of one model: means a place, and differences between the sides of the plane."""
    model = load_model(located(Path(name))).model
    plain = generate_tunes(model, count, settings=SETTINGS, seed=1)
    rows = {"no mood": np.array([figures_of(model, tune) for tune in plain])}
    for number, (valence, arousal) in QUADRANTS.items():
        place = {"valence": STRENGTH * valence, "arousal": STRENGTH * arousal}
        made = generate_in_mood(model, count, settings=SETTINGS, seed=1, **place)
        rows[f"Q{number}"] = np.array([figures_of(model, one.tune) for one in made])
    sides = {
        "arousal": rows["Q1"] + rows["Q2"] - rows["Q3"] - rows["Q4"],
        "valence": rows["Q1"] + rows["Q4"] - rows["Q2"] - rows["Q3"],
    }
    return {
        "means": {
            place: dict(zip(FIGURES, np.nanmean(table, axis=0).tolist(), strict=True))
            for place, table in rows.items()
        },
        "differences": {side: differences(table / 2) for side, table in sides.items()},
    }


def differences(table: np.ndarray) -> dict[str, list[float]]:
    """Figure to its mean difference and interval, over tunes where it is defined."""
    told = {}
    for key, column in zip(FIGURES, table.T, strict=True):
        figure = bootstrap_mean(column[np.isfinite(column)])
        told[key] = [figure.value, figure.low, figure.high]
    return told


def figures_of(model: torch.nn.Module, tune: Tune) -> list[float]:
    """The figures of `FIGURES` of one tune."""
    heard = np.array(list(tune.sounding()))
    quarters = sum(bar.duration for bar in tune.bars) / TICKS_PER_QUARTER
    tempo = tune.tempo_bpm or PLAIN_TEMPO
    return [
        len(heard) / quarters,
        float(heard[:, 2].mean()),
        len(heard) / quarters * tempo / 60,
        major_third(heard[:, 2], heard[:, 1], tune.key.tonic_pitch_class),
        bits_a_token(model, tune),
    ]


def bits_a_token(model: torch.nn.Module, tune: Tune) -> float:
    """Mean bits that the model needs for a token after the header."""
    ids = torch.tensor([encode(tune)])
    with torch.inference_mode():
        log_p = torch.log_softmax(model(ids)[0, :-1].double(), dim=-1)
    said = log_p.gather(1, ids[0, 1:, None])[3:, 0]
    return float(-said.mean() / np.log(2))


if __name__ == "__main__":
    main()
