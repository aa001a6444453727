"""Experiments with made-up listeners: how often a false alarm, how many votes does it take?

Many experiments run side by side, vote by vote, and each is looked at after every vote, as an
impatient researcher would. Listeners differ in taste, may favour what they hear first, may prefer
neither, leave early, or be bots. What is used is the very test of `sequential`.

Legend: X experiments, C listeners at once, K stakes, H hypotheses.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chromasonic.abtest.guards import GuardRules, two_sided_chance
from chromasonic.abtest.ranges import check_ranges
from chromasonic.abtest.sequential import EVEN, STAKES_K, Tally, log_factors, mixed
from chromasonic.errors import UsageError
from chromasonic.evaluation.figure import Figure
from chromasonic.evaluation.statistics import wilson


@dataclass(frozen=True, kw_only=True)
class World:
    """How listeners are.

    Attributes:
        preference: share of votes for the first version, over listeners.
        alike: correlation of votes within a listener: 0, all listeners are the same; near 1, each
            has made up their mind.
        first_gains: by how much hearing a version first raises its chance.
        neither: share of votes for neither.
        leaves: chance of leaving after each vote.
        bots: share of listeners who always choose what comes first.
        trials: votes planned for each listener.
        at_once: listeners who are in the middle at the same time.
    """

    preference: float = 0.5
    alike: float = 0.1
    first_gains: float = 0.0
    neither: float = 0.0
    leaves: float = 0.0
    bots: float = 0.0
    trials: int = 10
    at_once: int = 5

    def __post_init__(self) -> None:
        check_ranges(
            self,
            ("preference", 0.0, 1.0), ("alike", 0.0, 0.99), ("first_gains", -0.5, 0.5),
            ("neither", 0.0, 0.99), ("leaves", 0.0, 0.99), ("bots", 0.0, 0.99),
            ("trials", 1, 1000), ("at_once", 1, 10_000),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Simulated:
    """What came of many experiments.

    Attributes:
        world: how listeners were.
        max_votes: each experiment's end.
        decided_at_X: votes when a preference was seen first; inf where it never was.
        first_won_X: whether it was for the first version.
        settled_at_X: votes when "no difference" was seen first; inf where it never was.
        naive_at_X: votes when a z-test repeated after each vote (from 20 on) first gave p < alpha.
        by_vote_at_X: votes when the same bets, made on each vote by itself, first sufficed.
    """

    world: World
    max_votes: int
    decided_at_X: np.ndarray
    first_won_X: np.ndarray
    settled_at_X: np.ndarray
    naive_at_X: np.ndarray
    by_vote_at_X: np.ndarray

    def share_ever(self, times_X: np.ndarray) -> Figure:
        """How many of the experiments ever came there, with a 95% interval."""
        came = np.isfinite(times_X)
        return wilson(int(came.sum()), len(came), unit="share of experiments")

    def votes_taken(self, share: float, times_X: np.ndarray | None = None) -> float:
        """Votes within which this share of experiments came there; inf: more than there were.

        Args:
            share: of the experiments.
            times_X: where to; left out: the preference was seen.
        """
        times = np.sort(self.decided_at_X if times_X is None else times_X)
        return float(times[math.ceil(share * len(times)) - 1])

    def summary(self, *, alpha: float = 0.05) -> dict[str, Any]:
        """Plain values for JSON; votes that no experiment needed so many of are infinite.

        Args:
            alpha: of the fixed test beside it.
        """
        ways = {
            "always valid": self.decided_at_X,
            "z-test, repeated": self.naive_at_X,
            "each vote a bet": self.by_vote_at_X,
        }
        world = self.world
        fixed = None
        if world.preference not in (0.0, EVEN, 1.0):
            fixed = fixed_votes(
                world.preference, alpha=alpha, alike=world.alike, trials=world.trials
            )
        return {
            "world": asdict(world),
            "experiments": len(self.decided_at_X),
            "max_votes": self.max_votes,
            "ways": {
                way: {
                    "share": self.share_ever(times_X).to_dict(),
                    "median": self.votes_taken(0.5, times_X),
                    "within_90": self.votes_taken(0.9, times_X),
                }
                for way, times_X in ways.items()
            },
            "fixed_votes": fixed,
        }


def simulate(
    world: World,
    *,
    experiments: int = 1000,
    max_votes: int = 1000,
    alpha: float = 0.05,
    margin: float | None = None,
    rules: GuardRules | None = None,
    seed: int = 0,
) -> Simulated:
    """Run experiments with made-up listeners, looking after every vote.

    Args:
        world: how listeners are.
        experiments: how many.
        max_votes: when each ends.
        alpha: of the test, and of the naive one beside it.
        margin: also look for "no difference" within it; None: do not.
        rules: set listeners of one side apart by these; None: nobody is set apart.
        seed: of everything by chance.
    """
    rng = np.random.default_rng(seed)
    crowd = _Crowd(world, experiments, rng, rules)
    means = [EVEN] if margin is None else [EVEN, EVEN - margin, EVEN + margin]
    tables = [_factor_table(world.trials, mean) for mean in means]
    single = _factor_table(1, EVEN)
    wealth = [np.zeros((experiments, len(STAKES_K))) for _ in means]
    by_vote = np.zeros((experiments, len(STAKES_K)))
    points_X, squares_X = np.zeros(experiments), np.zeros(experiments)
    never = np.full(experiments, np.inf)
    decided, settled, naive, alone = (never.copy() for _ in range(4))
    first_won = np.zeros(experiments, bool)
    enough, z_enough = -math.log(alpha), _normal_quantile(1 - alpha / 2)
    for votes in range(1, max_votes + 1):
        entering, doubled = crowd.vote()
        for table, held in zip(tables, wealth, strict=True):
            held += table[entering]
        by_vote += single[1, doubled]
        points_X += doubled / 2 - EVEN
        squares_X += (doubled / 2 - EVEN) ** 2
        evidence = [mixed(held) for held in wealth]
        is_new = (evidence[0] >= enough) & np.isinf(decided)
        decided[is_new] = votes
        first_won[is_new] = points_X[is_new] > 0
        if margin is not None:
            settled[(np.minimum(*evidence[1:]) >= enough) & np.isinf(settled)] = votes
        alone[(mixed(by_vote) >= enough) & np.isinf(alone)] = votes
        if votes >= 20:
            z_X = np.abs(points_X) / np.sqrt(np.maximum(squares_X, 1e-12))
            naive[(z_X >= z_enough) & np.isinf(naive)] = votes
    return Simulated(
        world=world, max_votes=max_votes, decided_at_X=decided, first_won_X=first_won,
        settled_at_X=settled, naive_at_X=naive, by_vote_at_X=alone,
    )  # fmt: skip


def fixed_votes(
    preference: float, *, alpha: float = 0.05, power: float = 0.8, alike: float = 0.0,
    trials: int = 1,
) -> int:  # fmt: skip
    """Votes that a test of a size fixed beforehand needs, which may be looked at once only.

    Args:
        preference: to be seen; not one half.
        alpha: two-sided.
        power: chance to see it.
        alike: correlation of votes within a listener.
        trials: votes of each listener; together they count less by 1 + (trials - 1) * alike.

    Source: the normal approximation for one share; Kish, "Survey sampling" (1965), section 5.4.
    """
    if preference == EVEN or not 0 < preference < 1:
        raise UsageError(f"The preference is {preference}; allowed: within 0 and 1, not one half.")
    z_alpha, z_power = _normal_quantile(1 - alpha / 2), _normal_quantile(power)
    spread = math.sqrt(preference * (1 - preference))
    votes = ((z_alpha * 0.5 + z_power * spread) / (preference - EVEN)) ** 2
    return math.ceil(votes * (1 + (trials - 1) * alike))


def _normal_quantile(share: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(share))


def _factor_table(trials: int, mean: float) -> np.ndarray:
    """Log factors of a listener by votes and doubled points (trials + 1, 2 trials + 1, K)."""
    table = np.zeros((trials + 1, 2 * trials + 1, len(STAKES_K)))
    for votes in range(1, trials + 1):
        for doubled in range(2 * votes + 1):
            tally = Tally(planned=trials, votes=votes, points=doubled / 2)
            table[votes, doubled] = log_factors(tally, mean)
    return table


def _least_one_sided(trials: int, rules: GuardRules | None) -> float:
    """So many votes for one side alone set a listener apart; inf: no number does."""
    if rules is None:
        return math.inf
    suffices = (n for n in range(1, trials + 1) if two_sided_chance(n, n) < rules.side_chance)
    return next(suffices, math.inf)


class _Crowd:
    """The listeners who are in the middle, in every experiment."""

    def __init__(
        self, world: World, experiments: int, rng: np.random.Generator, rules: GuardRules | None
    ) -> None:
        self.world, self.rng = world, rng
        shape = (experiments, world.at_once)
        self.taste_XC, self.is_bot_XC = np.empty(shape), np.empty(shape, bool)
        self.order_XC = np.empty(shape, int)  # whether the next pair has the first version first
        self.votes_XC, self.doubled_XC = np.zeros(shape, int), np.zeros(shape, int)
        self.firsts_XC, self.seconds_XC = np.zeros(shape, int), np.zeros(shape, int)  # by side
        self._rows = np.arange(experiments)
        everyone = np.indices(shape).reshape(2, -1)
        self._arrive(everyone[0], everyone[1])
        self._one_sided = _least_one_sided(world.trials, rules)

    def vote(self) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        """One vote in each experiment.

        Returns:
            Votes and doubled points of the listener whom the test now sees, 0 and 0 where the one
            who voted goes on or is set apart (X,); and the doubled points of the vote (X,).
        """
        world, rng, rows = self.world, self.rng, self._rows
        slot = rng.integers(0, world.at_once, len(rows))
        here = (rows, slot)
        stands_first = (self.order_XC[here] + self.votes_XC[here]) % 2 == 0  # orders alternate
        chance = self.taste_XC[here] + np.where(stands_first, 1, -1) * world.first_gains
        likes = rng.random(len(rows)) < np.clip(chance, 0, 1)
        is_bot = self.is_bot_XC[here]
        likes = np.where(is_bot, stands_first, likes)
        neither = (rng.random(len(rows)) < world.neither) & ~is_bot
        points = np.where(neither, 1, 2 * likes)
        self.votes_XC[here] += 1
        self.doubled_XC[here] += points
        self.firsts_XC[here] += np.where(neither, 0, likes == stands_first)
        self.seconds_XC[here] += np.where(neither, 0, likes != stands_first)
        votes, doubled = self.votes_XC[here], self.doubled_XC[here]
        is_last = (votes == world.trials) | (rng.random(len(rows)) < world.leaves)
        most = np.maximum(self.firsts_XC[here], self.seconds_XC[here])
        least = np.minimum(self.firsts_XC[here], self.seconds_XC[here])
        enters = is_last & ~((least == 0) & (most >= self._one_sided))
        gone = np.flatnonzero(is_last)
        self._arrive(rows[gone], slot[gone])
        return (np.where(enters, votes, 0), np.where(enters, doubled, 0)), points

    def _arrive(self, rows: np.ndarray, slots: np.ndarray) -> None:
        """New listeners in the places of those who finished or left."""
        world, n = self.world, len(rows)
        taste: np.ndarray | float = world.preference
        if world.alike > 0 and 0 < world.preference < 1:
            size = (1 - world.alike) / world.alike
            taste = self.rng.beta(world.preference * size, (1 - world.preference) * size, n)
        self.taste_XC[rows, slots] = taste
        self.is_bot_XC[rows, slots] = self.rng.random(n) < world.bots
        self.order_XC[rows, slots] = self.rng.integers(0, 2, n)
        for counted in (self.votes_XC, self.doubled_XC, self.firsts_XC, self.seconds_XC):
            counted[rows, slots] = 0
