"""The melody networks as ONNX graphs, their memory as inputs and outputs.

Axes: B tunes, P tokens read before, T new tokens, S = P + T, L layers, H heads, E features of a
head, D features, V token ids, W ids with pitches counted from the tonic.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from chromasonic.export.onnx_graph import GraphBuilder, Shape, StateTensor
from chromasonic.export.onnx_layers import lstm_weights
from chromasonic.export.onnx_running import Interface
from chromasonic.melody_generation.inputs import TONIC_VOCABULARY_SIZE
from chromasonic.melody_generation.lstm import LstmModel
from chromasonic.melody_generation.onnx_inputs import (
    PAST_TOKENS,
    ReadTokens,
    add_tokens,
    logits_in_key,
)
from chromasonic.melody_generation.tokens import VOCABULARY
from chromasonic.melody_generation.transformer import Block, TransformerModel

UNSEEN = float(np.finfo(np.float32).min)
"""The score of a token that is still to come: softmax makes nothing of it."""

Ends = list[tuple[StateTensor, str]]
"""States, and the values that they become."""


def add_lstm(graph: GraphBuilder, model: LstmModel) -> Interface:
    """`tokens`, `past_tokens`, `hidden`, `cell` to `logits` and the same states.

    `hidden` and `cell` are (L, B, D) and begin at 0.
    """
    layers, size = model.config.num_layers, model.config.hidden_size
    read = add_tokens(graph, model.inputs)
    states = [
        StateTensor(input=name, output=f"{name}_out", type="float32", shape=(layers, "batch", size))
        for name in ("hidden", "cell")
    ]
    before = []
    for state in states:
        graph.input(state.input, np.float32, state.shape)
        split = graph.add_many("Split", [state.input], layers, axis=0, num_outputs=layers)
        before.append(split)
    x_TBD = graph.add("Transpose", read.x_BTD, perm=[1, 0, 2])  # onnxruntime wants steps first
    after: list[list[str]] = [[], []]
    for layer in range(layers):
        names = [
            graph.weight(f"lstm.{layer}.{key}", value) for key, value in _weights(model, layer)
        ]
        y_T1BD, *new = graph.add_many(
            "LSTM", [x_TBD, *names, "", before[0][layer], before[1][layer]], 3, hidden_size=size
        )
        x_TBD = graph.add("Squeeze", y_T1BD, graph.constant([1]))
        for values, value in zip(after, new, strict=True):
            values.append(value)
    y_BTD = graph.add("Transpose", x_TBD, perm=[1, 0, 2])
    ends = [
        (state, graph.add("Concat", *values, axis=0))
        for state, values in zip(states, after, strict=True)
    ]
    return _finish(graph, read, y_BTD, model.output, ends)


def _weights(model: LstmModel, layer: int) -> list[tuple[str, np.ndarray]]:
    """ONNX's weights of a layer, by the names they get."""
    parts = {
        key: getattr(model.lstm, f"{key}_l{layer}").detach().numpy()
        for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    }
    values = lstm_weights(
        parts["weight_ih"], parts["weight_hh"], (parts["bias_ih"], parts["bias_hh"])
    )
    return list(zip(("weight", "recurrence", "bias"), values, strict=True))


def add_transformer(graph: GraphBuilder, model: TransformerModel) -> Interface:
    """`tokens`, `past_tokens`, `past_key_0`, `past_value_0` ... to `logits` and the same states.

    Keys and values are (B, H, P, E), one pair for each block; P begins at 0.
    """
    read = add_tokens(graph, model.inputs)
    writer = _Attention(graph, model, read)
    x_BTD = read.x_BTD
    for number, block in enumerate(model.blocks):
        assert isinstance(block, Block)
        x_BTD = writer.block(number, block, x_BTD)
    y_BTD = writer.normed("norm", model.norm, x_BTD)
    return _finish(graph, read, y_BTD, model.output, writer.ends)


