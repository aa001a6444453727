"""Which runs are judged together: folds and seeds of one training, told by their own files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chromasonic import files
from chromasonic.errors import CheckpointError, EvaluationError
from chromasonic.gesture.recipe import GestureRecipe, recipe_from, recipe_to_dict
from chromasonic.registry.reference import located
from chromasonic.training.run_directory import FACTS, RunDirectory

Which = Literal["best", "final"]

TASK = "gesture"
WHOLE = "test"
"""Name of the one fold where no performer is left out."""

FREE = (
    "output",
    "data.performer",
    "data.validation_performer",
    "data.data_dir",
    "data.workers",
    "training.seed",
    "training.device",
    "training.checkpoint_every",
)
"""Settings in which runs of one training may differ."""


@dataclass(frozen=True, kw_only=True)
class JudgedRun:
    """A run as it says of itself.

    Attributes:
        path: of its folder.
        checkpoint: what is judged.
        recipe: all settings.
        data: name, fingerprint and sizes of what it learned from.
        split: ids of the three parts.
        facts: all of run.json.
    """

    path: Path
    checkpoint: Path
    recipe: GestureRecipe
    data: Mapping[str, Any]
    split: Mapping[str, Sequence[str]]
    facts: Mapping[str, Any]

    @property
    def fold(self) -> str:
        """The performer who was left out; "test" where nobody was."""
        return self.recipe.data.performer or WHOLE

    @property
    def seed(self) -> int:
        """Of the training."""
        return self.recipe.training.seed

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that runs of one training share, by dotted names."""
        flat = flat_settings(recipe_to_dict(self.recipe))
        chooser = "another performer" if self.recipe.data.validation_performer else "drawn"
        kept = {name: value for name, value in flat.items() if name not in FREE}
        return {**kept, "data.validation_performer": chooser}


def gather(paths: Sequence[files.PathLike], *, which: Which = "best") -> dict[str, list[JudgedRun]]:
    """Runs by fold, each fold's by seed.

    Args:
        paths: run directories, checkpoints in them, folders of run directories, NAME@VERSION.
        which: checkpoint counts where a path names none: the best one by the validation part, or
            the last epoch's.

    Returns:
        Name of the fold to its runs, both sorted.

    Raises:
        CheckpointError: a path is or holds no finished gesture run.
        EvaluationError: the runs do not belong together: another corpus, another protocol or
            another setting, which is named; or one stands there twice.
    """
    runs = [run for path in paths for run in _runs_at(located(path), which)]
    if not runs:
        raise CheckpointError("No run was given. Give what 'chromasonic train gesture' wrote.")
    first = runs[0]
    places: dict[tuple[str, int], JudgedRun] = {}
    folds: dict[str, list[JudgedRun]] = {}
    for run in runs:
        _check_alike(first, run)
        same = places.setdefault((run.fold, run.seed), run)
        if same is not run:
            raise EvaluationError(
                f"{same.path} and {run.path} are the same training (fold {run.fold}, seed "
                f"{run.seed}): one of them would count twice. Leave one out."
            )
        if run.fold in folds and run.split["test"] != folds[run.fold][0].split["test"]:
            raise EvaluationError(
                f"{folds[run.fold][0].path} and {run.path} have different test parts; only runs "
                "with the same one can be averaged. Judge them one by one."
            )
        folds.setdefault(run.fold, []).append(run)
    return {name: sorted(folds[name], key=lambda run: run.seed) for name in sorted(folds)}


def _runs_at(path: Path, which: Which) -> list[JudgedRun]:
    """The run at a path, or all in its sub-folders."""
    if path.is_file():
        return [read_run(path.parent, path)]
    if (path / FACTS).is_file():
        return [read_run(path, which=which)]
    folders = sorted(facts.parent for facts in path.glob(f"**/{FACTS}"))
    if not folders:
        raise CheckpointError(
            f"There is no run in {path}. Give a run directory of 'chromasonic train gesture', its "
            "best_model.pth, or a folder of run directories."
        )
    return [read_run(folder, which=which) for folder in folders]


def read_run(folder: Path, checkpoint: Path | None = None, *, which: Which = "best") -> JudgedRun:
    """A run by what its folder says.

    Args:
        folder: the run directory.
        checkpoint: one of its checkpoints that is asked for; None takes its `which`.
        which: "best" or "final".

    Raises:
        CheckpointError: there is no gesture run, or it is not finished.
    """
    run = RunDirectory(folder)
    facts, split = run.facts(), run.split()
    if facts.get("task") != TASK:
        raise CheckpointError(
            f"{folder} holds a run of another task ({facts.get('task') or 'unknown'}), not of "
            "gesture. Give a run of 'chromasonic train gesture'."
        )
    parts = ("train", "validation", "test")
    if not isinstance(facts.get("data"), dict) or any(
        not isinstance(split.get(part), list) for part in parts
    ):
        raise CheckpointError(f"{folder} does not say what it learned from; train it anew.")
    if checkpoint is None and TASK not in facts.get("results", {}):
        raise CheckpointError(
            f"The run in {folder} is not finished: go on with it first (chromasonic train gesture "
            f"--resume {folder}), or name a checkpoint of it."
        )
    return JudgedRun(
        path=folder,
        checkpoint=checkpoint or folder / f"{which}_model.pth",
        recipe=recipe_from(run.recipe(), where=str(folder / "recipe.toml")),
        data=facts["data"],
        split={part: tuple(map(str, split[part])) for part in parts},
        facts=facts,
    )


def _check_alike(first: JudgedRun, run: JudgedRun) -> None:
    """Refuse a run of another training than the first's."""
    ours: dict[str, Any] = {"corpus": first.data.get("dataset"), **first.settings}
    theirs: dict[str, Any] = {"corpus": run.data.get("dataset"), **run.settings}
    if first.data.get("fingerprint") != run.data.get("fingerprint"):
        ours["corpus's content"] = str(first.data.get("fingerprint"))[:12]
        theirs["corpus's content"] = str(run.data.get("fingerprint"))[:12]
    wrong = [
        f"{name} {ours.get(name)} against {theirs.get(name)}"
        for name in dict.fromkeys([*ours, *theirs])
        if ours.get(name) != theirs.get(name)
    ]
    if wrong:
        more = f", and {len(wrong) - 4} more" if len(wrong) > 4 else ""
        raise EvaluationError(
            f"{first.path} and {run.path} are runs of different trainings: "
            f"{'; '.join(wrong[:4])}{more}. Only folds and seeds of one are judged together; judge "
            "these one by one."
        )


def flat_settings(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted names."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= flat_settings(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
