"""A figure that can be reported: a value with its interval, its n, and a reason where undefined."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number as it may be quoted.

    Attributes:
        value: the figure; NaN where it is undefined (then `reason` says why), never 0 instead.
        n: how many tunes (or pairs) it rests on.
        low: lower end of the 95% interval; NaN where none can be given.
        high: upper end of the 95% interval.
        unit: what a 1 is ("bits a note", "share of notes", ...).
        reason: why the value or the interval is undefined; empty where it is not.
    """

    value: float
    n: int
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    reason: str = ""

    @property
    def is_defined(self) -> bool:
        """Whether there is a value at all."""
        return not math.isnan(self.value)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        if not self.is_defined:
            return f"undefined ({self.reason})"
        if math.isnan(self.low):
            return f"{self.value:.3f}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def undefined(reason: str, *, n: int = 0, unit: str = "") -> Figure:
    """A figure that has no value, and says why."""
    return Figure(value=math.nan, n=n, unit=unit, reason=reason)
