"""Trained companion models as files that a plugin loads: OUT/NAME.json, each proven."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor, nn

from chromasonic import files
from chromasonic.companion.features import INPUTS, OUTPUTS
from chromasonic.companion.models import (
    LoadedCompanion,
    checkpoint_folder,
    load_companion,
    names_of,
)
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.spec import SPECS
from chromasonic.errors import CheckpointError, UsageError
from chromasonic.export.exported import Exported
from chromasonic.export.exporting import Description, document_of, write_verified
from chromasonic.training.saving import SHARED

FORMATS = ("rtneural", "onnx", "modelt")
"""JSON for RTNeural and our own C++; ONNX; a C++ header for RTNeural's compile-time ModelT."""

CORPUS_FACTS = ("name", "title", "licence", "licence_url", "fingerprint")
"""What a file says of each corpus."""

MADE_UP = "trained on made-up examples: it shows that export works, and must not be shipped"
MAY_NOT_SHIP = "the licences of its corpora do not let its weights be shipped freely"


class Predicting(nn.Module):
    """What an exported model computes: a companion network with its last activation.

    Args:
        network: trained.
    """

    def __init__(self, network: CompanionNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: Tensor) -> Tensor:
        """(B, T, I) to (B, T, O)."""
        return self.network.activate(self.network(features))


def export_companions(
    run: files.PathLike,
    *,
    format: str = "rtneural",
    models: Sequence[str] | None = None,
    output: files.PathLike | None = None,
) -> tuple[Exported, ...]:
    """Export trained companion models, each from its best checkpoint.

    Args:
        run: an output folder of a training, its folder of checkpoints, or a checkpoint.
        format: rtneural, onnx or modelt.
        models: short or full names; without, all that are there.
        output: the folder for the files; without, the output folder of the training.

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
    return tuple(export_companion(companion, folder) for companion in loaded)


def output_folder(run: files.PathLike) -> Path:
    """Where exports go: the output folder that a run, its checkpoints or one of them lie in."""
    path = Path(run)
    folder = path if path.is_dir() else path.parent
    return folder.parent if folder.name == SHARED.checkpoints else folder


def export_companion(loaded: LoadedCompanion, folder: files.PathLike) -> Exported:
    """Write one model as FOLDER/NAME.json, proven.

    Raises:
        ExportError: it cannot be exported, or what was written is not what was trained.
        StorageError: the file cannot be written.
    """
    module = Predicting(loaded.network)
    document = document_of(module, loaded.spec, describe(loaded))
    return write_verified(Path(folder) / f"{loaded.name}.json", module, document)


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
        if path.suffix in (".json", ".onnx"):
            raise UsageError(
                f"{path} is an exported file; give what it comes from: an output folder, or a "
                "NAME_best.pt in its checkpoints. (chromasonic validate checks exported files.)"
            )
        if not path.exists():
            raise CheckpointError(
                f"There is no {path}. Give the output folder of 'chromasonic train companion', or "
                "a NAME_best.pt in its checkpoints."
            )
        return [(name, path) for name in wanted or (None,)]
    found: list[tuple[str | None, Path]] = []
    missing = []
    for name in wanted or tuple(SPECS):
        file = path / f"{name}_best.pt"
        if file.is_file():
            found.append((name, file))
        else:
            missing.append(file.name)
    if not found or (wanted is not None and missing):
        raise CheckpointError(
            f"There is no {' and no '.join(missing)} in {path}. Train first (chromasonic train "
            "companion), or give the folder that holds them."
        )
    return found


def describe(loaded: LoadedCompanion) -> Description:
    """What a file says of a model, from its checkpoint; no path of this machine."""
    data = loaded.info.get("data")
    data = data if isinstance(data, dict) else {}
    metrics = loaded.info.get("metrics")
    return Description(
        inputs=INPUTS[loaded.name],
        outputs=OUTPUTS[loaded.name],
        corpora=tuple(
            {key: str(corpus.get(key, "")) for key in CORPUS_FACTS}
            for corpus in data.get("corpora", ())
        ),
        is_synthetic=loaded.is_synthetic,
        training={"epoch": loaded.info.get("epoch"), "metrics": metrics},
    )
