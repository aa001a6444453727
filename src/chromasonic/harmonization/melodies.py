"""From a tune to beats: when voicings are struck, and what each of them has to carry.

- A beat that begins with a rest is struck with its first note; a beat without a note is left out.
- A note on the beat is harmonized, but for an ornament: one that leads by step to a note at least
  twice as long that begins within the beat. Then that note is harmonized, from the beat on.
- A note that goes on over a beat gives that beat too (`is_held`), so that the voices below it may
  move. Of notes of four beats or more only the strong beats are taken.
- The last note of a phrase has one voicing for all of its length; with it one of the same pitch
  before it on a stronger beat of the bar ("Amen"). Where the next phrase begins within a beat, on a
  shorter note, all voices strike with it.
- Repeats are harmonized as written, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from chromasonic.errors import UsageError
from chromasonic.harmonization.beat_grid import WEAK, BeatGrid, beat_grid
from chromasonic.harmonization.chords import MODE_NUMBERS
from chromasonic.harmonization.key_plan import found_key, plan_keys
from chromasonic.harmonization.melody import Beats, Melody
from chromasonic.harmonization.phrases import SungNote, phrase_ends, sung_notes
from chromasonic.music.chorale import SILENT, STEPS_OF_QUARTER
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Bar, Note, Tune

TICKS_PER_STEP = TICKS_PER_QUARTER // STEPS_OF_QUARTER
LONG_NOTE_BEATS = 4
"""From so many beats on a held note is harmonized at strong beats alone."""


def melody_of_tune(tune: Tune, *, key: Key | None = None) -> Melody:
    """The beats of a tune, with its keys and phrases.

    Args:
        tune: at least one note in it.
        key: in force from beginning to end; None: found (see `key_plan`).

    Raises:
        UsageError: the tune has no note.
    """
    notes = notes_to_harmonize(tune)
    ends = phrase_ends(tune, notes, key)
    keys = plan_keys(tune, notes, ends, key)
    rows = _struck(notes, set(ends), beat_grid(tune))
    return _melody(tune, rows, notes, set(ends), keys)


def notes_to_harmonize(tune: Tune) -> list[SungNote]:
    """The notes of a tune as they are sung; see `phrases.sung_notes`.

    Raises:
        UsageError: there is none.
    """
    notes = sung_notes(tune)
    if not notes:
        raise UsageError(
            f"'{tune.title or tune.id}' has no note, only rests: there is nothing to harmonize. "
            "Give a tune with at least one note."
        )
    return notes


def melody_of_steps(
    pitches: npt.ArrayLike,
    *,
    metre: Metre | None = None,
    pickup_steps: int = 0,
    fermatas: Sequence[int] = (),
    key: Key | None = None,
    is_onset: npt.ArrayLike | None = None,
    id: str = "",
    title: str = "",
) -> Melody:
    """The beats of a melody on a grid of sixteenths, as `melody_of_tune` gives them.

    Args:
        pitches: (T,) MIDI numbers; `SILENT` is a rest.
        metre: 4/4 where None.
        pickup_steps: sixteenths before the first full bar.
        fermatas: steps at which notes under a fermata begin; empty: phrase ends are guessed.
        key: the home key, from which the melody may go to others; None: found.
        is_onset: (T,) whether a note is struck; None: where the pitch changes.
        id, title: of the melody.
    """
    tune = tune_of_steps(
        pitches,
        metre=metre,
        pickup_steps=pickup_steps,
        fermatas=fermatas,
        key=key,
        is_onset=is_onset,
        id=id,
        title=title,
    )
    return melody_of_tune(tune)


def tune_of_steps(
    pitches: npt.ArrayLike,
    *,
    metre: Metre | None = None,
    pickup_steps: int = 0,
    fermatas: Sequence[int] = (),
    key: Key | None = None,
    is_onset: npt.ArrayLike | None = None,
    id: str = "",
    title: str = "",
) -> Tune:
    """The tune that a melody on sixteenths is, in bars; arguments as of `melody_of_steps`.

    Without a key it is written in the one that is found (`key_plan.found_key`).
    """
    pitch_T = np.asarray(pitches, np.int64)
    metre = metre or Metre()
    is_struck = np.ones(len(pitch_T), bool)
    is_struck[1:] = pitch_T[1:] != pitch_T[:-1]
    if is_onset is not None:
        is_struck |= np.asarray(is_onset, bool) & (pitch_T != SILENT)
    bar_steps = metre.bar_ticks // TICKS_PER_STEP
    edges = set(range(pickup_steps % bar_steps, len(pitch_T), bar_steps)) | {0}
    starts = [step for step in range(len(pitch_T)) if is_struck[step] or step in edges]
    marked, bars, notes = set(fermatas), list[Bar](), list[Note]()
    under_fermata = False
    for start, end in zip(starts, [*starts[1:], len(pitch_T)], strict=True):
        if start in edges and start:
            bars.append(Bar(tuple(notes), metre, key or Key()))
            notes = []
        pitch = None if pitch_T[start] == SILENT else int(pitch_T[start])
        is_tied = pitch is not None and not is_struck[start]
        under_fermata = start in marked or (is_tied and under_fermata)
        notes.append(Note((end - start) * TICKS_PER_STEP, pitch, is_tied, under_fermata))
    bars.append(Bar(tuple(notes), metre, key or Key()))
    tune = Tune(id=id, title=title, bars=tuple(bars))
    if key is None and (pitch_T != SILENT).any():
        found = found_key(tune)
        tune = replace(tune, bars=tuple(replace(bar, key=found) for bar in bars))
    return tune


@dataclass(slots=True, kw_only=True)
class _Row:
    """A voicing to be struck: when, over which note, where in its bar."""

    onset: int
    note: int
    is_held: bool
    strength: int
    bar: int
    place: int


def _struck(notes: list[SungNote], ends: set[int], grid: BeatGrid) -> list[_Row]:
    """The moments at which voicings are struck."""
    onsets = np.array([note.onset for note in notes])
    until = np.append(grid.start[1:], grid.end)
    sounding = np.searchsorted(onsets, grid.start, side="right") - 1
    closes = _repeated_closes(notes, ends, grid)
    rows = list[_Row]()
    for index, start in enumerate(grid.start.tolist()):
        note = int(sounding[index])
        if note < 0 or notes[note].end <= start:
            note += 1
            if note == len(notes) or notes[note].onset >= until[index]:
                continue
        onset = max(start, notes[note].onset)
        row = _Row(
            onset=onset,
            note=note,
            is_held=notes[note].onset < onset,
            strength=int(grid.strength[index]),
            bar=int(grid.bar[index]),
            place=int(grid.place[index]) + onset - start,
        )
        beat_ticks = int(until[index]) - start
        if not row.is_held and note not in ends and _is_ornament(notes, note, int(until[index])):
            row.note += 1
        if not (rows and _is_needless(row, rows[-1], notes, ends, closes, beat_ticks)):
            rows.append(row)
        upbeat = _upbeat_within(row, notes, ends, int(until[index]))
        if upbeat is not None:
            rows.append(upbeat)
    return rows


def _is_ornament(notes: list[SungNote], index: int, until: int) -> bool:
    """Whether a note leads by step to one at least twice as long that begins before a moment."""
    if index + 1 == len(notes):
        return False
    note, following = notes[index], notes[index + 1]
    is_step = 1 <= abs(following.pitch - note.pitch) <= 2
    follows = following.onset == note.end and following.onset < until
    return is_step and follows and following.duration >= 2 * note.duration


def _repeated_closes(notes: list[SungNote], ends: set[int], grid: BeatGrid) -> set[int]:
    """The notes whose repetition, on a weaker beat of their bar, ends a phrase."""
    place = {start: index for index, start in enumerate(grid.start.tolist())}
    found = set[int]()
    for index in ends - {0}:
        before, note = notes[index - 1], notes[index]
        on, again = place.get(before.onset), place.get(note.onset)
        if on is None or again is None or before.pitch != note.pitch or before.end != note.onset:
            continue
        if grid.bar_index[on] == grid.bar_index[again] and grid.strength[on] > grid.strength[again]:
            found.add(index - 1)
    return found - ends


def _is_needless(
    row: _Row,
    before: _Row,
    notes: list[SungNote],
    ends: set[int],
    closes: set[int],
    beat_ticks: int,
) -> bool:
    """Whether the voicing before goes on: under a close, or on a weak beat of a long note."""
    if row.note != before.note:
        return before.note in closes and row.note == before.note + 1
    is_long = notes[row.note].duration >= LONG_NOTE_BEATS * beat_ticks
    return row.note in ends or row.note in closes or (is_long and row.strength == WEAK)


def _upbeat_within(row: _Row, notes: list[SungNote], ends: set[int], until: int) -> _Row | None:
    """The voicing of a phrase that begins within the beat on which the one before has ended."""
    for index in range(row.note, len(notes) - 1):
        note, following = notes[index], notes[index + 1]
        if following.onset >= until:
            return None
        if index in ends and following.duration < note.duration:
            return _Row(
                onset=following.onset,
                note=index + 1,
                is_held=False,
                strength=WEAK,
                bar=row.bar,
                place=row.place + following.onset - row.onset,
            )
    return None


def _melody(
    tune: Tune, rows: list[_Row], notes: list[SungNote], ends: set[int], keys: list[Key]
) -> Melody:
    """The value of all that was found."""
    count = len(rows)
    onset = np.array([row.onset for row in rows])
    until = np.append(onset[1:], notes[-1].end)
    tones, leaving = np.zeros((count, 12)), np.zeros(count, np.int64)
    ends_phrase, duration = np.zeros(count, bool), np.zeros(count, np.int64)
    for index, row in enumerate(rows):
        last = _sounding_until(notes, row.note, int(until[index]))
        for note in notes[row.note : last + 1]:
            overlap = min(note.end, until[index]) - max(note.onset, row.onset)
            tones[index, note.pitch % 12] += overlap
        leaving[index] = notes[last].pitch
        ends_phrase[index] = _ends_within(row.note, last, rows, index, ends)
        duration[index] = _length(row, notes[last], int(until[index]), bool(ends_phrase[index]))
    tones /= tones.sum(1, keepdims=True)
    begins_phrase = np.append(True, ends_phrase[:-1])
    in_force = [keys[row.note] for row in rows]
    beats = Beats(
        pitch=np.array([notes[row.note].pitch for row in rows]),
        leaving=leaving,
        tones=tones,
        tonic=np.array([key.tonic_pitch_class for key in in_force]),
        mode=np.array([MODE_NUMBERS[key.mode] for key in in_force]),
        strength=np.array([row.strength for row in rows]),
        is_held=np.array([row.is_held for row in rows]),
        begins_phrase=begins_phrase,
        ends_phrase=ends_phrase,
        is_last=np.arange(count) == count - 1,
    )
    return Melody(
        id=tune.id,
        title=tune.title,
        beats=beats,
        onset=onset,
        duration=duration,
        bar=np.array([row.bar for row in rows]),
        place=np.array([row.place for row in rows]) / TICKS_PER_QUARTER,
    )


def _sounding_until(notes: list[SungNote], first: int, until: int) -> int:
    """The last note that begins before a moment, from a first one on."""
    while first + 1 < len(notes) and notes[first + 1].onset < until:
        first += 1
    return first


def _ends_within(first: int, last: int, rows: list[_Row], index: int, ends: set[int]) -> bool:
    """Whether a phrase's last note is among those of a row, and of no later row."""
    after = rows[index + 1].note if index + 1 < len(rows) else None
    return any(note in ends and note != after for note in range(first, last + 1))


def _length(row: _Row, last: SungNote, until: int, ends_phrase: bool) -> int:
    """How long the voicing sounds: into short rests within a phrase, else as long as the melody."""
    rest = until - last.end
    if ends_phrase or rest >= TICKS_PER_QUARTER:
        return min(last.end, until) - row.onset
    return until - row.onset
