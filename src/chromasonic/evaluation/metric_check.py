"""The metrics put to the test: do they rate held-out human tunes high and spoilt ones low?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chromasonic.evaluation.controls import CONTROLS
from chromasonic.evaluation.descriptors import METRICS
from chromasonic.evaluation.figure import Figure
from chromasonic.evaluation.statistics import bootstrap_median
from chromasonic.evaluation.typicality import Reference
from chromasonic.music.tune import Tune

HUMAN = "human"


def check_metrics(
    reference: Reference, tunes: Sequence[Tune], *, seed: int = 0
) -> dict[str, dict[str, Figure]]:
    """Median coherence and musicality of tunes, and of every control made from them.

    Args:
        reference: the human tunes that others are placed among.
        tunes: human tunes that the reference does not hold.
        seed: of the controls and the bootstraps.

    Returns:
        "human" and each of `controls.CONTROLS` -> metric -> median with its interval over tunes.
    """
    rng = np.random.default_rng(seed)
    sets = {HUMAN: list(tunes)}
    sets |= {name: [spoil(tune, rng) for tune in tunes] for name, spoil in CONTROLS.items()}
    return {
        name: {
            metric: bootstrap_median(
                [reference.score(tune, metric).score for tune in members],
                unit="0 to 1",
                seed=seed,
            )
            for metric in METRICS
        }
        for name, members in sets.items()
    }
