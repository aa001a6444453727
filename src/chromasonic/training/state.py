"""All that moves while a model trains: what a checkpoint holds, and how it goes on from one."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from chromasonic.config import to_dict
from chromasonic.errors import CheckpointError, UsageError
from chromasonic.training.averaging import WeightAverage
from chromasonic.training.checkpoint import FORMAT_VERSION, load_checkpoint, load_weights
from chromasonic.training.config import TrainingConfig
from chromasonic.training.distributed import Processes
from chromasonic.training.early_stopping import EarlyStopping
from chromasonic.training.history import NATS, TrainingHistory
from chromasonic.training.randomness import set_rng_state
from chromasonic.training.schedules import Schedule, build_schedule

MAY_CHANGE = ("epochs", "patience", "checkpoint_every", "device")
"""Settings that a resumed run may change; any other would make it another training."""

LOSS_UNITS = {"gesture": "nats a movement"}
"""Task to what a loss of 1 is, where the metadata do not say it."""


@dataclass(kw_only=True)
class TrainingState:
    """A training between two epochs.

    Attributes:
        model: the module that is trained, not wrapped.
        config: the settings.
        metadata: what was trained on what; goes into every checkpoint's `config`.
        optimizer: AdamW.
        schedule: moves the learning rate.
        stopping: watches the validation loss.
        scaler: of fp16's gradients; does nothing elsewhere.
        average: of the weights, where wanted.
        history: the epochs so far.
        step: updates made.
    """

    model: nn.Module
    config: TrainingConfig
    metadata: dict[str, Any]
    optimizer: torch.optim.Optimizer
    schedule: Schedule
    stopping: EarlyStopping
    scaler: torch.amp.GradScaler
    average: WeightAverage | None
    history: TrainingHistory
    step: int = 0

    @property
    def epoch(self) -> int:
        """Epochs made."""
        return len(self.history)

    @property
    def is_done(self) -> bool:
        """Whether all epochs are made or patience is at its end."""
        return self.epoch >= self.config.epochs or self.stopping.should_stop

    def judged_weights(self) -> AbstractContextManager[None]:
        """Within the block the model holds the weights that are validated: averaged, if wanted."""
        return self.average.in_place_of(self.model) if self.average else contextlib.nullcontext()

    def checkpoint(self, rng_states: list[dict[str, Any]]) -> dict[str, Any]:
        """Everything, as one dict of tensors and plain values.

        Args:
            rng_states: of each process, by rank.
        """
        last = self.history.epochs[-1].to_dict() if self.history.epochs else {}
        return {
            "format_version": FORMAT_VERSION,
            "model_state_dict": self.model.state_dict(),
            "optimizer_state_dict": self.optimizer.state_dict(),
            "scheduler_state_dict": self.schedule.state_dict(),
            "epoch": self.epoch,
            "config": {**self.metadata, "training": to_dict(self.config)},
            "metrics": last,
            "best": {
                "metric": "val_loss",
                "value": self.stopping.best_loss,
                "epoch": self.stopping.best_epoch,
            },
            "rng_state": {"processes": rng_states},
            "sampler_state": {"seed": self.config.seed, "epoch": self.epoch, "step": self.step},
            "early_stopping_state_dict": self.stopping.state_dict(),
            "average_state_dict": self.average.state_dict() if self.average else None,
            "scaler_state_dict": self.scaler.state_dict(),
            "history": self.history.to_dict(),
        }

    def resume(self, path: Path, processes: Processes) -> None:
        """Go on from a `latest` checkpoint as if there had been no interruption.

        Raises:
            CheckpointError: it is damaged, or of another model, vocabulary or number of processes.
            UsageError: a setting differs that would make this another training.
        """
        content = load_checkpoint(path)
        missing = [key for key in self.checkpoint([]) if key not in content and key != "best"]
        if missing:
            raise CheckpointError(
                f"{path} cannot be resumed: it has no {', '.join(missing)}. "
                "Take its weights alone with init_from (--init-from)."
            )
        check_same_thing(self.metadata, content["config"], source=path)
        self._check_settings(content["config"].get("training", {}), path)
        states = content["rng_state"]["processes"]
        if len(states) != processes.count:
            raise CheckpointError(
                f"{path} was trained by {len(states)} processes and cannot go on exactly with "
                f"{processes.count}. Start as many, or take its weights with --init-from."
            )
        load_weights(self.model, content, source=path)
        try:
            self.optimizer.load_state_dict(content["optimizer_state_dict"])
            self.schedule.load_state_dict(content["scheduler_state_dict"])
            self.stopping.load_state_dict(content["early_stopping_state_dict"])
            if self.average:
                self.average.load_state_dict(content["average_state_dict"])
            self.scaler.load_state_dict(content["scaler_state_dict"])
            self.history = TrainingHistory.from_dict(content["history"])
            self.step = int(content["sampler_state"]["step"])
            set_rng_state(states[processes.rank])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(
                f"{path} cannot be resumed: its training state is damaged ({error}). "
                "Take its weights alone with init_from (--init-from)."
            ) from error

    def _check_settings(self, theirs: dict[str, Any], path: Path) -> None:
        ours = to_dict(self.config)
        changed = [
            f"{key} {theirs[key]} -> {value}"
            for key, value in ours.items()
            if key in theirs and key not in MAY_CHANGE and theirs[key] != value
        ]
        if changed:
            raise UsageError(
                f"A resumed run goes on with its own settings, but these differ from {path}: "
                f"{'; '.join(changed)}. Leave them out (only {', '.join(MAY_CHANGE)} may change), "
                "or start a new run from its weights with --init-from."
            )


def check_same_thing(
    ours: dict[str, Any], theirs: Any, *, source: object, goes_on: bool = True
) -> None:
    """Refuse a checkpoint of another task, model kind or vocabulary, by its own description.

    Args:
        ours: the metadata of the model at hand.
        theirs: the checkpoint's `config`.
        source: how to call the checkpoint in messages.
        goes_on: whether its training goes on; else only its weights are taken, and how much is
            dropped while training may differ.

    Raises:
        CheckpointError: names what differs.
    """
    theirs = theirs if isinstance(theirs, dict) else {}
    for key, what in (("task", "task"), ("vocabulary", "vocabulary")):
        if key in ours and key in theirs and ours[key] != theirs[key]:
            raise CheckpointError(
                f"{source} was trained with another {what} ({theirs[key]}; here {ours[key]}), so "
                "its numbers mean other things. Use a checkpoint of this version, or train anew."
            )
    our_model, their_model = ours.get("model"), theirs.get("model")
    if isinstance(our_model, dict) and isinstance(their_model, dict):
        for key in ("kind", "config"):
            a, b = (_told(model.get(key), goes_on) for model in (their_model, our_model))
            if key in our_model and key in their_model and a != b:
                raise CheckpointError(
                    f"{source} holds another architecture: {_differences(a, b)}. "
                    "Build the model as its 'config' says, or train anew."
                )


def check_best_is_of_run(state: TrainingState, path: Path) -> None:
    """Refuse to go on beside a best checkpoint that is not the best of this run.

    A process that was killed between its two files leaves a best one epoch ahead; it will be made
    again. Any other difference means that the file came from elsewhere.

    Raises:
        CheckpointError: it is absent, of another architecture, or of another run.
    """
    if not state.stopping.best_epoch:
        return
    content = load_checkpoint(path)
    check_same_thing(state.metadata, content.get("config"), source=path)
    epoch = content.get("epoch")
    loss = content.get("metrics", {}).get("val_loss")
    is_ahead = epoch == state.epoch + 1
    if not is_ahead and (epoch, loss) != (state.stopping.best_epoch, state.stopping.best_loss):
        raise CheckpointError(
            f"{path} is not the best of the run that is to go on: it is of epoch {epoch} with a "
            f"validation loss of {loss}, and the run's best was {state.stopping.best_loss:.6g} in "
            f"epoch {state.stopping.best_epoch}. Put the run's own file back, or train anew in "
            "another folder."
        )


def _told(config: Any, goes_on: bool) -> Any:
    """What of a model's configuration has to agree."""
    if goes_on or not isinstance(config, dict):
        return config
    return {key: value for key, value in config.items() if not key.endswith("dropout")}


