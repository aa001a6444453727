"""Trained companion models as ONNX files: OUT/NAME.onnx, each proven in onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from chromasonic import files
from chromasonic.companion.models import LoadedCompanion
from chromasonic.companion.preparing import prepare_companion
from chromasonic.export.exported import Exported
from chromasonic.export.onnx_writing import export_onnx
from chromasonic.export.tracing import evaluation_copy


def export_companion_onnx(
    loaded: LoadedCompanion, folder: files.PathLike, *, opset: int | None = None
) -> Exported:
    """Write one model as FOLDER/NAME.onnx, proven.

    The file holds the numbers of NAME.json, under the same weight hash, with the same golden steps.
    Stateless models take `features` (batch, I) and give `output` (batch, O); recurrent ones take
    `features` (batch, steps, I), `hidden` and `cell` (1, batch, H), and give `output`,
    `hidden_out` and `cell_out`. Zeros begin a stream.

    Args:
        loaded: the model.
        folder: for the file.
        opset: ONNX's operator set; None is the newest that the installed packages know.

    Raises:
        ExportError: it cannot be exported, what was written is not what was trained, or the
            packages are not installed.
        StorageError: the file cannot be written.
    """
    prepared = prepare_companion(loaded)
    exact = evaluation_copy(prepared.module, torch.float64)

    @torch.no_grad()
    def reference(features: NDArray[np.float64]) -> NDArray[np.float64]:
        return exact(torch.from_numpy(features)).numpy()

    return export_onnx(
        prepared.document, reference, Path(folder) / f"{loaded.name}.onnx", opset=opset
    )
