"""Mappings in their plainest form: each gesture plays one thing; and what to begin with.

A row says which gesture, what kind of thing, and which one; `mapping_text` writes the rows as a
mapping file (`mapping_file`), which says more where more is wanted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from chromasonic.errors import ConfigError
from chromasonic.gesture.mapping_file import note_number
from chromasonic.music.movement import Skeleton

MOODS = {"glad": (0.8, 0.4), "sad": (-0.7, -0.4), "calm": (0.4, -0.8), "excited": (0.5, 0.9)}
"""Name of a mood to (valence, arousal)."""

BEATS = {
    "rock": "hat    x.x.x.x.x.x.x.x.\nsnare  ....X.......X...\nkick   x.......x.x.....\n",
    "funk": "hat    x.x.x.x.x.x.x.x.\nsnare  ....X..o.o..X..o\nkick   x.x.......x..x..\n",
    "roll": "snare  oooooooxoooxXxXX\nkick   x...............\n",
}
"""Name of a bar of drums to its pattern."""

KINDS = ("chord", "note", "beat", "mood", "nothing")
CHORDS, CHORD_CHANNEL, NOTE_CHANNEL = ("I", "vi", "IV", "V7"), 1, 2
NOTES = ("D4", "E4", "F#4", "A4", "B4", "D5", "E5", "F#5", "A5", "B5", "D6", "E6")
"""A pentatonic scale: whatever follows whatever, it sounds well."""

STRINGS, VIBRAPHONE = 48, 11
AT_REST = ("still", "rest", "none", "neutral", "idle", "background")
"""Gestures of these names play nothing at first."""

LONGEST_VALUE = 200


@dataclass(frozen=True, kw_only=True)
class MappingRow:
    """What a gesture plays.

    Attributes:
        gesture: its name.
        plays: one of `KINDS`.
        value: a chord ("V7"; several, "I, vi", take turns), notes that sound together ("C4 E4"),
            a beat of `BEATS`, a mood of `MOODS`; of "nothing" it is not looked at.

    Raises:
        ConfigError: it says what cannot be.
    """

    gesture: str
    plays: str
    value: str = ""

    def __post_init__(self) -> None:
        where = f"gesture '{self.gesture}'"
        if self.plays not in KINDS:
            raise ConfigError(f"{where}: plays is {self.plays!r}; allowed: {', '.join(KINDS)}.")
        if len(self.value) > LONGEST_VALUE:
            raise ConfigError(f"{where}: more than {LONGEST_VALUE} characters are no {self.plays}.")
        lists: dict[str, tuple[str, ...]] = {"beat": tuple(BEATS), "mood": tuple(MOODS)}
        known = lists.get(self.plays)
        if known is not None and self.value not in known:
            raise ConfigError(
                f"{where}: the {self.plays} is {self.value!r}; allowed: {', '.join(known)}."
            )
        if self.plays == "chord" and not self.chords:
            raise ConfigError(f"{where}: name a chord, such as I, V7 or Dm.")
        if self.plays == "note":
            if not self.notes:
                raise ConfigError(f"{where}: name a note, such as C4.")
            for note in self.notes:
                note_number(note, where)

    @property
    def chords(self) -> list[str]:
        """The chords that take turns."""
        return [one for one in self.value.replace(",", " ").split() if one]

    @property
    def notes(self) -> list[str | int]:
        """The notes that sound together: names, or MIDI numbers."""
        words = self.value.replace(",", " ").split()
        return [int(one) if one.isascii() and one.isdigit() else one for one in words]

    def lines(self) -> list[str]:
        """Its table of a mapping file."""
        if self.plays == "nothing":
            return []
        head = f"[gesture.{_quoted(self.gesture)}]"
        if self.plays == "chord":
            chords = ", ".join(map(_quoted, self.chords))
            return [head, 'action = "chord"', f"chord = [{chords}]"]
        if self.plays == "note":
            notes = ", ".join(
                _quoted(one) if isinstance(one, str) else str(one) for one in self.notes
            )
            return [
                head,
                f"note = [{notes}]",
                'velocity = "speed"',
                "length = 1.2",
                f"channel = {NOTE_CHANNEL}",
            ]
        if self.plays == "mood":
            valence, arousal = MOODS[self.value]
            return [head, 'action = "mood"', f"valence = {valence}", f"arousal = {arousal}"]
        return [head, 'action = "drums"', f'pattern = """\n{BEATS[self.value]}"""']


def first_rows(classes: Sequence[str]) -> tuple[MappingRow, ...]:
    """Something to begin with: four gestures play chords, a wave a beat, the others notes.

    Args:
        classes: the model's gestures, in its order; so are the rows.
    """
    moving = [one for one in classes if one.lower() not in AT_REST]
    harmonic = [one for one in moving if "swipe" in one.lower()] or moving
    chords = dict(zip(harmonic, CHORDS, strict=False))
    beats = [one for one in moving if "wave" in one.lower() and one not in chords]
    rows, notes = [], 0
    for name in classes:
        if name in chords:
            row = MappingRow(gesture=name, plays="chord", value=chords[name])
        elif name in beats:
            row = MappingRow(gesture=name, plays="beat", value="funk")
        elif name in moving and notes < len(NOTES):
            row = MappingRow(gesture=name, plays="note", value=NOTES[notes])
            notes += 1
        else:
            row = MappingRow(gesture=name, plays="nothing")
        rows.append(row)
    return tuple(rows)


def mapping_text(
    rows: Sequence[MappingRow],
    skeleton: Skeleton | None = None,
    *,
    key: str = "D major",
    tempo_bpm: float = 100.0,
) -> str:
    """The rows as a mapping file.

    Args:
        rows: what gestures play.
        skeleton: the model's; with it a controller follows a landmark's height.
        key: of chords.
        tempo_bpm: of beats.
    """
    lines = [
        "[play]",
        f"key = {_quoted(key)}",
        f"tempo_bpm = {tempo_bpm:g}",
        'at = "start"           # with the movement; "recognized" is as it would be live',
        "",
        "[instruments]",
        f"{CHORD_CHANNEL} = {STRINGS}                 # strings",
        f"{NOTE_CHANNEL} = {VIBRAPHONE}                 # vibraphone",
    ]
    for row in rows:
        if table := row.lines():
            lines += ["", *table]
    if skeleton is not None and "y" in skeleton.channels:
        lines += [
            "",
            "[[follow]]             # brightness follows a landmark's height",
            f"landmark = {_quoted(_leading(skeleton))}",
            'what = "height"',
            "controller = 74",
        ]
    return "\n".join(lines) + "\n"


def _leading(skeleton: Skeleton) -> str:
    """The landmark that says most of where a performer is: a wrist or hand, else the first."""
    for word in ("wrist", "hand"):
        for name in skeleton.nodes:
            if word in name.lower():
                return name
    return skeleton.nodes[0]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
