"""A tune with chords by the HarmonyPredictor: an accompaniment for any melody.

network = load_companion("trained_models", "harmony").network
result = harmonize_tune(network, load_tune("tune.abc"))
save_tune(result.tune, "tune_with_chords.abc")      # or .pdf, .png, .mid, .wav
print(result.agreement)                             # with the tune's own symbols, if it has any
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from chromasonic.companion.harmony_features import (
    PLACE,
    TURNED_CLASS,
    surroundings,
    tonics,
    turned,
)
from chromasonic.companion.harmony_memory import HarmonyMemory
from chromasonic.companion.network import CompanionNetwork
from chromasonic.errors import UsageError
from chromasonic.music.chord import HOLD, NONE, OTHER, START, class_name
from chromasonic.music.harmonic_rhythm import beats_of, progression_of_tune
from chromasonic.music.progression import ChordProgression
from chromasonic.music.tune import ChordSymbol, Tune

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

IMPOSSIBLE = -1e9

RESTLESSNESS = 0.5
"""What holding costs. The likeliest line of all is a dull one, as each chord that is held makes
the next hold likelier; this was chosen on Nottingham's validation tunes, as was `HELD_AT_MOST`."""

HELD_AT_MOST = 4
"""Beats that a chord of its own is said to have lasted, however long it has."""


@dataclass(frozen=True, kw_only=True)
class HarmonizedTune:
    """A tune and the chords that were chosen for it.

    Attributes:
        tune: with the chosen chord symbols in place of its own.
        classes: (N,) class that sounds at each beat; `START` before the first chord.
        own_classes: (N,) the same of the tune's own symbols.
        nats: -log probability of all choices together, with what holding cost.
    """

    tune: Tune
    classes: Integers
    own_classes: Integers
    nats: float

    @property
    def agreement(self) -> float:
        """Share of beats with the tune's own chord, of those that have one; NaN without any."""
        has_own = self.own_classes != START
        if not has_own.any():
            return float("nan")
        return float((self.classes == self.own_classes)[has_own].mean())


@dataclass(frozen=True)
class _Line:
    """A choice of chords up to some beat."""

    memory: HarmonyMemory
    classes: tuple[int, ...]
    nats: float


def harmonize_tune(
    network: CompanionNetwork,
    tune: Tune,
    *,
    beam: int = 8,
    restlessness: float = RESTLESSNESS,
) -> HarmonizedTune:
    """Give a tune chords: the likeliest line of chords that a beam search finds.

    The network hears its own chords as those that were before; the tune's own symbols are not
    looked at.

    Args:
        network: a trained HarmonyPredictor.
        tune: with or without chord symbols; repeats are not played.
        beam: how many lines are followed at once; 1 always takes the likeliest chord.
        restlessness: nats that each beat costs that holds its chord; more gives more changes.

    Raises:
        UsageError: the network is another model, or `beam` is below 1.
    """
    if network.spec.name != "harmony_predictor":
        raise UsageError(
            f"Chords come from the HarmonyPredictor, not from the {network.spec.title}: load the "
            "checkpoint harmony_predictor_best.pt."
        )
    if beam < 1:
        raise UsageError(f"beam is {beam}; at least one line must be followed.")
    piece = progression_of_tune(tune)
    best = _search(network.eval(), piece, beam, restlessness)
    classes = np.array(best.classes, np.int64)
    return HarmonizedTune(
        tune=_with_chords(tune, best.classes),
        classes=classes,
        own_classes=piece.classes(),
        nats=best.nats,
    )


def _search(
    network: CompanionNetwork, piece: ChordProgression, beam: int, restlessness: float
) -> _Line:
    rows, tonic = surroundings(piece), tonics(piece)
    lines = [_Line(HarmonyMemory(), (), 0.0)]
    for beat, row in enumerate(rows):
        log_p = _answers(network, row, lines, int(tonic[beat]))
        log_p[:, HOLD] -= restlessness
        totals = np.array([line.nats for line in lines])[:, None] - log_p
        order = np.argsort(totals, axis=None, kind="stable")[:beam]
        lines = [
            _continued(lines[number // 64], int(number % 64), float(totals.flat[number]))
            for number in order
            if totals.flat[number] < -IMPOSSIBLE / 2
        ]
    return lines[0]


def _answers(network: CompanionNetwork, row: np.ndarray, lines: list[_Line], tonic: int) -> Floats:
    """(lines, 64) log probability of each class as it sounds, what makes no sense taken out."""
    features = np.tile(row, (len(lines), 1))
    for place, line in enumerate(lines):
        features[place, PLACE["last_chord"]] = line.memory.numbers()
    device = next(network.parameters()).device
    with torch.no_grad():
        logits = network(torch.from_numpy(turned(features, -tonic)).to(device)).double().cpu()
    answers = torch.log_softmax(logits, dim=-1).numpy()[:, TURNED_CLASS[-tonic % 12]]
    answers[:, [NONE, OTHER]] = IMPOSSIBLE
    for place, line in enumerate(lines):
        has_begun = line.memory.current != START
        answers[place, [START, line.memory.current] if has_begun else HOLD] = IMPOSSIBLE
    return answers


def _continued(line: _Line, class_id: int, nats: float) -> _Line:
    copy = line.memory.copy()
    copy.hear(class_id)
    # What the network chose itself is no evidence of how the piece goes on.
    copy.after.clear()
    copy.expected, copy.held = None, min(copy.held, HELD_AT_MOST)
    return _Line(copy, (*line.classes, copy.current), nats)


def _with_chords(tune: Tune, classes: tuple[int, ...]) -> Tune:
    """The tune with a symbol wherever the class changes."""
    symbols: dict[int, list[ChordSymbol]] = {}
    before = START
    for beat, class_id in zip(beats_of(tune.bars), classes, strict=True):
        if class_id != before:
            name = class_name(class_id, tune.bars[beat.bar].key)
            symbols.setdefault(beat.bar, []).append(ChordSymbol(beat.onset, name))
        before = class_id
    bars = (
        replace(bar, chords=tuple(symbols.get(number, ()))) for number, bar in enumerate(tune.bars)
    )
    return replace(tune, bars=tuple(bars))
