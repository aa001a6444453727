"""Patterns to start from, in the text form of `formats.drum_pattern`; and the drums of the grid."""

from __future__ import annotations

from typing import Any, NamedTuple

DRUMS: tuple[tuple[str, int, str], ...] = (
    ("Crash", 49, "more"),
    ("Ride", 51, "usual"),
    ("Bell", 53, "more"),
    ("Open hat", 46, "usual"),
    ("Hat", 42, "usual"),
    ("Pedal hat", 44, "more"),
    ("High tom", 50, "more"),
    ("Mid tom", 47, "usual"),
    ("Floor tom", 43, "more"),
    ("Clap", 39, "more"),
    ("Side stick", 37, "usual"),
    ("Snare", 38, "usual"),
    ("Kick", 36, "usual"),
)
"""(name, MIDI note, whether it is shown from the start or when more drums are asked for), from the
top of the grid to its bottom: cymbals above, the kick below, as in a drummer's part."""


METRES: dict[str, tuple[int, int]] = {"4/4": (4, 4), "3/4": (3, 4), "6/8": (6, 8)}
"""Metres that a pattern can have: numerator and denominator."""


def bar_steps(metre: str) -> int:
    """How many sixteenths a bar of one of `METRES` has."""
    numerator, denominator = METRES[metre]
    return 16 * numerator // denominator


class Start(NamedTuple):
    """A pattern to start from: name, feel (percent of a pair, which notes swing), text, metre."""

    name: str
    swing: float
    swung: int
    text: str
    metre: str = "4/4"


STARTS: dict[str, Start] = {
    "rock": Start("Rock", 50, 16, """
tempo 112
hat    x.x.x.x.x.x.x.x.
snare  ....X.......X...
kick   x.......x.x.....
"""),
    "funk": Start("Funk", 50, 16, """
tempo 98
hat       x.x.x.x.x.x.x.x. | x.x.x.x.x.x.x...
open hat  ................ | ..............x.
snare     ....X..o.o..X..o | .o..X..o.o..X...
kick      x.x.......x..... | x.x...x...x.....
"""),
    "bossa": Start("Bossa nova", 50, 16, """
tempo 72
hat         xxxxxxxxxxxxxxxx
side stick  x..x..x...x..x..
kick        x..xx..xx..xx..x
"""),
    "samba": Start("Samba", 54, 16, """
tempo 104
hat        XoxxXoxxXoxxXoxx
pedal hat  ....x.......x...
mid tom    ....X.......X.xx
snare      o.o..o.oo.o..o.x
kick       x..xx..xx..xx..x
"""),
    "shuffle": Start("Blues shuffle", 66.7, 8, """
tempo 108
ride   x.x.x.x.x.x.x.x.
snare  ....X.......X...
kick   x.......x.......
"""),
    "jazz": Start("Jazz ride", 64, 8, """
tempo 150
ride       x...X.x.x...X.x.
pedal hat  ....x.......x...
snare      ......o.......o.
kick       o...o...o...o...
"""),
    "hiphop": Start("Boom bap", 58, 16, """
tempo 90
hat    x.x.x.x.x.x.x.x. | x.x.x.x.x.x.x.xx
snare  ....X.......X... | ....X.......X..o
kick   x..x......x..... | x.x....x..x.....
"""),
    "halftime": Start("Half-time shuffle", 66.7, 16, """
tempo 92
hat    x.xxx.xxx.xxx.xx
snare  .o...o..X....o..
kick   x..........x....
"""),
    "disco": Start("Disco", 50, 16, """
tempo 120
hat       x...x...x...x...
open hat  ..x...x...x...x.
clap      ....x.......x...
kick      x...x...x...x...
"""),
    "reggae": Start("One drop", 62, 16, """
tempo 76
hat         x.x.X.x.x.x.X.x.
side stick  ........X.......
kick        ........X.......
"""),
    "soul": Start("Soul", 53, 16, """
tempo 118
hat    x.x.x.x.x.x.x.x.
snare  X...X...X...X...
kick   x.....x.x.....x.
"""),
    "secondline": Start("Second line", 58, 16, """
tempo 96
snare  X.oxo.Xoo.XoX.oo | X.oxo.Xoo.XoX.X.
kick   x..x..x......... | x..x..x...x.....
pedal hat  ....x.......x... | ....x.......x...
"""),
    "breakbeat": Start("Breakbeat", 52, 16, """
tempo 136
ride   x.x.x.x.x.x.x.x. | x.x.x.x.x.x.x.x.
snare  ....X..o.o..X..o | ....X..o.o....X.
kick   x.x.......xx.... | x.x.......x.....
"""),
    "waltz": Start("Waltz", 50, 16, """
tempo 138
ride       x...x.x.x... | x...x...x.x.
pedal hat  ....x...x... | ....x...x...
snare      ......o..... | ........o.o.
kick       x........... | x...........
""", "3/4"),
    "sixeight": Start("Slow six-eight", 50, 16, """
tempo 84
hat    x.x.x.x.x.x. | x.x.x.x.x.x.
snare  ......X..... | ......X...oo
kick   x.........x. | x...x.....x.
""", "6/8"),
}  # fmt: skip
"""Key to pattern; all of them written for this project."""

_STRENGTH = {"x": 100, "X": 120, "o": 60}


def starts() -> list[dict[str, Any]]:
    """The patterns in plain values: key, name, tempo, bars, metre, swing, swung, hits."""
    pitch_of = {name.lower(): pitch for name, pitch, _ in DRUMS}
    found = []
    for key, start in STARTS.items():
        tempo, hits, steps = 120.0, [], 0
        for line in start.text.strip().splitlines():
            if line.startswith("tempo"):
                tempo = float(line.split()[1])
                continue
            name, _, grid = line.partition("  ")
            characters = "".join(grid.split()).replace("|", "")
            steps = max(steps, len(characters))
            hits += [
                [step, pitch_of[name.strip()], _STRENGTH[one]]
                for step, one in enumerate(characters)
                if one in _STRENGTH
            ]
        found.append(
            {
                "key": key,
                "name": start.name,
                "tempo": tempo,
                "bars": steps // bar_steps(start.metre),
                "metre": start.metre,
                "swing": start.swing,
                "swung": start.swung,
                "hits": hits,
            }
        )
    return found
