"""What an agent must beat: the first chord that fits, and a random admissible voicing."""

from __future__ import annotations

import numpy as np

from chromasonic.harmonization.chords import CHROMATIC, NUMERALS, VOCABULARY
from chromasonic.harmonization.exact import Harmonization, candidates, lattice_of
from chromasonic.harmonization.lattice import Lattice
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.voicings import BASS, Voicings

FIRST_DEGREES = (0, 4, 3)
"""The order in which `harmonize_by_first_chord` tries: tonic, dominant, subdominant, the rest."""


def harmonize_at_random(
    melody: Melody, *, seed: int = 0, reward: Reward | None = None
) -> Harmonization:
    """One voicing a beat, each drawn uniformly among the admissible ones, on its own.

    Args:
        melody: at least one beat.
        seed: of the draws.
        reward: what the result is judged by; all rules by default.

    Raises:
        UsageError: a note has no admissible voicing.
    """
    rng = np.random.default_rng(seed)
    sets = candidates(melody)
    rows = [int(rng.integers(len(voicings))) for voicings in sets]
    return _harmonization(melody, sets, rows, reward, "random")


def expected_random_reward(
    melody: Melody, reward: Reward | None = None, *, sets: list[Voicings] | None = None
) -> float:
    """Mean reward of `harmonize_at_random` over all seeds, computed and not drawn.

    The draws of two beats are independent, so the mean over all pairs of their voicings is the
    expectation of the motion between them.

    Args:
        melody: at least one beat.
        reward: what is judged by; all rules by default.
        sets: what may stand on each beat; all admissible voicings by default.

    Raises:
        UsageError: a note has no admissible voicing.
    """
    return mean_score(lattice_of(melody, reward, sets=sets))


def mean_score(lattice: Lattice) -> float:
    """Mean score of the paths through a lattice whose nodes are drawn uniformly, step by step."""
    nodes = sum(float(own.mean()) for own in lattice.own)
    steps = range(len(lattice) - 1)
    return nodes + sum(float(lattice.pairs(step).mean(dtype=np.float64)) for step in steps)


def harmonize_by_first_chord(melody: Melody, reward: Reward | None = None) -> Harmonization:
    """The first triad that holds the note, in root position, with as little motion as may be.

    Tried are the triads of the key on I, V, IV, then ii, iii, vi, vii, then whatever else the
    vocabulary has. Of the chord's voicings with the root in the bass (where there are none, of
    all), that is taken in which alto, tenor and bass together move the fewest semitones; at the
    first beat, and where several are equal, the first in the order of `admissible`. No rule is
    looked at.

    Raises:
        UsageError: a note has no admissible voicing.
    """
    sets = candidates(melody)
    rows: list[int] = []
    before: np.ndarray | None = None
    for voicings in sets:
        choice = _of_first_chord(voicings)
        lower = voicings.pitches[choice, 1:]
        motion = np.zeros(len(lower)) if before is None else abs(lower - before).sum(1)
        rows.append(int(choice[motion.argmin()]))
        before = voicings.pitches[rows[-1], 1:]
    return _harmonization(melody, sets, rows, reward, "first chord")


def _of_first_chord(voicings: Voicings) -> np.ndarray:
    """Rows of the first chord that there is, in root position where there are such."""
    chord = min(set(voicings.chord.tolist()), key=_rank_of_chord)
    is_chord = voicings.chord == chord
    in_root_position = is_chord & (voicings.member[:, BASS] == 0)
    return np.flatnonzero(in_root_position if in_root_position.any() else is_chord)


def _rank_of_chord(chord: int) -> tuple[bool, bool, bool, int, bool, int]:
    """Plain triads before sevenths and altered or applied chords, then by degree; V before v."""
    functional = VOCABULARY[chord]
    degree = functional.degree
    order = FIRST_DEGREES.index(degree) if degree in FIRST_DEGREES else len(NUMERALS) + degree
    is_seventh, lacks_leading = len(functional.intervals) == 4, functional.leading < 0
    is_chromatic = functional.rank == CHROMATIC
    is_applied = bool(functional.applied_to)
    return (is_chromatic, is_applied, is_seventh, order, lacks_leading, chord)


def _harmonization(
    melody: Melody, sets: list[Voicings], rows: list[int], reward: Reward | None, agent: str
) -> Harmonization:
    voicings = Voicings.joined([set_[[row]] for set_, row in zip(sets, rows, strict=True)])
    value = (reward or Reward()).of_path(voicings, melody.beats)
    return Harmonization(melody=melody, voicings=voicings, reward=value, agent=agent)
