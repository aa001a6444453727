"""How well the melody models predict Nottingham's held-out tunes, beside the best Markov model.

Run from the repository's root:

    CHROMASONIC_DATA=DIR python benchmarks/melody_quality.py [--runs runs/quality] [--part test]

Trains what is not yet in the folder of runs (hours on two cores; each run can be made by hand too,
with the command of its row), then judges everything on the same tunes and writes
`benchmarks/results/melody_quality.json`. Every choice (orders of the Markov model, sizes, rates,
epochs) was made on the validation part; `--part validation` shows those figures.

Two regimes: models that saw Nottingham alone, and models that may first see the folk tunes of
music21, without the near-duplicates of Nottingham's held-out tunes. Figures of networks are means
over three seeds; intervals are over tunes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from chromasonic.evaluation.dynamic import score_dynamically
from chromasonic.evaluation.likelihood import StreamScores, score_streams
from chromasonic.evaluation.statistics import bootstrap_ratio
from chromasonic.files import write_json
from chromasonic.melody_generation.data_loader import load_dataset
from chromasonic.melody_generation.likelihood import MELODY_CLASSES, likelihood_figures, pitch_sums
from chromasonic.melody_generation.markov import MarkovConfig, MarkovModel
from chromasonic.melody_generation.models import load_model
from chromasonic.melody_generation.recipe import (
    DEFAULTS,
    MelodyData,
    MelodyRecipe,
    with_settings,
)
from chromasonic.melody_generation.runs import recipe_like, train_melody
from chromasonic.melody_generation.tokens import encode_all

RESULTS = Path(__file__).parent / "results" / "melody_quality.json"
SEEDS = (0, 1, 2)
PRETRAINED_KIND = "lstm"
PRETRAINING = {"epochs": 4, "batch_size": 16, "precision": "bf16"}
TUNING = {"epochs": 10, "learning_rate": 2e-3}


@dataclass(frozen=True)
class Streams:
    """The tunes that are judged, as written and with their repeats played out."""

    written: list[list[int]]
    expanded: list[list[int]]


def train_missing(runs: Path) -> None:
    """Train the networks whose run directory is not there yet."""
    nottingham = MelodyData(dataset="nottingham")
    folk = MelodyData(dataset="folk", without_copies_of="nottingham")
    for seed in SEEDS:
        for kind in ("lstm", "transformer"):
            train(runs / f"nottingham-{kind}-{seed}", kind, nottingham, {"seed": seed})
        first, then = runs / f"folk-{seed}", runs / f"tuned-{seed}"
        train(first, PRETRAINED_KIND, folk, {**PRETRAINING, "seed": seed}, dropout=0.2)
        train(then, PRETRAINED_KIND, nottingham, {**TUNING, "seed": seed}, dropout=0.2, after=first)


def train(
    folder: Path,
    kind: str,
    data: MelodyData,
    training: dict[str, Any],
    *,
    dropout: float | None = None,
    after: Path | None = None,
) -> None:
    """Train one network, going on with what an interruption left; not again if it is done."""
    if any(folder.glob("*_checkpoints/*_final.pt")):
        return
    recipe = MelodyRecipe(data=data, **{kind: DEFAULTS[kind]})  # type: ignore[arg-type]
    if after is not None:
        recipe = recipe_like(after, recipe)
    model = {} if dropout is None else {"dropout": dropout}
    recipe = with_settings(recipe, data={}, model=model, training=training)
    print(f"{folder} ...", flush=True)
    train_melody(recipe, folder, resume=True, init_from=after)


def best_markov(
    train: Sequence[Sequence[int]], validation: Sequence[Sequence[int]]
) -> tuple[MarkovModel, dict[str, float]]:
    """The Markov model whose order and smoothing predict the validation tunes' pitches best."""
    tried: dict[str, float] = {}
    best: tuple[float, MarkovModel] | None = None
    for smoothing in ("kneser-ney", "witten-bell"):
        for order in (1, 2, 3, 4, 5):
            config = MarkovConfig(pitch_order=order, smoothing=smoothing)
            model = MarkovModel(config).fit(train)
            sums = pitch_sums(score_streams(model, validation, MELODY_CLASSES))
            bits = float(sums[0].sum() / sums[1].sum())
            tried[f"{smoothing}, order {order}"] = bits
            if best is None or bits < best[0]:
                best = bits, model
    assert best is not None
    return best[1], tried


