"""The words for figures: bands with a name, from the worst to the best."""

from __future__ import annotations

import math

BANDS: dict[str, tuple[tuple[float, str], ...]] = {
    "accuracy": ((0.0, "needs improvement"), (0.5, "good"), (0.7, "excellent")),
    "perplexity": ((1.0, "excellent"), (10.0, "good"), (50.0, "uncertain")),
    "diversity": ((0.0, "too repetitive"), (0.4, "balanced"), (0.7, "high variety")),
    "coherence": ((0.0, "disjointed"), (0.5, "acceptable"), (0.7, "smooth")),
    "musicality": ((0.0, "random-sounding"), (0.5, "some musical features"), (0.7, "musical")),
}
"""Metric to its bands: where each begins, and its word. Borders belong to the middle band."""


def band_of(metric: str, value: float) -> str:
    """The word for a value of a metric of `BANDS`; "undefined" for NaN."""
    if math.isnan(value):
        return "undefined"
    (_, low), (first, middle), (second, high) = BANDS[metric]
    return low if value < first else high if value > second else middle
