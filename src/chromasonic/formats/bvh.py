"""Biovision hierarchies (`.bvh`): bones and their motion in one file, read as joint positions."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.errors import FormatError
from chromasonic.files import PathLike
from chromasonic.formats.frame_times import plain_rate
from chromasonic.formats.joint_chain import FRAMES_AT_ONCE, Floats, turn
from chromasonic.formats.motion_text import (
    MOST_FRAMES,
    MOST_NODES,
    listed,
    numbers_of,
    read_bytes,
    shown,
    text_of,
)
from chromasonic.music.movement import Movement, Skeleton

KIND = "BVH motion"
MOST_DEPTH = 200
PIECE_CHARACTERS = 2**22
_MOTION = re.compile(r"^[ \t]*MOTION\b", re.MULTILINE | re.IGNORECASE)
CHANNELS = tuple(f"{axis}{what}" for what in ("position", "rotation") for axis in "xyz")


@dataclass(frozen=True, kw_only=True)
class BvhJoint:
    """One joint, or the end of a chain.

    Attributes:
        name: unique in its skeleton; an end is called after its joint, with "_end".
        parent: number of the joint that carries it; -1 for a root.
        offset: where it stands at rest, in the parent's axes and the file's unit.
        channels: such as ("zrotation", "xrotation", "yrotation"), in the file's order.
    """

    name: str
    parent: int
    offset: tuple[float, float, float]
    channels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class BvhMotion:
    """A hierarchy and its motion.

    Attributes:
        joints: parents first.
        values: (T, channels of all joints) float64, in the file's unit and degrees.
        frame_seconds: from one frame to the next.
    """

    joints: tuple[BvhJoint, ...]
    values: npt.NDArray[np.float64]
    frame_seconds: float


def read_bvh(path: PathLike) -> BvhMotion:
    """Read a BVH file.

    Raises:
        FormatError: it is absent, no BVH, cut short, or promises another number of values than it
            has.
    """
    path = Path(path)
    data = read_bytes(path, kind=KIND)
    return parse_bvh(text_of(data, name=path.name, kind=KIND), source=path.name)


def parse_bvh(text: str, *, source: str = "the motion") -> BvhMotion:
    """A hierarchy and its motion from the text of a BVH file.

    Args:
        text: the file's.
        source: what the messages call it.

    Raises:
        FormatError: as `read_bvh`.
    """
    mark = _MOTION.search(text)
    words = text[: mark.start() if mark else len(text)].split()
    if not words or words[0].upper() != "HIERARCHY":
        raise FormatError(
            f"{source} begins with {shown(words[0]) if words else 'nothing'}; a BVH file begins "
            "with HIERARCHY. Export the motion again as BVH."
        )
    if not mark:
        raise FormatError(f"{source} is cut short: it has no section MOTION. Export it again.")
    joints = _Hierarchy(words, source).joints
    width = sum(len(joint.channels) for joint in joints)
    promised, frame_seconds, start = _motion_header(text, mark.end(), source)
    if promised > MOST_FRAMES:
        raise FormatError(
            f"{source} promises {promised:,} frames; up to {MOST_FRAMES:,} are read. Cut it."
        )
    values = _values(text, start, source)
    if not width or len(values) != promised * width:
        raise FormatError(
            f"{source} promises {promised:,} frames of {width:,} numbers, which makes "
            f"{promised * width:,}; {len(values):,} are there. It is cut short or damaged: export "
            "it again."
        )
    return BvhMotion(
        joints=joints, values=values.reshape(promised, width), frame_seconds=frame_seconds
    )


def _motion_header(text: str, place: int, source: str) -> tuple[int, float, int]:
    """Number of frames, seconds of one, and where the numbers begin."""
    words = list[str]()
    while len(words) < 5 and place < len(text):  # Frames: 2 / Frame Time: 0.01
        end = text.find("\n", place)
        end = len(text) if end < 0 else end
        words += text[place:end].replace(":", ": ", 1).split()
        place = end + 1
    if len(words) != 5 or [w.lower() for w in (words[0], *words[2:4])] != [
        "frames:",
        "frame",
        "time:",
    ]:
        raise FormatError(
            f"{source}: after MOTION stands {shown(' '.join(words[:6]))}; 'Frames: N' and 'Frame "
            "Time: seconds' are wanted, each on a line. Export the motion again."
        )
    frames, seconds = numbers_of([words[1], words[4]], place=f"{source}, MOTION")
    if not (frames >= 1 and frames == int(frames) and 1e-5 < seconds < 1000):
        raise FormatError(
            f"{source}: {words[1]} frames of {words[4]} seconds; one frame or more is needed, each "
            "of 0.00001 to 1,000 seconds."
        )
    return int(frames), float(seconds), place


def _values(text: str, place: int, source: str) -> npt.NDArray[np.float64]:
    blocks = [np.zeros(0)]
    while place < len(text):
        end = text.find("\n", place + PIECE_CHARACTERS)
        end = len(text) if end < 0 else end
        blocks.append(numbers_of(text[place:end].split(), place=f"{source}, MOTION"))
        place = end + 1
    return np.concatenate(blocks)


class _Hierarchy:
    """The words of a hierarchy, read without recursion: no depth can break it.

    Attributes:
        joints: what was read.
    """

    def __init__(self, words: list[str], source: str) -> None:
        self._words, self._place, self._source = words, 1, source
        joints: list[BvhJoint] = []
        stack: list[int] = []
        ends = Counter[str]()
        while self._place < len(words):
            word = self._next().upper()
            if word == "}" and stack:
                stack.pop()
            elif (word == "ROOT" and not stack) or (word in ("JOINT", "END") and stack):
                parent = stack[-1] if stack else -1
                name = self._name(is_end=word == "END")
                if word == "END":
                    name = f"{joints[parent].name}_end"
                    ends[name] += 1
                    name += str(ends[name]) if ends[name] > 1 else ""
                stack.append(len(joints))
                joints.append(self._joint(name, parent, is_end=word == "END"))
                self._check_size(len(joints), len(stack))
            else:
                self._refuse(word, "ROOT, JOINT, End Site or }")
        if stack or not joints:
            raise FormatError(
                f"{source}: {len(stack) or 'no'} joint{'s are' * bool(stack)} open at the end of "
                "the hierarchy. The file is cut short or damaged: export the motion again."
            )
        twice = [n for n, count in Counter(joint.name for joint in joints).items() if count > 1]
        if twice:
            raise FormatError(
                f"{source} has more than one joint called {listed(twice)}. Rename them in the "
                "program that wrote the file."
            )
        self.joints = tuple(joints)

    def _check_size(self, count: int, depth: int) -> None:
        if count > MOST_NODES or depth > MOST_DEPTH:
            raise FormatError(
                f"{self._source} has more than {MOST_NODES:,} joints, or more than {MOST_DEPTH} in "
                "one another: no body has. Export the motion again."
            )

    def _next(self) -> str:
        if self._place >= len(self._words):
            raise FormatError(
                f"{self._source} is cut short within its hierarchy. Export the motion again."
            )
        self._place += 1
        return self._words[self._place - 1]

    def _refuse(self, met: str, wanted: str) -> None:
        raise FormatError(
            f"{self._source}, word {self._place} of the hierarchy: {shown(met)} stands where "
            f"{wanted} is wanted. The file is damaged: export the motion again."
        )

    def _wants(self, wanted: str) -> None:
        if (met := self._next()).upper() != wanted:
            self._refuse(met, wanted)

    def _name(self, *, is_end: bool) -> str:
        """A joint's name, which may have blanks in it, up to its brace."""
        names: list[str] = []
        while (word := self._next()) != "{":
            names.append(word)
        if not names or (is_end and names[0].upper() != "SITE"):
            self._refuse(" ".join(names), "a name")
        return " ".join(names)

    def _joint(self, name: str, parent: int, *, is_end: bool) -> BvhJoint:
        place = f"{self._source}, joint {shown(name)}"
        self._wants("OFFSET")
        x, y, z = (float(v) for v in numbers_of([self._next() for _ in range(3)], place=place))
        channels: tuple[str, ...] = ()
        if not is_end:
            self._wants("CHANNELS")
            count = self._next()
            if count not in tuple("0123456"):
                self._refuse(count, "a number of channels from 0 to 6")
            channels = tuple(self._next().lower() for _ in range(int(count)))
            if len(set(channels)) != len(channels) or not set(channels) <= set(CHANNELS):
                self._refuse(" ".join(channels), "channels such as Xposition, Zrotation, each once")
        return BvhJoint(name=name, parent=parent, offset=(x, y, z), channels=channels)


