"""Training companion models from Python: `train_all_models`, and one function for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.companion.catalogue import COMPANIONS
from chromasonic.companion.recipe import (
    DataSettings,
    default_recipe,
    with_models,
    with_settings,
)
from chromasonic.companion.runs import (
    CompanionRun,
    TrainedCompanion,
    resumed_recipe,
    train_companions,
)
from chromasonic.errors import UsageError
from chromasonic.training.config import TrainingConfig
from chromasonic.training.observers import Observer
from chromasonic.training.run_directory import RunDirectory


def train_all_models(
    output: files.PathLike,
    epochs: int | None = None,
    validation_split: float | None = None,
    early_stopping_patience: int | None = None,
    device: str | None = None,
    *,
    models: Sequence[str] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    observers: Sequence[Observer] = (),
    **settings: Any,
) -> CompanionRun:
    """Train all five companion models, and export them: OUTPUT/NAME.json, as plugins load them.

    What is left out is each model's own setting.

    Args:
        output: the output folder.
        epochs: passes over the training part at most.
        validation_split: re-splits train and validation by work; None keeps the corpora's split.
        early_stopping_patience: epochs without improvement before a training stops; 0 never.
        device: auto, cpu, cuda, cuda:N or mps.
        models: which of them; None is all five, or with `resume` those of the run.
        resume: go on with what lies there, exactly.
        overwrite: train anew what lies there.
        observers: hear how each training goes.
        settings: further fields of `DataSettings` (data_dir, synthetic, seed, ...) and
            `TrainingConfig` (batch_size, learning_rate, ...).
    """
    if resume and RunDirectory(output).is_there:
        recipe = resumed_recipe(output)
        recipe = recipe if models is None else with_models(recipe, models)
    else:
        recipe = default_recipe(tuple(COMPANIONS) if models is None else models)
    named = {
        "epochs": epochs,
        "validation_split": validation_split,
        "patience": early_stopping_patience,
        "device": device,
        **settings,
    }
    recipe = with_settings(recipe, **split_settings(named))
    return train_companions(recipe, output, resume=resume, overwrite=overwrite, observers=observers)


def _train_single(name: str, output: files.PathLike, settings: dict[str, Any]) -> TrainedCompanion:
    return train_all_models(output, models=[name], **settings).models[name]


def train_emotion_recognizer(output: files.PathLike, **settings: Any) -> TrainedCompanion:
    """Train the EmotionRecognizer; settings as in `train_all_models`."""
    return _train_single("emotion_recognizer", output, settings)


def train_melody_transformer(output: files.PathLike, **settings: Any) -> TrainedCompanion:
    """Train the MelodyTransformer; settings as in `train_all_models`."""
    return _train_single("melody_transformer", output, settings)


def train_harmony_predictor(output: files.PathLike, **settings: Any) -> TrainedCompanion:
    """Train the HarmonyPredictor; settings as in `train_all_models`."""
    return _train_single("harmony_predictor", output, settings)


def train_dynamics_engine(output: files.PathLike, **settings: Any) -> TrainedCompanion:
    """Train the DynamicsEngine; settings as in `train_all_models`."""
    return _train_single("dynamics_engine", output, settings)


def train_groove_predictor(output: files.PathLike, **settings: Any) -> TrainedCompanion:
    """Train the GroovePredictor; settings as in `train_all_models`."""
    return _train_single("groove_predictor", output, settings)


def split_settings(settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings by the table of a recipe that they belong to; None is left out.

    A seed is both of the data and of the training.

    Raises:
        UsageError: there is no such setting.
    """
    known = {
        "data": {field.name for field in fields(DataSettings)},
        "training": {field.name for field in fields(TrainingConfig)},
    }
    given = {key: value for key, value in settings.items() if value is not None}
    unknown = sorted(given.keys() - known["data"] - known["training"])
    if unknown:
        raise UsageError(
            f"There is no setting {', '.join(unknown)}; there are: "
            f"{', '.join(sorted(known['data'] | known['training']))}."
        )
    return {
        table: {
            key: str(value) if isinstance(value, Path) else value
            for key, value in given.items()
            if key in names
        }
        for table, names in known.items()
    }
