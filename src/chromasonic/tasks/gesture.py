"""Gesture networks, as a task among tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chromasonic.data.progress import Progress
from chromasonic.errors import UsageError
from chromasonic.gesture import recipe as recipes
from chromasonic.gesture.network_config import SIZES
from chromasonic.tasks.task import Trained
from chromasonic.training.observers import Observer


class GestureTask:
    """One network in several sizes; what it is called is its size, else "gesture"."""

    name = "gesture"
    kinds = tuple(SIZES)

    def default_recipe(self, kinds: Sequence[str]) -> dict[str, Any]:
        """See `Task`."""
        if len(kinds) != 1 or kinds[0] not in SIZES:
            raise UsageError(
                f"'{', '.join(kinds)}' is no size of gesture network; known: {', '.join(SIZES)}."
            )
        return recipes.recipe_to_dict(
            recipes.with_settings(recipes.GestureRecipe(), size=kinds[0], dataset="auto")
        )

    def resolved(self, values: Mapping[str, Any], *, where: str = "recipe") -> dict[str, Any]:
        """See `Task`."""
        return recipes.recipe_to_dict(recipes.recipe_from(dict(values), where=where))

    def kinds_in(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """See `Task`."""
        network = recipes.recipe_from(dict(values)).network
        return (next((size for size, config in SIZES.items() if config == network), "gesture"),)

    def fitted(self, values: Mapping[str, Any], source: str) -> dict[str, Any]:
        """See `Task`."""
        from chromasonic.gesture.beginning import recipe_like

        return recipes.recipe_to_dict(recipe_like(source, recipes.recipe_from(dict(values))))

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
        from chromasonic.gesture.runs import train_gesture

        recipe = replace(recipes.recipe_from(dict(values)), output=str(output))
        run = train_gesture(
            recipe,
            output,
            resume=resume,
            overwrite=overwrite,
            init_from=init_from or None,
            observers=observers,
            on_progress=on_progress,
            on_data=lambda data: on_data(f"{data.manifest.title} ({data.manifest.licence})"),
        )
        facts = run.to_dict()
        (kind,) = self.kinds_in(values)
        return Trained(
            path=run.directory.path,
            validation={kind: facts["validation"]},
            best_loss={kind: facts["best_val_loss"]},
            facts=facts,
        )


TASK = GestureTask()
