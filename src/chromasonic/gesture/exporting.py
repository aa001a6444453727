"""Trained gesture models as files that other programs run: gesture.onnx, gesture.json."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.config import to_dict
from chromasonic.data.catalogue import CORPORA
from chromasonic.errors import ExportError, UsageError
from chromasonic.export.exported import Exported
from chromasonic.gesture.features import feature_names
from chromasonic.gesture.models import NAME, GestureModel, load_gesture
from chromasonic.registry.reference import is_version_folder, located
from chromasonic.training.checkpoint import training_facts
from chromasonic.training.run_directory import RunDirectory

FORMATS = ("onnx", "rtneural", "modelt")
"""ONNX for every network; JSON for RTNeural and a header for its ModelT, causal ones alone."""

MADE_UP = "trained on made-up gestures: good for trying the export, not for recognizing people"
MAY_NOT_SHIP = "the licence of its corpus does not let its weights be shipped freely"
UNKNOWN_DATA = "its checkpoint does not say what it was trained on"
NEEDS_PERFORMER = (
    "whoever runs it must scale each performer's landmarks by that performer's own mean and "
    "deviation first (normalization = performer or session; docs/gesture-export.md)"
)


def export_gesture(
    run: files.PathLike,
    *,
    format: str = "onnx",
    output: files.PathLike | None = None,
    opset: int | None = None,
) -> Exported:
    """Export a trained gesture model from its best checkpoint.

    Args:
        run: a run directory, a checkpoint, or NAME@VERSION.
        format: onnx, rtneural or modelt.
        output: the folder for the file; without, the run directory.
        opset: ONNX's operator set; None is the newest that the installed packages know.

    Raises:
        UsageError: there is no such format or operator set, or `output` is a file.
        CheckpointError: there is no checkpoint, or it is damaged.
        ExportError: the format cannot express the network (the message names what, and what to do
            instead), or what was written is not what was trained.
        StorageError: the file cannot be written.
    """
    if format not in FORMATS:
        raise UsageError(f"--format is '{format}'; allowed: {', '.join(FORMATS)}.")
    path = located(run)
    beside = path if path.is_dir() else path.parent
    if is_version_folder(beside):  # nothing may be written beside its files
        beside = Path()
    folder = Path(output) if output is not None else beside
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--output is {folder}, which is a file; give a folder.")
    exported = export_gesture_model(load_gesture(path), folder, format=format, opset=opset)
    directory = RunDirectory(folder)
    if directory.is_there and output is None:
        facts = {key: value for key, value in exported.to_dict().items() if key != "path"}
        directory.add_fact("exports", format, {"file": exported.path.name, **facts})
    return exported


def export_gesture_model(
    model: GestureModel, folder: files.PathLike, *, format: str = "onnx", opset: int | None = None
) -> Exported:
    """Write one model into a folder, proven: gesture.onnx, gesture.json or gesture_model.hpp.

    Args:
        model: trained.
        folder: where; made if need be. An older file stays unless the new one is right.
        format: one of `FORMATS`.
        opset: ONNX's operator set; None is the newest that the installed packages know.

    Raises:
        ExportError: see `export_gesture`.
        StorageError: the file cannot be written.
    """
    _check_finite(model)
    exported = _WRITERS[format](model, Path(folder), opset)
    return replace(exported, remarks=(*_warnings(model), *exported.remarks))


def _onnx(model: GestureModel, folder: Path, opset: int | None) -> Exported:
    from chromasonic.gesture.exporting_onnx import write_onnx

    return write_onnx(model, folder / f"{NAME}.onnx", opset=opset)


def _rtneural(model: GestureModel, folder: Path, _: int | None) -> Exported:
    from chromasonic.gesture.exporting_rtneural import write_rtneural

    return write_rtneural(model, folder / f"{NAME}.json")


def _header(model: GestureModel, folder: Path, _: int | None) -> Exported:
    from chromasonic.gesture.exporting_rtneural import write_header

    return write_header(model, folder / f"{NAME}_model.hpp")


_WRITERS: dict[str, Callable[[GestureModel, Path, int | None], Exported]] = {
    "onnx": _onnx,
    "rtneural": _rtneural,
    "modelt": _header,
}


def facts_of(model: GestureModel) -> dict[str, Any]:
    """What a file says of its model, as plain values; no path of this machine.

    Names of performers stay at home.
    """
    config, skeleton, network = model.reader.config, model.skeleton, model.network
    return _plain(
        {
            "classes": model.classes,
            "skeleton": to_dict(skeleton),
            "features": {**to_dict(config), "names": feature_names(config, skeleton)},
            "model": {"kind": NAME, "config": to_dict(network.config)},
            "training": training_facts(model.info),
        }
    )


def title_of(model: GestureModel) -> str:
    """As people write it."""
    return f"Gesture recognizer of {len(model.classes)} classes"


def corpora_of(model: GestureModel) -> tuple[dict[str, str], ...]:
    """What it was trained on; nothing where its checkpoint does not say."""
    data = _data(model)
    if not data:
        return ()
    name = str(data.get("dataset", ""))
    facts = CORPORA.get(name)
    return (
        {
            "name": name if facts else "recordings",
            "title": str(data.get("title", "")),
            "licence": str(data.get("licence", "")),
            "licence_url": facts.licence_url if facts else "",
            "fingerprint": str(data.get("fingerprint", "")),
        },
    )


def is_synthetic(model: GestureModel) -> bool:
    """Whether it was trained on made-up gestures."""
    facts = CORPORA.get(str(_data(model).get("dataset", "")))
    return facts is not None and facts.kind == "generated"


def _warnings(model: GestureModel) -> list[str]:
    """What a user must know before the file goes into a product."""
    remarks = [NEEDS_PERFORMER] if model.normalizes_performers else []
    if is_synthetic(model):
        return [MADE_UP, *remarks]
    data = _data(model)
    if not data:
        return [UNKNOWN_DATA, *remarks]
    return remarks if data.get("weights_may_ship") else [MAY_NOT_SHIP, *remarks]


def _data(model: GestureModel) -> dict[str, Any]:
    data = model.info.get("data")
    return data if isinstance(data, dict) else {}


def _check_finite(model: GestureModel) -> None:
    for name, value in model.network.state_dict().items():
        if not value.isfinite().all():
            raise ExportError(
                f"{name} of {model.checkpoint or 'the model'} holds a value that is no finite "
                "number, so nothing is exported. Train it anew, or export an earlier checkpoint."
            )


def _plain(values: Any) -> Any:
    return json.loads(files.json_text(values))  # lists for tuples, null for NaN
