"""A causal gesture model as a row of layers that RTNeural reads, or a clear no.

A graph convolution on a skeleton that stays the same is one dense layer: each number of each node
is a sum over the numbers of all nodes. Batch norms and the standardization of the features fold
into those layers. What RTNeural has no layer for is refused by name.

Axes: B movements, T frames, I = nodes x features in the order of nodes, K classes.
"""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from chromasonic import files
from chromasonic.errors import ExportError
from chromasonic.export.document import TOLERANCE
from chromasonic.export.exported import Exported
from chromasonic.export.exporting import Description, export_module
from chromasonic.export.rtneural import layers_of
from chromasonic.export.spec import Block, Layer, ModelSpec
from chromasonic.export.tracing import evaluation_copy
from chromasonic.gesture.exporting import corpora_of, facts_of, is_synthetic, title_of
from chromasonic.gesture.exporting_onnx import exact_outputs, made_features
from chromasonic.gesture.features import feature_names
from chromasonic.gesture.folding import Array, Folded, exact, folded
from chromasonic.gesture.models import NAME, GestureModel
from chromasonic.gesture.onnx_network import scaling
from chromasonic.gesture.spatial import GraphConvolution
from chromasonic.training.parameters import parameter_count

if TYPE_CHECKING:
    from chromasonic.gesture.network import GestureNetwork

MOST_NUMBERS = 4_000_000
"""As JSON that is 50 MB; nodes grow it with their square."""

STEP = "each frame"
COMPARED = 96


class FrameByFrame(nn.Module):
    """The same network as layers in a row.

    Args:
        dense: weights and biases up to the LSTM, each with a ReLU after it.
        lstm: forward alone.
        classifier: dense layers with ReLU between them.
    """

    def __init__(self, dense: list[Folded], lstm: nn.LSTM, classifier: nn.Sequential) -> None:
        super().__init__()
        self.dense = nn.ModuleList(_linear(weight, bias) for weight, bias in dense)
        self.lstm = nn.LSTM(lstm.input_size, lstm.hidden_size, lstm.num_layers, batch_first=True)
        self.lstm.load_state_dict(lstm.state_dict())
        self.classifier = copy.deepcopy(classifier)

    def forward(self, features_BTI: Tensor) -> Tensor:
        """(B, T, I) to probabilities (B, T, K)."""
        x = features_BTI
        for layer in self.dense:
            x = layer(x).relu()
        return self.classifier(self.lstm(x)[0]).softmax(-1)


def frame_by_frame(model: GestureModel) -> FrameByFrame:
    """A causal model as layers in a row, standardization folded in.

    Raises:
        ExportError: it has what RTNeural has no layer for, or too many numbers.
    """
    network = model.network
    check_expressible(network)
    mean, scale = scaling(model)
    adjacency = exact(network.spatial.adjacency)
    dense: list[Folded] = []
    for convolution, norm in zip(network.spatial.convolutions, network.spatial.norms, strict=True):
        assert isinstance(convolution, GraphConvolution)
        assert isinstance(norm, nn.BatchNorm1d)
        weight, bias = folded(convolution.weight, convolution.bias, norm)
        whole: Array = np.kron(adjacency, weight).astype(np.float64)
        dense.append((whole, np.tile(bias, len(adjacency))))
    first, bias = dense[0]
    scaled: Array = first * scale.reshape(-1)
    dense[0] = (scaled, bias - scaled @ mean.astype(np.float64).reshape(-1))
    if network.spatial.projection is not None:
        last = network.spatial.projection
        dense.append((exact(last.weight), exact(last.bias)))
    return FrameByFrame(dense, network.temporal.lstm, network.classifier).eval()


