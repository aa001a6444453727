"""Exact search: the voicings with the highest reward that there are, and the N best of them.

The rules look at single voicings and at neighbours, so dynamic programming over all admissible
voicings of each beat (Viterbi's algorithm) finds the optimum; keeping the K best ways into each
voicing finds the K best of all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.errors import UsageError
from chromasonic.harmonization.chords import MODE_NUMBERS
from chromasonic.harmonization.melody import Beats, Melody
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.voicings import Voicings, admissible
from chromasonic.music.key import MODES

Floats = npt.NDArray[np.float32]
MODE_NAMES = tuple(MODE_NUMBERS)


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
                f"no chord of the key holds it. Known modes: {', '.join(MODES)}; give another --key."
            )
        found.append(voicings)
    return found


class Transitions:
    """Rewards of all pairs of neighbouring beats, kept where beats are alike.

    Args:
        reward: the rules.
        kept: how many matrices of each kind are kept.
    """

    def __init__(self, reward: Reward, kept: int = 128) -> None:
        self.reward = reward
        self._kept = kept
        self._tones: OrderedDict[tuple, Floats] = OrderedDict()
        self._chords: OrderedDict[tuple, Floats] = OrderedDict()

    def between(self, before: Voicings, after: Voicings, beat: Beats, following: Beats) -> Floats:
        """(M, N) as `Reward.motion_of_all_pairs`; candidates must be those of the beats."""
        place, place_after = _place(beat), _place(following)
        tones = self._get(
            self._tones,
            (place, int(beat.leaving[0]), place_after),
            lambda: self.reward.tones_of_all_pairs(before, after, beat),
        )
        context = (
            beat.ends_phrase[0], beat.strength[0], beat.begins_phrase[0], following.strength[0],
            following.is_held[0], following.ends_phrase[0], following.is_last[0],
            following.begins_phrase[0],
        )  # fmt: skip
        chords = self._get(
            self._chords,
            (place, place_after, context),
            lambda: self.reward.chords_of_all_pairs(before, after, beat, following),
        )
        return tones + chords

    def _get(self, cache: OrderedDict, key: tuple, make) -> Floats:  # type: ignore[no-untyped-def]
        if key in cache:
            cache.move_to_end(key)
            return cache[key]
        value = cache[key] = make()
        if len(cache) > self._kept:
            cache.popitem(last=False)
        return value


def _place(beat: Beats) -> tuple[int, int, int]:
    return int(beat.pitch[0]), int(beat.tonic[0]), int(beat.mode[0])


def harmonize_exactly(melody: Melody, reward: Reward | None = None) -> Harmonization:
    """The harmonization with the highest reward."""
    return n_best(melody, 1, reward)[0]


def n_best(
    melody: Melody,
    count: int,
    reward: Reward | None = None,
    *,
    sets: list[Voicings] | None = None,
    added: Callable[[int], npt.ArrayLike] | None = None,
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
        UsageError: a note has no admissible voicing.
    """
    reward = reward or Reward()
    transitions = Transitions(reward)
    beats, sets = melody.beats, sets or candidates(melody)
    scores = reward.of_voicings(sets[0], beats[0])[:, None]  # (N, K) the best ways into each
    if added is not None:
        scores = scores + np.asarray(added(0)).T
    back: list[tuple[np.ndarray, np.ndarray]] = []
    for index in range(1, len(sets)):
        pairs = transitions.between(sets[index - 1], sets[index], beats[index - 1], beats[index])
        if added is not None:
            pairs = pairs + np.asarray(added(index), np.float32)
        own = reward.of_voicings(sets[index], beats[index])
        scores, origin = _best_ways(scores, pairs, count)
        scores = scores + own[:, None]
        back.append(origin)
    last, rank = np.unravel_index(np.argsort(-scores, axis=None)[:count], scores.shape)
    found = []
    for row, place in zip(last.tolist(), rank.tolist(), strict=True):
        if not np.isfinite(scores[row, place]):
            continue
        path = [row]
        for rows, places in reversed(back):
            row, place = int(rows[row, place]), int(places[row, place])
            path.append(row)
        path.reverse()
        voicings = Voicings.joined([set_[[row]] for set_, row in zip(sets, path, strict=True)])
        found.append(
            Harmonization(melody=melody, voicings=voicings, reward=reward.of_path(voicings, beats))
        )
    return found


def _best_ways(
    scores: np.ndarray, pairs: Floats, count: int
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """The best ways into each voicing: (N, K) scores and (rows, places) that they come from."""
    if count == 1:
        total = pairs + scores.astype(np.float32)  # (M, N)
        rows = total.argmax(0)[:, None]
        best = scores[rows[:, 0]] + np.take_along_axis(pairs, rows.T, 0).T
        return best, (rows, np.zeros_like(rows))
    ways = scores.shape[1]
    total = (scores[:, :, None] + pairs[:, None, :]).reshape(-1, pairs.shape[1])  # (M * K, N)
    kept = min(count, len(total))
    order = np.argpartition(-total, kept - 1, axis=0)[:kept]
    order = np.take_along_axis(order, np.argsort(-np.take_along_axis(total, order, 0), 0), 0)
    best = np.take_along_axis(total, order, 0).T
    return best, (order.T // ways, order.T % ways)
