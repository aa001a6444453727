"""Many episodes at once, by array operations on the same rules as the plain environment.

    envs = gymnasium.make_vec("chromasonic/Harmonization-v0", num_envs=256, melodies=melodies,
                              vectorization_mode="vector_entry_point")

A step of N environments asks each rule once of N rows, not N times of one. Spaces, rewards, infos
and seeds are those of `gymnasium.vector.SyncVectorEnv` over `HarmonizationEnv`: the same actions
give the same trajectories.

Autoreset is Gymnasium's next-step mode: the step after an episode's last ignores that
environment's action, begins a new episode, and pays 0. `info` holds `action_mask` (N, actions),
`beat` (N,), `melody` (N,), each with its `_` mask that is true throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from chromasonic.errors import UsageError
from chromasonic.harmonization.env import observation_space
from chromasonic.harmonization.episodes import Episodes
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.reward import Reward

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class BatchedHarmonizationEnv(VectorEnv[Floats, Integers, npt.NDArray[Any]]):
    """N episodes over given melodies, stepped together.

    Args:
        melodies: as of `HarmonizationEnv`.
        num_envs: N.
        reward: the rules; all by default.

    Raises:
        UsageError: no melody, no environment, or a note that no voicing fits.
    """

    metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP, "render_modes": []}  # noqa: RUF012

    def __init__(
        self,
        melodies: Sequence[Melody] | Episodes | None = None,
        *,
        num_envs: int = 1,
        reward: Reward | None = None,
    ) -> None:
        if num_envs < 1:
            raise UsageError(f"{num_envs} environments cannot be; give 1 or more.")
        self.episodes = Episodes.of(melodies)
        self.reward = reward or Reward()
        self.num_envs = num_envs
        self.single_observation_space = observation_space()
        self.single_action_space = spaces.Discrete(self.episodes.size)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._generators = [seeding.np_random()[0] for _ in range(num_envs)]
        self._melody = np.zeros(num_envs, np.int64)
        self._beat = np.zeros(num_envs, np.int64)
        self._before = np.full(num_envs, -1)
        self._is_over = np.zeros(num_envs, np.bool_)
        self._has_begun = False

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Floats, dict[str, Any]]:
        """Begin N episodes.

        Args:
            seed: environment i is seeded with `seed + i`; or one seed for each.
            options: `{"melody": index}` plays that one in all of them.

        Raises:
            UsageError: the seeds are not N, or no melody has that index.
        """
        if seed is not None:
            seeds = [seed + i for i in range(self.num_envs)] if isinstance(seed, int) else seed
            if len(seeds) != self.num_envs:
                raise UsageError(f"{len(seeds)} seeds for {self.num_envs} environments.")
            for index, own in enumerate(seeds):
                if own is not None:
                    self._generators[index] = seeding.np_random(own)[0]
        count = len(self.episodes.melodies)
        wanted = (options or {}).get("melody")
        if wanted is not None and not 0 <= int(wanted) < count:
            raise UsageError(f"There is no melody {wanted}; they are numbered 0 to {count - 1}.")
        self._begin(np.arange(self.num_envs))
        if wanted is not None:
            self._melody[:] = int(wanted)
        self._is_over[:] = False
        self._has_begun = True
        rows = self._rows()
        return self.episodes.observe(rows, self._before), self._info(rows)

    def step(
        self, actions: Integers
    ) -> tuple[
        Floats,
        npt.NDArray[np.float64],
        npt.NDArray[np.bool_],
        npt.NDArray[np.bool_],
        dict[str, Any],
    ]:
        """Choose the voicing of the next beat in each; where an episode is over, begin another.

        Args:
            actions: (N,) see `HarmonizationEnv`.

        Returns:
            (N, OBSERVATION_SIZE) observations, (N,) rewards, (N,) terminated, (N,) truncated
            (never), infos.

        Raises:
            UsageError: `reset` was not called, or the actions are not N.
        """
        actions = np.asarray(actions)
        if not self._has_begun or actions.shape != (self.num_envs,):
            raise UsageError(
                f"Call reset() first and give {self.num_envs} actions, not {actions.shape}."
            )
        over = np.flatnonzero(self._is_over)
        going = np.flatnonzero(~self._is_over)
        rewards = np.zeros(self.num_envs)
        rewards[going] = self._advance(going, actions[going])
        self._begin(over)
        self._is_over = self._beat == self.episodes.length[self._melody]
        rows = self._rows()
        observations = self.episodes.observe(rows, self._before)
        never = np.zeros(self.num_envs, np.bool_)
        return observations, rewards, self._is_over.copy(), never, self._info(rows)

    def _advance(self, envs: Integers, actions: Integers) -> npt.NDArray[np.float64]:
        """Take the actions of some environments; their rewards."""
        rows = self.episodes.first[self._melody[envs]] + self._beat[envs]
        chosen = self.episodes.chosen(rows, actions)
        beats, pool = self.episodes.beats, self.episodes.candidates
        after = pool[chosen]
        rewards = self.reward.of_voicings(after, beats[rows])
        moving = np.flatnonzero(self._beat[envs] > 0)
        if len(moving):
            at = rows[moving]
            rewards[moving] += self.reward.motion_in_rows(
                pool[self._before[envs[moving]]], after[moving], beats[at - 1], beats[at]
            )
        self._before[envs] = chosen
        self._beat[envs] += 1
        return rewards

    def _begin(self, envs: Integers) -> None:
        """Draw a melody for some environments, each with its own generator."""
        count = len(self.episodes.melodies)
        for env in envs.tolist():
            self._melody[env] = self._generators[env].integers(count)
        self._beat[envs] = 0
        self._before[envs] = -1

    def _rows(self) -> Integers:
        is_over = self._beat == self.episodes.length[self._melody]
        return np.where(is_over, self.episodes.end, self.episodes.first[self._melody] + self._beat)

    def _info(self, rows: Integers) -> dict[str, Any]:
        everywhere = np.ones(self.num_envs, np.bool_)
        facts = {
            "action_mask": self.episodes.masks(rows),
            "beat": self._beat.copy(),
            "melody": self._melody.copy(),
        }
        return {**facts, **{f"_{name}": everywhere.copy() for name in facts}}
