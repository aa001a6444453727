"""The gesture networks as ONNX graphs, from features as `features.compute` gives them.

Axes: B movements, T frames, N nodes, F features, P numbers of a frame, H hidden numbers, D
directions, C numbers of a movement, K classes, L layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import nn

from chromasonic.errors import ExportError
from chromasonic.export.onnx_graph import GraphBuilder, StateTensor
from chromasonic.export.onnx_layers import lstm_weights
from chromasonic.export.onnx_running import Interface
from chromasonic.gesture.folding import exact, folded
from chromasonic.gesture.fusion import FusedTemporal
from chromasonic.gesture.network import RecurrentTemporal
from chromasonic.gesture.onnx_fusion import (
    add_convolutions,
    add_fused,
    add_linear,
    add_norm,
    add_summary,
)
from chromasonic.gesture.spatial import GraphConvolution, SpatialModule

if TYPE_CHECKING:
    from chromasonic.gesture.models import GestureModel

PARTS = ("spatial", "stem", "temporal", "classifier")

Ends = list[tuple[StateTensor, str]]
"""States, and the values that they become."""


def add_network(graph: GraphBuilder, model: GestureModel, *, activated: bool = True) -> Interface:
    """`features` (B, T, N, F) to `output`: (B, K), of a causal model (B, T, K).

    The features' standardization is part of the graph, and a feature that is NaN stands at its
    mean, as in the model. A causal model takes `hidden` and `cell` (L, B, H), zeros at first, and
    gives `hidden_out` and `cell_out`.

    Args:
        graph: empty.
        model: trained.
        activated: whether the output are probabilities; else logits.

    Raises:
        ExportError: the network has a part that is not written to ONNX here.
    """
    network = model.network
    strange = [name for name, _ in network.named_children() if name not in PARTS]
    if strange:
        raise ExportError(
            f"The network has {', '.join(strange)} besides {', '.join(PARTS)}, which is not "
            "written to ONNX here. Train one of the sizes plain, fused, compact, causal."
        )
    lead = ("batch", "frames")
    x = graph.input("features", np.float32, (*lead, network.nodes, network.features))
    x_BTP = add_spatial(graph, network.spatial, add_standardized(graph, model, x))
    if network.stem is not None:
        x_BTP = add_convolutions(graph, "stem", network.stem, x_BTP)
    ends: Ends = []
    if isinstance(network.temporal, FusedTemporal):
        temporal = network.temporal
        frames, _ = add_lstm(graph, temporal.lstm, x_BTP)
        summary = add_fused(graph, temporal, x_BTP, frames)
    elif isinstance(network.temporal, RecurrentTemporal):
        summary, ends = add_recurrent(graph, network.temporal, x_BTP)
    else:
        raise ExportError(
            f"The temporal module {type(network.temporal).__name__} is not written to ONNX here."
        )
    logits = add_classifier(graph, network.classifier, summary)
    shape = (*lead, network.classes) if model.is_causal else (lead[0], network.classes)
    answer = graph.add("Softmax", logits, axis=-1) if activated else logits
    graph.output("output", np.float32, shape, answer)
    for state, source in ends:
        graph.output(state.output, np.float32, state.shape, source)
    return Interface(input="features", output="output", state=tuple(state for state, _ in ends))


def add_standardized(graph: GraphBuilder, model: GestureModel, features: str) -> str:
    """Features in deviations of the training part; what never moved there, or is NaN, is 0."""
    mean, scale = scaling(model)
    centred = graph.add("Sub", features, graph.weight("standardization.mean", mean))
    scaled = graph.add("Mul", centred, graph.weight("standardization.scale", scale))
    is_number = graph.add("Equal", scaled, scaled)  # NaN is not even like itself
    return graph.add("Where", is_number, scaled, graph.constant(0.0, np.float32))


def scaling(model: GestureModel) -> tuple[np.ndarray, np.ndarray]:
    """(N, F) mean, and one over the deviation, 0 where a feature never moves."""
    known = model.reader.standardization
    moves = known.deviation > 1e-6
    scale = np.where(moves, 1.0 / np.where(moves, known.deviation.astype(np.float64), 1.0), 0.0)
    return known.mean, scale


def add_spatial(graph: GraphBuilder, spatial: SpatialModule, x_BTNF: str) -> str:
    """Graph convolutions with their batch norms folded in, and what pools the nodes."""
    adjacency = graph.weight("spatial.adjacency", exact(spatial.adjacency))
    for number, (convolution, norm) in enumerate(
        zip(spatial.convolutions, spatial.norms, strict=True)
    ):
        assert isinstance(convolution, GraphConvolution)
        assert isinstance(norm, nn.BatchNorm1d)
        weight, bias = folded(convolution.weight, convolution.bias, norm)
        mixed = graph.add("MatMul", adjacency, x_BTNF)
        name = f"spatial.convolutions.{number}"
        x_BTNF = graph.add("Relu", add_linear(graph, name, mixed, weight, bias))
    if spatial.pooling == "flat":
        size = len(spatial.adjacency) * len(bias)
        x_BTP = graph.add("Reshape", x_BTNF, graph.constant([0, 0, size]))
    else:
        axes = graph.constant([2])
        mean = graph.add("ReduceMean", x_BTNF, axes, keepdims=0)
        most = graph.add("ReduceMax", x_BTNF, axes, keepdims=0)
        x_BTP = graph.add("Concat", mean, most, axis=2)
    if spatial.projection is None:
        return x_BTP
    last = spatial.projection
    projected = add_linear(graph, "spatial.projection", x_BTP, exact(last.weight), exact(last.bias))
    return graph.add("Relu", projected)


def add_recurrent(graph: GraphBuilder, temporal: RecurrentTemporal, x_BTP: str) -> tuple[str, Ends]:
    """The LSTM's summary (B, C); of a causal one every frame (B, T, C), and its states."""
    lstm = temporal.lstm
    ends: Ends = []
    if not lstm.bidirectional:
        summary, ends = add_causal_lstm(graph, lstm, x_BTP)
    else:
        frames_BTC, states_DBH = add_lstm(graph, lstm, x_BTP)
        if temporal.summary is not None:
            frames_BTC = _normed(graph, temporal, frames_BTC)
            return add_summary(graph, "temporal.summary", temporal.summary, frames_BTC), []
        states_BDH = graph.add("Transpose", states_DBH, perm=[1, 0, 2])
        summary = graph.add("Reshape", states_BDH, graph.constant([0, 2 * lstm.hidden_size]))
    return _normed(graph, temporal, summary), ends


