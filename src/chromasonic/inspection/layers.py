"""Which layers a state dict's names and shapes mean, one at a time.

A layer is the entries that share a name up to its last part. How sure each reading is, is said
with it: the four gates of an LSTM are certain, an embedding is told from a linear layer by its name
alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chromasonic.inspection.facts import Certainty
from chromasonic.inspection.plain import shape_text
from chromasonic.inspection.tensors import TensorFacts

GRAPH_WORDS = re.compile(r"(^|[._])(gcn|gconv|graph|gat|sage|gin|gc)\d*(conv\w*)?([._]|$)", re.I)
EMBEDDING_WORDS = re.compile(r"emb|wte|wpe|lookup", re.I)
RECURRENT = re.compile(r"(weight|bias)_(ih|hh|hr)(?:_l(\d+))?(_reverse)?$")
CELLS = {4: "LSTM", 3: "GRU", 1: "RNN"}
"""Gates of a recurrent layer, and which cell has so many."""

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer as inferred.

    Attributes:
        name: of its module, such as "classifier.3".
        kind: such as "linear".
        sizes: what its shapes say, by name.
        tensors: its entries.
        certainty: how sure kind and sizes are.
        source: the entry or entries that say so.
        remark: what cannot be known, or why it was read so.
    """

    name: str
    kind: str
    sizes: dict[str, Any] = field(default_factory=dict)
    tensors: tuple[TensorFacts, ...]
    certainty: Certainty
    source: str
    remark: str = ""

    @property
    def elements(self) -> int:
        """Numbers of all its entries."""
        return sum(tensor.elements for tensor in self.tensors)

    @property
    def trainable(self) -> int:
        """Numbers of all its entries but buffers."""
        return sum(tensor.elements for tensor in self.tensors if not tensor.is_buffer)

    @property
    def text(self) -> str:
        """Kind and sizes on one line, such as "linear 1024 -> 512"."""
        sizes = self.sizes
        if "input" in sizes and "output" in sizes:
            kernel = f", width {shape_text(sizes['kernel'])}" if "kernel" in sizes else ""
            return f"{self.kind} {sizes['input']} -> {sizes['output']}{kernel}"
        if "hidden" in sizes:
            several = f"{sizes['layers']} layers" if sizes["layers"] > 1 else "1 layer"
            ways = ", both directions" if sizes["bidirectional"] else ""
            return f"{self.kind} {sizes['input']} -> {sizes['hidden']}, {several}{ways}"
        rest = " ".join(f"{key} {value}" for key, value in sizes.items())
        return f"{self.kind} {rest}".strip()

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "sizes": self.sizes,
            "elements": self.elements,
            "trainable": self.trainable,
            "certainty": self.certainty,
            "source": self.source,
            "remark": self.remark,
        }