def _differences(theirs: Any, ours: Any) -> str:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        keys = [key for key in {**theirs, **ours} if theirs.get(key) != ours.get(key)]
        return ", ".join(f"{key} is {theirs.get(key)} there, {ours.get(key)} here" for key in keys)
    return f"{theirs} there, {ours} here"


def start_from(model: nn.Module, source: Path, name: str, metadata: dict[str, Any]) -> None:
    """Take the weights of a checkpoint or a run, and nothing else of it.

    Raises:
        CheckpointError: absent, damaged, or of another architecture or vocabulary.
    """
    path = find_checkpoint(source, name)
    content = load_checkpoint(path)
    check_same_thing(metadata, content.get("config"), source=path, goes_on=False)
    load_weights(model, content, source=path)


def find_checkpoint(source: Path, name: str | None = None) -> Path:
    """The checkpoint that a path means: itself, or the best one of a folder or run directory.

    Args:
        source: a .pt file, a folder of checkpoints, or a run directory.
        name: the model's name, where a folder holds several.

    Raises:
        CheckpointError: there is none, or several without saying which.
    """
    if not source.is_dir():
        return source
    for what in ("best", "final"):
        patterns = (f"*_{what}.pt", f"*_checkpoints/*_{what}.pt", f"{what}_model.pth")
        found = sorted({path for pattern in patterns for path in source.glob(pattern)})
        named = [path for path in found if path.name == f"{name}_{what}.pt"]
        if len(named or found) == 1:
            return (named or found)[0]
        if found:
            wanted = f" but no {name}" if name else ""
            raise CheckpointError(
                f"{source} holds several models{wanted}: "
                f"{', '.join(str(path) for path in found)}. "
                "Say which (--model), or give one of these files."
            )
    raise CheckpointError(
        f"There is no checkpoint in {source}. Give a run directory, or a file NAME_best.pt."
    )


