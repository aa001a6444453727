"""Whether music21 reads the Bach chorales and their analyses as we do, on all of them.

    python benchmarks/chorale_parity.py

Compares the pitches of every score in four voices, sixteenth by sixteenth, with music21's parse;
every chord of the When in Rome analyses (place, root, tones, bass) with its RomanText reader; and
the home key that we find with the one in which the analysis ends. Writes
results/chorale_parity.json. Takes about five minutes.
"""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from pathlib import Path
from time import process_time

import numpy as np

from chromasonic import files
from chromasonic.data import bach_chorales, when_in_rome
from chromasonic.data.catalogue import facts_of
from chromasonic.data.harmonizer_chorales import harmonizer_chorales
from chromasonic.data.locate import locate
from chromasonic.errors import FormatError
from chromasonic.formats.chorale_musicxml import parse_chorale
from chromasonic.formats.roman_text import parse_roman_text
from chromasonic.music.chorale import SILENT, VOICES
from chromasonic.music.roman_numeral import parse_numeral

RESULTS = Path(__file__).parent / "results" / "chorale_parity.json"
Chord = tuple[Fraction, int, frozenset[int], int]


def their_pitches(path: Path) -> np.ndarray:
    """The four voices as music21 parses them, each sixteenth the note that sounds there."""
    from music21 import converter

    parts = converter.parse(path, forceSource=True).parts
    columns = []
    for name in VOICES:
        voice = next(part for part in parts if part.partName.lower().startswith(name)).flatten()
        column = np.full(int(voice.highestTime * 4) + 1, SILENT)
        for note in voice.notes:
            onset = Fraction(note.offset)
            end = onset + Fraction(note.quarterLength)
            column[-int(-onset * 4 // 1) : -int(-end * 4 // 1)] = note.pitch.midi
        columns.append(column)
    length = max(map(len, columns))
    return np.stack([np.pad(c, (0, length - len(c)), constant_values=SILENT) for c in columns], 1)


def compare_pitches() -> dict[str, object]:
    """All scores, cell by cell."""
    root = locate(bach_chorales.FACTS).folders[0]
    cells = unequal = 0
    differing: dict[str, int] = {}
    seconds = {"ours": 0.0, "music21": 0.0}
    for path in bach_chorales.score_paths(root):
        begin = process_time()
        try:
            ours = parse_chorale(path.read_bytes(), source=path.name).pitches
        except FormatError:
            continue
        seconds["ours"] += process_time() - begin
        begin = process_time()
        theirs = their_pitches(path)
        seconds["music21"] += process_time() - begin
        length = max(len(ours), len(theirs))
        both = [
            np.pad(grid, ((0, length - len(grid)), (0, 0)), constant_values=SILENT)
            for grid in (ours, theirs)
        ]
        cells += ours.size
        wrong = int((both[0] != both[1]).sum())
        unequal += wrong
        if wrong:
            differing[path.name] = wrong
    return {"cells": cells, "unequal": unequal, "files": differing, "processor_seconds": seconds}


def our_chords(text: str) -> list[Chord]:
    """Quarters from the first chord, root, tones, bass."""
    read = parse_roman_text(text, source="analysis.txt")
    starts = when_in_rome.bar_starts(read)
    first = starts[read.events[0].bar] + read.events[0].offset
    rows = []
    for event in read.events:
        chord = parse_numeral(event.numeral, event.key)
        onset = starts[event.bar] + event.offset - first
        rows.append((onset, chord.root, chord.pitch_classes, chord.bass))
    return changes(rows)


def their_chords(text: str) -> list[Chord]:
    """The same as music21 reads it."""
    from music21 import converter, roman

    stream = converter.parse(text, format="romantext").flatten()
    chords = list(stream.getElementsByClass(roman.RomanNumeral))
    first = chords[0].offset
    return changes(
        [
            (
                Fraction(chord.offset - first).limit_denominator(48),
                chord.root().pitchClass,
                frozenset(pitch.pitchClass for pitch in chord.pitches),
                chord.bass().pitchClass,
            )
            for chord in chords
        ]
    )


def changes(rows: list[Chord]) -> list[Chord]:
    """Without chords that go on: music21 names the last one again where a bar begins with none."""
    return [row for place, row in enumerate(rows) if not place or row[1:] != rows[place - 1][1:]]


def compare_analyses() -> dict[str, object]:
    """All analyses, chord by chord."""
    root = locate(facts_of("when-in-rome")).folders[0]
    counts: Counter[str] = Counter()
    differing: dict[str, str] = {}
    for path in sorted((root / when_in_rome.FOLDER).glob(f"*/{when_in_rome.FILE}")):
        text = path.read_text(encoding="utf-8")
        ours = our_chords(text)
        try:
            theirs = their_chords(text)
        except Exception as error:
            differing[path.parent.name] = f"music21 does not read it: {error}"[:120]
            continue
        common = len(set(ours) & set(theirs))
        counts.update(ours=len(ours), theirs=len(theirs), common=common)
        if ours != theirs:
            odd = sorted(set(ours) ^ set(theirs), key=lambda row: row[0])[0]
            differing[path.parent.name] = (
                f"{len(ours)} chords, {len(theirs)} in music21, {common} in common; "
                f"first at quarter {odd[0]}"
            )
    return {"chords": dict(counts), "analyses": differing}


def compare_keys() -> dict[str, int]:
    """Our home key and the local key of the analysis's last chord, enharmonics alike."""
    scores = harmonizer_chorales(analyses=True).scores.values()
    equal = total = 0
    for chorale in scores:
        if chorale.analysis is None or chorale.key is None:
            continue
        index = int(chorale.analysis.chord_of_step.max())
        last = chorale.analysis.chords[index].local_key
        total += 1
        equal += (last.tonic_pitch_class, last.mode) == (
            chorale.key.tonic_pitch_class,
            chorale.key.mode,
        )
    return {"scores_with_analysis": total, "equal": equal}


if __name__ == "__main__":
    results = {
        "pitches": compare_pitches(),
        "analyses": compare_analyses(),
        "home_key": compare_keys(),
    }
    files.write_json(RESULTS, results)
    print(json.dumps(results, indent=1))
