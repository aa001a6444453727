"""How well the MelodyTransformer predicts pitches, beside n-grams and the melody models.

Run from the repository's root:

    CHROMASONIC_DATA=DIR python benchmarks/melody_companion.py --checkpoint DIR [--part test]

Prints and writes to `benchmarks/results/melody_companion.json`: the rows of `chromasonic evaluate
companion` for this model; the variable-order Markov model of `melody_quality.py` on the same tunes
and notes; and, tune by tune, the network without chords against that Markov model and the network
with chords against the n-gram that sees them (bits a note, first less second). All choices were
made on the validation part.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from chromasonic.companion.companion import DataRequest
from chromasonic.companion.melody_baselines import WITH_CHORDS, best_ngram
from chromasonic.companion.melody_data import TUNES, load_examples
from chromasonic.companion.melody_evaluation import (
    BITS,
    of_corpora,
    row_of,
    rows_of,
    whole_lines,
)
from chromasonic.companion.melody_features import example_of
from chromasonic.companion.melody_scores import Scores, network_scores
from chromasonic.companion.models import load_companion
from chromasonic.evaluation.likelihood import score_streams
from chromasonic.evaluation.statistics import compare_paired
from chromasonic.files import write_json
from chromasonic.melody_generation.data_loader import load_dataset
from chromasonic.melody_generation.likelihood import MELODY_CLASSES
from chromasonic.melody_generation.markov import MarkovConfig, MarkovModel

RESULTS = Path(__file__).parent / "results" / "melody_companion.json"
MARKOV = MarkovConfig(pitch_order=2, smoothing="kneser-ney")
"""What `melody_quality.py` chose on the validation part."""


def markov_scores(part: str) -> tuple[list[str], Scores]:
    """Ids of the tunes, and the Markov model's sums over their pitches."""
    tunes = load_dataset(TUNES, download=False)
    model = MarkovModel(MARKOV).fit(tunes.train)
    pitch = score_streams(model, tunes.part(part), MELODY_CLASSES).of("pitch")
    columns = (pitch.bits[:, 0], pitch.correct[:, 0], pitch.count[:, 0].astype(float))
    return [tune.id for tune in tunes.tunes[part]], Scores(*columns)


def measure(checkpoint: Path, part: str) -> dict[str, Any]:
    """Rows and paired differences."""
    network = load_companion(checkpoint, "melody_transformer").network
    data = load_examples(DataRequest())
    judged = data.test() if part == "test" else data.validation
    rows = rows_of(network, data, judged)
    ids, markov = markov_scores(part)
    by_id = {line.id: line for line in of_corpora(whole_lines(judged), TUNES)}
    lines = [by_id[id] for id in ids]
    bare = network_scores(network, [example_of(line.without_chords()) for line in lines])
    if (bare.notes != markov.notes).any():
        raise SystemExit("The two models were not given the same notes.")
    rows.append(row_of(f"{TUNES}, chords unknown", "Markov", markov, is_baseline=True))
    known = [line for line in lines if line.has_chords]
    learnt, chosen = (
        [line for line in of_corpora(whole_lines(examples), TUNES) if line.has_chords]
        for examples in (data.train, data.validation)
    )
    seeing = best_ngram(WITH_CHORDS, [learnt], chosen).scores(known)
    told = network_scores(network, [example_of(line) for line in known])
    pairs = [
        compare_paired(bare.bits, markov.bits, bare.notes, names=("network", "Markov")),
        compare_paired(
            told.bits, seeing.bits, told.notes, names=("network, chords", "n-gram, chords")
        ),
    ]
    return {
        "part": part,
        "rows": [
            {
                "test": row.test,
                "method": row.method,
                "is_baseline": row.is_baseline,
                **{name: figure.to_dict() for name, figure in row.figures.items()},
            }
            for row in rows
        ],
        "paired": [pair.to_dict() for pair in pairs],
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--part", choices=("validation", "test"), default="test")
    options = parser.parse_args()
    result = measure(options.checkpoint, options.part)
    for row in result["rows"]:
        bits, right = row[BITS], row["next pitch right"]
        print(
            f"{row['test']:52} {row['method']:42} {bits['value']:.3f} "
            f"[{bits['low']:.3f}, {bits['high']:.3f}]  {right['value']:.3f}  n {bits['n']}"
        )
    for pair in result["paired"]:
        gap = pair["difference"]
        print(
            f"{pair['first']} less {pair['second']}: {gap['value']:+.3f} "
            f"[{gap['low']:+.3f}, {gap['high']:+.3f}], p {pair['p_value']:.4f}"
        )
    target = RESULTS if options.part == "test" else RESULTS.with_stem(f"{RESULTS.stem}_validation")
    write_json(target, result)


if __name__ == "__main__":
    main()
