"""Movements as `.npz` archives of plain arrays; nothing in them is ever unpickled."""

from __future__ import annotations

import io
import lzma
import math
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic import files
from chromasonic.errors import DataError, FormatError
from chromasonic.files import PathLike
from chromasonic.formats.motion_text import LARGEST, MOST_BYTES, MOST_FRAMES, listed, read_bytes
from chromasonic.music.movement import Movement, Skeleton

KIND = ".npz movement"
NEEDED = ("frames", "nodes", "rate_hz")
TEXTS = ("label", "performer", "session", "skeleton", "id")
KEYS = (*NEEDED, "edges", "channels", "axes", *TEXTS)
MOST_HEADER_BYTES = 4096

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    tokenize.TokenError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    SyntaxError,
    TypeError,
    KeyError,
    OverflowError,
    MemoryError,
)
"""What the archive's and the array's readers raise on damage, passwords, unknown methods."""


def write_npz(movement: Movement, path: PathLike) -> Path:
    """Write a movement with all that belongs to it, whole.

    Raises:
        StorageError: it cannot be written.
    """
    skeleton = movement.skeleton
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        frames=movement.frames,
        nodes=np.array(skeleton.nodes),
        edges=np.array(skeleton.edges, dtype=np.int64).reshape(-1, 2),
        channels=np.array(skeleton.channels),
        axes=np.array(skeleton.axes, dtype=np.int64),
        rate_hz=np.array(movement.rate_hz),
        skeleton=np.array(skeleton.name),
        id=np.array(movement.id),
        label=np.array(movement.label),
        performer=np.array(movement.performer),
        session=np.array(movement.session),
    )
    return files.write_bytes(path, buffer.getvalue())


def read_npz(path: PathLike) -> Movement:
    """Read a movement.

    The arrays: `frames` (T, N, C), `nodes` (N names), `rate_hz`; optional `channels` (C names),
    `edges` (pairs of node numbers), `axes`, and the texts `label`, `performer`, `session`,
    `skeleton`, `id`.

    Raises:
        FormatError: the file is absent, no such archive, larger unpacked than its limit, holds
            objects instead of numbers, or does not fit together.
    """
    path = Path(path)
    data = read_bytes(path, kind=KIND)
    try:
        arrays = _arrays(data, path.name)
    except FormatError:
        raise
    except _BROKEN as error:
        raise FormatError(
            f"{path.name} is no {KIND} that can be read: {str(error)[:200]}. Write it again with "
            "numpy.savez_compressed."
        ) from error
    missing = [key for key in NEEDED if key not in arrays]
    if missing:
        raise FormatError(
            f"{path.name} lacks the arrays {', '.join(missing)}; there: {listed(list(arrays))}. "
            f"Needed: {', '.join(NEEDED)}; read besides: {', '.join(KEYS[3:])}."
        )
    try:
        return _movement(arrays, path)
    except FormatError:
        raise
    except (DataError, ValueError, TypeError, OverflowError, IndexError) as error:
        raise FormatError(f"{path.name} does not fit together: {str(error)[:300]}") from error


def _arrays(data: bytes, name: str) -> dict[str, npt.NDArray[np.generic]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        wanted = {key: members[key] for key in KEYS if key in members}
        size_bytes = sum(info.file_size for info in wanted.values())
        if size_bytes > MOST_BYTES:
            raise FormatError(
                f"{name} has {size_bytes:,} bytes when unpacked; up to {MOST_BYTES:,} are read. "
                "Cut the recording."
            )
        arrays = {key: _array(archive.read(info), key, name) for key, info in wanted.items()}
        return arrays or dict.fromkeys(members, np.zeros(0))


def _array(data: bytes, key: str, name: str) -> npt.NDArray[np.generic]:
    """One array of numbers or texts; its size is looked at before anything is made of it."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise FormatError(f"{name}: the array '{key}' has version {version}; allowed: 1.0, 2.0.")
    shape, _, dtype = read_header(stream, max_header_size=MOST_HEADER_BYTES)
    if dtype.kind not in "fiuUSb":
        raise FormatError(
            f"{name}: the array '{key}' holds {'objects' if dtype.hasobject else dtype}; only "
            "numbers and texts are read, since objects could run code. Save plain arrays."
        )
    size_bytes = math.prod(shape) * dtype.itemsize
    if size_bytes > len(data) or (not dtype.itemsize and math.prod(shape) > MOST_BYTES):
        raise FormatError(
            f"{name}: the array '{key}' says that it has {size_bytes:,} bytes; {len(data):,} are "
            "there. The file is damaged: copy it again."
        )
    array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    return np.asarray(array)


def _movement(arrays: dict[str, npt.NDArray[np.generic]], path: Path) -> Movement:
    frames = arrays["frames"]
    if frames.ndim != 3 or frames.dtype.kind not in "fiu" or len(frames) > MOST_FRAMES:
        raise FormatError(
            f"{path.name}: 'frames' is {frames.dtype} of shape {frames.shape}; allowed: numbers "
            f"(frames, nodes, channels), up to {MOST_FRAMES:,} frames."
        )
    numbers = frames.astype(np.float64)
    if (np.abs(numbers) > LARGEST).any():
        raise FormatError(
            f"{path.name}: 'frames' holds numbers beyond {LARGEST:,.0f} or infinite ones; a "
            "landmark that was not seen is NaN."
        )
    count = frames.shape[2]
    default = ("x", "y", "z")[:count] if count <= 3 else tuple(map(str, range(count)))
    channels = _names(arrays["channels"]) if "channels" in arrays else default
    edges = arrays.get("edges", np.zeros((0, 2), dtype=np.int64))
    if "axes" in arrays:
        axes = tuple(int(axis) for axis in np.ravel(arrays["axes"]).tolist())
    else:
        axes = tuple(number for number, name in enumerate(channels) if name in ("x", "y", "z"))
    texts = {key: str(np.ravel(arrays[key])[0]) for key in TEXTS if key in arrays}
    return Movement(
        id=texts.get("id") or path.stem,
        skeleton=Skeleton(
            name=texts.get("skeleton") or "landmarks",
            nodes=_names(arrays["nodes"]),
            edges=tuple((int(a), int(b)) for a, b in np.reshape(edges, (-1, 2)).tolist()),
            channels=channels,
            axes=axes,
        ),
        frames=numbers.astype(np.float32),
        rate_hz=float(np.ravel(arrays["rate_hz"])[0]),
        label=texts.get("label", ""),
        performer=texts.get("performer", ""),
        session=texts.get("session", ""),
    )


def _names(array: npt.NDArray[np.generic]) -> tuple[str, ...]:
    return tuple(
        name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
        for name in np.ravel(array).tolist()
    )
