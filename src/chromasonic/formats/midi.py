"""MIDI files out of tunes and back.

Written: one track with the tune's title, tempo, every time and key signature; a mode that MIDI
has no word for stands as a marker ("D dorian"), which `read_midi` understands. A bar that is
shorter or longer than its metre (an anacrusis) has a time signature of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chromasonic.errors import FormatError, RenderError
from chromasonic.files import PathLike, write_bytes
from chromasonic.formats.midi_events import MidiEvents, MidiNote, parse_midi
from chromasonic.formats.midi_melody import (
    Event,
    highest_line,
    key_of_notes,
    melody_notes,
    quantized,
)
from chromasonic.music.key import MODES, Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.pitch import name_of_fifths
from chromasonic.music.tune import Bar, Note, Tune

DEFAULT_TEMPO_BPM = 112.0
"""Felt beats a minute of a tune that names no tempo; half notes go at three quarters of it."""

VELOCITIES = {"bar": 96, "beat": 86, "between": 76}
"""How strongly a note is struck on the first of a bar, on a beat, between beats."""

MAX_BARS = 100_000
PROGRAMS = {"piano": 0, "violin": 40, "flute": 73, "recorder": 74, "accordion": 21, "guitar": 24}
"""Some General MIDI programs by name (counted from 0)."""


def quarters_per_minute(tune: Tune, *, default_bpm: float | None = None) -> float:
    """Tempo of a tune in quarter notes a minute.

    Args:
        tune: its own mark is followed.
        default_bpm: felt beats a minute where it has none; None is as `DEFAULT_TEMPO_BPM` says.
    """
    beat = tune.metre.beat_ticks if tune.metre else TICKS_PER_QUARTER
    slower = 0.75 if beat > TICKS_PER_QUARTER * 3 // 2 else 1.0
    beats = tune.tempo_bpm
    if beats is None:
        beats = DEFAULT_TEMPO_BPM * slower if default_bpm is None else default_bpm
    return beats * beat / TICKS_PER_QUARTER


def write_midi(
    tune: Tune,
    path: PathLike,
    *,
    expand_repeats: bool = True,
    program: int = 0,
    velocity: float | None = None,
) -> Path:
    """Write a tune as a MIDI file.

    Args:
        tune: what to write.
        path: the file.
        expand_repeats: play the repeats out; False writes every bar once.
        program: General MIDI instrument, 0 to 127.
        velocity: about how strongly notes are struck, 1 to 127: a note on a beat has it, the others
            keep their distance from that; None is as in `VELOCITIES`.

    Raises:
        RenderError: the program is out of range.
        StorageError: the file cannot be written.
    """
    score = midi_score(tune, expand_repeats=expand_repeats, program=program, velocity=velocity)
    return write_bytes(path, score.dumps_midi())


def midi_score(  # type: ignore[no-untyped-def]
    tune: Tune,
    *,
    expand_repeats: bool,
    program: int,
    velocity: float | None = None,
    fine: bool = False,
):
    """The tune as a symusic score, in the smallest usual resolution that keeps every onset.

    Args:
        tune: what to play.
        expand_repeats: play the repeats out.
        program: General MIDI instrument, 0 to 127.
        velocity: see `write_midi`.
        fine: take `TICKS_PER_QUARTER` whatever the lengths.
    """
    import symusic

    if not 0 <= program <= 127:
        raise RenderError(f"Program {program} is no General MIDI instrument: 0 to 127.")
    tune = tune.expanded() if expand_repeats else tune
    step = TICKS_PER_QUARTER // 480
    if fine or any(note.duration % step for note in tune.notes()):
        step = 1
    score = symusic.Score(TICKS_PER_QUARTER // step)
    score.tempos.append(symusic.Tempo(0, quarters_per_minute(tune)))
    time, metre, key = 0, None, None
    for bar in tune.bars:
        signature = _bar_signature(bar)
        if signature and signature != metre:
            score.time_signatures.append(symusic.TimeSignature(time // step, *signature))
            metre = signature
        if bar.key != key:
            minor = int("minor" in bar.key.mode or 4 not in MODES[bar.key.mode])
            fifths = (bar.key.fifths + 7) % 12 - 7 if abs(bar.key.fifths) > 7 else bar.key.fifths
            score.key_signatures.append(symusic.KeySignature(time // step, fifths, minor))
            if key is not None or bar.key.mode not in ("major", "minor"):
                score.markers.append(symusic.TextMeta(time // step, str(bar.key)))
            key = bar.key
        time += bar.duration
    track = symusic.Track(tune.title or tune.id, program, False)
    stress = stresses(tune)
    shift = 0 if velocity is None else round(velocity) - VELOCITIES["beat"]
    for onset, duration, pitch in tune.sounding():
        strength = min(127, max(1, VELOCITIES[stress.get(onset, "between")] + shift))
        track.notes.append(symusic.Note(onset // step, duration // step, pitch, strength))
    score.tracks.append(track)
    return score


def stresses(tune: Tune) -> dict[int, str]:
    """Onset in ticks to "bar" or "beat"; beats of an anacrusis are counted from its end."""
    stresses, time = {}, 0
    for bar in tune.bars:
        beat = bar.metre.beat_ticks if bar.metre else TICKS_PER_QUARTER
        first = bar.duration % beat
        stresses.update(dict.fromkeys(range(time + first, time + bar.duration, beat), "beat"))
        if bar.is_full:
            stresses[time] = "bar"
        time += bar.duration
    return stresses


def _bar_signature(bar: Bar) -> tuple[int, int] | None:
    """The time signature that a bar needs: its metre's, or that of its real length."""
    if bar.metre is None or bar.duration == 0:
        return None
    if bar.is_full:
        return bar.metre.numerator, bar.metre.denominator
    for denominator in (bar.metre.denominator, 8, 16, 32, 64):
        unit = 4 * TICKS_PER_QUARTER // denominator
        if denominator >= bar.metre.denominator and bar.duration % unit == 0:
            return bar.duration // unit, denominator
    return None


