"""Training companion models: a recipe in, an output folder with trained models out.

OUT/recipe.toml                             every setting, resolved
OUT/run.json                                data, seeds, versions, command, results
OUT/split.json                              the pieces of each part, for each model
OUT/checkpoints/NAME_latest.pt, _best.pt    to go on from; of the lowest validation loss
OUT/history/NAME_history.json, .csv         each epoch
OUT/plots/NAME_loss.png, _metric.png        the curves
OUT/cards/NAME.md                           what the model is, learned from, and is worth
OUT/NAME.json                               the model as plugins load it, proven

An output folder holds one training of each model; models may be added to it one after the other.
The export comes last, when all models are trained: one that fails costs no training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.companion.cards import write_card
from chromasonic.companion.catalogue import COMPANIONS
from chromasonic.companion.companion import Companion
from chromasonic.companion.exporting import export_companion, record_export
from chromasonic.companion.materials import Material, prepare
from chromasonic.companion.models import TASK, describe, describe_features, load_companion
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.recipe import (
    CompanionRecipe,
    ModelRecipe,
    recipe_from,
    recipe_to_dict,
)
from chromasonic.data.progress import Progress
from chromasonic.errors import CheckpointError, UsageError
from chromasonic.export.exported import Exported
from chromasonic.training.device import choose_device
from chromasonic.training.distributed import Processes, joined
from chromasonic.training.examples import FEATURES, ExampleTask
from chromasonic.training.history import NATS, TrainingHistory
from chromasonic.training.holding import held
from chromasonic.training.loop import fit
from chromasonic.training.observers import Observer
from chromasonic.training.randomness import seeded
from chromasonic.training.run_directory import RunDirectory
from chromasonic.training.saving import SHARED, CheckpointFiles


@dataclass(frozen=True, kw_only=True)
class TrainedCompanion:
    """A companion model that a run trained.

    Attributes:
        name: of its files.
        network: with its best weights, in evaluation mode.
        history: of its training.
        checkpoint: its best one.
        data: what it learned from, as plain values (`Material.to_dict`).
        exported: its file for plugins; None until all models are trained, and in every process
            but the first.
    """

    name: str
    network: CompanionNetwork
    history: TrainingHistory
    checkpoint: Path
    data: dict[str, Any]
    exported: Exported | None = None

    def to_dict(self) -> dict[str, Any]:
        """What a run records of it."""
        best = self.history.best
        output = self.checkpoint.parents[1]
        where = CheckpointFiles(output, self.name, SHARED)
        kinds = ("best.pt", "latest.pt", "history.json", "history.csv", *SHARED.curves)
        return {
            "parameters": self.network.spec.parameters,
            "epochs": len(self.history),
            "end": self.history.end,
            "best_epoch": self.history.best_epoch,
            "best_val_loss": self.history.best_val_loss,
            "headline": self.history.headline,
            "validation": {name: m.value for name, m in best.val.items()} if best else {},
            "seconds": sum(epoch.seconds for epoch in self.history.epochs),
            "is_synthetic": self.data["is_synthetic"],
            "files": {what: str(where.path(what)) for what in kinds if where.path(what).exists()},
        }


@dataclass(frozen=True, kw_only=True)
class CompanionRun:
    """What `train_companions` made.

    Attributes:
        directory: where it lies.
        recipe: of the models that were asked for.
        models: by name.
    """

    directory: RunDirectory
    recipe: CompanionRecipe
    models: dict[str, TrainedCompanion]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "run": str(self.directory.path),
            "models": {
                name: {
                    **model.to_dict(),
                    "data": model.data,
                    "exported": model.exported.to_dict() if model.exported else None,
                }
                for name, model in self.models.items()
            },
        }


def train_companions(
    recipe: CompanionRecipe,
    output: files.PathLike,
    *,
    resume: bool = False,
    overwrite: bool = False,
    download: bool = False,
    observers: Sequence[Observer] = (),
    on_progress: Progress | None = None,
    on_data: Callable[[str, Material], None] = lambda *_: None,
) -> CompanionRun:
    """Train the models of a recipe one after the other, and export them: OUT/NAME.json.

    Args:
        recipe: data and settings of each model.
        output: the output folder.
        resume: go on with what lies there, exactly; models that are done are left as they are.
        overwrite: whether a model that lies there may be trained anew.
        download: whether the network may be asked for corpora.
        observers: hear how each training goes.
        on_progress: told how loading goes.
        on_data: told (name, material) before a model's training.

    Raises:
        UsageError: a model lies there already; or the settings are not those of the run to resume.
        CheckpointError: a checkpoint to go on from is damaged or does not fit.
        CorpusError: a corpus is half there, or is another than the run's.
        TrainingError: a training cannot go on.
        ExportError: a model was trained, but what was written is not what was trained.
        StorageError: the folder cannot be written.
    """
    run = RunDirectory(output)
    devices = [choose_device(part.training.device) for part in recipe.models.values()]
    go_on = f"chromasonic train companion --resume {run.path}"
    with (
        joined(devices[0]) as (processes, _),
        held(run.path, is_first=processes.is_first, go_on=go_on),
    ):
        if not resume and not overwrite:
            _refuse_to_overwrite(run, recipe)
        if processes.is_first:
            _begin(run, recipe, resume=resume)
        processes.wait()
        models: dict[str, TrainedCompanion] = {}
        finished_before = set()
        for name, part in recipe.models.items():
            done = _done(run, name, part) if resume else None
            finished_before |= {name} if done else set()
            models[name] = done or _train_one(
                COMPANIONS[name], part, run, processes,
                resume=resume, overwrite=overwrite, download=download, observers=observers,
                on_progress=on_progress, on_data=on_data,
            )  # fmt: skip
        if processes.is_first:
            models = {
                name: _exported(run, model, is_new=name not in finished_before)
                for name, model in models.items()
            }
        return CompanionRun(directory=run, recipe=recipe, models=models)


def resumed_recipe(output: files.PathLike) -> CompanionRecipe:
    """The recipe of a run that shall go on.

    Raises:
        CheckpointError: there is no run.
    """
    run = RunDirectory(output)
    run.facts()
    return recipe_from(run.recipe(), where=str(run.path / "recipe.toml"))


def _train_one(
    companion: Companion,
    part: ModelRecipe,
    run: RunDirectory,
    processes: Processes,
    *,
    resume: bool,
    overwrite: bool,
    download: bool,
    observers: Sequence[Observer],
    on_progress: Progress | None,
    on_data: Callable[[str, Material], None],
) -> TrainedCompanion:
    """Load a model's data, train it, and write its card."""
    name = companion.spec.name
    settings = part.data.for_batches(part.training.batch_size)
    material = prepare(companion, settings, download=download, on_progress=on_progress)
    if resume:
        _check_same_data(run, name, material)
    on_data(name, material)
    if processes.is_first:
        run.add_split(name, material.split)
        run.add_fact("data", name, material.to_dict())
    processes.wait()
    with seeded(part.training.seed):
        network = CompanionNetwork(companion.spec, dropout=part.dropout)
    history = fit(
        network,
        task_of(companion, material),
        part.training,
        folder=run.path,
        name=name,
        observers=observers,
        resume=resume,
        overwrite=overwrite,
        metadata=_metadata(companion, part, material),
        layout=SHARED,
    )
    trained = TrainedCompanion(
        name=name,
        network=network,
        history=history,
        checkpoint=CheckpointFiles(run.path, name, SHARED).path("best.pt"),
        data=material.to_dict(),
    )
    if processes.is_first:
        run.add_result(name, trained.to_dict())
        write_card(run, name)
    return trained


