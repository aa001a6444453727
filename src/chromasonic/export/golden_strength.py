"""Whether golden vectors could notice a wrong export at all.

All zeros in, or one step, agree with many a broken file. So the inputs are held to a standard, and
the model is broken on purpose, in each way that RTNeural's parser passes in silence: the golden
outputs must not fit any of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chromasonic.export.document import Array, Document, DocumentLayer, Golden
from chromasonic.export.interpreter import compute

LEAST_STEPS = 64
"""In a row, without a reset."""

EXACT = 1e-6
"""How far two computations in float64 of the same float32 weights may be apart, for outputs of up
to 1 (beyond, times the largest): golden outputs are rounded to float32, and so is an LSTM's sum of
two biases. Tighter than the tolerance in the file, which is for engines in float32."""

MOST_WORK = 20_000_000_000
"""Products of a weight and a step, over all computations."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A model broken on purpose.

    Attributes:
        name: what was done to it.
        document: which computes something else than it should,
        reset_before: or which is reset at other steps.
    """

    name: str
    document: Document
    reset_before: tuple[int, ...]


def scaled(difference: float, outputs: NDArray[np.floating]) -> float:
    """A difference that is allowed for outputs of up to 1; beyond, times the largest."""
    return difference * max(1.0, float(np.abs(outputs).max(initial=0.0)))


def allowed_difference(golden: Golden, tolerance: float) -> float:
    """Of each output from the golden one, computed in float64."""
    return scaled(min(EXACT, tolerance), golden.outputs)


def weaknesses(golden: Golden) -> list[str]:
    """What the inputs lack; nothing if they are as they should be."""
    inputs, resets = golden.inputs, golden.reset_before
    ends = [*resets, len(inputs)]
    longest = max(end - start for start, end in pairwise(ends))
    found = []
    if longest < LEAST_STEPS:
        found.append(f"{longest} steps in a row, wanted {LEAST_STEPS}")
    if len(resets) < 2:
        found.append("no reset after the first step")
    elif len(inputs) - resets[-1] < 2:
        found.append("fewer than 2 steps after the last reset")
    if still := int((inputs == inputs[0]).all(axis=0).sum()):
        found.append(f"{still} inputs never change")
    if (alike := inputs.shape[1] - len(np.unique(inputs, axis=1).T)) and not still:
        found.append(f"{alike} inputs are the same as another")
    if (golden.outputs == golden.outputs[0]).all() and len(inputs) > 1:
        found.append("no output ever changes")
    return found


def fitting_mutants(document: Document, golden: Golden, allowed: float) -> tuple[list[str], int]:
    """Which broken models the golden vectors take for right, and how many were tried.

    Of a right model there should be none. Of a wrong one it is a diagnosis: a matrix that fits when
    it is transposed was not transposed by its exporter.
    """
    fitting, tried = [], 0
    for mutant in mutants(document, golden):
        tried += 1
        outputs = compute(mutant.document, golden.inputs, mutant.reset_before)
        if np.abs(outputs - golden.outputs).max() <= allowed:
            fitting.append(mutant.name)
    return fitting, tried


def asleep(document: Document, golden: Golden) -> tuple[int, int]:
    """ReLU units that are 0 at every step, and how many there are.

    A change of what goes into such a unit, or comes out of it, shows in no golden output.
    """
    sleeping, units = 0, 0
    for place, layer in enumerate(document.layers):
        if layer.activation == "relu":
            part = replace(document, layers=document.layers[: place + 1], metadata=None)
            values = compute(part, golden.inputs, golden.reset_before)
            sleeping += int((values.max(axis=0) <= 0).sum())
            units += layer.size
    return sleeping, units


def work_of(document: Document, golden: Golden) -> int:
    """Products that `fitting_mutants` computes, at most."""
    return document.parameters * len(golden.inputs) * (7 * len(document.layers) + 2)


def mutants(document: Document, golden: Golden) -> Iterator[Mutant]:
    """The model, broken in each way that changes a number in it."""
    resets = golden.reset_before
    if any(layer.remembers for layer in document.layers):
        every = tuple(range(len(golden.inputs)))
        yield Mutant(name="state never kept", document=document, reset_before=every)
        if len(resets) > 1:
            yield Mutant(name="state never cleared", document=document, reset_before=(0,))
    for place, layer in enumerate(document.layers):
        for name, weights in _broken(layer):
            if all(
                np.array_equal(one, other)
                for one, other in zip(weights, layer.weights, strict=True)
            ):
                continue
            changed = replace(layer, weights=weights)
            layers = (*document.layers[:place], changed, *document.layers[place + 1 :])
            yield Mutant(
                name=f"layers[{place}] {name}",
                document=replace(document, layers=layers),
                reset_before=resets,
            )


def _broken(layer: DocumentLayer) -> Iterator[tuple[str, tuple[Array, ...]]]:
    weights = layer.weights
    match layer.type:
        case "dense" | "time-distributed-dense":
            kernel, bias = weights
            if kernel.shape[0] == kernel.shape[1]:
                yield "transposed", (kernel.T, bias)
            yield "without bias", (kernel, np.zeros_like(bias))
            yield "inputs in another order", (np.roll(kernel, 1, axis=0), bias)
            yield "outputs in another order", tuple(np.roll(part, 1, axis=-1) for part in weights)
        case "lstm":
            for name, order in (("i, f", (1, 0, 2, 3)), ("f, c", (0, 2, 1, 3)),
                                ("c, o", (0, 1, 3, 2))):  # fmt: skip
                yield f"gates {name} swapped", _gates(weights, order)
            yield "with half its bias", (*weights[:2], (weights[2] / 2).astype(np.float32))
            yield "without recurrent weights", (weights[0], np.zeros_like(weights[1]), weights[2])
            if weights[0].shape[0] == weights[0].shape[1]:
                yield "transposed", (weights[0].T, *weights[1:])
        case "gru":
            yield "gates z, r swapped", _gates(weights, (1, 0, 2))
            yield "gates r, c swapped", _gates(weights, (0, 2, 1))
            yield "with one bias", (*weights[:2], np.stack([weights[2][0], 0 * weights[2][1]]))
            yield "with its biases exchanged", (*weights[:2], weights[2][::-1])
            yield "without recurrent weights", (weights[0], np.zeros_like(weights[1]), weights[2])
        case "conv1d":
            yield "backwards", (weights[0][::-1], weights[1])
            yield "without bias", (weights[0], np.zeros_like(weights[1]))
        case "batchnorm" | "prelu":
            yield "in another order", tuple(np.roll(part, 1, axis=-1) for part in weights)


def _gates(weights: tuple[Array, ...], order: tuple[int, ...]) -> tuple[Array, ...]:
    """Blocks of the last axis in another order."""
    return tuple(_blocks(part, order) for part in weights)


def _blocks(array: Array, order: tuple[int, ...]) -> NDArray[np.float32]:
    parts = np.split(array, len(order), axis=-1)
    return np.concatenate([parts[place] for place in order], axis=-1)
