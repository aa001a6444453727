"""How typical a tune is among human tunes: coherence and musicality.

For each metric a list of descriptors is computed for many human reference tunes. A tune's values
become places among theirs (0 to 1), the places normal deviates, and the deviates one distance from
the middle, which counts what is correlated once (Mahalanobis). Too much of something is as far off
as too little. The tune's percentile is the share of reference tunes that are at least as far off;
`SCALE` turns it into the score, so that the bands of the metric mean: below 0.5, it would be among
the least typical fifth of human tunes; above 0.7, not even among their least typical third.

So a score says "as human tunes go", never "good": a strange masterpiece is atypical too.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chromasonic.errors import EvaluationError
from chromasonic.evaluation.descriptors import METRICS
from chromasonic.evaluation.outline import Outline, outline_of
from chromasonic.music.tune import Tune

SCALE = ((0.0, 0.0), (1 / 5, 0.5), (1 / 3, 0.7), (1.0, 1.0))
"""Percentile among human tunes to score, straight lines between."""

SHRINKAGE = 0.1  # of the deviates' correlations towards none, against chance in few tunes
FOLDS = 5
FEWEST_TUNES = 30
FEWEST_NOTES = 8


@dataclass(frozen=True, kw_only=True)
class TuneScore:
    """How typical a tune is.

    Attributes:
        score: 0 to 1 by `SCALE`; NaN where it is undefined.
        percentile: share of reference tunes that are at least as far from the middle.
        places: descriptor to its place among the reference tunes, 0 to 1; NaN where undefined.
        reason: why the score is NaN; empty where it is not.
    """

    score: float
    percentile: float
    places: dict[str, float]
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ReferenceFacts:
    """Which human tunes stand behind a score.

    Attributes:
        name: corpus and part, such as "nottingham, train".
        count: how many tunes.
        ids_hash: first 16 hexadecimal digits of the SHA-256 of their sorted ids.
    """

    name: str
    count: int
    ids_hash: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"name": self.name, "count": self.count, "ids_hash": self.ids_hash}


class Reference:
    """Human tunes against which others are placed.

    Args:
        tunes: at least `FEWEST_TUNES` that are long enough; none of them should be scored.
        name: what they are, such as "nottingham, train".

    Raises:
        EvaluationError: too few tunes.
    """

    def __init__(self, tunes: Sequence[Tune], *, name: str) -> None:
        kept = [tune for tune in tunes if not _too_short(outline_of(tune))]
        if len(kept) < FEWEST_TUNES:
            raise EvaluationError(
                f"{len(kept)} of the {len(tunes)} reference tunes ({name}) have {FEWEST_NOTES} "
                f"notes or more; percentiles need at least {FEWEST_TUNES}. Give more reference "
                "tunes, or none to use the public-domain folk tunes."
            )
        ids = "\n".join(sorted(tune.id for tune in kept))
        self.facts = ReferenceFacts(
            name=name, count=len(kept), ids_hash=hashlib.sha256(ids.encode()).hexdigest()[:16]
        )
        outlines = [outline_of(tune) for tune in kept]
        self._metrics = {
            metric: _Fitted(np.array([[f(o) for f in catalogue.values()] for o in outlines]))
            for metric, catalogue in METRICS.items()
        }

    def score(self, tune: Tune, metric: str) -> TuneScore:
        """Place a tune.

        Args:
            tune: the tune.
            metric: "coherence" or "musicality".
        """
        outline, catalogue = outline_of(tune), METRICS[metric]
        if _too_short(outline):
            reason = f"{len(outline.pitches)} notes are too few, at least {FEWEST_NOTES} are needed"
            return _unscored(catalogue, reason)
        values = np.array([[descriptor(outline) for descriptor in catalogue.values()]])
        defined = int((~np.isnan(values)).sum())
        if 2 * defined < len(catalogue):
            reason = f"only {defined} of {len(catalogue)} descriptors are defined (too few bars)"
            return _unscored(catalogue, reason)
        fitted = self._metrics[metric]
        percentile = float(fitted.percentiles(values)[0])
        return TuneScore(
            score=scaled(percentile),
            percentile=percentile,
            places=dict(zip(catalogue, map(float, fitted.places(values)[0]), strict=True)),
        )


def scaled(percentile: float) -> float:
    """The score of a percentile among human tunes, by `SCALE`."""
    percentiles, scores = zip(*SCALE, strict=True)
    return float(np.interp(percentile, percentiles, scores))


def _too_short(outline: Outline) -> bool:
    return len(outline.pitches) < FEWEST_NOTES


def _unscored(catalogue: dict[str, Any], reason: str) -> TuneScore:
    return TuneScore(
        score=math.nan, percentile=math.nan, places=dict.fromkeys(catalogue, math.nan),
        reason=reason,
    )  # fmt: skip


@dataclass
class _Fitted:
    """The reference's table (N tunes, D descriptors) and how far its own tunes are off."""

    table_ND: np.ndarray
    _off_N: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self._middle = _Middle(self.table_ND)
        # Each fold is judged by the others, as a tune from outside is judged by all: otherwise the
        # reference tunes would look nearer to the middle than any other human tune.
        fold_N = np.arange(len(self.table_ND)) % FOLDS
        off_N = np.empty(len(self.table_ND))
        for fold in range(FOLDS):
            inside = fold_N == fold
            off_N[inside] = _Middle(self.table_ND[~inside]).typical(self.table_ND[inside])
        self._off_N = np.sort(off_N)

    def percentiles(self, values: np.ndarray) -> np.ndarray:
        """Share of reference tunes at least as far off as each row."""
        below = np.searchsorted(self._off_N, self._middle.typical(values), side="right")
        return below / len(self._off_N)

    def places(self, values: np.ndarray) -> np.ndarray:
        """Place of each value among the reference's."""
        return self._middle.places(values)


