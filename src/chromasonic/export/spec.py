"""What a small network is by its numbers: the page that exporters, validators and C++ share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Activation = Literal["", "relu", "tanh", "sigmoid", "softmax"]
"""What RTNeural can compute after a dense layer; "" is nothing."""

StatePolicy = Literal["stateless", "carry"]
"""What a caller does with the recurrent state: there is none; or it goes on from step to step until
the music stops or starts anew, which is when the caller resets it."""


@dataclass(frozen=True, slots=True)
class Block:
    """A run of neighbouring numbers.

    Attributes:
        name: what they are.
        size: how many.
        meaning: of each number, with its unit and range.
    """

    name: str
    size: int
    meaning: str


def slices(blocks: tuple[Block, ...]) -> dict[str, slice]:
    """Name of each block to where it stands."""
    result, start = {}, 0
    for block in blocks:
        result[block.name] = slice(start, start + block.size)
        start += block.size
    return result


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer.

    Attributes:
        kind: dense or lstm.
        size: numbers that come out.
        activation: after a dense layer.
    """

    kind: Literal["dense", "lstm"]
    size: int
    activation: Activation = ""


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """What a model is.

    Attributes:
        name: of its files.
        title: as people write it.
        inputs: numbers that go in at each step.
        layers: in order; the last one's size is what comes out.
        parameters: trainable numbers as torch counts them (an LSTM has two biases).
        state: what becomes of the recurrent state.
        step: when a step happens.
    """

    name: str
    title: str
    inputs: int
    layers: tuple[Layer, ...]
    parameters: int
    state: StatePolicy
    step: str

    @property
    def outputs(self) -> int:
        """Numbers that come out at each step."""
        return self.layers[-1].size

    @property
    def is_recurrent(self) -> bool:
        """Whether a step depends on those before."""
        return any(layer.kind == "lstm" for layer in self.layers)

    @property
    def exported_parameters(self) -> int:
        """Numbers in an exported file: torch's count, less the second bias of each LSTM."""
        return self.parameters - sum(
            4 * layer.size for layer in self.layers if layer.kind == "lstm"
        )
