"""An exported model as a value: the layers that RTNeural reads, and the metadata that it ignores.

    {"in_shape": [null, null, IN], "layers": [...], "metadata": {...}}

`writing` puts it into a file, `reading` gets it out of one again, `interpreter` computes it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chromasonic.export.spec import Block

FORMAT = 1
"""Of the metadata; a reader refuses a higher one."""

TOLERANCE = 1e-5
"""How far float32 may be from float64 on the golden vectors: absolute, of each output."""

RECURRENT = ("lstm", "gru")
"""Types of layers whose state goes on from step to step, and whose activations are their own."""

Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class DocumentLayer:
    """One layer as it stands in the file.

    Attributes:
        type: RTNeural's name: dense, time-distributed-dense, lstm, gru, conv1d, batchnorm, prelu,
            activation.
        size: numbers that come out.
        activation: RTNeural's name, or "".
        weights: float32, in the file's order and shapes: dense W (in, out), b (out,); lstm
            W (in, 4H), U (H, 4H), b (4H,), gates i, f, c, o; gru W (in, 3H), U (H, 3H), b (2, 3H),
            gates z, r, c; conv1d K (k, in / groups, out), b (out,); batchnorm gamma, beta, mean,
            var, each (out,); prelu a (1, out); activation none.
        options: the further keys of the type: kernel_size, dilation, groups, epsilon.
    """

    type: str
    size: int
    activation: str = ""
    weights: tuple[Array, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def remembers(self) -> bool:
        """Whether what comes out depends on steps before."""
        return self.type in RECURRENT or self.options.get("kernel_size", 1) > 1


@dataclass(frozen=True, kw_only=True)
class Golden:
    """What goes in and must come out.

    Attributes:
        inputs: (S, I), one step after the other.
        outputs: (S, O), of the model in float64, rounded to float32.
        reset_before: steps before which the state is cleared, ascending; the first is 0.
    """

    inputs: Array
    outputs: Array
    reset_before: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What the file says of itself, under the one key `metadata`.

    Attributes:
        name: the model's, as in its file name.
        title: as people write it.
        version: of Chromasonic that exported it.
        corpora: what it was trained on: each a name, title, licence, licence_url, fingerprint.
        is_synthetic: whether it was trained on made-up examples.
        inputs: the blocks that go in, the input half of `feature_page`.
        outputs: the blocks that come out.
        state_policy: stateless or carry (see `StatePolicy`).
        step: when a step happens.
        parameters: numbers in the weights of the file.
        tolerance: allowed distance of each output from the golden one.
        weight_hash: `weight_hash` of the layers.
        golden: inputs and outputs over several steps and a reset.
        training: what else is known of the training: epoch, seed, metrics on validation.
    """

    name: str
    title: str
    version: str
    corpora: tuple[dict[str, str], ...]
    is_synthetic: bool
    inputs: tuple[Block, ...]
    outputs: tuple[Block, ...]
    state_policy: str
    step: str
    parameters: int
    tolerance: float
    weight_hash: str
    golden: Golden
    training: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Document:
    """An exported model.

    Attributes:
        inputs: numbers that go in at each step.
        layers: in order.
        metadata: None in files of other programs.
    """

    inputs: int
    layers: tuple[DocumentLayer, ...]
    metadata: Metadata | None = None

    @property
    def outputs(self) -> int:
        """Numbers that come out at each step."""
        return self.layers[-1].size

    @property
    def parameters(self) -> int:
        """Numbers in the weights."""
        return sum(array.size for layer in self.layers for array in layer.weights)


def weight_hash(layers: tuple[DocumentLayer, ...]) -> str:
    """ "sha256:" and the SHA-256 of all weights as little-endian float32, in the file's order."""
    digest = hashlib.sha256()
    for layer in layers:
        for array in layer.weights:
            digest.update(np.ascontiguousarray(array, dtype="<f4").tobytes())
    return f"sha256:{digest.hexdigest()}"
