"""Trained models by the path at which a training left them, whatever the task."""

from __future__ import annotations

from pathlib import Path

from chromasonic.errors import CheckpointError
from chromasonic.files import PathLike
from chromasonic.registry.model import TrainedModel
from chromasonic.tasks.finding_runs import no_model
from chromasonic.training.run_directory import RunDirectory


def models_at(path: PathLike, *, kind: str | None = None) -> list[TrainedModel]:
    """The models at a path, each with its facts and files.

    A run of several companion models, and a models directory of several agents, come as a whole
    first (of the kind "all"), then one by one.

    Args:
        path: a run directory, a models directory of the harmonizer, or a single checkpoint.
        kind: this one alone, such as lstm, groove_predictor, hybrid, all.

    Raises:
        CheckpointError: there is no trained model, or none of that kind; or what is noted of it
            cannot be read.
    """
    path = Path(path)
    found = _at_file(path) if path.is_file() else _in_folder(path)
    if not found:
        raise no_model(path)
    if kind is None:
        return found
    own = [model for model in found if model.facts.kind == kind]
    if not own:
        raise CheckpointError(
            f"There is no model of the kind '{kind}' at {path}; there: "
            f"{', '.join(model.facts.kind for model in found)}. Name one of these."
        )
    return own


def _in_folder(path: Path) -> list[TrainedModel]:
    run = RunDirectory(path)
    if run.is_there:
        return _in_run(run)
    if path.is_dir():
        from chromasonic.tasks.finding_checkpoint import known_names
        from chromasonic.tasks.finding_harmonizer import models_in_directory

        # What came here as a checkpoint by itself, such as a version that was made of one.
        alone = [path / name for name in known_names() if (path / name).is_file()]
        return models_in_directory(path) or [one for file in alone for one in _at_file(file)]
    return []


def _in_run(run: RunDirectory) -> list[TrainedModel]:
    from chromasonic.tasks import finding_companion, finding_gesture, finding_melody

    facts = run.facts()
    pages = {
        "melody": finding_melody.models_in_run,
        "companion": finding_companion.models_in_run,
        "gesture": finding_gesture.models_in_run,
    }
    task = str(facts.get("task", ""))
    if task not in pages:
        raise CheckpointError(
            f"The run in {run.path} is of the task '{task}'; known: {', '.join(pages)}. It was "
            "made by another version of Chromasonic; use that one."
        )
    return pages[task](run, facts)


def _at_file(file: Path) -> list[TrainedModel]:
    from chromasonic.tasks.finding_checkpoint import lone_model, with_checkpoint

    for folder in file.absolute().parents[:2]:
        if RunDirectory(folder).is_there:
            own = with_checkpoint(_in_run(RunDirectory(folder)), file)
            return [own] if own is not None else []
    alone = lone_model(file)
    return [alone] if alone is not None else []
