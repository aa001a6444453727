"""The five companion models by name."""

from __future__ import annotations

from chromasonic.companion import (
    dynamics_engine,
    emotion_recognizer,
    groove_predictor,
    harmony_predictor,
    melody_transformer,
)
from chromasonic.companion.companion import Companion

COMPANIONS: dict[str, Companion] = {
    "emotion_recognizer": emotion_recognizer.COMPANION,
    "melody_transformer": melody_transformer.COMPANION,
    "harmony_predictor": harmony_predictor.COMPANION,
    "dynamics_engine": dynamics_engine.COMPANION,
    "groove_predictor": groove_predictor.COMPANION,
}
