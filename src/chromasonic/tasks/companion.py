"""The five companion models, as a task among tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chromasonic.companion import recipe as recipes
from chromasonic.companion.catalogue import COMPANIONS
from chromasonic.data.progress import Progress
from chromasonic.errors import UsageError
from chromasonic.tasks.task import Trained, no_beginning
from chromasonic.training.observers import Observer


class CompanionTask:
    """Emotion, melody, harmony, dynamics, groove."""

    name = "companion"
    kinds = tuple(COMPANIONS)

    def default_recipe(self, kinds: Sequence[str]) -> dict[str, Any]:
        """See `Task`."""
        unknown = [kind for kind in kinds if kind not in COMPANIONS]
        if unknown or not kinds:
            raise UsageError(
                f"'{', '.join(unknown)}' is no companion model; known: {', '.join(COMPANIONS)}."
            )
        return recipes.recipe_to_dict(recipes.default_recipe(kinds))

    def resolved(self, values: Mapping[str, Any], *, where: str = "recipe") -> dict[str, Any]:
        """See `Task`."""
        return recipes.recipe_to_dict(recipes.recipe_from(values, where=where))

    def kinds_in(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """See `Task`."""
        return tuple(recipes.recipe_from(values).models)

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
        from chromasonic.companion.runs import train_companions

        run = train_companions(
            recipes.recipe_from(values),
            output,
            resume=resume,
            overwrite=overwrite,
            observers=observers,
            on_progress=on_progress,
            on_data=lambda name, _: on_data(name),
        )
        facts = run.to_dict()
        models = facts["models"]
        return Trained(
            path=run.directory.path,
            validation={kind: model["validation"] for kind, model in models.items()},
            best_loss={kind: model["best_val_loss"] for kind, model in models.items()},
            facts=facts,
        )


TASK = CompanionTask()
