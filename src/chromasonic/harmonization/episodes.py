"""Melodies laid out for episodes: candidates of every beat, and what an agent observes.

Both environments (`env`, `batched_env`) read the same layout, N rows at a time, so that one cannot
drift from the other. An observation is `OBSERVATION_SIZE` numbers from -1 to 1:

| from | what | how many |
|---|---|---|
| the melody now and in the next 3 beats, for each: | | 4 x 20 |
| | there is such a beat | 1 |
| | degree: semitones above its tonic, one-hot | 12 |
| | height: 0 at C4, 1 at A5 | 1 |
| | semitones from the note before, an octave being 1 | 1 |
| | strength of the beat: 0, 0.5, 1 | 1 |
| | held; begins a phrase; ends a phrase; last | 4 |
| the key now | mode, one-hot in the order of `MODES` | 7 |
| the melody now | share of the beat that each degree sounds | 12 |
| the voicing before | there is one | 1 |
| | degree of soprano (as it leaves), alto, tenor, bass in the key now, one-hot | 4 x 12 |
| | height of each: 0 at D2, 1 at A5 | 4 |
| | root of its chord in the key now, one-hot | 12 |
| | function of its chord, one-hot | 4 |
| | it has a seventh | 1 |
| | member in the bass, one-hot | 4 |

After the last beat all numbers of "now" are 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import numpy.typing as npt

from chromasonic.errors import UsageError
from chromasonic.harmonization.chords import TABLE
from chromasonic.harmonization.exact import candidates
from chromasonic.harmonization.melody import Beats, Melody
from chromasonic.harmonization.voicings import BASS, RANGES, SOPRANO, Voicings
from chromasonic.music.key import MODES, Key

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

BEATS_AHEAD = 4
_OF_BEAT = 1 + 12 + 1 + 1 + 1 + 4
MELODY_SIZE = BEATS_AHEAD * _OF_BEAT + len(MODES) + 12
VOICING_SIZE = 1 + 4 * 12 + 4 + 12 + 4 + 1 + 4
OBSERVATION_SIZE = MELODY_SIZE + VOICING_SIZE
"""How many numbers an observation has."""

_LOWEST, _HIGHEST = RANGES["bass"][0], RANGES["soprano"][1]
_SOPRANO_LOW, _SOPRANO_HIGH = RANGES["soprano"]


class Episodes:
    """M melodies laid out one after the other: R beats (rows) in all, and K candidates.

    Candidates depend on note and key alone, so equal beats share theirs.

    Args:
        melodies: at least one, each of at least one beat.

    Attributes:
        melodies: as given.
        first: (M,) row of each melody's first beat.
        length: (M,) its beats.
        beats: all R beats.
        candidates: all K candidates.
        start: (R + 1,) where the candidates of each beat begin; the last row stands for the end of
            an episode and has one that is never taken.
        count: (R + 1,) how many there are.
        size: the most that any beat has: the number of actions.

    Raises:
        UsageError: no melody, an empty one, or a note that no voicing fits.
    """

    def __init__(self, melodies: Sequence[Melody]) -> None:
        self.melodies = tuple(melodies)
        if not self.melodies:
            raise UsageError("There is no melody to play. Give at least one.")
        for melody in self.melodies:
            if not len(melody):
                raise UsageError(f"Melody '{melody.id}' has no beat. Leave it out.")
        self.length = np.array([len(melody) for melody in self.melodies])
        self.first = np.concatenate([[0], np.cumsum(self.length)[:-1]])
        self.beats = _joined([melody.beats for melody in self.melodies])
        self.candidates, start, count = _shared_candidates(self.melodies)
        self.start, self.count = np.append(start, 0), np.append(count, 1)
        self.size = int(self.count.max())
        self._of_melody = _melody_observations(self.melodies)  # (R + 1, MELODY_SIZE)

    @classmethod
    def of(cls, melodies: Sequence[Melody] | Episodes | None) -> Episodes:
        """Episodes as given, over given melodies, or over `example_melody` where None is given."""
        if isinstance(melodies, Episodes):
            return melodies
        return cls([example_melody()] if melodies is None else melodies)

    @property
    def end(self) -> int:
        """The row that stands for the end of an episode."""
        return len(self.beats)

    def chosen(self, rows: Integers, actions: Integers) -> Integers:
        """(N,) which candidate an action takes at each row: the action modulo their number."""
        return self.start[rows] + actions % self.count[rows]

    def masks(self, rows: Integers) -> npt.NDArray[np.int8]:
        """(N, size) 1 where an action has a candidate of its own; at an end the first alone."""
        return (np.arange(self.size) < self.count[rows, None]).astype(np.int8)

    def observe(self, rows: Integers, before: Integers) -> Floats:
        """(N, OBSERVATION_SIZE) what is seen at each row.

        Args:
            rows: (N,) rows of `beats`, or `end`.
            before: (N,) the candidate taken on the beat before; -1 for none.
        """
        seen = np.zeros((len(rows), OBSERVATION_SIZE), np.float32)
        seen[:, :MELODY_SIZE] = self._of_melody[rows]
        there = np.flatnonzero((before >= 0) & (rows != self.end))
        if len(there):
            at = rows[there]
            voicings = self.candidates[before[there]]
            seen[there, MELODY_SIZE:] = _voicing_observation(
                voicings, self.beats.leaving[at - 1], self.beats.tonic[at]
            )
        return seen


def example_melody() -> Melody:
    """Old Hundredth (Genevan Psalter, 1551), in G major: for environments made without melodies."""
    from chromasonic.formats.typed_notes import read_typed_notes
    from chromasonic.harmonization.melodies import melody_of_tune

    notes = (
        "G4 | G4 F#4 E4 D4 | G4 A4 B4^ B4 | B4 B4 A4 G4 | C5 B4 A4^ G4 | "
        "A4 B4 A4 G4 | E4 F#4 G4^ D5 | B4 G4 A4 C5 | B4 A4 G4^"
    )
    key = Key("G", "major")
    return melody_of_tune(read_typed_notes(notes, key=key, title="Old Hundredth"), key=key)


def _joined(parts: list[Beats]) -> Beats:
    return Beats(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Beats)
        }
    )


def _shared_candidates(melodies: Sequence[Melody]) -> tuple[Voicings, Integers, Integers]:
    """All distinct candidates, and for each beat where its own begin and how many they are."""
    sets: list[Voicings] = []
    place: dict[tuple[int, int, int], int] = {}
    which = []
    for melody in melodies:
        beats = melody.beats
        keys = zip(beats.pitch.tolist(), beats.tonic.tolist(), beats.mode.tolist(), strict=True)
        for key, voicings in zip(keys, candidates(melody), strict=True):
            if key not in place:
                place[key] = len(sets)
                sets.append(voicings)
            which.append(place[key])
    sizes = np.array([len(voicings) for voicings in sets])
    starts = np.cumsum(sizes) - sizes
    return Voicings.joined(sets), starts[which], sizes[which]


def _melody_observations(melodies: Sequence[Melody]) -> Floats:
    """(R + 1, MELODY_SIZE) the part that no choice changes; the last row is 0."""
    parts = []
    for melody in melodies:
        beats, size = melody.beats, len(melody)
        own = _beat_observations(beats)
        padded = np.concatenate([own, np.zeros((BEATS_AHEAD - 1, _OF_BEAT), np.float32)])
        ahead = [padded[shift : shift + size] for shift in range(BEATS_AHEAD)]
        modes = np.eye(len(MODES), dtype=np.float32)[beats.mode]
        order = (np.arange(12) + beats.tonic[:, None]) % 12
        tones = np.take_along_axis(beats.tones, order, 1).astype(np.float32)
        parts.append(np.concatenate([*ahead, modes, tones], 1))
    return np.concatenate([*parts, np.zeros((1, MELODY_SIZE), np.float32)])


def _beat_observations(beats: Beats) -> Floats:
    """(B, 20) one beat's own numbers."""
    motion = np.diff(beats.pitch, prepend=beats.pitch[0])
    motion[1:] = beats.pitch[1:] - beats.leaving[:-1]
    columns = [
        np.ones(len(beats)),
        np.eye(12)[(beats.pitch - beats.tonic) % 12],
        np.clip((beats.pitch - _SOPRANO_LOW) / (_SOPRANO_HIGH - _SOPRANO_LOW), 0, 1),
        np.clip(motion / 12, -1, 1),
        beats.strength / 2,
        beats.is_held,
        beats.begins_phrase,
        beats.ends_phrase,
        beats.is_last,
    ]
    return np.column_stack(columns).astype(np.float32)


def _voicing_observation(voicings: Voicings, leaving: Integers, tonic: Integers) -> Floats:
    """(N, VOICING_SIZE) the voicing before, heard from the tonic now."""
    size = len(voicings)
    pitches = voicings.pitches.copy()
    pitches[:, SOPRANO] = leaving
    degrees = (pitches - tonic[:, None]) % 12
    root = (voicings.tonic + TABLE.root[voicings.chord] - tonic) % 12
    function, member = TABLE.function[voicings.chord], voicings.member[:, BASS]
    eye, rows = np.eye(12, dtype=np.float32), np.arange(size)
    seen = np.zeros((size, VOICING_SIZE), np.float32)
    seen[:, 0] = 1.0
    seen[:, 1:49] = eye[degrees].reshape(size, 48)
    seen[:, 49:53] = np.clip((pitches - _LOWEST) / (_HIGHEST - _LOWEST), 0, 1)
    seen[:, 53:65] = eye[root]
    seen[rows, 65 + function] = 1.0
    seen[:, 69] = TABLE.size[voicings.chord] == 4
    seen[rows, 70 + member] = 1.0
    return seen
