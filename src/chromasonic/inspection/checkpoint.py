"""One checkpoint, explained: everything that its file says, and what can be inferred from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chromasonic.inspection.architecture import Architecture
from chromasonic.inspection.facts import Certainty, Fact, Finding
from chromasonic.inspection.histories import Series
from chromasonic.inspection.optimizers import OptimizerFacts
from chromasonic.inspection.plain import short_number
from chromasonic.inspection.tensors import TensorFacts

ROLES = {
    "best": "best", "final": "last", "last": "last", "latest": "last", "previous": "last",
    "checkpoint": "", "ckpt": "", "epoch": "epoch", "step": "epoch", "iter": "epoch",
}  # fmt: skip
"""Words in a file's name that say which moment of a training it is, not which model."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What is known of a checkpoint.

    Attributes:
        path: of the file.
        size_bytes: on the disk.
        format: how it is written.
        kind: what it looks like.
        label: as much of its path as tells it from others that it stands beside; "" where its name
            alone does.
        is_ours: whether this project wrote it, with its whole configuration.
        wrappers: whose prefixes were taken out of the names.
        remarks: that the file makes about itself.
        weights_key: under which the weights stand; "" where they are the whole file.
        tensors: of the weights.
        fingerprint: of all values; "" where they were not read.
        architecture: inferred; None without weights.
        others: further sets of tensors: name to their number.
        optimizer: None where it was not saved.
        scheduler: its state, as plain values.
        epoch: epochs made.
        epoch_source: where that was read.
        step: updates made.
        rate: learning rate.
        rate_source: where that was read.
        fitting: schedules that have this rate after this many epochs.
        metrics: key to number.
        series: of the history.
        chosen: metric, value and epoch that made it the best of its run, where it says so.
        is_checked: whether a network of its configuration has exactly these weights.
        config: the configuration that it carries; None without one.
        config_key: under which it stands.
        beside: names of files in its folder that may hold a configuration.
        rest: keys that were not understood.
        findings: about this file alone.
    """

    path: Path
    size_bytes: int
    format: str
    kind: str
    label: str = ""
    is_ours: bool = False
    wrappers: tuple[str, ...] = ()
    remarks: dict[str, str] = field(default_factory=dict)
    weights_key: str = ""
    tensors: tuple[TensorFacts, ...] = ()
    fingerprint: str = ""
    architecture: Architecture | None = None
    others: dict[str, int] = field(default_factory=dict)
    optimizer: OptimizerFacts | None = None
    scheduler: dict[str, Any] = field(default_factory=dict)
    epoch: int | None = None
    epoch_source: str = ""
    step: int | None = None
    rate: float | None = None
    rate_source: str = ""
    fitting: tuple[str, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    series: tuple[Series, ...] = ()
    chosen: dict[str, Any] = field(default_factory=dict)
    is_checked: bool = False
    config: dict[str, Any] | None = None
    config_key: str = ""
    beside: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def name(self) -> str:
        """Of the file, such as "best_model.pth"; with its folder beside one of the same name."""
        return self.label or self.path.name

    @property
    def role(self) -> str:
        """What the name says it is: "best", "last", "epoch", or ""."""
        roles = [ROLES[word] for word in _words(self.path) if ROLES.get(word)]
        return roles[0] if roles else ""

    @property
    def claimed_model(self) -> str:
        """The name without what says which moment it is: "best_model.pth" claims "model"."""
        return "_".join(word for word in _words(self.path) if word not in ROLES)

    @property
    def initial_rate(self) -> float | None:
        """The learning rate that the training began with, where the file says it."""
        if self.optimizer is not None and self.optimizer.initial_rate is not None:
            return self.optimizer.initial_rate
        base = self.scheduler.get("base_lrs")
        first = base[0] if isinstance(base, list) and base else None
        return float(first) if isinstance(first, int | float) else self.setting(INITIAL_RATES)

    @property
    def trainable_certainty(self) -> tuple[Certainty, str]:
        """How sure it is which tensors are trained, and why."""
        if self.is_checked:
            return "certain", "by its configuration"
        trained = sum(not t.is_buffer and not t.same_as for t in self.tensors)
        if self.optimizer is not None and self.optimizer.parameters == trained:
            return "certain", f"the optimizer moves {trained} tensors, and so many are no buffers"
        return "likely", "all but running means, counters and integers"

    @property
    def planned_epochs(self) -> int | None:
        """Epochs that its schedule or configuration was made for."""
        planned = self.scheduler.get("T_max", self.setting(EPOCHS))
        return int(planned) if isinstance(planned, int | float) and 0 < planned < 2**53 else None

    def setting(self, names: tuple[str, ...]) -> Any:
        """The first number in the configuration, however deep, under one of these names."""
        return _found(self.config, names, 0) if self.config is not None else None

    def series_of(self, part: str, name: str) -> Series | None:
        """The history of a metric; None where there is none."""
        fits = (s for s in self.series if (s.metric.part, s.metric.name) == (part, name))
        return next(fits, None)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name to shape, of every entry of the weights."""
        return {tensor.name: tensor.shape for tensor in self.tensors}

    def training_facts(self) -> tuple[Fact, ...]:
        """Epoch, learning rate, optimizer and its settings; what was not saved says so."""
        return tuple(_training_facts(self))

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "path": str(self.path),
            "name": self.name,
            "size_bytes": self.size_bytes,
            "format": self.format,
            "kind": self.kind,
            "is_ours": self.is_ours,
            "wrappers": list(self.wrappers),
            "remarks": self.remarks,
            "architecture": self.architecture.to_dict() if self.architecture else None,
            "tensors": [tensor.to_dict() for tensor in self.tensors],
            "fingerprint": self.fingerprint,
            "others": self.others,
            "training": [fact.to_dict() for fact in self.training_facts()],
            "optimizer": self.optimizer.to_dict() if self.optimizer else None,
            "scheduler": self.scheduler,
            "epoch": self.epoch,
            "learning_rate": self.rate,
            "metrics": self.metrics,
            "history": [series.to_dict() for series in self.series],
            "chosen": self.chosen,
            "is_checked": self.is_checked,
            "config": self.config,
            "rest": list(self.rest),
            "findings": [finding.to_dict() for finding in self.findings],
        }


