"""A movement as what the network sees: gaps filled, spikes out, scaled, with its velocities."""

from __future__ import annotations

import numpy as np

from chromasonic.errors import ConfigError
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features_centring import centred
from chromasonic.gesture.features_cleaning import Numbers, clean, cleaned_skeleton, stretch
from chromasonic.gesture.statistics import Statistics
from chromasonic.music.movement import Movement, Skeleton

NO_STATISTICS = (
    "The normalizations 'performer' and 'session' need the performer's statistics, which are not "
    "given; pass "
    "performer=Statistics.of(their movements, config), or choose the normalization none or "
    "recording."
)


def extract(
    movement: Movement, config: FeatureConfig, *, performer: Statistics | None = None
) -> Numbers:
    """Features of each node at each moment, (T', N, F) float32, without gaps.

    Args:
        movement: as recorded.
        config: what is computed.
        performer: of whoever moves, as `Statistics.of` gives; the normalizations "performer" and
            "session" need them.

    Raises:
        ConfigError: the performer's statistics are wanted and not given, or the skeleton has no
            root to be relative to.
    """
    return compute(clean(movement, config), config, performer=performer)


def compute(
    cleaned: Movement, config: FeatureConfig, *, performer: Statistics | None = None
) -> Numbers:
    """The second half of `extract`: training changes movements between the two.

    Args:
        cleaned: by `clean`; what is NaN in it stays NaN.
        config: as in `extract`.
        performer: as in `extract`.

    Raises:
        ConfigError: the performer's statistics are wanted and not given, or the skeleton has no
            root to be relative to.
    """
    frames, rate_hz = cleaned.frames, cleaned.rate_hz
    if config.frames:
        frames = stretch(frames, config.frames)
        rate_hz *= (config.frames - 1) / max(len(cleaned) - 1, 1)
    if config.asks_who:
        if performer is None:
            raise ConfigError(NO_STATISTICS)
        frames = performer.standardize(frames)
    elif config.normalization == "recording":
        frames = Statistics.of_frames([frames]).standardize(frames)
    parts = derived(frames, config, cleaned.skeleton, rate_hz)
    if config.duration:
        seconds = np.full((*frames.shape[:2], 1), np.log(cleaned.seconds), np.float32)
        parts.append(seconds)
    return np.concatenate(parts, axis=2, dtype=np.float32)


def derived(
    frames: Numbers, config: FeatureConfig, skeleton: Skeleton, rate_hz: float
) -> list[Numbers]:
    """What stands beside each other for each node: (T, N, C) each, the normalized frames first."""
    parts = [centred(frames, config.centre, skeleton)]
    if config.velocity:
        velocity = change(frames, rate_hz)
        parts.append(velocity)
        if config.acceleration:
            parts.append(change(velocity, rate_hz))
    if config.bones:
        parts.append(frames - frames[:, parents_of(skeleton)])
    return parts


def change(frames: Numbers, rate_hz: float) -> Numbers:
    """How much each value grew since the frame before, a second; 0 in the first."""
    grown = np.zeros_like(frames)
    np.subtract(frames[1:], frames[:-1], out=grown[1:])
    grown *= np.float32(rate_hz)
    return grown


def feature_names(config: FeatureConfig, skeleton: Skeleton) -> tuple[str, ...]:
    """What each of the F numbers of a node is, in order."""
    channels = cleaned_skeleton(skeleton, config).channels
    names = list(channels)
    for is_there, what in (
        (config.velocity, "velocity"),
        (config.acceleration, "acceleration"),
        (config.bones, "from parent"),
    ):
        if is_there:
            names += [f"{channel} {what}" for channel in channels]
    return (*names, "duration") if config.duration else tuple(names)


def parents_of(skeleton: Skeleton) -> list[int]:
    """For each node the one that it hangs from; a root is its own parent."""
    parents = list(range(len(skeleton.nodes)))
    for parent, child in skeleton.edges:
        if parents[child] == child:
            parents[child] = parent
    return parents
