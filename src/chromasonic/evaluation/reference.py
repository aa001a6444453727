"""The human tunes that stand behind a score where the caller gives none."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from chromasonic.evaluation.typicality import Reference
from chromasonic.music.tune import Tune

REFERENCE_TUNES = 400
"""As many as are needed for percentiles to a few hundredths; more cost time only."""


@lru_cache(maxsize=1)
def default_reference() -> Reference:
    """Public-domain folk tunes that are always installed (the training part of `folk-pd`)."""
    from chromasonic.data import load

    corpus = load("folk-pd", download=False)
    return reference_of(corpus.part("train"), name="folk-pd, train")


def reference_of(tunes: Sequence[Tune], *, name: str) -> Reference:
    """A reference of at most `REFERENCE_TUNES`, taken evenly over the tunes as they are ordered."""
    step = max(1.0, len(tunes) / REFERENCE_TUNES)
    chosen = [tunes[int(place * step)] for place in range(min(len(tunes), REFERENCE_TUNES))]
    return Reference(chosen, name=name)
