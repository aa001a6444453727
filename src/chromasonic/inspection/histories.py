"""A training's history, in whatever form it was saved: one series of numbers for each metric."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chromasonic.inspection.metric_names import NOT_METRICS, MetricName, metric_name
from chromasonic.inspection.plain import as_number, printable

MOST_EPOCHS = 100_000
MOST_SERIES = 200


@dataclass(frozen=True, kw_only=True)
class Series:
    """One number for each epoch.

    Attributes:
        key: as it was saved.
        metric: what it means.
        values: in order; NaN where an epoch has none.
    """

    key: str
    metric: MetricName
    values: tuple[float, ...]

    @property
    def best(self) -> tuple[int, float] | None:
        """Epoch (from 1) and value of its best; None where nothing is finite."""
        finite = [(v, e) for e, v in enumerate(self.values, start=1) if math.isfinite(v)]
        if not finite:
            return None
        if self.metric.is_lower_better:
            value, epoch = min(finite)
        else:
            value, epoch = max(finite, key=lambda pair: (pair[0], -pair[1]))
        return epoch, value

    def has_at(self, epoch: int, value: float) -> bool:
        """Whether it has this value at that epoch, counted from 1 or from 0."""
        near = self.values[max(0, epoch - 1) : epoch + 1]
        return any(is_close(value, met) for met in near)

    def at(self, epoch: int) -> float | None:
        """Its value at an epoch counted from 1; None where it has none."""
        value = self.values[epoch - 1] if 1 <= epoch <= len(self.values) else math.nan
        return value if math.isfinite(value) else None

    def nearest(self, value: float) -> tuple[int, float] | None:
        """Epoch and value of what comes nearest."""
        finite = [(abs(v - value), e, v) for e, v in enumerate(self.values, 1) if math.isfinite(v)]
        return min(finite)[1:] if finite else None

    def to_dict(self) -> dict[str, Any]:
        """Start, end, best, and all values."""
        best = self.best
        return {
            "key": self.key,
            "metric": self.metric.text,
            "start": self.values[0],
            "end": self.values[-1],
            "best": best[1] if best else None,
            "best_epoch": best[0] if best else None,
            "values": list(self.values),
        }


def is_close(one: float, other: float) -> bool:
    """Whether two figures are the same but for how they were rounded or stored."""
    return math.isclose(one, other, rel_tol=2e-6, abs_tol=6e-7)


def series_of(history: Any) -> tuple[Series, ...]:
    """The series of a history: a dict of lists, a list of dicts, or this project's own form."""
    if isinstance(history, Mapping) and isinstance(history.get("epochs"), list):
        history = [_flat(epoch) for epoch in history["epochs"][:MOST_EPOCHS]]
    if isinstance(history, list):
        history = _columns([entry for entry in history[:MOST_EPOCHS] if isinstance(entry, Mapping)])
    if not isinstance(history, Mapping):
        return ()
    found = []
    for key, values in list(history.items())[:MOST_SERIES]:
        series = _series(printable(key, 80), values)
        if series is not None:
            found.append(series)
    return tuple(found)


def _flat(epoch: Any) -> dict[str, Any]:
    """This project's epoch: part -> metric -> value beside plain figures."""
    told: dict[str, Any] = {}
    if not isinstance(epoch, Mapping):
        return told
    for key, value in epoch.items():
        if key in ("train", "val") and isinstance(value, Mapping):
            for name, item in value.items():
                told[f"{key}_{name}"] = item.get("value") if isinstance(item, Mapping) else item
        else:
            told[str(key)] = value
    return told


def _columns(rows: list[Mapping[Any, Any]]) -> dict[str, list[Any]]:
    keys = list(dict.fromkeys(str(key) for row in rows for key in row))[:MOST_SERIES]
    return {key: [row.get(key) for row in rows] for key in keys}


def _series(key: str, values: Any) -> Series | None:
    if hasattr(values, "tolist") and not isinstance(values, list) and values.ndim == 1:
        values = values[:MOST_EPOCHS].tolist()
    if not isinstance(values, list | tuple) or not values:
        return None
    numbers = [as_number(value) for value in values[:MOST_EPOCHS]]
    if all(number is None for number in numbers):
        return None
    metric = metric_name(key)
    if metric.name in NOT_METRICS:
        return None
    return Series(
        key=key,
        metric=metric,
        values=tuple(math.nan if number is None else number for number in numbers),
    )
