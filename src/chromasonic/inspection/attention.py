"""Transformer layers: an attention, and the feed-forward network that stands beside it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chromasonic.inspection.facts import Certainty
from chromasonic.inspection.layers import Layer, modules_above

PARTS = re.compile(
    r"(?:^|\.)(?:(?:q|k|v|o|out)_?proj|qkv|query_key_value|query|key|value|c_attn|in_proj|to_q|to_k"
    r"|to_v|to_qkv|out_proj|to_out(?:\.\d+)?|wq|wk|wv|wo)$"
)
"""Last parts of the names of an attention's matrices, in the libraries that people use."""
JOINED = ("qkv", "query_key_value", "c_attn", "in_proj", "to_qkv")
"""Those that hold queries, keys and values in one."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One Transformer layer.

    Attributes:
        name: of its module, such as "encoder.layers.0".
        width: numbers of a position.
        feed_forward: width of its feed-forward network.
        certainty: how sure this is.
        source: where the width was read.
    """

    name: str
    width: int
    feed_forward: int
    certainty: Certainty
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "width": self.width,
            "feed_forward": self.feed_forward,
            "certainty": self.certainty,
            "source": self.source,
        }


def blocks_of(layers: Sequence[Layer]) -> tuple[Block, ...]:
    """The Transformer layers among the layers, in order."""
    attentions = _attentions(layers)
    names = {_block_name(place) for place in attentions}
    widest = _feed_forwards(layers, names, set(attentions))
    found: dict[str, Block] = {}
    for place, (width, certainty, source) in attentions.items():
        name = _block_name(place)
        wide = widest.get((name, width))
        if name in found or wide is None:  # a decoder's second attention; an attention by itself
            continue
        found[name] = Block(
            name=name, width=width, feed_forward=wide, certainty=certainty, source=source
        )
    return tuple(found.values())


def is_attention(layer: Layer) -> bool:
    """Whether a layer may be part of an attention, by its name."""
    return layer.kind == "multi-head attention" or PARTS.search(layer.name) is not None


def _attentions(layers: Sequence[Layer]) -> dict[str, tuple[int, Certainty, str]]:
    """Each attention's name to its width, how sure that is, and where it was read."""
    found: dict[str, tuple[int, Certainty, str]] = {}
    parts: dict[str, set[str]] = {}
    for layer in layers:
        if layer.kind == "multi-head attention":
            found[layer.name] = (int(layer.sizes["width"]), layer.certainty, layer.source)
            continue
        match = PARTS.search(layer.name)
        if match is None or layer.kind not in ("linear", "graph convolution"):
            continue
        place, part = layer.name[: match.start()], match[0].lstrip(".")
        parts.setdefault(place, set()).add(part)
        if _is_attention(part, parts[place], layer):
            found.setdefault(place, (int(layer.sizes["input"]), "likely", layer.source))
    return found


def _is_attention(part: str, met: set[str], layer: Layer) -> bool:
    """One matrix for all three, or queries and keys side by side: a lone "value" is a critic."""
    if part == "in_proj":
        return bool(layer.sizes["output"] == 3 * layer.sizes["input"])
    has_queries = met & {"q_proj", "query", "to_q", "wq"}
    has_keys = met & {"k_proj", "key", "to_k", "wk"}
    return part in JOINED or bool(has_queries and has_keys)


def _block_name(attention: str) -> str:
    """The numbered module around an attention: "h.0" of "h.0.attn"; else the one above it."""
    parts = attention.split(".")
    for index in range(len(parts) - 1, -1, -1):
        if parts[index].isdigit():
            return ".".join(parts[: index + 1])
    return ".".join(parts[:-1])


def _feed_forwards(
    layers: Sequence[Layer], blocks: set[str], attentions: set[str]
) -> dict[tuple[str, int], int]:
    """(block, width) to the widest inner layer of the block's feed-forward network.

    That is a linear layer that reads this width, with another one that leads back to it: an
    attention before a classifier is no Transformer layer.
    """
    found: dict[str, Counter[tuple[int, int]]] = {}
    for layer in layers:
        if layer.kind not in ("linear", "graph convolution") or PARTS.search(layer.name):
            continue
        above = [*modules_above(layer.name), ""]
        block = next((name for name in above if name in blocks), None)
        if block is None or any(name in attentions for name in above if name):
            continue
        pair = (int(layer.sizes["input"]), int(layer.sizes["output"]))
        found.setdefault(block, Counter())[pair] += 1
    widest: dict[tuple[str, int], int] = {}
    for block, pairs in found.items():
        for width, inner in pairs:
            if pairs[inner, width] > (inner == width):  # a square matrix leads not back to itself
                widest[block, width] = max(widest.get((block, width), 0), inner)
    return widest
