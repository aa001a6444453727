"""The key that a distribution of pitch classes suggests."""

from __future__ import annotations

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