def _exported(run: RunDirectory, model: TrainedCompanion, *, is_new: bool) -> TrainedCompanion:
    """Export a model's best checkpoint; the card of one that was trained now says so."""
    for leftover in run.path.glob(f".{model.name}.json.*.tmp*"):  # of a process that was killed
        leftover.unlink(missing_ok=True)
    exported = export_companion(load_companion(model.checkpoint, model.name), run.path)
    record_export(run, exported)
    if is_new:
        write_card(run, model.name)
    return replace(model, exported=exported)


def task_of(companion: Companion, material: Material) -> ExampleTask:
    """What the training loop learns a model from."""
    return ExampleTask(
        train=material.data.train,
        validation=material.data.validation,
        loss_of=companion.loss,
        augment=None if material.synthetic else companion.augment,
        is_sequence=material.data.train.items[0][FEATURES].ndim == 2,
    )


def _metadata(companion: Companion, part: ModelRecipe, material: Material) -> dict[str, Any]:
    """What was trained on what, for the checkpoint."""
    spec = companion.spec
    gives_classes = spec.layers[-1].activation == "softmax"
    return {
        "task": TASK,
        "name": spec.name,
        "model": describe(spec, dropout=part.dropout),
        "vocabulary": describe_features(spec.name),
        "title": f"{spec.title}, {_learned_from(material)}",
        "headline": companion.headline,
        "loss_unit": companion.facts.get("loss_unit", NATS if gives_classes else "mean loss"),
        "data": material.to_dict(),
    }


