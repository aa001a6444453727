"""One melody out of MIDI notes: which notes, where they begin on the grid, in which key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from chromasonic.formats.midi_events import DRUM_CHANNEL, MidiEvents, MidiNote
from chromasonic.music.key import MODES, Key
from chromasonic.music.metre import TICKS_PER_QUARTER

EXACT_DIVISIONS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 32)
"""Parts of a quarter that a program means exactly (10, 14, ...: tuplets after an odd eighth)."""

PLAYED_DIVISIONS = (4, 3, 8, 6)
"""Parts of a quarter that playing is rounded to, simplest first: sixteenths, triplets, ..."""

TOLERANCE = TICKS_PER_QUARTER // 24
"""How far an onset may lie from a grid that is simpler than the nearest one."""

Event = tuple[int, int, int]
"""Onset, end, pitch."""


def melody_notes(events: MidiEvents) -> list[MidiNote]:
    """The notes that a melody may come from: a track named melody, else all but the drums."""
    pitched = [note for note in events.notes if note.channel != DRUM_CHANNEL]
    for name in ("melody", "vocal", "voice", "lead"):
        tracks = {number for number, text in events.track_names.items() if name in text.lower()}
        chosen = [note for note in pitched if note.track in tracks]
        if chosen:
            return chosen
    return pitched


def highest_line(notes: Sequence[MidiNote]) -> list[Event]:
    """The skyline: at each moment the highest note that sounds, one at a time.

    A lower note that begins under a higher one is left out, unless it outlasts it and shares less
    than half of its own length with it: that is legato, and the earlier note is cut instead.
    """
    line: list[Event] = []
    for note in sorted(notes, key=lambda note: (note.onset, -note.pitch)):
        onset, end, pitch = note.onset, max(note.end, note.onset + 1), note.pitch
        if line and onset < line[-1][1]:
            before_onset, before_end, before_pitch = line[-1]
            legato = end > before_end and 2 * (before_end - onset) < end - onset
            if onset == before_onset or not (pitch >= before_pitch or legato):
                continue
            line[-1] = (before_onset, onset, before_pitch)
        line.append((onset, end, pitch))
    return line


def quantized(line: Sequence[Event], ticks_per_quarter: int) -> list[Event]:
    """The line in our ticks, on a grid.

    A file whose every onset and end lies on a simple part of a quarter (`EXACT_DIVISIONS`) is kept
    to the tick. Otherwise each quarter takes the simplest grid of `PLAYED_DIVISIONS` near all its
    onsets, and a note that nearly reaches the next one is held until it.
    """
    scale = TICKS_PER_QUARTER
    if all(_is_exact(time, ticks_per_quarter) for onset, end, _ in line for time in (onset, end)):
        return [
            (onset * scale // ticks_per_quarter, end * scale // ticks_per_quarter, pitch)
            for onset, end, pitch in line
        ]
    onsets = [round(onset * scale / ticks_per_quarter) for onset, _, _ in line]
    ends = [round(end * scale / ticks_per_quarter) for _, end, _ in line]
    grid = _grid_of_quarters(onsets)
    result: list[Event] = []
    for index, (_, _, pitch) in enumerate(line):
        onset = _snap(onsets[index], grid)
        if result and onset <= result[-1][0]:
            result.pop()  # both fell on one place: an ornament gives way to what follows it
        if result and result[-1][1] > onset:
            result[-1] = (result[-1][0], onset, result[-1][2])
        end = _played_end(onset, ends[index], onsets[index + 1 : index + 2], grid)
        result.append((onset, end, pitch))
    return result


def _is_exact(time: int, ticks_per_quarter: int) -> bool:
    part = time % ticks_per_quarter
    return any(part * division % ticks_per_quarter == 0 for division in EXACT_DIVISIONS)


def _grid_of_quarters(onsets: Sequence[int]) -> dict[int, int]:
    """Quarter number to the division that its onsets take."""
    by_quarter: dict[int, list[int]] = defaultdict(list)
    for onset in onsets:
        by_quarter[onset // TICKS_PER_QUARTER].append(onset % TICKS_PER_QUARTER)
    return {quarter: _division(places) for quarter, places in by_quarter.items()}


def _division(places: Sequence[int]) -> int:
    """The first division near all places; where none is, the one with the least distance."""

    def distances(division: int) -> list[int]:
        step = TICKS_PER_QUARTER // division
        return [abs(place - round(place / step) * step) for place in places]

    for division in PLAYED_DIVISIONS:
        if max(distances(division)) <= TOLERANCE:
            return division
    return min(PLAYED_DIVISIONS, key=lambda division: sum(distances(division)))


def _snap(time: int, grid: dict[int, int]) -> int:
    step = TICKS_PER_QUARTER // grid.get(time // TICKS_PER_QUARTER, PLAYED_DIVISIONS[0])
    return round(time / step) * step


def _played_end(onset: int, end: int, following: Sequence[int], grid: dict[int, int]) -> int:
    """Where a note ends: with the next one's onset if the gap is mere articulation."""
    if following:
        next_onset = _snap(following[0], grid)
        gap, whole = next_onset - end, next_onset - onset
        if gap <= max(TICKS_PER_QUARTER // 8, min(whole * 3 // 10, TICKS_PER_QUARTER)):
            return max(next_onset, onset + 1)
    step = TICKS_PER_QUARTER // PLAYED_DIVISIONS[0]
    return max(_snap(end, grid), onset + step)


def key_of_notes(line: Sequence[Event]) -> Key:
    """The major or minor key whose scale holds most of the sounding time.

    Ties are settled by the last note, then by the time that tonic and fifth sound; a file with a
    key signature never comes here.
    """
    weight = [0] * 12
    for onset, end, pitch in line:
        weight[pitch % 12] += end - onset
    last = line[-1][2] % 12

    def merit(candidate: tuple[int, str]) -> tuple[int, bool, int]:
        tonic, mode = candidate
        inside = sum(weight[(tonic + step) % 12] for step in MODES[mode])
        return inside, tonic == last, weight[tonic] + weight[(tonic + 7) % 12]

    keys = ((tonic, mode) for tonic in range(12) for mode in ("major", "minor"))
    return Key.of_pitch_class(*max(keys, key=merit))
