"""Checkpoints: one dict of tensors and plain values, which nothing can smuggle code into.

Keys: `format_version`, `model_state_dict`, `optimizer_state_dict`, `scheduler_state_dict`, `epoch`,
`config`, `metrics`, `rng_state`, `sampler_state`, and what a resumed run needs besides (`history`,
`early_stopping_state_dict`, `average_state_dict`, `scaler_state_dict`).
"""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from chromasonic import files
from chromasonic.errors import CheckpointError

FORMAT_VERSION = 1
LARGEST_BYTES = 4 * 2**30
"""Larger checkpoints are refused: ours are a few megabytes, and a bomb is not."""

MAKES_MEMORY = b"cbuiltins\nbytearray\n"
"""How a pickle asks for a bytearray: of thirty bytes it makes as many gigabytes as it likes.
PyTorch's safe reader allows it, no checkpoint needs it."""

_BROKEN = (
    RuntimeError, ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError,
    OverflowError, MemoryError, OSError, zipfile.BadZipFile,
)  # fmt: skip


def save_checkpoint(path: files.PathLike, content: Mapping[str, Any]) -> Path:
    """Write a checkpoint whole; the old one under that name stays until the new one is on disk.

    Raises:
        StorageError: the disk is full, or the folder cannot be written.
    """
    path = Path(path)
    with files.open_whole(path) as file:
        _save(dict(content), file)
    return path


def _save(content: dict[str, Any], file: Any) -> None:
    """torch calls a failed write RuntimeError; behind it stands the disk's error, or Ctrl-C."""
    guard: Any = _Guard(file)
    try:
        torch.save(content, guard)
    except Exception as error:
        if guard.error is not None:
            raise guard.error from error
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        raise


class _Guard:
    """A file that remembers why writing failed."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            return int(self.file.write(data))
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self.file.flush()


def load_checkpoint(path: files.PathLike, *, largest_bytes: int = LARGEST_BYTES) -> dict[str, Any]:
    """Read a checkpoint as tensors (on the CPU) and plain values; code in it is never run.

    Raises:
        CheckpointError: absent, truncated, hostile, too large, or no checkpoint of ours.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise CheckpointError(f"{path} is a folder; give a checkpoint in it (NAME_best.pt).")
        if path.exists() and not path.is_file():  # opening a pipe would wait for its writer
            raise CheckpointError(f"{path} is a pipe or a device; give a file (NAME_best.pt).")
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise CheckpointError(
            f"Cannot read the checkpoint {path}: {error.strerror}. "
            "A run keeps its checkpoints as NAME_best.pt, NAME_final.pt and NAME_latest.pt."
        ) from error
    try:
        _check_size(path, largest_bytes)
        _check_start(start, path)
        if asks_for_memory(path):
            raise CheckpointError(
                f"{path} is refused: reading it would make a bytearray of whatever size it likes, "
                "which no checkpoint needs. Use another one of the run (NAME_best.pt)."
            )
        with warnings.catch_warnings(action="ignore"):  # of pickles that are refused anyway
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} is refused: it is damaged, or holds objects that would run code when read "
            "(a checkpoint of ours has only tensors and plain values). Do not open it by other "
            "means unless you trust who made it; train anew, or export its state_dict where it "
            f"was made. Reader's word: {_first_line(error)}"
        ) from error
    except _BROKEN as error:
        raise CheckpointError(
            f"{path} is truncated or no checkpoint ({_first_line(error)}). Use another one of the "
            "run (NAME_best.pt, NAME_epoch_N.pt), or copy the file again."
        ) from error
    return _checked(content, path)


