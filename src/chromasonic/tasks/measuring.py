"""A model's figures with intervals over pieces, from what `judging` says of each piece."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chromasonic.evaluation.judged import Judged
from chromasonic.evaluation.statistics import bootstrap_ratio
from chromasonic.registry.judgements import Judgement, stamped


def judgement_of(judged: Judged, *, seed: int = 0) -> Judgement:
    """Every metric of a judged model with its 95% interval.

    Pieces that depend on each other (of one work, of one performer) are resampled together; n
    counts what is independent.

    Args:
        judged: a model on one part of one corpus.
        seed: chooses the resamples.
    """
    groups_N = _groups(judged.pieces, judged)
    figures = {
        name: {
            **bootstrap_ratio(
                np.bincount(groups_N, weights=scores.sums_N),
                np.bincount(groups_N, weights=scores.counts_N),
                unit=scores.unit,
                seed=seed,
            ).to_dict(),
            "is_lower_better": scores.is_lower_better,
        }
        for name, scores in judged.scores.items()
    }
    return stamped(
        Judgement(
            kind=judged.kind,
            corpus=judged.corpus,
            part=judged.part,
            unit=judged.unit,
            pieces=len(judged.pieces),
            figures=figures,
        )
    )


def _groups(pieces: Sequence[str], judged: Judged) -> np.ndarray:
    """The number of the group that each piece belongs to (N,); a piece alone is its own."""
    names = [judged.group_of.get(piece, piece) for piece in pieces]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names])
