"""What others report of the corpora, to stand in the table of results."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Published:
    """A published accuracy.

    Attributes:
        who: method and source.
        accuracy: share of recordings.
        recordings: in its test part; 0 where the source does not say.
    """

    who: str
    accuracy: float
    recordings: int = 0


PUBLISHED: dict[tuple[str, str], tuple[Published, ...]] = {
    ("auslan95-signs", "seen"): (
        Published(who="about 80% (Kadous, 1999; another division)", accuracy=0.80),
    ),
    ("auslan95-signs", "unseen"): (
        Published(who="about 30% (Kadous, 1995; one signer of five left out)", accuracy=0.30),
    ),
    ("articulary-words", "official"): (
        Published(who="NuTime", accuracy=0.994, recordings=300),
        Published(who="DKN", accuracy=0.993, recordings=300),
        Published(who="TS2Vec", accuracy=0.987, recordings=300),
    ),
}
"""Corpus and protocol to what is known; only what was measured by the same protocol."""
