"""Agents of a models directory, one a model; and all of it as a set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from chromasonic.config import read_toml, to_toml
from chromasonic.harmonization.models_directory import (
    FILES,
    RECIPE,
    ModelMetadata,
    agents_in,
    read_metadata,
)
from chromasonic.registry.model import ModelFacts, TrainedModel
from chromasonic.registry.spool import tracked_run
from chromasonic.tasks.finding_runs import WHOLE, corpora_of, existing

HEADLINES = {"hybrid": "validation_share_of_ceiling"}
"""The figure of an agent that is named first; the average reward of an episode for the others."""


def models_in_directory(folder: Path) -> list[TrainedModel]:
    """All agents as a set, where there are several, then each; those whose model is there.

    Raises:
        DataError: the metadata of an agent is broken.
    """
    agents = [agent for agent in agents_in(folder) if (folder / FILES[agent].model).is_file()]
    singles = [_model(folder, [agent]) for agent in agents]
    whole = [_model(folder, agents)] if len(agents) > 1 else []
    return [*whole, *singles]


def _model(folder: Path, agents: Sequence[str]) -> TrainedModel:
    known = {agent: read_metadata(folder, agent) for agent in agents}
    names = [name for agent in agents for name in _names(agent)]
    recipe = _recipe(folder, agents) or {agent: known[agent].settings for agent in agents}
    first, is_whole = agents[0], len(agents) > 1
    seeds = {metadata.seed for metadata in known.values()}
    texts = {RECIPE: to_toml(recipe)} if (folder / RECIPE).is_file() else {}
    return TrainedModel(
        facts=ModelFacts(
            task="harmonizer",
            kind=WHOLE if is_whole else first,
            title=f"{len(agents)} harmonizing agents" if is_whole else known[first].name,
            corpora=corpora_of(
                _full(corpus) for metadata in known.values() for corpus in metadata.corpora
            ),
            seed=seeds.pop() if len(seeds) == 1 else None,
            validation={
                f"{agent} {name}" if is_whole else name: value
                for agent, metadata in known.items()
                for name, value in _figures(metadata).items()
            },
            headline="" if is_whole else HEADLINES.get(first, "average_reward"),
            recipe=recipe,
            code={
                "version": "",
                "date": max(metadata.date for metadata in known.values()),
                "rules": ", ".join(sorted({m.rules for m in known.values() if m.rules})),
            },
            run=folder.resolve().name,
            tracked_run="" if is_whole else tracked_run(folder, first),
        ),
        files=existing(folder, names),
        texts=texts,
    )


def _names(agent: str) -> tuple[str, ...]:
    """The files of an agent that a version keeps; not the checkpoint, which only goes on."""
    return FILES[agent].kept


def _figures(metadata: ModelMetadata) -> dict[str, float]:
    measured = {
        name: float(value)
        for name, value in metadata.measured.items()
        if name.startswith("validation") and isinstance(value, (int, float))
    }
    return {**measured, "average_reward": float(metadata.average_reward)}


def _recipe(folder: Path, agents: Sequence[str]) -> dict[str, object]:
    if not (folder / RECIPE).is_file():
        return {}
    values = read_toml(folder / RECIPE)
    return {agent: values[agent] for agent in agents if agent in values}


def _full(corpus: dict[str, str]) -> dict[str, object]:
    """A corpus as metadata name it, with what the catalogue knows besides."""
    from chromasonic.data.catalogue import facts_of
    from chromasonic.errors import ChromasonicError

    try:
        facts = facts_of(corpus.get("name", ""))
    except ChromasonicError:  # it was trained on a corpus of its own
        return dict(corpus)
    catalogued = {
        key: value
        for key, value in asdict(facts).items()
        if key in ("licence_url", "citation", "url", "weights_may_ship")
    }
    return {**catalogued, **corpus}
