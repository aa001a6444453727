"""The five networks by their numbers: one table for Python, for what is exported, and for C++."""

from __future__ import annotations

from chromasonic.export.spec import Layer, ModelSpec

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
