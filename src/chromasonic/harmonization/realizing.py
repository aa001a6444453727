"""From a harmonization to a score: the melody as written, the voices below it, Roman numerals.

- The lower voices are struck with each voicing. A voice that keeps its tone under a note that the
  melody holds is tied; under a new note of the melody it is struck again, as it would be sung.
- Where the close of a phrase is one voicing under repeated notes, it is struck with each of them.
- A fermata over the melody stands over all voices.
- A numeral stands where the chord or its inversion changes, and where a phrase begins; the key
  stands before it at the start and where it changes ("G: V6/5"; minor keys small: "e: i"; other
  modes: "D dor: i").
- Chord symbols of the tune are left out: the numerals are the harmony now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chromasonic.harmonization.beat_grid import beat_grid
from chromasonic.harmonization.chords import VOCABULARY
from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.phrases import sung_notes
from chromasonic.harmonization.spelling import spelled_key, spelled_note
from chromasonic.harmonization.voicings import BASS, NO_CHORD
from chromasonic.music.key import Key
from chromasonic.music.part_score import Label, PartScore
from chromasonic.music.tune import Bar, Note, Tune

NAMES = {4: ("Soprano", "Alto", "Tenor", "Bass"), 2: ("Melody", "Second voice")}
"""Number of voices to the names of the parts."""


def part_score(harmonization: Harmonization, tune: Tune) -> PartScore:
    """The score of a harmonization.

    Args:
        harmonization: of four voices, or of two.
        tune: the tune that its melody was made from (`melody_of_tune`).

    Returns:
        One part a voice in the tune's own bars, with a label for each numeral (none with two
        voices).
    """
    voices = harmonization.voicings.pitches.shape[1]
    lower = [_part(_lines(harmonization, tune, voice), tune) for voice in range(1, voices)]
    return PartScore(
        id=tune.id,
        title=tune.title,
        names=NAMES[voices],
        parts=(spelled_melody(harmonization, tune), *lower),
        labels=labels_of(harmonization, tune) if voices == 4 else (),
        source=tune.source,
    )


def written_keys(harmonization: Harmonization, tune: Tune) -> list[Key]:
    """(B) the key in which the tune is written at each voicing."""
    starts = np.cumsum([0, *(bar.duration for bar in tune.bars[:-1])])
    bars = np.searchsorted(starts, harmonization.melody.onset, side="right") - 1
    return [tune.bars[bar].key for bar in bars.tolist()]


def chord_names(harmonization: Harmonization, homes: Sequence[Key]) -> list[str]:
    """(B) the numeral of each beat: with its key where that changes, "" where the chord stays.

    Args:
        harmonization: of four voices.
        homes: (B) the written keys.
    """
    voicings, beats = harmonization.voicings, harmonization.melody.beats
    names, before, key_before = list[str](), "", ""
    for index in range(len(beats)):
        chord = int(voicings.chord[index])
        if chord == NO_CHORD:
            names.append("")
            continue
        numeral = VOCABULARY[chord].figured(int(voicings.member[index, BASS]))
        key = key_name(spelled_key(int(beats.tonic[index]), int(beats.mode[index]), homes[index]))
        if key != key_before:
            names.append(f"{key}: {numeral}")
        else:
            is_new = numeral != before or beats.begins_phrase[index]
            names.append(numeral if is_new else "")
        before, key_before = numeral, key
    return names


def key_name(key: Key) -> str:
    """A key in front of its numerals: "G", "e", "D dor"."""
    if key.mode == "major":
        return key.tonic
    return key.tonic.lower() if key.mode == "minor" else f"{key.tonic} {key.mode[:3]}"


Line = list[tuple[int, int, int | None, bool, str | None]]
"""Notes of one voice without gaps: (onset, duration, pitch, fermata, name)."""


def _lines(harmonization: Harmonization, tune: Tune, voice: int) -> Line:
    """One lower voice, rests filled in, held tones joined."""
    melody, voicings = harmonization.melody, harmonization.voicings
    homes = written_keys(harmonization, tune)
    fermatas, struck = _under_fermata(harmonization, tune), _struck_again(harmonization, tune)
    line: Line = []
    time = 0
    for index in range(len(melody)):
        onset, duration = int(melody.onset[index]), int(melody.duration[index])
        pitch = int(voicings.pitches[index, voice])
        if onset > time:
            line.append((time, onset - time, None, False, None))
        elif melody.beats.is_held[index] and line and line[-1][2] == pitch:
            start, length, _, fermata, name = line[-1]
            line[-1] = (start, length + duration, pitch, fermata or fermatas[index], name)
            time = onset + duration
            continue
        name = spelled_note(
            pitch,
            int(voicings.chord[index]),
            int(voicings.tonic[index]),
            int(melody.beats.mode[index]),
            homes[index],
        )
        time = onset + duration
        for again in struck[index]:
            line.append((onset, again - onset, pitch, False, name))
            onset = again
        line.append((onset, time - onset, pitch, fermatas[index], name))
    end = sum(bar.duration for bar in tune.bars)
    if time < end:
        line.append((time, end - time, None, False, None))
    return line


def _struck_again(harmonization: Harmonization, tune: Tune) -> list[list[int]]:
    """(B) the beats within each close of a phrase at which the melody repeats its note."""
    melody, beats = harmonization.melody, set(beat_grid(tune).start.tolist())
    onsets = np.array([note.onset for note in sung_notes(tune) if note.onset in beats])
    first = np.searchsorted(onsets, melody.onset, side="right")
    after = np.searchsorted(onsets, melody.onset + melody.duration)
    is_close = melody.beats.ends_phrase & ~melody.beats.is_held
    return [
        onsets[start:end].tolist() if closes else []
        for start, end, closes in zip(first, after, is_close, strict=True)
    ]


def _under_fermata(harmonization: Harmonization, tune: Tune) -> list[bool]:
    """(B) whether a note of the melody under a fermata begins, or is held, with each voicing."""
    melody = harmonization.melody
    marked = [note for note in sung_notes(tune) if note.fermata]
    until = melody.onset + melody.duration
    found = np.zeros(len(melody), bool)
    for note in marked:
        inside = np.flatnonzero((melody.onset < note.end) & (until > note.onset))
        found[inside[-1:]] = True
    return found.tolist()


def _part(line: Line, tune: Tune) -> Tune:
    """A line in the bars of the tune: notes over bar lines are split and tied."""
    bars, place, time = list[Bar](), 0, 0
    for bar in tune.bars:
        end, notes = time + bar.duration, list[Note]()
        while place < len(line) and line[place][0] < end:
            onset, duration, pitch, fermata, name = line[place]
            start, stop = max(onset, time), min(onset + duration, end)
            is_whole = onset + duration <= end
            notes.append(
                Note(
                    stop - start,
                    pitch,
                    tied=pitch is not None and onset < time,
                    fermata=fermata and is_whole,
                    name=name,
                )
            )
            if not is_whole:
                break
            place += 1
        bars.append(replace(bar, notes=tuple(notes), chords=()))
        time = end
    return replace(tune, bars=tuple(bars))


def spelled_melody(harmonization: Harmonization, tune: Tune) -> Tune:
    """The tune with each note spelled: as it was written, else in the chord that it stands in."""
    melody, voicings = harmonization.melody, harmonization.voicings
    homes = written_keys(harmonization, tune)
    bars, time, name = list[Bar](), 0, None
    for bar in tune.bars:
        notes = list[Note]()
        for note in bar.notes:
            row = max(int(np.searchsorted(melody.onset, time, side="right")) - 1, 0)
            if note.pitch is None:
                name = None
            elif note.name is not None:
                name = note.name
            elif not note.tied:
                name = spelled_note(
                    note.pitch,
                    int(voicings.chord[row]),
                    int(voicings.tonic[row]),
                    int(melody.beats.mode[row]),
                    homes[row],
                )
            notes.append(replace(note, name=name))
            time += note.duration
        bars.append(replace(bar, notes=tuple(notes), chords=()))
    return replace(tune, bars=tuple(bars))


def labels_of(harmonization: Harmonization, tune: Tune) -> tuple[tuple[Label, ...], ...]:
    """The numerals of a harmonization of four voices, bar by bar, as a score has them."""
    starts = np.cumsum([0, *(bar.duration for bar in tune.bars)])
    labels: list[list[Label]] = [[] for _ in tune.bars]
    names = chord_names(harmonization, written_keys(harmonization, tune))
    for onset, text in zip(harmonization.melody.onset.tolist(), names, strict=True):
        if text:
            bar = int(np.searchsorted(starts, onset, side="right")) - 1
            labels[bar].append(Label(onset=onset - int(starts[bar]), text=text))
    return tuple(tuple(row) for row in labels)
