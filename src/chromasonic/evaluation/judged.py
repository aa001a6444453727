"""A model judged piece by piece: what two models must share to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, kw_only=True, eq=False)
class PieceScores:
    """One metric on every piece; the figure is the sum of `sums_N` over that of `counts_N`.

    Attributes:
        unit: what a 1 is ("bits a note").
        is_lower_better: which way is better.
        sums_N: one sum a piece, such as the bits of its notes.
        counts_N: what it is divided by, such as its notes.
    """

    unit: str
    is_lower_better: bool
    sums_N: np.ndarray
    counts_N: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """One model on one part of one corpus.

    Attributes:
        model: how it is called.
        task: melody, companion, harmonizer or gesture.
        kind: within the task.
        seed: of its training; None where that is not known.
        corpus: by name.
        part: train, validation or test.
        unit: what a piece is: "tune", "chorale", "recording", ...
        pieces: ids, in the order of every `PieceScores`.
        scores: metric to its scores; the first is the one that decides.
        group_of: piece to the work or performer that it belongs to, where pieces of one depend on
            each other; empty where they do not.
        recipe: a hash of every setting but the seed, that runs of one recipe share; "" where that
            is not known.
        remarks: what must be known to read the figures.
    """

    model: str
    task: str
    kind: str
    seed: int | None
    corpus: str
    part: str
    unit: str
    pieces: tuple[str, ...]
    scores: Mapping[str, PieceScores]
    group_of: Mapping[str, str] = field(default_factory=dict)
    recipe: str = ""
    remarks: tuple[str, ...] = ()