def read_midi(path: PathLike) -> Tune:
    """Read the melody of a MIDI file.

    The melody is the track named so, else the highest line of all but the drums. Onsets are kept
    to the tick in a file that a program wrote on a grid, else rounded to sixteenths, triplets,
    thirty-seconds or sextuplets, quarter by quarter. Bars follow the time signatures (4/4 where
    there is none); a signature that lasts one bar, is shorter than its neighbour's, and stands at
    the start, at the end or beside another such bar is an incomplete bar (anacrusis). Whole bars
    of silence in front are left out, and the last bar is filled with a rest. The key is the key
    signature's, or that of our own marker; a file without one gets the major or minor key that
    fits its notes. Two million notes take seconds; more are refused.

    Raises:
        FormatError: no MIDI file, cut short, damaged, 0 ticks a quarter, SMPTE time, no notes.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"Cannot read {path}: {error.strerror or error}.") from error
    events = parse_midi(data, path.name)
    notes = melody_notes(events)
    if not notes:
        raise FormatError(f"{path.name} has no notes beside drums: there is no melody to read.")
    title = events.track_names.get(notes[0].track, "")
    return tune_of_notes(notes, events, title=title, path=path)


def tune_of_notes(notes: Sequence[MidiNote], events: MidiEvents, *, title: str, path: Path) -> Tune:
    """The highest line of some notes of a file, in bars; see `read_midi`."""
    line = quantized(highest_line(notes), events.ticks_per_quarter)
    bars = _bars(line, events)
    tempo = None
    if events.tempos and events.tempos[0][1]:
        beat = bars[0].metre.beat_ticks if bars[0].metre else TICKS_PER_QUARTER
        tempo = round(60e6 / events.tempos[0][1] * TICKS_PER_QUARTER / beat, 3)
    return Tune(id=path.stem, title=title, bars=bars, tempo_bpm=tempo, source=path.name)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a bar stands: start and length in ticks, its metre and key."""

    start: int
    length: int
    metre: Metre
    key: Key


