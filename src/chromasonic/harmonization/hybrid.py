"""The hybrid agent: Bach's chorales as prior, the rules as reward, both in one exact search.

What is searched for is the harmonization with the highest sum of the rules' reward and `trust`
times its log-likelihood under a network that was trained on chorales. The network is of first
order, as the rules are, so dynamic programming over all admissible voicings finds the optimum.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.exact import Harmonization, candidates, n_best
from chromasonic.harmonization.hybrid_file import read_hybrid
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.prior import Prior
from chromasonic.harmonization.prior_features import steps_of_beats
from chromasonic.harmonization.prior_frames import NONE
from chromasonic.harmonization.voicings import Voicings

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class HybridAgent:
    """Harmonizes by rules and by what is usual in Bach's chorales.

    Attributes:
        prior: the network of the beats.
        trust: what one nat of log-likelihood counts in units of the reward; 0 is exact search by
            the rules alone.
        name: of the agent.
    """

    prior: Prior
    trust: float
    name: str = "hybrid"

    @classmethod
    def load(cls, path: Path) -> HybridAgent:
        """The agent in a model file.

        Raises:
            CheckpointError: it is damaged, or of another version.
        """
        model = read_hybrid(path)
        return cls(prior=model.beats, trust=model.trust)

    def harmonize(self, melody: Melody, *, seed: int = 0) -> Harmonization:
        """The harmonization with the highest sum of reward and trusted log-likelihood.

        Args:
            melody: at least one beat.
            seed: of no effect: nothing is left to chance.

        Raises:
            UsageError: a note has no admissible voicing.
        """
        return self.alternatives(melody, 1, seed=seed)[0]

    def alternatives(self, melody: Melody, count: int, *, seed: int = 0) -> list[Harmonization]:
        """The `count` best harmonizations, best first; fewer where there are fewer."""
        del seed
        sets = candidates(melody)
        trusted = TrustedPairs(self.prior, self.trust, melody, sets)
        best = n_best(melody, count, sets=sets, added=trusted if self.trust else None)
        return [replace(found, agent=self.name) for found in best]

    def log_likelihood(self, harmonization: Harmonization) -> float:
        """Log-likelihood of a harmonization under the prior, in nats."""
        steps = steps_of_beats(harmonization.melody.beats)
        lower = harmonization.voicings.pitches[:, 1:]
        return float(self.prior.log_likelihoods(steps, lower).sum())


class TrustedPairs:
    """Beat to what the prior adds to each pair of voicings into it: (M, N), `trust` times nats."""

    def __init__(
        self, prior: Prior, trust: float, melody: Melody, sets: list[Voicings]
    ) -> None:
        self._prior, self._trust = prior, trust
        self._steps = steps_of_beats(melody.beats)
        self._context = prior.context(self._steps)
        self._sets = sets

    def __call__(self, beat: int) -> Floats:
        before: Integers = np.full((1, 3), NONE)
        if beat:
            before = self._sets[beat - 1].pitches[:, 1:]
        after = self._sets[beat].pitches[:, 1:]
        rows, spread = np.unique(after, axis=0, return_inverse=True)
        logs = self._prior.of_all_pairs(
            self._context[beat],
            int(self._steps.soprano[beat]),
            int(self._steps.tonic[beat]),
            before,
            rows,
        )
        return np.float32(self._trust) * logs[:, spread.ravel()]