def new_state(
    model: nn.Module, config: TrainingConfig, metadata: dict[str, Any], name: str, fp16: bool
) -> TrainingState:
    """A training before its first epoch."""
    device_type = next((p.device.type for p in model.parameters()), "cpu")
    return TrainingState(
        model=model,
        config=config,
        metadata=metadata,
        optimizer=build_optimizer(model, config),
        schedule=build_schedule(config),
        stopping=EarlyStopping(config.patience, config.min_delta),
        scaler=torch.amp.GradScaler(device_type, enabled=fp16),
        average=WeightAverage(model, config.average_decay) if config.average_decay else None,
        history=TrainingHistory(
            name=name,
            headline=str(metadata.get("headline", "accuracy")),
            loss_unit=_loss_unit(metadata),
            title=str(metadata.get("title", "")),
        ),
    )


def _loss_unit(metadata: dict[str, Any]) -> str:
    return str(metadata.get("loss_unit", LOSS_UNITS.get(str(metadata.get("task")), NATS)))


def build_optimizer(model: nn.Module, config: TrainingConfig) -> torch.optim.AdamW:
    """AdamW with decay on matrices only.

    Source: Loshchilov and Hutter, Decoupled weight decay regularization.
    Differs: second moments decay by 0.98 unless the config says otherwise, not 0.999, as in Vaswani
    and others (2017), section 5.3: trainings here are a few thousand updates, and forget their
    noisy beginning sooner.
    """
    trained = [p for p in model.parameters() if p.requires_grad]
    if not trained:
        raise UsageError(
            f"{type(model).__name__} has no parameters to train. "
            "Give a module with parameters; a Markov model is fitted, not trained."
        )
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=config.learning_rate,
        betas=(0.9, config.beta2),
        fused=all(p.device.type in ("cpu", "cuda") and p.is_floating_point() for p in trained),
    )
