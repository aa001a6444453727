"""What an export left behind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A file that was written, read again, and found to compute what the trained model computes.

    Attributes:
        name: of the model.
        path: the file.
        size_bytes: its length.
        parameters: numbers in its weights.
        largest_difference: farthest that any output was from the model's, absolute.
        steps: how many steps were compared.
        remarks: what a user must know of it: made-up examples, weights that may not ship.
    """

    name: str
    path: Path
    size_bytes: int
    parameters: int
    largest_difference: float
    steps: int
    remarks: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "path": str(self.path),
            "size_bytes": self.size_bytes,
            "parameters": self.parameters,
            "largest_difference": self.largest_difference,
            "steps": self.steps,
            "remarks": list(self.remarks),
        }
