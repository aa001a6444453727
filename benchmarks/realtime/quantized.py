"""What weights of fewer bits cost: the five models' errors on their golden vectors and on the test
parts of their corpora, with float32, float16 and int8 weights.

Run from the repository's root:

    CHROMASONIC_DATA=DIR python benchmarks/realtime/quantized.py --run runs/companion

Weights are rounded by `export/quantizing.py`, which rounds as the C++ side does (bit by bit: a test
compares them); the rest is the evaluation of `chromasonic evaluate companion`, less its baselines.
Writes `benchmarks/results/quantized.json` and its part of `docs/realtime-results.md`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from page import write_page

from chromasonic.companion import dynamics_evaluation, groove_evaluation, melody_evaluation
from chromasonic.companion.catalogue import COMPANIONS
from chromasonic.companion.companion import CompanionData
from chromasonic.companion.emotion_evaluation import Truth, clip_answers
from chromasonic.companion.harmony_baselines import HarmonyBeats
from chromasonic.companion.harmony_evaluation import figures_of, network_log_probabilities
from chromasonic.companion.materials import prepare
from chromasonic.companion.models import load_companion
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.recipe import DataSettings
from chromasonic.export.interpreter import compute
from chromasonic.export.quantizing import PRECISIONS, rounded_document, rounded_module
from chromasonic.export.reading import read_document
from chromasonic.files import write_json
from chromasonic.training.run_directory import environment

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks/results/quantized.json"

Figures = dict[str, dict[str, float]]
"""Test to metric to value."""


def emotion(network: CompanionNetwork, data: CompanionData) -> Figures:
    """Accuracy of the quadrant on clips of each corpus."""
    test = data.test()
    truth = Truth.of(test)
    given = Truth(clip_answers(network, test), truth.songs, truth.corpora)
    return {
        f"{corpus}, test": {
            "quadrant accuracy": float(
                (given.quadrants == truth.quadrants)[truth.corpora == corpus].mean()
            )
        }
        for corpus in ("emopia", "vgmidi")
        if (truth.corpora == corpus).any()
    }


def melody(network: CompanionNetwork, data: CompanionData) -> Figures:
    """Bits a note and share of right pitches on the tunes, with and without their chords."""
    lines = melody_evaluation.whole_lines(data.test())
    tunes = melody_evaluation.of_corpora(lines, "nottingham")
    sets = {
        "nottingham, chords known": [line for line in tunes if line.has_chords],
        "nottingham, chords unknown": [line.without_chords() for line in tunes],
        "emopia, true emotion": melody_evaluation.of_corpora(lines, "emopia"),
    }
    rows = [melody_evaluation.model_row(network, name, some) for name, some in sets.items() if some]
    return {row.test: _values(row.figures) for row in rows}


def harmony(network: CompanionNetwork, data: CompanionData) -> Figures:
    """The five figures on the test part of each corpus."""
    test = HarmonyBeats.of(data.test())
    parts = {corpus: test.of_corpus(corpus) for corpus in test.names}
    return {
        f"{corpus}, test": _values(
            figures_of(network_log_probabilities(network, asked), asked.targets, asked.pieces)
        )
        for corpus, asked in parts.items()
    }


def dynamics(network: CompanionNetwork, data: CompanionData) -> Figures:
    """Errors of the velocities."""
    bars = dynamics_evaluation.JudgedBars.of(data.test())
    answers = {"model": dynamics_evaluation.network_answers(network, bars.steps.features)}
    rows = dynamics_evaluation.rows_of(
        bars, answers, test=f"{data.manifests[0].name}, test", by_composer=False
    )
    return {row.test: _values(row.figures) for row in rows}


def groove(network: CompanionNetwork, data: CompanionData) -> Figures:
    """Errors of velocities and offsets."""
    bars = groove_evaluation.JudgedBars.of(data.test())
    answers = {"model": groove_evaluation.network_groove(network, bars.features)}
    whole = f"{data.manifests[0].name}, test"
    rows = groove_evaluation.rows_of(bars, answers, test=whole)
    return {row.test: _values(row.figures) for row in rows if row.test == whole}


JUDGES: dict[str, Callable[[CompanionNetwork, CompanionData], Figures]] = {
    "emotion_recognizer": emotion,
    "melody_transformer": melody,
    "harmony_predictor": harmony,
    "dynamics_engine": dynamics,
    "groove_predictor": groove,
}


def _values(figures: Any) -> dict[str, float]:
    return {name: figure.value for name, figure in figures.items() if np.isfinite(figure.value)}


def golden_errors(exported: Path) -> dict[str, dict[str, float]]:
    """Precision to largest and mean distance from the golden outputs of an exported file."""
    document = read_document(exported)
    golden = document.metadata.golden
    errors = {}
    for precision in PRECISIONS:
        rounded = rounded_document(document, precision)
        gaps = np.abs(compute(rounded, golden.inputs, golden.reset_before) - golden.outputs)
        errors[precision] = {"largest": float(gaps.max()), "mean": float(gaps.mean())}
    return errors


def judge(name: str, run: Path, models: Path) -> dict[str, Any]:
    """One model at each precision."""
    loaded = load_companion(run, name)
    data = prepare(COMPANIONS[name], DataSettings(), may_make_up=False).data
    measured = {
        precision: JUDGES[name](rounded_module(loaded.network, precision), data)
        for precision in PRECISIONS
    }
    rows = [
        {
            "test": test,
            "metric": metric,
            **{precision: measured[precision][test][metric] for precision in PRECISIONS},
        }
        for test, figures in measured["float32"].items()
        for metric in figures
    ]
    golden = golden_errors(models / f"{name}.json")
    return {"title": loaded.spec.title, "golden": golden, "rows": rows}


def main() -> None:
    """Judge, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, default=Path("runs/companion"))
    parser.add_argument("--models", type=Path, help="the exported files; by default in the run")
    chosen = parser.parse_args()
    models = chosen.models or chosen.run
    found = {}
    for name in COMPANIONS:
        found[name] = judge(name, chosen.run, models)
        print(name, found[name], flush=True)
    write_json(
        RESULTS, {**environment(["python", "benchmarks/realtime/quantized.py"]), "models": found}
    )
    write_page()


if __name__ == "__main__":
    main()
