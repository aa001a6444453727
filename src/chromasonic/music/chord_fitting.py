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

from collections.abc import Mapping

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


def fit_chord(weights: Mapping[int, float], bass: int | None = None) -> Chord:
    """The chord that best explains what sounds.

    Args:
        weights: pitch class to how much of it sounds, above 0; 1 is one tone throughout.
        bass: pitch class of the lowest tone.

    Returns:
        The chord with its bass; `NO_CHORD` for silence, `UNKNOWN_CHORD` where nothing fits.
    """
    sounding = {pitch_class: weight for pitch_class, weight in weights.items() if weight > 0}
    if not sounding:
        return NO_CHORD
    total = sum(sounding.values())
    best, best_rank = UNKNOWN_CHORD, (0.0, 0.0, False, 0)
    for root in range(12):
        for place, template in enumerate(TEMPLATES):
            tones = [(root + interval) % 12 for interval in template]
            inside = sum(sounding.get(tone, 0.0) for tone in tones)
            missing = sum(tone not in sounding for tone in tones)
            score = round(2 * inside - total - missing, 9)
            rank = (score, sounding.get(root, 0.0), root == bass, -place)
            if score > 0 and rank > best_rank:
                best, best_rank = Chord(root, template, None if bass == root else bass), rank
    return best
