"""Options and steps that the commands of `chromasonic gesture` share: model, recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chromasonic.errors import FormatError, UsageError
from chromasonic.registry.reference import located
from chromasonic.registry.shipped import default_model

if TYPE_CHECKING:
    from chromasonic.gesture.models import GestureModel
    from chromasonic.gesture.spotting_config import SpottingConfig
    from chromasonic.music.movement import Movement

STREAM = "-"
"""In place of a recording: standard input."""

Model = Annotated[
    Path | None,
    typer.Option(
        "--model",
        "-m",
        metavar="RUN_OR_CHECKPOINT",
        help="A gesture training's folder, a .pth of it, or NAME@VERSION. Left out: the one that "
        "ships (hands).",
        show_default=False,
    ),
]
Nodes = Annotated[
    list[str] | None,
    typer.Option(
        "--nodes",
        metavar="RECORDING=MODEL",
        help="A landmark's name in the recording and in the model, where they differ; repeat it.",
    ),
]
Rate = Annotated[
    float | None,
    typer.Option(help="Frames a second, where the recording does not say; of --stream the pace."),
]
Performer = Annotated[
    str | None,
    typer.Option(help="Who moves, for a model that knows its performers.", show_default=False),
]
Calibration = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Recordings of whoever moves, of anything: the model gets to know their hands.",
    ),
]
Certainty = Annotated[
    float | None,
    typer.Option(help="From where on a gesture in a long recording is believed, 0 to 1; else 0.6."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def spotting_config(certainty: float | None) -> SpottingConfig:
    """When a movement counts, with the certainty that was asked for."""
    from chromasonic.gesture.spotting_config import SpottingConfig

    default = SpottingConfig()
    if certainty is None:
        return default
    return SpottingConfig(
        certainty=certainty,
        release=max(0.0, min(1.0, certainty)) * default.release / default.certainty,
    )


def files_of(recordings: list[str]) -> list[Path]:
    """The files that are meant; folders stand for what is in them.

    Raises:
        UsageError: the only one that is named is not there, or a folder has nothing to read.
    """
    from chromasonic.formats.movements import READABLE as ENDINGS

    found: list[Path] = []
    for name in recordings:
        path = Path(name)
        if path.is_dir():
            inside = sorted(
                file
                for file in path.rglob("*")
                if file.suffix.lower() in ENDINGS and file.is_file()
            )
            if not inside:
                raise UsageError(
                    f"{path} has no recording in it. Endings that are read: {' '.join(ENDINGS)}."
                )
            found += inside
        elif path.is_file() or len(recordings) > 1:  # of several each is told by itself
            found.append(path)
        else:
            raise UsageError(f"There is no recording at {path}.")
    return found


def model_of(
    path: Path | None,
    calibration: Path | None,
    performer: str | None,
    rate: float | None,
    nodes: list[str] | None,
) -> GestureModel:
    """The model, acquainted with whoever moves; the one that ships where none is named."""
    path = default_model("gesture").folder if path is None else located(path, of="gesture")
    if not path.exists():
        raise UsageError(f"There is no model at {path}. {_instead_of(path)}")
    if path.is_dir() and not any(path.glob("*.pth")):
        runs = sorted({str(one.parent) for one in path.glob("*/*_model.pth")})[:5]
        there = f"runs in it: {', '.join(runs)}" if runs else "nor a run in it"
        raise UsageError(f"{path} is no gesture training's folder: it has no .pth; {there}.")
    from chromasonic.gesture.models import load_gesture

    loaded = load_gesture(path)
    if calibration is None:
        if performer is not None and performer not in loaded.reader.performers:
            known = ", ".join(sorted(loaded.reader.performers)) or "none: it needs none"
            raise UsageError(
                f"The model knows no performer '{performer}'; it knows {known}. Give recordings of "
                "theirs with --calibration."
            )
        return loaded
    recordings = [
        read_recording(file, loaded, nodes, rate, performer)
        for file in files_of([str(calibration)])
    ]
    return loaded.with_performers(recordings)


def _instead_of(path: Path) -> str:
    """What to do where there is no model."""
    folder = path.parent if path.suffix == ".pth" else path
    if folder.is_dir() and folder != path:
        there = sorted(one.name for one in folder.glob("*.pth"))
        return f"In {folder} there is: {', '.join(there) or 'no .pth'}."
    return f"Train one: 'chromasonic train gesture --output {folder}'."


def names_for(nodes: list[str] | None, model: GestureModel) -> dict[str, str]:
    """What --nodes says, for a stream: a landmark's name in it, and in the model.

    Raises:
        UsageError: one is no pair, or the model has no such landmark.
    """
    from chromasonic.gesture.matching import check_names, parse_names

    names = parse_names(nodes or [])
    check_names(names, model.skeleton)
    return names


def read_recording(
    path: Path,
    model: GestureModel,
    nodes: list[str] | None,
    rate: float | None,
    performer: str | None,
) -> Movement:
    """A recording on the model's skeleton."""
    from dataclasses import replace

    from chromasonic.gesture.matching import parse_names, read_for

    if not path.is_file():
        raise FormatError(f"There is no recording at {path}.")
    names = parse_names(nodes or [])
    movement = read_for(path, model.skeleton, names=names, rate_hz=rate)
    return replace(movement, performer=performer or "")
