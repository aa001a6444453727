"""The layers of a document: which there are, and what each must hold.

Source: RTNeural's `model_loader.h` (types, keys, order of the weights).
Differs: RTNeural takes what it finds and computes something; here each row and column is counted,
unknown types, activations and keys are refused, and only what is one-dimensional is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chromasonic.export.document import DocumentLayer
from chromasonic.export.fields import array_of, integer_of, list_of, number_of, object_of, text_of
from chromasonic.export.json_limits import DocumentError, shown

ACTIVATIONS = ("", "tanh", "relu", "sigmoid", "softmax", "elu")
"""Exactly as RTNeural spells them; any other makes it crash."""

MOST_LAYERS = 256

LARGEST_MEMORY = 2**24
"""Numbers that a conv1d may remember: (kernel - 1) x dilation x inputs."""

Shapes = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class LayerType:
    """What a type of layer holds.

    Attributes:
        shapes: inputs I, outputs O and options to each array's name and shape.
        activations: what may stand under `activation`.
        keeps_size: whether as many numbers come out as go in.
        needs: its further keys.
        allows: keys that may be absent.
    """

    shapes: Callable[[int, int, dict[str, Any]], Shapes]
    activations: tuple[str, ...] = ACTIVATIONS
    keeps_size: bool = False
    needs: tuple[str, ...] = ()
    allows: tuple[str, ...] = ()


def _dense(inputs: int, size: int, _: dict[str, Any]) -> Shapes:
    return ("W", (inputs, size)), ("b", (size,))


def _lstm(inputs: int, size: int, _: dict[str, Any]) -> Shapes:
    return ("W", (inputs, 4 * size)), ("U", (size, 4 * size)), ("b", (4 * size,))


def _gru(inputs: int, size: int, _: dict[str, Any]) -> Shapes:
    return ("W", (inputs, 3 * size)), ("U", (size, 3 * size)), ("b", (2, 3 * size))


def _conv1d(inputs: int, size: int, options: dict[str, Any]) -> Shapes:
    kernel = (options["kernel_size"], inputs // options["groups"], size)
    return ("K", kernel), ("b", (size,))


def _batchnorm(_: int, size: int, __: dict[str, Any]) -> Shapes:
    return tuple((name, (size,)) for name in ("gamma", "beta", "mean", "var"))


def _prelu(_: int, size: int, __: dict[str, Any]) -> Shapes:
    return (("a", (1, size)),)


def _nothing(*_: object) -> Shapes:
    return ()


TYPES: dict[str, LayerType] = {
    "dense": LayerType(shapes=_dense),
    "time-distributed-dense": LayerType(shapes=_dense),
    # RTNeural ignores what stands there; "tanh" is what the cell does anyway.
    "lstm": LayerType(shapes=_lstm, activations=("", "tanh")),
    "gru": LayerType(shapes=_gru, activations=("", "tanh")),
    "conv1d": LayerType(shapes=_conv1d, needs=("kernel_size", "dilation"), allows=("groups",)),
    "batchnorm": LayerType(
        shapes=_batchnorm, activations=("",), keeps_size=True, needs=("epsilon",)
    ),
    "prelu": LayerType(shapes=_prelu, activations=("",), keeps_size=True),
    "activation": LayerType(shapes=_nothing, activations=ACTIVATIONS[1:], keeps_size=True),
}
"""Every type that can be read."""


def size_of(shape: Any, where: str, *, exact: bool = False) -> int:
    """The last of a shape's at most three values, which alone counts.

    Args:
        shape: the value.
        where: in the file, for messages.
        exact: whether it must be [null, null, SIZE] and nothing else, as our own files have it.

    Raises:
        DocumentError: it is no such shape.
    """
    values = list_of(shape, where, least=1)
    if len(values) > 3 or (exact and values[:-1] != [None, None]):
        raise DocumentError(
            f"{where}: {shown(values)}, wanted [null, null, SIZE] (layers of two dimensions "
            "cannot be read)",
            check="shapes",
        )
    for place, value in enumerate(values[:-1]):
        if value is not None:
            integer_of(value, f"{where}[{place}]")
    return integer_of(values[-1], f"{where}[{len(values) - 1}]")


def layers_of(value: Any, inputs: int, *, exact: bool = False) -> tuple[DocumentLayer, ...]:
    """All layers, each fed by the one before.

    Args:
        value: under the key `layers`.
        inputs: numbers that go into the first.
        exact: whether shapes must be [null, null, SIZE].

    Raises:
        DocumentError: the first thing that is wrong, by its place.
    """
    layers: list[DocumentLayer] = []
    if len(items := list_of(value, "layers", least=1)) > MOST_LAYERS:
        raise DocumentError(f"layers: {len(items):,}; allowed: {MOST_LAYERS}")
    for place, item in enumerate(items):
        layer = _layer(item, f"layers[{place}]", inputs, exact)
        layers.append(layer)
        inputs = layer.size
    return tuple(layers)


def _layer(value: Any, where: str, inputs: int, exact: bool) -> DocumentLayer:
    found = object_of(value, where, required=("type",), optional=None)
    name = text_of(found["type"], f"{where}.type", may_be_empty=True)
    if name not in TYPES:
        raise DocumentError(
            f"{where}.type: {shown(name)}; allowed: {', '.join(TYPES)}", check="layers"
        )
    kind = TYPES[name]
    object_of(
        value,
        where,
        required=("type", "shape", "activation", "weights", *kind.needs),
        optional=kind.allows,
    )
    size = size_of(found["shape"], f"{where}.shape", exact=exact)
    activation = text_of(found["activation"], f"{where}.activation", may_be_empty=True)
    if activation not in kind.activations:
        raise DocumentError(
            f"{where}.activation: {shown(activation)}; allowed after {name}: "
            + ", ".join(f'"{word}"' for word in kind.activations),
            check="activations",
        )
    if kind.keeps_size and size != inputs:
        raise DocumentError(
            f"{where}.shape: {size} come out of a layer of type {name} that {inputs} go into",
            check="shapes",
        )
    options = _options(name, found, where, inputs, size)
    shapes = kind.shapes(inputs, size, options)
    arrays = list_of(found["weights"], f"{where}.weights")
    if len(arrays) != len(shapes):
        wanted = f"{len(shapes)} ({', '.join(part for part, _ in shapes) or 'none'})"
        two = "; both biases of an LSTM are added into one" if name == "lstm" else ""
        raise DocumentError(
            f"{where}.weights: {len(arrays)} arrays, wanted {wanted}{two}", check="shapes"
        )
    weights = tuple(
        array_of(array, f"{where}.weights[{place}]", shape, hint=_hint(array, part, shape))
        for place, (array, (part, shape)) in enumerate(zip(arrays, shapes, strict=True))
    )
    if name == "batchnorm" and (weights[3] < 0).any():
        raise DocumentError(f"{where}.weights[3]: a variance below 0", check="finite")
    return DocumentLayer(
        type=name, size=size, activation=activation, weights=weights, options=options
    )


def _options(
    name: str, found: dict[str, Any], where: str, inputs: int, size: int
) -> dict[str, Any]:
    if name == "batchnorm":
        return {"epsilon": number_of(found["epsilon"], f"{where}.epsilon", least=1e-30, most=1e30)}
    if name != "conv1d":
        return {}
    kernel, dilation = (
        integer_of(list_of(found[key], f"{where}.{key}", length=1)[0], f"{where}.{key}[0]")
        for key in ("kernel_size", "dilation")
    )
    groups = integer_of(found.get("groups", 1), f"{where}.groups")
    if inputs % groups or size % groups:
        raise DocumentError(
            f"{where}.groups: {groups}, which divides not both the {inputs} that go in and the "
            f"{size} that come out",
            check="shapes",
        )
    if (kernel - 1) * dilation * inputs > LARGEST_MEMORY:
        raise DocumentError(
            f"{where}: remembers {(kernel - 1) * dilation * inputs:,} numbers (kernel_size, "
            f"dilation and inputs); allowed: {LARGEST_MEMORY:,}",
            check="shapes",
        )
    return {"kernel_size": kernel, "dilation": dilation, "groups": groups}


def _hint(array: Any, part: str, shape: tuple[int, ...]) -> str:
    """What is mostly wrong with a matrix of another shape."""
    if part not in ("W", "U") or not isinstance(array, list) or not array:
        return ""
    first = array[0]
    if isinstance(first, list) and (len(array), len(first)) == shape[::-1]:
        return "it lies as torch has it: transpose it to [in][out]"
    return f"{part} is [in][out]"
