"""The trained prior over the lower voices, in NumPy: how likely each voicing is after each other.

Computes what `chorale_network.ChoraleNetwork` computes, without PyTorch, and shares work among
pairs: melody once, each voicing before once, each bass and tenor after it once.

Axes: T steps, E encoder, H hidden, M voicings before, N voicings after, W classes of a voice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from chromasonic.errors import CheckpointError
from chromasonic.harmonization.prior_features import Steps
from chromasonic.harmonization.prior_frames import (
    CLASSES,
    COLUMNS,
    GIVEN,
    LOWEST,
    NONE,
    ORDER,
    PITCHES,
    SEEN,
    WIDTH,
    scored_columns,
    seen_below,
    seen_degrees,
)

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Prior:
    """A network's weights by name, as in `ChoraleNetwork.state_dict`, and what they compute."""

    weights: Mapping[str, Floats]

    @property
    def features(self) -> int:
        """Numbers that the network wants of each step."""
        return self.weights["reads.weight"].shape[1]

    @property
    def memory(self) -> int:
        """Units of the layer over past voicings; 0 for a model of first order."""
        return (
            self.weights["past.weight_hh_l0"].shape[1] if "past.weight_hh_l0" in self.weights else 0
        )

    def context(self, steps: Steps) -> Floats:
        """(T, 2E) what the encoder makes of a melody."""
        w = self.weights
        read = np.maximum(steps.features @ w["reads.weight"].T + w["reads.bias"], 0)
        forward = _gru(read, w, "encoder", "_l0")
        backward = _gru(read[::-1], w, "encoder", "_l0_reverse")[::-1]
        return np.concatenate([forward, backward], 1)

    def log_likelihoods(self, steps: Steps, lower: Integers) -> Floats:
        """(T, 3) log-likelihood of each given lower voice, in nats: alto, tenor, bass.

        Args:
            steps: a melody.
            lower: (T, 3) MIDI numbers of alto, tenor and bass, `SILENT` where one rests.
        """
        before = np.concatenate([np.full((1, 3), NONE), lower[:-1]])
        trunk = self._trunk(self.context(steps), before, steps.soprano, steps.tonic)
        found = np.empty((len(steps), 3), np.float32)
        for voice in ORDER:
            hidden = self._hidden(voice, trunk)
            for other, table in GIVEN[voice]:
                hidden += self._seen("given", table, lower[:, other], steps.soprano, steps.tonic)
            scores = np.maximum(hidden, 0) @ self.weights["out"][voice]
            scores = np.pad(scores + self.weights["out_bias"][voice], ((0, 0), (0, 1)))
            logits = np.zeros((len(steps), CLASSES), np.float32)
            logits[:, 0] = scores[:, 0]
            for columns in self._columns(voice, steps.soprano, steps.tonic, before[:, voice]):
                logits[:, 1:] += np.take_along_axis(scores, columns, 1)
            classes = np.where(lower[:, voice] < 0, 0, lower[:, voice] - LOWEST[voice] + 1)
            found[:, voice] = _log_softmax(logits)[np.arange(len(steps)), classes]
        return found

    def of_all_pairs(
        self, context: Floats, soprano: int, tonic: int, before: Integers, after: Integers
    ) -> Floats:
        """(M, N) log-likelihood of each voicing after each other, for a model of first order.

        Args:
            context: (2E,) of the step.
            soprano: MIDI number of the melody there.
            tonic: pitch class of the tonic there.
            before: (M, 3) alto, tenor and bass of the step before; `NONE` at the beginning.
            after: (N, 3) those of the step.

        Raises:
            CheckpointError: the model has a memory.
        """
        if self.memory:
            raise CheckpointError(
                f"The model remembers more than one voicing ({self.memory} units); all pairs are "
                "likely only under one without memory. Take the model of the beats."
            )
        rows, spread = np.unique(before, axis=0, return_inverse=True)
        sopranos, tonics = np.full(len(rows), soprano), np.full(len(rows), tonic)
        trunk = self._trunk(np.tile(context, (len(rows), 1)), rows, sopranos, tonics)
        total = np.zeros((len(rows), len(after)), np.float32)
        for voice in ORDER:
            total += self._voice_of_all_pairs(voice, trunk, rows, after, soprano, tonic)
        return total[spread.ravel()]

    def _voice_of_all_pairs(
        self,
        voice: int,
        trunk: Floats,
        before: Integers,
        after: Integers,
        soprano: int,
        tonic: int,
    ) -> Floats:
        """(M, N) log-likelihood of one voice of `after`."""
        others = [other for other, _ in GIVEN[voice]]
        given, group = np.unique(after[:, others], axis=0, return_inverse=True)
        hidden = self._hidden(voice, trunk)[:, None]  # (M, G, H)
        if others:
            sopranos, tonics = np.full(len(given), soprano), np.full(len(given), tonic)
            added = sum(
                self._seen("given", table, given[:, i], sopranos, tonics)
                for i, (_, table) in enumerate(GIVEN[voice])
            )
            hidden = hidden + added
        hidden = np.maximum(hidden, 0, out=hidden)
        classes = after[:, voice] - LOWEST[voice] + 1
        found = np.empty((len(before), len(after)), np.float32)
        came, way = np.unique(before[:, voice], return_inverse=True)
        for index, pitch in enumerate(came):
            mine = np.flatnonzero(way == index)
            weight, bias = self._scores_from(voice, soprano, tonic, int(pitch))
            logs = _log_softmax(hidden[mine] @ weight + bias)  # (m, G, W)
            found[mine] = logs[:, group.ravel(), classes]
        return found

    def _scores_from(
        self, voice: int, soprano: int, tonic: int, before: int
    ) -> tuple[Floats, Floats]:
        """(H, W) weights and (W,) biases of the classes, all frames joined."""
        key = voice, soprano, tonic
        if key not in self._joined:
            self._joined[key] = self._scores_with(voice, soprano, tonic, NONE)
        weight, bias = self._joined[key]
        if before < 0:
            return weight, bias
        out, offset = self._padded[voice]
        first = LOWEST[voice] - before + PITCHES - 1 + COLUMNS["motion"].start
        weight, bias = weight.copy(), bias.copy()
        weight[:, 1:] += out[:, first : first + PITCHES]
        bias[1:] += offset[first : first + PITCHES]
        return weight, bias

    def _scores_with(
        self, voice: int, soprano: int, tonic: int, before: int
    ) -> tuple[Floats, Floats]:
        out, offset = self._padded[voice]
        weight, bias = out[:, :CLASSES].copy(), offset[:CLASSES].copy()
        weight[:, 1:], bias[1:] = 0, 0
        places = self._columns(voice, *(np.array([value]) for value in (soprano, tonic, before)))
        for columns in places:
            weight[:, 1:] += out[:, columns[0]]
            bias[1:] += offset[columns[0]]
        return weight, bias

    @cached_property
    def _joined(self) -> dict[tuple[int, int, int], tuple[Floats, Floats]]:
        """(voice, soprano, tonic) to weights and biases of all frames but the motion."""
        return {}

    @cached_property
    def _padded(self) -> list[tuple[Floats, Floats]]:
        """Weights and biases of each voice's scores, with a column of zeros at the end."""
        return [
            (
                np.pad(self.weights["out"][voice], ((0, 0), (0, 1))),
                np.pad(self.weights["out_bias"][voice], (0, 1)),
            )
            for voice in range(3)
        ]

    def _trunk(
        self, context: Floats, before: Integers, soprano: Integers, tonic: Integers
    ) -> Floats:
        """(M, H) melody and voicings before, joined; rows follow in time if there is a memory."""
        w = self.weights
        voicing = np.maximum(
            sum(self._seen("before", v, before[:, v], soprano, tonic) for v in range(3)), 0
        )
        parts = [context, voicing]
        if self.memory:
            parts.append(_gru(voicing, w, "past", "_l0"))
        trunk = np.maximum(np.concatenate(parts, 1) @ w["trunk.weight"].T + w["trunk.bias"], 0)
        return trunk + np.maximum(trunk @ w["deeper.weight"].T + w["deeper.bias"], 0)

    def _hidden(self, voice: int, trunk: Floats) -> Floats:
        return trunk @ self.weights["into"][voice] + self.weights["into_bias"][voice]

    def _seen(
        self, name: str, table: int, pitch: Integers, soprano: Integers, tonic: Integers
    ) -> Floats:
        rows = self.weights[name][table]
        return rows[seen_degrees(pitch, tonic)] + rows[seen_below(pitch, soprano)]

    @staticmethod
    def _columns(
        voice: int, soprano: Integers, tonic: Integers, before: Integers
    ) -> list[Integers]:
        pitches = np.arange(PITCHES) + LOWEST[voice]
        return scored_columns(voice, pitches, soprano[:, None], tonic[:, None], before[:, None])


