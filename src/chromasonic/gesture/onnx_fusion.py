"""What stands around an LSTM as ONNX: convolutions, attention, and the gate over branches.

Axes: B movements, T frames, S frames after a stem, P numbers of a frame, C numbers of a branch, E
features of a head.
"""

from __future__ import annotations

import math

import numpy as np
from torch import nn

from chromasonic.export.onnx_graph import GraphBuilder
from chromasonic.gesture.compact import AttentionSummary, ConvolutionStem
from chromasonic.gesture.folding import Array, exact, folded
from chromasonic.gesture.fusion import FusedTemporal, GatedFusion
from chromasonic.gesture.temporal import AttentionBranch, ConvolutionBranch


def add_linear(graph: GraphBuilder, name: str, values: str, weight: Array, bias: Array) -> str:
    """A dense layer over the last axis; the weight is (outputs, inputs), as torch has it."""
    product = graph.add("MatMul", values, graph.weight(f"{name}.weight", weight.T))
    return graph.add("Add", product, graph.weight(f"{name}.bias", bias))


def add_norm(graph: GraphBuilder, name: str, norm: nn.LayerNorm, values: str) -> str:
    """A layer norm over the last axis."""
    weight = graph.weight(f"{name}.weight", exact(norm.weight))
    bias = graph.weight(f"{name}.bias", exact(norm.bias))
    return graph.add("LayerNormalization", values, weight, bias, axis=-1, epsilon=norm.eps)


def add_fused(graph: GraphBuilder, temporal: FusedTemporal, x_BTP: str, lstm_BTC: str) -> str:
    """(B, 4 H): three branches averaged over time, side by side with their gated blend.

    Args:
        graph: grows.
        temporal: the module.
        x_BTP: frames.
        lstm_BTC: what the LSTM makes of them.
    """
    branches = (
        add_norm(graph, "temporal.norm", temporal.norm, lstm_BTC),
        _Attention(graph, temporal.attention).add(x_BTP),
        add_convolutions(graph, "temporal.convolution", temporal.convolution, x_BTP),
    )
    axes = graph.constant([1])
    means = [graph.add("ReduceMean", branch, axes, keepdims=0) for branch in branches]
    return _gated(graph, temporal.fusion, means)


def _linear(graph: GraphBuilder, name: str, layer: nn.Linear, values: str) -> str:
    return add_linear(graph, name, values, exact(layer.weight), exact(layer.bias))


def add_convolutions(
    graph: GraphBuilder, name: str, module: ConvolutionBranch | ConvolutionStem, x_BTP: str
) -> str:
    """(B, T, P) to (B, S, C): convolutions along time, batch norms folded in, ReLU."""
    x = graph.add("Transpose", x_BTP, perm=[0, 2, 1])
    for number, (layer, norm) in enumerate(zip(module.convolutions, module.norms, strict=True)):
        assert isinstance(layer, nn.Conv1d)
        assert isinstance(norm, nn.BatchNorm1d)
        weight, bias = folded(layer.weight, layer.bias, norm)
        around = layer.kernel_size[0] // 2
        x = graph.add(
            "Conv",
            x,
            graph.weight(f"{name}.{number}.weight", weight),
            graph.weight(f"{name}.{number}.bias", bias),
            pads=[around, around],
            strides=list(layer.stride),
        )
        x = graph.add("Relu", x)
    return graph.add("Transpose", x, perm=[0, 2, 1])


def add_summary(graph: GraphBuilder, name: str, summary: AttentionSummary, frames_BTC: str) -> str:
    """(B, T, C) to (B, C): the mean of the frames by learned weights."""
    score_BT1 = _linear(graph, name, summary.weight, frames_BTC)
    share_BT1 = graph.add("Softmax", score_BT1, axis=1)
    weighed = graph.add("Mul", frames_BTC, share_BT1)
    return graph.add("ReduceSum", weighed, graph.constant([1]), keepdims=0)


def _gated(graph: GraphBuilder, fusion: GatedFusion, branches: list[str]) -> str:
    name = "temporal.fusion"
    projected = []
    for number, branch in enumerate(branches):
        norm, projection = fusion.norms[number], fusion.projections[number]
        assert isinstance(norm, nn.LayerNorm)
        assert isinstance(projection, nn.Linear)
        normed = add_norm(graph, f"{name}.norms.{number}", norm, branch)
        projected.append(_linear(graph, f"{name}.projections.{number}", projection, normed))
    side_by_side = graph.add("Concat", *projected, axis=1)
    first, last = fusion.gate[0], fusion.gate[2]
    assert isinstance(first, nn.Linear)
    assert isinstance(last, nn.Linear)
    gate = graph.add("Relu", _linear(graph, f"{name}.gate.0", first, side_by_side))
    share = graph.add("Softmax", _linear(graph, f"{name}.gate.2", last, gate), axis=-1)
    shares = graph.add_many("Split", [share], len(branches), axis=1, num_outputs=len(branches))
    weighed = [graph.add("Mul", p, s) for p, s in zip(projected, shares, strict=True)]
    blend = weighed[0]
    for other in weighed[1:]:
        blend = graph.add("Add", blend, other)
    whole = graph.add("Concat", side_by_side, blend, axis=1)
    return add_norm(graph, f"{name}.norm", fusion.norm, whole)


