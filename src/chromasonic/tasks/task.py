"""What every task can do, whatever it trains; the values are plain, so that they can travel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from chromasonic.data.progress import Progress
from chromasonic.errors import UsageError
from chromasonic.training.observers import Observer


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What a training left.

    Attributes:
        path: the run directory (a models directory for the harmonizer).
        validation: kind to metric to value, at the best epoch.
        best_loss: kind to the lowest validation loss (the harmonizer: minus its share of the
            ceiling), the one figure that a search lowers.
        facts: what `--json` prints.
    """

    path: Path
    validation: Mapping[str, Mapping[str, float]]
    best_loss: Mapping[str, float]
    facts: Mapping[str, Any]


class Task(Protocol):
    """A task by its name: its recipes, and its training."""

    name: str
    kinds: tuple[str, ...]

    def default_recipe(self, kinds: Sequence[str]) -> dict[str, Any]:
        """The default recipe of some kinds of models, as nested plain values.

        Raises:
            UsageError: no such kind.
        """
        ...

    def resolved(self, values: Mapping[str, Any], *, where: str = "recipe") -> dict[str, Any]:
        """A recipe with every setting said, and checked.

        Raises:
            ConfigError: an unknown key, a wrong type or a value out of range.
        """
        ...

    def kinds_in(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The kinds of models that a recipe trains."""
        ...

    def fitted(self, values: Mapping[str, Any], source: str) -> dict[str, Any]:
        """A recipe whose networks have the sizes of the weights that they shall begin with.

        Args:
            values: a recipe.
            source: a checkpoint, a run or NAME@VERSION.

        Raises:
            UsageError: this task begins with no weights of another training.
            CheckpointError: there is no checkpoint of such a kind.
        """
        ...

    def train(
        self,
        values: Mapping[str, Any],
        output: Path,
        *,
        resume: bool = False,
        overwrite: bool = False,
        init_from: str = "",
        observers: Sequence[Observer] = (),
        on_progress: Progress | None = None,
        on_data: Callable[[str], None] = lambda _: None,
    ) -> Trained:
        """Train what a recipe says into a folder.

        Args:
            values: a recipe.
            output: the run directory.
            resume: go on with what lies there.
            overwrite: whether a run that lies there may be replaced.
            init_from: a checkpoint, a run or NAME@VERSION whose weights to begin with.
            observers: hear how it goes.
            on_progress: told how loading goes.
            on_data: told in a line what is learned from.

        Raises:
            ChromasonicError: as the task's own training.
        """
        ...


def no_beginning(task: str, source: str) -> UsageError:
    """What a task says that begins with no weights of another training."""
    return UsageError(
        f"A training of {task} models begins anew, not with {source}. Those of melody and gesture "
        "models can begin with the weights of another."
    )
