"""How likely the lower voices of the JSB chorales are under the hybrid's network, soprano given.

    CHROMASONIC_DATA=DIR python benchmarks/chorale_likelihood.py [--part test] [--model FILE]

The exact protocol: the published chorales (76 of validation, 77 of test) on a grid of sixteenths,
as they are published; alto, tenor and bass at each sixteenth given the soprano of the whole piece
and all that came before, and within a sixteenth the bass first, then tenor, then alto. Silence is
one of the 36 classes of a voice. No fermata, key, metre or upbeat is given; the key is estimated
from the soprano. Nats a note is the sum over all (sixteenth, voice) cells by their number. Most
cells repeat a held pitch, so the cells with another pitch than the one before stand apart.

The network is trained on music21's scores without any setting of a held-out tune (see
docs/data.md), so it has seen less than models that use all 229 training chorales, some of which set
the tunes of test chorales. Choices were made on the validation part; `--part test` opens the test.
Writes results/chorale_likelihood.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic.data.harmonizer_chorales import harmonizer_chorales
from chromasonic.evaluation.statistics import bootstrap_ratio
from chromasonic.files import write_json
from chromasonic.harmonization.agents import SHIPPED
from chromasonic.harmonization.hybrid_file import read_hybrid
from chromasonic.harmonization.models_directory import FILES
from chromasonic.harmonization.prior_baselines import CountBaseline, HoldBaseline
from chromasonic.harmonization.prior_training import (
    Example,
    example_of_pitches,
    examples_on_sixteenths,
)
from chromasonic.music.chorale import Chorale

RESULTS = Path(__file__).parent / "results" / "chorale_likelihood.json"
STRENGTHS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
UNIT = "nats a note"
PUBLISHED = {
    "TonicNet, 0.220 nats": (
        "O. Peracha, Improving Polyphonic Music Models with Feature-Rich Encoding, arXiv "
        "1911.11775: mean over predicted elements, five a sixteenth (the chord and all four "
        "voices, the soprano too), trained on all 229 chorales in all keys: another protocol, not "
        "to be set beside these figures"
    ),
}


def judged_pieces(part: str) -> list[Example]:
    """The published chorales of a part."""
    chorales = harmonizer_chorales(analyses=False)
    published = chorales.test if part == "test" else chorales.published_validation
    return [example_of_pitches(chorale.pitches) for chorale in published]


def counted(chorales: tuple[Chorale, ...]) -> list[Example]:
    """What the baselines count: each chorale in all keys."""
    return [
        example
        for chorale in chorales
        for example in examples_on_sixteenths(chorale, in_all_keys=True)
    ]


def figures(pieces: list[Example], of: Callable[[Example], np.ndarray]) -> dict[str, Any]:
    """Nats a note, all and changed, with intervals over chorales."""
    nats = [-np.asarray(of(piece), np.float64) for piece in pieces]
    changed = []
    for piece in pieces:
        is_changed = np.ones(piece.lower.shape, bool)
        is_changed[1:] = piece.lower[1:] != piece.lower[:-1]
        changed.append(is_changed)
    rows = {
        "all notes": (nats, [np.ones_like(where) for where in changed]),
        "changed notes": (nats, changed),
        "held notes": (nats, [~where for where in changed]),
    }
    found: dict[str, Any] = {
        name: bootstrap_ratio(
            [values[where].sum() for values, where in zip(*row, strict=True)],
            [where.sum() for where in row[1]],
            unit=UNIT,
        )
        for name, row in rows.items()
    }
    for index, voice in enumerate(("alto", "tenor", "bass")):
        found[voice] = bootstrap_ratio(
            [values[:, index].sum() for values in nats], [len(values) for values in nats], unit=UNIT
        )
    found["share of held notes"] = float(
        np.mean(np.concatenate([~where.ravel() for where in changed]))
    )
    return found


def count_baseline(examples: list[Example], validation: list[Example]) -> CountBaseline:
    """The counts with the smoothing that is best on validation."""
    fitted = CountBaseline.fit(examples)

    def loss(strength: float) -> float:
        model = CountBaseline(full=fitted.full, strength=strength)
        return float(-np.mean(np.concatenate([model.log_likelihoods(one) for one in validation])))

    return CountBaseline(full=fitted.full, strength=min(STRENGTHS, key=loss))


def main() -> None:
    """Judge and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("validation", "test"), default="validation")
    parser.add_argument("--model", type=Path, default=SHIPPED / FILES["hybrid"].model)
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    prior = read_hybrid(arguments.model).sixteenths
    if prior is None:
        parser.error(f"{arguments.model} has no network for sixteenths; train it with one.")
    pieces = judged_pieces(arguments.part)
    training = counted(harmonizer_chorales(analyses=False).training)
    counts = count_baseline(training, judged_pieces("validation"))
    rows = {
        "hold": figures(pieces, HoldBaseline.fit(training).log_likelihoods),
        "first-order counts": figures(pieces, counts.log_likelihoods),
        "network": figures(pieces, lambda one: prior.log_likelihoods(one.steps, one.lower)),
    }
    print(f"{arguments.part}: {len(pieces)} chorales, {UNIT}")
    for name, row in rows.items():
        print(name)
        for what, figure in row.items():
            print(f"  {what:20s} {figure}")
    write_json(
        arguments.output,
        {
            "part": arguments.part,
            "chorales": len(pieces),
            "notes": int(sum(3 * len(piece) for piece in pieces)),
            "unit": UNIT,
            "model": str(arguments.model.name),
            "rows": {
                name: {
                    what: value if isinstance(value, float) else value.to_dict()
                    for what, value in row.items()
                }
                for name, row in rows.items()
            },
            "published under other protocols": PUBLISHED,
        },
    )


if __name__ == "__main__":
    main()
