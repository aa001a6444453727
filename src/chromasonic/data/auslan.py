"""Australian Sign Language: 95 signs by five signers, one hand in a Power Glove."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path, PurePosixPath

from chromasonic.data.archived_files import read_files
from chromasonic.data.facts import Archive, CorpusFacts
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.errors import FormatError
from chromasonic.formats.sign_files import parse_sign
from chromasonic.music.movement import Movement

FOLDER = "signs"
NAME = re.compile(r"(?P<sign>.+?)(?P<take>\d+)\.sign", re.ASCII)
ANY_NAME = re.compile(r"(?!\._).*\.sign")
SESSION = re.compile(r"(?P<signer>[a-z]+)\d+", re.ASCII)
CALIBRATION = "cal-"
SIGN_FILES = 6_649
"""Files of signs in a whole copy, one of them empty; calibrations of the glove are besides."""


def read_auslan(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read the signs.

    Args:
        root: the folder with `signs/` in it, or with an archive that holds that.
        on_progress: told how many of the files are read.

    Returns:
        One `Movement` for each sign: label the sign, session the folder (`adam1`), performer the
        signer (`adam`). Works are signers, so that a split keeps each on one side. Calibrations of
        the glove and empty files are skipped, with that reason.

    Raises:
        CorpusError: an archive is damaged.
    """
    contents = read_files(root, ANY_NAME, folder=FOLDER)
    movements: list[Movement] = []
    skipped: list[Skipped] = []
    signs = 0
    for number, (path, data) in enumerate(contents.items()):
        if on_progress is not None and number % 100 == 0:
            on_progress("reading signs", number, len(contents))
        session, name = PurePosixPath(path).parts[-2:] if "/" in path else ("", path)
        short = f"{session}/{name}"
        if name.startswith(CALIBRATION):
            skipped.append(Skipped(short, "", "a calibration of the glove, not a sign"))
            continue
        signs += 1
        try:
            movements.append(_movement(data, session, name))
        except FormatError as error:
            skipped.append(Skipped(short, "", str(error)))
    return PieceReading(
        pieces=tuple(movements),
        skipped=tuple(skipped),
        works=tuple(movement.performer for movement in movements),
        missing=max(0, SIGN_FILES - signs),
        remarks=_remarks(movements),
    )


def _movement(data: bytes, session: str, name: str) -> Movement:
    in_name, in_session = NAME.fullmatch(name), SESSION.fullmatch(session)
    if in_name is None or in_session is None:
        raise FormatError("it is not called like a sign: SIGNER1/SIGN0.sign is meant")
    return replace(
        parse_sign(data, name=name),
        id=f"{session}/{name.removesuffix('.sign')}",
        label=in_name["sign"],
        performer=in_session["signer"],
        session=session,
    )


def _remarks(movements: list[Movement]) -> tuple[str, ...]:
    """Whose recording is another's, byte for byte."""
    same = Counter((movement.frames.tobytes(), movement.label) for movement in movements)
    double = sum(count - 1 for count in same.values())
    return (f"{double:,} recordings are exact copies of another.",) if double else ()


FACTS = CorpusFacts(
    name="auslan95-signs",
    title="Australian Sign Language signs (Power Glove)",
    summary="95 signs by five signers, one hand in a glove: 6,648 usable recordings.",
    kind="download",
    licence="CC BY 4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    citation=(
        "Mohammed Waleed Kadous, Australian Sign Language Signs, UCI Machine Learning Repository, "
        "1999"
    ),
    url="https://archive.ics.uci.edu/dataset/114/australian+sign+language+signs",
    weights_may_ship=True,
    archives=(
        Archive(
            url=(
                "https://archive.ics.uci.edu/static/public/114/australian+sign+language+signs.zip"
            ),
            size_bytes=9_000_000,
        ),
    ),
    reader=read_auslan,
    index=(FOLDER, "allsigns.tar.gz", "signs.tar.xz", "australian+sign+language+signs.zip"),
    noun="movements",
    pieces=6757,
)
"""Its maker publishes no checksum. The archive of the repository holds `allsigns.tar.gz`, which is
read as it lies; `pieces` counts every file, 108 calibrations of the glove among them."""
