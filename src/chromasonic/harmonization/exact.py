"""Exact search: the voicings with the highest reward that there are, and the N best of them.

The rules look at single voicings and at neighbours, so dynamic programming over all admissible
voicings of each beat finds the optimum, and the N best from there (`lattice`). Scores of pairs are
in single precision: paths whose rewards differ by less than about 1e-5 count as equal.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from chromasonic.errors import UsageError
from chromasonic.harmonization.chords import MODE_NUMBERS
from chromasonic.harmonization.lattice import Lattice, Path, best_paths
from chromasonic.harmonization.melody import Beats, Melody
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.voicings import Voicings, admissible
from chromasonic.music.key import MODES

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Added = Callable[[int], npt.ArrayLike]
MODE_NAMES = tuple(MODE_NUMBERS)

_REMEMBERED_BYTES = 256 * 2**20
"""Sums of all pairs of a melody are kept between searches up to this size, else made anew."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Harmonization:
    """A melody with one voicing a beat.

    Attributes:
        melody: what was harmonized.
        voicings: (B,) one a beat.
        reward: sum over the rules (`Reward.of_path`).
        agent: who made it.
    """

    melody: Melody
    voicings: Voicings
    reward: float
    agent: str = "exact"


def candidates(melody: Melody) -> list[Voicings]:
    """All admissible voicings of each beat.

    Raises:
        UsageError: a note that no chord of its key holds, or that leaves the voices no room.
    """
    beats = melody.beats
    found = []
    for index in range(len(beats)):
        mode = MODE_NAMES[int(beats.mode[index])]
        voicings = admissible(int(beats.pitch[index]), int(beats.tonic[index]), mode)
        if not len(voicings):
            raise UsageError(
                f"No voicing fits the note {int(beats.pitch[index])} in bar {melody.bar[index]}: "
                f"no chord of the key holds it. Known modes: {', '.join(MODES)}; "
                "give another --key."
            )
        found.append(voicings)
    return found


_SEEN_BY_CHORDS = tuple(
    field.name for field in fields(Beats) if field.name not in ("tones", "leaving")
)
"""What rules on chords may look at in a beat: all but the melody's motion within it."""


class Transitions:
    """Rewards of all pairs of neighbouring beats, kept where beats and candidates are alike.

    Args:
        reward: the rules.
        kept: how many matrices of each kind are kept.
    """

    def __init__(self, reward: Reward, kept: int = 256) -> None:
        self.reward = reward
        self._kept = kept
        self._tones: OrderedDict[tuple, Floats] = OrderedDict()
        self._chords: OrderedDict[tuple, Floats] = OrderedDict()
        self._sets: dict[int, Voicings] = {}

    def between(self, before: Voicings, after: Voicings, beat: Beats, following: Beats) -> Floats:
        """(M, N) as `Reward.motion_of_all_pairs`."""
        sets = id(before), id(after)
        self._sets |= {sets[0]: before, sets[1]: after}  # while they are held, no id comes again
        tones = self._get(
            self._tones,
            (*sets, int(beat.leaving[0])),
            lambda: self.reward.tones_of_all_pairs(before, after, beat),
        )
        chords = self._get(
            self._chords,
            (*sets, _seen(beat), _seen(following)),
            lambda: self.reward.chords_of_all_pairs(before, after, beat, following),
        )
        return tones + chords

    def _get(self, cache: OrderedDict, key: tuple, make: Callable[[], Floats]) -> Floats:
        if key in cache:
            cache.move_to_end(key)
            return cache[key]
        value = cache[key] = make()
        if len(cache) > self._kept:
            cache.popitem(last=False)
        return value


def _seen(beat: Beats) -> tuple[int, ...]:
    return tuple(int(getattr(beat, name)[0]) for name in _SEEN_BY_CHORDS)


def lattice_of(
    melody: Melody,
    reward: Reward | None = None,
    *,
    sets: Sequence[Voicings] | None = None,
    added: Added | None = None,
) -> Lattice:
    """A melody's candidates with their rewards as a lattice: a step a beat, a node a voicing.

    Args:
        melody: at least one beat.
        reward: the rules; all by default.
        sets: what may stand on each beat; all admissible voicings by default.
        added: beat to (M, N), what is added to the reward of each pair into that beat; (1, N) for
            beat 0.

    Raises:
        UsageError: a note has no admissible voicing.
    """
    reward = reward or Reward()
    beats, sets = melody.beats, candidates(melody) if sets is None else sets
    own = _own_rewards(reward, sets, beats)
    if added is not None:
        own[0] = own[0] + np.asarray(added(0)).reshape(-1)
    transitions = Transitions(reward)
    sizes = [len(voicings) for voicings in sets]
    cells = sum(a * b for a, b in pairwise(sizes))
    remembered: dict[int, Floats] | None = {} if 4 * cells <= _REMEMBERED_BYTES else None

    def pairs(step: int) -> Floats:
        if remembered is not None and step in remembered:
            return remembered[step]
        found = transitions.between(sets[step], sets[step + 1], beats[step], beats[step + 1])
        if added is not None:
            found = found + np.asarray(added(step + 1), np.float32)
        if remembered is not None:
            remembered[step] = found
        return found

    return Lattice(own=own, pairs=pairs)


def _own_rewards(reward: Reward, sets: Sequence[Voicings], beats: Beats) -> list[Doubles]:
    """Rewards of each beat's voicings by themselves; beats that are alike are computed once."""
    known: dict[tuple, Doubles] = {}
    found = []
    for index, voicings in enumerate(sets):
        beat = beats[index]
        key = (id(voicings), int(beat.leaving[0]), beat.tones.tobytes(), _seen(beat))
        if key not in known:
            known[key] = reward.of_voicings(voicings, beat)
        found.append(known[key])
    return found


def harmonize_exactly(melody: Melody, reward: Reward | None = None) -> Harmonization:
    """The harmonization with the highest reward."""
    return n_best(melody, 1, reward)[0]


def n_best(
    melody: Melody,
    count: int,
    reward: Reward | None = None,
    *,
    sets: Sequence[Voicings] | None = None,
    added: Added | None = None,
) -> list[Harmonization]:
    """The `count` harmonizations with the highest rewards, best first; fewer where there are fewer.

    Args:
        melody: at least one beat.
        count: how many, 1 or more.
        reward: the rules; all by default.
        sets: what may stand on each beat; all admissible voicings by default.
        added: beat to (M, N), what is added to the reward of each pair into that beat; (1, N) for
            beat 0. Best is then the best sum; the reward that is told stays the rules' own.

    Raises:
        UsageError: a note has no admissible voicing, or the count is below 1.
    """
    if count < 1:
        raise UsageError(f"{count} harmonizations cannot be found; ask for 1 or more.")
    sets = candidates(melody) if sets is None else sets
    lattice = lattice_of(melody, reward, sets=sets, added=added)
    return [harmonization_of(path, melody, sets, reward) for path in best_paths(lattice, count)]


def harmonization_of(
    path: Path, melody: Melody, sets: Sequence[Voicings], reward: Reward | None = None
) -> Harmonization:
    """A path through the candidates as a harmonization, its reward added up anew."""
    voicings = Voicings.joined([set_[[node]] for set_, node in zip(sets, path.nodes, strict=True)])
    value = (reward or Reward()).of_path(voicings, melody.beats)
    return Harmonization(melody=melody, voicings=voicings, reward=value)
