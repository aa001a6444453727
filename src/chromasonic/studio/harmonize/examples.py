"""Melodies and settings that are ready, so that nobody begins with an empty page; who sets them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import NamedTuple

from chromasonic.errors import UsageError


class Example(NamedTuple):
    """Music that is ready: what it is called, where it is from, and as ABC or typed notes."""

    title: str
    source: str
    abc: str = ""
    name: str = ""


class Agent(NamedTuple):
    """Who sets a melody, in words for musicians."""

    name: str
    title: str
    words: str


AGENTS = (
    Agent("hybrid", "Hybrid", "Has read Bach's chorales and keeps the rules. The most like Bach."),
    Agent("exact", "Exact", "The fewest and slightest breaches that there can be. The safest."),
    Agent(
        "advanced", "Advanced", "Learned by trial and reward, without Bach. Plain and independent."
    ),
    Agent("simple", "Simple", "One voice below, moving against the melody. For two singers."),
)

KEYS = tuple(
    f"{tonic} {mode}"
    for mode, tonics in (
        ("major", "C G D A E B F# F Bb Eb Ab Db Gb"),
        ("minor", "A E B F# C# G# D G C F Bb Eb"),
        ("dorian", "D E A G C"),
        ("mixolydian", "G D A C"),
    )
    for tonic in tonics.split()
)
"""Keys that are proposed; any other can be typed."""

MELODIES = (
    Example(
        "The Castle of Dromore",
        "Irish, O'Neill's Music of Ireland (1903), no. 52",
        """X:1
T:The Castle of Dromore
M:6/8
L:1/8
K:D
F/2G/2 | A2A A2A | B2A ABc | d2G F2G | A3- A2B/2c/2 |
d2D D2D | E2D DEF | G2B A2G | F3- F2B/2c/2 ||
ded cdc | BcB A2G | F2A GFE | D3 F2A |
GAG E2G | FGA D2F | G2E D2C | D3- D2 |]""",
    ),
    Example(
        "A morning hymn",
        "eight bars, phrases marked by fermatas",
        """X:1
T:A morning hymn
M:4/4
L:1/4
K:G
D | G A B G | c B !fermata!A A | B c d B | A A !fermata!G B |
c B A G | F G !fermata!A D | G A B c | B A !fermata!G |]""",
    ),
    Example(
        "In a minor key",
        "typed as note names",
        "A4 B4 C5 D5 | E5:2 E5 D5 | C5 B4 A4 B4 | G#4:2^ E4:2 | "
        "A4 B4 C5 D5 | E5 F5 E5 D5 | C5 A4 B4:2 | A4:4^",
    ),
)

SETTINGS = (
    Example(
        "An exercise with faults",
        "four bars, written to break rules",
        """X:1
T:An exercise with faults
M:4/4
L:1/4
K:C
V:1 name="Soprano"
c d e d | c B c2 | e f g f | e d c2 |]
V:2 name="Alto"
G A B A | G G G2 | c c d d | c B G2 |]
V:3 name="Tenor" clef=bass
E F E F | E D E2 | G A B A | G F E2 |]
V:4 name="Bass" clef=bass
C, D, E, D, | E, G, C,2 | C, F, G, D, | G, G,, C,2 |]""",
    ),
    Example("Bach: chorale, BWV 66.6", "four parts, as printed", name="bwv66.6"),
    Example("Bach: chorale, BWV 269", "four parts, as printed", name="bwv269"),
)
"""Settings to look at; those with a name are files of the corpus that comes with music21."""


def example_path(name: str) -> Path:
    """Where the file of one of the `SETTINGS` is.

    Raises:
        UsageError: no such example, or its corpus is not installed.
    """
    package = importlib.util.find_spec("music21")
    if name in {one.name for one in SETTINGS if one.name} and package and package.origin:
        path = Path(package.origin).parent / "corpus" / "bach" / f"{name}.mxl"
        if path.is_file():
            return path
    raise UsageError(f"There is no example {name[:40]!r} here.")
