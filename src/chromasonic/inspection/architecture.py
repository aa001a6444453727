"""The architecture as a reader wants it told: module by module, each fact with its source."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chromasonic.inspection.attention import Block, blocks_of, is_attention
from chromasonic.inspection.facts import Certainty, Fact, Section
from chromasonic.inspection.layers import Layer, layers_of, modules_above
from chromasonic.inspection.plain import shape_text
from chromasonic.inspection.tensors import TensorFacts, Totals

CLASSIFIER_WORDS = re.compile(r"(^|[._])(classifier|head|heads|fc\d*|logits|score|output)([._]|$)")
HEADS = Fact(
    name="Attention heads",
    value=None,
    certainty="unknown",
    source="the number of heads leaves no trace in the weights",
)
LONGEST_CHAIN = 8
"""Linear layers that are told as the classifier."""
MOST_NAMED = 6
"""Layers of one kind that are told one by one."""


@dataclass(frozen=True, kw_only=True)
class Module:
    """A part of the network: the layers whose names begin alike.

    Attributes:
        name: their common beginning; "" where the network has no parts.
        layers: in the order of the file.
        blocks: its Transformer layers.
    """

    name: str
    layers: tuple[Layer, ...]
    blocks: tuple[Block, ...]

    @property
    def elements(self) -> int:
        """Numbers of all its entries, buffers included."""
        return sum(layer.elements for layer in self.layers)

    @property
    def trainable(self) -> int:
        """Without buffers."""
        return sum(layer.trainable for layer in self.layers)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "elements": self.elements,
            "trainable": self.trainable,
            "layers": [layer.to_dict() for layer in self.layers],
            "transformer_layers": [block.to_dict() for block in self.blocks],
        }


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What was inferred from names and shapes.

    Attributes:
        modules: in the order of the file.
        sections: what a reader wants to know of each.
        totals: counts.
    """

    modules: tuple[Module, ...]
    sections: tuple[Section, ...]
    totals: Totals

    def fact(self, name: str) -> Any:
        """The value of the first fact of that name; None where there is none."""
        facts = (fact for section in self.sections for fact in section.facts)
        return next((fact.value for fact in facts if fact.name == name), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "modules": [module.to_dict() for module in self.modules],
            "facts": [section.to_dict() for section in self.sections],
            "totals": dict(self.totals.__dict__),
        }


def infer(tensors: tuple[TensorFacts, ...]) -> Architecture:
    """The architecture that a state dict's names and shapes mean."""
    layers = layers_of(tensors)
    blocks = blocks_of(layers)
    groups, shared = _modules(layers)
    below: dict[str, list[Block]] = {name: [] for name in groups}
    for block in blocks:
        above = (block.name, *modules_above(block.name), "")
        below[next((name for name in above if name in groups), next(iter(groups)))].append(block)
    modules = tuple(
        Module(
            name=name,
            layers=tuple(members),
            blocks=tuple(below[name]),
        )
        for name, members in groups.items()
    )
    last = _classifier(layers, blocks)
    sections, spatial = [], 0
    for module in modules:
        facts = list(_facts(module, last, spatial))
        spatial = _width_of_graphs(module) or spatial
        sections.append(Section(title=_title(module, shared), facts=tuple(facts)))
    return Architecture(modules=modules, sections=tuple(sections), totals=Totals.of(tensors))


def _modules(layers: Sequence[Layer]) -> tuple[dict[str, list[Layer]], str]:
    """Layers by the beginning of their names, and what all names begin with.

    `conv1` and `conv2`, of one layer each, are one module `conv*`.
    """
    shared: list[str] = []
    while True:
        groups: dict[str, list[Layer]] = {}
        for layer in layers:
            parts = layer.name.split(".")
            groups.setdefault(".".join(parts[: len(shared) + 1]), []).append(layer)
        is_deep = all(layer.name.count(".") > len(shared) for layer in layers)
        if len(groups) != 1 or not is_deep:
            break
        shared = next(iter(groups)).split(".")
    prefix = ".".join(shared)
    if all(name.rpartition(".")[2].isdigit() for name in groups):  # an nn.Sequential
        return {prefix: list(layers)}, prefix
    numbered = Counter(
        re.sub(r"\d+$", "*", name) for name, group in groups.items() if len(group) == 1
    )
    merged: dict[str, list[Layer]] = {}
    for name, group in groups.items():
        stem = re.sub(r"\d+$", "*", name)
        is_one = len(group) == 1 and numbered[stem] > 1
        merged.setdefault(stem if is_one else name, []).extend(group)
    return merged, prefix


