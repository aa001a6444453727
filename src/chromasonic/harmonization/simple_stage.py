"""Melodies made ready for the simple agent's training: transposed, candidates, rewards, keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from chromasonic.errors import UsageError
from chromasonic.files import sha256_of_bytes
from chromasonic.harmonization.exact import Transitions
from chromasonic.harmonization.melody import Beats, Melody
from chromasonic.harmonization.simple_states import keys_of_melody
from chromasonic.harmonization.two_voices import TWO_VOICE_REWARD, candidates_of_two
from chromasonic.harmonization.voicings import RANGES, Voicings

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_KEPT = 100_000


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Stage:
    """One melody of B beats as the game is played on it.

    Attributes:
        own: for each beat (N,) reward of each candidate by itself.
        pairs: for each beat but the last (M, N) reward of going on to the next beat's candidates.
        keys: for each beat but the last (N, tables) keys of its afterstates.
    """

    own: list[Doubles]
    pairs: list[npt.NDArray[np.float32]]
    keys: list[Integers]

    def __len__(self) -> int:
        return len(self.own)


class Stages:
    """The melodies of a training, each made ready in each transposition when first asked for.

    Args:
        melodies: at least one.
        transposition: by how many semitones up or down they are moved at most.

    Raises:
        UsageError: no melody.
    """

    def __init__(self, melodies: Sequence[Melody], transposition: int) -> None:
        if not melodies:
            raise UsageError("There is no melody to learn from. Give at least one.")
        self.melodies = tuple(melodies)
        self.shifts = [shifts_of(melody.beats, transposition) for melody in self.melodies]
        self._transitions = Transitions(TWO_VOICE_REWARD, kept=_KEPT)
        self._known: dict[tuple[int, int], Stage] = {}

    def draw(self, rng: np.random.Generator) -> Stage:
        """A melody, and then a transposition, each as likely as any other."""
        number = int(rng.integers(len(self.melodies)))
        shift = int(rng.choice(self.shifts[number]))
        if (number, shift) not in self._known:
            melody = transposed(self.melodies[number], shift)
            self._known[number, shift] = stage_of(
                melody.beats, candidates_of_two(melody), self._transitions
            )
        return self._known[number, shift]

    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that change with any beat of any melody."""
        parts = [
            np.ascontiguousarray(getattr(melody.beats, field.name)).tobytes()
            for melody in self.melodies
            for field in fields(Beats)
        ]
        return sha256_of_bytes(b"|".join(parts))[:16]


def stage_of(beats: Beats, sets: list[Voicings], transitions: Transitions) -> Stage:
    """A melody laid out; pairs that `transitions` remembers are not computed again.

    Args:
        beats: B of them.
        sets: the candidates of each, see `two_voices.candidates_of_two`.
        transitions: under the rules of two voices.
    """
    return Stage(
        own=[
            TWO_VOICE_REWARD.of_voicings(voicings, beats[beat])
            for beat, voicings in enumerate(sets)
        ],
        pairs=[
            transitions.between(sets[beat], sets[beat + 1], beats[beat], beats[beat + 1])
            for beat in range(len(sets) - 1)
        ],
        keys=keys_of_melody(beats, sets),
    )


def shifts_of(beats: Beats, most: int) -> list[int]:
    """Semitones by which a melody can be moved within the soprano's range; 0 is always there."""
    low = min(beats.pitch.min(), beats.leaving.min())
    high = max(beats.pitch.max(), beats.leaving.max())
    lowest, highest = RANGES["soprano"]
    return [
        shift
        for shift in range(-most, most + 1)
        if shift == 0 or (low + shift >= lowest and high + shift <= highest)
    ]


def transposed(melody: Melody, semitones: int) -> Melody:
    """The melody so many semitones higher, its keys with it."""
    beats = melody.beats
    moved = replace(
        beats,
        pitch=beats.pitch + semitones,
        leaving=beats.leaving + semitones,
        tones=np.roll(beats.tones, semitones, axis=1),
        tonic=(beats.tonic + semitones) % 12,
    )
    return replace(melody, beats=moved)
