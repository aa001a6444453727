"""The agents that harmonize, as a task among tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chromasonic.data.progress import Progress
from chromasonic.harmonization import training as recipes
from chromasonic.tasks.task import Trained, no_beginning
from chromasonic.training.observers import Observer


class HarmonizerTask:
    """The simple, the advanced and the hybrid agent."""

    name = "harmonizer"
    kinds = tuple(recipes.FILES)

    def default_recipe(self, kinds: Sequence[str]) -> dict[str, Any]:
        """See `Task`."""
        return recipes.recipe_to_dict(recipes.default_recipe(kinds))

    def resolved(self, values: Mapping[str, Any], *, where: str = "recipe") -> dict[str, Any]:
        """See `Task`."""
        return recipes.recipe_to_dict(recipes.recipe_from(dict(values), where))

    def kinds_in(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """See `Task`."""
        return recipes.recipe_from(dict(values), "recipe").agents

    def fitted(self, values: Mapping[str, Any], source: str) -> dict[str, Any]:
        """See `Task`."""
        del values
        raise no_beginning(self.name, source)

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
        """See `Task`."""
        if init_from:
            raise no_beginning(self.name, init_from)
        # An earlier training goes to the folder's archive; the chorales are loaded in a moment.
        del overwrite, on_progress
        trained = recipes.train_harmonizer(
            recipes.recipe_from(dict(values), "recipe"),
            output,
            resume=resume,
            observers=observers,
            on_data=lambda learned, chosen: on_data(
                f"Bach's chorales: {learned} to learn from, {chosen} to choose by"
            ),
        )
        measured = {agent: known.measured for agent, known in trained.metadata.items()}
        return Trained(
            path=trained.folder,
            validation=measured,
            best_loss={
                agent: -float(figures["validation_share_of_ceiling"])
                for agent, figures in measured.items()
                if "validation_share_of_ceiling" in figures
            },
            facts=trained.to_dict(),
        )


TASK = HarmonizerTask()
