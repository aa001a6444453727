"""Gesture models as a training left them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from chromasonic.errors import ChromasonicError
from chromasonic.registry.model import TrainedModel
from chromasonic.registry.spool import tracked_run
from chromasonic.tasks.finding_runs import (
    best_validation,
    corpora_of,
    existing,
    facts_of_run,
    texts_of_run,
)
from chromasonic.training.run_directory import RunDirectory

BEST = "best_model.pth"
HEADLINE = "accuracy"
NAME = "gesture"


def models_in_run(run: RunDirectory, facts: Mapping[str, Any]) -> list[TrainedModel]:
    """The model of a run, if it has a best checkpoint."""
    if not (run.path / BEST).is_file():
        return []
    names = [BEST, "card.md", *(f"{NAME}_history.{ending}" for ending in ("json", "csv"))]
    files = existing(run.path, [*names, f"{NAME}_curves.png"])
    recipe = {key: value for key, value in run.recipe().items() if key != "output"}
    result = dict(facts.get("results", {}).get(NAME, {}))
    result.pop("run", None)
    result["files"] = {
        what: Path(path).name
        for what, path in result.get("files", {}).items()
        if Path(path).name in files
    }
    manifest = facts.get("corpus") or facts.get("data", {})
    corpora = corpora_of([manifest] if manifest else [])
    kind = kind_of(recipe)
    validation = result.get("validation") or best_validation(run.path / f"{NAME}_history.json")
    model = TrainedModel(
        facts=facts_of_run(
            run,
            facts,
            task="gesture",
            kind=kind,
            title=f"Gesture network, {corpora[0].name}" if corpora else "Gesture network",
            parameters=result.get("parameters") or counted(run.path / BEST),
            corpora=corpora,
            seed=facts.get("seed"),
            validation=validation,
            validated_on=_validated_on(facts, recipe),
            headline=HEADLINE,
            recipe=recipe,
            tracked_run=tracked_run(run.path, NAME),
        ),
        files=files,
        texts=texts_of_run({**facts, "results": {NAME: result}}, recipe, run.split()),
    )
    return [model]


def _validated_on(facts: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
    """How many recordings, and whether their performers were seen; "" where a run does not say."""
    count = facts.get("data", {}).get("sizes", {}).get("validation")
    protocol = recipe.get("data", {}).get("protocol", "")
    return f"{count:,} recordings, protocol '{protocol}'" if isinstance(count, int) else ""


def counted(checkpoint: Path) -> int | None:
    """The numbers of a network by its checkpoint, where no run.json says it (yet)."""
    from chromasonic.gesture.models import load_gesture
    from chromasonic.training.parameters import parameter_count

    with suppress(ChromasonicError):  # then it stays open
        return parameter_count(load_gesture(checkpoint).network)
    return None


def kind_of(recipe: Mapping[str, Any]) -> str:
    """What a network is called: its size where it has a known one, else "gesture"."""
    from chromasonic.tasks.gesture import TASK

    return TASK.kinds_in(recipe)[0]
