"""Which part of an arrangement is its melody: by the part's name, else by how it moves.

A part is what one track plays on one channel; drums are none.

By name: the part whose name has one of `NAMES` in it and none of `NOT_NAMES`; of several the one
whose word stands first in `NAMES`, then the one with more notes.

By features, where no name tells: a part can be the melody if it has `FEWEST_NOTES` notes on at
least four pitches, lies between the low tenor and the high soprano, is not mostly chords, and goes
on through a fair share of the music (`_is_possible`). Of those the one with the highest merit is
taken: how monophonic it is, plus how often its notes are the highest that begin, plus three times
how often it moves by step, which tells a tune from a bass and from an arpeggio.

How often that is right: `benchmarks/melody_part.py`.

Legend: N notes of a piece, P parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from chromasonic.music.performance import PlayedNotes

NAMES = ("melod", "vocal", "vox", "sing", "voice", "voc", "lead", "solo")
NOT_NAMES = ("back", "bkg", "bg", "choir", "harm", "chorus", "bass", "pad", "guit", "gtr", "2")
"""A part whose name has one of these in it too accompanies: backing vocals, a lead guitar."""

FEWEST_NOTES = 16
DRUMS = 9
BLOCK_QUARTERS = 4.0

FoundBy = Literal["name", "features"]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of an arrangement, and how it moves.

    Attributes:
        track, channel: that it is on.
        name: of its track; may be empty.
        chosen: (N,) which notes of the piece are its own.
        notes: how many.
        monophony: share of its notes that end before the next one begins.
        pitch: its mean, as a MIDI number.
        coverage: share of the piece's stretches of four quarters in which it plays.
        highest: share of its notes that are the highest of all that begin with them.
        pitches: how many it uses.
        steps: share of the moves from note to note that are of one or two semitones.
    """

    track: int
    channel: int
    name: str
    chosen: npt.NDArray[np.bool_]
    notes: int
    monophony: float
    pitch: float
    coverage: float
    highest: float
    pitches: int
    steps: float

    @property
    def merit(self) -> float:
        """By which possible melodies are ranked."""
        return self.monophony + self.highest + 3 * self.steps


def parts_of(notes: PlayedNotes, track_names: dict[int, str]) -> list[Part]:
    """The parts of a piece, drums left out, in the order of tracks and channels."""
    if not len(notes):
        return []
    block = np.floor(notes.onset_quarters / BLOCK_QUARTERS).astype(np.int64)
    blocks = len(np.unique(block))
    is_highest = _is_highest(notes)
    parts = []
    for track, channel in np.unique(np.stack([notes.track, notes.channel]), axis=1).T.tolist():
        if channel == DRUMS:
            continue
        chosen = (notes.track == track) & (notes.channel == channel)
        own = notes[chosen]
        parts.append(
            Part(
                track=track,
                channel=channel,
                name=track_names.get(track, ""),
                chosen=chosen,
                notes=len(own),
                monophony=_monophony(own),
                pitch=float(own.pitch.mean()),
                coverage=len(np.unique(block[chosen])) / blocks,
                highest=float(is_highest[chosen].mean()),
                pitches=len(np.unique(own.pitch)),
                steps=_steps(own),
            )
        )
    return parts


def _monophony(own: PlayedNotes) -> float:
    """Notes that overlap the next by no more than a fifth of their length (legato) count."""
    if len(own) < 2:
        return 1.0
    overlap = own.end_seconds[:-1] - own.onset_seconds[1:]
    length = np.maximum(own.end_seconds[:-1] - own.onset_seconds[:-1], 1e-6)
    return float((overlap <= 0.2 * length).mean())


def _steps(own: PlayedNotes) -> float:
    """Of the highest of the notes that begin together; chords are no moves."""
    if len(own) < 2:
        return 0.0
    order = np.lexsort((-own.pitch, own.onset_quarters))
    onset, pitch = own.onset_quarters[order], own.pitch[order]
    top = np.append(True, np.diff(onset) > 0.02)
    moves = np.abs(np.diff(pitch[top]))
    moves = moves[moves > 0]
    return float((moves <= 2).mean()) if len(moves) else 0.0


def _is_highest(notes: PlayedNotes) -> npt.NDArray[np.bool_]:
    """(N,) whether no higher note (drums aside) begins at the same sixteenth of a quarter."""
    moment = np.rint(notes.onset_quarters * 16).astype(np.int64)
    moment -= moment.min()
    pitch = np.where(notes.channel == DRUMS, -1, notes.pitch)
    # Only moments with notes take room: a file may claim an onset at the end of time.
    _, number = np.unique(moment, return_inverse=True)
    top = np.full(number.max() + 1, -1)
    np.maximum.at(top, number, pitch)
    return np.asarray(pitch >= top[number])


def melody_part(parts: list[Part]) -> tuple[Part, FoundBy] | None:
    """The part that is the melody, and how it was found; None where none can be."""
    named = [(rank, part) for part in parts if (rank := _rank_of_name(part.name)) is not None]
    named = [(rank, part) for rank, part in named if part.notes >= FEWEST_NOTES]
    if named:
        return min(named, key=lambda pair: (pair[0], -pair[1].notes))[1], "name"
    found = melody_by_features(parts)
    return None if found is None else (found, "features")


def melody_by_features(parts: list[Part]) -> Part | None:
    """The part that moves most like a melody, whatever its name; None where none does."""
    possible = [part for part in parts if _is_possible(part)]
    return max(possible, key=lambda part: part.merit) if possible else None


def _is_possible(part: Part) -> bool:
    return (
        part.notes >= FEWEST_NOTES
        and part.monophony >= 0.4
        and 52 <= part.pitch <= 90
        and part.coverage >= 0.25
        and part.pitches >= 4
    )


def _rank_of_name(name: str) -> int | None:
    """Place of the first word of `NAMES` in a part's name; None where it names no melody."""
    text = re.sub(r"[^a-z0-9]", "", name.lower())
    ranks = [rank for rank, word in enumerate(NAMES) if word in text]
    if not ranks or any(word in text for word in NOT_NAMES):
        return None
    return ranks[0]
