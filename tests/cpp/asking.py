"""Asks the C++ side for its features and events: a child process that answers line by line."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from building import LIMIT_SECONDS

TOOL = "chromasonic-feature-parity"
PARITY = 1e-6
"""How far a feature of C++ may be from Python's."""


class Cpp:
    """The program of parity; use it in a `with`.

    Args:
        built: the folder of executables.
    """

    def __init__(self, built: Path) -> None:
        self._child = subprocess.Popen(
            [built / TOOL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Cpp:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.communicate(timeout=LIMIT_SECONDS)

    def ask(self, what: str, **values: Any) -> Any:
        """What it answers.

        Raises:
            AssertionError: it answers that it cannot.
        """
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps({"ask": what, **values}, default=_plain) + "\n")
        self._child.stdin.flush()
        answer = json.loads(self._child.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["answer"]


def _plain(value: Any) -> Any:
    """NumPy's numbers as JSON's."""
    return value.tolist()


def largest_gap(one: Any, other: Any) -> float:
    """The largest absolute difference of two arrays of one shape; infinite where one has no number.

    Raises:
        AssertionError: the shapes differ.
    """
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    assert first.shape == second.shape
    gap = float(np.abs(first - second).max(initial=0.0))
    return math.inf if math.isnan(gap) else gap
