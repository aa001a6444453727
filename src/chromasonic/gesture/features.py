"""A movement as what the network sees: gaps filled, spikes out, scaled, with its velocities."""

from __future__ import annotations

import numpy as np

from chromasonic.errors import ConfigError
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features_centring import centred
from chromasonic.gesture.features_cleaning import Numbers, clean
from chromasonic.gesture.statistics import Statistics
from chromasonic.music.movement import Movement, Skeleton


def extract(
    movement: Movement, config: FeatureConfig, *, performer: Statistics | None = None
) -> Numbers:
    """Features of each node at each moment, (T', N, F) float32, without gaps.

    Args:
        movement: as recorded.
        config: what is computed.
        performer: of whoever moves, as `Statistics.of` gives; the normalization "performer"
            needs them.

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
    frames = cleaned.frames
    if config.normalization == "performer":
        if performer is None:
            raise ConfigError(
                "The normalization 'performer' needs the performer's statistics, which are not "
                "given; pass performer=Statistics.of(their movements, config), or choose the "
                "normalization none or recording."
            )
        frames = performer.standardize(frames)
    elif config.normalization == "recording":
        frames = Statistics.of_frames([frames]).standardize(frames)
    parts = [centred(frames, config.centre, cleaned.skeleton)]
    if config.velocity:
        steps = np.diff(frames, axis=0, prepend=frames[:1])
        parts.append(steps * np.float32(cleaned.rate_hz))
    if config.bones:
        parts.append(frames - frames[:, parents_of(cleaned.skeleton)])
    return np.ascontiguousarray(np.concatenate(parts, axis=2), dtype=np.float32)


def feature_names(config: FeatureConfig, skeleton: Skeleton) -> tuple[str, ...]:
    """What each of the F numbers of a node is, in order."""
    names = list(skeleton.channels)
    if config.velocity:
        names += [f"{channel} velocity" for channel in skeleton.channels]
    if config.bones:
        names += [f"{channel} from parent" for channel in skeleton.channels]
    return tuple(names)


def parents_of(skeleton: Skeleton) -> list[int]:
    """For each node the one that it hangs from; a root is its own parent."""
    parents = list(range(len(skeleton.nodes)))
    for parent, child in skeleton.edges:
        if parents[child] == child:
            parents[child] = parent
    return parents