class _Middle:
    """The middle of a table of descriptors, and the distance from it."""

    def __init__(self, table_ND: np.ndarray) -> None:
        self.columns = [np.sort(column[~np.isnan(column)]) for column in table_ND.T]
        deviates_ND = self.deviates(table_ND)
        known_ND = ~np.isnan(deviates_ND)
        filled_ND = np.where(known_ND, deviates_ND, 0.0)
        pairs_DD = np.maximum(known_ND.T.astype(float) @ known_ND, 1)
        self.spread_DD = filled_ND.T @ filled_ND / pairs_DD + SHRINKAGE * np.eye(len(self.columns))

    def places(self, values: np.ndarray) -> np.ndarray:
        """Place of each value among the table's, inside (0, 1); ties take the middle place."""
        places = np.full(values.shape, np.nan)
        for index, column in enumerate(self.columns):
            known = ~np.isnan(values[:, index])
            value = values[known, index]
            low, high = (np.searchsorted(column, value, side) for side in ("left", "right"))
            places[known, index] = ((low + high) / 2 + 0.5) / (len(column) + 1)
        return places

    def deviates(self, values: np.ndarray) -> np.ndarray:
        """Places as normal deviates."""
        from scipy.special import ndtri

        return ndtri(self.places(values))

    def typical(self, values: np.ndarray) -> np.ndarray:
        """Tail probability of each row's squared distance; 1 is the middle itself.

        A row with undefined descriptors is judged by the others: the chi-squared tail makes
        distances over different numbers of descriptors comparable.
        """
        from scipy.special import chdtrc

        result = np.empty(len(values))
        for row, deviates in enumerate(self.deviates(values)):
            known = ~np.isnan(deviates)
            z, spread = deviates[known], self.spread_DD[np.ix_(known, known)]
            result[row] = chdtrc(known.sum(), z @ np.linalg.solve(spread, z))
        return result
