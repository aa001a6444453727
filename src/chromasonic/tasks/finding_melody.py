"""Melody models as a training left them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

KINDS = ("lstm", "transformer", "markov")
TITLES = {"lstm": "LSTM", "transformer": "Transformer", "markov": "Markov model"}
HEADLINE = "pitch_bits"
"""What two melody models are compared by first: bits of a note's pitch, given durations."""


def models_in_run(run: RunDirectory, facts: Mapping[str, Any]) -> list[TrainedModel]:
    """Those models of a run that have a best checkpoint."""
    recipe, split = run.recipe(), run.split()
    return [
        _model(run, facts, recipe, split, kind)
        for kind in KINDS
        if (run.path / best_name(kind)).is_file()
    ]


def best_name(kind: str) -> str:
    """The best checkpoint of a kind within a run directory."""
    return f"{kind}_checkpoints/melody_{kind}_best.pt"


def _model(
    run: RunDirectory,
    facts: Mapping[str, Any],
    recipe: Mapping[str, Any],
    split: Mapping[str, Any],
    kind: str,
) -> TrainedModel:
    folder, name = f"{kind}_checkpoints", f"melody_{kind}"
    endings = ("best.pt", "history.json", "history.csv", "curves.png")
    files = existing(run.path, [f"{folder}/{name}_{ending}" for ending in endings])
    result = dict(facts.get("results", {}).get(kind, {}))
    history = run.path / folder / f"{name}_history.json"
    validation = result.get("validation") or best_validation(history)
    manifest = facts.get("corpus", {}).get("manifest", {})
    corpora = corpora_of([manifest] if manifest else [])
    own = {"data": recipe.get("data", {}), kind: recipe.get(kind, {})}
    training = own[kind].get("training", {})
    result["files"] = {
        what: f"{folder}/{Path(path).name}"
        for what, path in result.get("files", {}).items()
        if f"{folder}/{Path(path).name}" in files
    }
    told = {**facts, "models": [kind], "results": {kind: result}}
    return TrainedModel(
        facts=facts_of_run(
            run,
            facts,
            task="melody",
            kind=kind,
            title=title_of(kind, [corpus.name for corpus in corpora]),
            parameters=result.get("parameters") or counted(files[best_name(kind)], kind),
            corpora=corpora,
            seed=None if kind == "markov" else training.get("seed", facts.get("seed")),  # it counts
            validation=validation,
            validated_on=f"{len(tunes):,} tunes" if (tunes := split.get("validation")) else "",
            headline=HEADLINE,
            recipe=own,
            tracked_run=tracked_run(run.path, name),
        ),
        files=files,
        texts=texts_of_run(told, own, split),
    )


def counted(checkpoint: Path, kind: str) -> int | None:
    """The numbers of a network by its checkpoint, where no run.json says it (yet)."""
    if kind == "markov":
        return None
    from chromasonic.melody_generation.models import build_model
    from chromasonic.training.checkpoint import load_checkpoint
    from chromasonic.training.parameters import parameter_count

    with suppress(ChromasonicError, KeyError, TypeError):  # then it stays open
        config = load_checkpoint(checkpoint)["config"]["model"]["config"]
        return parameter_count(build_model(kind, config))
    return None


def title_of(kind: str, corpora: Sequence[str]) -> str:
    """A line for people."""
    learned = f", {' and '.join(corpora)}" if corpora else ""
    return f"{TITLES.get(kind, kind)} for melodies{learned}"