INITIAL_RATES = ("learning_rate", "lr", "base_lr", "initial_lr", "max_lr")
EPOCHS = ("epochs", "num_epochs", "max_epochs", "n_epochs", "total_epochs", "num_train_epochs")
SPLIT = re.compile(r"[^a-z0-9]+")
NOT_SAVED = "not in the file"
CHECKED = "A network built of its configuration has exactly these weights, by name and size."


def _words(path: Path) -> list[str]:
    """The words of a file's name, without endings and numbers that stand alone or count epochs."""
    stem = re.sub(r"(\.(pt|pth|ckpt|bin|safetensors|tar))+$", "", path.name.lower())
    if re.search(r"\d+-of-\d+$", stem):  # a part of one model's weights: no other file is the same
        return [stem]
    words = [re.sub(r"^(epoch|step|iter|ckpt|checkpoint)\d+$", r"\1", w) for w in SPLIT.split(stem)]
    return [word for word in words if word and not word.isdigit()]


def _found(values: Any, names: tuple[str, ...], depth: int) -> Any:
    if depth > 4 or not isinstance(values, dict):
        return None
    for name in names:
        if isinstance(values.get(name), int | float) and not isinstance(values[name], bool):
            return values[name]
    deeper = (_found(value, names, depth + 1) for value in values.values())
    return next((value for value in deeper if value is not None), None)


def _training_facts(known: Checkpoint) -> list[Fact]:
    def fact(name: str, value: Any, source: str) -> Fact:
        is_there = value is not None
        return Fact(
            name=name,
            value=value,
            certainty="stored" if is_there else "unknown",
            source=source if is_there else NOT_SAVED,
        )

    optimizer = known.optimizer
    found = [_epoch_fact(known)]
    if known.step is not None:
        found.append(fact("Updates made", known.step, "stored"))
    if known.chosen:
        best = short_number(known.chosen["value"])
        text = f"{known.chosen['metric']} {best} at epoch {known.chosen['epoch']}"
        found.append(fact("Best so far", text, "best"))
    found.append(fact("Learning rate", known.rate, known.rate_source))
    found.append(fact("Initial learning rate", known.initial_rate, _initial_source(known)))
    if known.fitting:
        text = "; or ".join(known.fitting)
        source = "the rate after this many epochs is exactly this schedule's"
        found.append(Fact(name="Schedule", value=text, certainty="likely", source=source))
    elif known.scheduler:
        text = ", ".join(f"{k} {v}" for k, v in list(known.scheduler.items())[:8])
        found.append(fact("Schedule", text, "scheduler state"))
    decay = optimizer.settings.get("weight_decay") if optimizer else None
    if optimizer is None:
        found.append(fact("Weight decay", None, ""))
        found.append(fact("Optimizer", None, ""))
        return found
    found.append(fact("Weight decay", decay, "param_groups[0]"))
    found.append(
        Fact(
            name="Optimizer",
            value=optimizer.name,
            certainty=optimizer.certainty,
            source=optimizer.source,
        )
    )
    for key, value in optimizer.settings.items():
        if key != "weight_decay":
            shown = tuple(value) if isinstance(value, list) else value
            found.append(fact(_named(key), str(shown), "param_groups[0]"))
    for number, group in enumerate(optimizer.groups, start=2):
        text = ", ".join(f"{key} {value}" for key, value in group.items()) or "the same settings"
        found.append(fact(f"Group {number}", text, f"param_groups[{number - 1}]"))
    moved = f"{optimizer.parameters} tensors moved"
    kept = f"{optimizer.state_tensors} tensors of state" if optimizer.state_tensors else "no state"
    found.append(fact("Optimizer holds", f"{moved}, {kept}", "params and state"))
    return found


def _named(key: str) -> str:
    """ "Weight decay" for weight_decay."""
    words = key.replace("_", " ")
    return words[:1].upper() + words[1:]


def _epoch_fact(known: Checkpoint) -> Fact:
    is_stored = known.epoch_source == "stored"
    certainty: Certainty = "stored" if is_stored else "likely"
    return Fact(
        name="Epoch saved",
        value=known.epoch,
        certainty="unknown" if known.epoch is None else certainty,
        source=NOT_SAVED if known.epoch is None else known.epoch_source,
    )


def _initial_source(known: Checkpoint) -> str:
    if known.optimizer is not None and known.optimizer.initial_rate is not None:
        return "param_groups[0].initial_lr"
    return "scheduler base_lrs" if "base_lrs" in known.scheduler else known.config_key