def _title(module: Module, shared: str) -> str:
    """Such as "Spatial Module"; what all names begin with is left out."""
    name = module.name.removeprefix(shared).strip(".*") or module.name.rpartition(".")[2]
    words = name.replace("_", " ").replace(".", " ").strip()
    if not words:
        return "Network"
    shown = words.title() if words.islower() else words
    is_lone = all(layer.kind in ("lone tensor", "buffer") for layer in module.layers)
    return shown if is_lone or CLASSIFIER_WORDS.search(name) else f"{shown} Module"


def _classifier(layers: Sequence[Layer], blocks: Sequence[Block]) -> Layer | None:
    """The linear layer that gives the answer: the last one, one called so before all others."""
    inner = {block.name for block in blocks if block.name}
    linear = [
        layer
        for layer in layers
        if layer.kind == "linear"
        and not is_attention(layer)
        and not any(name in inner for name in modules_above(layer.name))
    ]
    named = [layer for layer in linear if CLASSIFIER_WORDS.search(layer.name)]
    candidates = named or linear
    return candidates[-1] if candidates else None


def _facts(module: Module, last: Layer | None, spatial: int) -> Iterable[Fact]:
    """What a reader wants to know of a module."""
    kinds: dict[str, list[Layer]] = {}
    inner = {block.name for block in module.blocks}
    for layer in module.layers:
        if not any(name in inner for name in modules_above(layer.name)):
            kinds.setdefault(layer.kind, []).append(layer)
    yield from _graph_facts(kinds.pop("graph convolution", []))
    for cell in ("LSTM", "GRU", "RNN", "LSTM cell", "GRU cell", "RNN cell"):
        for layer in kinds.pop(cell, []):
            yield from _recurrent_facts(layer, spatial)
    yield from _block_facts(module.blocks)
    linear = kinds.pop("linear", [])
    if last is not None and any(layer is last for layer in linear):
        yield from _classifier_facts(linear, last)
    elif linear:
        yield _listed("Linear layers", linear)
    for kind, layers in kinds.items():
        yield _listed(_plural(kind), layers)
    if "multi-head attention" in kinds:
        yield HEADS
    counted = f"{len(module.layers)} layer{'s' if len(module.layers) != 1 else ''}"
    yield Fact(
        name="Parameters",
        value=module.elements,
        certainty="certain",
        source=f"{counted}; trainable {module.trainable:,}",
    )


def _width_of_graphs(module: Module) -> int:
    widths = [x.sizes["output"] for x in module.layers if x.kind == "graph convolution"]
    return int(widths[-1]) if widths else 0


def _graph_facts(layers: Sequence[Layer]) -> Iterable[Fact]:
    if not layers:
        return
    source = f"{layers[-1].source}: {layers[-1].remark}"
    yield Fact(
        name="Hidden dimension", value=layers[-1].sizes["output"], certainty="likely", source=source
    )
    yield Fact(
        name="Input features",
        value=layers[0].sizes["input"],
        certainty="likely",
        source=layers[0].source,
    )
    chain = " -> ".join(
        str(n) for n in [layers[0].sizes["input"], *(x.sizes["output"] for x in layers)]
    )
    yield Fact(name="Number of GCN layers", value=len(layers), certainty="likely", source=chain)