def check_weights(weights: Mapping[str, Floats], *, source: str) -> None:
    """Refuse weights that are no network.

    Args:
        weights: by name.
        source: where they come from, for the message.

    Raises:
        CheckpointError: a name is missing or too much, a shape does not fit, a number is not
            finite.
    """
    again = "Train it again: chromasonic train harmonizer --agent hybrid."
    try:
        E, F = weights["reads.weight"].shape
        H = weights["deeper.bias"].shape[0]
        R = weights["past.weight_hh_l0"].shape[1] if "past.weight_hh_l0" in weights else 0
    except (KeyError, ValueError, IndexError) as error:
        raise CheckpointError(f"{source} is no network of chorales ({error}). {again}") from error
    wanted = {
        "reads.weight": (E, F), "reads.bias": (E,),
        "before": (3, SEEN, H), "given": (3, SEEN, H),
        "trunk.weight": (H, 2 * E + H + R), "trunk.bias": (H,),
        "deeper.weight": (H, H), "deeper.bias": (H,),
        "into": (3, H, H), "into_bias": (3, H), "out": (3, H, WIDTH), "out_bias": (3, WIDTH),
        **_gru_shapes("encoder", "_l0", E, E), **_gru_shapes("encoder", "_l0_reverse", E, E),
        **(_gru_shapes("past", "_l0", H, R) if R else {}),
    }  # fmt: skip
    found = {name: values.shape for name, values in weights.items()}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise CheckpointError(
                f"{source}: '{name}' has shape {found.get(name)}; {wanted.get(name)} is wanted. "
                f"{again}"
            )
        if not np.isfinite(weights[name]).all():
            raise CheckpointError(f"{source}: '{name}' holds numbers that are not finite. {again}")


def _gru_shapes(name: str, layer: str, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
    return {
        f"{name}.weight_ih{layer}": (3 * units, inputs),
        f"{name}.weight_hh{layer}": (3 * units, units),
        f"{name}.bias_ih{layer}": (3 * units,),
        f"{name}.bias_hh{layer}": (3 * units,),
    }


def _gru(inputs: Floats, weights: Mapping[str, Floats], name: str, layer: str) -> Floats:
    """(T, units) states of a gated recurrent layer, gates in PyTorch's order (r, z, n)."""
    recurrent = weights[f"{name}.weight_hh{layer}"].T
    bias = weights[f"{name}.bias_hh{layer}"]
    size = len(recurrent)
    given = inputs @ weights[f"{name}.weight_ih{layer}"].T + weights[f"{name}.bias_ih{layer}"]
    states = np.empty((len(inputs), size), np.float32)
    state = np.zeros(size, np.float32)
    for step, row in enumerate(given):
        from_state = state @ recurrent + bias
        gates = 1 / (1 + np.exp(-(row[: 2 * size] + from_state[: 2 * size])))
        new = np.tanh(row[2 * size :] + gates[:size] * from_state[2 * size :])
        state = states[step] = new + gates[size:] * (state - new)
    return states


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
