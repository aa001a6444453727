"""A model judged piece by piece, whatever its task: what comparisons and gates begin with."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

from chromasonic import files
from chromasonic.data.progress import Progress
from chromasonic.errors import CheckpointError, UsageError
from chromasonic.evaluation.judged import Judged
from chromasonic.registry.reference import located
from chromasonic.tasks.table import TASKS
from chromasonic.training.run_directory import FACTS

PARTS = ("validation", "test")
MELODY_KINDS = ("lstm", "transformer", "markov")
"""As their checkpoints name themselves."""


def judge(
    model: files.PathLike,
    *,
    corpus: str | None = None,
    part: str = "validation",
    kind: str | None = None,
    data_dir: files.PathLike | None = None,
    device: str = "auto",
    on_progress: Progress | None = None,
) -> list[Judged]:
    """Judge what lies at a path, or is registered under a name, on every piece of a part.

    Args:
        model: a run directory, a checkpoint, a models directory, or NAME@VERSION.
        corpus: to judge it on; None takes the one that it was trained on, with its own split.
        part: "validation", or "test", which is opened by this.
        kind: of several models, this one alone (lstm, groove_predictor, advanced, ...).
        data_dir: where corpora lie, if not in the usual places.
        device: auto, cpu, cuda or mps.
        on_progress: told how it goes.

    Returns:
        One `Judged` for each model that is there.

    Raises:
        UsageError: no such part, or the corpus is not of this task.
        EvaluationError: the part is empty, or the model was trained on some of its pieces.
        CheckpointError: there is no model, or it is damaged.
        CorpusError: the corpus is not there.
        RegistryError: no such version.
    """
    if part not in PARTS:
        raise UsageError(f"The part is '{part}'; allowed: {', '.join(PARTS)}.")
    path = located(model)
    task = task_at(path)
    name = str(model)
    module = importlib.import_module(f"chromasonic.tasks.judging_{task}")
    found: list[Judged] = getattr(module, f"judge_{task}")(
        path, name, corpus=corpus, part=part, kind=kind, data_dir=data_dir, device=device,
        on_progress=on_progress,
    )  # fmt: skip
    return found


def task_at(path: files.PathLike) -> str:
    """The task of what lies at a path, told by its run or by its file.

    Raises:
        CheckpointError: nothing is there, or it is of no task.
    """
    path = Path(path)
    if not path.exists():
        raise CheckpointError(
            f"There is nothing at {path}. Give a run directory, a checkpoint, or NAME@VERSION of a "
            "registered model (chromasonic models list)."
        )
    from chromasonic.harmonization.models_directory import FILES

    names = {agent.model for agent in FILES.values()}
    if path.name in names or any((path / name).is_file() for name in names):
        return "harmonizer"
    task = "" if path.is_dir() else _task_of_checkpoint(path)
    for folder in () if task else (path, *path.absolute().parents[:2]):
        task = task or _task_of_run(folder)
    if task not in TASKS:
        raise CheckpointError(
            f"{path} holds no model of {', '.join(TASKS)}. Give a run directory, a models "
            "directory, a checkpoint, or NAME@VERSION."
        )
    return task


def _task_of_run(folder: Path) -> str:
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(facts.get("task", "")) if isinstance(facts, dict) else ""


def _task_of_checkpoint(file: Path) -> str:
    """By what the checkpoint says of its model."""
    from chromasonic.training.checkpoint import load_checkpoint

    config = load_checkpoint(file).get("config")
    if not isinstance(config, dict):
        return ""
    if config.get("task") in TASKS:
        return str(config["task"])
    model = config.get("model")
    is_melody = isinstance(model, dict) and model.get("kind") in MELODY_KINDS
    return "melody" if is_melody else ""
