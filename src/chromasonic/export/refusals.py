"""What RTNeural's format cannot express, and why, each by its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from chromasonic.errors import ExportError

EXPRESSIBLE = (
    "Linear, LSTM, GRU, Conv1d (causal), BatchNorm1d, PReLU, tanh, relu, sigmoid, softmax, "
    "elu and Dropout, one after the other"
)
"""What can be exported."""

_NORMALIZES = "it normalizes by each step's own mean and variance"
_ATTENTION = "it looks at all steps at once, and RTNeural sees one after the other"
_POOLS = "it joins several steps or features into one"
_OTHER_SHAPE = "it changes which number stands where, and RTNeural has no layer for that"
_ACTIVATION = "RTNeural knows tanh, relu, sigmoid, softmax and elu alone"

REASONS: dict[str, str] = {
    "branch": "it joins values (a skip connection, a branch, or weights that depend on what goes "
    "in), and RTNeural's layers follow one another in a row",
    "state": "the state of a recurrent layer goes on from there; only its outputs of all steps do",
    "in place": "it changes a value in place that is read again later",
    "LayerNorm": _NORMALIZES,
    "RMSNorm": _NORMALIZES,
    "GroupNorm": _NORMALIZES,
    "InstanceNorm1d": _NORMALIZES,
    "layer_norm": _NORMALIZES,
    "rms_norm": _NORMALIZES,
    "group_norm": _NORMALIZES,
    "instance_norm": _NORMALIZES,
    "MultiheadAttention": _ATTENTION,
    "TransformerEncoderLayer": _ATTENTION,
    "TransformerDecoderLayer": _ATTENTION,
    "scaled_dot_product_attention": _ATTENTION,
    "Embedding": "numbers go into RTNeural, not ids; give one-hot features to a Linear instead",
    "embedding": "numbers go into RTNeural, not ids; give one-hot features to a Linear instead",
    "RNN": "RTNeural has LSTM and GRU, no plain RNN",
    "rnn_tanh": "RTNeural has LSTM and GRU, no plain RNN",
    "rnn_relu": "RTNeural has LSTM and GRU, no plain RNN",
    "LSTMCell": "use nn.LSTM over the sequence; RTNeural keeps the state by itself",
    "GRUCell": "use nn.GRU over the sequence; RTNeural keeps the state by itself",
    "RNNCell": "RTNeural has LSTM and GRU, no plain RNN",
    **dict.fromkeys(
        (
            "celu",
            "gelu",
            "glu",
            "hardsigmoid",
            "hardswish",
            "hardtanh",
            "log_sigmoid",
            "mish",
            "rrelu",
            "selu",
            "silu",
            "softplus",
            "softsign",
            "clamp",
        ),
        _ACTIVATION,
    ),
    "leaky_relu": f"{_ACTIVATION}; PReLU can say the same",
    "log_softmax": "RTNeural has softmax alone; take the logarithm outside",
    "Bilinear": "it takes two inputs",
    "ConvTranspose1d": "RTNeural has Conv1d alone",
    "Conv2d": "each step is one row of numbers; RTNeural's Conv2d is not written by this exporter",
    "flatten": _OTHER_SHAPE,
    "view": _OTHER_SHAPE,
    "reshape": _OTHER_SHAPE,
    "unsqueeze": _OTHER_SHAPE,
    "squeeze": _OTHER_SHAPE,
    "cat": "it joins values, and RTNeural's layers follow one another in a row",
    "select": "it takes one step or feature out of several; RTNeural gives every step's output",
    "slice": "it takes some steps or features out of several; RTNeural gives every step's output",
    "getitem": "it takes one of several values",
    "to": "it makes other numbers of them (ids for an Embedding?), and RTNeural computes in 32-bit "
    "floats alone",
    "mul": "RTNeural has no layer that multiplies; fold the factor into the weights before it",
    "add": "RTNeural has no layer that adds; fold the constant into the bias before it",
}
"""By class of the module, else by operation."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in a module something is computed.

    Attributes:
        path: of the innermost module, such as "layers.2"; "" is the module itself.
        kind: class of that module.
        operation: PyTorch's name of what is computed.
    """

    path: str
    kind: str
    operation: str

    def __str__(self) -> str:
        where = f"{self.path} ({self.kind})" if self.path else self.kind or "the module"
        says_all = self.operation in ("", self.kind.lower(), "getitem") or self.kind in REASONS
        return where if says_all else f"{self.operation} in {where}"


def refuse(key: str, place: Place, why: str = "") -> NoReturn:
    """Say what cannot be exported, and why.

    Args:
        key: of `REASONS`; where it is none, the reason is looked up by place.
        place: what cannot be exported.
        why: the reason, where it is a matter of settings.

    Raises:
        ExportError: always.
    """
    reason = why or REASONS.get(place.kind) or REASONS.get(key) or _reason(place)
    raise ExportError(
        f"RTNeural JSON cannot express {place}: {reason}. It can: {EXPRESSIBLE}. Change the "
        "module; or write it with torch.onnx.export, for another engine than RTNeural."
    )


def _reason(place: Place) -> str:
    if place.operation in REASONS:
        return REASONS[place.operation]
    if "pool" in f"{place.kind} {place.operation}".lower():
        return _POOLS
    return "RTNeural has no such layer"
