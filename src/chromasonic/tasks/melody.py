"""Melody models, as a task among tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chromasonic.data.progress import Progress
from chromasonic.melody_generation import recipe as recipes
from chromasonic.tasks.task import Trained
from chromasonic.training.observers import Observer


class MelodyTask:
    """The LSTM, the Transformer and the Markov model."""

    name = "melody"
    kinds = recipes.KINDS

    def default_recipe(self, kinds: Sequence[str]) -> dict[str, Any]:
        """See `Task`."""
        named = [kind for choice in kinds for kind in recipes.kinds_of(choice)]
        return recipes.recipe_to_dict(recipes.default_recipe(named))

    def resolved(self, values: Mapping[str, Any], *, where: str = "recipe") -> dict[str, Any]:
        """See `Task`."""
        return recipes.recipe_to_dict(recipes.recipe_from(values, where=where))

    def kinds_in(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """See `Task`."""
        return tuple(recipes.recipe_from(values).models)

    def fitted(self, values: Mapping[str, Any], source: str) -> dict[str, Any]:
        """See `Task`."""
        from chromasonic.melody_generation.beginning import recipe_like

        return recipes.recipe_to_dict(recipe_like(source, recipes.recipe_from(values)))

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
        from chromasonic.melody_generation.runs import train_melody

        run = train_melody(
            recipes.recipe_from(values),
            output,
            resume=resume,
            overwrite=overwrite,
            init_from=init_from or None,
            observers=observers,
            on_progress=on_progress,
            on_data=lambda data: on_data(f"{data.manifest.title} ({data.manifest.licence})"),
        )
        facts = run.to_dict()
        models = facts["models"]
        return Trained(
            path=run.directory.path,
            validation={kind: model["validation"] for kind, model in models.items()},
            best_loss={kind: model["best_val_loss"] for kind, model in models.items()},
            facts=facts,
        )


TASK = MelodyTask()
