"""Words for places on the plane of valence and arousal: tense, serene, gloomy, ...

A place's angle, counted from glad (0 degrees) over excited (90) to sad (180), picks the word; its
distance from the middle says how strongly it is meant.

Source: Russell, "A circumplex model of affect", Journal of Personality and Social Psychology 39
(1980), the angles of direct circular scaling; words that lie within a few degrees of another one
are left out, and those that no one says of music.
"""

from __future__ import annotations

import math

from chromasonic.errors import UsageError

ANGLES_DEGREES: dict[str, float] = {
    "happy": 7.8,
    "delighted": 24.9,
    "excited": 48.6,
    "tense": 92.8,
    "afraid": 116.0,
    "distressed": 138.0,
    "miserable": 188.7,
    "gloomy": 209.0,
    "sleepy": 271.9,
    "calm": 316.2,
    "serene": 328.6,
    "glad": 349.0,
}
"""Word to its angle on the circle."""

NEUTRAL_RADIUS = 0.15
"""Nearer to the middle than this, a place has no feeling worth a word (ours)."""

SLIGHT_RADIUS, STRONG_RADIUS = 0.45, 0.9
"""Up to here "a little", from there on "very" (ours)."""


def word_for(valence: float, arousal: float) -> str:
    """The word of a place: "serene", "a little tense", "very excited", or "neutral".

    Args:
        valence: -1 sad to 1 glad.
        arousal: -1 calm to 1 excited.

    Raises:
        UsageError: a value lies outside the plane.
    """
    check_place(valence, arousal)
    radius = math.hypot(valence, arousal)
    if radius < NEUTRAL_RADIUS:
        return "neutral"
    angle = math.degrees(math.atan2(arousal, valence)) % 360
    word = min(ANGLES_DEGREES, key=lambda word: _apart(angle, ANGLES_DEGREES[word]))
    if radius < SLIGHT_RADIUS:
        return f"a little {word}"
    return f"very {word}" if radius >= STRONG_RADIUS else word


def check_place(valence: float, arousal: float) -> None:
    """Refuse a place outside the plane.

    Raises:
        UsageError: a value is not finite, or not between -1 and 1.
    """
    for name, value in (("valence", valence), ("arousal", arousal)):
        if not -1 <= value <= 1:
            raise UsageError(f"{name} is {value}; allowed: from -1 to 1.")


def _apart(first: float, second: float) -> float:
    """Degrees between two angles, at most 180."""
    return abs((first - second + 180) % 360 - 180)
