"""A PyTorch module as the layers that RTNeural reads.

A module qualifies if it is a row of layers that go from step to step: features in, the last axis;
numbers out, the last axis; whatever an LSTM, a GRU or a causal convolution remembers begins at 0.
What RTNeural cannot compute is refused by name, never left out (only dropout is, which does nothing
after training).

Source: RTNeural's json_parser (https://github.com/jatinchowdhury18/RTNeural); the order of gates
and of a kernel's axes is that of Keras, which its format comes from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from chromasonic.errors import ExportError
from chromasonic.export.document import DocumentLayer
from chromasonic.export.refusals import refuse
from chromasonic.export.tracing import Operation, evaluation_copy, operations_of

ACTIVATIONS = ("tanh", "relu", "sigmoid", "softmax", "elu")
"""RTNeural's names, which are PyTorch's too."""

FOLDS = ("dense", "conv1d")
"""Layers that have an activation of their own."""

DROPPED = {"dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout", "contiguous",
           "clone", "detach", "alias", "lift_fresh_copy"}  # fmt: skip
"""What does nothing to a value in evaluation."""

Axes = tuple[str, ...]
"""What each axis of a value is: B examples, T steps, F features."""


def layers_of(module: nn.Module, example: Tensor) -> tuple[DocumentLayer, ...]:
    """The layers of a module, in the order in which its forward computes them.

    Args:
        module: takes one tensor of features, (B, T, I) or (B, I), and gives one, (B, T, O) or
            (B, O). It is not changed; weights of other precision are rounded to float32.
        example: such a tensor, of at least 2 steps; its values do not matter.

    Raises:
        ExportError: forward cannot be followed; or something of it cannot be expressed (the message
            names the module, its class, and why); or a weight is not finite.
    """
    _check_example(module, example)
    copied = evaluation_copy(module, torch.float32)
    return _Writer(example).layers(copied)


def _check_example(module: nn.Module, example: Tensor) -> None:
    title = type(module).__name__
    if not example.is_floating_point():
        raise ExportError(
            f"RTNeural JSON cannot express {title}: it takes {str(example.dtype).partition('.')[2]}"
            " ids (Embedding), and only numbers go into RTNeural. Export it as ONNX "
            "(--format onnx)."
        )
    if example.ndim not in (2, 3):
        raise ExportError(
            f"The example for {title} has the shape {tuple(example.shape)}; allowed: (examples, "
            "steps, features), or (examples, features) where there is no state."
        )
    for name, value in [*module.named_parameters(), *module.named_buffers()]:
        if value.is_floating_point() and not torch.isfinite(value.detach().float()).all():
            raise ExportError(
                f"{name} of {title} holds a value that is no finite 32-bit float (NaN, infinity, "
                "or beyond 3.4e38), so nothing is exported. Train it anew, or export an earlier "
                "checkpoint."
            )


class _Writer:
    """Goes along the operations and writes a layer for each, or folds it into the one before."""

    def __init__(self, example: Tensor) -> None:
        self.example = example.detach().to("cpu", torch.float32)
        self.axes: Axes = ("B", "T", "F") if example.ndim == 3 else ("B", "F")
        self.size = example.shape[-1]
        self.padding = 0  # steps of zeros that were set before the first, for the next convolution
        self.found: list[DocumentLayer] = []

    def layers(self, module: nn.Module) -> tuple[DocumentLayer, ...]:
        """All layers, checked as a whole."""
        wanted = self.axes
        for operation in operations_of(module, self.example):
            write = _WRITERS.get(operation.name)
            if operation.name in DROPPED or _keeps_type(operation):
                continue
            if write is None:
                refuse("", operation.place)
            if self.padding and operation.name != "conv1d":
                refuse("", operation.place, "steps of zeros are set before its first")
            write(self, operation)
        if self.padding or self.axes != wanted:
            raise ExportError(
                f"{type(module).__name__} gives its axes as {', '.join(self.axes)} where "
                f"{', '.join(wanted)} go in (B examples, T steps, F features), or steps that were "
                "not there. Its forward must give features last."
            )
        if not self.found:
            raise ExportError(
                f"{type(module).__name__} holds no layer; there is nothing to export."
            )
        return tuple(self.found)

    def add(self, kind: str, size: int, weights: tuple[Any, ...], **options: Any) -> None:
        """One layer more."""
        self.found.append(
            DocumentLayer(
                type=kind,
                size=size,
                weights=tuple(_array(weight) for weight in weights),
                options=options,
            )
        )
        self.size = size

    def need(self, axes: Axes, operation: Operation) -> None:
        """Refuse a layer that reads other axes than it should."""
        if self.axes != axes:
            refuse(
                "", operation.place,
                f"it reads axes {', '.join(axes)} (B examples, T steps, F features), and gets "
                f"{', '.join(self.axes)}",
            )  # fmt: skip

    def linear(self, operation: Operation) -> None:
        if self.axes[-1] != "F":
            refuse("", operation.place, "the last axis that it reads are steps, not features")
        weight = operation.args["weight"]
        bias = _or_zeros(operation.args["bias"], len(weight))
        self.add("dense", len(weight), (weight.T, bias))

    def activation(self, operation: Operation) -> None:
        args, name = operation.args, operation.name
        if name == "softmax" and self.axes[args["dim"]] != "F":
            refuse("", operation.place, "its softmax is over another axis than the features (last)")
        if name == "elu" and (args["alpha"], args["scale"], args["input_scale"]) != (1, 1, 1):
            refuse("", operation.place, f"its alpha is {args['alpha']}; RTNeural's elu has 1")
        last = self.found[-1] if self.found else None
        if last is not None and last.type in FOLDS and not last.activation:
            self.found[-1] = DocumentLayer(
                type=last.type, size=last.size, activation=name, weights=last.weights,
                options=last.options,
            )  # fmt: skip
        else:
            self.found.append(DocumentLayer(type="activation", size=self.size, activation=name))

    def prelu(self, operation: Operation) -> None:
        slopes = operation.args["weight"]
        if len(slopes) > 1 and self.axes[1] != "F":  # PyTorch counts them along the second axis
            self.need(("B", "F", "T"), operation)
        self.add("prelu", self.size, (slopes.expand(self.size)[None],))

    def batch_norm(self, operation: Operation) -> None:
        self.need(("B", "F", "T") if len(self.axes) == 3 else ("B", "F"), operation)
        args = operation.args
        if args["training"] or args["running_mean"] is None:
            refuse("", operation.place, "it keeps no running mean, and would take each batch's own")
        ones = torch.ones(self.size)
        weights = (
            ones if args["weight"] is None else args["weight"],
            _or_zeros(args["bias"], self.size),
            args["running_mean"],
            args["running_var"],
        )
        self.add("batchnorm", self.size, weights, epsilon=float(args["eps"]))

    def pad(self, operation: Operation) -> None:
        pad = list(operation.args["pad"])
        value, mode = operation.args.get("value"), operation.args.get("mode", "constant")
        is_causal = self.axes == ("B", "F", "T") and pad[1:2] == [0] and not any(pad[2:])
        if not is_causal or pad[0] < 0 or value not in (None, 0) or mode != "constant":
            refuse("", operation.place, "only zeros before the first step can be added (causal)")
        self.padding += pad[0]

    def conv1d(self, operation: Operation) -> None:
        self.need(("B", "F", "T"), operation)
        args = operation.args
        weight, dilation = args["weight"], args["dilation"][0]
        kernel = weight.shape[-1]
        wanted = (kernel - 1) * dilation
        if args["stride"][0] != 1:
            refuse("", operation.place, f"its stride is {args['stride'][0]}; allowed: 1")
        if args["padding"] not in ("valid", [0], (0,), 0):
            refuse(
                "", operation.place,
                f"its padding of {args['padding']} sees steps that are still to come; pad (kernel "
                f"size - 1) x dilation = {wanted} steps on the left before it (functional.pad)",
            )  # fmt: skip
        if self.padding != wanted:
            refuse(
                "", operation.place,
                f"{self.padding} steps of zeros go before its first; causal are (kernel size - 1) "
                f"x dilation = {wanted}",
            )  # fmt: skip
        self.padding = 0
        bias = _or_zeros(args["bias"], len(weight))
        self.add(
            "conv1d", len(weight), (weight.permute(2, 1, 0), bias),
            kernel_size=kernel, dilation=dilation, groups=int(args["groups"]),
        )  # fmt: skip

    def transpose(self, operation: Operation) -> None:
        args, axes = operation.args, list(self.axes)
        if "dims" in args:
            axes = [axes[i] for i in args["dims"]]
        else:
            one, other = args["dim0"], args["dim1"]
            axes[one], axes[other] = axes[other], axes[one]
        self.axes = tuple(axes)

    def lstm(self, operation: Operation) -> None:
        self.recurrent(operation, "lstm", gates=4, states=operation.args["hx"])

    def gru(self, operation: Operation) -> None:
        self.recurrent(operation, "gru", gates=3, states=[operation.args["hx"]])

    def recurrent(self, operation: Operation, kind: str, *, gates: int, states: list[Any]) -> None:
        """The layers of a recurrent module, one for each that lies over another."""
        args, place = operation.args, operation.place
        if args.get("params") is None or args.get("batch_first") is None:
            refuse("", place, "its sequences are packed; give one tensor (B, T, F)")
        self.need(("B", "T", "F") if args["batch_first"] else ("T", "B", "F"), operation)
        if args["bidirectional"]:
            refuse("", place, "it is bidirectional: it reads steps that are still to come")
        if any(state is None or bool(state.any()) for state in states):
            refuse("", place, "its state does not begin at 0")
        count = 4 if args["has_biases"] else 2
        params, layers = list(args["params"]), args["num_layers"]
        if len(params) != count * layers:
            refuse("", place, "its outputs are projected (proj_size), which RTNeural does not do")
        for number in range(layers):
            part = params[count * number : count * (number + 1)]
            into, over = part[0], part[1]
            biases = tuple(part[2:]) or (into.new_zeros(len(into)),) * 2
            write = _lstm_weights if kind == "lstm" else _gru_weights
            self.add(kind, len(into) // gates, write(into, over, *biases))


def _lstm_weights(into: Tensor, over: Tensor, one: Tensor, other: Tensor) -> tuple[Tensor, ...]:
    """Gates i, f, c, o are PyTorch's own i, f, g, o; of its two biases RTNeural has the sum."""
    return into.T, over.T, one + other


