"""What comes with the package, in short: from run.json and metadata alone, without torch."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import chromasonic
from chromasonic.errors import ChromasonicError
from chromasonic.registry.licences import weights_terms
from chromasonic.registry.model import CorpusUsed, ModelFacts
from chromasonic.registry.shipped import ShippedModel, shipped_models
from chromasonic.studio.models.listing import shipped_summary
from chromasonic.studio.train.on_disk import AGENTS, FACTS, corpora_in

AGENTS_FOLDER = Path(chromasonic.__file__).parent / "harmonization" / "shipped"
"""Where the agents that harmonize lie."""
SHARE = "validation_share_of_ceiling"
HEADLINES = {"melody": "pitch_bits", "gesture": "accuracy"}


def shipped_summaries() -> list[dict[str, Any]]:
    """What the list says of each model and agent; none where the package has none."""
    try:
        models = shipped_models()
    except ChromasonicError:
        models = ()
    agents = [_agent(kind, *names) for kind, names in AGENTS.items()]
    return [*_of_models(models), *(agent for agent in agents if agent)]


def _of_models(models: Iterable[ShippedModel]) -> list[dict[str, Any]]:
    return [
        shipped_summary(
            _facts(model),
            name=model.name,
            summary=model.summary,
            licence=model.licence,
            size_bytes=model.bytes,
        )
        for model in models
    ]


def _facts(model: ShippedModel) -> ModelFacts:
    try:
        told = json.loads((model.folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        told = {}
    results = told.get("results", {})
    result: dict[str, Any] = results.get(model.kind) or next(iter(results.values()), {})
    known = {one.name for one in fields(CorpusUsed)}
    return ModelFacts(
        task=model.task,
        kind=model.kind,
        title=model.title,
        parameters=result.get("parameters") or None,
        corpora=tuple(
            CorpusUsed(**{key: corpus[key] for key in corpus if key in known})
            for corpus in corpora_in(told)
        ),
        seed=told.get("seed"),
        validation=result.get("validation", {}),
        headline=result.get("headline") or HEADLINES.get(model.task, ""),
        run=model.name,
    )


def _agent(kind: str, model: str, metadata: str) -> dict[str, Any]:
    """An agent that harmonizes; empty where it does not ship."""
    from chromasonic.data.catalogue import CORPORA

    try:
        told = json.loads((AGENTS_FOLDER / metadata).read_text(encoding="utf-8"))
        size = sum((AGENTS_FOLDER / name).stat().st_size for name in (model, metadata))
        known = [CORPORA[one["name"]] for one in told.get("corpora", ())]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    measured = told.get("measured", {})
    validation = {key: measured[key] for key in measured if key.startswith("validation")}
    validation["average_reward"] = told.get("average_reward")
    corpora = tuple(
        CorpusUsed(
            name=one.name, title=one.title, licence=one.licence,
            weights_may_ship=one.weights_may_ship,
        )
        for one in known
    )  # fmt: skip
    facts = ModelFacts(
        task="harmonizer", kind=kind, title=told.get("name", kind), corpora=corpora,
        seed=told.get("seed"), validation=validation,
        headline=SHARE if SHARE in validation else "average_reward",
    )  # fmt: skip
    return shipped_summary(
        facts, name=kind, summary=told.get("description", ""),
        licence=weights_terms(corpora).sentence, size_bytes=size,
    )  # fmt: skip
