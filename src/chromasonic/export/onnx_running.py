"""An ONNX file of ours at work in onnxruntime, its state handed on from call to call.

Axes: B examples, T steps, S steps of a golden run.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chromasonic.errors import ExportError
from chromasonic.export.onnx_graph import StateTensor, open_session


@dataclass(frozen=True, kw_only=True)
class Interface:
    """What goes into a file and comes out of it: the value of its metadata key `interface`.

    Attributes:
        input: name of the input that is no state.
        output: name of the output that is no state.
        state: what a caller hands on; empty where a step depends on none before.
    """

    input: str
    output: str
    state: tuple[StateTensor, ...] = ()

    def to_json(self) -> str:
        """As the file has it."""
        return json.dumps(
            {
                "input": self.input,
                "output": self.output,
                "state": [
                    {
                        "input": tensor.input,
                        "output": tensor.output,
                        "type": tensor.type,
                        "shape": list(tensor.shape),
                    }
                    for tensor in self.state
                ],
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Interface:
        """Read what `to_json` wrote.

        Raises:
            ExportError: it is something else.
        """
        try:
            found = json.loads(text)
            return cls(
                input=_name(found["input"]),
                output=_name(found["output"]),
                state=tuple(_state(tensor) for tensor in found["state"]),
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ExportError(
                f"The metadata key 'interface' of the ONNX file is damaged ({error!r}). "
                "Export the model again."
            ) from error


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{value!r} is no name")
    return value


def _state(found: Any) -> StateTensor:
    shape = found["shape"]
    if found["type"] not in ("float32", "int64") or not 1 <= len(shape) <= 5:
        raise ValueError("a state's type is float32 or int64, and it has 1 to 5 axes")
    for size in shape:
        if size != "batch" and not (type(size) is int and 0 <= size <= 65_536):
            raise ValueError(f"{size!r} is no size of an axis")
    return StateTensor(
        input=_name(found["input"]),
        output=_name(found["output"]),
        type=found["type"],
        shape=tuple(shape),
    )


State = dict[str, NDArray[Any]]
"""The state by the names of its inputs."""


class RunningModel:
    """A file that onnxruntime has loaded.

    Args:
        content: its bytes.
        interface: what goes in and out.
        is_trusted: see `onnx_graph.open_session`.

    Raises:
        ExportError: onnxruntime does not take it, or it has other inputs and outputs.
    """

    def __init__(self, content: bytes, interface: Interface, *, is_trusted: bool = True) -> None:
        self.interface = interface
        self.session = open_session(content, is_trusted=is_trusted)
        inputs = {value.name for value in self.session.get_inputs()}
        outputs = {value.name for value in self.session.get_outputs()}
        if inputs != {interface.input, *(tensor.input for tensor in interface.state)} or (
            outputs != {interface.output, *(tensor.output for tensor in interface.state)}
        ):
            raise ExportError(
                f"The ONNX file has the inputs {sorted(inputs)} and outputs {sorted(outputs)}, "
                "which are not those of its metadata key 'interface'. Export the model again."
            )

    @property
    def has_state(self) -> bool:
        """Whether a step depends on those before."""
        return bool(self.interface.state)

    def run(
        self, values: NDArray[Any], state: State | None = None
    ) -> tuple[NDArray[np.float32], State]:
        """Compute, and give the state to go on from.

        Args:
            values: (B, T, ...) with a state, else (B, ...).
            state: what the call before gave; None begins anew.

        Raises:
            ExportError: onnxruntime stops with an error.
        """
        interface = self.interface
        state = state or {t.input: t.fresh(len(values)) for t in interface.state}
        wanted = [interface.output, *(tensor.output for tensor in interface.state)]
        try:
            output, *new = self.session.run(wanted, {interface.input: values, **state})
        except Exception as error:  # onnxruntime's errors have no class of their own in common
            raise ExportError(f"onnxruntime stops at this ONNX file: {error}") from error
        names = [tensor.input for tensor in interface.state]
        return output, dict(zip(names, new, strict=True))

    def follow(
        self, values: NDArray[Any], reset_before: Sequence[int] = (0,), *, chunk: int | None = None
    ) -> NDArray[np.float32]:
        """(S, ...) outputs of (S, ...) inputs that come one after the other.

        Args:
            values: the inputs.
            reset_before: steps before which the state is cleared.
            chunk: steps given at once; None gives all up to the next reset.
        """
        if not self.has_state:
            chunk = chunk or len(values)
            parts = [values[start : start + chunk] for start in range(0, len(values), chunk)]
            return np.concatenate([self.run(part)[0] for part in parts])
        cuts = sorted({0, *reset_before, len(values)})
        results = []
        for start, end in itertools.pairwise(cuts):
            state: State | None = None
            for first in range(start, end, chunk or end):
                part = values[first : min(first + (chunk or end), end)]
                output, state = self.run(part[None], state)
                results.append(output[0])
        return np.concatenate(results)
