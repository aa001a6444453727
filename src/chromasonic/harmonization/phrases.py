"""Where the phrases of a melody end.

Fermatas and double bars end phrases. Between them the ends are guessed, where no fermata stands or
none for more than `LONGEST` usual lengths: together and not one by one (dynamic programming). Each
note has a merit as an end (long by itself and beside the next one, before a rest, before a leap, on
a tone of rest, the next note at the same place in the bar as the first of the tune, or beginning as
the tune began), and a phrase costs the more, the further it is from its usual length of two or four
bars.

Source: the form (merits of boundaries, a usual length, metrical parallelism) is that of D.
Temperley, "The Cognition of Basic Musical Structures" (2001), ch. 3.
Differs: other merits, with weights fitted to Bach's fermatas (`WEIGHTS`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chromasonic.formats.notation import is_anacrusis
from chromasonic.harmonization.beat_grid import beats_of_metre
from chromasonic.music.key import MODES, Key
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.tune import Tune

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

WEIGHTS = {
    "long": 0.93, "longer_than_next": 0.91, "same_place": 1.82, "tone_of_rest": 0.78, "leap": 0.87,
    "rest": 3.77, "as_the_opening": 1.58,
}  # fmt: skip
"""What each merit of an end weighs: the best F1 against the fermatas of the training chorales."""

EACH_END = -3.68
"""Merit of an end by itself: below zero, so that there are not too many."""

LENGTH_COST = 3.17
"""What a phrase costs that is twice, or half, as long as usual."""

LONGEST = 1.75
"""Where there are fermatas, stretches without one that are longer than so many usual lengths are
divided."""

SEARCHED = 6.0
"""No guessed phrase is longer than so many usual lengths."""

OPENING_NOTES = 4


class SungNote(NamedTuple):
    """A note as heard, ties joined: ticks from the start, ticks, MIDI number, under a fermata."""

    onset: int
    duration: int
    pitch: int
    fermata: bool

    @property
    def end(self) -> int:
        """Ticks from the start of the tune."""
        return self.onset + self.duration


def sung_notes(tune: Tune) -> list[SungNote]:
    """The notes of a tune as written (repeats not unfolded), ties joined, rests left out."""
    onset, found = 0, list[SungNote]()
    for note in tune.notes():
        last = found[-1] if found else None
        if note.pitch is not None:
            if note.tied and last and last.end == onset and last.pitch == note.pitch:
                fermata = last.fermata or note.fermata
                found[-1] = last._replace(duration=last.duration + note.duration, fermata=fermata)
            else:
                found.append(SungNote(onset, note.duration, note.pitch, note.fermata))
        onset += note.duration
    return found


def phrase_ends(tune: Tune, notes: list[SungNote], key: Key | None = None) -> list[int]:
    """Indices, ascending, of the notes that end phrases; the last note always does.

    Args:
        tune: the melody.
        notes: `sung_notes` of it, at least one.
        key: its key; None: the written one.
    """
    fermatas = {index for index, note in enumerate(notes[:-1]) if note.fermata}
    marked = written_ends(tune, notes)
    usual = usual_length(tune, notes)
    kept = LONGEST * usual if fermatas else 0
    merits: Floats | None = None
    ends, start = list[int](), 0
    for end in sorted(marked):
        if notes[end].end - notes[start].onset > kept:
            merits = end_merits(tune, notes, key or tune.key) if merits is None else merits
            ends += _guessed(notes, merits, start, end, usual)
        else:
            ends.append(end)
        start = end + 1
    return ends


def written_ends(tune: Tune, notes: list[SungNote]) -> set[int]:
    """Indices of the notes whose phrase end is written: fermatas, double bars, the last note."""
    fermatas = {index for index, note in enumerate(notes[:-1]) if note.fermata}
    return fermatas | _section_ends(tune, notes) | {len(notes) - 1}


def usual_length(tune: Tune, notes: list[SungNote]) -> int:
    """Ticks of a usual phrase: four bars; two of a metre of four beats and more in slow notes.

    Slow is a median of three quarters of a beat or more. In free metre it is eight quarters.
    """
    metre = tune.metre
    if metre is None:
        return 8 * TICKS_PER_QUARTER
    beats = len(beats_of_metre(metre))
    median = float(np.median([note.duration for note in notes]))
    is_slow = median * beats >= 0.75 * metre.bar_ticks
    return metre.bar_ticks * (2 if beats >= 4 and is_slow else 4)


def _section_ends(tune: Tune, notes: list[SungNote]) -> set[int]:
    """The last notes before double bars and repeat signs.

    Where the tune begins with an upbeat and the bar before a double bar is full, the next upbeat
    stands in it: then the last note before that.
    """
    onsets = [note.onset for note in notes]
    upbeat = tune.bars[0].duration if is_anacrusis(tune.bars, 0) else 0
    found, time = set[int](), 0
    for bar, after in zip(tune.bars, (*tune.bars[1:], None), strict=True):
        time += bar.duration
        opens = after is not None and after.opens_repeat
        if not (bar.closes_section or bar.closes_repeat or opens):
            continue
        index = int(np.searchsorted(onsets, time)) - 1
        has_upbeat = after is not None and bar.is_full and after.is_full
        while has_upbeat and index > 0 and notes[index].onset >= time - upbeat:
            index -= 1
        if index >= 0:
            found.add(index)
    return found


def end_merits(tune: Tune, notes: list[SungNote], key: Key) -> Floats:
    """(N,) how well each note would end a phrase, by what follows it too; the last has 0."""
    count = len(notes)
    onset = np.array([note.onset for note in notes])
    length = np.array([note.duration for note in notes], np.float64)
    pitch = np.array([note.pitch for note in notes])
    bar = tune.metre.bar_ticks if tune.metre else 1
    beat = bar / len(beats_of_metre(tune.metre)) if tune.metre else TICKS_PER_QUARTER
    rest = onset[1:] - (onset[:-1] + length[:-1])
    third = MODES[key.mode][2]
    degree = (pitch - key.tonic_pitch_class) % 12
    same_place = (onset[1:] - onset[0]) % bar == 0
    values = {
        "long": np.clip(np.log2(length / np.median(length)), -1, 2)[:-1],
        "longer_than_next": np.clip(np.log2(length[:-1] / length[1:]), -1, 1),
        "same_place": same_place & (tune.metre is not None),
        "tone_of_rest": np.isin(degree, [0, 2, third, 7, 11])[:-1],
        "leap": np.minimum(abs(np.diff(pitch)), 7) / 7,
        "rest": np.minimum(rest / beat, 1),
        "as_the_opening": _begins_as_the_tune(pitch, length)[1:],
    }
    merits = np.zeros(count)
    merits[:-1] = sum(WEIGHTS[name] * value for name, value in values.items()) + EACH_END
    return merits


def _begins_as_the_tune(pitch: Integers, length: Floats) -> Floats:
    """(N,) whether the intervals and lengths from a note on are those of the tune's first notes."""
    found = np.zeros(len(pitch))
    places = np.arange(OPENING_NOTES, len(pitch) - OPENING_NOTES + 1)
    if len(places):
        fits = np.ones(len(places), bool)
        for step in range(1, OPENING_NOTES):
            fits &= pitch[places + step] - pitch[places] == pitch[step] - pitch[0]
            fits &= length[places + step - 1] == length[step - 1]
        found[places] = fits
    return found


def _guessed(notes: list[SungNote], merits: Floats, first: int, last: int, usual: int) -> list[int]:
    """The best ends from a note to another, which is one of them."""
    onset = np.array([note.onset for note in notes[first : last + 1]])
    until = np.array([note.end for note in notes[first : last + 1]])
    count = len(onset)
    best, back = np.zeros(count), np.zeros(count, np.int64)
    for end in range(count):
        start = int(np.searchsorted(onset, until[end] - SEARCHED * usual))
        start = min(start, end)
        lengths = (until[end] - onset[start : end + 1]) / usual
        before = best[start - 1 : end] if start else np.append(0.0, best[:end])
        totals = before - LENGTH_COST * np.log2(lengths) ** 2
        chosen = int(totals.argmax())
        best[end] = totals[chosen] + (merits[first + end] if end + 1 < count else 0.0)
        back[end] = start + chosen - 1
    ends, end = list[int](), count - 1
    while end >= 0:
        ends.append(first + end)
        end = int(back[end])
    return ends[::-1]
