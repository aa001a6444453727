"""Which channels of a MIDI file hold notes, and what the file calls them: to find its drums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chromasonic.formats.midi_events import MidiEvents

FAMILIES = (
    "piano",
    "tuned percussion",
    "organ",
    "guitar",
    "bass",
    "strings",
    "ensemble",
    "brass",
    "reeds",
    "pipes",
    "synth lead",
    "synth pad",
    "synth effects",
    "instruments of the world",
    "percussion",
    "sound effects",
)
"""Of instruments, eight programs each.

Source: MIDI Manufacturers Association, "General MIDI System Level 1", instrument families.
"""

MOST_NAMES, LONGEST_NAME = 3, 40
"""So many names of a channel are told, each so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelInUse:
    """A channel that holds notes.

    Attributes:
        channel: counted from 0.
        notes: how many.
        names: of the tracks that its notes stand in, in their order, none twice.
        instruments: families that a program change chose, in the order of programs.
    """

    channel: int
    notes: int
    names: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """For people: "channel 2 (8 notes, “Low end”, bass)"."""
        count = f"{self.notes:,} {'note' if self.notes == 1 else 'notes'}"
        names = [f"“{name}”" for name in self.names]
        return f"channel {self.channel + 1} ({', '.join([count, *names, *self.instruments])})"

    def told(self) -> dict[str, Any]:
        """In plain values, the channel counted from 1 as people do."""
        return {
            "channel": self.channel + 1,
            "notes": self.notes,
            "names": list(self.names),
            "instruments": list(self.instruments),
        }


def channels_in_use(events: MidiEvents) -> list[ChannelInUse]:
    """The channels that hold notes, in order; an instrument that nothing chose is not told."""
    found = []
    for channel in sorted({note.channel for note in events.notes}):
        mine = [note for note in events.notes if note.channel == channel]
        tracks = sorted({note.track for note in mine})
        names = dict.fromkeys(_plain(events.track_names.get(track, "")) for track in tracks)
        chosen = sorted({note.program // 8 for note in mine if note.program > 0})
        found.append(
            ChannelInUse(
                channel=channel,
                notes=len(mine),
                names=tuple(name for name in names if name)[:MOST_NAMES],
                instruments=tuple(FAMILIES[one] for one in chosen)[:MOST_NAMES],
            )
        )
    return found


def _plain(name: str) -> str:
    """A track's name on one line, without what cannot be printed."""
    return " ".join("".join(one if one.isprintable() else " " for one in name).split())[
        :LONGEST_NAME
    ]
