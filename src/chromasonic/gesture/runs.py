"""Training a gesture model: a recipe in, a run directory out.

OUT/recipe.toml          every setting, resolved
OUT/run.json             data, seed, versions, command, results
OUT/split.json           the recordings of each part
OUT/best_model.pth       of the lowest validation loss
OUT/final_model.pth      of the last epoch
OUT/latest_model.pth     to go on from; every so many epochs also epoch_N_model.pth
OUT/gesture_history.json, gesture_history.csv, gesture_curves.png
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.data.corpus import Corpus
from chromasonic.data.progress import Progress
from chromasonic.errors import CheckpointError, UsageError
from chromasonic.gesture.models import LAYOUT, NAME, TASK, GestureModel, build, describe
from chromasonic.gesture.preparing import Prepared, movements_of, prepare
from chromasonic.gesture.recipe import GestureRecipe, recipe_from, recipe_to_dict
from chromasonic.gesture.task import GestureTask
from chromasonic.music.movement import Movement
from chromasonic.registry.lineage import began_from
from chromasonic.registry.reference import located
from chromasonic.training.device import choose_device
from chromasonic.training.distributed import joined
from chromasonic.training.history import TrainingHistory
from chromasonic.training.holding import held
from chromasonic.training.loop import fit
from chromasonic.training.observers import Observer
from chromasonic.training.parameters import parameter_count
from chromasonic.training.randomness import seeded
from chromasonic.training.run_directory import RunDirectory
from chromasonic.training.saving import CheckpointFiles
from chromasonic.training.state import find_checkpoint


@dataclass(frozen=True, kw_only=True)
class GestureRun:
    """What `train_gesture` made.

    Attributes:
        directory: where it lies.
        recipe: as resolved.
        data: what was learned from.
        model: with its best weights.
        history: of the training.
    """

    directory: RunDirectory
    recipe: GestureRecipe
    data: Prepared
    model: GestureModel
    history: TrainingHistory

    @property
    def checkpoint(self) -> Path:
        """Of the lowest validation loss."""
        return CheckpointFiles(self.directory.path, NAME, LAYOUT).path("best.pt")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        best = self.history.best
        where = CheckpointFiles(self.directory.path, NAME, LAYOUT)
        kinds = ("best.pt", "final.pt", "latest.pt", "history.json", "history.csv", "curves.png")
        network = self.model.network
        return {
            "run": str(self.directory.path),
            "data": self.data.to_dict(),
            "parameters": parameter_count(network),
            "state_dict": sum(tensor.numel() for tensor in network.state_dict().values()),
            "epochs": len(self.history),
            "end": self.history.end,
            "best_epoch": self.history.best_epoch,
            "best_val_loss": self.history.best_val_loss,
            "validation": {name: m.value for name, m in best.val.items()} if best else {},
            "seconds": sum(epoch.seconds for epoch in self.history.epochs),
            "files": {what: str(where.path(what)) for what in kinds if where.path(what).exists()},
        }


def train_gesture(
    recipe: GestureRecipe,
    output: files.PathLike,
    *,
    resume: bool = False,
    overwrite: bool = False,
    init_from: files.PathLike | None = None,
    download: bool = False,
    observers: Sequence[Observer] = (),
    on_progress: Progress | None = None,
    on_data: Callable[[Prepared], None] = lambda _: None,
) -> GestureRun:
    """Train a gesture model, and leave a run directory. The test part stays shut.

    Args:
        recipe: data, features, augmentation, sizes, settings.
        output: the run directory.
        resume: go on with the run that lies there, exactly.
        overwrite: whether a new run may take the place of one that lies there.
        init_from: a checkpoint, a run or NAME@VERSION whose weights to begin with.
        download: whether the network may be asked for the corpus.
        observers: hear how it goes.
        on_progress: told how loading goes.
        on_data: told what is learned from, before training.

    Raises:
        UsageError: a run lies there already, or is being trained there, or the settings are not
            those of the run to resume.
        CheckpointError: a checkpoint to go on from is damaged or does not fit.
        CorpusError: the corpus is not there, or is another than the run's.
        TrainingError: the training cannot go on.
        StorageError: the directory cannot be written.
    """
    run = RunDirectory(output)
    is_resumed = resume and run.is_there
    _check_free(run, may_be_there=is_resumed or overwrite)
    device = choose_device(recipe.training.device)
    go_on = f"chromasonic train gesture --resume {run.path}"
    with (
        joined(device) as (processes, _),
        held(run.path, is_first=processes.is_first, go_on=go_on),
    ):
        corpus = movements_of(recipe.data, download=download, on_progress=on_progress)
        recipe, data = _prepared(recipe, corpus)
        on_data(data)
        if is_resumed:
            _check_same_data(run, data)
        if processes.is_first:
            _begin(run, recipe, data, is_resumed=is_resumed, init_from=init_from)
        processes.wait()
        model = _new_model(recipe, data)
        history = fit(
            model.network,
            task_of(recipe, data),
            recipe.training,
            folder=run.path,
            name=NAME,
            observers=observers,
            resume=is_resumed,
            overwrite=overwrite,
            init_from=located(init_from) if init_from is not None else None,
            metadata=_metadata(model, recipe, data),
            layout=LAYOUT,
        )
        trained = GestureRun(directory=run, recipe=recipe, data=data, model=model, history=history)
        if processes.is_first:
            run.add_result(NAME, trained.to_dict())
        return trained


def _check_free(run: RunDirectory, *, may_be_there: bool) -> None:
    """Refuse a folder that another run keeps.

    Raises:
        UsageError: a run lies there and may not, or it is one of another task.
    """
    if run.is_there and not may_be_there:
        raise UsageError(
            f"There is a run in {run.path} already. Go on with it (--resume {run.path}), give "
            "another folder (--output), or let it be replaced (--overwrite)."
        )
    if run.is_there and run.facts().get("task") != TASK:
        raise UsageError(
            f"{run.path} holds a run of another task ({run.facts().get('task', 'melody')}). Give "
            "another --output."
        )


def _prepared(recipe: GestureRecipe, corpus: Corpus[Movement]) -> tuple[GestureRecipe, Prepared]:
    """The recipe with what the corpus settles, and the data as the recipe wants them."""
    recipe = replace(recipe, data=replace(recipe.data, dataset=_name_of(recipe, corpus.name)))
    # What answers while a movement goes on reads nothing from later frames.
    is_causal = recipe.network.causal or recipe.features.causal
    data = prepare(corpus, recipe.data, replace(recipe.features, causal=is_causal))
    return replace(recipe, features=data.reader.config), data


def _new_model(recipe: GestureRecipe, data: Prepared) -> GestureModel:
    """A model as the recipe wants it, of weights drawn by its seed."""
    with seeded(recipe.training.seed):
        network = build(recipe.network, data.skeleton, data.classes, data.reader.config)
    return GestureModel(
        network=network,
        classes=data.classes,
        skeleton=data.skeleton,
        reader=data.reader,
        motion=data.motion,
    )


def task_of(recipe: GestureRecipe, data: Prepared) -> GestureTask:
    """What the training loop learns from."""
    return GestureTask(
        train=data.train,
        validation=data.validation,
        reader=data.reader,
        class_count=len(data.classes),
        augmentation=recipe.augmentation,
        workers=min(recipe.data.workers, max(0, (os.cpu_count() or 1) - 2)),
    )


def resumed_recipe(path: files.PathLike) -> GestureRecipe:
    """The recipe of a run that shall go on.

    Raises:
        CheckpointError: there is no run.
    """
    run = RunDirectory(path)
    run.facts()
    return recipe_from(run.recipe(), where=str(run.path / "recipe.toml"))


def _name_of(recipe: GestureRecipe, corpus: str) -> str:
    """The corpus by its name in place of "auto"; a folder stays a folder."""
    return corpus if recipe.data.dataset == "auto" else recipe.data.dataset


def _metadata(model: GestureModel, recipe: GestureRecipe, data: Prepared) -> dict[str, Any]:
    """What was trained on what, for the checkpoint."""
    return {
        **describe(model),
        "title": f"Gesture network, {data.manifest.name}",
        "headline": "accuracy",
        "recipe": recipe_to_dict(recipe),
        "data": data.to_dict(),
    }


def _begin(
    run: RunDirectory,
    recipe: GestureRecipe,
    data: Prepared,
    *,
    is_resumed: bool,
    init_from: files.PathLike | None,
) -> None:
    """Write what stands fixed before the first epoch."""
    if is_resumed:
        run.add_session()
        run.write_recipe(recipe_to_dict(recipe))
        return
    division = data.division
    weights = {} if init_from is None else {NAME: find_checkpoint(located(init_from))}
    run.begin(
        recipe=recipe_to_dict(recipe),
        facts={
            "task": TASK,
            "data": data.to_dict(),
            "corpus": data.manifest.to_dict(),
            "remarks": list(data.remarks),
            "seed": recipe.training.seed,
            **began_from(init_from, weights),
        },
        split={
            "train": list(division.train),
            "validation": list(division.validation),
            "test": list(division.test),
        },
    )


def _check_same_data(run: RunDirectory, data: Prepared) -> None:
    """Refuse to go on with other data than the training began with.

    Raises:
        CheckpointError: the corpus or the division differ.
    """
    was, now = run.facts().get("data", {}), data.to_dict()
    changed = [
        f"{name} {was.get(name)} -> {now[name]}" for name in now if was.get(name) != now[name]
    ]
    if not changed and run.split().get("train") != list(data.division.train):
        changed = ["which recordings are in which part"]
    if changed:
        raise CheckpointError(
            f"The data has changed since the training in {run.path} began ({'; '.join(changed)}), "
            "so it cannot go on exactly. Restore it, or begin anew in another --output."
        )
