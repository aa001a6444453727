"""What the rewards of an agent's training say in words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FEWEST_EPISODES = 100
"""Rewards of single episodes scatter; fewer say nothing."""
SURE = 2.0
"""Standard errors by which two means must differ to be called different."""


def read_rewards(rewards: NDArray[np.floating[Any]]) -> dict[str, str]:
    """One finding: whether the reward rose, and whether it still rises.

    Compared are the means of the first tenth of the episodes, of the last, and of the one before
    it; they differ where they lie two standard errors apart.

    Args:
        rewards: (N,) of each episode, in order.

    Returns:
        kind, severity (good, note, warning), says and advice, as of a reading of learning curves.
    """
    count = len(rewards)
    if count < FEWEST_EPISODES:
        says = f"{count} episodes are too few to say how it goes; the rewards of some scatter."
        return _finding("too-short", "note", says, "Train longer: Continue, with more episodes.")
    tenths = np.array_split(np.asarray(rewards, dtype=np.float64), 10)
    first, before, last = tenths[0], tenths[-2], tenths[-1]
    rose = f"from {first.mean():.2f} (its first {len(first):,} episodes) to {last.mean():.2f}"
    if not _is_above(last, first):
        says = f"The reward did not rise: {rose}."
        return _finding("not-learning", "warning", says, "Continue, with more episodes.")
    if _is_above(last, before):
        says = f"The reward rose {rose}, and still rises."
        return _finding(
            "stopped-while-improving", "note", says, "Go on: Continue, with twice the episodes."
        )
    says = f"The reward rose {rose} and stands there: more episodes would bring little."
    return _finding("settled", "good", says, "")


def _is_above(late: NDArray[np.float64], early: NDArray[np.float64]) -> bool:
    error = np.sqrt(late.var(ddof=1) / len(late) + early.var(ddof=1) / len(early))
    return bool(late.mean() - early.mean() > SURE * error)


def _finding(kind: str, severity: str, says: str, advice: str) -> dict[str, str]:
    return {"kind": kind, "severity": severity, "says": says, "advice": advice}
