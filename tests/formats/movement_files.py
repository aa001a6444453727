"""Small files of motion, made up for the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chromasonic.formats.body_skeletons import HAND_21
from chromasonic.formats.face_landmarks import FACE_INDICES, MEAN_EYES, MEAN_FACE
from chromasonic.music.movement import Movement

ARM_ASF = """\
# an arm of two bones, its second one turned at rest
:version 1.10
:name ARM
:units
  mass 1.0
  length 0.5
  angle deg
:documentation
  made by hand
:root
  order TX TY TZ RX RY RZ
  axis XYZ
  position 0 0 0
  orientation 0 0 0
:bonedata
  begin
    id 1
    name upper
    direction 1 0 0
    length 2
    axis 0 0 0 XYZ
    dof rx ry rz
    limits (-180 180)
           (-180 180)
           (-180 180)
  end
  begin
    id 2
    name lower
    direction 0.6 0.8 0
    length 3
    axis 20 -30 40 XYZ
    dof rx rz
    limits (-180 180) (-180 180)
  end
  begin
    id 3
    name tip
    direction 0 1 0
    length 1
    axis 0 0 0 XYZ
  end
:hierarchy
  begin
    root upper
    upper lower
    lower tip
  end
"""
"""Three bones; `length 0.5` makes a unit of the file 2 inches, 0.0508 metres."""

ARM_NAMES = ("root", "upper", "lower")


def arm_amc(values: np.ndarray[Any, Any], *, header: str = ":FULLY-SPECIFIED\n:DEGREES\n") -> str:
    """The arm's motion: (T, 11) numbers, six of the root, three and two of the bones."""
    frames = []
    for number, row in enumerate(values.tolist(), start=1):
        root, upper, lower = row[:6], row[6:9], row[9:]
        lines = [
            f"{name} {' '.join(map(repr, v))}"
            for name, v in zip(ARM_NAMES, (root, upper, lower), strict=True)
        ]
        frames.append("\n".join([str(number), *lines]))
    return f"#!OML:ASF arm.asf\n{header}" + "\n".join(frames) + "\n"


CHAIN_BVH = """\
HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Arm
  {
    OFFSET 0 10 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 5 0 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.04
0 0 0 0 0 0 0 0 0
1 2 3 90 0 0 90 0 0
"""


def hand_movement(frames: int = 12, *, seed: int = 0, gaps: bool = True) -> Movement:
    """A made-up hand, with a landmark unseen in one frame and all of them in another."""
    values = np.random.default_rng(seed).normal(size=(frames, 21, 3)).astype(np.float32)
    if gaps and frames > 5:
        values[3, 4] = np.nan
        values[5] = np.nan
    return Movement(
        id="wave",
        skeleton=HAND_21,
        frames=values,
        rate_hz=25.0,
        label="wave",
        performer="ada",
        session="first",
    )


def face_mesh(count: int = 468) -> np.ndarray[Any, Any]:
    """The mean face as MediaPipe would give it (count, 3), in centimetres.

    What this project does not read of a mesh stands at the origin.
    """
    points = np.zeros((count, 3))
    points[list(FACE_INDICES)] = MEAN_FACE
    for number, place in MEAN_EYES.items():
        points[number] = place
    return points * (1.0, -1.0, -1.0)


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """A file in a folder."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
