"""What an evaluation found of a run's models on their test parts, where it lies in the run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chromasonic.registry.judgements import Judgement
from chromasonic.training.run_directory import RunDirectory

RESULTS = Path("results") / "results.json"
_TEST = re.compile(r"(?P<corpus>[\w.-]+), test(?: \([^)]*\))?\Z")
"""A whole test part; tests of one drum, composer or style are told by the report alone."""


def judgements_on_test(path: Path, kind: str) -> list[Judgement]:
    """Figures with intervals of `chromasonic evaluate companion RUN --output RUN/results`.

    Args:
        path: the run directory.
        kind: of the model; "all" is every one.

    Returns:
        One for each test part; none where there is no evaluation, or it is one of other weights.
    """
    run = RunDirectory(path)
    if not run.is_there or run.facts().get("task") != "companion":
        return []
    try:
        document = json.loads((path / RESULTS).read_text(encoding="utf-8"))
        models = document["models"].items()
        trained = run.facts().get("results", {})
        return [
            judgement
            for name, model in models
            if kind in (name, "all") and model["epoch"] == trained.get(name, {}).get("best_epoch")
            for judgement in _judgements(name, model, document)
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # another program's file
        return []


def _judgements(
    name: str, model: Mapping[str, Any], document: Mapping[str, Any]
) -> list[Judgement]:
    found = {}
    for row in model["rows"]:
        match = _TEST.match(row["test"])
        if match is None or row["is_baseline"] or match["corpus"] in found:
            continue
        figures = {
            metric: {**figure, "is_lower_better": row["better"].get(metric) == "lower"}
            for metric, figure in row["figures"].items()
            if figure["value"] is not None
        }
        if not figures:
            continue
        found[match["corpus"]] = Judgement(
            kind=name,
            corpus=match["corpus"],
            part="test",
            unit="piece",
            pieces=max(int(figure["n"]) for figure in figures.values()),
            figures=figures,
            when=str(document.get("date", "")),
            code_version=str(document.get("code_version", "")),
            remarks=tuple(
                str(verdict["sentence"])
                for verdict in model["verdicts"]
                if verdict["test"] == row["test"]
            ),
        )
    return list(found.values())