class _Attention:
    """Adds the blocks of a Transformer."""

    def __init__(self, graph: GraphBuilder, model: TransformerModel, read: ReadTokens) -> None:
        self.graph = graph
        self.heads = model.config.num_heads
        self.size = model.config.hidden_size
        self.head = self.size // self.heads
        self.ends: Ends = []
        own_T1 = graph.add("Unsqueeze", read.own_T, graph.constant([1]))
        self.may_see_TS = graph.add("LessOrEqual", read.every_S, own_T1)
        self.cosine_TE, self.sine_TE = self._rotation(own_T1)

    def _rotation(self, own_T1: str) -> tuple[str, str]:
        """Cosines and signed sines of the new tokens' angles, for both halves of a head."""
        import onnx

        graph, half = self.graph, self.head // 2
        speed_E = (10_000.0 ** (-torch.arange(half) / half)).numpy()
        place_T1 = graph.add("Cast", own_T1, to=onnx.TensorProto.FLOAT)
        angle_TE = graph.add("Mul", place_T1, graph.constant(speed_E, np.float32))
        cosine_TE, sine_TE = graph.add("Cos", angle_TE), graph.add("Sin", angle_TE)
        return (
            graph.add("Concat", cosine_TE, cosine_TE, axis=1),
            graph.add("Concat", graph.add("Neg", sine_TE), sine_TE, axis=1),
        )

    def block(self, number: int, block: Block, x_BTD: str) -> str:
        """Attention, then the gated feed-forward layer, each normed before and added after."""
        graph, name = self.graph, f"blocks.{number}"
        normed_BTD = self.normed(f"{name}.attention_norm", block.attention_norm, x_BTD)
        x_BTD = graph.add("Add", x_BTD, self._attended(number, block, normed_BTD))
        normed_BTD = self.normed(f"{name}.forward_norm", block.forward_norm, x_BTD)
        both = self._linear(f"{name}.widen", block.widen.weight, normed_BTD)
        gate, wide = graph.add_many("Split", [both], 2, axis=-1, num_outputs=2)
        gate = graph.add("Mul", gate, graph.add("Sigmoid", gate))
        narrow = self._linear(f"{name}.narrow", block.narrow.weight, graph.add("Mul", gate, wide))
        return graph.add("Add", x_BTD, narrow)

    def _attended(self, number: int, block: Block, x_BTD: str) -> str:
        graph, name = self.graph, f"blocks.{number}.attention"
        qkv = self._linear(f"{name}.into", block.attention.into.weight, x_BTD)
        sizes = graph.constant([2 * self.size, self.size])
        qk, v = graph.add_many("Split", [qkv, sizes], 2, axis=-1)
        qk = self._rotated(self._heads(qk, 2 * self.heads))
        q_BHTE, k_BHTE = graph.add_many("Split", [qk], 2, axis=1, num_outputs=2)
        k_BHSE = self._cached("key", number, k_BHTE)
        v_BHSE = self._cached("value", number, self._heads(v, self.heads))
        scores = graph.add("MatMul", q_BHTE, graph.add("Transpose", k_BHSE, perm=[0, 1, 3, 2]))
        scores = graph.add("Mul", scores, graph.constant(self.head**-0.5, np.float32))
        scores = graph.add("Where", self.may_see_TS, scores, graph.constant(UNSEEN, np.float32))
        y_BHTE = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), v_BHSE)
        y_BTHE = graph.add("Transpose", y_BHTE, perm=[0, 2, 1, 3])
        y_BTD = graph.add("Reshape", y_BTHE, graph.constant([0, 0, self.size]))
        return self._linear(f"{name}.out", block.attention.out.weight, y_BTD)

    def _heads(self, values: str, heads: int) -> str:
        """(B, T, heads E) to (B, heads, T, E)."""
        shape = self.graph.constant([0, 0, heads, self.head])
        return self.graph.add(
            "Transpose", self.graph.add("Reshape", values, shape), perm=[0, 2, 1, 3]
        )

    def _rotated(self, values: str) -> str:
        """Each pair of features turned by its token's angle."""
        graph = self.graph
        first, second = graph.add_many("Split", [values], 2, axis=-1, num_outputs=2)
        swapped = graph.add("Concat", second, first, axis=-1)
        return graph.add(
            "Add",
            graph.add("Mul", values, self.cosine_TE),
            graph.add("Mul", swapped, self.sine_TE),
        )

    def _cached(self, what: str, number: int, new_BHTE: str) -> str:
        """(B, H, S, E): what a block has kept, with the new after it."""
        state = StateTensor(
            input=f"past_{what}_{number}",
            output=f"{what}_{number}_out",
            type="float32",
            shape=("batch", self.heads, 0, self.head),
        )
        shape: Shape = ("batch", self.heads, "past", self.head)
        past = self.graph.input(state.input, np.float32, shape)
        all_BHSE = self.graph.add("Concat", past, new_BHTE, axis=2)
        self.ends.append((state, all_BHSE))
        return all_BHSE

    def normed(self, name: str, norm: nn.Module, x_BTD: str) -> str:
        """Divided by the root of the mean square, times a weight (`nn.RMSNorm`)."""
        graph = self.graph
        assert isinstance(norm, nn.RMSNorm)
        epsilon = torch.finfo(torch.float32).eps if norm.eps is None else norm.eps
        square = graph.add("Pow", x_BTD, graph.constant(2.0, np.float32))
        mean = graph.add("ReduceMean", square, graph.constant([-1]), keepdims=1)
        root = graph.add("Sqrt", graph.add("Add", mean, graph.constant(epsilon, np.float32)))
        weight = graph.weight(f"{name}.weight", norm.weight.detach().numpy())
        return graph.add("Mul", graph.add("Div", x_BTD, root), weight)

    def _linear(self, name: str, weight: Tensor, x: str) -> str:
        return self.graph.add(
            "MatMul", x, self.graph.weight(f"{name}.weight", weight.detach().numpy().T)
        )


def _finish(
    graph: GraphBuilder, read: ReadTokens, y_BTD: str, output: nn.Linear, ends: Ends
) -> Interface:
    """The output layer, which shares the token table, and the outputs of the graph."""
    size = output.in_features
    flat = graph.add("Reshape", y_BTD, graph.constant([-1, size]))
    bias = graph.weight("output.bias", output.bias.detach().numpy())
    logits = graph.add("Gemm", flat, "token.weight", bias, transB=1)
    shape_BTW = graph.add("Concat", read.new_shape, graph.constant([TONIC_VOCABULARY_SIZE]), axis=0)
    logits_BTV = logits_in_key(graph, read, graph.add("Reshape", logits, shape_BTW))
    graph.output("logits", np.float32, ("batch", "steps", VOCABULARY.size), logits_BTV)
    graph.output(PAST_TOKENS.output, np.int64, ("batch", "read"), read.ids_BS)
    for state, value in ends:
        shape = tuple("read" if size == 0 else size for size in state.shape)
        graph.output(state.output, np.float32, shape, value)
    return Interface(
        input="tokens", output="logits", state=(PAST_TOKENS, *(state for state, _ in ends))
    )
