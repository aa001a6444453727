"""Harmonizations of one melody that a musician would call different, each the best of its kind.

The N best differ by one voice here and there. Here each next one must bring, on an eighth of the
beats at least, a chord that none of the earlier ones has there; among all that do, it has the
highest reward. That is exact for each next one given the earlier ones; the set as a whole is built
one by one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.errors import UsageError
from chromasonic.harmonization.chords import triad_numbers
from chromasonic.harmonization.exact import (
    Harmonization,
    candidates,
    harmonization_of,
    lattice_of,
)
from chromasonic.harmonization.lattice import Lattice, best_path_through, best_paths
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.voicings import Voicings

SHARE_NEW = 1 / 8
MOST_NEW = 16
"""New chords that are asked for: a share of the beats, up to so many (time grows with them)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How far a harmonization is from others of the same melody.

    Attributes:
        new_chords: beats on which it has a chord that none of the others has there.
        beats: how many beats there are.
        reward_lost: reward of the best of the others less its own.
    """

    new_chords: int
    beats: int
    reward_lost: float


def find_alternatives(
    melody: Melody, count: int, reward: Reward | None = None
) -> list[Harmonization]:
    """The best harmonization, then ever other ones; fewer where there are no more.

    Args:
        melody: at least one beat.
        count: how many in all, 1 or more.
        reward: the rules; all by default.

    Raises:
        UsageError: a note has no admissible voicing, or the count is below 1.
    """
    if count < 1:
        raise UsageError(f"{count} alternatives cannot be given: ask for 1 or more.")
    sets = candidates(melody)
    return alternatives_in(lattice_of(melody, reward, sets=sets), sets, melody, count, reward)


def alternatives_in(
    lattice: Lattice,
    sets: Sequence[Voicings],
    melody: Melody,
    count: int,
    reward: Reward | None = None,
) -> list[Harmonization]:
    """As `find_alternatives`, by the scores of a lattice of one's own.

    Args:
        lattice: a step a beat, a node a voicing.
        sets: its voicings.
        melody: at least one beat.
        count: how many in all, 1 or more.
        reward: what the harmonizations' reward is told by; all rules by default.
    """
    wanted = new_chords_wanted(len(melody))
    chords = [triad_numbers(voicings.chord, voicings.tonic) for voicings in sets]
    found = [harmonization_of(best_paths(lattice)[0], melody, sets, reward)]
    while len(found) < count:
        taken = np.stack([_triads(one) for one in found])  # (earlier, B)
        is_new = [~np.isin(chords[beat], taken[:, beat]) for beat in range(len(sets))]
        path = best_path_through(lattice, is_new, wanted)
        if path is None:
            break
        found.append(harmonization_of(path, melody, sets, reward))
    return found


def new_chords_wanted(beats: int) -> int:
    """On how many of the beats a further harmonization has a new chord, at least."""
    return min(MOST_NEW, math.ceil(beats * SHARE_NEW))


def difference(one: Harmonization, others: Sequence[Harmonization]) -> Difference:
    """How far a harmonization is from others, for those who must choose.

    Args:
        one: of a melody.
        others: of the same; at least one.
    """
    taken = np.stack([_triads(other) for other in others])
    is_new = (_triads(one) != taken).all(0)
    return Difference(
        new_chords=int(is_new.sum()),
        beats=len(is_new),
        reward_lost=max(other.reward for other in others) - one.reward,
    )


def _triads(one: Harmonization) -> npt.NDArray[np.int64]:
    return triad_numbers(one.voicings.chord, one.voicings.tonic)
