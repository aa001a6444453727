"""Acclaim skeletons (`.asf`): the bones of a person, which an `.amc` file moves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from chromasonic.errors import FormatError
from chromasonic.files import PathLike
from chromasonic.formats.motion_text import (
    MOST_NODES,
    listed,
    numbers_of,
    read_bytes,
    shown,
    text_of,
)

KIND = "ASF skeleton"
ROOT = "root"
ROTATIONS = ("rx", "ry", "rz")
TRANSLATIONS = ("tx", "ty", "tz")
METRES_PER_INCH = 0.0254


@dataclass(frozen=True, kw_only=True)
class AsfBone:
    """One bone.

    Attributes:
        name: unique in its skeleton.
        parent: name of the bone at whose end it begins; "root" is the root.
        direction: unit vector along the bone at rest, in the axes of the world.
        length: in the file's unit.
        axis_degrees: rotation of the bone's own axes at rest, about x, y and z.
        axis_order: in which order these turn, such as "XYZ": about x first.
        dofs: of "rx", "ry", "rz": about which of its own axes it turns, in the order in which the
            motion gives the angles and applies them; empty for a bone that is stiff.
    """

    name: str
    parent: str
    direction: tuple[float, float, float]
    length: float
    axis_degrees: tuple[float, float, float]
    axis_order: str
    dofs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Asf:
    """A skeleton.

    Attributes:
        name: of the file, without its ending.
        bones: in the file's order; each one's parent is the root or another bone.
        root_order: of "tx" ... "rz": in which order the motion gives the root's numbers.
        root_axis: in which order the root turns, such as "XYZ": about x first.
        root_position: where it stands at rest, in the file's unit; the motion adds to it.
        root_degrees: rotation of the root's axes at rest, about x, y and z.
        length_unit: the file's `:units length`; a length is length / length_unit inches.
        is_degrees: whether the file's angles are degrees (else radians).
    """

    name: str
    bones: tuple[AsfBone, ...]
    root_order: tuple[str, ...]
    root_axis: str
    root_position: tuple[float, float, float]
    root_degrees: tuple[float, float, float]
    length_unit: float
    is_degrees: bool

    @cached_property
    def channels(self) -> dict[str, tuple[str, ...]]:
        """Of the root and of each bone that moves: the names of its numbers, in order."""
        moving = {bone.name: bone.dofs for bone in self.bones if bone.dofs}
        return {ROOT: self.root_order, **moving}

    @cached_property
    def channel_names(self) -> tuple[str, ...]:
        """All numbers of a frame: `root_tx`, ..., `lowerback_rx`, ... (62 for HDM05 and CMU)."""
        return tuple(f"{name}_{dof}" for name, dofs in self.channels.items() for dof in dofs)

    @property
    def metres_per_unit(self) -> float:
        """Vicon's BodyLanguage, which made the great corpora, counts inches times `length`."""
        return METRES_PER_INCH / self.length_unit


def read_asf(path: PathLike) -> Asf:
    """Read an Acclaim skeleton.

    Raises:
        FormatError: the file is absent, no ASF, or not whole: a section is missing, a bone has no
            place in the hierarchy, a number is none.
    """
    path = Path(path)
    data = read_bytes(path, kind=KIND)
    return parse_asf(text_of(data, name=path.name, kind=KIND), name=path.stem, source=path.name)


def parse_asf(text: str, *, name: str, source: str = "the skeleton") -> Asf:
    """An Acclaim skeleton from its text.

    Args:
        text: the file's.
        name: of the skeleton.
        source: what the messages call it.

    Raises:
        FormatError: as `read_asf`.
    """
    sections = _sections(text)
    for needed in ("root", "bonedata", "hierarchy"):
        if needed not in sections:
            raise FormatError(
                f"{source} has no section ':{needed}'; an ASF skeleton has :root, :bonedata and "
                ":hierarchy. Give the .asf file that came with the .amc."
            )
    units = _pairs(sections.get("units", []))
    is_degrees = " ".join(units.get("angle", ["deg"])).lower().startswith("deg")
    length_unit = numbers_of(units.get("length", ["1"])[:1] or ["1"], place=f"{source}, :units")[0]
    if not length_unit > 0:
        raise FormatError(f"{source}: the unit of length is {length_unit}; above 0 is needed.")
    parents = _parents(sections["hierarchy"], source)
    bones = tuple(
        _bone(lines, parents, is_degrees, source) for lines in _blocks(sections["bonedata"], source)
    )
    _check_bones(bones, parents, source)
    root = _pairs(sections["root"])
    return Asf(
        name=name,
        bones=bones,
        root_order=_dofs(root.get("order", []), ROTATIONS + TRANSLATIONS, f"{source}, the root"),
        root_axis=_order("".join(root.get("axis", ["XYZ"])), f"{source}, the root"),
        root_position=_three(root.get("position", ["0"] * 3), f"{source}, the root's position"),
        root_degrees=_angles(root.get("orientation", ["0"] * 3), is_degrees, f"{source}, the root"),
        length_unit=float(length_unit),
        is_degrees=is_degrees,
    )


Line = list[str]