def _learned_from(material: Material) -> str:
    names = [manifest.name for manifest in material.data.manifests]
    return "made-up examples" if material.synthetic else ", ".join(names)


def _begin(run: RunDirectory, recipe: CompanionRecipe, *, resume: bool) -> None:
    """Write what stands fixed; what the folder holds of other models stays."""
    values = recipe_to_dict(recipe)
    if not run.is_there:
        run.begin(recipe=values, facts={"task": TASK, "data": {}}, split={})
        return
    if run.facts().get("task") != TASK:
        raise UsageError(
            f"{run.path} holds a run of another task ({run.facts().get('task')}). "
            "Give another --output."
        )
    run.add_session()
    run.write_recipe({**run.recipe(), **values})
    if not resume:
        for name in recipe.models:  # no later resume shall take up what lay here before
            CheckpointFiles(run.path, name, SHARED).set_latest_aside()
            run.forget_result(name)


def _refuse_to_overwrite(run: RunDirectory, recipe: CompanionRecipe) -> None:
    there = [
        name
        for name in recipe.models
        if CheckpointFiles(run.path, name, SHARED).path("latest.pt").exists()
    ]
    if there:
        raise UsageError(
            f"{run.path} holds {', '.join(there)} already. Go on with the training (--resume), "
            "give another folder (--output), or let it be replaced (--overwrite)."
        )


def _done(run: RunDirectory, name: str, part: ModelRecipe) -> TrainedCompanion | None:
    """A model whose training came to its end, as it lies there; None where there is more to do."""
    facts = run.facts()
    result, data = facts.get("results", {}).get(name), facts.get("data", {}).get(name)
    where = CheckpointFiles(run.path, name, SHARED)
    if not result or not data or not where.path("best.pt").exists():
        return None
    history = TrainingHistory.load(where.path("history.json"))
    own = load_companion(where.path("best.pt"), name)
    waited = len(history) - history.best_epoch
    is_out_of_patience = history.end == "patience" and 0 < part.training.patience <= waited
    if len(history) < part.training.epochs and not is_out_of_patience:
        return None
    return TrainedCompanion(
        name=name, network=own.network, history=history, checkpoint=own.checkpoint, data=data
    )


def _check_same_data(run: RunDirectory, name: str, material: Material) -> None:
    """Refuse to go on with other data than the training began with.

    Raises:
        CheckpointError: the corpora or the division differ.
    """
    was, now = run.facts().get("data", {}).get(name), material.to_dict()
    if was is None:
        return
    changed = [
        f"{what} {before} -> {after}"
        for what, before, after in (
            ("made up", was["is_synthetic"], now["is_synthetic"]),
            ("corpora", _fingerprints(was), _fingerprints(now)),
            ("sizes", was["sizes"], now["sizes"]),
        )
        if before != after
    ]
    if not changed and run.split().get(name) not in (None, material.split):
        changed = ["which pieces are in which part"]
    if changed:
        raise CheckpointError(
            f"The data of {name} has changed since its training in {run.path} began "
            f"({'; '.join(changed)}), so it cannot go on exactly. Restore it, or begin anew in "
            "another --output."
        )


def _fingerprints(data: dict[str, Any]) -> dict[str, str]:
    return {corpus["name"]: corpus["fingerprint"][:12] for corpus in data["corpora"]}