def _recurrent_facts(layer: Layer, spatial: int) -> Iterable[Fact]:
    kind = layer.kind.split()[0]
    sizes, sure = layer.sizes, layer.certainty
    yield _sized(
        f"{kind} hidden dimension", sizes["hidden"], sure, f"{layer.source}: {layer.remark}"
    )
    times = sizes["input"] // spatial if spatial and sizes["input"] % spatial == 0 else 0
    pooled = f": {times} x the graph convolutions' {spatial}" if times > 1 else ""
    yield _sized(f"{kind} input dimension", sizes["input"], sure, f"{layer.source}{pooled}")
    yield _sized(f"Number of {kind} layers", sizes["layers"], sure, f"{layer.name}.weight_ih_l*")
    yield Fact(
        name="Bidirectional",
        value=sizes["bidirectional"],
        certainty=sure,
        source="weights that end in _reverse"
        if sizes["bidirectional"]
        else "no weights that end in _reverse",
    )
    if "projection" in sizes:
        yield _sized(f"{kind} projection", sizes["projection"], sure, "weight_hr_l0")


def _sized(name: str, value: int, certainty: Certainty, source: str) -> Fact:
    return Fact(name=name, value=value, certainty=certainty, source=source)


def _block_facts(blocks: Sequence[Block]) -> Iterable[Fact]:
    if not blocks:
        return
    first = blocks[0]
    named, more = first.name or "the top level", ", ..." if len(blocks) > 1 else ""
    yield _sized("Number of Transformer layers", len(blocks), first.certainty, f"{named}{more}")
    yield _sized("Transformer width", first.width, first.certainty, first.source)
    yield _sized(
        "Feed-forward dimension",
        first.feed_forward,
        "likely",
        f"{first.name}.*" if first.name else named,
    )
    yield HEADS


def _classifier_facts(linear: Sequence[Layer], last: Layer) -> Iterable[Fact]:
    """Input, hidden and classes of the chain of linear layers that ends the network."""
    chain = [last]
    for layer in reversed(linear[: linear.index(last)]):
        if layer.sizes["output"] != chain[0].sizes["input"] or len(chain) == LONGEST_CHAIN:
            break
        chain.insert(0, layer)
    chained = {layer.name for layer in chain}
    others = [layer for layer in linear if layer.name not in chained]
    if others:
        yield _listed("Linear layers", others)
    is_named = CLASSIFIER_WORDS.search(last.name) is not None
    yield _sized("Input dimension", chain[0].sizes["input"], last.certainty, chain[0].source)
    if len(chain) > 1:
        hidden = [layer.sizes["output"] for layer in chain[:-1]]
        value = hidden[0] if len(hidden) == 1 else shape_text(hidden)
        yield Fact(
            name="Hidden dimension",
            value=value,
            certainty=last.certainty,
            source=", ".join(layer.source for layer in chain[:-1]),
        )
    yield Fact(
        name="Number of classes" if is_named else "Number of outputs",
        value=last.sizes["output"],
        certainty="likely",
        source=f"{last.source}, the last linear layer",
    )


def _plural(kind: str) -> str:
    """Such as "Batch norms"."""
    words = kind[0].upper() + kind[1:]
    if "onvolution " in words:  # "Convolution 1D"
        return words.replace("onvolution ", "onvolutions ")
    return words if words.endswith("s") else f"{words}s"


def _listed(name: str, layers: Sequence[Layer]) -> Fact:
    """Several layers of one kind in one fact: each one, or how many of which size."""
    texts = [layer.text.removeprefix(layer.kind).strip() or "no size" for layer in layers]
    if len(layers) > MOST_NAMED:
        counted = Counter(texts)
        value = "; ".join(f"{n} of {text}" for text, n in counted.most_common(MOST_NAMED))
        value += (
            f"; and {len(counted) - MOST_NAMED} more sizes" if len(counted) > MOST_NAMED else ""
        )
    else:
        value = "; ".join(f"{n} of {text}" if n > 1 else text for text, n in Counter(texts).items())
    weakest: Certainty = "likely" if any(x.certainty == "likely" for x in layers) else "certain"
    more = ", ..." if len(layers) > 1 else ""
    return Fact(name=name, value=value, certainty=weakest, source=f"{layers[0].source}{more}")
