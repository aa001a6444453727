"""Which file is written when; in the first process alone, each file whole."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from chromasonic.training.checkpoint import load_checkpoint, load_weights, save_checkpoint
from chromasonic.training.distributed import Processes
from chromasonic.training.randomness import rng_state
from chromasonic.training.state import TrainingState


@dataclass(frozen=True, kw_only=True)
class Layout:
    """In which sub-folders of its folder a training keeps its files, and which it keeps.

    Attributes:
        checkpoints: of what ends in .pt; "" is the folder itself.
        history: of the history as JSON and CSV.
        pictures: of the curves.
        curves: the pictures that are drawn at the end: those of `curves.DRAWINGS`.
        has_final: whether the last epoch's weights are kept as NAME_final.pt.
    """

    checkpoints: str = ""
    history: str = ""
    pictures: str = ""
    curves: tuple[str, ...] = ("curves.png",)
    has_final: bool = True

    def folder_of(self, what: str) -> str:
        """The sub-folder of a file, such as "best.pt" or "history.json"."""
        endings = {".pt": self.checkpoints, ".json": self.history, ".csv": self.history}
        return endings.get(Path(what).suffix, self.pictures)


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
        return self.folder / self.layout.folder_of(what) / f"{self.name}_{what}"

    def remove_unfinished(self) -> None:
        """Remove what a killed process left half-written under temporary names."""
        kinds = ("latest.pt", "history.json", "loss.png")
        for sub_folder in {self.path(what).parent for what in kinds}:
            for path in sub_folder.glob(f".{self.name}_*.tmp*"):
                path.unlink(missing_ok=True)

    def set_latest_aside(self) -> None:
        """Rename another run's latest: this run shall not resume from it, and nobody loses it."""
        if self.path("latest.pt").exists():
            self.path("latest.pt").replace(self.path("previous.pt"))

    def remove_old(self) -> None:
        """Remove another run's files, so that no epoch of it passes for one of this run."""
        for pattern in ("epoch_*.pt", "final.pt"):
            for path in self.path("latest.pt").parent.glob(f"{self.name}_{pattern}"):
                path.unlink(missing_ok=True)


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
            self.has_saved = True
        self.processes.wait()
        if self.processes.is_first:
            self.files.remove_unfinished()

    def begin_anew(self) -> None:
        """Make way for a run from the start."""
        if self.files is not None and self.processes.is_first:
            self.files.set_latest_aside()

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
