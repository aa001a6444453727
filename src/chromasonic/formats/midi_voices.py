"""The parts of a MIDI file, each a track or a channel of it, as tunes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chromasonic.errors import FormatError
from chromasonic.formats.midi import tune_of_notes
from chromasonic.formats.midi_events import DRUM_CHANNEL, MidiNote, parse_midi
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.tune import Tune

MAX_VOICES = 64
LEGATO_QUARTERS = 0.25
"""How long a note may sound into the next one before the two count as a chord."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MidiVoice:
    """What one track plays on one channel.

    Attributes:
        name: of its track, else its number.
        tune: its music, of notes that sound together the highest.
        chord_bar: number of the first bar in which notes sound together, from 1; None: no bar.
    """

    name: str
    tune: Tune
    chord_bar: int | None


def parse_midi_voices(data: bytes, *, path: Path) -> tuple[MidiVoice, ...]:
    """Every part of a MIDI file but the drums, in the order of tracks and channels.

    Raises:
        FormatError: as `midi.read_midi`.
    """
    events = parse_midi(data, path.name)
    rows: dict[tuple[int, int], list[MidiNote]] = defaultdict(list)
    for note in events.notes:
        if note.channel != DRUM_CHANNEL:
            rows[note.track, note.channel].append(note)
    if not rows:
        raise FormatError(f"{path.name} has no notes beside drums: there is no melody to read.")
    channels = [track for track, _ in rows]
    voices = []
    for track, channel in sorted(rows)[:MAX_VOICES]:
        notes = rows[track, channel]
        name = events.track_names.get(track, "").strip() or f"Track {track + 1}"
        title = events.track_names.get(track, "")
        if channels.count(track) > 1:
            name = f"{name}, channel {channel + 1}"
        tune = tune_of_notes(notes, events, title=title, path=path)
        chord = first_chord(notes, events.ticks_per_quarter)
        bar = None if chord is None else _bar_at(tune, chord)
        voices.append(MidiVoice(name=name, tune=tune, chord_bar=bar))
    return tuple(voices)


def first_chord(notes: Sequence[MidiNote], ticks_per_quarter: int) -> float | None:
    """Quarters from the start to the first place where two notes sound together; None: nowhere.

    A note that reaches a little into the next one (`LEGATO_QUARTERS`, and less than half of
    either) is legato; the same note twice at once is one.
    """
    allowed = LEGATO_QUARTERS * ticks_per_quarter
    latest: MidiNote | None = None
    for note in sorted(notes, key=lambda note: (note.onset, note.pitch)):
        if latest is not None and note.onset < latest.end:
            overlap = min(latest.end, note.end) - note.onset
            shorter = min(latest.end - latest.onset, note.end - note.onset)
            same = (note.onset, note.pitch) == (latest.onset, latest.pitch)
            if not same and (overlap > allowed or 2 * overlap >= shorter):
                return note.onset / ticks_per_quarter
        if latest is None or note.end >= latest.end:
            latest = note
    return None


def _bar_at(tune: Tune, quarters: float) -> int:
    """Number of the bar, from 1, in which a time lies."""
    end = 0
    for number, bar in enumerate(tune.bars, start=1):
        end += bar.duration
        if quarters * TICKS_PER_QUARTER < end:
            return number
    return len(tune.bars)
