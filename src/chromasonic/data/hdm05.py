"""HDM05: eleven actions of the whole body by five actors, from motion capture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from chromasonic.data.archived_files import Contents, read_files
from chromasonic.data.facts import Archive, CorpusFacts
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split
from chromasonic.errors import CorpusError, FormatError
from chromasonic.formats.amc import RATE_HZ, joint_positions, parse_amc, skeleton_of_asf
from chromasonic.formats.asf import Asf, parse_asf
from chromasonic.music.movement import Movement, Skeleton

COMMIT = "b252ad65598e052c38f49490c1ac9dbadc283fd3"
REPOSITORY = "https://github.com/zhangchi8620/JointLearning-HDM05"
SEQUENCES = 287
ACTIONS = (
    "depositFloorR", "elbowToKnee1RepsLelbowStart", "grabHighR", "hopBothLegs1hops",
    "jogLeftCircle4StepsRstart", "kickLFront1Reps", "lieDownFloor", "rotateArmsBothBackward1Reps",
    "sneak2StepsLStart", "squat1Reps", "throwBasketball",
)  # fmt: skip
"""As the cut library of HDM05 calls them; it has many more, which are left alone."""

TRAIN_ACTORS, TEST_ACTORS = ("bd", "bk", "dg"), ("mm", "tr")
NAME = re.compile(
    r"HDM_(?P<actor>[a-z]{2})_(?P<action>\w+?)_(?P<take>\d{3})_120\.amc", re.ASCII | re.IGNORECASE
)

FILES = re.compile(
    rf"HDM_[a-z]{{2}}(_({'|'.join(ACTIONS)})_\d{{3}}_120\.amc|\.asf)", re.ASCII | re.IGNORECASE
)


def read_hdm05(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read the sequences.

    Args:
        root: a folder with `HDM_ACTOR_ACTION_NUMBER_120.amc` and `HDM_ACTOR.asf` in it or in
            folders below, or with an archive that holds such.
        on_progress: told how many sequences are read.

    Returns:
        One `Movement` for each sequence of the eleven actions, as positions of joints in metres, y
        upwards, as they stood in the studio: 120 frames a second. Three actors are the train part,
        two the test part; there is no validation part.

    Raises:
        CorpusError: an archive or a skeleton is damaged.
    """
    contents = read_files(root, FILES)
    bodies = _bodies(contents, root)
    movements: list[Movement] = []
    skipped: list[Skipped] = []
    for number, (path, data) in enumerate(contents.items()):
        name = PurePosixPath(path).name
        found = NAME.fullmatch(name)
        if found is None or found["action"] not in ACTIONS:
            continue
        if on_progress is not None:
            on_progress("reading HDM05", number, len(contents))
        try:
            movements.append(_movement(data, name, found, bodies))
        except FormatError as error:
            skipped.append(Skipped(name, "", str(error)))
    movements.sort(key=lambda movement: movement.id)
    actors = {TRAIN_ACTORS: "train", TEST_ACTORS: "test"}
    parts: dict[str, list[str]] = {part: [] for part in actors.values()}
    for movement in movements:
        for names, part in actors.items():
            if movement.performer in names:
                parts[part].append(movement.id)
    return PieceReading(
        pieces=tuple(movements),
        skipped=tuple(skipped),
        split=Split(tuple(parts["train"]), (), tuple(parts["test"])),
        works=tuple(movement.performer for movement in movements),
        missing=max(0, SEQUENCES - len(movements) - len(skipped)),
    )


@dataclass(frozen=True)
class Body:
    """An actor's bones, and the graph that they are."""

    bones: Asf
    skeleton: Skeleton


def _bodies(contents: Contents, root: Path) -> dict[str, Body]:
    """Actor to body; the file lies many times over, always the same. Equal graphs are one."""
    bodies: dict[str, Body] = {}
    skeletons: dict[Skeleton, Skeleton] = {}
    for path, data in contents.items():
        name = PurePosixPath(path)
        actor = name.stem.removeprefix("HDM_").lower()
        if name.suffix.lower() == ".asf" and actor not in bodies:
            text = data.decode("latin-1")
            try:
                bones = parse_asf(text, name=name.stem, source=str(root / path))
            except FormatError as error:
                raise CorpusError(f"{error} Unpack it again.") from error
            skeleton = skeleton_of_asf(bones)
            bodies[actor] = Body(bones, skeletons.setdefault(skeleton, skeleton))
    return bodies


def _movement(data: bytes, name: str, found: re.Match[str], bodies: dict[str, Body]) -> Movement:
    actor = found["actor"].lower()
    if actor not in bodies:
        raise FormatError(f"the skeleton HDM_{actor}.asf, whose bones it moves, is not there")
    body = bodies[actor]
    first = next(iter(bodies.values()))
    if body.skeleton is not first.skeleton:
        raise FormatError(f"HDM_{actor}.asf has other bones than {first.bones.name}.asf")
    motion = parse_amc(data.decode("latin-1"), body.bones, source=name)
    return Movement(
        id=f"{actor}/{found['action']}/{found['take']}",
        skeleton=body.skeleton,
        frames=joint_positions(motion),
        rate_hz=RATE_HZ,
        label=found["action"],
        performer=actor,
    )


FACTS = CorpusFacts(
    name="hdm05-11",
    title="HDM05, eleven actions",
    summary="287 sequences of full-body motion capture, eleven actions by five actors.",
    kind="download",
    licence="CC BY-SA 3.0",
    licence_url="https://creativecommons.org/licenses/by-sa/3.0/",
    citation=(
        "Müller, Röder, Clausen, Eberhardt, Krüger, Weber: Documentation Mocap Database HDM05, "
        "technical report CG-2007-2, Universität Bonn, 2007. The data used in this project was "
        "obtained from HDM05."
    ),
    url="https://resources.mpi-inf.mpg.de/HDM05/",
    weights_may_ship=False,
    archives=(Archive(url=f"{REPOSITORY}/archive/{COMMIT}.zip", size_bytes=60_000_000),),
    reader=read_hdm05,
    index=(
        "train/1/HDM_bd.asf",
        "depositFloorR",
        "HDM05_cut_amc",
        "hdm05-11-amc.tar.xz",
        "HDM05_cut_amc.zip",
    ),
    noun="movements",
    pieces=SEQUENCES,
)
"""The archive is a pinned commit of a repository that holds the eleven actions; the whole cut
library (`HDM05_cut_amc.zip`, by hand) serves as well."""
