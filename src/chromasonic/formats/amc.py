"""Acclaim motion (`.amc`): angles of an `.asf` skeleton's bones, and where its joints go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.errors import FormatError
from chromasonic.files import PathLike
from chromasonic.formats.asf import ROOT, ROTATIONS, TRANSLATIONS, Asf, AsfBone, read_asf
from chromasonic.formats.joint_chain import FRAMES_AT_ONCE, Floats, turn
from chromasonic.formats.motion_text import (
    MOST_FRAMES,
    listed,
    numbers_of,
    read_bytes,
    shown,
    text_of,
)
from chromasonic.music.movement import Movement, Skeleton

KIND = "AMC motion"
RATE_HZ = 120.0
"""Where a file does not say it, as most do not; HDM05 and CMU recorded 120 frames a second."""

PIECE_CHARACTERS = 2**22
HEADER_CHARACTERS = 4096
_RATE = re.compile(
    r"^\s*:SAMPLES-PER-SECOND\s+([1-9][0-9]{0,4}(?:\.[0-9]{1,6})?)\s*$",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class AmcMotion:
    """The numbers of a motion.

    Attributes:
        asf: whose motion it is.
        values: (T, len(asf.channel_names)) float64: the root's translation in the skeleton's unit,
            all angles in degrees.
        rate_hz: frames a second.
    """

    asf: Asf
    values: npt.NDArray[np.float64]
    rate_hz: float = RATE_HZ

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns of `values`."""
        return self.asf.channel_names


def read_amc(path: PathLike, asf: Asf | None = None) -> AmcMotion:
    """Read an Acclaim motion.

    Args:
        path: of the `.amc` file.
        asf: its skeleton; None looks for one beside the file: of the same name, of the beginning
            of its name (HDM_bd_squat_1_120.amc: HDM_bd.asf), or the only one there.

    Raises:
        FormatError: the file is absent, no AMC, cut short, moves other bones than the skeleton
            has, or no skeleton is there.
    """
    path = Path(path)
    data = read_bytes(path, kind=KIND)
    text = text_of(data, name=path.name, kind=KIND)
    return parse_amc(text, asf or read_asf(find_asf(path)), source=path.name)


def find_asf(path: PathLike) -> Path:
    """The skeleton that stands beside a motion.

    Raises:
        FormatError: none is there, or it is not clear which.
    """
    path = Path(path)
    try:
        there = sorted(p for p in path.parent.iterdir() if p.suffix.lower() == ".asf")
    except OSError as error:
        raise FormatError(
            f"Cannot look for the skeleton of {path.name} in {path.parent}: {error.strerror}."
        ) from error
    named = [p for p in there if path.stem.startswith(p.stem)]
    if named:
        return max(named, key=lambda p: len(p.stem))
    if len(there) == 1:
        return there[0]
    found = listed([p.name for p in there]) or "no .asf file"
    raise FormatError(
        f"{path.name} moves the bones of a skeleton, which is not there: an .asf file was looked "
        f"for in {path.parent.resolve()} ({found}). Copy the one that came with it there, as "
        f"{path.stem}.asf."
    )


def parse_amc(text: str, asf: Asf, *, source: str = "the motion") -> AmcMotion:
    """An Acclaim motion from its text.

    Args:
        text: the file's.
        asf: whose motion it is.
        source: what the messages call it.

    Raises:
        FormatError: as `read_amc`.
    """
    factors, rate = None, _RATE.search(text[:HEADER_CHARACTERS])
    if ":RADIANS" in text[:HEADER_CHARACTERS].upper().split():
        is_angle = np.array([name[-2] == "r" for name in asf.channel_names])
        factors = np.where(is_angle, 57.29577951308232, 1.0)
    layout: _Layout | None = None
    blocks: list[npt.NDArray[np.float64]] = []
    count, words = 0, list[str]()
    for piece in _pieces(text):
        words += piece
        if layout is None:
            layout = _Layout(words, asf, source)
        frames = len(words) // layout.width
        if count + frames > MOST_FRAMES:
            raise FormatError(f"{source} has more than {MOST_FRAMES:,} frames. Cut it.")
        if frames:
            blocks.append(layout.values(words[: frames * layout.width], count))
            words = words[frames * layout.width :]
            count += frames
    if layout is None or not count or words:
        raise FormatError(
            f"{source} is cut short: frame {count + 1} is not whole"
            f"{f' ({len(words)} of {layout.width} words)' if layout else ''}. Copy it again."
        )
    values = np.concatenate(blocks)
    return AmcMotion(
        asf=asf,
        values=values if factors is None else values * factors,
        rate_hz=float(rate[1]) if rate else RATE_HZ,
    )


