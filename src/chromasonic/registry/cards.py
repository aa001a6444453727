"""The card of a registered version: Hugging Face's format, from facts alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chromasonic.registry import card_sections as sections
from chromasonic.registry.card_words import words_for
from chromasonic.registry.front_matter import front_matter, result, yaml_text
from chromasonic.registry.judgements import Judgement
from chromasonic.registry.markdown import code, escaped, table
from chromasonic.registry.metrics import canonical, figures_of
from chromasonic.registry.model import ModelFacts
from chromasonic.registry.version import Export, Version


def card_text(version: Version, *, judged: Sequence[Judgement] = ()) -> str:
    """A version's card: YAML head, then what it is, its data, figures, limits, and how to go on.

    Nothing of the machine that trained it is told (folders, user), and nothing that a stranger
    wrote into a title becomes Markdown, HTML or YAML.

    Args:
        version: as the registry knows it.
        judged: what it was measured to be worth, piece by piece; these figures have intervals.
    """
    version = replace(version, facts=_unjudged(version.facts, judged))
    facts, words = version.facts, words_for(version.facts.task, version.facts.kind)
    tests = [judged_result(version.facts, judgement) for judgement in judged]
    head = yaml_text(front_matter(facts, name=version.reference, tests=tests))
    title = facts.title or words.title
    recipe = f"chromasonic models show {version.reference} --recipe"
    return sections.page(
        head,
        f"{escaped(version.reference)}: {escaped(title)}",
        [
            ("", _opening(version)),
            ("Uses", sections.uses_text(facts, words)),
            ("Bias, Risks, and Limitations", sections.limits_text(facts, words)),
            ("Licence of the Weights", sections.weights_text(facts.corpora)),
            ("How to Get Started with the Model", sections.use_text(words, version.reference)),
            (
                "Training Details",
                sections.under(
                    {
                        "Training Data": sections.corpora_text(facts.corpora),
                        "Training Procedure": sections.training_text(facts),
                        "How to Make It Again": sections.again_text(facts, recipe_command=recipe),
                    }
                ),
            ),
            ("Evaluation", _evaluation(version, judged)),
            ("Exports", _exports_text(version.exports)),
            ("Files", sections.files_text(version.files)),
        ],
    )


def _opening(version: Version) -> str:
    facts, words = version.facts, words_for(version.facts.task, version.facts.kind)
    lines = [line for line in (sections.made_up_text(facts), escaped(words.summary)) if line]
    if version.note:
        lines.append(f"Note: {escaped(version.note)}")
    lines.append(
        f"Version {version.number} of {code(version.name)}, registered "
        f"{escaped(version.created[:10])}; task {code(facts.task)}, kind {code(facts.kind)}."
    )
    return "\n\n".join(lines)


def _unjudged(facts: ModelFacts, judged: Sequence[Judgement]) -> ModelFacts:
    """Facts without the figures of the training that were judged anew, with intervals."""
    anew = {
        canonical(name)
        for judgement in judged
        if judgement.part == "validation" and judgement.kind == facts.kind
        for name in judgement.figures
    }
    kept = {key: facts.validation[key] for key in facts.validation if canonical(key) not in anew}
    return replace(facts, validation=kept)


def judged_result(facts: ModelFacts, judgement: Judgement) -> dict[str, Any]:
    """A judgement for the model index of a card's front matter.

    Args:
        facts: of the model.
        judgement: of it on a part of a corpus.
    """
    titles = {corpus.name: corpus.title for corpus in facts.corpora}
    return result(
        task=f"{facts.task} ({judgement.kind.replace('_', ' ')})",
        dataset=judgement.corpus,
        title=titles.get(judgement.corpus, ""),
        split=judgement.part,
        figures=figures_of(judgement.figures),
    )


def _evaluation(version: Version, judged: Sequence[Judgement]) -> str:
    """Figures with intervals first, then what the training measured."""
    parts = {
        f"{escaped(judgement.corpus)}, {judgement.part}: {escaped(judgement.kind)}": "\n\n".join(
            [
                f"{judgement.pieces:,} {escaped(judgement.unit)}s, judged {judgement.when[:10]} by "
                f"Chromasonic {escaped(judgement.code_version)}.",
                sections.figures_table(figures_of(judgement.figures)),
                "\n".join(f"- {escaped(one)}" for one in judgement.remarks),
            ]
        )
        for judgement in judged
    }
    if version.facts.validation or not judged:
        parts["As the training measured it"] = sections.figures_text(version.facts)
    return sections.under(parts)


def _exports_text(exports: Sequence[Export]) -> str:
    """What it was exported to, and how that was proven."""
    rows = [
        [
            code(name),
            escaped(export.format),
            f"{file.size_bytes:,}",
            code(file.sha256),
            escaped(_parity(export.parity)),
        ]
        for export in exports
        for name, file in sorted(export.files.items())
    ]
    headings = ["file", "format", "bytes", "SHA-256", "largest difference"]
    return table(headings, rows, right=(2,)) if rows else ""


def _parity(parity: Mapping[str, Any]) -> str:
    value = parity.get("largest_difference")
    return f"{value:.1e}" if isinstance(value, float) else ""
