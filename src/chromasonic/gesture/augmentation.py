"""Other, equally true recordings of a movement: slower, turned, larger, with a joint unseen.

Each change takes and gives frames (T, N, C); `augment` applies those that the config turns on, in
the order in which they stand here. They change what was measured, before features are computed,
so that velocities and bones follow by themselves.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from chromasonic.errors import DataError
from chromasonic.gesture.augmentation_config import AugmentationConfig
from chromasonic.music.movement import Movement, Skeleton

Frames = npt.NDArray[np.float32]

_KNOTS = 5
"""Moments at which a warp's pace is drawn; between them it goes evenly from one to the next."""


def augment(movement: Movement, config: AugmentationConfig, rng: np.random.Generator) -> Movement:
    """The movement changed by chance; its label, performer and skeleton stay.

    What was unseen (NaN) stays unseen. `mixing` is not done here but by `mixing.mix`, which needs
    a second example.

    Args:
        movement: what was recorded.
        config: strengths of the changes.
        rng: the same generator in the same state gives the same movement.

    Returns:
        A new movement of the same rate; only `time_warp` and `crop` change its length.
    """
    frames, skeleton = movement.frames, movement.skeleton
    if config.crop:
        frames = _crop(frames, config.crop, rng)
    if config.time_warp:
        frames = warp(frames, warp_path(len(frames), config.time_warp, rng))
    if config.mirror and rng.random() < config.mirror:
        frames = mirrored(frames, skeleton)
    if config.rotation_degrees or config.heading_degrees or config.scale or config.shift:
        frames = _moved(frames, skeleton, config, rng)
    if config.noise:
        frames = _noisy(frames, config.noise, rng)
    if config.joint_dropout:
        frames = _without_joints(frames, config.joint_dropout, rng)
    return replace(movement, frames=frames)


