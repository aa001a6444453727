"""The five models on engines that one has from Python, fed step by step with the same weights.

Each engine takes one step of one model by one call, as a program that uses it would, with whatever
that call costs in Python; state is handed from call to call. Each runs on one thread.
"""

from __future__ import annotations

import itertools
import tempfile
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from chromasonic.companion.exporting_onnx import export_companion_onnx
from chromasonic.companion.models import LoadedCompanion
from chromasonic.export.document import Document, DocumentLayer

Feed = Mapping[str, np.ndarray]
"""Name of a model to its steps, (S, I) float32."""


class OtherEngine(ABC):
    """Five models, each stepped by one call.

    Args:
        feed: what goes in, in turn.
    """

    name: str

    def __init__(self, feed: Feed) -> None:
        self.steps = {name: self.prepared(values) for name, values in feed.items()}
        self.place = dict.fromkeys(feed, 0)

    def prepared(self, values: np.ndarray) -> list[Any]:
        """Steps as the engine takes them."""
        return [np.ascontiguousarray(row) for row in values]

    @abstractmethod
    def step(self, name: str, features: Any) -> Any:
        """One step of a model; the state goes on."""

    def timed_step(self) -> list[float]:
        """Microseconds of one step of each model, then of all five."""
        clock = [time.perf_counter_ns()]
        for name, steps in self.steps.items():
            place = self.place[name]
            self.step(name, steps[place])
            self.place[name] = place + 1 if place + 1 < len(steps) else 0
            clock.append(time.perf_counter_ns())
        times = [(end - begin) / 1e3 for begin, end in itertools.pairwise(clock)]
        return [*times, (clock[-1] - clock[0]) / 1e3]


class NumPyEngine(OtherEngine):
    """x @ W + b in float32, by NumPy's BLAS."""

    name = "NumPy"

    def __init__(self, documents: Mapping[str, Document], feed: Feed) -> None:
        super().__init__(feed)
        self.layers = {name: document.layers for name, document in documents.items()}
        self.states = {
            id(layer): np.zeros((2, layer.size), np.float32)
            for layers in self.layers.values()
            for layer in layers
        }

    def step(self, name: str, features: Any) -> Any:
        """(I,) to (O,)."""
        x = features
        for layer in self.layers[name]:
            x = self._lstm(layer, x) if layer.type == "lstm" else _dense(layer, x)
        return x

    def _lstm(self, layer: DocumentLayer, x: np.ndarray) -> np.ndarray:
        h, c = self.states[id(layer)]
        gates = x @ layer.weights[0] + h @ layer.weights[1] + layer.weights[2]
        i, f, g, o = np.split(gates, 4)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        h = _sigmoid(o) * np.tanh(c)
        self.states[id(layer)] = np.stack((h, c))
        return h


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _dense(layer: DocumentLayer, x: np.ndarray) -> np.ndarray:
    y = x @ layer.weights[0] + layer.weights[1]
    if layer.activation == "relu":
        return np.maximum(y, 0)
    if layer.activation == "sigmoid":
        return _sigmoid(y)
    if layer.activation == "softmax":
        e = np.exp(y - y.max())
        return e / e.sum()
    return y


class EagerEngine(OtherEngine):
    """The trained networks as PyTorch runs them."""

    name = "PyTorch eager"

    def __init__(self, models: Mapping[str, LoadedCompanion], feed: Feed) -> None:
        super().__init__(feed)
        self.networks = {name: loaded.network for name, loaded in models.items()}
        self.states: dict[str, Any] = dict.fromkeys(feed)

    def prepared(self, values: np.ndarray) -> list[Any]:
        """(1, 1, I) tensors."""
        return [torch.from_numpy(row.copy())[None, None] for row in values]

    def step(self, name: str, features: Any) -> Any:
        """(1, 1, I) to (1, 1, O)."""
        network = self.networks[name]
        with torch.inference_mode():
            logits, self.states[name] = network.step(features, self.states[name])
            return network.activate(logits)


class _Step(nn.Module):
    """One step with the state as argument and result, for tracing."""

    def __init__(self, loaded: LoadedCompanion) -> None:
        super().__init__()
        self.network = loaded.network

    def forward(self, features: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits, state = self.network.step(features, (h, c))
        output = self.network.activate(logits)
        return (output, h, c) if state is None else (output, *state)


class TorchScriptEngine(OtherEngine):
    """The same networks traced, frozen, and optimized for inference."""

    name = "TorchScript"

    def __init__(self, models: Mapping[str, LoadedCompanion], feed: Feed) -> None:
        super().__init__(feed)
        self.traced, self.states = {}, {}
        for name, loaded in models.items():
            hidden = [layer.size for layer in loaded.spec.layers if layer.kind == "lstm"] or [1]
            zeros = torch.zeros(1, 1, hidden[0])
            with warnings.catch_warnings(), torch.inference_mode():
                warnings.simplefilter("ignore")
                example = (torch.zeros(1, 1, loaded.spec.inputs), zeros, zeros)
                traced = torch.jit.trace(_Step(loaded).eval(), example, check_trace=False)
                self.traced[name] = torch.jit.optimize_for_inference(torch.jit.freeze(traced))
            self.states[name] = (zeros, zeros)

    prepared = EagerEngine.prepared

    def step(self, name: str, features: Any) -> Any:
        """(1, 1, I) to (1, 1, O)."""
        with torch.inference_mode():
            output, *self.states[name] = self.traced[name](features, *self.states[name])
        return output


class OnnxEngine(OtherEngine):
    """The exported ONNX files in onnxruntime."""

    name = "ONNX Runtime"

    def __init__(self, models: Mapping[str, LoadedCompanion], feed: Feed) -> None:
        super().__init__(feed)
        self.sessions, self.states = {}, {}
        with tempfile.TemporaryDirectory() as folder:
            for name, loaded in models.items():
                exported = export_companion_onnx(loaded, Path(folder))
                session = _session(exported.path)
                state = {
                    value.name: np.zeros((1, 1, value.shape[-1]), np.float32)
                    for value in session.get_inputs()[1:]
                }
                self.sessions[name], self.states[name] = session, state
                rank = len(session.get_inputs()[0].shape)
                self.steps[name] = [row.reshape(*[1] * (rank - 1), -1) for row in self.steps[name]]

    def step(self, name: str, features: Any) -> Any:
        """(1, 1, I), or (1, I) without a state, to the same shape."""
        state = self.states[name]
        output, *new = self.sessions[name].run(None, {"features": features, **state})
        self.states[name] = dict(zip(state, new, strict=True))
        return output


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def rows_read(documents: Mapping[str, Document], feed: Feed) -> float:
    """Share of the matrices' weights that the C++ loops read on these inputs: rows whose input is 0
    are left out where more than an eighth of the inputs is 0."""
    engine = NumPyEngine(documents, feed)
    read = all_weights = 0.0
    for name, steps in engine.steps.items():
        for features in steps:
            x = features
            for layer in documents[name].layers:
                h = engine.states[id(layer)][0] if layer.type == "lstm" else None
                for value, matrix in zip((x, h), layer.weights, strict=False):
                    if value is not None:
                        zeros = np.count_nonzero(value == 0)
                        skipped = zeros if zeros > len(value) // 8 else 0
                        read += matrix.size * (1 - skipped / len(value)) / len(steps)
                        all_weights += matrix.size / len(steps)
                x = engine._lstm(layer, x) if layer.type == "lstm" else _dense(layer, x)
    return read / all_weights
