"""The measures of a staff in MusicXML: attributes, bar lines, directions, one voice or two.

Source: W3C Music Notation Community Group, "MusicXML 4.0" (2021).
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from chromasonic.formats.midi import quarters_per_minute
from chromasonic.formats.musicxml_notes import (
    add_chord,
    add_label,
    add_note,
    add_text,
    staff_accidentals,
)
from chromasonic.formats.notation import (
    Written,
    bar_numbers,
    is_anacrusis,
    playable,
    written_bar,
)
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.part_score import Label
from chromasonic.music.tune import Bar, Tune

__all__ = ["CLEFS", "Staff", "add_measures", "add_text", "written_heads"]

CLEFS = {"treble": ("G", 2, 0), "treble-8vb": ("G", 2, -1), "bass": ("F", 4, 0)}
"""Name to the clef's sign, line and octave change."""


_MIDDLE_LINES = {"treble": "B4", "treble-8vb": "B3", "bass": "D3"}
"""Name to the note on the clef's middle line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """What stands on one staff.

    Attributes:
        voices: one tune, or two in the same bars: the first with stems up, the second down.
        clef: a name of `CLEFS`.
        has_tempo: whether the tempo stands above it.
        default_bpm: felt beats a minute to play it at where it has no tempo; None: as a tune.
        labels: what stands under it, a tuple a bar; or empty.
        label_form: how labels are written: as lyrics of the last voice, which every program shows
            and reads back (words where no note begins), or as chord symbols under the staff.
        fermatas: the voices whose fermatas are shown.
    """

    voices: tuple[Tune, ...]
    clef: str = "treble"
    has_tempo: bool = True
    default_bpm: float | None = None
    labels: tuple[tuple[Label, ...], ...] = ()
    label_form: str = "lyric"
    fermatas: tuple[int, ...] = (0, 1)


def add_measures(part: ET.Element, staff: Staff) -> None:
    """Add a staff's measures to its <part>; metres, keys and bar lines are the first voice's.

    The second half of a bar that a repeat splits is not counted: X1, X2, ..., as programs write it.
    """
    divisions, bars = _divisions(staff), staff.voices[0].bars
    numbers, uncounted = bar_numbers(bars), 0
    for index, bar in enumerate(bars):
        previous = bars[index - 1] if index else None
        following = bars[index + 1] if index + 1 < len(bars) else None
        is_counted = index == 0 or numbers[index] != numbers[index - 1]
        uncounted += not is_counted
        name = str(numbers[index]) if is_counted else f"X{uncounted}"
        measure = ET.SubElement(part, "measure", number=name)
        if bar.metre is not None and bar.duration < bar.metre.bar_ticks:
            measure.set("implicit", "yes")
        _add_left_barline(measure, previous, bar)
        _add_attributes(measure, previous, bar, divisions, staff.clef)
        if index == 0 and staff.has_tempo:
            _add_tempo(measure, staff.voices[0], staff.default_bpm)
        _add_music(measure, staff, index, divisions)
        _add_right_barline(measure, bar, following)


def _divisions(staff: Staff) -> int:
    """Divisions of a quarter, the fewest that make every written length whole."""
    unit = TICKS_PER_QUARTER
    for tune in staff.voices:
        for index, bar in enumerate(tune.bars):
            for head in written_bar(bar, ends_bar=is_anacrusis(tune.bars, index)):
                unit = math.gcd(unit, head.duration)
            for chord in bar.chords:
                unit = math.gcd(unit, chord.onset)
    for labels in staff.labels:
        for label in labels:
            unit = math.gcd(unit, label.onset)
    return TICKS_PER_QUARTER // unit


def _add_attributes(
    measure: ET.Element, previous: Bar | None, bar: Bar, divisions: int, clef_name: str
) -> None:
    new_key = previous is None or previous.key != bar.key
    new_metre = previous is None or previous.metre != bar.metre
    if not (new_key or new_metre):
        return
    attributes = ET.SubElement(measure, "attributes")
    if previous is None:
        add_text(attributes, "divisions", divisions)
    if new_key:
        key = ET.SubElement(attributes, "key")
        add_text(key, "fifths", playable(bar.key).fifths)
        add_text(key, "mode", bar.key.mode)
    if new_metre:
        _add_time(attributes, bar.metre)
    if previous is None:
        sign, line, octaves = CLEFS[clef_name]
        clef = ET.SubElement(attributes, "clef")
        add_text(clef, "sign", sign)
        add_text(clef, "line", line)
        if octaves:
            add_text(clef, "clef-octave-change", octaves)


def _add_time(attributes: ET.Element, metre: Metre | None) -> None:
    time = ET.SubElement(attributes, "time")
    if metre is None:
        add_text(time, "senza-misura", "")
        return
    add_text(time, "beats", metre.numerator)
    add_text(time, "beat-type", metre.denominator)


def _add_tempo(measure: ET.Element, tune: Tune, default_bpm: float | None) -> None:
    """The metronome mark where the tune has one, and the tempo to play at always."""
    direction = ET.SubElement(measure, "direction", placement="above")
    kind = ET.SubElement(direction, "direction-type")
    if tune.tempo_bpm is None:
        add_text(kind, "words", "")
    else:
        metronome = ET.SubElement(kind, "metronome", parentheses="no")
        beat = tune.metre.beat_ticks if tune.metre else TICKS_PER_QUARTER
        units = {1: ("quarter", 0), 1.5: ("quarter", 1), 2: ("half", 0), 3: ("half", 1),
                    4: ("whole", 0), 0.5: ("eighth", 0), 0.75: ("eighth", 1), 0.25: ("16th", 0),
                    0.375: ("16th", 1)}  # fmt: skip
        name, dots = units.get(beat / TICKS_PER_QUARTER, ("quarter", 0))
        add_text(metronome, "beat-unit", name)
        for _ in range(dots):
            ET.SubElement(metronome, "beat-unit-dot")
        add_text(metronome, "per-minute", f"{tune.tempo_bpm:g}")
    quarters = quarters_per_minute(tune, default_bpm=default_bpm)
    ET.SubElement(direction, "sound", tempo=f"{quarters:.6g}")


def _add_music(measure: ET.Element, staff: Staff, index: int, divisions: int) -> None:
    """The notes of each voice with the chord symbols and labels, back to the start between."""
    bars = [tune.bars[index] for tune in staff.voices]
    heads = [written_heads(tune, index) for tune in staff.voices]
    shown = staff_accidentals(heads, bars[0].key)
    rests = _shared_rests(heads, _MIDDLE_LINES[staff.clef])
    labels = list(staff.labels[index]) if staff.labels else []
    last = len(bars) - 1
    for voice, (bar, row) in enumerate(zip(bars, heads, strict=True)):
        if voice:
            backup = ET.SubElement(measure, "backup")
            add_text(backup, "duration", bar.duration * divisions // TICKS_PER_QUARTER)
        chords = sorted(bar.chords, key=lambda chord: chord.onset)
        waiting = labels if voice == last else []
        for number, head in enumerate(row):
            end = head.onset + head.duration
            while chords and chords[0].onset < end:
                chord = chords.pop(0)
                add_chord(measure, chord, chord.onset - head.onset, divisions)
            lyric = ""
            while waiting and waiting[0].onset < end:
                label = waiting.pop(0)
                begins = label.onset == head.onset and head.pitch is not None
                if begins and staff.label_form == "lyric":
                    lyric = label.text
                else:
                    offset = label.onset - head.onset
                    add_label(measure, label, offset, divisions, form=staff.label_form)
            add_note(
                measure,
                head,
                bar.key,
                divisions,
                accidental=shown.get((voice, number)),
                voice=voice + 1,
                stem=("up", "down")[voice] if len(bars) > 1 else "",
                fermata=("upright", "inverted")[voice] if voice in staff.fermatas else "",
                lyric=lyric,
                rest=rests.get((voice, number), ""),
            )
        for chord in chords:
            add_chord(measure, chord, chord.onset - bar.duration, divisions)


def _shared_rests(heads: list[list[Written]], line: str) -> dict[tuple[int, int], str]:
    """Rests that two voices have at once: the first's stands on the middle line for both."""
    if len(heads) != 2:
        return {}
    lower = {
        (head.onset, head.duration): number
        for number, head in enumerate(heads[1])
        if head.pitch is None
    }
    shared: dict[tuple[int, int], str] = {}
    for number, head in enumerate(heads[0]):
        twin = lower.get((head.onset, head.duration))
        if head.pitch is None and twin is not None:
            shared[0, number], shared[1, twin] = line, "hidden"
    return shared


