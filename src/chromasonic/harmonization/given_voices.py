"""A setting that somebody wrote, judged by the same rules: four voices in, chords named, out.

For teachers and students: what a score does at each beat is named by what sounds there, but that a
suspension, or another tone on the beat that only ornaments, stands for the tone that it goes to.
Each broken rule is told as for an agent's setting.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chromasonic.errors import FormatError, UsageError
from chromasonic.formats.melodies import FoundVoice
from chromasonic.harmonization.embellishing import Embellishment, Line, embellishments
from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.harmonizing import in_key
from chromasonic.harmonization.key_plan import relative_key
from chromasonic.harmonization.melodies import melody_of_tune
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.phrases import sung_notes
from chromasonic.harmonization.realizing import NAMES, labels_of
from chromasonic.harmonization.reward import Reward, breaches
from chromasonic.harmonization.rules import Scope
from chromasonic.harmonization.voicings import Voicings
from chromasonic.harmonization.written_chords import written_chords
from chromasonic.music.key import Key
from chromasonic.music.part_score import PartScore
from chromasonic.music.tune import Bar, Note, Tune

VOICES = 4
AGENT = "own"
"""Who made a `given_setting`."""
OF_WHAT_SOUNDS = (Scope.VOICE, Scope.VOICES, Scope.PARTS)
"""Rules on motion are asked of what sounds, all others of the chords without their ornaments."""
READINGS = 3
"""Naming the chords anew after their ornaments has settled, or is settled enough, after so many."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GivenSetting:
    """Four voices as they were written, and as the rules see them.

    Attributes:
        tune: the highest voice, with a fermata where any voice has one.
        score: all four, with numerals.
        harmonization: one voicing a beat, as it sounds there. Its reward is that of the rules on
            motion of what sounds, of all others without ornaments.
        plain: the same with the tone that each ornament on the beat goes to in its place.
        ornaments: every tone that is foreign to its chord and has a name.
    """

    tune: Tune
    score: PartScore
    harmonization: Harmonization
    plain: Harmonization
    ornaments: tuple[Embellishment, ...]


def four_voices(voices: Sequence[FoundVoice], source: str) -> tuple[Tune, ...]:
    """Soprano, alto, tenor and bass out of what a file holds, in the same bars.

    Args:
        voices: as a reader found them; parts named soprano, alto, tenor, bass are taken by their
            names, else there have to be four, which are put in order of height.
        source: a name for the file, in messages.

    Raises:
        FormatError: other than four voices, chords in one of them, or bars that do not match.
    """
    chosen = _by_name(voices) or list(voices)
    if len(chosen) != VOICES:
        listed = ", ".join(voice.name or str(n) for n, voice in enumerate(voices[:12], start=1))
        noun = "voice" if len(chosen) == 1 else "voices"
        raise FormatError(
            f"{source} has {len(chosen)} {noun} ({listed or 'none'}), and a setting to be checked "
            "has four: soprano, alto, tenor and bass, each a part of its own, or two on a staff."
        )
    for voice in chosen:
        if voice.chord_bar is not None:
            raise FormatError(
                f"The part {voice.name} of {source} has notes that sound together in bar "
                f"{voice.chord_bar}. Write each of the four voices as a line of single notes."
            )
    tunes = [voice.tune for voice in chosen]
    if not _by_name(voices):
        tunes.sort(key=_height, reverse=True)
    return _in_same_bars(tunes, source)


def given_setting(
    parts: Sequence[Tune], *, key: Key | None = None, reward: Reward | None = None
) -> GivenSetting:
    """Judge a setting for four voices.

    Args:
        parts: soprano, alto, tenor and bass in the same bars (`four_voices`).
        key: in force throughout; None: as written, and where the melody goes.
        reward: the rules; all by default.

    Raises:
        UsageError: not four parts, or one of them is silent.
    """
    if len(parts) != VOICES:
        raise UsageError(f"{len(parts)} voices were given; a setting has {VOICES}.")
    home = key or relative_key(parts[0])
    parts = [in_key(part, home) if key or home != part.key else part for part in parts]
    tune = _with_all_fermatas(parts)
    melody = melody_of_tune(tune, key=key)
    voicings, ornaments = _read([Line.of(part) for part in parts], melody, parts, reward)
    total = _reward_of(voicings, melody, reward)
    plain, harmonization = (
        Harmonization(melody=melody, voicings=one, reward=total, agent=AGENT) for one in voicings
    )
    score = PartScore(
        id=tune.id,
        title=tune.title,
        names=NAMES[VOICES],
        parts=tuple(_without_chords(part) for part in parts),
        labels=labels_of(plain, tune),
        source=tune.source,
    )
    return GivenSetting(
        tune=tune, score=score, harmonization=harmonization, plain=plain, ornaments=ornaments
    )


