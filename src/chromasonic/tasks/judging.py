"""A model judged piece by piece, whatever its task: what comparisons and gates begin with."""

from __future__ import annotations

import json
from pathlib import Path

from chromasonic import files
from chromasonic.data.progress import Progress
from chromasonic.errors import CheckpointError, UsageError
from chromasonic.evaluation.judged import Judged
from chromasonic.registry.reference import located
from chromasonic.training.run_directory import FACTS

PARTS = ("validation", "test")


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
    if task == "melody":
        from chromasonic.tasks.judging_melody import judge_melody

        return judge_melody(
            path, name, corpus=corpus, part=part, kind=kind, data_dir=data_dir, device=device,
            on_progress=on_progress,
        )  # fmt: skip
    raise UsageError(f"{model} is of the task {task}, which is not judged piece by piece yet.")


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
    for folder in (path, *path.absolute().parents[:2]):
        task = _task_of_run(folder)
        if task:
            return task
    raise CheckpointError(f"{path} holds no model of a task that is known here.")


def _task_of_run(folder: Path) -> str:
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(facts.get("task", "")) if isinstance(facts, dict) else ""
