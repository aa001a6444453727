"""Trained companion models as files that a plugin loads: OUT/NAME.json, each proven."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from chromasonic import files
from chromasonic.companion.models import (
    TASK,
    LoadedCompanion,
    checkpoint_folder,
    load_companion,
    names_of,
)
from chromasonic.companion.preparing import prepare_companion
from chromasonic.companion.spec import SPECS
from chromasonic.errors import CheckpointError, UsageError
from chromasonic.export.exported import Exported
from chromasonic.export.exporting import write_verified
from chromasonic.registry.reference import is_version_folder, located
from chromasonic.training.run_directory import RunDirectory
from chromasonic.training.saving import SHARED

FORMATS = ("rtneural", "onnx", "modelt")
"""JSON for RTNeural and our own C++; ONNX; a C++ header for RTNeural's compile-time ModelT."""

MADE_UP = "trained on made-up examples: it shows that export works, and must not be shipped"
MAY_NOT_SHIP = "the licences of its corpora do not let its weights be shipped freely"
UNKNOWN_DATA = "its checkpoint does not say what it was trained on"


def export_companions(
    run: files.PathLike,
    *,
    format: str = "rtneural",
    models: Sequence[str] | None = None,
    output: files.PathLike | None = None,
    opset: int | None = None,
) -> tuple[Exported, ...]:
    """Export trained companion models, each from its best checkpoint.

    Args:
        run: an output folder of a training, its folder of checkpoints, a checkpoint, or
            NAME@VERSION.
        format: rtneural, onnx or modelt.
        models: short or full names; without, all that are there.
        output: the folder for the files; without, the output folder of the training.
        opset: ONNX's operator set; None is the newest that the installed packages know.

    Returns:
        What was written, in the order of the table of models.

    Raises:
        UsageError: there is no such format or model, or `run` is none of what is allowed.
        CheckpointError: there is no checkpoint, or it is damaged.
        ExportError: a model cannot be exported, or what was written is not what was trained.
        StorageError: a file cannot be written.
    """
    if format not in FORMATS:
        raise UsageError(f"--format is '{format}'; allowed: {', '.join(FORMATS)}.")
    folder = Path(output) if output is not None else output_folder(run)
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            f"--output is {folder}, which is a file; give a folder, into which NAME.json goes."
        )
    loaded = [load_companion(file, name) for name, file in _checkpoints(run, models)]
    exported = tuple(
        export_companion(companion, folder, format=format, opset=opset) for companion in loaded
    )
    directory = RunDirectory(folder)
    if format == "rtneural" and directory.is_there and directory.facts().get("task") == TASK:
        for one in exported:
            record_export(directory, one)
    return exported


def record_export(run: RunDirectory, exported: Exported) -> None:
    """Note in run.json which file a model was exported to and what was compared; cards tell it."""
    facts = {key: value for key, value in exported.to_dict().items() if key != "path"}
    run.add_fact("exports", exported.name, {"file": exported.path.name, **facts})


def output_folder(run: files.PathLike) -> Path:
    """Where exports go: the output folder that a run, its checkpoints or one of them lie in.

    Of a registered version the present folder: nothing may be written beside its files.
    """
    path = located(run)
    folder = path if path.is_dir() else path.parent
    folder = folder.parent if folder.name == SHARED.checkpoints else folder
    return Path() if is_version_folder(folder) else folder


def export_companion(
    loaded: LoadedCompanion,
    folder: files.PathLike,
    *,
    format: str = "rtneural",
    opset: int | None = None,
) -> Exported:
    """Write one model into a folder, proven: NAME.json, NAME.onnx, or NAME_model.hpp.

    Args:
        loaded: the model.
        folder: where; made if need be. An older file stays unless the new one is right.
        format: one of `FORMATS`.
        opset: ONNX's operator set; None is the newest that the installed packages know.

    Raises:
        ExportError: it cannot be exported, or what was written is not what was trained.
        StorageError: the file cannot be written.
    """
    exported = _WRITERS[format](loaded, Path(folder), opset)
    return replace(exported, remarks=(*_warnings(loaded), *exported.remarks))