def skeleton_of_bvh(motion: BvhMotion, *, name: str = "bvh") -> Skeleton:
    """Each joint and end as a node, with bones as edges, and x, y, z in the file's unit."""
    return Skeleton(
        name=name,
        nodes=tuple(joint.name for joint in motion.joints),
        edges=tuple(
            (joint.parent, number)
            for number, joint in enumerate(motion.joints)
            if joint.parent >= 0
        ),
        channels=("x", "y", "z"),
        axes=(0, 1, 2),
    )


def joint_positions(motion: BvhMotion) -> npt.NDArray[np.float32]:
    """Where each joint is.

    A joint's rotation is its parent's times its own, R = R_parent R_1 R_2 R_3 in the channels'
    order; it stands at the parent plus R_parent times its offset. Position channels stand in the
    offset's place (as Blender and MotionBuilder have it), each that is there.

    Returns:
        (T, joints, 3) float32, in the file's unit.

    Source: Meredith and Maddock, "Motion capture file formats explained", University of Sheffield,
        2001.
    """
    pieces = range(0, len(motion.values), FRAMES_AT_ONCE)
    return np.concatenate(
        [_positions(motion.joints, motion.values[p : p + FRAMES_AT_ONCE]) for p in pieces]
    )


def _positions(joints: tuple[BvhJoint, ...], values: Floats) -> npt.NDArray[np.float32]:
    result = np.empty((len(values), len(joints), 3))
    rotations: list[Floats] = []
    column = 0
    for number, joint in enumerate(joints):
        own = values[:, column : column + len(joint.channels)]
        column += len(joint.channels)
        local = np.tile(np.array(joint.offset), (len(values), 1))
        turning: list[int] = []
        for place, channel in enumerate(joint.channels):
            if channel.endswith("position"):
                local[:, "xyz".index(channel[0])] = own[:, place]
            else:
                turning.append(place)
        axes = [joint.channels[place][0] for place in turning]
        rotation = turn(axes, own[:, turning], fixed=False)
        if joint.parent < 0:
            result[:, number] = local
        else:
            above = rotations[joint.parent]
            result[:, number] = result[:, joint.parent] + (above @ local[..., None])[..., 0]
            rotation = above @ rotation if turning else above
        rotations.append(rotation)
    return result.astype(np.float32)


def read_bvh_movement(path: PathLike) -> Movement:
    """Read a BVH file as the positions of its joints.

    Raises:
        FormatError: as `read_bvh`.
    """
    motion = read_bvh(path)
    return Movement(
        id=Path(path).stem,
        skeleton=skeleton_of_bvh(motion),
        frames=joint_positions(motion),
        rate_hz=plain_rate(1.0 / motion.frame_seconds),
    )