def warp_path(count: int, strength: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Where in a recording each frame of its warped form is read.

    The pace goes evenly between values drawn from `1 - strength` to `1 + strength`, so it is never
    0 and time never runs backwards; the first and the last frame stay the first and the last.

    Args:
        count: frames of the recording, 1 or more.
        strength: largest relative change of pace, from 0 to below 1.
        rng: draws the paces.

    Returns:
        (T',) rising places from 0 to `count - 1`; T' is `count - 1` over the mean pace, plus 1.
    """
    if count == 1:
        return np.zeros(1)
    knots = rng.uniform(1 - strength, 1 + strength, _KNOTS)
    mean = (knots.sum() - (knots[0] + knots[-1]) / 2) / (_KNOTS - 1)
    steps = max(1, round((count - 1) / mean))
    places = np.arange(steps + 1) * ((_KNOTS - 1) / steps)
    pace = np.interp(places, np.arange(_KNOTS), knots)
    path = np.concatenate([[0.0], np.cumsum(pace[1:] + pace[:-1])])
    return np.asarray(path * ((count - 1) / path[-1]))


def warp(frames: Frames, path: npt.NDArray[np.float64]) -> Frames:
    """Frames (T, N, C) read at the places (T',) of a path, between frames on a straight line."""
    before = np.minimum(path.astype(np.intp), max(len(frames) - 2, 0))
    after = np.minimum(before + 1, len(frames) - 1)
    share = (path - before).astype(np.float32)[:, None, None]
    start, end = frames[before], frames[after]
    if np.isfinite(frames).all():
        end -= start
        end *= share
        return start + end
    # An unseen neighbour (NaN) must not reach a place that lies on a frame.
    return np.where(share == 0, start, np.where(share == 1, end, start + share * (end - start)))


def mirrored(frames: Frames, skeleton: Skeleton) -> Frames:
    """Left and right exchanged: each node takes its twin's place, the first coordinate turns over.

    Twins are told by their names (`left...` and `right...`, `l...` and `r...` as in "lfoot"), the
    middle plane by the mean of all that was seen. A node without a twin stays itself.

    Raises:
        DataError: the nodes have no coordinates.
    """
    if not skeleton.axes:
        raise DataError(
            f"The skeleton '{skeleton.name}' has no coordinates, so it has no left and right; "
            "set mirror = 0."
        )
    across = skeleton.axes[0]
    changed = frames[:, twins(skeleton)]
    middle = _mean(frames[:, :, [across]])
    changed[:, :, across] = 2 * middle - changed[:, :, across]
    return changed


def twins(skeleton: Skeleton) -> list[int]:
    """For each node the number of the same node of the other side, its own where there is none."""
    numbers = {name.lower(): number for name, number in skeleton.node_numbers.items()}
    found = []
    for name, own in numbers.items():
        others = [
            there + name[len(here) :]
            for here, there in (("left", "right"), ("right", "left"), ("l", "r"), ("r", "l"))
            if name.startswith(here)
        ]
        found.append(next((numbers[other] for other in others if other in numbers), own))
    return found


def turn(degrees: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The matrix (A, A) that turns points: one angle for two coordinates, three for three.

    Three angles turn about the first, then the second, then the third axis.
    """
    angles = np.deg2rad(np.atleast_1d(np.asarray(degrees, dtype=float)))
    cosines, sines = np.cos(angles).tolist(), np.sin(angles).tolist()
    if len(angles) == 1:
        return np.array([[cosines[0], -sines[0]], [sines[0], cosines[0]]])
    (a, b, c), (sin_a, sin_b, sin_c) = cosines, sines
    return np.array(
        [
            [b * c, sin_a * sin_b * c - a * sin_c, a * sin_b * c + sin_a * sin_c],
            [b * sin_c, sin_a * sin_b * sin_c + a * c, a * sin_b * sin_c - sin_a * c],
            [-sin_b, sin_a * b, a * b],
        ]
    )


def _crop(frames: Frames, share: float, rng: np.random.Generator) -> Frames:
    """Without up to `share` of the frames at the two ends; one frame is always left."""
    cut = int(rng.uniform(0, share) * len(frames))
    start = int(rng.integers(0, cut + 1))
    return frames[start : len(frames) - (cut - start)]


def _moved(
    frames: Frames, skeleton: Skeleton, config: AugmentationConfig, rng: np.random.Generator
) -> Frames:
    """Turned and resized about its own middle, then moved; the coordinates alone.

    Without coordinates all channels are resized about 0.
    """
    size = 1 + rng.uniform(-config.scale, config.scale)
    axes = list(skeleton.axes)
    if not axes:
        return np.asarray(frames * np.float32(size))
    matrix = np.eye(len(axes))
    if len(axes) == 3 and (config.rotation_degrees or config.heading_degrees):
        heading = rng.uniform(-config.heading_degrees, config.heading_degrees)
        matrix = turn(rng.uniform(-config.rotation_degrees, config.rotation_degrees, 3))
        if heading:
            matrix = matrix @ turn([0, heading, 0])
    elif len(axes) == 2 and config.rotation_degrees:
        matrix = turn(rng.uniform(-config.rotation_degrees, config.rotation_degrees))
    points = frames[:, :, axes]
    middle = _mean(points)
    changed = (points - middle) @ (matrix.T * size).astype(np.float32) + middle
    if config.shift:
        spread = np.sqrt(_mean((points - middle) ** 2))
        changed += spread * rng.uniform(-config.shift, config.shift, len(axes)).astype(np.float32)
    result = frames.copy()
    result[:, :, axes] = changed
    return result


def _noisy(frames: Frames, strength: float, rng: np.random.Generator) -> Frames:
    """With normal noise on each number, as strong as its channel is lively."""
    spread = np.sqrt(_mean((frames - _mean(frames)) ** 2))
    noise = rng.standard_normal(frames.shape, dtype=np.float32) * np.float32(strength)
    return np.asarray(frames + noise * spread)


def _without_joints(frames: Frames, chance: float, rng: np.random.Generator) -> Frames:
    """With nodes unseen throughout; one node always stays."""
    is_unseen = np.asarray(rng.random(frames.shape[1]) < chance)
    is_unseen[rng.integers(len(is_unseen))] = False
    if not is_unseen.any():
        return frames
    result = frames.copy()
    result[:, is_unseen] = np.nan
    return result


def _mean(values: Frames) -> Frames:
    """Mean (C,) over all frames and nodes of what was seen (T, N, C); 0 where nothing was."""
    is_seen = ~np.isnan(values)
    count = np.maximum(is_seen.sum(axis=(0, 1)), 1)
    total = np.where(is_seen, values, 0).sum(axis=(0, 1), dtype=np.float64)
    return np.asarray(total / count, dtype=np.float32)