class _Attention:
    """Adds the attention branch.

    Args:
        graph: grows.
        branch: the module.
    """

    def __init__(self, graph: GraphBuilder, branch: AttentionBranch) -> None:
        self.graph, self.branch = graph, branch
        self.size = branch.projection.out_features

    def add(self, x_BTP: str) -> str:
        """(B, T, P) to (B, T, C)."""
        graph, name = self.graph, "temporal.attention"
        x_BTC = _linear(graph, f"{name}.projection", self.branch.projection, x_BTP)
        x_BTC = graph.add("Add", x_BTC, self._places(x_BTP))
        for number, layer in enumerate(self.branch.layers):
            assert isinstance(layer, nn.TransformerEncoderLayer)
            where = f"{name}.layers.{number}"
            attended = self._attended(f"{where}.self_attn", layer.self_attn, x_BTC)
            x_BTC = add_norm(
                graph, f"{where}.norm1", layer.norm1, graph.add("Add", x_BTC, attended)
            )
            wide = graph.add("Relu", _linear(graph, f"{where}.linear1", layer.linear1, x_BTC))
            narrow = _linear(graph, f"{where}.linear2", layer.linear2, wide)
            x_BTC = add_norm(graph, f"{where}.norm2", layer.norm2, graph.add("Add", x_BTC, narrow))
        return x_BTC

    def _places(self, x_BTP: str) -> str:
        """(T, C): see `temporal.places`."""
        import onnx

        graph = self.graph
        pairs = -(-self.size // 2)
        speed = np.exp(np.arange(pairs) * 2 * (-math.log(10_000.0) / self.size))
        frames = graph.add("Gather", graph.add("Shape", x_BTP), graph.constant(1))
        place_T = graph.add("Range", graph.constant(0), frames, graph.constant(1))
        place_T1 = graph.add("Unsqueeze", place_T, graph.constant([1]))
        angle = graph.add(
            "Mul",
            graph.add("Cast", place_T1, to=onnx.TensorProto.FLOAT),
            graph.constant(speed.astype(np.float32), np.float32),
        )
        waves = [
            graph.add("Unsqueeze", graph.add(wave, angle), graph.constant([2]))
            for wave in ("Sin", "Cos")
        ]
        both = graph.add("Concat", *waves, axis=2)
        table = graph.add("Reshape", both, graph.constant([0, 2 * pairs]))
        if self.size % 2 == 0:
            return table
        return graph.add(
            "Slice", table, graph.constant([0]), graph.constant([self.size]), graph.constant([1])
        )

    def _attended(self, name: str, attention: nn.MultiheadAttention, x_BTC: str) -> str:
        graph = self.graph
        assert attention.in_proj_weight is not None
        qkv = add_linear(
            graph, f"{name}.in_proj", x_BTC,
            exact(attention.in_proj_weight), exact(attention.in_proj_bias),
        )  # fmt: skip
        q, k, v = graph.add_many("Split", [qkv], 3, axis=-1, num_outputs=3)
        heads, size = attention.num_heads, attention.head_dim
        q_BHTE, v_BHTE = (self._heads(values, heads, size, [0, 2, 1, 3]) for values in (q, v))
        k_BHET = self._heads(k, heads, size, [0, 2, 3, 1])
        scores = graph.add(
            "Mul", graph.add("MatMul", q_BHTE, k_BHET), graph.constant(size**-0.5, np.float32)
        )
        y_BHTE = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), v_BHTE)
        y_BTHE = graph.add("Transpose", y_BHTE, perm=[0, 2, 1, 3])
        y_BTC = graph.add("Reshape", y_BTHE, graph.constant([0, 0, self.size]))
        return _linear(graph, f"{name}.out_proj", attention.out_proj, y_BTC)

    def _heads(self, values: str, heads: int, size: int, order: list[int]) -> str:
        shape = self.graph.constant([0, 0, heads, size])
        return self.graph.add("Transpose", self.graph.add("Reshape", values, shape), perm=order)
