"""Double Q-learning on tables whose values add up.

The value of a context is the sum of one row of each table, and each table learns what the coarser
ones leave unexplained; a row that was never met is zero, so a fine table corrects the coarse ones
where it has been, and is silent where it has not (back-off).

Source: H. van Hasselt, "Double Q-learning", NeurIPS 2010 (two estimates, one chooses and the other
tells the value); R. Sutton and A. Barto, "Reinforcement Learning", 2nd ed., 9.5 (sums of tables),
12.10 (Watkins's Q(lambda)) and 6.8 (values of afterstates).
Differs: returns are gathered along whole episodes and written once a batch, visits to the same row
averaged; tables learn one after the other (as in backfitting), and the step size of each row
follows its own count of visits, where the books give all features one step size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]


@dataclass(slots=True, eq=False, kw_only=True)
class DoubleTable:
    """Two estimates of every row.

    Attributes:
        values: (2, rows).
        visits: (2, rows) how often each was updated.
    """

    values: Doubles
    visits: Integers

    @classmethod
    def of_size(cls, rows: int) -> DoubleTable:
        """All zero."""
        return cls(values=np.zeros((2, rows)), visits=np.zeros((2, rows), np.int64))

    def of_rows(self, rows: Integers) -> Doubles:
        """(2, ...) both values of contexts; rows is (..., tables)."""
        total = np.zeros((2, *rows.shape[:-1]))
        for table in range(rows.shape[-1]):  # faster than a sum over a short last axis
            total += self.values[:, rows[..., table]]
        return total

    def learn(
        self, which: int, rows: Integers, targets: Doubles, *, caution: float, memory: int
    ) -> None:
        """Move one estimate of some contexts towards their targets, table after table.

        Each table, from the coarsest to the finest, makes good a part of the mean error that is
        left at each of its rows: n / (n + before + caution), where n is how often the row was met
        now and `before` how often till now. So a row becomes the mean of what the coarser tables
        leave, drawn towards 0 while it rests on little.

        Args:
            which: 0 or 1.
            rows: (V, tables) of V visited contexts, coarse tables first.
            targets: (V,).
            caution: how many visits a row needs to be believed half.
            memory: earlier visits count as this many at most, so that old targets, of a worse
                policy, are forgotten.
        """
        values, visits = self.values[which], self.visits[which]
        errors = targets - values[rows].sum(-1)
        for column in rows.T:
            met, place, count = np.unique(column, return_inverse=True, return_counts=True)
            mean = np.bincount(place, weights=errors) / count
            step = mean * count / (count + np.minimum(visits[met], memory) + caution)
            values[met] += step
            visits[met] += count
            errors -= step[place]


def returns(
    rewards: Doubles, greedy_values: Doubles, is_greedy: Truths, discount: float, trace: float
) -> Doubles:
    """(T,) what is to come after each step of an episode: Watkins's Q(lambda), looking forward.

    Args:
        rewards: (T,) of each step.
        greedy_values: (T,) at each step the reward of the best choice and the discounted value
            that it leads to, as the other estimate tells it.
        is_greedy: (T,) whether that choice was made.
        discount: 0 to 1, what the next beat counts against this one.
        trace: lambda; 0 looks one step ahead, 1 to the first choice that was not greedy.

    Returns:
        The discounted target of the context after each step; 0 after the last.
    """
    targets = np.zeros(len(rewards))
    for step in range(len(rewards) - 1, 0, -1):
        value = greedy_values[step]
        if is_greedy[step]:
            value = (1 - trace) * value + trace * (rewards[step] + targets[step])
        targets[step - 1] = discount * value
    return targets
