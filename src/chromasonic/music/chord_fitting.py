"""The chord that sounding tones make, for music that has no chord symbols.

Each template on each root is scored by how well it explains the tones: the weight of the tones that
it holds, less the weight of those that it does not hold, less a price for each of its tones that
does not sound. The best one is taken; of equal ones that with the heavier root, then that whose
root is in the bass, then the one further up in `TEMPLATES`. A best score of 0 or less is no chord
of ours.

Source: B. Pardo and W. P. Birmingham, "Algorithms for chordal analysis", Computer Music Journal 26
(2002): score S = P - (N + M), templates, and the order of ties.
Differs: weights are shares of the loudest possible tone (1 is a tone that sounds throughout), the
minor and major seventh chords are templates too, and the bass takes part in ties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from chromasonic.music.chord import NO_CHORD, UNKNOWN_CHORD, Chord

TEMPLATES: tuple[tuple[int, ...], ...] = (
    (0, 4, 7),
    (0, 3, 7),
    (0, 4, 7, 10),
    (0, 3, 7, 10),
    (0, 3, 6),
    (0, 4, 7, 11),
    (0, 3, 6, 10),
    (0, 3, 6, 9),
)
"""Semitones above the root: triads and sevenths, the more usual first."""

CANDIDATES = [(root, template) for template in TEMPLATES for root in range(12)]
TONES = np.array([[(tone - root) % 12 in template for tone in range(12)]
                  for root, template in CANDIDATES], float)  # fmt: skip
"""(96, 12) 1 for each tone of each candidate."""
ROOTS = np.array([root for root, _ in CANDIDATES])
FINEST = 1e-6
"""Scores nearer than this are equal; prices of the ties are far below it."""


def fit_chord(weights: Mapping[int, float], bass: int | None = None) -> Chord:
    """The chord that best explains what sounds.

    Args:
        weights: pitch class to how much of it sounds, above 0; 1 is one tone throughout.
        bass: pitch class of the lowest tone.

    Returns:
        The chord with its bass; `NO_CHORD` for silence, `UNKNOWN_CHORD` where nothing fits.
    """
    row = np.zeros((1, 12))
    for pitch_class, weight in weights.items():
        row[0, pitch_class] = weight
    return fit_chords(row, [bass])[0]


def fit_chords(weights: npt.NDArray[np.float64], basses: Sequence[int | None]) -> tuple[Chord, ...]:
    """`fit_chord` for each row of (N, 12) weights and each bass."""
    sounding = np.maximum(weights, 0.0)
    total = sounding.sum(axis=1, keepdims=True)
    missing = (sounding == 0) @ TONES.T
    scores = np.round((2 * sounding @ TONES.T - total - missing) / FINEST)
    heaviest = sounding[:, ROOTS] / np.maximum(total, 1e-9)
    in_bass = ROOTS[None] == np.array([-1 if bass is None else bass for bass in basses])[:, None]
    order = np.arange(len(CANDIDATES))
    ranks = scores + 0.4 * heaviest + 1e-4 * in_bass - 1e-7 * order
    chosen = ranks.argmax(axis=1)
    return tuple(
        _chord(int(number), bass) if score > 0 else (UNKNOWN_CHORD if sounds > 0 else NO_CHORD)
        for number, score, sounds, bass in zip(
            chosen, scores[np.arange(len(chosen)), chosen], total[:, 0], basses, strict=True
        )
    )


def _chord(number: int, bass: int | None) -> Chord:
    root, template = CANDIDATES[number]
    return Chord(root, template, None if bass == root else bass)
