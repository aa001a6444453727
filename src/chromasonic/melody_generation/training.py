"""Training melody models from Python: `ModelTrainer`, `TrainingHistory`, `create_training_data`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from torch import nn

from chromasonic import files
from chromasonic.config import from_dict, to_dict
from chromasonic.errors import UsageError
from chromasonic.melody_generation.models import MODELS
from chromasonic.melody_generation.recipe import DEFAULT_WINDOW
from chromasonic.melody_generation.task import MelodyTask
from chromasonic.melody_generation.tokens import VOCABULARY, encode_all
from chromasonic.training.config import TrainingConfig
from chromasonic.training.device import choose_device
from chromasonic.training.history import TrainingHistory
from chromasonic.training.loop import fit
from chromasonic.training.observers import Observer

__all__ = ["ModelTrainer", "TrainingHistory", "create_training_data", "describe_model"]

HEADLINE = "pitch_accuracy"
"""The accuracy that curves and reports lead with: of the next note's pitch."""


class ModelTrainer:
    """Trains any module that maps token ids (B, T) to logits (B, T, W), W >= the vocabulary.

    Args:
        model: your own module, or one of `melody_generation.models`.
        model_name: begins the names of its files.
        device: auto, cpu, cuda, cuda:N or mps.
        observers: hear how it goes (progress bars, tracking).
        metadata: plain values about the run that its checkpoints shall carry (corpus, split).

    Raises:
        DeviceError: the device is not on this machine.
    """

    def __init__(
        self,
        model: nn.Module,
        model_name: str = "custom_model",
        device: str = "auto",
        *,
        observers: Sequence[Observer] = (),
        metadata: dict[str, Any] | None = None,
    ) -> None:
        choose_device(device)  # a wrong name is said now, not when training starts
        self.model = model
        self.model_name = model_name
        self.device = device
        self.observers = tuple(observers)
        self.metadata = dict(metadata or {})

    def train(
        self,
        train_data: Sequence[Sequence[int]],
        val_data: Sequence[Sequence[int]],
        epochs: int = 100,
        batch_size: int = 32,
        learning_rate: float = 0.001,
        checkpoint_dir: files.PathLike | None = None,
        patience: int = 15,
        lr_scheduler: str = "reduce_on_plateau",
        resume: bool = False,
        *,
        init_from: files.PathLike | None = None,
        window: int = DEFAULT_WINDOW,
        transpose: bool = True,
        **settings: Any,
    ) -> TrainingHistory:
        """Train on token streams; afterwards the model holds its best weights.

        Args:
            train_data: token streams to learn from.
            val_data: token streams to judge each epoch by.
            epochs: passes over the training data at most.
            batch_size: streams of one update.
            learning_rate: the highest rate of the schedule.
            checkpoint_dir: folder for checkpoints, history and curves; None writes nothing.
            patience: epochs without improvement before it stops; 0 never stops early.
            lr_scheduler: reduce_on_plateau, step or cosine.
            resume: go on exactly from the folder's NAME_latest.pt; without one, begin.
            init_from: a checkpoint or run whose weights to begin with.
            window: longest stretch of tokens read at once.
            transpose: whether each tune stands in a random key in each epoch.
            settings: further fields of `TrainingConfig`, such as `seed` or `grad_clip`.

        Raises:
            ConfigError: a setting is unknown or out of range.
            DataError: a part is empty, or holds ids outside the vocabulary.
            UsageError: the model's output has another shape than (B, T, W).
            TrainingError: a loss or gradient is not finite.
        """
        named = {
            "epochs": epochs,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "patience": patience,
            "scheduler": lr_scheduler,
            "device": self.device,
        }
        for key in named.keys() & settings.keys():
            raise UsageError(f"'{key}' was given twice: it has an argument of its own.")
        config = from_dict(TrainingConfig, {**named, **settings}, where="training settings")
        task = MelodyTask(train_data, val_data, window=window, transpose=transpose)
        return fit(
            self.model,
            task,
            config,
            folder=Path(checkpoint_dir) if checkpoint_dir is not None else None,
            name=self.model_name,
            observers=self.observers,
            resume=resume,
            init_from=Path(init_from) if init_from is not None else None,
            metadata={
                "task": "melody",
                "name": self.model_name,
                "model": describe_model(self.model),
                "vocabulary": VOCABULARY.signature,
                "headline": HEADLINE,
                "data": {
                    "window": window,
                    "transpose": transpose,
                    "train_sequences": len(train_data),
                    "validation_sequences": len(val_data),
                },
                **self.metadata,
            },
        )


def describe_model(model: nn.Module) -> dict[str, Any]:
    """Kind and configuration of a model, from which `models.build_model` builds it again.

    A module of the user's own has the kind "custom", and its class by name.
    """
    for kind, (model_class, _) in MODELS.items():
        if type(model) is model_class:
            return {"kind": kind, "config": to_dict(model.config)}
    config = getattr(model, "config", None)
    is_plain = is_dataclass(config) and not isinstance(config, type)
    return {
        "kind": "custom",
        "class": type(model).__qualname__,
        "config": asdict(config) if is_plain else {},  # type: ignore[arg-type]
    }


def create_training_data(
    num_sequences: int = 1000,
    train_split: float = 0.8,
    seq_length: int | None = None,
    dataset: str = "synthetic",
    seed: int = 0,
) -> tuple[list[list[int]], list[list[int]]]:
    """Token streams to train and to judge with.

    Args:
        num_sequences: how many in all; a real corpus gives as many as it has, at most.
        train_split: share of them that goes to the first list; 0 gives all to the second.
        seq_length: notes of a tune at most; None leaves real tunes whole (made ones have up to 64).
        dataset: a corpus by name (`chromasonic data list`), or "auto".
        seed: another number, other tunes (made ones) or another choice of them.

    Returns:
        (train, validation): lists of streams of token ids.

    Raises:
        UsageError: a value that cannot be used.
        CorpusError: the corpus is not there, or no tune of it fits.
    """
    import random

    from chromasonic import data
    from chromasonic.data.synthetic import random_walk_tunes, structured_tunes

    if num_sequences < 1:
        raise UsageError(f"num_sequences is {num_sequences}; allowed: 1 or more.")
    if not 0 <= train_split <= 1:
        raise UsageError(f"train_split is {train_split}; allowed: from 0 to 1.")
    if seq_length is not None and seq_length < 4:
        raise UsageError(f"seq_length is {seq_length}; allowed: 4 notes or more.")
    makers = {"synthetic": random_walk_tunes, "synthetic-structured": structured_tunes}
    if dataset in makers:
        longest = seq_length or 64
        tunes = makers[dataset](
            num_sequences, seed, min_length=min(16, longest), max_length=longest
        )
    else:
        pieces = [
            tune
            for tune in data.load(dataset).pieces
            if seq_length is None or sum(len(bar.notes) for bar in tune.bars) <= seq_length
        ]
        random.Random(seed).shuffle(pieces)
        tunes = tuple(pieces[:num_sequences])
    sequences = encode_all(tunes).sequences
    border = round(train_split * len(sequences))
    return sequences[:border], sequences[border:]
