"""Notes that were entered on a grid, one at a time, as bars of a tune."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chromasonic.errors import UsageError
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Bar, Note, Tune

MOST_NOTES = 2_000
MOST_STEPS = 20_000

Step = tuple[int, int, int]
"""Where a note begins and how long it is, in steps; its pitch as a MIDI number."""


def tune_of_steps(
    steps: Sequence[Step],
    *,
    steps_a_quarter: int = 4,
    key: Key | None = None,
    metre: Metre | None = None,
    title: str = "",
) -> Tune:
    """Bars of what was played: a note ends where the next begins, gaps are rests.

    Notes are cut at bar lines and tied. The last bar may be shorter than the metre asks for.

    Args:
        steps: the notes, in any order; of those that begin together the highest is taken.
        steps_a_quarter: fineness of the grid; must divide a quarter's ticks.
        key: C major where None.
        metre: 4/4 where None.
        title: of the tune.

    Raises:
        UsageError: no note, too many, or one that is out of range.
    """
    key, metre = key or Key(), metre or Metre()
    if not 1 <= steps_a_quarter <= 48 or TICKS_PER_QUARTER % steps_a_quarter:
        raise UsageError(
            f"steps_a_quarter is {steps_a_quarter}; allowed: 1, 2, 3, 4, 6, 8, 12, ..."
        )
    if not 1 <= len(steps) <= MOST_NOTES:
        raise UsageError(f"{len(steps)} notes were played; allowed: 1 to {MOST_NOTES}.")
    for start, length, pitch in steps:
        if not (0 <= start <= MOST_STEPS and 1 <= length <= MOST_STEPS and 0 <= pitch <= 127):
            raise UsageError(
                f"A note of pitch {pitch} from step {start}, {length} steps long, is out of range."
            )
    unit = TICKS_PER_QUARTER // steps_a_quarter
    bars: list[list[Note]] = [[]]
    for ticks, sound in _events(steps, unit):
        _lay(bars, Note(ticks, sound), metre.bar_ticks)
    written = tuple(Bar(tuple(notes), metre, key) for notes in bars if notes)
    return Tune("played", title, written)


def barred(tune: Tune) -> Tune:
    """A tune that was written without bar lines, cut into bars of its metre; any other as it is."""
    (first, *others) = tune.bars
    if others or first.metre is None or first.duration <= first.metre.bar_ticks:
        return tune
    ticks = first.metre.bar_ticks
    bars: list[list[Note]] = [[]]
    for note in first.notes:
        _lay(bars, note, ticks)
    last = len(bars) - 1
    cut = tuple(
        replace(
            first,
            notes=tuple(notes),
            chords=tuple(
                replace(chord, onset=chord.onset - place * ticks)
                for chord in first.chords
                if chord.onset // ticks == place
            ),
            opens_repeat=first.opens_repeat and place == 0,
            closes_repeat=first.closes_repeat if place == last else 0,
            closes_section=first.closes_section and place == last,
        )
        for place, notes in enumerate(bars)
    )
    return replace(tune, bars=cut)


def metre_of_bars(tune: Tune) -> Metre | None:
    """The metre that most bars fill, where it is not the usual one; None where they fill no other.

    For tunes that were written with bar lines, but without a metre.
    """
    lengths = [bar.duration for bar in tune.bars]
    usual = max(lengths, key=lengths.count, default=0)
    quarters, rest = divmod(usual, TICKS_PER_QUARTER)
    is_usual = 2 <= lengths.count(usual) >= 0.6 * len(lengths)
    return Metre(quarters, 4) if is_usual and not rest and quarters in (2, 3, 5) else None


def _events(steps: Sequence[Step], unit: int) -> list[tuple[int, int | None]]:
    """Ticks and pitch (None: a rest) of what sounds one after the other."""
    highest: dict[int, Step] = {}
    for note in steps:
        if note[0] not in highest or note[2] > highest[note[0]][2]:
            highest[note[0]] = note
    ordered = [highest[start] for start in sorted(highest)]
    events: list[tuple[int, int | None]] = []
    time = 0
    for place, (start, length, pitch) in enumerate(ordered):
        if start > time:
            events.append(((start - time) * unit, None))
        end = start + length
        if place + 1 < len(ordered):
            end = min(end, ordered[place + 1][0])
        events.append(((end - start) * unit, pitch))
        time = end
    return events


def _lay(bars: list[list[Note]], note: Note, bar_ticks: int) -> None:
    """Write a note or a rest down, cut and tied at bar lines."""
    left, tied = note.duration, note.tied
    while left:
        room = bar_ticks - sum(one.duration for one in bars[-1])
        if not room:
            bars.append([])
            room = bar_ticks
        part = min(room, left)
        bars[-1].append(replace(note, duration=part, tied=tied))
        left, tied = left - part, note.pitch is not None