def _write_rtneural(loaded: LoadedCompanion, folder: Path, _: int | None) -> Exported:
    return write_verified(folder / f"{loaded.name}.json", prepare_companion(loaded))


def _write_onnx(loaded: LoadedCompanion, folder: Path, opset: int | None) -> Exported:
    from chromasonic.companion.exporting_onnx import export_companion_onnx

    return export_companion_onnx(loaded, folder, opset=opset)


def _write_header(loaded: LoadedCompanion, folder: Path, _: int | None) -> Exported:
    """The type alone: its weights come from NAME.json."""
    from chromasonic.export.model_header import model_header

    path = files.write_text(folder / f"{loaded.name}_model.hpp", model_header(loaded.spec))
    return Exported(
        name=loaded.name,
        path=path,
        size_bytes=path.stat().st_size,
        parameters=loaded.spec.exported_parameters,
        largest_difference=0.0,
        steps=0,
    )


_WRITERS: dict[str, Callable[[LoadedCompanion, Path, int | None], Exported]] = {
    "rtneural": _write_rtneural,
    "onnx": _write_onnx,
    "modelt": _write_header,
}


def _checkpoints(
    run: files.PathLike, models: Sequence[str] | None
) -> list[tuple[str | None, Path]]:
    """Names and best checkpoints of a run; of a single checkpoint the name that was asked for.

    Raises:
        UsageError: there is no such model, or what was given is an exported file.
        CheckpointError: there is none, or one that was asked for is missing.
    """
    wanted = None if models is None else names_of(",".join(models))
    path = checkpoint_folder(run)
    if not path.is_dir():
        _check_is_checkpoint(path)
        return [(name, path) for name in wanted or (None,)]
    there: list[tuple[str | None, Path]] = [
        (name, path / f"{name}_best.pt")
        for name in wanted or tuple(SPECS)
        if (path / f"{name}_best.pt").is_file()
    ]
    missing = [name for name in wanted or () if (name, path / f"{name}_best.pt") not in there]
    if not there and _holds_exports(path):
        raise UsageError(
            f"{path} holds exported files and no checkpoints. Give the output folder of the "
            "training that they came from. ('chromasonic validate' checks exported files.)"
        )
    if missing or not there:
        raise CheckpointError(
            f"There is no {' and no '.join(missing) or 'companion model'} in {path} "
            "(NAME_best.pt). Train first (chromasonic train companion), or give the folder that "
            "holds the checkpoints."
        )
    return there


def _holds_exports(folder: Path) -> bool:
    names = [f"{name}{ending}" for name in SPECS for ending in (".json", "_model.hpp")]
    return any(folder.glob("*.onnx")) or any((folder / name).is_file() for name in names)


def _check_is_checkpoint(path: Path) -> None:
    """Refuse what is no checkpoint, by what it is.

    Raises:
        UsageError: it is another kind of file.
        CheckpointError: there is nothing.
    """
    if not path.exists():
        raise CheckpointError(
            f"There is no {path}. Give the output folder of 'chromasonic train companion', or a "
            "NAME_best.pt in its checkpoints."
        )
    if path.suffix in (".json", ".onnx", ".hpp"):
        exported = path.stem in SPECS
        raise UsageError(
            f"{path} is {'an exported file' if exported else 'no checkpoint'}; give the output "
            "folder of a training, or a NAME_best.pt in its checkpoints."
            + (" ('chromasonic validate' checks exported files.)" if exported else "")
        )


def _warnings(loaded: LoadedCompanion) -> list[str]:
    """What a user must know before the file goes into a product."""
    if loaded.is_synthetic:
        return [MADE_UP]
    data = loaded.info.get("data")
    if not isinstance(data, dict):
        return [UNKNOWN_DATA]
    return [] if data.get("weights_may_ship") else [MAY_NOT_SHIP]
