"""The hybrid agent: Bach's chorales as prior, the rules as reward, both in one exact search.

What is searched for is the harmonization with the highest sum of the rules' reward and `trust`
times its log-likelihood under a network that was trained on chorales. The network is of first
order, as the rules are, so dynamic programming finds the optimum.

To save time only those voicings are weighed through which at least one harmonization goes whose
reward is within `REACH` of the ceiling; the rules alone tell which (`within_reach`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.alternatives import alternatives_in
from chromasonic.harmonization.exact import (
    Harmonization,
    candidates,
    harmonization_of,
    lattice_of,
)
from chromasonic.harmonization.hybrid_file import read_hybrid
from chromasonic.harmonization.lattice import Lattice, best_paths
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.prior import Prior
from chromasonic.harmonization.prior_features import steps_of_beats
from chromasonic.harmonization.prior_frames import NONE
from chromasonic.harmonization.voicings import Voicings

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

REACH = 6.0
"""How much reward a voicing may cost against the best harmonization without it, to be weighed."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class HybridAgent:
    """Harmonizes by rules and by what is usual in Bach's chorales.

    Attributes:
        prior: the network of the beats.
        trust: what one nat of log-likelihood counts in units of the reward; 0 is exact search by
            the rules alone.
        reach: see `REACH`; infinity weighs all admissible voicings.
        name: of the agent.
    """

    prior: Prior
    trust: float
    reach: float = REACH
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
        """The best harmonization, then ever other ones; see `alternatives`."""
        del seed
        search = JointSearch(self.prior, melody, reach=self.reach)
        found = alternatives_in(search.lattice(self.trust), search.sets, melody, count)
        return [replace(harmonization, agent=self.name) for harmonization in found]

    def log_likelihood(self, harmonization: Harmonization) -> float:
        """Log-likelihood of a harmonization under the prior, in nats."""
        steps = steps_of_beats(harmonization.melody.beats)
        lower = harmonization.voicings.pitches[:, 1:]
        return float(self.prior.log_likelihoods(steps, lower).sum())


class JointSearch:
    """The voicings of a melody within reach, scored by rules and prior; for any trust at once.

    Args:
        prior: of first order.
        melody: at least one beat.
        reach: see `REACH`.

    Raises:
        UsageError: a note has no admissible voicing.
    """

    def __init__(self, prior: Prior, melody: Melody, *, reach: float = REACH) -> None:
        sets = candidates(melody)
        self.melody = melody
        self.by_rules = lattice_of(melody, sets=sets)
        """All admissible voicings, scored by the rules alone."""
        self._is_kept = within_reach(self.by_rules, reach)
        self.sets = [rows[is_kept] for rows, is_kept in zip(sets, self._is_kept, strict=True)]
        """What is weighed at each beat."""
        self._likely = LikelyPairs(prior, melody, self.sets)
        self._known: dict[int, tuple[Floats, Floats]] = {}

    def best(self, trust: float) -> Harmonization:
        """The harmonization with the highest sum."""
        path = best_paths(self.lattice(trust))[0]
        return harmonization_of(path, self.melody, self.sets)

    def lattice(self, trust: float) -> Lattice:
        """What is weighed, scored by the reward and `trust` times the log-likelihood."""
        own = [
            np.asarray(scores)[is_kept]
            for scores, is_kept in zip(self.by_rules.own, self._is_kept, strict=True)
        ]
        own[0] = own[0] + trust * self._likely(0)[0]
        sums: dict[int, Floats] = {}

        def pairs(step: int) -> Floats:
            if step not in sums:
                by_rules, likely = self._pairs(step)
                sums[step] = by_rules + np.float32(trust) * likely
            return sums[step]

        return Lattice(own=own, pairs=pairs)

    def _pairs(self, step: int) -> tuple[Floats, Floats]:
        if step not in self._known:
            places = np.ix_(self._is_kept[step], self._is_kept[step + 1])
            by_rules = np.asarray(self.by_rules.pairs(step)[places], np.float32)
            self._known[step] = by_rules, self._likely(step + 1)
        return self._known[step]


class LikelyPairs:
    """Beat to the log-likelihoods, in nats, of its voicings after each of the beat before: (M, N).

    Args:
        prior: of first order.
        melody: B beats.
        sets: the voicings of each beat.
    """

    def __init__(self, prior: Prior, melody: Melody, sets: Sequence[Voicings]) -> None:
        self._prior, self._sets = prior, sets
        self._steps = steps_of_beats(melody.beats)
        self._context = prior.context(self._steps)

    def __call__(self, beat: int) -> Floats:
        """(M, N) into a beat; (1, N) into the first."""
        before: Integers = np.full((1, 3), NONE)
        if beat:
            before = self._sets[beat - 1].pitches[:, 1:]
        rows, spread = np.unique(self._sets[beat].pitches[:, 1:], axis=0, return_inverse=True)
        logs = self._prior.of_all_pairs(
            self._context[beat],
            int(self._steps.soprano[beat]),
            int(self._steps.tonic[beat]),
            before,
            rows,
        )
        return logs[:, spread.ravel()]


def within_reach(lattice: Lattice, reach: float) -> list[Truths]:
    """For each step (N,) which nodes lie on a path whose score is within `reach` of the best.

    Args:
        lattice: at least one step.
        reach: 0 keeps the nodes of the best paths alone.
    """
    forward: list[Doubles] = [np.asarray(lattice.own[0], np.float64)]
    for step in range(1, len(lattice)):
        ways = forward[-1][:, None] + lattice.pairs(step - 1)
        forward.append(ways.max(0) + lattice.own[step])
    best, kept = forward[-1].max(), list[Truths]()
    onward = np.zeros(len(forward[-1]))  # the best that can follow each node
    for step in reversed(range(len(lattice))):
        kept.append(forward[step] + onward >= best - reach - 1e-3)  # pairs are single precision
        if step:
            onward = (lattice.pairs(step - 1) + (onward + lattice.own[step])[None]).max(1)
    return kept[::-1]