def _sections(text: str) -> dict[str, list[Line]]:
    """The words of each line, by section; `:name` opens one, # is a comment."""
    sections: dict[str, list[Line]] = {}
    lines: list[Line] = []
    for row in text.splitlines():
        words = row.partition("#")[0].split()
        if not words:
            continue
        if words[0].startswith(":"):
            lines = sections.setdefault(words[0][1:].lower(), [])
            words = words[1:]
        if words:
            lines.append(words)
    return sections


def _pairs(lines: list[Line]) -> dict[str, list[str]]:
    """The first word of each line to the others."""
    return {words[0].lower(): words[1:] for words in lines}


def _blocks(lines: list[Line], source: str) -> list[list[Line]]:
    """What stands between each `begin` and its `end`."""
    blocks: list[list[Line]] = []
    is_open = False
    for words in lines:
        word = words[0].lower()
        if word == "begin" and not is_open:
            blocks.append([])
        elif word in ("begin", "end") and is_open != (word == "end"):
            raise FormatError(
                f"{source}: '{word}' stands where it cannot, after bone {len(blocks)}. The file is "
                "damaged: copy it again."
            )
        elif is_open and word != "end":
            blocks[-1].append(words)
        is_open = word != "end" and (is_open or word == "begin")
    if is_open:
        raise FormatError(f"{source} is cut short: its last block has no 'end'. Copy it again.")
    if len(blocks) > MOST_NODES:
        raise FormatError(f"{source} has {len(blocks):,} bones; allowed: up to {MOST_NODES:,}.")
    return blocks


def _bone(lines: list[Line], parents: dict[str, str], is_degrees: bool, source: str) -> AsfBone:
    values = _pairs(lines)
    name = " ".join(values.get("name", []))
    place = f"{source}, bone {shown(name)}"
    if not name or name == ROOT or name not in parents:
        raise FormatError(
            f"{place}: it has no place in the hierarchy ({listed(list(parents))}). The file is "
            "damaged, or made by hand: name each bone once in each of the two sections."
        )
    axis = values.get("axis", ["0", "0", "0", "XYZ"])
    return AsfBone(
        name=name,
        parent=parents[name],
        direction=_three(values.get("direction", []), f"{place}, direction"),
        length=float(numbers_of(_only(values.get("length", []), 1, place), place=place)[0]),
        axis_degrees=_angles(axis[:3], is_degrees, f"{place}, axis"),
        axis_order=_order("".join(axis[3:]) or "XYZ", place),
        dofs=_dofs(values.get("dof", []), ROTATIONS, place),
    )


def _parents(lines: list[Line], source: str) -> dict[str, str]:
    """Each bone's parent, as the hierarchy's lines (a parent, then its children) give them."""
    parents: dict[str, str] = {}
    for parent, *children in lines:
        if parent.lower() in ("begin", "end"):
            continue
        for child in children:
            if child in parents:
                raise FormatError(
                    f"{source}: the hierarchy gives {shown(child)} two parents; one is allowed."
                )
            parents[child] = parent
    return parents


def _check_bones(bones: tuple[AsfBone, ...], parents: dict[str, str], source: str) -> None:
    counts = Counter(bone.name for bone in bones)
    twice = [name for name, count in counts.items() if count > 1]
    missing = [n for n in (*parents, *parents.values()) if n not in counts and n != ROOT]
    if not bones or twice or missing:
        what = f"twice: {listed(twice)}" if twice else f"missing: {listed(missing) or 'all'}"
        raise FormatError(
            f"{source}: the hierarchy's bones and those of :bonedata differ ({what}). Copy the "
            "file again."
        )
    for name in counts:
        seen = {name}
        while (name := parents[name]) != ROOT:
            if name in seen:
                raise FormatError(f"{source}: the bones {listed(sorted(seen))} form a ring.")
            seen.add(name)


def _three(words: list[str], place: str) -> tuple[float, float, float]:
    x, y, z = numbers_of(_only(words, 3, place), place=place)
    return float(x), float(y), float(z)


def _only(words: list[str], count: int, place: str) -> list[str]:
    if len(words) < count:
        raise FormatError(
            f"{place}: {len(words)} of {count} numbers are there. The file is damaged: copy it "
            "again."
        )
    return words[:count]


def _angles(words: list[str], is_degrees: bool, place: str) -> tuple[float, float, float]:
    x, y, z = _three(words, place)
    factor = 1.0 if is_degrees else 57.29577951308232
    return x * factor, y * factor, z * factor


def _order(text: str, place: str) -> str:
    order = text.upper()
    if sorted(order) != ["X", "Y", "Z"]:
        raise FormatError(f"{place}: the axes' order is {shown(text)}; allowed: XYZ, ZYX, ...")
    return order


def _dofs(words: list[str], allowed: tuple[str, ...], place: str) -> tuple[str, ...]:
    dofs = tuple(word.lower() for word in words)
    if len(set(dofs)) != len(dofs) or not set(dofs) <= set(allowed):
        raise FormatError(
            f"{place}: it moves by {listed(dofs)}; allowed: {', '.join(allowed)}, each once."
        )
    return dofs