def _bars(line: list[Event], events: MidiEvents) -> tuple[Bar, ...]:
    frames = _frames(line, events)
    bars, place = [], 0
    for frame in frames:
        notes: list[Note] = []
        now, stop = frame.start, frame.start + frame.length
        while now < stop:
            while place < len(line) and line[place][1] <= now:
                place += 1
            onset, end, pitch = line[place] if place < len(line) else (stop, stop, 0)
            if onset > now:
                until = min(onset, stop)
                notes.append(Note(until - now, None))
            else:
                until = min(end, stop)
                notes.append(Note(until - now, pitch, tied=onset < now))
            now = until
        bars.append(Bar(tuple(notes), frame.metre, frame.key))
    silent = 0
    while bars[silent].is_full and all(note.pitch is None for note in bars[silent].notes):
        silent += 1
    return tuple(bars[silent:])


def _frames(line: list[Event], events: MidiEvents) -> list[_Frame]:
    """The bars' frames up to the last note, incomplete bars under their neighbour's metre."""
    signatures = _signatures(events)
    keys = _keys(line, events)
    last = line[-1][1]
    lengths: list[tuple[int, int, Metre]] = []
    start = 0
    while start < last:
        if len(lengths) >= MAX_BARS:
            raise FormatError(
                f"The notes reach over more than {MAX_BARS:,} bars; that is no tune. Cut the file."
            )
        ahead = [time for time, _ in signatures if time > start]
        metre = [metre for time, metre in signatures if time <= start][-1]
        length = min(metre.bar_ticks, (ahead[0] if ahead else start + metre.bar_ticks) - start)
        lengths.append((start, length, metre))
        start += length
        if ahead and start >= ahead[0]:
            signatures = [pair for pair in signatures if pair[0] >= ahead[0]]
    frames = []
    for index, (begin, length, metre) in enumerate(lengths):
        key = [key for time, key in keys if time <= begin] or [keys[0][1]]
        frames.append(_Frame(begin, length, _felt_metre(lengths, index, metre), key[-1]))
    return frames


def _felt_metre(lengths: list[tuple[int, int, Metre]], index: int, metre: Metre) -> Metre:
    """The metre of a neighbour that a single shorter bar belongs to, else its own."""
    after = lengths[index + 1][2] if index + 1 < len(lengths) else None
    before = lengths[index - 1][2] if index else None
    if metre in (before, after) or before == after:
        return metre  # between two bars of one metre it is a real change
    candidates = [other for other in (after, before) if other and other.bar_ticks > metre.bar_ticks]
    longest = max((other.bar_ticks for other in candidates), default=0)
    return next((other for other in candidates if other.bar_ticks == longest), metre)


def _signatures(events: MidiEvents) -> list[tuple[int, Metre]]:
    """Time signatures in our ticks, from 0 on; impossible ones are passed over."""
    result = [(0, Metre(4, 4))]
    for tick, numerator, denominator in events.metres:
        try:
            metre = Metre(numerator, denominator)
        except ValueError:
            continue
        time = round(tick * TICKS_PER_QUARTER / events.ticks_per_quarter)
        result = [pair for pair in result if pair[0] < time] + [(time, metre)]
    return result


def _keys(line: list[Event], events: MidiEvents) -> list[tuple[int, Key]]:
    """Keys in our ticks, in time: signatures, made exact by our markers."""
    marked = {}
    for tick, text in events.markers:
        tonic, _, mode = text.partition(" ")
        if mode in MODES:
            try:
                marked[tick] = Key(tonic, mode)
            except ValueError:
                continue
    result = []
    for tick, fifths, minor in events.keys:
        if abs(fifths) <= 7:
            mode = "minor" if minor else "major"
            key = Key(name_of_fifths(fifths + (3 if minor else 0)), mode)
            time = round(tick * TICKS_PER_QUARTER / events.ticks_per_quarter)
            result.append((time, marked.get(tick, key)))
    return result or [(0, key_of_notes(line))]
