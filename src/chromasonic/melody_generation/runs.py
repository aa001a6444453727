"""A whole melody training: a recipe in, a run directory with trained models out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from chromasonic import files
from chromasonic.data import CORPORA
from chromasonic.data.progress import Progress
from chromasonic.errors import CheckpointError, UsageError
from chromasonic.melody_generation.beginning import origins_of, weights_for
from chromasonic.melody_generation.data_loader import MelodyData as Streams
from chromasonic.melody_generation.data_loader import load_dataset
from chromasonic.melody_generation.markov import MarkovModel
from chromasonic.melody_generation.models import build_model
from chromasonic.melody_generation.recipe import (
    MarkovRecipe,
    MelodyData,
    MelodyRecipe,
    recipe_from,
    recipe_to_dict,
)
from chromasonic.melody_generation.task import MelodyTask
from chromasonic.melody_generation.tokens import VOCABULARY
from chromasonic.melody_generation.training import HEADLINE, describe_model
from chromasonic.training.device import choose_device
from chromasonic.training.diagnosis import (
    Reading,
    find_reference,
    load_references,
    read_counts,
    read_curves,
)
from chromasonic.training.distributed import Processes, joined
from chromasonic.training.fitting import fit_counts
from chromasonic.training.history import TrainingHistory
from chromasonic.training.holding import held
from chromasonic.training.loop import fit
from chromasonic.training.observers import Observer
from chromasonic.training.parameters import parameter_count
from chromasonic.training.randomness import seeded
from chromasonic.training.run_directory import RunDirectory
from chromasonic.training.saving import CheckpointFiles

REFERENCES = Path(__file__).with_name("reference_runs.json")
"""Recorded runs on known corpora, by which a reading says whether a result is normal."""


@dataclass(frozen=True, kw_only=True)
class TrainedMelodyModel:
    """A model that a run trained.

    Attributes:
        kind: lstm, transformer or markov.
        name: begins the names of its files.
        model: with its best weights, in evaluation mode.
        history: of its training; one epoch for the Markov model.
        reading: what its curves say.
        checkpoint: its best one.
    """

    kind: str
    name: str
    model: nn.Module
    history: TrainingHistory
    reading: Reading
    checkpoint: Path

    def to_dict(self) -> dict[str, Any]:
        """What a run records of it."""
        best = self.history.best
        files_there = {
            what: self.checkpoint.with_name(f"{self.name}_{ending}")
            for what, ending in (
                ("best", "best.pt"), ("final", "final.pt"), ("history", "history.json"),
                ("table", "history.csv"), ("curves", "curves.png"),
            )
        }  # fmt: skip
        return {
            "kind": self.kind,
            "parameters": parameter_count(self.model),
            "epochs": len(self.history),
            "end": self.history.end,
            "best_epoch": self.history.best_epoch,
            "best_val_loss": self.history.best_val_loss,
            "validation": {name: m.value for name, m in best.val.items()} if best else {},
            "padding_share": best.padding_share if best else 0.0,
            "seconds": sum(epoch.seconds for epoch in self.history.epochs),
            "reading": self.reading.to_dict()["findings"],
            "files": {what: str(path) for what, path in files_there.items() if path.exists()},
        }


@dataclass(frozen=True, kw_only=True)
class MelodyRun:
    """What `train_melody` made.

    Attributes:
        directory: where it lies.
        recipe: as resolved: the corpus by its name.
        data: the token streams of all parts.
        models: by kind.
    """

    directory: RunDirectory
    recipe: MelodyRecipe
    data: Streams
    models: dict[str, TrainedMelodyModel]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "run": str(self.directory.path),
            "dataset": self.data.manifest.name,
            "remarks": list(self.data.manifest.remarks),
            "sizes": self.data.sizes,
            "skipped": self.data.skipped,
            "models": {kind: model.to_dict() for kind, model in self.models.items()},
        }


def load_streams(
    data: MelodyData, *, split_file: Path | None = None, on_progress: Progress | None = None
) -> Streams:
    """The token streams that a recipe's data table asks for.

    Args:
        data: the table.
        split_file: in place of the table's own.
        on_progress: told how long loading goes on.
    """
    facts = CORPORA.get(data.dataset)
    is_made = facts is not None and facts.kind == "generated"
    return load_dataset(
        data.dataset,
        num_sequences=(data.num_sequences or None) if is_made else None,
        min_melody_length=data.min_melody_length,
        max_melody_length=data.max_melody_length or None,
        expand_repeats=data.expand_repeats,
        data_dir=data.data_dir or None,
        split_file=split_file or data.split_file or None,
        without_copies_of=data.without_copies_of or None,
        seed=data.seed,
        on_progress=on_progress,
    )


def train_melody(
    recipe: MelodyRecipe,
    output: files.PathLike,
    *,
    resume: bool = False,
    init_from: files.PathLike | None = None,
    overwrite: bool = False,
    observers: Sequence[Observer] = (),
    on_progress: Progress | None = None,
    on_data: Callable[[Streams], None] = lambda _: None,
) -> MelodyRun:
    """Train the models of a recipe one after the other, and leave a run directory.

    Args:
        recipe: data, models, settings.
        output: the run directory.
        resume: go on with the run that lies there, exactly; where none does, begin.
        init_from: a checkpoint, a run or NAME@VERSION whose weights to begin with.
        overwrite: whether a new run may take the place of one that lies there.
        observers: hear how each training goes.
        on_progress: told how long loading goes on.
        on_data: told what was loaded, before training.

    Raises:
        UsageError: a run lies there already, or is being trained there; or the recipe is not that
            of the run to resume.
        CheckpointError: a checkpoint to go on from is damaged or does not fit.
        CorpusError: the corpus is not there, or is another than the run's.
        TrainingError: a training cannot go on.
        StorageError: the directory cannot be written.
    """
    run = RunDirectory(output)
    device = choose_device(_common_device(recipe))
    go_on = f"chromasonic train melody --resume {run.path}"
    with (
        joined(device) as (processes, _),
        held(run.path, is_first=processes.is_first, go_on=go_on),
    ):
        is_resumed = resume and run.is_there
        if is_resumed:
            recipe = _recipe_to_resume(recipe, run)
        elif run.is_there and not overwrite:
            raise UsageError(
                f"There is a run in {run.path} already. Go on with it (--resume), give another "
                "folder (--output), or let it be replaced (--overwrite)."
            )
        split_file = run.path / "split.json" if is_resumed else None
        data = load_streams(recipe.data, split_file=split_file, on_progress=on_progress)
        # "auto" by its name; a prepared corpus stays the folder that it is.
        recipe = replace(recipe, data=replace(recipe.data, dataset=data.options["corpus"]))
        on_data(data)
        if is_resumed:
            _check_corpus(run, data)
        processes.wait()
        if processes.is_first:
            _begin(run, recipe, data, is_resumed=is_resumed, init_from=init_from)
        models = {}
        for kind in recipe.models:
            models[kind] = _train_one(
                kind, recipe, data, run, processes,
                resume=is_resumed, overwrite=overwrite, init_from=init_from, observers=observers,
            )  # fmt: skip
            if processes.is_first:
                run.add_result(kind, models[kind].to_dict())
        return MelodyRun(directory=run, recipe=recipe, data=data, models=models)


def resumed_recipe(path: files.PathLike) -> MelodyRecipe:
    """The recipe of a run that shall go on.

    Raises:
        CheckpointError: there is no run.
    """
    run = RunDirectory(path)
    run.facts()
    return recipe_from(run.recipe(), where=str(run.path / "recipe.toml"))


def _train_one(
    kind: str,
    recipe: MelodyRecipe,
    data: Streams,
    run: RunDirectory,
    processes: Processes,
    *,
    resume: bool,
    overwrite: bool,
    init_from: files.PathLike | None,
    observers: Sequence[Observer],
) -> TrainedMelodyModel:
    """Train or fit one model."""
    part = recipe.models[kind]
    model: nn.Module
    name, folder = f"melody_{kind}", run.checkpoints(kind)
    if isinstance(part, MarkovRecipe):
        model = markov = MarkovModel(part.model)
        # Whole tunes, so that each is counted once, from its beginning.
        task = MelodyTask(data.train, data.validation, window=2**30, transpose=False)
        history = fit_counts(
            model,
            lambda: markov.fit(data.train),
            task,
            folder=folder if processes.is_first else None,
            name=name,
            metadata=_metadata(name, model, recipe, data),
            observers=observers if processes.is_first else (),
        )
    else:
        window, transpose = recipe.data.window, recipe.data.transpose
        with seeded(part.training.seed):
            model = build_model(kind, recipe_to_dict(recipe)[kind]["model"])
        history = fit(
            model,
            MelodyTask(data.train, data.validation, window=window, transpose=transpose),
            part.training,
            folder=folder,
            name=name,
            observers=observers,
            resume=resume,
            overwrite=overwrite,
            init_from=weights_for(kind, init_from),
            metadata=_metadata(name, model, recipe, data),
        )
    read = read_counts if isinstance(part, MarkovRecipe) else read_curves
    reference = find_reference(
        load_references(REFERENCES),
        corpus=data.manifest.name,
        fingerprint=data.manifest.fingerprint,
        model=kind,
    )
    return TrainedMelodyModel(
        kind=kind,
        name=name,
        model=model,
        history=history,
        reading=read(history, reference=reference),
        checkpoint=folder / f"{name}_best.pt",
    )


def _metadata(name: str, model: nn.Module, recipe: MelodyRecipe, data: Streams) -> dict[str, Any]:
    """What was trained on what, for the checkpoint."""
    manifest = data.manifest
    return {
        "task": "melody",
        "name": name,
        "model": describe_model(model),
        "vocabulary": VOCABULARY.signature,
        "headline": HEADLINE,
        "data": recipe_to_dict(recipe)["data"],
        "corpus": {
            "name": manifest.name,
            "title": manifest.title,
            "fingerprint": manifest.fingerprint,
            "licence": manifest.licence,
            "citation": manifest.citation,
            "weights_may_ship": manifest.weights_may_ship,
            "sizes": data.sizes,
        },
    }


def _begin(
    run: RunDirectory,
    recipe: MelodyRecipe,
    data: Streams,
    *,
    is_resumed: bool,
    init_from: files.PathLike | None,
) -> None:
    """Write what stands fixed, or note that the run goes on."""
    if is_resumed:
        run.add_session()
        return
    origins = origins_of(recipe, init_from)
    for kind in recipe.models:  # no later resume shall take up what lay here before
        CheckpointFiles(run.checkpoints(kind), f"melody_{kind}").set_latest_aside()
    run.begin(
        recipe=recipe_to_dict(recipe),
        split=data.split.to_dict(),
        facts={
            "task": "melody",
            "corpus": data.to_dict(),
            "vocabulary": VOCABULARY.signature,
            "seed": recipe.data.seed,
            "models": list(recipe.models),
            **origins,
        },
    )


def _recipe_to_resume(recipe: MelodyRecipe, run: RunDirectory) -> MelodyRecipe:
    """The run's own recipe with the few settings that may change.

    Raises:
        UsageError: the data or the models differ.
    """
    own = resumed_recipe(run.path)
    asked = replace(recipe.data, dataset=own.data.dataset, data_dir=own.data.data_dir)
    if recipe.data.dataset not in ("auto", own.data.dataset) or asked != own.data:
        raise UsageError(
            f"The run in {run.path} is of other data ({own.data}; asked for {recipe.data}). "
            "Resume it as it was, or give another --output."
        )
    if list(recipe.models) != list(own.models):
        raise UsageError(
            f"The run in {run.path} is of {', '.join(own.models)}, not of "
            f"{', '.join(recipe.models)}. Resume it as it was, or give another --output."
        )
    return replace(recipe, data=own.data)


def _check_corpus(run: RunDirectory, data: Streams) -> None:
    was = run.facts().get("corpus", {}).get("manifest", {}).get("fingerprint")
    if was != data.manifest.fingerprint:
        raise CheckpointError(
            f"The corpus {data.manifest.name} has changed since the run in {run.path} began "
            f"(fingerprint {str(was)[:12]}, now {data.manifest.fingerprint[:12]}), so it cannot go "
            "on exactly. Restore the corpus, or begin a new run with --init-from."
        )


def _common_device(recipe: MelodyRecipe) -> str:
    """The device of the networks; the Markov model counts on the CPU."""
    devices = [part.training.device for part in (recipe.lstm, recipe.transformer) if part]
    return devices[0] if devices else "cpu"
