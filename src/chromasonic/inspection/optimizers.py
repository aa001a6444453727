"""Which optimizer a state dict is of, and with which settings: its groups' keys tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from chromasonic.inspection.facts import Certainty
from chromasonic.inspection.plain import as_number, to_plain

KEYS: tuple[tuple[str, str], ...] = (
    ("ns_steps", "Muon"),
    ("momentum_decay", "NAdam"),
    ("max_iter", "LBFGS"),
    ("beta2_decay", "Adafactor"),
    ("dampening", "SGD"),
    ("rho", "Adadelta"),
    ("etas", "Rprop"),
    ("lambd", "ASGD"),
    ("alpha", "RMSprop"),
    ("lr_decay", "Adagrad"),
)
"""A setting that only one of PyTorch's optimizers has, or only that one and those before it."""

HIDDEN = ("params", "foreach", "capturable", "differentiable", "fused", "maximize", "param_names")
"""Settings that say how fast, not what."""


@dataclass(frozen=True, kw_only=True)
class OptimizerFacts:
    """An optimizer as stored.

    Attributes:
        name: such as "AdamW".
        certainty: how sure the name is.
        source: why it is that one.
        rate: learning rate of its first group; None where there is none.
        initial_rate: that a schedule noted when it began; None without one.
        settings: of the first group, without rates.
        groups: settings that differ, for each further group.
        parameters: tensors that it moves.
        state_tensors: of its momenta; 0 where none were saved.
        shapes: of one momentum of each parameter that has one, in order.
    """

    name: str
    certainty: Certainty
    source: str
    rate: float | None
    initial_rate: float | None
    settings: dict[str, Any] = field(default_factory=dict)
    groups: tuple[dict[str, Any], ...] = ()
    parameters: int = 0
    state_tensors: int = 0
    shapes: tuple[tuple[int, ...], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, without shapes."""
        told = {**self.__dict__, "groups": list(self.groups)}
        del told["shapes"]
        return told


def describe_optimizer(state: Mapping[str, Any]) -> OptimizerFacts | None:
    """Facts of an optimizer's state dict; None where it has no group."""
    groups = [group for group in state.get("param_groups", []) if isinstance(group, Mapping)]
    if not groups:
        return None
    first = groups[0]
    name, certainty, source = _name(first)
    settings = _settings(first)
    shapes, count = _momenta(state.get("state"))
    return OptimizerFacts(
        name=name,
        certainty=certainty,
        source=source,
        rate=as_number(first.get("lr")),
        initial_rate=as_number(first.get("initial_lr")),
        settings=settings,
        groups=tuple(
            {k: v for k, v in _settings(group).items() if settings.get(k) != v}
            for group in groups[1:]
        ),
        parameters=sum(
            len(group["params"]) for group in groups if isinstance(group.get("params"), list)
        ),
        state_tensors=count,
        shapes=shapes,
    )


def _settings(group: Mapping[str, Any]) -> dict[str, Any]:
    plain = to_plain({k: v for k, v in group.items() if k not in HIDDEN})
    return {key: value for key, value in plain.items() if key not in ("lr", "initial_lr")}


def _name(group: Mapping[str, Any]) -> tuple[str, Certainty, str]:
    for key, name in KEYS:
        if key in group:
            return name, "certain", f"its groups have '{key}'"
    if "betas" in group:
        return _adam(group)
    if "momentum" in group:
        return "SGD", "likely", "its groups have 'momentum'"
    return "unknown", "unknown", f"its groups have {', '.join(sorted(map(str, group))[:8])}"


def _adam(group: Mapping[str, Any]) -> tuple[str, Certainty, str]:
    """Adam, AdamW, RAdam, Adamax and others share their betas."""
    if "eps" not in group:
        return "Lion", "likely", "betas without eps"
    if "decoupled_weight_decay" in group and "amsgrad" in group:
        is_apart = bool(group["decoupled_weight_decay"])
        source = f"its groups say decoupled_weight_decay {is_apart}"
        return "AdamW" if is_apart else "Adam", "certain", source
    if "decoupled_weight_decay" in group:
        return "RAdam", "likely", "decoupled_weight_decay without amsgrad"
    if "amsgrad" not in group:
        return "Adamax", "likely", "betas and eps without amsgrad"
    decay = as_number(group.get("weight_decay")) or 0
    if decay:
        return "AdamW", "likely", f"betas and a weight decay of {decay:g}; Adam has the same keys"
    return "Adam", "likely", "betas without weight decay; AdamW has the same keys"


def _momenta(state: Any) -> tuple[tuple[tuple[int, ...], ...], int]:
    """Shape of one momentum of each parameter, and the number of all tensors."""
    if not isinstance(state, Mapping):
        return (), 0
    shapes, count = [], 0
    for entry in list(state.values())[:200_000]:
        if not isinstance(entry, Mapping):
            continue
        tensors = [value for value in entry.values() if isinstance(value, Tensor)]
        count += len(tensors)
        named = next((entry[k] for k in ("exp_avg", "momentum_buffer") if k in entry), None)
        if isinstance(named, Tensor):
            shapes.append(tuple(named.shape))
    return tuple(shapes), count
