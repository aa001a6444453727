"""MIDI files as performances: every note with its velocity, in seconds and in quarters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from chromasonic.errors import FormatError
from chromasonic.files import PathLike
from chromasonic.formats.midi_events import MidiEvents, MidiNote, parse_midi
from chromasonic.music.performance import PlayedNotes

DEFAULT_MICROSECONDS = 500_000
"""A quarter's length where a file names no tempo: 120 a minute, as the MIDI standard says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MidiPerformance:
    """What a MIDI file plays.

    Attributes:
        notes: all of them, drums too.
        tempo_bpm: quarter notes a minute at the start (120 where the file names none).
        has_tempo: whether the file names one.
        metres: (quarters from the start, numerator, denominator), in time; may be empty.
        track_names: track number to name.
        source: file name, for messages.
        pedals: (seconds, channel, whether down): where a sustain pedal changes, in time.
    """

    notes: PlayedNotes
    tempo_bpm: float
    has_tempo: bool
    metres: tuple[tuple[float, int, int], ...]
    track_names: dict[int, str]
    source: str
    pedals: tuple[tuple[float, int, bool], ...] = ()


def read_midi_performance(path: PathLike) -> MidiPerformance:
    """Read a MIDI file as it is played.

    Raises:
        FormatError: no MIDI file, cut short, damaged, 0 ticks a quarter, SMPTE time, too many
            notes; a file without any note is read (its columns are empty).
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"Cannot read {path}: {error.strerror or error}.") from error
    return performance_of(parse_midi(data, path.name), source=path.name)


def performance_of(events: MidiEvents, *, source: str) -> MidiPerformance:
    """The performance that a file's events describe."""
    columns = len(MidiNote._fields)
    values = chain.from_iterable(events.notes)  # the notes' fields, in their order
    table = np.fromiter(values, np.int64, columns * len(events.notes)).reshape(-1, columns)
    table = table[np.lexsort((table[:, 2], table[:, 0]))]  # by onset, then by pitch
    onset, end, pitch, channel, track, velocity, program = table.T.copy()
    return MidiPerformance(
        notes=PlayedNotes(
            onset_seconds=seconds_of_ticks(onset, events),
            end_seconds=seconds_of_ticks(end, events),
            onset_quarters=onset / events.ticks_per_quarter,
            pitch=pitch,
            velocity=velocity,
            channel=channel,
            track=track,
            program=program,
        ),
        tempo_bpm=60e6 / (_tempos(events)[0][1]),
        has_tempo=bool(events.tempos),
        metres=tuple((tick / events.ticks_per_quarter, n, d) for tick, n, d in events.metres),
        track_names=dict(events.track_names),
        source=source,
        pedals=_pedals(events),
    )


def _pedals(events: MidiEvents) -> tuple[tuple[float, int, bool], ...]:
    ticks = np.array([tick for tick, _, _ in events.pedals], dtype=np.int64)
    seconds = seconds_of_ticks(ticks, events).tolist()
    return tuple(
        (at, channel, is_down)
        for at, (_, channel, is_down) in zip(seconds, events.pedals, strict=True)
    )


def seconds_of_ticks(ticks: np.ndarray, events: MidiEvents) -> np.ndarray:
    """Ticks of a file as seconds, through all its changes of tempo."""
    tempos = _tempos(events)
    starts = np.array([tick for tick, _ in tempos], dtype=np.float64)
    rates = np.array([micro for _, micro in tempos], dtype=np.float64)
    rates = rates / (1e6 * events.ticks_per_quarter)
    begun = np.concatenate([[0.0], np.cumsum(np.diff(starts) * rates[:-1])])
    which = np.searchsorted(starts, ticks, side="right") - 1
    return begun[which] + (ticks - starts[which]) * rates[which]


def _tempos(events: MidiEvents) -> list[tuple[int, int]]:
    """Changes of tempo from tick 0 on, each tick once; a tempo of 0 is passed over."""
    tempos = {0: DEFAULT_MICROSECONDS}
    tempos.update({tick: micro for tick, micro in events.tempos if micro > 0})
    return sorted(tempos.items())