def _pieces(text: str) -> Iterator[list[str]]:
    """The words of some lines at a time, without header and comments."""
    place = 0
    while place < len(text):
        end = text.find("\n", place + PIECE_CHARACTERS)
        end = len(text) if end < 0 else end
        piece = text[place:end]
        if "#" in piece or ":" in piece:
            lines = piece.splitlines()
            piece = "\n".join(x.partition("#")[0] for x in lines if not x.lstrip().startswith(":"))
        yield piece.split()
        place = end + 1


class _Layout:
    """What stands where in each frame, as the first one shows it.

    Attributes:
        width: words of a frame: its number, and name and numbers of each bone.
    """

    def __init__(self, words: list[str], asf: Asf, source: str) -> None:
        """Learn it from the first frame.

        Raises:
            FormatError: it is no frame, or has other bones than the skeleton.
        """
        self._source = source
        if not words or not words[0].isdigit():
            raise FormatError(
                f"{source}: the motion begins with {shown(words[0]) if words else 'nothing'}, not "
                "with the number of its first frame. Give an .amc file."
            )
        columns = {name: number for number, name in enumerate(asf.channel_names)}
        self._names: list[tuple[int, str]] = []
        places: list[int] = []
        self._columns: list[int] = []
        place = 1
        while place < len(words) and not words[place].isdigit():
            name = words[place]
            if name not in asf.channels or name in (n for _, n in self._names):
                raise FormatError(
                    f"{source}: the first frame moves {shown(name)}, which the skeleton {asf.name} "
                    f"does not have or which came before; it has {listed(list(asf.channels), 40)}. "
                    "Give the skeleton of this motion."
                )
            self._names.append((place, name))
            for dof in asf.channels[name]:
                place += 1
                places.append(place)
                self._columns.append(columns[f"{name}_{dof}"])
            place += 1
        self.width = place
        self._places = np.array(places, dtype=np.int64)
        missing = sorted(set(asf.channels) - {name for _, name in self._names})
        if missing:
            raise FormatError(
                f"{source}: the first frame lacks {listed(missing)}, which the skeleton {asf.name} "
                "moves. Give the skeleton of this motion, or copy the motion again."
            )

    def values(self, words: list[str], first: int) -> npt.NDArray[np.float64]:
        """The numbers of whole frames, in the skeleton's order.

        Args:
            words: of the frames.
            first: how many frames came before.
        """
        count = len(words) // self.width
        for place, name in self._names:
            if words[place :: self.width].count(name) != count:
                self._refuse(words, first)
        if not all(word.isdigit() for word in words[:: self.width]):
            self._refuse(words, first)
        table = [words[place :: self.width] for place in self._places]
        result = np.empty((count, len(self._columns)))
        for column, texts in zip(self._columns, table, strict=True):
            try:
                result[:, column] = numbers_of(texts, place=self._source)
            except FormatError:
                for row, text in enumerate(texts):
                    numbers_of([text], place=f"{self._source}, frame {first + row + 1}")
        return result

    def _refuse(self, words: list[str], first: int) -> None:
        for row in range(len(words) // self.width):
            frame = words[row * self.width : (row + 1) * self.width]
            for place, name in [(0, "its number"), *self._names]:
                is_right = frame[0].isdigit() if place == 0 else frame[place] == name
                if not is_right:
                    raise FormatError(
                        f"{self._source}, frame {first + row + 1}: {shown(frame[place])} stands "
                        f"where the first frame has {name}. A frame is not whole: copy it again."
                    )


def skeleton_of_asf(asf: Asf, *, name: str = "asf") -> Skeleton:
    """The root and each bone's end as nodes, with bones as edges, and x, y, z in metres.

    Args:
        asf: the bones.
        name: of the kind of skeleton.
    """
    nodes = (ROOT, *(bone.name for bone in asf.bones))
    numbers = {node: number for number, node in enumerate(nodes)}
    return Skeleton(
        name=name,
        nodes=nodes,
        edges=tuple((numbers[bone.parent], numbers[bone.name]) for bone in asf.bones),
        channels=("x", "y", "z"),
        axes=(0, 1, 2),
    )


def joint_positions(motion: AmcMotion) -> npt.NDArray[np.float32]:
    """Where the root and each bone's end are.

    A bone's rotation is that of its parent, then its own about its own axes:
    R = R_parent C M C^-1, with C the axes at rest and M the angles; its end is the parent's end
    plus R times direction times length.

    Returns:
        (T, 1 + bones, 3) float32, in metres, y upwards; the nodes of `skeleton_of_asf`.

    Source: Lander, "Working with motion capture file formats", Game Developer, January 1998; the
        unit: frequently asked questions of the CMU motion capture database.
    """
    pieces = range(0, len(motion.values), FRAMES_AT_ONCE)
    return np.concatenate(
        [_positions(motion.asf, motion.values[p : p + FRAMES_AT_ONCE]) for p in pieces]
    )


def _positions(asf: Asf, values: Floats) -> npt.NDArray[np.float32]:
    columns = {name: number for number, name in enumerate(asf.channel_names)}
    ends = np.empty((len(values), 1 + len(asf.bones), 3))

    def of(bone: str, dofs: Sequence[str]) -> Floats:
        result = np.zeros((len(values), len(dofs)))
        for place, dof in enumerate(dofs):
            if (column := columns.get(f"{bone}_{dof}")) is not None:
                result[:, place] = values[:, column]
        return result

    turning = [dof for dof in asf.root_order if dof in ROTATIONS]
    axes = [axis for axis in asf.root_axis.lower() if f"r{axis}" in turning]
    at_rest = _rest(asf.root_axis, asf.root_degrees)
    own = turn(axes, of(ROOT, [f"r{axis}" for axis in axes]), fixed=True)
    rotations = {ROOT: at_rest @ own}
    ends[:, 0] = of(ROOT, TRANSLATIONS) + np.array(asf.root_position)
    numbers = {ROOT: 0} | {bone.name: number for number, bone in enumerate(asf.bones, start=1)}
    for bone in _parents_first(asf.bones):
        rest = _rest(bone.axis_order, bone.axis_degrees)
        own = turn([dof[1] for dof in bone.dofs], of(bone.name, bone.dofs), fixed=True)
        rotation = rotations[bone.parent] @ (rest @ own @ rest.T if bone.dofs else np.eye(3))
        rotations[bone.name] = rotation
        along = rotation @ (np.array(bone.direction) * bone.length)
        ends[:, numbers[bone.name]] = ends[:, numbers[bone.parent]] + along
    return (ends * asf.metres_per_unit).astype(np.float32)


def _rest(order: str, degrees: Sequence[float]) -> Floats:
    """The axes at rest (3, 3): turned in `order`, by the angles about x, y and z."""
    picked = np.array([[degrees["XYZ".index(axis)] for axis in order]])
    return turn(order.lower(), picked, fixed=True)[0]


def _parents_first(bones: Sequence[AsfBone]) -> list[AsfBone]:
    done, ordered, waiting = {ROOT}, list[AsfBone](), list(bones)
    while waiting:
        ready = [bone for bone in waiting if bone.parent in done]
        ordered += ready
        done |= {bone.name for bone in ready}
        waiting = [bone for bone in waiting if bone.name not in done]
    return ordered


def read_amc_movement(
    path: PathLike, *, asf: Asf | None = None, rate_hz: float | None = None, kind: str = "asf"
) -> Movement:
    """Read an Acclaim motion as the positions of its joints.

    Args:
        path: of the `.amc` file.
        asf: its skeleton; None looks for one beside the file.
        rate_hz: frames a second; None takes the file's word, else `RATE_HZ`.
        kind: the skeleton's name.

    Raises:
        FormatError: as `read_amc`.
    """
    motion = read_amc(path, asf)
    return Movement(
        id=Path(path).stem,
        skeleton=skeleton_of_asf(motion.asf, name=kind),
        frames=joint_positions(motion),
        rate_hz=motion.rate_hz if rate_hz is None else rate_hz,
    )