def check_expressible(network: GestureNetwork) -> None:
    """Refuse by name what RTNeural has no layer for.

    Raises:
        ExportError: the message names each such part and what to do instead.
    """
    config, nodes = network.config, network.nodes
    faults = []
    if config.temporal == "fused":
        faults.append("self-attention, which looks at all frames at once (temporal = lstm)")
    elif not config.causal:
        faults.append("a bidirectional LSTM, which begins at the last frame (causal = true)")
    if config.pooling == "mean_max":
        faults.append("the maximum over the nodes (pooling = flat)")
    if config.stem_dim:
        faults.append("convolutions that see later frames (stem_dim = 0)")
    if config.summary != "last":
        faults.append("attention over the frames (summary = last)")
    if config.temporal_norm or config.temporal == "fused":
        faults.append("a layer norm (temporal_norm = false)")
    if faults:
        raise ExportError(
            f"RTNeural JSON cannot express this network: it has {'; and '.join(faults)}. Train the "
            "size 'causal', of which all can be expressed, or export this one with --format onnx."
        )
    sizes = [network.features] + [config.spatial_dim] * config.spatial_layers
    numbers = sum(nodes * nodes * a * b for a, b in itertools.pairwise(sizes))
    if numbers > MOST_NUMBERS:
        raise ExportError(
            f"RTNeural JSON would need {numbers:,} numbers for the graph convolutions of {nodes} "
            f"nodes (each becomes a dense layer of all nodes); allowed: {MOST_NUMBERS:,}. Train "
            "with a smaller spatial_dim or fewer landmarks, or export with --format onnx."
        )


def write_rtneural(model: GestureModel, path: Path) -> Exported:
    """Write one model as RTNeural JSON, and prove the file against layers and network.

    Raises:
        ExportError: see `check_expressible`; or what was written is not what was trained.
        StorageError: the file cannot be written.
    """
    module = frame_by_frame(model)
    largest = compare_with_network(model, module)
    known = model.reader.standardization
    spread = np.where(known.deviation > 1e-6, known.deviation, 1.0)  # so that every input changes
    exported = export_module(
        module,
        path,
        _description(model),
        title=title_of(model),
        step=STEP,
        usual=(known.mean.reshape(-1), spread.reshape(-1)),
    )
    return Exported(
        name=exported.name,
        path=exported.path,
        size_bytes=exported.size_bytes,
        parameters=exported.parameters,
        largest_difference=max(exported.largest_difference, largest),
        steps=exported.steps + COMPARED,
        remarks=exported.remarks,
    )


def compare_with_network(model: GestureModel, module: FrameByFrame) -> float:
    """Largest difference of a probability between the layers and the trained network.

    Raises:
        ExportError: it is above the tolerance.
    """
    features = made_features(model, 1, COMPARED, seed=2)
    wanted = exact_outputs(model, features)
    exact_copy = evaluation_copy(module, torch.float64)
    with torch.no_grad():
        found = exact_copy(torch.from_numpy(features).double().flatten(2)).numpy()
    difference = float(np.abs(found - wanted).max())
    if not difference <= TOLERANCE:
        raise ExportError(
            f"As layers in a row the network gives probabilities {difference:.3g} from its own; "
            f"allowed is {TOLERANCE:.3g}. Nothing is written. Export it with --format onnx."
        )
    return difference


def write_header(model: GestureModel, path: Path) -> Exported:
    """Write the type that RTNeural compiles; its weights come from gesture.json.

    Raises:
        ExportError: see `check_expressible`.
        StorageError: the file cannot be written.
    """
    from chromasonic.export.model_header import model_header

    module = frame_by_frame(model)
    inputs = model.network.nodes * model.network.features
    layers = layers_of(module, torch.zeros(1, 2, inputs))
    spec = ModelSpec(
        name=NAME,
        title=title_of(model),
        inputs=inputs,
        layers=tuple(
            Layer(
                kind="lstm" if layer.type == "lstm" else "dense",
                size=layer.size,
                activation=layer.activation,  # type: ignore[arg-type]
            )
            for layer in layers
        ),
        parameters=parameter_count(module),
        state="carry",
        step=STEP,
    )
    written = files.write_text(path, model_header(spec))
    return Exported(
        name=NAME,
        path=written,
        size_bytes=written.stat().st_size,
        parameters=spec.exported_parameters,
        largest_difference=0.0,
        steps=0,
    )


def _description(model: GestureModel) -> Description:
    names = feature_names(model.reader.config, model.skeleton)
    facts = facts_of(model)
    return Description(
        inputs=tuple(
            Block(node, len(names), f"of this landmark: {', '.join(names)}")
            for node in model.skeleton.nodes
        ),
        outputs=tuple(Block(name, 1, "probability of this class") for name in model.classes),
        corpora=corpora_of(model),
        is_synthetic=is_synthetic(model),
        training={**facts["training"], "features": facts["features"]},
    )


def _linear(weight: Array, bias: Array) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(bias))
    return layer
