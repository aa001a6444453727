"""How an agent's training goes, told to the observers of any training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chromasonic.harmonization.models_directory import (
    FILES,
    learned_from,
    read_metadata,
    rules_fingerprint,
)
from chromasonic.training.config import TrainingConfig
from chromasonic.training.history import TrainingHistory
from chromasonic.training.observers import Observer, TrainingStart

MOST_FIGURES = 200
"""Times that a training tells its figures."""


class Observed:
    """Passes an agent's progress on to observers.

    Args:
        agent: simple, advanced or hybrid.
        settings: of its training.
        folder: the models directory.
        observers: hear how it goes, as those of a network: start, figures by round, end.
        told: hears each step of progress: rounds done, of how many, the figure of late.
    """

    def __init__(
        self,
        agent: str,
        settings: Any,
        folder: Path,
        observers: Sequence[Observer],
        told: Callable[[int, int, float], None] | None,
    ) -> None:
        self.agent, self.settings, self.folder = agent, settings, folder
        self.observers, self.told = observers, told
        self._rounds = 0
        self._last = -1

    def start(self) -> None:
        """Before the first episode."""
        files = FILES[self.agent]
        pictures = str(Path(files.history).with_suffix(".png"))
        start = TrainingStart(
            name=self.agent,
            config=TrainingConfig(epochs=1, device="cpu", seed=self.settings.seed),
            device="cpu",
            precision="float64",
            parameters=0,
            processes=1,
            first_epoch=1,
            folder=self.folder,
            metadata={
                "task": "harmonizer",
                "name": self.agent,
                "headline": "reward",
                "settings": asdict(self.settings),
                "rules": rules_fingerprint(),
                "corpora": learned_from(),
                "files": [name for name in (files.metadata, pictures, files.results) if name],
            },
        )
        for observer in self.observers:
            observer.on_start(start)

    def progress(self, done: int, total: int, reward: float) -> None:
        """After some episodes of an agent that learns from nothing else."""
        if self.told is not None:
            self.told(done, total, reward)
        self.figures(done, total, {"reward": reward})

    def figures(self, done: int, total: int, figures: Mapping[str, float]) -> None:
        """Tell observers, some two hundred times in all."""
        part = done * MOST_FIGURES // max(total, 1)
        if part == self._last and done != total:
            return
        self._last, self._rounds = part, done
        for observer in self.observers:
            observer.on_figures(done, total, figures)

    def end(self) -> None:
        """When everything is written."""
        known = read_metadata(self.folder, self.agent)
        figures = {
            "average_reward": known.average_reward,
            "best_reward": known.best_reward,
            **{name: value for name, value in known.measured.items() if _is_number(value)},
        }
        for observer in self.observers:
            observer.on_figures(self._rounds, self._rounds, figures)
            observer.on_end(TrainingHistory(name=self.agent, headline="reward", end="epochs"))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
