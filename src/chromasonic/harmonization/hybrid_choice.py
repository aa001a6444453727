"""How far the hybrid trusts its prior: chosen on validation chorales, never on the test part.

More trust makes a harmonization more like Bach's and costs reward. Taken is the most trust at which
the mean share of the ceiling is still what was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chromasonic.harmonization.bach import melody_of_chorale
from chromasonic.harmonization.baselines import expected_random_reward
from chromasonic.harmonization.hybrid import JointSearch
from chromasonic.harmonization.hybrid_settings import HybridSettings
from chromasonic.harmonization.lattice import best_paths
from chromasonic.harmonization.prior import Prior
from chromasonic.music.chorale import Chorale

TRUSTS = (2.0, 1.5, 1.2, 1.0, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
"""What is tried, from the most on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was chosen.

    Attributes:
        trust: see `HybridAgent`.
        share: mean share of the ceiling on the validation chorales.
    """

    trust: float
    share: float


def choose_trust(prior: Prior, validation: Sequence[Chorale], settings: HybridSettings) -> Chosen:
    """The most trust that keeps `settings.least_share`, or the least there is where none does.

    A trust that is set is only measured.

    Args:
        prior: of the beats.
        validation: chorales to choose by.
        settings: with `trust` and `least_share`.
    """
    melodies = [melody_of_chorale(chorale) for chorale in validation]
    random = np.array([expected_random_reward(melody) for melody in melodies])
    searches = [JointSearch(prior, melody) for melody in melodies]
    ceiling = np.array([best_paths(search.by_rules)[0].score for search in searches])

    def share(trust: float) -> float:
        reached = np.array([search.best(trust).reward for search in searches])
        return float(np.mean((reached - random) / (ceiling - random)))

    if settings.trust:
        return Chosen(trust=settings.trust, share=share(settings.trust))
    for trust in TRUSTS:
        reached = share(trust)
        if reached >= settings.least_share:
            break
    return Chosen(trust=trust, share=reached)
