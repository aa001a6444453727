"""What the run directories of all tasks share: corpora, code, where the run came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from chromasonic.config import to_toml
from chromasonic.errors import CheckpointError
from chromasonic.files import json_text
from chromasonic.registry.model import CorpusUsed, ModelFacts
from chromasonic.training.run_directory import FACTS, RECIPE, SPLIT, RunDirectory

WHOLE = "all"
"""The kind of a version that holds every model of its run."""


def corpus_used(manifest: Mapping[str, Any]) -> CorpusUsed:
    """A corpus as runs note it."""
    known = {field.name for field in fields(CorpusUsed)}
    return CorpusUsed(**{key: manifest[key] for key in manifest if key in known})


def corpora_of(manifests: Iterable[Mapping[str, Any]]) -> tuple[CorpusUsed, ...]:
    """Corpora, each once."""
    return tuple(dict.fromkeys(corpus_used(manifest) for manifest in manifests))


def code_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Which code trained it, when, with which libraries."""
    return {
        "version": facts.get("code_version", ""),
        "commit": facts.get("code_commit", ""),
        "python": facts.get("python", ""),
        "platform": facts.get("platform", ""),
        "libraries": dict(facts.get("libraries", {})),
        "date": facts.get("date", ""),
    }


def facts_of_run(
    run: RunDirectory, facts: Mapping[str, Any], *, kind: str, **rest: Any
) -> ModelFacts:
    """Facts with what run.json says of every model of a run: code, command, parent.

    Args:
        run: the run directory.
        facts: its run.json.
        kind: of the model.
        rest: the other facts.
    """
    origin = facts.get("init_from")
    origin = origin if isinstance(origin, dict) else {}
    weights = origin.get("weights")
    return ModelFacts(
        command=tuple(map(str, facts.get("command", ()))),
        code=code_of(facts),
        run=run.path.resolve().name,
        parent=str(origin.get("source", "")),
        parent_weights=str(weights.get(kind, "") if isinstance(weights, dict) else ""),
        kind=kind,
        **rest,
    )


def texts_of_run(
    facts: Mapping[str, Any], recipe: Mapping[str, Any], split: Mapping[str, Any]
) -> dict[str, str]:
    """run.json, recipe.toml and split.json of a version."""
    return {
        FACTS: json_text(dict(facts)) + "\n",
        RECIPE: to_toml(dict(recipe)),
        SPLIT: json_text(dict(split)) + "\n",
    }


def existing(folder: Path, names: Iterable[str]) -> dict[str, Path]:
    """Those of some files of a folder that are there."""
    return {name: folder / name for name in names if (folder / name).is_file()}


def best_validation(history: Path) -> dict[str, float]:
    """The validation metrics of the best epoch by a history's file.

    For a training that has not ended, which run.json says no result of.
    """
    from chromasonic.training.history import TrainingHistory

    if not history.is_file():
        return {}
    best = TrainingHistory.load(history).best
    return {name: metric.value for name, metric in best.val.items()} if best else {}


def no_model(path: Path) -> CheckpointError:
    """There is no model at a path."""
    if not path.exists():
        return CheckpointError(
            f"There is nothing at {path}. Give a run directory that a training wrote (--output), "
            "or a checkpoint."
        )
    return CheckpointError(
        f"There is no trained model in {path}. Give a run directory in which a training has ended "
        "its first epoch, a models directory, or a checkpoint (NAME_best.pt, best_model.pth)."
    )
