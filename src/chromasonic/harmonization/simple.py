"""The simple agent: a counter-melody below a melody, from tables learnt by Q-learning.

At each beat it looks a few beats ahead (`SimpleSettings.beats_ahead`), takes what the rules pay
until there, and asks its tables what the note reached is worth from there on; then it moves one
beat. With no beat to look ahead it takes what its tables and the next reward say.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from chromasonic.harmonization.exact import Harmonization, Transitions
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.simple_model import SimpleModel, read_model
from chromasonic.harmonization.simple_stage import stage_of
from chromasonic.harmonization.two_voices import (
    TWO_VOICE_REWARD,
    candidates_of_two,
    harmonization_of_two,
)
from chromasonic.harmonization.voicings import Voicings

ALL_PAIRS_KEPT = 100_000


class SimpleAgent:
    """Plays the two-voice game.

    Args:
        model: its tables.
        beats_ahead: how far it looks ahead; None takes the model's own setting.
    """

    name = "simple"

    def __init__(self, model: SimpleModel, *, beats_ahead: int | None = None) -> None:
        ahead = model.settings.beats_ahead if beats_ahead is None else beats_ahead
        self.model = SimpleModel(
            settings=replace(model.settings, beats_ahead=ahead), values=model.values
        )
        self._transitions = Transitions(TWO_VOICE_REWARD, kept=ALL_PAIRS_KEPT)

    @classmethod
    def load(cls, path: Path) -> SimpleAgent:
        """Read an agent's model.

        Raises:
            CheckpointError: the file is damaged, edited, or of another version.
        """
        return cls(read_model(path))

    def harmonize(self, melody: Melody, *, seed: int = 0) -> Harmonization:  # noqa: ARG002
        """A counter-melody, two voices in all; no chance is used.

        Raises:
            UsageError: a note leaves the lower voice no room.
        """
        sets = candidates_of_two(melody)
        stage = stage_of(melody.beats, sets, self._transitions)
        own, pairs = stage.own, stage.pairs
        discount = self.model.settings.discount
        worth = [discount * self.model.of_keys(keys) for keys in stage.keys]
        worth.append(np.zeros(len(sets[-1])))
        path: list[int] = []
        for beat in range(len(sets)):
            pays = own[beat] + self._ahead(beat, own, pairs, worth)
            if path:
                pays = pays + pairs[beat - 1][path[-1]]
            path.append(int(pays.argmax()))
        voicings = Voicings.joined([set_[[row]] for set_, row in zip(sets, path, strict=True)])
        return harmonization_of_two(melody, voicings, self.name)

    def _ahead(
        self,
        beat: int,
        own: list[np.ndarray],
        pairs: list[np.ndarray],
        worth: list[np.ndarray],
    ) -> np.ndarray:
        """(N,) what each note of a beat is worth: the best way on from it, then the tables."""
        last = min(beat + self.model.settings.beats_ahead, len(own) - 1)
        value = worth[last]
        for step in range(last, beat, -1):
            value = (pairs[step - 1] + (own[step] + value)).max(1)
        return value
