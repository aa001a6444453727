"""The five companion models by name."""

from __future__ import annotations

from chromasonic.companion import groove_predictor, harmony_predictor, melody_transformer
from chromasonic.companion.companion import Companion
from chromasonic.companion.stand_in import stand_in

COMPANIONS: dict[str, Companion] = {
    "emotion_recognizer": stand_in("emotion_recognizer"),
    "melody_transformer": melody_transformer.COMPANION,
    "harmony_predictor": harmony_predictor.COMPANION,
    "dynamics_engine": stand_in("dynamics_engine"),
    "groove_predictor": groove_predictor.COMPANION,
}
