"""Recorded movements: the file's ending says how it is read and written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from chromasonic.errors import UsageError
from chromasonic.files import PathLike
from chromasonic.formats.amc import read_amc_movement
from chromasonic.formats.bvh import read_bvh_movement
from chromasonic.formats.endings import known_ending
from chromasonic.formats.fitting_skeletons import fitted
from chromasonic.formats.landmarks_csv import read_csv, write_csv
from chromasonic.formats.landmarks_jsonl import read_json, read_jsonl, write_jsonl
from chromasonic.formats.landmarks_npz import read_npz, write_npz
from chromasonic.formats.sign_files import read_sign
from chromasonic.music.movement import Movement, Skeleton


class _Reader(Protocol):
    def __call__(
        self, path: PathLike, *, skeleton: Skeleton | None, rate_hz: float | None
    ) -> Movement: ...


def _read_amc(path: PathLike, *, skeleton: Skeleton | None, rate_hz: float | None) -> Movement:
    return _as_wanted(read_amc_movement(path, rate_hz=rate_hz), skeleton, None)


def _read_bvh(path: PathLike, *, skeleton: Skeleton | None, rate_hz: float | None) -> Movement:
    return _as_wanted(read_bvh_movement(path), skeleton, rate_hz)


def _read_npz(path: PathLike, *, skeleton: Skeleton | None, rate_hz: float | None) -> Movement:
    return _as_wanted(read_npz(path), skeleton, rate_hz)


def _read_sign(path: PathLike, *, skeleton: Skeleton | None, rate_hz: float | None) -> Movement:
    return _as_wanted(read_sign(path), skeleton, rate_hz)


def _as_wanted(movement: Movement, skeleton: Skeleton | None, rate_hz: float | None) -> Movement:
    if rate_hz is not None:
        movement = replace(movement, rate_hz=rate_hz)
    return movement if skeleton is None else fitted(movement, skeleton)


_READERS: dict[str, _Reader] = {
    ".bvh": _read_bvh,
    ".amc": _read_amc,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".npz": _read_npz,
    ".sign": _read_sign,
    ".json": read_json,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
}
_WRITERS = {".npz": write_npz, ".csv": write_csv, ".jsonl": write_jsonl}

READABLE = tuple(_READERS)
"""Endings that `read_movement` reads."""

WRITABLE = tuple(_WRITERS)
"""Endings that `write_movement` writes."""


def read_movement(
    path: PathLike, *, skeleton: Skeleton | None = None, rate_hz: float | None = None
) -> Movement:
    """Read a recorded movement.

    Args:
        path: a `.bvh`, `.amc` (its `.asf` beside it), `.csv`, `.npz`, `.jsonl`, a `.sign` of
            the Power Glove, or a `.json` as MediaPipe's tools write it.
        skeleton: what it should be: nodes and channels are found by name, those not asked for are
            left out; None takes what the file has.
        rate_hz: frames a second, for a file that does not say (or says it wrong).

    Returns:
        The movement; its id is the file's name without ending where the file has no other.

    Raises:
        UsageError: the ending is unknown, or the rate is none.
        FormatError: the file is absent, damaged, hostile, holds no frame, has another skeleton, or
            does not say how fast it is.
    """
    if rate_hz is not None and not 0 < rate_hz < 100_000:
        raise UsageError(f"The rate is {rate_hz} frames a second; allowed: above 0, below 100,000.")
    if Path(path).suffix.lower() == ".asf":
        raise UsageError(
            f"{Path(path).name} is a skeleton at rest. Give the .amc file that moves it; the .asf "
            "is found beside it."
        )
    ending = known_ending(path, _READERS, noun="movement", done="read")
    return _READERS[ending](path, skeleton=skeleton, rate_hz=rate_hz)


def write_movement(movement: Movement, path: PathLike) -> Path:
    """Write a movement, whole.

    Args:
        movement: what to write.
        path: `.npz` (everything), `.jsonl` (everything, one frame a line) or `.csv` (a table).

    Raises:
        UsageError: the ending is unknown.
        StorageError: it cannot be written.
    """
    return _WRITERS[known_ending(path, _WRITERS, noun="movement", done="written")](movement, path)
