"""Versions as a table, and as a few plain values."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import typer

from chromasonic.cli.registered import console, print_table
from chromasonic.registry.made_up import is_made_up, named
from chromasonic.registry.metrics import figures_of, said
from chromasonic.registry.model import ModelFacts
from chromasonic.registry.sizes import said as size_said
from chromasonic.registry.version import Version

WIDE = 100
"""Columns of a terminal from which on corpora are listed."""
MOST_CORPORA = 3


def summary(version: Version) -> dict[str, Any]:
    """What a list says of a version, as plain values."""
    facts = version.facts
    figures = figures_of(facts.validation, facts.headline)
    name, figure = next(iter(figures.items()), ("", None))
    return {
        "reference": version.reference,
        "name": version.name,
        "version": version.number,
        "aliases": list(version.aliases),
        "task": facts.task,
        "kind": facts.kind,
        "title": facts.title,
        "metric": name,
        "value": None if figure is None else figure.value,
        "corpora": [corpus.name for corpus in facts.corpora],
        "is_made_up": any(map(is_made_up, facts.corpora)),
        "created": version.created,
        "size_bytes": version.size_bytes,
        "exports": [export.format for export in version.exports],
        "parent": version.parent,
        "note": version.note,
    }


def print_versions(versions: Sequence[Version], *, newest: int | None) -> None:
    """Versions by name, the newest first.

    Args:
        versions: by name, then number.
        newest: so many of each name, besides those with an alias; None: all.
    """
    rows, hidden, made = [], [], []
    for name, group in groupby(versions, key=lambda version: version.name):
        own = sorted(group, key=lambda version: -version.number)
        shown = [
            version
            for place, version in enumerate(own)
            if newest is None or place < newest or version.aliases
        ]
        rows += [_row(version) for version in shown]
        made += named((version.reference, version.facts) for version in shown)
        if len(shown) < len(own):
            hidden.append(f"{len(own) - len(shown)} more of {name}: chromasonic models list {name}")
    headings = ["MODEL", "ALIASES", "KIND", "VALIDATION", "DATE", "SIZE", "CORPORA"]
    if console().width < WIDE:
        headings.remove("CORPORA")
        rows = [row[:-1] for row in rows]
    whole = ("MODEL", "KIND", "VALIDATION", "DATE")
    print_table(headings, rows, right=("SIZE",), whole=whole)
    if made:
        told = f"Trained on made-up examples, not for music: {', '.join(made)}"
        typer.echo(textwrap.fill(told, max(40, console().width), break_on_hyphens=False))
    for line in hidden:
        typer.echo(line)


def _row(version: Version) -> tuple[str, ...]:
    facts = version.facts
    figures = figures_of(facts.validation, facts.headline)
    metric, figure = next(iter(figures.items()), ("", None))
    return (
        version.reference,
        ", ".join(version.aliases),
        _kind(facts),
        f"{said(metric)} {figure}" if figure is not None and facts.headline else "",
        version.created[:10],
        size_said(version.size_bytes),
        _corpora([corpus.name for corpus in facts.corpora]),
    )


def _corpora(names: Sequence[str]) -> str:
    if not names:
        return "not recorded"
    more = f" and {len(names) - MOST_CORPORA} more" if len(names) > MOST_CORPORA else ""
    return ", ".join(names[:MOST_CORPORA]) + more


def _kind(facts: ModelFacts) -> str:
    """Of a set, how many models are in it: its recipe has a table for each."""
    if facts.kind == "all":
        return f"{facts.task} set of {len(facts.recipe)}" if facts.recipe else f"{facts.task} set"
    return facts.kind if facts.task == "companion" else f"{facts.task} {facts.kind}"