def _gru_weights(into: Tensor, over: Tensor, one: Tensor, other: Tensor) -> tuple[Tensor, ...]:
    """Gates z, r, c, where PyTorch has r, z, n; both biases stay (n multiplies the second by r)."""

    def swapped(rows: Tensor) -> Tensor:
        reset, update, new = rows.chunk(3)
        return torch.cat([update, reset, new])

    return swapped(into).T, swapped(over).T, torch.stack([swapped(one), swapped(other)])


def _keeps_type(operation: Operation) -> bool:
    """Whether an operation turns a value into what it is already."""
    return operation.name in ("to", "_to_copy", "float") and operation.args.get("dtype") in (
        None,
        torch.float32,
    )


def _or_zeros(bias: Tensor | None, size: int) -> Tensor:
    return torch.zeros(size) if bias is None else bias


def _array(weight: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(weight.detach().numpy().astype(np.float32))


_WRITERS: dict[str, Callable[[_Writer, Operation], None]] = {
    "linear": _Writer.linear,
    "lstm": _Writer.lstm,
    "gru": _Writer.gru,
    "conv1d": _Writer.conv1d,
    "pad": _Writer.pad,
    "constant_pad_nd": _Writer.pad,
    "batch_norm": _Writer.batch_norm,
    "prelu": _Writer.prelu,
    "transpose": _Writer.transpose,
    "permute": _Writer.transpose,
    **dict.fromkeys(ACTIVATIONS, _Writer.activation),
}
"""By PyTorch's name of the operation."""
