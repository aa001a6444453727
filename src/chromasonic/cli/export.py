"""`chromasonic export`: trained models as files for plugins, each proven to compute the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chromasonic.errors import ExportError, UsageError
from chromasonic.files import json_text
from chromasonic.registry.reference import is_version_folder, located

if TYPE_CHECKING:
    from chromasonic.export.exported import Exported

FORMATS = ("rtneural", "onnx", "modelt")


def export(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="An output folder, its folder of checkpoints, a checkpoint, or NAME@VERSION.",
        ),
    ],
    format: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            help="rtneural (NAME.json), onnx (NAME.onnx), or modelt (NAME_model.hpp, the type that "
            "RTNeural compiles). Melody models: onnx. Gestures: onnx; causal ones all three.",
        ),
    ] = "rtneural",
    models: Annotated[
        str | None,
        typer.Option(
            help="emotion, melody, harmony, dynamics, groove with commas (of a melody run: lstm, "
            "transformer); those there if not.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="A folder for the files; the output folder (of NAME@VERSION: this one) if not.",
        ),
    ] = None,
    opset: Annotated[
        int | None,
        typer.Option(
            help="ONNX's operator set, for older runtimes.", show_default="the newest known here"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write trained models as files that plugins load.

    Each file is read again and compared with the trained model in 64-bit floats, over many steps
    and a reset; it appears only if it computes the same.

    Examples:

    \b
      chromasonic export runs/companion
      chromasonic export runs/companion --models groove,dynamics --output plugin/models
      chromasonic export runs/companion/checkpoints/groove_predictor_best.pt --format onnx
      chromasonic export runs/companion --format modelt --output plugin/include
      chromasonic export runs/first --format onnx --opset 18
      chromasonic export runs/gesture --format onnx
      chromasonic export folk@champion --format onnx --output plugin/models
    """
    if format not in FORMATS:
        raise UsageError(f"--format is '{format}'; allowed: {', '.join(FORMATS)}.")
    if opset is not None and format != "onnx":
        raise UsageError(f"--opset is of --format onnx; it says nothing of {format}.")
    run = located(run)
    if is_gesture_run(run):
        exported = _export_gesture(run, format, models, output, opset)
    elif is_melody_run(run):
        exported = _export_melody(run, format, models, output, opset)
    else:
        exported = _export_companions(run, format, models, output, opset)
    print_exported(exported, as_json=as_json)


def is_melody_run(path: Path) -> bool:
    """Whether a path is a run directory of melody models, a folder of their checkpoints, or one.

    Raises:
        CheckpointError: it is a checkpoint, but damaged.
    """
    if path.is_dir():
        name = path.resolve().name
        there = (*path.glob("melody_*.pt"), *path.glob("*_checkpoints/melody_*.pt"))
        return name.endswith("_checkpoints") or bool(there)
    if path.suffix != ".pt" or not path.is_file():
        return False
    from chromasonic.training.checkpoint import load_checkpoint

    config = load_checkpoint(path).get("config")
    return isinstance(config, dict) and config.get("task") == "melody"


def is_gesture_run(path: Path) -> bool:
    """Whether a path is a run directory of a gesture model, or a checkpoint of one.

    Raises:
        CheckpointError: it is a checkpoint, but damaged.
    """
    if path.is_dir():
        return any((path / f"{what}_model.pth").is_file() for what in ("best", "final"))
    if path.suffix not in (".pt", ".pth") or not path.is_file():
        return False
    from chromasonic.training.checkpoint import load_checkpoint

    config = load_checkpoint(path).get("config")
    return isinstance(config, dict) and config.get("task") == "gesture"


LACKS = {
    "lstm": "Embedding (LSTM)",
    "transformer": "Embedding, attention or LayerNorm (Transformer)",
}
"""What RTNeural has no layer for, by kind of melody model."""


def melody_kinds(path: Path) -> set[str]:
    """The kinds of melody models in what `is_melody_run` found to be one: lstm, markov, ..."""
    if path.is_dir():
        files = [*path.glob("melody_*_best.pt"), *path.glob("*_checkpoints/melody_*_best.pt")]
        return {file.name.split("_")[1] for file in files}
    from chromasonic.training.checkpoint import load_checkpoint

    model = load_checkpoint(path)["config"].get("model")
    return {str(model.get("kind"))} if isinstance(model, dict) else set()


def _export_companions(
    run: Path, format: str, models: str | None, output: Path | None, opset: int | None
) -> tuple[Exported, ...]:
    from chromasonic.companion.exporting import export_companions
    from chromasonic.companion.models import names_of

    names = None if models is None else names_of(models)
    exported = export_companions(run, format=format, models=names, output=output, opset=opset)
    missing = [name for name in names_of("all") if name not in {one.name for one in exported}]
    if names is None and run.is_dir() and missing and not is_version_folder(run):
        typer.echo(f"Not trained here: {', '.join(missing)}.", err=True)
    return exported


def _export_melody(
    run: Path, format: str, models: str | None, output: Path | None, opset: int | None
) -> tuple[Exported, ...]:
    there = melody_kinds(run)
    if there == {"markov"}:
        raise ExportError(
            f"{run} holds a Markov model: it counts what it has read and is no network, so no "
            "format here can hold it. Train one that can be exported: chromasonic train melody "
            "--model lstm (or transformer)."
        )
    if format != "onnx":
        lacks = [lack for kind, lack in LACKS.items() if kind in there or not there & LACKS.keys()]
        raise UsageError(
            f"{run} holds melody models, and --format {format} cannot express them: RTNeural has "
            f"no {'; no '.join(lacks)}. Give --format onnx."
        )
    from chromasonic.melody_generation.exporting import export_melody

    kinds = None if models is None else [word.strip() for word in models.split(",")]
    return export_melody(run, models=kinds, output=output, opset=opset)


def _export_gesture(
    run: Path, format: str, models: str | None, output: Path | None, opset: int | None
) -> tuple[Exported, ...]:
    if models is not None:
        raise UsageError(
            f"--models is '{models}', and {run} holds one gesture model. Leave the option out."
        )
    from chromasonic.gesture.exporting import export_gesture

    return (export_gesture(run, format=format, output=output, opset=opset),)


def print_exported(exported: tuple[Exported, ...], *, as_json: bool) -> None:
    """What was written, and on stderr what a user must know of it."""
    from rich.console import Console
    from rich.table import Table

    if as_json:
        typer.echo(json_text({"exported": [one.to_dict() for one in exported]}))
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("FILE", "BYTES", "NUMBERS", "LARGEST DIFFERENCE"):
            table.add_column(heading, justify="left" if heading == "FILE" else "right",
                             no_wrap=heading != "FILE", overflow="fold")  # fmt: skip
        for one in exported:
            table.add_row(
                str(one.path),
                f"{one.size_bytes:,}",
                f"{one.parameters:,}",
                f"{one.largest_difference:.1e} in {one.steps:,} steps"
                if one.steps
                else "type alone",
            )
        Console(width=None if Console().is_terminal else 160, highlight=False).print(table)
    for line in warning_lines(exported):
        typer.echo(line, err=True)


def warning_lines(exported: tuple[Exported, ...]) -> list[str]:
    """The remarks, each said once for all models that it is about."""
    names: dict[str, list[str]] = {}
    for one in exported:
        for remark in one.remarks:
            names.setdefault(remark, []).append(one.name)
    return [f"Warning: {', '.join(about)}: {remark}." for remark, about in names.items()]
