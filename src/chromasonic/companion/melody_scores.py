"""How well melodies are predicted, as sums a melody: what every figure about them is made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from chromasonic.companion.melody_features import TARGET
from chromasonic.companion.network import CompanionNetwork
from chromasonic.errors import EvaluationError
from chromasonic.training.examples import FEATURES, MASK, Example, collate

AT_ONCE = 32


@dataclass(frozen=True)
class Scores:
    """Sums over each of M melodies.

    Attributes:
        bits: (M,) of -log2 of the probability of each pitch.
        correct: (M,) how many pitches were the first choice.
        notes: (M,) how many there are.
    """

    bits: npt.NDArray[np.float64]
    correct: npt.NDArray[np.float64]
    notes: npt.NDArray[np.float64]

    @property
    def bits_a_note(self) -> float:
        """Over the notes of all melodies."""
        return float(self.bits.sum() / self.notes.sum())


def network_scores(network: CompanionNetwork, melodies: Sequence[Example]) -> Scores:
    """Scores of whole melodies, the state carried from their first note to their last.

    Raises:
        EvaluationError: there is no melody.
    """
    if not melodies:
        raise EvaluationError("There is no melody to evaluate on: give at least one.")
    table = np.zeros((3, len(melodies)))
    device = next(network.parameters()).device
    network.eval()
    order = np.argsort([len(melody[TARGET]) for melody in melodies], kind="stable").tolist()
    with torch.no_grad():
        for start in range(0, len(order), AT_ONCE):
            numbers = order[start : start + AT_ONCE]
            batch = collate([melodies[number] for number in numbers])
            logits = network(batch[FEATURES].to(device)).double().cpu()
            log_p = torch.log_softmax(logits, dim=-1)
            bits = -log_p.gather(-1, batch[TARGET][..., None])[..., 0] / math.log(2)
            counts = batch[MASK].double()
            right = (log_p.argmax(-1) == batch[TARGET]) * counts
            for row, values in enumerate((bits * counts, right, counts)):
                table[row, numbers] = values.sum(1).numpy()
    return Scores(*table)
