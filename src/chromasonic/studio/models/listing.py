"""Models in short, as plain values for a list: registered ones, and those that ship."""

from __future__ import annotations

import math
from typing import Any

from chromasonic.registry.licences import weights_terms
from chromasonic.registry.made_up import is_made_up
from chromasonic.registry.metrics import Measured, canonical, figures_of, metric, said
from chromasonic.registry.model import ModelFacts
from chromasonic.registry.shipped import ALIAS
from chromasonic.registry.version import Version


def summary(version: Version) -> dict[str, Any]:
    """What a list says of a version."""
    return {
        **_known(version.facts),
        "reference": version.reference,
        "name": version.name,
        "version": version.number,
        "aliases": sorted(version.aliases),
        "created": version.created,
        "size_bytes": version.size_bytes,
        "exports": [export.format for export in version.exports],
        "parent": version.parent,
        "note": version.note,
        "is_shipped": False,
    }


def shipped_summary(
    facts: ModelFacts, *, name: str, summary: str, licence: str, size_bytes: int
) -> dict[str, Any]:
    """What a list says of a model that comes with the package."""
    return {
        **_known(facts),
        "terms": licence,
        "reference": f"{name}@{ALIAS}",
        "name": name,
        "version": 0,
        "aliases": [],
        "created": "",
        "size_bytes": size_bytes,
        "exports": [],
        "parent": "",
        "note": summary,
        "is_shipped": True,
    }


def _known(facts: ModelFacts) -> dict[str, Any]:
    figures = figures_of(facts.validation, facts.headline)
    name, figure = next(iter(figures.items()), ("", None))
    return {
        "task": facts.task,
        "kind": facts.kind,
        "title": facts.title,
        "headline": None if figure is None else told_figure(name, figure),
        "corpora": [corpus.title or corpus.name for corpus in facts.corpora],
        "licences": [corpus.licence for corpus in facts.corpora],
        "terms": weights_terms(facts.corpora).sentence,
        "is_made_up": any(map(is_made_up, facts.corpora)),
        "parameters": facts.parameters,
        "parameters_said": facts.parameters_said,
        "seed": facts.seed,
        "run": facts.run,
    }


def told_figure(name: str, figure: Measured, *, where: str = "") -> dict[str, Any]:
    """A figure with its name, unit, interval and direction."""
    return {
        "metric": canonical(name),
        "name": said(name),
        "meaning": metric(name).meaning,
        "value": figure.value,
        "low": None if math.isnan(figure.low) else figure.low,
        "high": None if math.isnan(figure.high) else figure.high,
        "n": figure.n,
        "text": str(figure),
        "unit": figure.unit,
        "is_lower_better": figure.is_lower_better,
        "where": where,
    }
