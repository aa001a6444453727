"""The five networks by their numbers: one table for Python, for what is exported, and for C++."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Activation = Literal["", "relu", "tanh", "sigmoid", "softmax"]
"""What RTNeural can compute after a dense layer; "" is nothing."""

StatePolicy = Literal["stateless", "carry"]
"""What a caller does with the recurrent state: there is none; or it goes on from step to step until
the music stops or starts anew, which is when the caller resets it."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer.

    Attributes:
        kind: dense or lstm.
        size: numbers that come out.
        activation: after a dense layer.
    """

    kind: Literal["dense", "lstm"]
    size: int
    activation: Activation = ""


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """What a companion model is.

    Attributes:
        name: of its files.
        title: as people write it.
        inputs: numbers that go in at each step.
        layers: in order; the last one's size is what comes out.
        parameters: trainable numbers as torch counts them (an LSTM has two biases).
        state: what becomes of the recurrent state.
        step: when a step happens.
    """

    name: str
    title: str
    inputs: int
    layers: tuple[Layer, ...]
    parameters: int
    state: StatePolicy
    step: str

    @property
    def outputs(self) -> int:
        """Numbers that come out at each step."""
        return self.layers[-1].size

    @property
    def is_recurrent(self) -> bool:
        """Whether a step depends on those before."""
        return any(layer.kind == "lstm" for layer in self.layers)


SPECS: dict[str, ModelSpec] = {
    "emotion_recognizer": ModelSpec(
        name="emotion_recognizer",
        title="EmotionRecognizer",
        inputs=128,
        layers=(
            Layer(kind="dense", size=512, activation="relu"),
            Layer(kind="dense", size=256, activation="relu"),
            Layer(kind="lstm", size=128),
            Layer(kind="dense", size=64, activation="softmax"),
        ),
        parameters=403_264,
        state="carry",
        step="each frame, 10 a second",
    ),
    "melody_transformer": ModelSpec(
        name="melody_transformer",
        title="MelodyTransformer",
        inputs=64,
        layers=(
            Layer(kind="dense", size=256, activation="relu"),
            Layer(kind="lstm", size=256),
            Layer(kind="dense", size=256, activation="relu"),
            Layer(kind="dense", size=128, activation="softmax"),
        ),
        parameters=641_664,
        state="carry",
        step="each note",
    ),
    "harmony_predictor": ModelSpec(
        name="harmony_predictor",
        title="HarmonyPredictor",
        inputs=128,
        layers=(
            Layer(kind="dense", size=256, activation="relu"),
            Layer(kind="dense", size=128, activation="relu"),
            Layer(kind="dense", size=64, activation="softmax"),
        ),
        parameters=74_176,
        state="stateless",
        step="each beat",
    ),
    "dynamics_engine": ModelSpec(
        name="dynamics_engine",
        title="DynamicsEngine",
        inputs=32,
        layers=(
            Layer(kind="dense", size=128, activation="relu"),
            Layer(kind="dense", size=64, activation="relu"),
            Layer(kind="dense", size=16, activation="sigmoid"),
        ),
        parameters=13_520,
        state="stateless",
        step="each bar",
    ),
    "groove_predictor": ModelSpec(
        name="groove_predictor",
        title="GroovePredictor",
        inputs=64,
        layers=(
            Layer(kind="dense", size=128, activation="relu"),
            Layer(kind="dense", size=64, activation="relu"),
            Layer(kind="dense", size=32),
        ),
        parameters=18_656,
        state="stateless",
        step="each bar",
    ),
}
