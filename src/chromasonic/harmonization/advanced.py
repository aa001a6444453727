"""The advanced agent: four voices, a table over the harmonic context, the voicing chosen within.

At each beat the agent scores every admissible voicing: the reward of going there plus the value
that its table has learnt for the context that it leads to (chord and inversion, the melody's next
notes, the lie of the voices). The best few are looked at one beat further: each is judged by its
reward and by the best score that the next beat then offers. The best is taken, and there is no way
back: no search over the piece. Equal scores go to the voicing that comes first (`admissible`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.advanced_context import (
    TABLES,
    Tables,
    melody_rows,
    rows_of_admissible,
)
from chromasonic.harmonization.advanced_file import read_model
from chromasonic.harmonization.exact import MODE_NAMES, Harmonization, candidates
from chromasonic.harmonization.melody import Beats, Melody
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.voicings import Voicings

Doubles = npt.NDArray[np.float64]

LOOKED_AT = 8
"""How many voicings of a beat are looked at one beat further."""

SHORTLIST = 64
"""How many voicings of the next beat, the best before motion is counted, are looked at then."""


class AdvancedAgent:
    """Harmonizes beat by beat with learnt values.

    Args:
        values: of all rows of the tables, end to end.
        tables: the fields of each table.
        discount: what the next beat counts against this one.
        looked_at: how many voicings are looked at one beat further; 1 for none.
        reward: the rules; all by default.
    """

    name = "advanced"

    def __init__(
        self,
        values: Doubles,
        *,
        tables: Tables = TABLES,
        discount: float,
        looked_at: int = LOOKED_AT,
        reward: Reward | None = None,
    ) -> None:
        self._values, self._tables = values, tables
        self._discount = discount
        self._looked_at = looked_at
        self._reward = reward or Reward()

    @classmethod
    def load(cls, path: Path) -> AdvancedAgent:
        """The agent of a model's file.

        Raises:
            CheckpointError: the file is damaged, edited, or of another version.
        """
        model = read_model(path)
        return cls(model.values, tables=model.tables, discount=model.settings.discount)

    def harmonize(self, melody: Melody, *, seed: int = 0) -> Harmonization:  # noqa: ARG002
        """A harmonization of a melody; nothing is left to chance.

        Args:
            melody: at least one beat.
            seed: has no effect.

        Raises:
            UsageError: a note has no admissible voicing.
        """
        beats, sets = melody.beats, candidates(melody)
        own = [self._reward.of_voicings(one, beats[beat]) for beat, one in enumerate(sets)]
        values = self._of_candidates(beats)
        path: list[Voicings] = []
        for beat, voicings in enumerate(sets):
            rewards = own[beat]
            if path:
                rewards = rewards + self._motion(path[-1], voicings, beats, beat)[0]
            scores = rewards + values[beat]
            row = int(scores.argmax())
            if self._looked_at > 1 and beat + 1 < len(sets):
                best = np.argsort(-scores, kind="stable")[: self._looked_at]
                ahead = own[beat + 1] + values[beat + 1]
                short = np.argsort(-ahead, kind="stable")[:SHORTLIST]
                motion = self._motion(voicings[best], sets[beat + 1][short], beats, beat + 1)
                following = (motion + ahead[short]).max(1)
                row = int(best[(rewards[best] + self._discount * following).argmax()])
            path.append(voicings[[row]])
        joined = Voicings.joined(path)
        return Harmonization(
            melody=melody,
            voicings=joined,
            reward=self._reward.of_path(joined, beats),
            agent=self.name,
        )

    def _of_candidates(self, beats: Beats) -> list[Doubles]:
        """For each beat the (N,) values of its candidates."""
        ahead, found = melody_rows(beats, self._tables), []
        for beat in range(len(beats)):
            mode = MODE_NAMES[int(beats.mode[beat])]
            place = int(beats.pitch[beat]), int(beats.tonic[beat]), mode
            rows = rows_of_admissible(*place, self._tables)
            found.append(self._values[rows + ahead[beat]].sum(1))
        return found

    def _motion(self, before: Voicings, after: Voicings, beats: Beats, beat: int) -> Doubles:
        """(M, N) reward of going from each of M voicings to each of N on a beat."""
        first = np.repeat(np.arange(len(before)), len(after))
        then = np.tile(np.arange(len(after)), len(before))
        here = np.full(len(first), beat)
        return self._reward.motion_in_rows(
            before[first], after[then], beats[here - 1], beats[here]
        ).reshape(len(before), len(after))
