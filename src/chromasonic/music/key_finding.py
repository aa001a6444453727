"""The key that pitch classes suggest: those of music in parts, or the notes of one melody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chromasonic.music.key import Key

PROFILES: dict[str, tuple[float, ...]] = {
    "major": (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
    "minor": (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
}
"""Mode to how much of the sounding time falls on each semitone above the tonic.

Source: J. Albrecht and D. Shanahan, "The use of large corpora to train a new type of key-finding
algorithm", Music Perception 31 (2013), table of key profiles.
"""


def estimated_key(weights: npt.ArrayLike) -> Key | None:
    """The major or minor key whose profile is nearest (Euclidean) to some weights.

    Args:
        weights: (12,) how long each pitch class sounds, in any unit.

    Returns:
        The key; None where nothing sounds.
    """
    return _nearest_key(weights, dict.fromkeys(range(12), 0.0))


FOURTH_PENALTY = 0.05
"""How much nearer a profile has to be for the final chord to count as a half close."""


def home_key(weights: npt.ArrayLike, final_bass: int) -> Key | None:
    """The major or minor key in which a piece in parts ends.

    Its tonic is the last bass note, or, where the piece ends with a half close (as settings of
    Phrygian tunes do), the fourth above that; between the four keys the pitches' weights decide.

    Args:
        weights: (12,) how long each pitch class sounds, in any unit.
        final_bass: pitch class of the last bass note.

    Returns:
        The key; None where nothing sounds.
    """
    return _nearest_key(weights, {final_bass % 12: 0.0, (final_bass + 5) % 12: FOURTH_PENALTY})


def _nearest_key(weights: npt.ArrayLike, tonics: dict[int, float]) -> Key | None:
    """The nearest key on some tonics, each with what is added to its distance."""
    shares = np.asarray(weights, float)
    if not shares.sum() > 0:
        return None
    shares = shares / shares.sum()
    distances = {
        (tonic, mode): float(np.linalg.norm(shares - np.roll(profile, tonic))) + penalty
        for mode, profile in PROFILES.items()
        for tonic, penalty in tonics.items()
    }
    tonic, mode = min(distances, key=lambda name: distances[name])
    return Key.of_pitch_class(tonic, mode)


MELODY_PROFILES: dict[str, tuple[float, ...]] = {
    "major": (0.216, 0.002, 0.154, 0.007, 0.166, 0.095, 0.006, 0.192, 0.003, 0.093, 0.006, 0.060),
    "minor": (0.226, 0.001, 0.128, 0.149, 0.003, 0.117, 0.005, 0.188, 0.032, 0.022, 0.109, 0.020),
}
"""Mode to how much of a melody's time falls on each semitone above the tonic."""

FIRST_DEGREES: dict[str, tuple[float, ...]] = {
    "major": (0.333, 0.003, 0.026, 0.006, 0.186, 0.010, 0.003, 0.388, 0.003, 0.030, 0.004, 0.008),
    "minor": (0.368, 0.005, 0.036, 0.121, 0.005, 0.011, 0.005, 0.376, 0.013, 0.005, 0.048, 0.009),
}
LAST_DEGREES: dict[str, tuple[float, ...]] = {
    "major": (0.820, 0.003, 0.022, 0.003, 0.044, 0.009, 0.003, 0.053, 0.003, 0.028, 0.003, 0.007),
    "minor": (0.799, 0.005, 0.031, 0.030, 0.009, 0.015, 0.005, 0.064, 0.005, 0.005, 0.026, 0.006),
}
"""Mode to the share of melodies that begin, and end, on each semitone above the tonic.

All three are counts of the training parts of the folk tunes, Nottingham and Bach's chorale
melodies, each corpus weighing the same (`benchmarks/key_finding.py` counts them anew).
"""

TIME_WEIGHT, FIRST_WEIGHT, LAST_WEIGHT = 20.0, 1.0, 0.5
"""What a melody's whole time, and its first and last note, count for: of those tried, the best mean
of whole melodies, first halves and first quarters (half of what is typed ends on a half close)."""

SURE = 0.95
"""From this probability on, the key of an opening is taken for granted: of eight notes that is so
with half of the melodies, and 88% of these keys are right (its probabilities are too hopeful)."""


class KeyGuess(NamedTuple):
    """A key, and how probable it is beside the 23 others, 0 to 1."""

    key: Key
    probability: float


def melody_key(notes: Iterable[tuple[int, int]], *, is_whole: bool = True) -> KeyGuess | None:
    """The major or minor key of a melody: by its notes' time, and by the first and last of them.

    Args:
        notes: (length in any unit, MIDI number) of each note that sounds, in time.
        is_whole: whether the melody ends here; the last note of an opening says little.

    Returns:
        The likeliest key; None where nothing sounds.
    """
    rows = [(length, pitch % 12) for length, pitch in notes]
    if not rows:
        return None
    time = np.bincount([pitch for _, pitch in rows], [length for length, _ in rows], minlength=12)
    evidence = [(TIME_WEIGHT * time / time.sum(), MELODY_PROFILES)]
    evidence.append((FIRST_WEIGHT * _one(rows[0][1]), FIRST_DEGREES))
    if is_whole:
        evidence.append((LAST_WEIGHT * _one(rows[-1][1]), LAST_DEGREES))
    modes = tuple(MELODY_PROFILES)
    if len({pitch for _, pitch in rows}) == 1:  # one tone says nothing of the mode
        modes = modes[:1]
    merits = np.array(
        [
            sum(float(weights @ np.log(np.roll(table[mode], tonic))) for weights, table in evidence)
            for mode in modes
            for tonic in range(12)
        ]
    )
    shares = np.exp(merits - merits.max())
    best = int(merits.argmax())
    key = Key.of_pitch_class(best % 12, modes[best // 12])
    return KeyGuess(key, float(shares[best] / shares.sum()))


def _one(pitch_class: int) -> npt.NDArray[np.float64]:
    return np.eye(12)[pitch_class]
