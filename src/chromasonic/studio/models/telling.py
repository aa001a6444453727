"""Models as plain values for the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chromasonic.registry.diff import flat
from chromasonic.registry.metrics import canonical, figures_of, metric
from chromasonic.registry.version import Change, Version
from chromasonic.studio.models.entries import Entry, told_files
from chromasonic.studio.models.listing import shipped_summary, summary, told_figure

MOST_AXES = 8
"""Of a radar: more cannot be read."""


def entry_summary(entry: Entry) -> dict[str, Any]:
    """What a list says of a model."""
    if entry.version is not None:
        return summary(entry.version)
    return shipped_summary(
        entry.facts,
        name=entry.name,
        summary=entry.summary,
        licence=entry.licence,
        size_bytes=entry.size_bytes,
    )


def figures(entry: Entry) -> list[dict[str, Any]]:
    """Every validation figure of a model, the headline first; with intervals where it was judged.

    Figures of the test part follow; they are named so. Each says its `music`: what it was measured
    on, for comparing.
    """
    learned_from = _judged_on(entry)
    found = {
        canonical(name): {
            **told_figure(name, figure, where=_where(entry, name)),
            "music": learned_from,
        }
        for name, figure in figures_of(entry.facts.validation, entry.facts.headline).items()
    }
    tested = []
    for judgement in entry.judged:
        where = f"{judgement.pieces:,} {judgement.unit}s of {judgement.corpus}, {judgement.part}"
        for name, figure in figures_of(judgement.figures).items():
            told = {
                **told_figure(name, figure, where=where),
                "music": _music_of(entry, judgement.corpus),
            }
            if judgement.part == "validation" and judgement.kind == entry.facts.kind:
                found[canonical(name)] = told
            else:
                before = "test: " if judgement.part == "test" else ""
                names = {key: f"{before}{told[key]}" for key in ("metric", "name")}
                tested.append({**told, **names})
    return [*found.values(), *tested]


def _where(entry: Entry, name: str) -> str:
    """What a figure of the training was measured on."""
    return "its training" if metric(name).is_of_training else entry.facts.validated_on


def details(entry: Entry, children: Sequence[Version], changes: Sequence[Change]) -> dict[str, Any]:
    """All that is told of one model, but for its card and curves."""
    from chromasonic.registry.family_tree import family_tree, lines_of

    version, facts = entry.version, entry.facts
    return {
        **entry_summary(entry),
        "figures": figures(entry),
        "is_hashed": entry.is_hashed,
        "corpora": [vars(corpus) for corpus in facts.corpora],
        "recipe": {key: str(value) for key, value in flat(facts.recipe).items()},
        "command": list(facts.command),
        "code": {
            key: str(facts.code[key]) for key in ("version", "commit", "date") if key in facts.code
        },
        "lineage": [] if version is None else lines_of(family_tree(version, children)),
        "files": told_files(entry.files),
        "exported": [
            {"format": one.format, "created": one.created, "files": told_files(one.files)}
            for one in (version.exports if version is not None else ())
        ],
        "history": [vars(change) for change in reversed(changes)],
    }


def compared(entries: Sequence[Entry]) -> dict[str, Any]:
    """Models beside each other: their figures by metric, settings that differ, and a radar."""
    own = [figures(entry) for entry in entries]
    names: dict[str, dict[str, Any]] = {}
    for told in own:
        for figure in told:
            names.setdefault(figure["metric"], figure)
    rows = []
    for name, first in names.items():
        cells = [next((one for one in told if one["metric"] == name), None) for told in own]
        is_fair = _is_fair(entries, cells)
        rows.append(
            {
                "metric": name,
                "name": first["name"],
                "meaning": first["meaning"],
                "unit": first["unit"],
                "is_lower_better": first["is_lower_better"],
                "cells": cells,
                "is_fair": is_fair,
                "best": _best(cells, first["is_lower_better"]) if is_fair else [],
            }
        )
    recipes = [
        {k.removeprefix(f"{e.facts.kind}."): str(v) for k, v in flat(e.facts.recipe).items()}
        for e in entries
    ]
    keys = dict.fromkeys(key for recipe in recipes for key in recipe)
    unlike = [key for key in keys if len({recipe.get(key) for recipe in recipes}) > 1]
    return {
        "models": [entry_summary(entry) for entry in entries],
        "rows": rows,
        "settings": [
            {"key": key, "cells": [recipe.get(key) for recipe in recipes]} for key in unlike
        ],
        "radar": _radar(rows),
        "is_one_task": len({entry.facts.task for entry in entries}) == 1,
        "is_one_part": len({_judged_on(entry) for entry in entries}) == 1,
    }


def _judged_on(entry: Entry) -> tuple[str, ...]:
    return tuple(sorted(corpus.fingerprint or corpus.name for corpus in entry.facts.corpora))


def _music_of(entry: Entry, corpus: str) -> tuple[str, ...]:
    """A corpus that a model was judged on later, as `_judged_on` calls it where it knows it."""
    known = {one.name: one.fingerprint or one.name for one in entry.facts.corpora}
    return (known.get(corpus, corpus),)


def _is_fair(entries: Sequence[Entry], cells: Sequence[dict[str, Any] | None]) -> bool:
    """Whether the figures of a row may be ranked: of one task, and measured on the same music."""
    there = [(entry, cell) for entry, cell in zip(entries, cells, strict=True) if cell is not None]
    return len({(entry.facts.task, cell["music"]) for entry, cell in there}) == 1


def _best(cells: Sequence[dict[str, Any] | None], is_lower_better: bool | None) -> list[int]:
    """Which of them have the best value; none where neither direction is better."""
    values = [None if cell is None else cell["value"] for cell in cells]
    there = [value for value in values if value is not None]
    if is_lower_better is None or len(there) < 2:
        return []
    top = min(there) if is_lower_better else max(there)
    return [place for place, value in enumerate(values) if value == top]


def _radar(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Axes of the metrics that all have: 1 is the best of these models, 0.5 half as good.

    A metric of which less is better counts as best / value, the others as value / best. Figures
    that were measured on different music are no axis: their shapes would lie over each other as if
    they could be compared.
    """
    axes = []
    for row in rows:
        values = [cell and cell["value"] for cell in row["cells"]]
        if (
            not row["is_fair"]
            or row["is_lower_better"] is None
            or any(v is None or v <= 0 for v in values)
        ):
            continue
        if row["is_lower_better"]:
            shares = [min(values) / value for value in values]
        else:
            shares = [value / max(values) for value in values]
        texts = [cell["text"] for cell in row["cells"]]
        axes.append({"label": row["name"], "shares": shares, "texts": texts})
    return axes[:MOST_AXES]