def judge(models: Sequence[nn.Module], streams: Streams, *, dynamic: bool) -> dict[str, Any]:
    """Figures of one kind of model, its scores averaged over its seeds, and its bits a tune."""
    seeds = [score_streams(model, streams.written, MELODY_CLASSES) for model in models]
    expanded = [score_streams(model, streams.expanded, MELODY_CLASSES) for model in models]
    row: dict[str, Any] = {
        "as written": figures(averaged(seeds)),
        "repeats played out": figures(averaged(expanded)),
        "pitch bits by seed": [float(np.divide(*map(np.sum, pitch_sums(one)))) for one in seeds],
        "seeds": len(models),
        "_bits": pitch_sums(averaged(seeds))[0],
    }
    if dynamic:
        adapted = score_dynamically(models[0], streams.written, MELODY_CLASSES)
        row["dynamic evaluation, first seed"] = figures(adapted)
    return row


def averaged(seeds: Sequence[StreamScores]) -> StreamScores:
    """The mean of several models' scores of the same tunes."""
    return replace(
        seeds[0],
        bits=np.mean([scores.bits for scores in seeds], 0),
        correct=np.mean([scores.correct for scores in seeds], 0),
    )


def figures(scores: StreamScores) -> dict[str, Any]:
    """Figures with their intervals over tunes, as plain values."""
    return {name: figure.to_dict() for name, figure in likelihood_figures(scores).items()}


def measure(runs: Path, part: str) -> dict[str, Any]:
    """All rows on one part of Nottingham."""
    nottingham = load_dataset("nottingham")
    folk = load_dataset("folk", without_copies_of="nottingham")
    streams = Streams(
        written=nottingham.part(part),
        expanded=encode_all(tune.expanded() for tune in nottingham.tunes[part]).sequences,
    )
    alone, orders_alone = best_markov(nottingham.train, nottingham.validation)
    both, orders_both = best_markov(nottingham.train + folk.train, nottingham.validation)
    rows = {
        "markov": judge([alone], streams, dynamic=False),
        "lstm": judge(trained(runs, "nottingham-lstm"), streams, dynamic=True),
        "transformer": judge(trained(runs, "nottingham-transformer"), streams, dynamic=True),
        "markov, folk and nottingham": judge([both], streams, dynamic=False),
        f"{PRETRAINED_KIND}, folk then nottingham": judge(
            trained(runs, "tuned"), streams, dynamic=True
        ),
    }
    for name, row in rows.items():
        base = rows["markov, folk and nottingham" if "folk" in name else "markov"]
        row["share of the Markov model's bits"] = bootstrap_ratio(
            row["_bits"], base["_bits"]
        ).to_dict()
    for row in rows.values():
        del row["_bits"]
    return {
        "part": part,
        "tunes": len(streams.written),
        "split": nottingham.sizes,
        "fingerprint": nottingham.manifest.fingerprint,
        "folk": {"sizes": folk.sizes, "left out": folk.skipped},
        "markov orders on validation": {"nottingham": orders_alone, "with folk": orders_both},
        "rows": rows,
    }


def trained(runs: Path, name: str) -> list[nn.Module]:
    """The models of one row: of all seeds that are there."""
    folders = [runs / f"{name}-{seed}" for seed in SEEDS]
    return [load_model(folder).model for folder in folders if folder.is_dir()]


def main() -> None:
    """Train what is missing, judge, write, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("runs/quality"))
    parser.add_argument("--no-training", action="store_true", help="judge the runs that are there")
    parser.add_argument("--part", choices=("validation", "test"), default="test")
    options = parser.parse_args()
    if not options.no_training:
        train_missing(options.runs)
    result = measure(options.runs, options.part)
    target = RESULTS if options.part == "test" else RESULTS.with_stem("melody_quality_validation")
    write_json(target, result)
    for name, row in result["rows"].items():
        written, share = row["as written"], row["share of the Markov model's bits"]
        bits = written["pitch_bits_per_note"]
        print(
            f"{name:36} {bits['value']:.3f} [{bits['low']:.3f}, {bits['high']:.3f}] pitch bits, "
            f"{share['value']:.3f} [{share['low']:.3f}, {share['high']:.3f}] of Markov's, "
            f"next pitch right {written['pitch_accuracy']['value']:.3f}; repeats played out "
            f"{row['repeats played out']['pitch_bits_per_note']['value']:.3f}"
        )
    print(f"Written to {target}")


if __name__ == "__main__":
    main()
