"""Companion models as a training left them: the whole set, and each by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chromasonic.registry.made_up import learned_by_set
from chromasonic.registry.model import TrainedModel
from chromasonic.registry.spool import tracked_run
from chromasonic.tasks.finding_runs import (
    WHOLE,
    best_validation,
    existing,
    facts_of_run,
    texts_of_run,
)
from chromasonic.training.run_directory import RunDirectory

KINDS = (
    "emotion_recognizer",
    "melody_transformer",
    "harmony_predictor",
    "dynamics_engine",
    "groove_predictor",
)


def models_in_run(run: RunDirectory, facts: Mapping[str, Any]) -> list[TrainedModel]:
    """The set of a run's models, where there are several, then each that has a best checkpoint."""
    kinds = [kind for kind in KINDS if (run.path / best_name(kind)).is_file()]
    recipe, split = run.recipe(), run.split()
    singles = [_model(run, facts, recipe, split, [kind]) for kind in kinds]
    whole = [_model(run, facts, recipe, split, kinds)] if len(kinds) > 1 else []
    return [*whole, *singles]


def best_name(kind: str) -> str:
    """The best checkpoint of a kind within a run directory."""
    return f"checkpoints/{kind}_best.pt"


def _files(run: RunDirectory, kind: str) -> dict[str, Path]:
    names = [
        best_name(kind),
        *(f"history/{kind}_history.{ending}" for ending in ("json", "csv")),
        *(f"plots/{kind}_{what}.png" for what in ("loss", "metric")),
        f"cards/{kind}.md",
        f"{kind}.json",
    ]
    return existing(run.path, names)


def _model(
    run: RunDirectory,
    facts: Mapping[str, Any],
    recipe: Mapping[str, Any],
    split: Mapping[str, Any],
    kinds: Sequence[str],
) -> TrainedModel:
    files = {name: path for kind in kinds for name, path in _files(run, kind).items()}
    results = {kind: _result(run, facts, kind, files) for kind in kinds}
    data = {kind: dict(facts.get("data", {}).get(kind, {})) for kind in kinds}
    own = {kind: recipe[kind] for kind in kinds if kind in recipe}
    exports = {k: v for k, v in facts.get("exports", {}).items() if k in kinds}
    told = {**facts, "results": results, "data": data, "exports": exports}
    parts = {kind: split[kind] for kind in kinds if kind in split}
    first, is_whole = kinds[0], len(kinds) > 1
    parameters = [result.get("parameters") for result in results.values()]
    return TrainedModel(
        facts=facts_of_run(
            run,
            facts,
            task="companion",
            kind=WHOLE if is_whole else first,
            title=_title(kinds, data),
            parameters=sum(parameters) if all(isinstance(n, int) for n in parameters) else None,
            corpora=learned_by_set(data),
            seed=_seed(own),
            validation=_validation(results, is_whole=is_whole),
            validated_on="" if is_whole else _validated_on(data[first]),
            headline="" if is_whole else str(results[first].get("headline", "")),
            recipe=own,
            tracked_run="" if is_whole else tracked_run(run.path, first),
        ),
        files=files,
        texts=texts_of_run(told, own, parts),
    )


def _result(
    run: RunDirectory, facts: Mapping[str, Any], kind: str, files: Mapping[str, Path]
) -> dict[str, Any]:
    """How a model's training ended, its files by their names in the version."""
    result = dict(facts.get("results", {}).get(kind, {}))
    result.setdefault("parameters", counted(kind))
    if not result.get("validation"):
        result["validation"] = best_validation(run.path / f"history/{kind}_history.json")
    by_name = {Path(name).name: name for name in files}
    result["files"] = {
        what: by_name[Path(path).name]
        for what, path in result.get("files", {}).items()
        if Path(path).name in by_name
    }
    return result


def counted(kind: str) -> int:
    """The numbers of a network: each kind has one size."""
    from chromasonic.companion.catalogue import COMPANIONS

    return COMPANIONS[kind].spec.parameters


def _validation(results: Mapping[str, Mapping[str, Any]], *, is_whole: bool) -> dict[str, float]:
    return {
        f"{kind} {metric}" if is_whole else metric: value
        for kind, result in results.items()
        for metric, value in result.get("validation", {}).items()
    }


def _validated_on(data: Mapping[str, Any]) -> str:
    sizes = data.get("sizes", {}).get("validation", {})
    if not {"examples", "pieces"} <= sizes.keys():
        return ""
    return f"{sizes['examples']:,} examples of {sizes['pieces']:,} pieces"


def _seed(recipe: Mapping[str, Mapping[str, Any]]) -> int | None:
    """The seed of the training; None where the models of a set had several."""
    seeds = {part.get("training", {}).get("seed") for part in recipe.values()}
    return seeds.pop() if len(seeds) == 1 else None


def _title(kinds: Sequence[str], data: Mapping[str, Mapping[str, Any]]) -> str:
    if len(kinds) == len(KINDS):
        return f"{len(kinds)} companion models"
    if len(kinds) > 1:
        return f"{len(kinds)} of {len(KINDS)} companion models: {', '.join(kinds)}"
    kind = kinds[0]
    if data[kind].get("is_synthetic"):
        return f"{kind}, made-up examples"
    corpora = ", ".join(str(corpus.get("name")) for corpus in data[kind].get("corpora", ()))
    return f"{kind}, {corpora}" if corpora else kind
