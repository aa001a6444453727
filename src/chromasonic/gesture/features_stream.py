"""Features while a movement goes on: the same numbers as of the recording whole, frame by frame."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from chromasonic.errors import ConfigError, DataError
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features import NO_STATISTICS, derived
from chromasonic.gesture.features_cleaning import ROUNDING, Numbers, cleaned_skeleton, unwound
from chromasonic.gesture.statistics import Statistics
from chromasonic.music.movement import Skeleton


class FeatureStream:
    """Frames in, features out, each from what came before alone.

    Equal to `extract` of all frames under the same causal settings.

    Args:
        skeleton: of the frames.
        config: causal settings; the rate must not be above that of the frames.
        rate_hz: frames a second that will come.
        performer: as in `extract`.

    Raises:
        ConfigError: the settings need later frames, a higher rate than comes in, or statistics
            that are not given.
    """

    def __init__(
        self,
        skeleton: Skeleton,
        config: FeatureConfig,
        rate_hz: float,
        performer: Statistics | None = None,
    ) -> None:
        if config.looks_ahead:
            raise ConfigError(
                f"These features cannot be read while a movement goes on: {config.looks_ahead} "
                "looks ahead. Train with causal features (causal = true under [features])."
            )
        self.rate_hz = config.rate_hz or rate_hz
        if self.rate_hz > rate_hz * (1 + ROUNDING):
            raise ConfigError(
                f"The features want {self.rate_hz:g} frames a second and {rate_hz:g} come in; "
                "give that many or more."
            )
        if config.asks_who and performer is None:
            raise ConfigError(NO_STATISTICS)
        self._raw, self._skeleton = skeleton, cleaned_skeleton(skeleton, config)
        self._config, self._step = config, rate_hz / self.rate_hz
        self._performer = performer if config.asks_who else None
        self._window: deque[Numbers] = deque(maxlen=max(config.median, 1))
        self._past: deque[Numbers] = deque(maxlen=3)
        self._held: Numbers | None = None
        self._clean: Numbers | None = None
        self._came = self._gave = 0

    def push(self, frame: npt.NDArray[np.float32]) -> Numbers | None:
        """Features (N, F) at the moment of a frame; None where the lower rate has none there.

        Args:
            frame: (N, C); NaN where a landmark was not seen.

        Raises:
            DataError: the frame has another shape.
        """
        wanted = (len(self._raw.nodes), len(self._raw.channels))
        if frame.shape != wanted:
            raise DataError(
                f"A frame of shape {frame.shape} came; the skeleton '{self._raw.name}' wants "
                f"({wanted[0]} nodes, {wanted[1]} channels)."
            )
        before = self._clean
        self._clean = self._cleaned(np.asarray(frame, np.float32))
        self._came += 1
        place = self._gave * self._step
        if place > self._came - 1 + ROUNDING * self._step:
            return None
        self._gave += 1
        share = np.float32(place - (self._came - 2)) if before is not None else np.float32(1)
        now = self._clean if before is None else before + (self._clean - before) * share
        return self._features(now)

    def _cleaned(self, frame: Numbers) -> Numbers:
        """(N, C): gaps held, the median of the last frames."""
        values = unwound(frame[None], self._raw, self._config)[0]
        held = np.zeros_like(values) if self._held is None else self._held
        self._held = np.where(np.isfinite(values), values, held)
        if not self._window:
            self._window.extend([self._held] * (max(self._config.median, 1) - 1))
        self._window.append(self._held)
        if len(self._window) == 1:
            return self._held
        return np.median(np.stack(self._window), axis=0).astype(np.float32)

    def _features(self, frame: Numbers) -> Numbers:
        """(N, C) to (N, F): of the last three frames, which is as far as an acceleration looks."""
        if self._performer is not None:
            frame = self._performer.standardize(frame)
        self._past.append(frame)
        past = np.stack(self._past)
        parts = derived(past, self._config, self._skeleton, self.rate_hz)
        return np.concatenate([part[-1] for part in parts], axis=1)
