"""Opens checkpoints of anybody without running a line of theirs, and without filling the memory.

PyTorch's safe reader reads them, tensors stay on the disk until their values are asked for, and
what a file may declare is bounded before it is believed.
"""

from __future__ import annotations

import pickle
import re
import tarfile
import warnings
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from chromasonic import files
from chromasonic.errors import CheckpointError
from chromasonic.inspection.plain import printable
from chromasonic.inspection.safetensors import is_safetensors, read_safetensors
from chromasonic.inspection.stand_ins import STAND_INS
from chromasonic.training.checkpoint import asks_for_memory

LARGEST_BYTES = 64 * 2**30
LARGEST_PICKLE_BYTES = 64 * 2**20
"""Of all that is not a tensor; a checkpoint of a hundred thousand tensors needs 20 MB."""
LARGEST_LEGACY_BYTES = 4 * 2**30
"""Files as PyTorch wrote them before 1.6 cannot be mapped: they are read whole."""

ENDINGS = (".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".tar")
LEGACY_START = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""The magic number of PyTorch before 1.6, as a pickle."""

_BROKEN = (
    RuntimeError, ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError,
    OverflowError, MemoryError, OSError, RecursionError, AssertionError, UnicodeError,
    NotImplementedError, ImportError, zipfile.BadZipFile, pickle.UnpicklingError,
)  # fmt: skip
"""What PyTorch's reader answers broken files with."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """A checkpoint as read.

    Attributes:
        path: of the file.
        size_bytes: on the disk.
        format: how it is written.
        content: what it holds: mostly a dict.
        remarks: that a .safetensors file makes about itself.
    """

    path: Path
    size_bytes: int
    format: str
    content: Any
    remarks: dict[str, str] = field(default_factory=dict)


def read_contents(path: files.PathLike) -> Contents:
    """Read a checkpoint safely: .pt, .pth, .ckpt, .bin, .safetensors, by its bytes.

    Raises:
        CheckpointError: absent, truncated, too large, hostile, or no checkpoint; says which.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise CheckpointError(f"{path} is a folder; give a file, or inspect it as a folder.")
        if path.exists() and not path.is_file():
            raise CheckpointError(f"{path} is a pipe or a device; give a file.")
        with path.open("rb") as file:
            start = file.read(512)
        size = path.stat().st_size
    except OSError as error:
        raise CheckpointError(
            f"Cannot read {path}: {error.strerror}. Give a .pt, .pth, .ckpt or .safetensors file, "
            "or a folder of them."
        ) from error
    if size > LARGEST_BYTES:
        raise _too_large(path, size, LARGEST_BYTES)
    if start.startswith(b"PK"):
        _check_archive(path, size)
        return _loaded(path, size, "PyTorch archive", is_mapped=True)
    if start.startswith(LEGACY_START):
        if size > LARGEST_LEGACY_BYTES:
            raise _too_large(path, size, LARGEST_LEGACY_BYTES)
        if asks_for_memory(path):
            raise _asks_for_memory(path)
        return _loaded(path, size, "PyTorch pickle, as before version 1.6", is_mapped=False)
    if is_safetensors(start[:9], size):
        tensors, remarks = read_safetensors(path)
        return Contents(
            path=path, size_bytes=size, format="safetensors", content=tensors, remarks=remarks
        )
    raise CheckpointError(f"{path} is no checkpoint: {_kind_of(path, start)}")


def _asks_for_memory(path: Path) -> CheckpointError:
    return CheckpointError(
        f"{path} is refused: reading it would make a bytearray of whatever size it likes. A "
        "checkpoint needs tensors and plain values alone; save its state_dict where it was made."
    )


def _too_large(path: Path, size: int, largest: int) -> CheckpointError:
    return CheckpointError(
        f"{path} holds {size / 2**30:,.1f} GiB; more than {largest / 2**30:,.0f} GiB is not read. "
        "Split it, or save its state_dict in several files."
    )


def _kind_of(path: Path, start: bytes) -> str:
    """What a file is instead, and what to do."""
    if not start:
        return "it is empty. Copy it again, or use another one of the run."
    if start.startswith(b"\x80"):
        return (
            "it is a pickle that PyTorch's torch.save did not write. Pickles can run code, so it "
            "is not opened; save it with torch.save(model.state_dict(), ...) where it was made."
        )
    if start[257:262] == b"ustar" or (path.suffix == ".tar" and tarfile.is_tarfile(path)):
        return (
            "it is a tar archive, as PyTorch wrote before 2018, which no safe reader opens. Unpack "
            "it if it is an ordinary tar; else save it anew with a PyTorch of its time."
        )
    known = {
        b"\x89HDF": "HDF5 (Keras)", b"GGUF": "GGUF (llama.cpp)", b"\x93NUM": "a NumPy array",
        b"\x08": "ONNX, perhaps",
    }  # fmt: skip
    kind = next((kind for begin, kind in known.items() if start.startswith(begin)), None)
    kind = kind or files.kind_of(start) or "something else"
    return f"it is {kind}. Give a .pt, .pth, .ckpt or .safetensors file."


def _check_archive(path: Path, size: int) -> None:
    """Refuse archives that unpack to more than they are, before PyTorch unpacks them."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(path, size, archive.infolist())
        asks = asks_for_memory(path)
    except (*_BROKEN,) as error:
        raise CheckpointError(
            f"{path} is truncated or damaged: its archive has no whole list of files. Copy it "
            "again, or use another one of the run."
        ) from error
    if asks:
        raise _asks_for_memory(path)


def _check_members(path: Path, size: int, members: list[zipfile.ZipInfo]) -> None:
    names = {member.filename.rpartition("/")[2] for member in members}
    if "constants.pkl" in names:
        raise CheckpointError(
            f"{path} is a TorchScript program: code, not a checkpoint, and loading it would run "
            "it. Save its state_dict() where it was made."
        )
    if "data.pkl" not in names:
        raise CheckpointError(
            f"{path} is a zip archive, but no checkpoint: it holds no data.pkl "
            f"(but {', '.join(sorted(printable(name, 40) for name in names)[:3]) or 'nothing'}). "
            "Give a .pt, .pth, .ckpt or .safetensors file."
        )
    packed = [member for member in members if member.compress_type != zipfile.ZIP_STORED]
    unpacked = sum(member.file_size for member in members)
    if packed or unpacked > size:
        raise CheckpointError(
            f"{path} is refused: it would unpack from {size:,} to {unpacked:,} bytes "
            f"({len(packed)} compressed members). PyTorch never compresses checkpoints, so this "
            "is no honest one; ask who made it for a state_dict saved with torch.save."
        )
    plain = sum(member.file_size for member in members if member.filename.endswith(".pkl"))
    if plain > LARGEST_PICKLE_BYTES:
        raise CheckpointError(
            f"{path} is refused: {plain / 2**20:,.0f} MiB of it are not tensors; at most "
            f"{LARGEST_PICKLE_BYTES / 2**20:,.0f} MiB are read. Save its state_dict alone."
        )


def _loaded(path: Path, size: int, kind: str, *, is_mapped: bool) -> Contents:
    names: list[Any] = [(stand_in, name) for name, stand_in in STAND_INS.items()]
    try:
        with warnings.catch_warnings(action="ignore"), torch.serialization.safe_globals(names):
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=is_mapped)
    except _BROKEN as error:
        raise _refusal(path, error, is_archive=is_mapped) from error
    return Contents(path=path, size_bytes=size, format=kind, content=content)


def _refusal(path: Path, error: BaseException, *, is_archive: bool) -> CheckpointError:
    """Hostile, or a whole pickled model, or damaged: three different things to do."""
    wanted = _wanted_objects(path, error, is_archive)
    if not wanted:
        lines = str(error).strip().splitlines()
        word = printable(lines[0].split(". ")[0], 160) if lines else type(error).__name__
        return CheckpointError(
            f"{path} is truncated or damaged ({word}). Copy it again, or use another one of the "
            "run."
        )
    named = ", ".join(printable(name, 80) for name in wanted[:5])
    more = f" and {len(wanted) - 5} more" if len(wanted) > 5 else ""
    return CheckpointError(
        f"{path} is refused: reading it would make objects of {named}{more}, which can run code; "
        "nothing of it was run. A checkpoint needs tensors and plain values alone. If this is a "
        "whole model saved with torch.save(model), save model.state_dict() where it was made; if "
        "you do not know who made it, do not open it by other means."
    )


def _wanted_objects(path: Path, error: BaseException, is_archive: bool) -> list[str]:
    found = re.findall(r"GLOBAL ([\w.]+\w)", str(error))
    if found and is_archive:
        try:
            named = torch.serialization.get_unsafe_globals_in_checkpoint(path)
            found += [name for name in named if name not in STAND_INS]
        except _BROKEN:
            return list(dict.fromkeys(found))
    return list(dict.fromkeys(found))


def checkpoint_files(folder: Path, *, most: int) -> tuple[list[Path], int]:
    """The checkpoints below a folder, in order of name, and how many more there are.

    Args:
        folder: looked through with its sub-folders; hidden ones are left out.
        most: that are given.

    Raises:
        CheckpointError: there is none.
    """
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in ENDINGS
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not found:
        raise CheckpointError(
            f"There is no checkpoint in {folder}: no file that ends in {', '.join(ENDINGS)}. "
            "Give the folder in which a training leaves them."
        )
    return found[:most], max(0, len(found) - most)
