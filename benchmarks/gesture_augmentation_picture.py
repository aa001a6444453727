"""Draw one made movement and what augmentation makes of it: docs/images/gesture-augmentation.png.

Usage: python benchmarks/gesture_augmentation_picture.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from chromasonic.data.loading import load
from chromasonic.gesture.augmentation import augment
from chromasonic.gesture.augmentation_config import AugmentationConfig
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features import clean
from chromasonic.music.movement import Movement

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "gesture-augmentation.png"
GESTURE, TIP = "swipe-up", "index_finger_tip"
IN_SPACE = {
    "rotation_degrees = 25": AugmentationConfig(rotation_degrees=25),
    "heading_degrees = 60": AugmentationConfig(heading_degrees=60),
    "scale = 0.4": AugmentationConfig(scale=0.4),
    "shift = 0.5": AugmentationConfig(shift=0.5),
    "noise = 0.1": AugmentationConfig(noise=0.1),
    "joint_dropout = 0.3": AugmentationConfig(joint_dropout=0.3),
    "mirror = 1": AugmentationConfig(mirror=1.0),
}
IN_TIME = {
    "time_warp = 0.4": AugmentationConfig(time_warp=0.4),
    "crop = 0.4": AugmentationConfig(crop=0.4),
}
GREY, DARK = "#b8b8b8", "#20407a"
SEED = 13


def hand(axes: Axes, movement: Movement, color: str) -> None:
    """The hand in its first and its last frame, and the way of a finger's tip."""
    tip = movement.frames[:, movement.skeleton.node_numbers[TIP]]
    axes.plot(tip[:, 0], -tip[:, 1], color=color, lw=1, ls=":")
    for frame in movement.frames[[0, -1]]:
        for parent, child in movement.skeleton.edges:
            axes.plot(frame[[parent, child], 0], -frame[[parent, child], 1], color=color, lw=1.4)
        axes.plot(frame[:, 0], -frame[:, 1], ".", color=color, ms=3)


def tips(axes: Axes, recorded: Movement, config: AugmentationConfig) -> None:
    """How high a finger's tip is over time, as recorded and in four forms."""
    node = recorded.skeleton.node_numbers[TIP]
    for seed in range(4):
        changed = augment(recorded, config, np.random.default_rng(seed))
        times = np.arange(len(changed)) / changed.rate_hz
        axes.plot(times, -changed.frames[:, node, 1], color=DARK, lw=1, alpha=0.7)
    times = np.arange(len(recorded)) / recorded.rate_hz
    axes.plot(times, -recorded.frames[:, node, 1], color=GREY, lw=3, zorder=0)
    axes.set_xlabel("seconds")


def main() -> None:
    """Write the picture."""
    taken = next(m for m in load("synthetic-gestures").pieces if m.label == GESTURE)
    recorded = clean(taken, FeatureConfig(median=5))
    figure, grid = plt.subplots(2, 5, figsize=(12.5, 6), layout="constrained")
    panels = iter(grid.ravel())
    first = next(panels)
    hand(first, recorded, DARK)
    first.set_title(f"{GESTURE}, as recorded", fontsize=10)
    shown = [first]
    for name, config in IN_SPACE.items():
        axes = next(panels)
        hand(axes, recorded, GREY)
        hand(axes, augment(recorded, config, np.random.default_rng(SEED)), DARK)
        axes.set_title(name, fontsize=10)
        shown.append(axes)
    for axes in shown:
        axes.set_aspect("equal")
        axes.set(xticks=[], yticks=[], xlim=(0.22, 0.82), ylim=(-0.8, 0.0))
    for name, config in IN_TIME.items():
        axes = next(panels)
        tips(axes, recorded, config)
        axes.set_title(f"{name}: a tip's height", fontsize=10)
        axes.set(yticks=[])
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=90)


if __name__ == "__main__":
    main()