def written_heads(tune: Tune, index: int) -> list[Written]:
    """The note heads of a bar; a silent one is a single rest for the whole of it."""
    bar = tune.bars[index]
    following = tune.bars[index + 1] if index + 1 < len(tune.bars) else None
    if bar.is_full and bar.notes and all(note.pitch is None for note in bar.notes):
        return [Written(bar.duration, None, "", is_whole_bar=True)]
    return written_bar(
        bar, tied_on=_is_tied_on(bar, following), ends_bar=is_anacrusis(tune.bars, index)
    )


def _is_tied_on(bar: Bar, following: Bar | None) -> bool:
    if not bar.notes or following is None or not following.notes:
        return False
    return following.notes[0].tied and following.notes[0].pitch == bar.notes[-1].pitch


def _add_left_barline(measure: ET.Element, previous: Bar | None, bar: Bar) -> None:
    begins = bool(bar.ending) and _begins_ending(previous, bar)
    if not (begins or bar.opens_repeat):
        return
    barline = ET.SubElement(measure, "barline", location="left")
    if bar.opens_repeat:
        add_text(barline, "bar-style", "heavy-light")
    if begins:
        numbers = ",".join(map(str, bar.ending))
        add_text(barline, "ending", f"{numbers}.", number=numbers, type="start")
    if bar.opens_repeat:
        ET.SubElement(barline, "repeat", direction="forward")


def _begins_ending(previous: Bar | None, bar: Bar) -> bool:
    return previous is None or previous.ending != bar.ending or previous.closes_repeat > 0


def _add_right_barline(measure: ET.Element, bar: Bar, following: Bar | None) -> None:
    ends = bool(bar.ending) and (following is None or _begins_ending(bar, following))
    final = following is None
    if not (ends or final or bar.closes_repeat or bar.closes_section):
        return
    barline = ET.SubElement(measure, "barline", location="right")
    if bar.closes_repeat or final:
        add_text(barline, "bar-style", "light-heavy")
    elif bar.closes_section:
        add_text(barline, "bar-style", "light-light")
    if ends:
        kind = "stop" if bar.closes_repeat else "discontinue"
        ET.SubElement(barline, "ending", number=",".join(map(str, bar.ending)), type=kind)
    if bar.closes_repeat:
        repeat = ET.SubElement(barline, "repeat", direction="backward")
        if bar.closes_repeat > 1:
            repeat.set("times", str(bar.closes_repeat + 1))
