"""Which file is written when; in the first process alone, each file whole."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from chromasonic.errors import CheckpointError
from chromasonic.training.checkpoint import load_checkpoint, load_weights, save_checkpoint
from chromasonic.training.distributed import Processes
from chromasonic.training.randomness import rng_state
from chromasonic.training.state import TrainingState, check_best_is_of_run, check_same_thing


@dataclass(frozen=True, kw_only=True)
class Layout:
    """In which sub-folders of its folder a training keeps its files, and which it keeps.

    Attributes:
        checkpoints: of what ends in .pt; "" is the folder itself.
        history: of the history as JSON and CSV.
        pictures: of the curves.
        curves: the pictures that are drawn at the end: those of `curves.DRAWINGS`.
        has_final: whether the last epoch's weights are kept as NAME_final.pt.
        checkpoint_name: of a checkpoint's file; {name} is the model's, {what} best, latest, ...
    """

    checkpoints: str = ""
    history: str = ""
    pictures: str = ""
    curves: tuple[str, ...] = ("curves.png",)
    has_final: bool = True
    checkpoint_name: str = "{name}_{what}.pt"

    def folder_of(self, what: str) -> str:
        """The sub-folder of a file, such as "best.pt" or "history.json"."""
        endings = {".pt": self.checkpoints, ".json": self.history, ".csv": self.history}
        return endings.get(Path(what).suffix, self.pictures)

    def file_name(self, name: str, what: str) -> str:
        """The name of a file of the model `name`, such as "best.pt" or "history.json"."""
        stem, dot, ending = what.rpartition(".")
        if dot and ending == "pt":
            return self.checkpoint_name.format(name=name, what=stem)
        return f"{name}_{what}"


OWN_KINDS = ("best", "final", "latest", "epoch_*")
"""The checkpoints that are a run's own; `previous` is what another run left."""

FLAT = Layout()
"""One model, one folder."""

SHARED = Layout(
    checkpoints="checkpoints",
    history="history",
    pictures="plots",
    curves=("loss.png", "metric.png"),
    has_final=False,
)
"""Several models side by side in one output folder."""


@dataclass(frozen=True)
class CheckpointFiles:
    """The names under which a model's training keeps its files in a folder."""

    folder: Path
    name: str
    layout: Layout = FLAT

    def path(self, what: str) -> Path:
        """For instance `path("best.pt")` is FOLDER/NAME_best.pt, or in the layout's sub-folder."""
        return self.folder / self.layout.folder_of(what) / self.layout.file_name(self.name, what)

    def checkpoints(self, what: str) -> list[Path]:
        """Those that are there, by a pattern such as "epoch_*"."""
        pattern = self.path(f"{what}.pt")
        return sorted(pattern.parent.glob(pattern.name))

    def remove_unfinished(self) -> None:
        """Remove what a killed process left half-written under temporary names."""
        for pattern in (self.path(what) for what in ("*.pt", "*.json", "*.csv", "*.png")):
            for path in pattern.parent.glob(f".{pattern.name}*.tmp*"):
                path.unlink(missing_ok=True)

    def set_latest_aside(self) -> None:
        """Rename another run's latest: this run shall not resume from it, and nobody loses it."""
        if self.path("latest.pt").exists():
            self.path("latest.pt").replace(self.path("previous.pt"))

    def remove_old(self) -> None:
        """Remove another run's files, so that no epoch of it passes for one of this run."""
        for path in [*self.checkpoints("epoch_*"), *self.checkpoints("final")]:
            path.unlink(missing_ok=True)

    def of_other_architecture(self, ours: dict[str, Any]) -> dict[Path, CheckpointError]:
        """Checkpoints under this name that hold another model than ours, with what differs.

        Args:
            ours: the metadata of the model that will be saved under this name.
        """
        found = {}
        for path in (path for what in OWN_KINDS for path in self.checkpoints(what)):
            try:
                check_same_thing(ours, load_checkpoint(path).get("config"), source=path)
            except CheckpointError as error:
                found[path] = error
        return found


class Saver:
    """Writes what a training leaves.

    Args:
        folder: where; None keeps the best weights in memory and writes nothing.
        name: begins each file's name.
        processes: those that train together.
        layout: in which sub-folders.
    """

    def __init__(
        self, folder: Path | None, name: str, processes: Processes, layout: Layout = FLAT
    ) -> None:
        self.files = CheckpointFiles(Path(folder), name, layout) if folder is not None else None
        self.processes = processes
        self.best_in_memory: dict[str, Tensor] = {}
        self.has_saved = False

    def resume(self, state: TrainingState) -> None:
        """Go on from `latest`; where there is none yet, nothing was done that could go on."""
        if self.files is None:
            return
        if self.files.path("latest.pt").exists():
            state.resume(self.files.path("latest.pt"), self.processes)
            check_best_is_of_run(state, self.files.path("best.pt"))
            self.has_saved = True
        self.processes.wait()
        if self.processes.is_first:
            self.files.remove_unfinished()

    def begin_anew(self, state: TrainingState, *, overwrite: bool = False) -> None:
        """Make way for a run from the start.

        Raises:
            CheckpointError: another architecture lies here under this name.
        """
        if self.files is None or not self.processes.is_first:
            return
        others = self.files.of_other_architecture(state.metadata)
        if others and not overwrite:
            error = next(iter(others.values()))
            raise CheckpointError(
                f"{self.files.folder} cannot hold two models under the name {self.files.name}. "
                f"{error} To train this one, give another folder, or move that file away."
            ) from error
        self.files.set_latest_aside()
        for path in others:
            path.unlink(missing_ok=True)

    def save_epoch(self, state: TrainingState, *, is_best: bool) -> None:
        """Write what an epoch leaves.

        `latest` comes after `best`: whoever is killed in between resumes from the epoch before,
        and makes the same best again.
        """
        rng_states = self.processes.gather(rng_state())
        if self.files is None:
            if is_best:
                with state.judged_weights():
                    self.best_in_memory = copy.deepcopy(state.model.state_dict())
            return
        if self.processes.is_first:
            if not self.has_saved:
                self.files.remove_old()
                self.has_saved = True
            every = state.config.checkpoint_every
            with state.judged_weights():
                judged = state.checkpoint(rng_states)
                if is_best:
                    save_checkpoint(self.files.path("best.pt"), judged)
                if every and state.epoch % every == 0:
                    save_checkpoint(self.files.path(f"epoch_{state.epoch}.pt"), judged)
            save_checkpoint(self.files.path("latest.pt"), state.checkpoint(rng_states))
            self._save_history(state)
        self.processes.wait()

    def finish(self, state: TrainingState) -> None:
        """Write the final weights and the curves, and put the best weights into the model."""
        state.history.end = "patience" if state.epoch < state.config.epochs else "epochs"
        if self.files is None:
            if self.best_in_memory:
                state.model.load_state_dict(self.best_in_memory)
            return
        rng_states = self.processes.gather(rng_state())
        if self.processes.is_first:
            if self.files.layout.has_final:
                with state.judged_weights():
                    save_checkpoint(self.files.path("final.pt"), state.checkpoint(rng_states))
            self._save_history(state)
            for what in self.files.layout.curves:
                state.history.plot(what.partition(".")[0], self.files.path(what))
        self.processes.wait()
        best = self.files.path("best.pt")
        load_weights(state.model, load_checkpoint(best), source=best)

    def _save_history(self, state: TrainingState) -> None:
        assert self.files is not None
        state.history.save(self.files.path("history.json"))
        state.history.save(self.files.path("history.csv"))