def _read(
    lines: Sequence[Line], melody: Melody, parts: Sequence[Tune], reward: Reward | None
) -> tuple[tuple[Voicings, Voicings], tuple[Embellishment, ...]]:
    """The voicings without ornaments and as they sound, chords named; and the ornaments."""
    sounding = _pitches(parts, melody)
    plain = sounding
    voicings = written_chords(plain, lines, melody, reward)
    found: list[Embellishment] = []
    for _ in range(READINGS):
        found = embellishments(lines, melody, voicings)
        reduced = sounding.copy()
        for one in found:
            if one.is_accented:
                reduced[one.beat, one.voice] = one.goes_to
        if (reduced == plain).all():
            break
        plain = reduced
        voicings = written_chords(plain, lines, melody, reward)
    heard = Voicings.of(sounding, voicings.chord, voicings.tonic)
    return (voicings, heard), tuple(found)


def _reward_of(voicings: tuple[Voicings, Voicings], melody: Melody, reward: Reward | None) -> float:
    """What the breaches cost: of motion as it sounds, of all else without ornaments."""
    rules = None if reward is None else reward.rules
    return -sum(
        breach.cost
        for one, is_heard in zip(voicings, (False, True), strict=True)
        for breach in breaches(one, melody.beats, rules)
        if (breach.rule.scope in OF_WHAT_SOUNDS) == is_heard
    )


def _by_name(voices: Sequence[FoundVoice]) -> list[FoundVoice]:
    """The parts that are named for the four voices; none unless each is there once."""
    found = []
    for name in NAMES[VOICES]:
        named = [
            voice for voice in voices if voice.name.strip().casefold().startswith(name.lower())
        ]
        if len(named) != 1:
            return []
        found += named
    return found


def _height(tune: Tune) -> float:
    pitches = [note.pitch for note in tune.notes() if note.pitch is not None]
    return float(np.median(pitches)) if pitches else 0.0


def _in_same_bars(tunes: Sequence[Tune], source: str) -> tuple[Tune, ...]:
    """All parts in as many bars as the longest, rests where one of them is shorter."""
    longest = max(tunes, key=lambda tune: len(tune.bars))
    parts = []
    for tune in tunes:
        bars = []
        for number, model in enumerate(longest.bars):
            bar = tune.bars[number] if number < len(tune.bars) else None
            bars.append(_fitted(bar, model, tunes, number, source))
        parts.append(replace(tune, bars=tuple(bars)))
    return tuple(parts)


def _fitted(bar: Bar | None, model: Bar, tunes: Sequence[Tune], number: int, source: str) -> Bar:
    """A bar in the metre and key of the first part's, filled up with a rest where it is shorter."""
    there = [tune.bars[number].duration for tune in tunes if number < len(tune.bars)]
    length = max(there)
    first = next((tune.bars[number] for tune in tunes[:1] if number < len(tune.bars)), model)
    notes = () if bar is None else bar.notes
    missing = length - sum(note.duration for note in notes)
    if bar is not None and bar.metre != first.metre:
        raise FormatError(
            f"In bar {number + 1} of {source} one part is in {bar.metre}, another in "
            f"{first.metre}. All four voices need the same bars."
        )
    if missing:
        notes = (*notes, Note(missing, None))
    return replace(first, notes=notes, chords=())


def _with_all_fermatas(parts: Sequence[Tune]) -> Tune:
    """The highest voice; what it sounds, or sounded last, at the end of a note that any voice has
    under a fermata is under one too: the phrase ends for all of them."""
    ends = [note.end for part in parts[1:] for note in sung_notes(part) if note.fermata]
    onset, bars = 0, []
    starts = [note.onset for note in sung_notes(parts[0])]
    chosen = {starts[max(bisect_left(starts, end) - 1, 0)] for end in ends if starts}
    for bar in parts[0].bars:
        notes = []
        for note in bar.notes:
            notes.append(replace(note, fermata=note.fermata or onset in chosen))
            onset += note.duration
        bars.append(replace(bar, notes=tuple(notes)))
    return replace(parts[0], bars=tuple(bars))


def _pitches(parts: Sequence[Tune], melody: Melody) -> np.ndarray:
    """(B, 4) what sounds where each voicing is struck; a silent voice keeps its last note."""
    columns = [melody.beats.pitch]
    for name, part in zip(NAMES[VOICES][1:], parts[1:], strict=True):
        sounding = list(part.sounding())
        if not sounding:
            raise UsageError(
                f"The {name.lower()} is silent from beginning to end; four sounding voices are "
                "needed."
            )
        onsets = np.array([onset for onset, _, _ in sounding])
        pitches = np.array([pitch for _, _, pitch in sounding])
        place = np.searchsorted(onsets, melody.onset, side="right") - 1
        columns.append(pitches[np.maximum(place, 0)])
    return np.column_stack(columns)


def _without_chords(part: Tune) -> Tune:
    return replace(part, bars=tuple(replace(bar, chords=()) for bar in part.bars))
