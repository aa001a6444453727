"""The head of a model card: YAML that the Hugging Face hub reads, and any other reader."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from chromasonic.registry.card_words import words_for
from chromasonic.registry.licences import weights_terms
from chromasonic.registry.made_up import NAME, is_all_made_up
from chromasonic.registry.markdown import one_line
from chromasonic.registry.metrics import Measured, figures_of, metric, said
from chromasonic.registry.model import ModelFacts

LIBRARY = "chromasonic"


def front_matter(
    facts: ModelFacts, *, name: str, tests: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """The keys of a card's head.

    Args:
        facts: of the model.
        name: of the model in its index, such as "groove@3".
        tests: further results; see `result`.

    Returns:
        Keys of the hub's card format: license (with name and link where it is "other"),
        library_name, tags, datasets, model-index.

    Source: https://github.com/huggingface/hub-docs/blob/main/modelcard.md
    """
    words = words_for(facts.task, facts.kind)
    kinds = () if facts.kind == "all" else (facts.kind,)
    made = (NAME,) if is_all_made_up(facts) else ()
    tags = dict.fromkeys(("music", facts.task, *kinds, *words.tags, *made))
    head: dict[str, Any] = {
        **weights_terms(facts.corpora).hub,
        "library_name": LIBRARY,
        "tags": [tag(word) for word in tags],
    }
    if facts.corpora:
        head["datasets"] = [one_line(corpus.name) for corpus in facts.corpora]
    results = [*_validation_results(facts), *tests]
    if results:
        head["model-index"] = [{"name": one_line(name), "results": results}]
    return head


def tag(text: str) -> str:
    """A word as the hub's tags are written: "groove-predictor"."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")


def result(
    *, task: str, dataset: str, title: str, split: str, figures: Mapping[str, Measured]
) -> dict[str, Any]:
    """One test set of the model index.

    Args:
        task: a tag, such as "melody".
        dataset: name of the corpus.
        title: as people call the corpus.
        split: train, validation or test.
        figures: metric to figure; intervals and n go to its arguments, which the hub shows.
    """
    return {
        "task": {"type": tag(task), "name": one_line(task)},
        "dataset": {"type": one_line(dataset), "name": one_line(title or dataset), "split": split},
        "metrics": [
            {
                "type": tag(said(name)),
                "name": one_line(said(name)),
                "value": float(figure.value),
                **({"args": _arguments(figure)} if _arguments(figure) else {}),
            }
            for name, figure in figures.items()
        ],
    }


def yaml_text(head: Mapping[str, Any]) -> str:
    """The head between its lines of strokes."""
    import yaml

    text = yaml.safe_dump(dict(head), sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{text}---"


def _task(facts: ModelFacts) -> str:
    kind = facts.kind.replace("_", " ")
    return facts.task if kind in ("all", facts.task) else f"{facts.task} ({kind})"


def _validation_results(facts: ModelFacts) -> list[dict[str, Any]]:
    """The validation figures: of one corpus, or of all that it learned from together."""
    figures = {
        name: figure
        for name, figure in figures_of(facts.validation, facts.headline).items()
        if not metric(name).is_of_training
    }
    if not figures:
        return []
    names = [corpus.name for corpus in facts.corpora] or ["not-recorded"]
    titles = [corpus.title or corpus.name for corpus in facts.corpora] or ["not recorded"]
    return [
        result(
            task=_task(facts),
            dataset="+".join(names),
            title=", ".join(titles),
            split="validation",
            figures=figures,
        )
    ]


def _arguments(figure: Measured) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if not math.isnan(figure.low) and not math.isnan(figure.high):
        found["interval_95"] = [float(figure.low), float(figure.high)]
    if figure.n:
        found["n"] = figure.n
    if figure.unit:
        found["unit"] = one_line(figure.unit)
    return found