def modules_above(name: str) -> Iterator[str]:
    """The modules that a name lies in, the nearest first: "a.b" and "a" of "a.b.c"."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def layers_of(tensors: tuple[TensorFacts, ...]) -> tuple[Layer, ...]:
    """The layers, in the order of their first entry."""
    groups: dict[str, list[TensorFacts]] = {}
    for tensor in tensors:
        groups.setdefault(_owner(tensor.name), []).append(tensor)
    _join_outer_biases(groups)
    found: list[Layer] = []
    for name, members in groups.items():
        found.extend(_read(name, tuple(members)))
    return tuple(found)


def _owner(name: str) -> str:
    return name.rpartition(".")[0]


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _join_outer_biases(groups: dict[str, list[TensorFacts]]) -> None:
    """A bias beside `lin.weight` belongs to it: so PyTorch Geometric keeps graph convolutions."""
    for name in list(groups):
        if not name.endswith(".lin") or [_last(t.name) for t in groups[name]] != ["weight"]:
            continue
        outer = groups.get(_owner(name), [])
        if [_last(t.name) for t in outer] == ["bias"]:
            groups[name] = [*groups[name], *outer]
            del groups[_owner(name)]


def _read(name: str, members: tuple[TensorFacts, ...]) -> list[Layer]:
    recurrent = tuple(t for t in members if RECURRENT.search(_last(t.name)))
    if recurrent:
        layer = _recurrent(name, recurrent)
        rest = tuple(t for t in members if t not in recurrent)
        return [layer, *(_read(name, rest) if rest else [])]
    shapes = {_last(t.name): t.shape for t in members}
    if "in_proj_weight" in shapes or "q_proj_weight" in shapes:
        return [_attention_input(name, members, shapes)]
    if "running_mean" in shapes:
        return [_batch_norm(name, members, shapes)]
    weight = shapes.get("weight")
    if weight is not None and set(shapes) <= {"weight", "bias"}:
        return [_weighted(name, members, weight, shapes.get("bias"))]
    return [_loose(tensor) for tensor in members]


def _loose(tensor: TensorFacts) -> Layer:
    kind = "buffer" if tensor.is_buffer else "lone tensor"
    return Layer(
        name=tensor.name,
        kind=kind,
        sizes={"shape": shape_text(tensor.shape)},
        tensors=(tensor,),
        certainty="certain" if tensor.is_buffer else "likely",
        source=tensor.name,
        remark="" if tensor.is_buffer else "whether it is trained cannot be known",
    )


def _recurrent(name: str, members: tuple[TensorFacts, ...]) -> Layer:
    """LSTM, GRU or RNN: gates are the rows of what comes in for each hidden number."""
    by_key = {_last(t.name): t.shape for t in members}
    found = [RECURRENT.search(key) for key in by_key]
    levels = {int(match[3] or 0) for match in found if match}
    is_cell = any(match and match[3] is None for match in found)
    inward = by_key.get("weight_ih_l0", by_key.get("weight_ih", ()))
    back = by_key.get("weight_hh_l0", by_key.get("weight_hh", ()))
    remark = f"{name or 'the layer'} lacks its first layer's weights"
    sizes: dict[str, Any] = {}
    kind, certainty = "recurrent layer", "likely"
    if len(inward) == 2 and len(back) == 2 and back[1]:
        projected = by_key.get("weight_hr_l0", ())
        hidden = projected[1] if len(projected) == 2 else back[1]
        gates = inward[0] / hidden if hidden else 0
        kind = CELLS.get(int(gates), "recurrent layer") if gates in CELLS else "recurrent layer"
        certainty = "certain" if kind != "recurrent layer" else "likely"
        remark = f"{gates:g} gates: {inward[0]} rows for {hidden} hidden numbers"
        sizes = {
            "input": inward[1],
            "hidden": hidden,
            "layers": len(levels),
            "bidirectional": any(key.endswith("_reverse") for key in by_key),
        }
        if len(projected) == 2:
            sizes["projection"] = projected[0]
    first = next(iter(by_key))
    source = f"{name}.{first}" if name else first
    return Layer(
        name=name,
        kind=f"{kind} cell" if is_cell and kind in CELLS.values() else kind,
        sizes=sizes,
        tensors=members,
        certainty=certainty,  # type: ignore[arg-type]
        source=source,
        remark=remark,
    )


def _attention_input(name: str, members: tuple[TensorFacts, ...], shapes: Shapes) -> Layer:
    key = "in_proj_weight" if "in_proj_weight" in shapes else "q_proj_weight"
    shape = shapes[key]
    return Layer(
        name=name,
        kind="multi-head attention",
        sizes={"width": shape[-1] if shape else 0},
        tensors=members,
        certainty="certain" if key == "in_proj_weight" and _is_threefold(shape) else "likely",
        source=f"{name}.{key}" if name else key,
        remark="the number of heads leaves no trace in the weights",
    )


def _is_threefold(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 and shape[0] == 3 * shape[1]


def _batch_norm(name: str, members: tuple[TensorFacts, ...], shapes: Shapes) -> Layer:
    return Layer(
        name=name,
        kind="batch norm",
        sizes={"size": next(iter(shapes["running_mean"]), 0)},
        tensors=members,
        certainty="certain",
        source=f"{name}.running_mean" if name else "running_mean",
        remark="" if "weight" in shapes else "without weights of its own",
    )


def _weighted(
    name: str,
    members: tuple[TensorFacts, ...],
    weight: tuple[int, ...],
    bias: tuple[int, ...] | None,
) -> Layer:
    """What has a weight, and perhaps a bias."""
    kind, sizes, certainty, remark = _kind_of_weight(name, weight, bias)
    return Layer(
        name=name,
        kind=kind,
        sizes=sizes,
        tensors=members,
        certainty=certainty,
        source=f"{name}.weight" if name else "weight",
        remark=remark,
    )


def _kind_of_weight(
    name: str, weight: tuple[int, ...], bias: tuple[int, ...] | None
) -> tuple[str, dict[str, Any], Certainty, str]:
    axes = len(weight)
    if axes == 1:
        size = {"size": weight[0]}
        if bias is None:
            return "RMS norm or scale", size, "likely", "one axis and no bias"
        return "layer norm", size, "likely", "a group norm has the same shapes"
    if axes == 2:
        return _matrix(name, weight, bias)
    if axes in (3, 4, 5):
        transposed = bias is not None and bias[:1] != weight[:1] and bias[:1] == weight[1:2]
        one, other = (weight[0], weight[1]) if transposed else (weight[1], weight[0])
        kind = f"{'transposed ' if transposed else ''}convolution {axes - 2}D"
        sizes = {"input": one, "output": other, "kernel": weight[2:]}
        remark = "stride and padding leave no trace; with groups the input is as many times wider"
        return kind, sizes, "certain" if bias is not None else "likely", remark
    return "lone tensor", {"shape": shape_text(weight)}, "likely", ""


def _matrix(
    name: str, weight: tuple[int, ...], bias: tuple[int, ...] | None
) -> tuple[str, dict[str, Any], Certainty, str]:
    rows, columns = weight
    straight = {"input": columns, "output": rows}
    turned = {"input": rows, "output": columns}
    last = name.rpartition(".")[2]
    is_turned = bias is not None and rows != columns and bias == (columns,)
    if GRAPH_WORDS.search(name):
        return "graph convolution", turned if is_turned else straight, "likely", "by its name"
    if last == "lin":
        remark = "its bias stands outside, as PyTorch Geometric keeps it"
        return "graph convolution", straight, "likely", remark
    if re.search(r"conv", name, re.I) and not re.search(r"c_(attn|proj|fc)$", name):
        remark = "called a convolution, but without a kernel: it mixes what neighbours sum up"
        return "graph convolution", turned if is_turned else straight, "likely", remark
    if is_turned:
        return "linear", turned, "likely", "stored turned, as GPT-2's Conv1D and Kipf's GCN do"
    if bias is not None:
        return "linear", straight, "certain" if bias == (rows,) else "likely", ""
    if EMBEDDING_WORDS.search(name):
        return "embedding", {"entries": rows, "width": columns}, "likely", "by its name"
    return "linear", straight, "likely", "without bias; an embedding has the same shape"
