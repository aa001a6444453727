"""A causal model that hears one frame after the other, and keeps in mind what it heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from chromasonic.errors import UsageError

if TYPE_CHECKING:
    from chromasonic.gesture.models import GestureModel


class ModelStream:
    """Frames in, certainties out; the same that the whole recording gives at each frame.

    Args:
        model: causal.
        rate_hz: frames a second that will come.
        performer: who moves; only a model that normalizes performers asks for it.

    Raises:
        UsageError: the model looks at whole movements, or does not know the performer.
        ConfigError: its features look ahead.
    """

    def __init__(self, model: GestureModel, rate_hz: float, *, performer: str = "") -> None:
        if not model.is_causal:
            raise UsageError(
                "The model looks at whole movements and says nothing while one goes on. Train a "
                "causal one ('chromasonic train gesture --size causal')."
            )
        from chromasonic.gesture.features_stream import FeatureStream

        known = model.reader.performers
        if model.normalizes_performers and performer not in known:
            raise UsageError(
                f"The model knows where the landmarks of {', '.join(sorted(known)) or 'nobody'} "
                f"usually are; the performer is '{performer}'. Give one of those (--performer), or "
                "a folder of recordings of whoever moves (--calibration)."
            )
        self._network, self._standardization = model.network, model.reader.standardization
        self._features = FeatureStream(
            model.skeleton,
            model.reader.config,
            rate_hz,
            performer=known.get(performer) if model.normalizes_performers else None,
        )
        self._state: Any = None

    def push(self, frame: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
        """The answers (K,) that a frame (N, C) gives: one; none or several at another rate."""
        features = self._features.push(frame)
        if features is None:
            return []
        read = np.nan_to_num(self._standardization.standardize(features[None]))
        with torch.inference_mode():
            logits, self._state = self._network.step(torch.from_numpy(read), self._state)
            return [logits.softmax(-1)[0].numpy()]
