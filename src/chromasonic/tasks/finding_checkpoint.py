"""A single checkpoint as a model: within its run directory, or by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from chromasonic.registry.made_up import learned_from
from chromasonic.registry.model import ModelFacts, TrainedModel
from chromasonic.tasks import finding_companion, finding_gesture, finding_melody
from chromasonic.tasks.finding_runs import corpora_of
from chromasonic.training.checkpoint import load_checkpoint


def with_checkpoint(models: list[TrainedModel], file: Path) -> TrainedModel | None:
    """The model of a run that a checkpoint is of; with this one in place of the best.

    Args:
        models: those of the run.
        file: one of its checkpoints.

    Raises:
        CheckpointError: it cannot be read.
    """
    for model in models:
        bests = [name for name in model.files if _is_best(name)]
        if len(bests) == 1 and model.files[bests[0]].resolve() == file.resolve():
            return model
    info, content = _read(file)
    for model in models:
        bests = [name for name in model.files if _is_best(name)]
        if len(bests) == 1 and info.get("name") == _name_of(model):
            epoch = content.get("epoch")
            facts = replace(
                model.facts,
                title=f"{model.facts.title} (epoch {epoch})",
                validation=_validation(content.get("metrics")),
            )
            return replace(model, facts=facts, files={**model.files, bests[0]: file})
    return None


def lone_model(file: Path) -> TrainedModel | None:
    """A model whose checkpoint lies in no run directory; None where it is of no known task.

    Raises:
        CheckpointError: it cannot be read.
    """
    info, content = _read(file)
    task, model = info.get("task"), info.get("model")
    model = model if isinstance(model, dict) else {}
    kind, data = str(model.get("kind", "")), info.get("data")
    data = data if isinstance(data, dict) else {}
    training = info.get("training")
    recipe = _recipe(info, kind)
    shared: dict[str, Any] = {
        "task": task,
        "title": str(info.get("title", "")),
        "headline": str(info.get("headline", "")),
        "seed": training.get("seed") if isinstance(training, dict) else None,
        "validation": _validation(content.get("metrics")),
        "recipe": recipe,
    }
    if task == "melody" and kind in finding_melody.KINDS:
        corpus = info.get("corpus")
        corpora = corpora_of([corpus] if isinstance(corpus, dict) else [])
        title = finding_melody.title_of(kind, [one.name for one in corpora])
        told = {**shared, "title": title, "headline": finding_melody.HEADLINE}
        told["parameters"] = finding_melody.counted(file, kind)
        name = lone_name(kind)
    elif task == "companion" and kind in finding_companion.KINDS:
        corpora = learned_from(data)
        told = {**shared, "parameters": finding_companion.counted(kind)}
        name = finding_companion.best_name(kind)
    elif task == "gesture":
        corpora = corpora_of([{**data, "name": str(data.get("dataset", ""))}] if data else [])
        kind = finding_gesture.kind_of(recipe) if recipe else "gesture"
        told = {**shared, "parameters": finding_gesture.counted(file)}
        name = finding_gesture.BEST
    else:
        return None
    facts = ModelFacts(kind=kind, corpora=corpora, **told)
    return TrainedModel(facts=facts, files={name: file})


def lone_name(kind: str) -> str:
    """How the checkpoint of a melody model lies in a version that was made of it alone."""
    return f"melody_{kind}_best.pt"


def known_names() -> list[str]:
    """Where checkpoints lie in the versions that were made of them alone."""
    melodies = map(lone_name, finding_melody.KINDS)
    companions = map(finding_companion.best_name, finding_companion.KINDS)
    return [*melodies, *companions, finding_gesture.BEST]


def _recipe(info: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """As far as a checkpoint says it."""
    if isinstance(info.get("recipe"), dict):
        return {key: value for key, value in info["recipe"].items() if key != "output"}
    if info.get("task") != "melody":
        return {}
    model = info.get("model") or {}
    own = {"model": model.get("config", {})}
    if isinstance(info.get("training"), dict):
        own["training"] = info["training"]
    return {"data": info.get("data", {}), kind: own}


def _read(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    content = load_checkpoint(file)
    config = content.get("config")
    return (config if isinstance(config, dict) else {}), content


def _validation(metrics: Any) -> dict[str, float]:
    """The validation metrics of a checkpoint's epoch."""
    found = metrics.get("val") if isinstance(metrics, dict) else None
    return {
        str(name): float(value["value"])
        for name, value in (found.items() if isinstance(found, dict) else ())
        if isinstance(value, dict) and isinstance(value.get("value"), (int, float))
    }


def _is_best(name: str) -> bool:
    return name.endswith("_best.pt") or name == finding_gesture.BEST


def _name_of(model: TrainedModel) -> str:
    """How checkpoints of a model are called in themselves."""
    kind = model.facts.kind
    return {"melody": f"melody_{kind}", "gesture": "gesture"}.get(model.facts.task, kind)