def asks_for_memory(path: Path) -> bool:
    """Whether a checkpoint's pickle would make memory out of nothing (`MAKES_MEMORY`)."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            pickles = [name for name in archive.namelist() if name.endswith(".pkl")]
            return any(MAKES_MEMORY in archive.read(name) for name in pickles)
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as view:
        return view.find(MAKES_MEMORY) >= 0


def _check_start(start: bytes, path: Path) -> None:
    """Refuse what is plainly something else, before it is said to be damaged or hostile."""
    if start.startswith((b"PK", b"\x80")):  # zip archive; pickle, as PyTorch wrote it long ago
        return
    what = (files.kind_of(start) or "something else") if start else "truncated to nothing"
    raise CheckpointError(
        f"{path} is no checkpoint: it is {what}. Give a NAME_best.pt of a training, or the output "
        "folder of one."
    )


def _check_size(path: Path, largest_bytes: int) -> None:
    """Refuse what would fill the memory, before any of it is read."""
    size = path.stat().st_size
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = max(size, sum(member.file_size for member in archive.infolist()))
    if size > largest_bytes:
        raise CheckpointError(
            f"{path} holds {size / 2**20:,.0f} MiB; more than {largest_bytes / 2**20:,.0f} MiB is "
            "not read. A checkpoint of ours has a few MiB: check where the file is from."
        )


def _checked(content: Any, path: Path) -> dict[str, Any]:
    if not isinstance(content, dict) or not isinstance(content.get("model_state_dict"), dict):
        raise CheckpointError(
            f"{path} is no checkpoint of a training: it has no 'model_state_dict'. "
            "Give a NAME_best.pt, NAME_final.pt, NAME_latest.pt or NAME_epoch_N.pt of a run."
        )
    version = content.get("format_version")
    if not isinstance(version, int) or not 1 <= version <= FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has checkpoint format {version!r}; this version reads 1 to {FORMAT_VERSION}. "
            "Update chromasonic, or train anew."
        )
    return content


def misfits(model: nn.Module, theirs: Mapping[str, Tensor]) -> list[str]:
    """In which names and shapes a state dict is not this model's; none where it fits."""
    ours = model.state_dict()
    # Buffers may be tables as long as what was counted: the module itself judges their shapes.
    fixed = [name for name, _ in model.named_parameters(remove_duplicate=False) if name in theirs]
    faults = [f"it lacks {name}" for name in ours if name not in theirs]
    faults += [f"it has {name}, which this model lacks" for name in theirs if name not in ours]
    faults += [
        f"{name} is {_shape(theirs[name])} there and {_shape(ours[name])} here"
        for name in fixed
        if _shape(theirs[name]) != _shape(ours[name])
    ]
    return faults


def load_weights(model: nn.Module, content: Mapping[str, Any], *, source: object) -> None:
    """Put a checkpoint's weights into a model, all or none.

    Args:
        model: takes the weights.
        content: of `load_checkpoint`.
        source: how to call the checkpoint in messages.

    Raises:
        CheckpointError: names or shapes differ; the message names the first few.
    """
    theirs: Mapping[str, Tensor] = content["model_state_dict"]
    faults = misfits(model, theirs)
    if not faults:
        try:
            model.load_state_dict(dict(theirs))
        except RuntimeError as error:
            faults = [" ".join(str(error).split())]
    if faults:
        more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise CheckpointError(
            f"{source} holds {_kind(content)}; its weights do not fit this "
            f"{type(model).__name__}: {'; '.join(faults[:3])}{more}. Build the model with the "
            "configuration that the checkpoint carries under 'config', or train anew."
        )


def _shape(value: Any) -> str:
    return " x ".join(map(str, value.shape)) or "one number" if isinstance(value, Tensor) else "?"


def _kind(content: Mapping[str, Any]) -> str:
    config = content.get("config")
    model = config.get("model") if isinstance(config, dict) else None
    kind = model.get("kind") if isinstance(model, dict) else None
    return f"a model of kind '{kind}'" if kind else "another model"


def _first_line(error: BaseException) -> str:
    """What a library said, up to its first full stop."""
    lines = str(error).strip().splitlines()
    return lines[0].split(". ")[0][:160] if lines else type(error).__name__


def training_facts(info: Mapping[str, Any]) -> dict[str, Any]:
    """Epoch, seed, and what was measured on the validation part, for a file that leaves the run.

    Args:
        info: what a checkpoint says of its training (`config`, with its epoch and metrics).
    """
    metrics, settings = info.get("metrics"), info.get("training")
    metrics = metrics if isinstance(metrics, dict) else {}
    settings = settings if isinstance(settings, dict) else {}
    return {
        "epoch": info.get("epoch"),
        "seed": settings.get("seed"),
        "validation_loss": metrics.get("val_loss"),
        "validation": {
            name: metric.get("value")
            for name, metric in metrics.get("val", {}).items()
            if isinstance(metric, dict)
        },
    }
