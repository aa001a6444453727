"""A block: a few hundred files, the piece of work that one worker does and that is never half done.

Its result is a file of its own in the work folder, written whole. So a worker that dies leaves
nothing or everything; to do a block twice does no harm; and a run that goes on skips what is there.
"""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic import files
from chromasonic.errors import StorageError
from chromasonic.scaling.preparing.guarded import GuardedReader, reader_of_thread
from chromasonic.scaling.preparing.one_file import TOKEN_TYPE
from chromasonic.scaling.preparing.outcome import (
    STAGES,
    FileOutcome,
    Refusal,
    TuneTokens,
    refused_file,
)
from chromasonic.scaling.preparing.settings import PrepareSettings
from chromasonic.scaling.preparing.sources import SourceFile


@dataclass(frozen=True, kw_only=True)
class BlockDone:
    """What a worker says of a block that it did.

    Attributes:
        number: of the block.
        files: how many it has.
        tunes: how many passed.
        error: why its result could not be written; empty where it was.
    """

    number: int
    files: int
    tunes: int = 0
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class BlockResult:
    """What the file of a block holds.

    Attributes:
        files: how many files the block has.
        bytes_read: of them together.
        tunes: that passed.
        works: for each tune the song that its file is a version of; empty where unknown.
        refused: files and tunes that did not.
        seconds: stage to processor seconds (waiting for the disk is in `read` and `write`).
    """

    files: int
    bytes_read: int
    tunes: Sequence[TuneTokens]
    works: Sequence[str]
    refused: Sequence[Refusal]
    seconds: dict[str, float] = field(default_factory=dict)


def block_path(folder: Path, number: int) -> Path:
    """Where the result of a block lies."""
    return folder / "blocks" / f"block-{number:06d}.npz"


def prepare_block(
    number: int, members: Sequence[SourceFile], settings: PrepareSettings, folder: Path
) -> BlockDone:
    """Read, parse, filter and tokenize the files of a block, and write its result.

    Args:
        number: of the block.
        members: its files.
        settings: filters and limits.
        folder: the work folder.

    Returns:
        What was done; an error of writing stands in it, as it must reach another process.
    """
    reader = reader_of_thread(settings)
    seconds = dict.fromkeys(STAGES, 0.0)
    tunes: list[TuneTokens] = []
    works: list[str] = []
    refused: list[Refusal] = []
    bytes_read = 0
    for member in members:
        outcome, spent = _outcome(member, reader, settings)
        seconds["read"] += spent
        bytes_read += member.size if outcome.sha256 else 0
        for stage, value in outcome.seconds.items():
            seconds[stage] += value
        tunes += outcome.tunes
        works += [member.work] * len(outcome.tunes)
        refused += outcome.refused
    result = BlockResult(
        files=len(members),
        bytes_read=bytes_read,
        tunes=tunes,
        works=works,
        refused=refused,
        seconds=seconds,
    )
    try:
        files.write_bytes(block_path(folder, number), pack_block(result))
    except StorageError as error:
        return BlockDone(number=number, files=len(members), error=str(error))
    return BlockDone(number=number, files=len(members), tunes=len(tunes))


def _outcome(
    member: SourceFile, reader: GuardedReader, settings: PrepareSettings
) -> tuple[FileOutcome, float]:
    """What a file gives, and the seconds that reading its bytes took."""
    if member.size > settings.max_file_bytes:
        limit = f"{member.size:,} bytes; the limit is {settings.max_file_bytes:,}"
        return refused_file(member.name, "larger than the limit", limit), 0.0
    if member.size == 0:
        return refused_file(member.name, "empty file"), 0.0
    started = time.perf_counter()
    try:
        with open(member.path, "rb") as file:
            file.seek(member.offset)
            data = file.read(member.size)
    except OSError as error:
        return refused_file(member.name, "cannot be read", error.strerror or str(error)), 0.0
    spent = time.perf_counter() - started
    return reader.read(member.name, data), spent


def pack_block(result: BlockResult) -> bytes:
    """The bytes of a block's file."""
    started = time.perf_counter()
    tunes = result.tunes
    lengths = [(len(tune.tokens), len(tune.shingles)) for tune in tunes]
    arrays = {
        "tokens": np.concatenate([t.tokens for t in tunes] or [np.zeros(0, TOKEN_TYPE)]),
        "shingles": np.concatenate([t.shingles for t in tunes] or [np.zeros(0, np.uint64)]),
        "lengths": np.array(lengths, np.int32).reshape(-1, 2),
        "notes": np.array([tune.notes for tune in tunes], np.int32),
    }
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    result.seconds["write"] = result.seconds.get("write", 0.0) + time.perf_counter() - started
    words = {
        "files": result.files,
        "bytes_read": result.bytes_read,
        "ids": [tune.id for tune in tunes],
        "metres": [tune.metre for tune in tunes],
        "keys": [tune.key for tune in tunes],
        "works": list(result.works),
        "refused": [list(asdict(refusal).values()) for refusal in result.refused],
        "seconds": result.seconds,
    }
    head = json.dumps(words).encode()
    return len(head).to_bytes(8, "little") + head + file.getvalue()


def read_block(folder: Path, number: int) -> BlockResult:
    """What `prepare_block` wrote.

    Raises:
        ValueError: the file is absent or damaged.
    """
    try:
        data = block_path(folder, number).read_bytes()
        size = int.from_bytes(data[:8], "little")
        words: dict[str, Any] = json.loads(data[8 : 8 + size])
        with np.load(io.BytesIO(data[8 + size :]), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        borders = np.cumsum(arrays["lengths"], axis=0, dtype=np.int64)[:-1]
        count = len(words["ids"])
        tokens, shingles = (
            np.split(arrays[name], borders[:, column]) if count else []
            for column, name in enumerate(("tokens", "shingles"))
        )
        tunes = [
            TuneTokens(id=i, tokens=t, notes=n, metre=m, key=k, shingles=s)
            for i, t, n, m, k, s in zip(
                words["ids"], tokens, arrays["notes"].tolist(), words["metres"], words["keys"],
                shingles, strict=True,
            )
        ]  # fmt: skip
    except (OSError, KeyError, TypeError, ValueError, EOFError) as error:
        raise ValueError(f"block {number} is not whole: {error}") from error
    except Exception as error:  # zipfile's own, of a damaged archive
        raise ValueError(f"block {number} is damaged: {error}") from error
    return BlockResult(
        files=words["files"],
        bytes_read=words["bytes_read"],
        tunes=tunes,
        works=words["works"],
        refused=[Refusal(*entry) for entry in words["refused"]],
        seconds=words["seconds"],
    )


def blocks_done(folder: Path) -> set[int]:
    """Numbers of the blocks whose results are there."""
    try:
        names = os.listdir(folder / "blocks")
    except (FileNotFoundError, NotADirectoryError):
        return set()
    return {int(name[6:-4]) for name in names if name.startswith("block-") and name[6:-4].isdigit()}
