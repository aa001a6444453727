"""Many melodies laid out as arrays, and episodes of the advanced agent played side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.advanced_context import melody_rows, voicing_rows
from chromasonic.harmonization.double_q import DoubleTable
from chromasonic.harmonization.episodes import Episodes as Layout
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.reward import Reward

Integers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]


class Stage:
    """Melodies laid out for episodes, with what the agent's tables need of every candidate.

    Args:
        melodies: at least one, each of at least one beat.
        reward: the rules.

    Attributes:
        reward: the rules.
        layout: melodies, beats and candidates; R beats in all, P candidates.
        melody_rows: (R, K) the melody's part of the contexts' rows.
        voicing_rows: (P, K) the candidates' part.
        own: rewards of each beat's candidates by themselves, beat after beat.
        first_own: (R,) where each beat's are.

    Raises:
        UsageError: no melody, an empty one, or a note that no voicing fits.
    """

    def __init__(self, melodies: Sequence[Melody], reward: Reward) -> None:
        self.reward = reward
        self.layout = Layout(melodies)
        beats, count = self.layout.beats, self.layout.count[:-1]
        self.melody_rows = np.concatenate([melody_rows(melody.beats) for melody in melodies])
        self.voicing_rows = voicing_rows(self.layout.candidates)
        self.first_own = np.cumsum(count) - count
        self.own = np.empty(int(count.sum()), np.float32)
        for beat, (start, first) in enumerate(
            zip(self.layout.start[:-1], self.first_own, strict=True)
        ):
            voicings = self.layout.candidates[start : start + count[beat]]
            self.own[first : first + count[beat]] = reward.of_voicings(voicings, beats[beat])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Exploration:
    """How choices stray from the best.

    Attributes:
        generator: where chance comes from.
        temperature: how far behind the best, in reward, a choice may be and still often be made
            (a softmax of the scores); 0 for none.
        rate: share of choices made among all candidates alike.
        shortlist: how many candidates, the best without motion, are looked at more closely.
    """

    generator: np.random.Generator
    temperature: float = 0.0
    rate: float = 0.0
    shortlist: int = 64


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Played:
    """What E episodes of at most T steps met; steps after an episode's end hold zeros.

    Attributes:
        length: (E,) steps of each.
        chosen: (T, E) candidate, as a number among the stage's voicings.
        rows: (T, E, K) the context that each choice led to.
        rewards: (T, E).
        greedy_values: (T, E) see `double_q.returns`.
        is_greedy: (T, E) whether the best choice was made.
    """

    length: Integers
    chosen: Integers
    rows: Integers
    rewards: Doubles
    greedy_values: Doubles
    is_greedy: Truths


def play(
    stage: Stage,
    melodies: Integers,
    table: DoubleTable,
    exploration: Exploration,
    which: Integers,
    *,
    is_double: bool = True,
) -> Played:
    """Play one episode of each melody, side by side.

    Args:
        stage: all melodies.
        melodies: (E,) numbers of those to play.
        table: values; their mean decides.
        exploration: how choices stray.
        which: (E,) the estimate that each episode will teach: it chooses, the other tells values.
        is_double: False: it tells them itself (plain Q-learning).
    """
    lengths = stage.layout.length[melodies]
    steps, count, tables = int(lengths.max()), len(melodies), stage.melody_rows.shape[1]
    episodes = Played(
        length=lengths,
        chosen=np.zeros((steps, count), np.int64),
        rows=np.zeros((steps, count, tables), np.int64),
        rewards=np.zeros((steps, count)),
        greedy_values=np.zeros((steps, count)),
        is_greedy=np.zeros((steps, count), bool),
    )
    for step in range(steps):
        live = np.flatnonzero(lengths > step)
        beats = stage.layout.first[melodies[live]] + step
        before = episodes.chosen[step - 1, live] if step else None
        choice = _choose(stage, beats, before, table, exploration, which[live], is_double)
        for name, values in choice.items():
            getattr(episodes, name)[step, live] = values
    return episodes


def _choose(
    stage: Stage,
    beats: Integers,
    before: Integers | None,
    table: DoubleTable,
    exploration: Exploration,
    which: Integers,
    is_double: bool,
) -> dict[str, npt.NDArray]:
    """One step of L episodes: the fields of `Played`, each (L, ...)."""
    lines = np.arange(len(beats))
    counts = stage.layout.count[beats]
    numbers = np.arange(int(counts.max()))
    is_there = numbers < counts[:, None]  # (L, N)
    offsets = np.where(is_there, numbers, 0)
    chosen = stage.layout.start[beats][:, None] + offsets
    rows = stage.voicing_rows[chosen] + stage.melody_rows[beats][:, None]  # (L, N, K)
    values = table.of_rows(rows)  # (2, L, N)
    own = np.where(is_there, stage.own[stage.first_own[beats][:, None] + offsets], -np.inf)
    noise = _noise(exploration, own.shape)
    # The shortlist: whatever cannot win without motion is not asked for its motion.
    kept = min(exploration.shortlist, len(numbers))
    short = np.argpartition(-(own + values.mean(0) + noise), kept - 1, axis=1)[:, :kept]
    own, noise, chosen = (np.take_along_axis(x, short, 1) for x in (own, noise, chosen))
    values = np.take_along_axis(values, short[None], 2)
    rewards = own + (0.0 if before is None else _motion(stage, before, chosen, beats))
    score = rewards + values.mean(0)
    best, taken = score.argmax(1), (score + noise).argmax(1)
    wanted = (rewards + values[which, lines]).argmax(1)
    judge = 1 - which if is_double else which
    return {
        "chosen": chosen[lines, taken],
        "rows": rows[lines, short[lines, taken]],
        "rewards": rewards[lines, taken],
        "greedy_values": rewards[lines, wanted] + values[judge, lines, wanted],
        "is_greedy": taken == best,
    }


def _noise(exploration: Exploration, shape: tuple[int, ...]) -> Doubles:
    """What is added to the scores: the Gumbel trick, and now and then a free choice."""
    noise = np.zeros(shape)
    if exploration.temperature:
        noise += exploration.temperature * exploration.generator.gumbel(size=shape)
    if exploration.rate:
        is_free = exploration.generator.random(shape[0]) < exploration.rate
        noise[is_free] = 1e6 * exploration.generator.random((int(is_free.sum()), shape[1]))
    return noise


def _motion(stage: Stage, before: Integers, chosen: Integers, beats: Integers) -> Doubles:
    """(L, S) reward of going from each episode's voicing to each of its shortlist."""
    layout, width = stage.layout, chosen.shape[1]
    return stage.reward.motion_in_rows(
        layout.candidates[np.repeat(before, width)],
        layout.candidates[chosen.ravel()],
        layout.beats[np.repeat(beats - 1, width)],
        layout.beats[np.repeat(beats, width)],
    ).reshape(chosen.shape)
