"""`CheckpointManager`: the checkpoints of a model in a folder, for a loop of your own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from chromasonic import files
from chromasonic.errors import CheckpointError
from chromasonic.training.checkpoint import (
    FORMAT_VERSION,
    load_checkpoint,
    load_weights,
    misfits,
    save_checkpoint,
)
from chromasonic.training.randomness import rng_state, set_rng_state
from chromasonic.training.saving import FLAT, CheckpointFiles, Layout


class CheckpointManager:
    """Saves NAME_latest.pt after each epoch and NAME_best.pt where it is the best; loads them.

    `training.loop.fit` writes the same files by itself, and goes on from them exactly.

    Args:
        folder: where.
        name: begins each file's name.
        layout: sub-folders, where several models share the folder.
    """

    def __init__(self, folder: files.PathLike, name: str, *, layout: Layout = FLAT) -> None:
        self.name = name
        self.files = CheckpointFiles(Path(folder), name, layout)
        self._is_own = False  # whether what lies there is known to be of the model that is saved

    @property
    def latest(self) -> Path:
        """The checkpoint to go on from."""
        return self.files.path("latest.pt")

    @property
    def best(self) -> Path:
        """The checkpoint of the lowest validation loss."""
        return self.files.path("best.pt")

    def save(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer | None = None,
        *,
        epoch: int,
        metrics: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
        is_best: bool = False,
    ) -> Path:
        """Write the latest checkpoint, and the same as the best one where it is.

        Args:
            model: its weights are saved.
            optimizer: its state is saved, to go on from.
            epoch: epochs made.
            metrics: plain values.
            config: plain values that say what was trained on what.
            is_best: whether no epoch before was better.

        Raises:
            CheckpointError: another architecture lies there under this name.
            StorageError: the disk is full, or the folder cannot be written; the old files stay.
        """
        if not self._is_own:
            self._refuse_others(model)
            self._is_own = True
        content = {
            "format_version": FORMAT_VERSION,
            "model_state_dict": model.state_dict(),
            "optimizer_state_dict": optimizer.state_dict() if optimizer else {},
            "scheduler_state_dict": {},
            "epoch": epoch,
            "config": {"name": self.name, **(config or {})},
            "metrics": dict(metrics or {}),
            "rng_state": {"processes": [rng_state()]},
            "sampler_state": {},
        }
        if is_best:  # before latest: whoever is killed in between makes the same best again
            save_checkpoint(self.best, content)
        return save_checkpoint(self.latest, content)

    def load_best(self, model: nn.Module) -> dict[str, Any]:
        """Put the best weights into a model.

        Returns:
            The checkpoint.

        Raises:
            CheckpointError: there is none, it is damaged, or its weights do not fit.
        """
        return self._load(self.best, model)

    def resume(
        self, model: nn.Module, optimizer: torch.optim.Optimizer | None = None
    ) -> dict[str, Any] | None:
        """Put the latest weights, optimizer state and random state back.

        Returns:
            The checkpoint (`epoch` says how many were made); None where there is none yet.

        Raises:
            CheckpointError: it is damaged, or does not fit.
        """
        if not self.latest.exists():
            return None
        content = self._load(self.latest, model)
        try:
            if optimizer is not None:
                optimizer.load_state_dict(content["optimizer_state_dict"])
            set_rng_state(content["rng_state"]["processes"][0])
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(
                f"{self.latest} cannot be resumed: its training state does not fit ({error}). "
                "Take its weights alone with load_weights, or train anew."
            ) from error
        return content

    def _refuse_others(self, model: nn.Module) -> None:
        for path in (self.latest, self.best):
            if not path.exists():
                continue
            faults = misfits(model, load_checkpoint(path)["model_state_dict"])
            if faults:
                raise CheckpointError(
                    f"{path} holds another architecture ({faults[0]}), and a folder cannot hold "
                    f"two models under the name {self.name}. Give another folder, or move it away."
                )

    def _load(self, path: Path, model: nn.Module) -> dict[str, Any]:
        content = load_checkpoint(path)
        load_weights(model, content, source=path)
        return content