def _normed(graph: GraphBuilder, temporal: RecurrentTemporal, values: str) -> str:
    if not isinstance(temporal.norm, nn.LayerNorm):
        return values
    return add_norm(graph, "temporal.norm", temporal.norm, values)


def add_lstm(graph: GraphBuilder, lstm: nn.LSTM, x_BTP: str) -> tuple[str, str]:
    """Both directions: outputs (B, T, 2 H), and the last layer's last states (2, B, H)."""
    size = lstm.hidden_size
    x_TBP = graph.add("Transpose", x_BTP, perm=[1, 0, 2])
    for layer in range(lstm.num_layers):
        weights = _lstm_inputs(graph, lstm, layer)
        y_TDBH, states_DBH, _ = graph.add_many(
            "LSTM", [x_TBP, *weights], 3, hidden_size=size, direction="bidirectional"
        )
        y_TBDH = graph.add("Transpose", y_TDBH, perm=[0, 2, 1, 3])
        x_TBP = graph.add("Reshape", y_TBDH, graph.constant([0, 0, 2 * size]))
    return graph.add("Transpose", x_TBP, perm=[1, 0, 2]), states_DBH


def add_causal_lstm(graph: GraphBuilder, lstm: nn.LSTM, x_BTP: str) -> tuple[str, Ends]:
    """Forward alone: outputs (B, T, H), and the states with what they become."""
    size, layers = lstm.hidden_size, lstm.num_layers
    states = [
        StateTensor(input=name, output=f"{name}_out", type="float32", shape=(layers, "batch", size))
        for name in ("hidden", "cell")
    ]
    before = []
    for state in states:
        graph.input(state.input, np.float32, state.shape)
        before.append(graph.add_many("Split", [state.input], layers, axis=0, num_outputs=layers))
    after: list[list[str]] = [[], []]
    x_TBP = graph.add("Transpose", x_BTP, perm=[1, 0, 2])
    for layer in range(layers):
        weights = _lstm_inputs(graph, lstm, layer)
        y_T1BH, *new = graph.add_many(
            "LSTM", [x_TBP, *weights, "", before[0][layer], before[1][layer]], 3, hidden_size=size
        )
        x_TBP = graph.add("Squeeze", y_T1BH, graph.constant([1]))
        for values, value in zip(after, new, strict=True):
            values.append(value)
    ends = [
        (state, graph.add("Concat", *values, axis=0))
        for state, values in zip(states, after, strict=True)
    ]
    return graph.add("Transpose", x_TBP, perm=[1, 0, 2]), ends


def _lstm_inputs(graph: GraphBuilder, lstm: nn.LSTM, layer: int) -> list[str]:
    """The names of a layer's weights, directions side by side."""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    directions = []
    for suffix in ("", "_reverse") if lstm.bidirectional else ("",):
        found = [getattr(lstm, f"{name}_l{layer}{suffix}").detach().numpy() for name in names]
        directions.append(lstm_weights(found[0], found[1], (found[2], found[3])))
    return [
        graph.weight(f"temporal.lstm.{layer}.{name}", np.concatenate(parts))
        for name, parts in zip(
            ("weight", "recurrence", "bias"), zip(*directions, strict=True), strict=True
        )
    ]


def add_classifier(graph: GraphBuilder, classifier: nn.Sequential, summary: str) -> str:
    """Dense layers with ReLU between them."""
    for number, layer in enumerate(classifier):
        if isinstance(layer, nn.Linear):
            name = f"classifier.{number}"
            summary = add_linear(graph, name, summary, exact(layer.weight), exact(layer.bias))
        elif isinstance(layer, nn.ReLU):
            summary = graph.add("Relu", summary)
    return summary
