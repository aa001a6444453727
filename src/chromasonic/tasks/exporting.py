"""A model of any task as a file for other programs: which formats it has, and writing one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chromasonic.errors import ExportError, UsageError
from chromasonic.export.exported import Exported
from chromasonic.files import PathLike

WHOLE = "all"
FORMATS = ("rtneural", "onnx", "modelt")


def formats_of(task: str, kind: str) -> tuple[str, ...]:
    """The formats that a kind of model can be written in, the plugins' own first.

    Args:
        task: melody, companion, harmonizer or gesture.
        kind: within the task; "all" is every model of a run.
    """
    if task == "companion":
        return FORMATS
    if task == "gesture":
        return FORMATS if kind == "causal" else ("onnx", "rtneural", "modelt")
    return ("onnx",) if task == "melody" and kind != "markov" else ()


def why_none(task: str, kind: str) -> str:
    """Why a kind of model has no format, in a sentence."""
    if task == "harmonizer":
        return "Harmonizing agents search and look up, so no format here can hold them."
    return f"A {kind} model is no network, so no format here can hold it."


def export_model(
    folder: PathLike, *, task: str, kind: str, format: str, output: PathLike
) -> tuple[Exported, ...]:
    """Write a model as a file, proven to compute the same.

    Args:
        folder: laid out as a run directory; nothing is written there.
        task: of the model.
        kind: within the task; "all" is every model of the run.
        format: one of `formats_of`.
        output: the folder for the files.

    Raises:
        UsageError: the kind has no such format.
        ExportError: it cannot be exported, or what was written is not what was trained.
        CheckpointError: the folder holds no such model, or it is damaged.
        StorageError: a file cannot be written.
    """
    known = formats_of(task, kind)
    if not known:
        raise ExportError(f"{why_none(task, kind)} Use it from Python or the command line.")
    if format not in known:
        raise UsageError(f"--format is '{format}'; a {kind} model has {', '.join(known)}.")
    models = None if kind == WHOLE else [kind]
    with _copy_of(Path(folder)) as run:
        if task == "companion":
            from chromasonic.companion.exporting import export_companions

            return export_companions(run, format=format, models=models, output=output)
        if task == "gesture":
            from chromasonic.gesture.exporting import export_gesture

            return (export_gesture(run, format=format, output=output),)
        from chromasonic.melody_generation.exporting import export_melody

        return export_melody(run, models=models, output=output)


@contextmanager
def _copy_of(folder: Path) -> Iterator[Path]:
    """A copy that exporters may write notes to; the folder of a version must stay as it is."""
    with tempfile.TemporaryDirectory(prefix="chromasonic-export-") as name:
        copy = Path(name) / folder.name
        shutil.copytree(folder, copy)
        yield copy


def export_problems(exported: tuple[Exported, ...]) -> tuple[str, ...]:
    """What is wrong with files that were exported, read anew; empty where nothing is."""
    from chromasonic.companion.validating import validate_companions

    found = validate_companions(
        [one.path for one in exported if one.path.suffix in (".json", ".onnx")]
    )
    return tuple(
        f"{validation.path.name}: {check.name} ({check.detail})"
        for validation in found
        for check in validation.failed
    )
