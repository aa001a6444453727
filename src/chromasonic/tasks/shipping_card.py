"""The card of a model that ships: what it is for, corpus and licence, figures, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chromasonic.config import to_toml
from chromasonic.registry import card_sections as sections
from chromasonic.registry.card_words import words_for
from chromasonic.registry.cards import judged_result
from chromasonic.registry.front_matter import front_matter, yaml_text
from chromasonic.registry.judgements import Judgement
from chromasonic.registry.manifest import FileFacts
from chromasonic.registry.markdown import code, escaped, fenced
from chromasonic.registry.metrics import figures_of
from chromasonic.registry.model import ModelFacts
from chromasonic.tasks.shipping_plans import Plan

_PART = {
    "validation": "the best epoch was chosen by this part",
    "test": "this part was opened once, when nothing was chosen any more",
}


def shipped_card(
    plan: Plan,
    facts: ModelFacts,
    judged: Sequence[Judgement],
    sizes: Mapping[str, FileFacts],
) -> str:
    """A card in Markdown, with the head that the Hugging Face hub reads.

    Args:
        plan: the model's name and words.
        facts: of its training.
        judged: what it was measured to be worth, with intervals.
        sizes: its files.
    """
    words = words_for(facts.task, facts.kind)
    tests = [judged_result(facts, judgement) for judgement in judged]
    checkpoints = {name: file for name, file in sizes.items() if name.endswith((".pt", ".pth"))}
    return sections.page(
        yaml_text(front_matter(facts, name=plan.name, tests=tests)),
        f"{plan.name}: {escaped(plan.title)}",
        [
            ("", _opening(plan, facts)),
            ("Uses", sections.uses_text(facts, words)),
            ("Bias, Risks, and Limitations", sections.limits_text(facts, words)),
            ("Licence of the Weights", sections.weights_text(facts.corpora)),
            ("How to Get Started with the Model", sections.use_text(words, plan.name)),
            (
                "Training Details",
                sections.under(
                    {
                        "Training Data": sections.corpora_text(facts.corpora),
                        "Training Procedure": sections.training_text(facts),
                        "How to Make It Again": _again(plan, facts),
                    }
                ),
            ),
            ("Evaluation", _evaluation(facts, judged)),
            ("Files", sections.files_text(checkpoints)),
        ],
    )


def _opening(plan: Plan, facts: ModelFacts) -> str:
    lines = [
        sections.made_up_text(facts),
        escaped(plan.summary),
        escaped(words_for(facts.task, facts.kind).summary),
        f"It comes with the package, under the name {code(plan.name)}; task {code(facts.task)}, "
        f"kind {code(facts.kind)}. Its weights are stored in half precision.",
        escaped(plan.note),
    ]
    return "\n\n".join(line for line in lines if line)


def _evaluation(facts: ModelFacts, judged: Sequence[Judgement]) -> str:
    """Figures of whole parts with intervals, then what the training measured."""
    parts = {
        f"{escaped(judgement.corpus)}, {judgement.part} part": "\n\n".join(
            [
                f"{judgement.pieces:,} {escaped(judgement.unit)}s, of the model as it ships; "
                f"{_PART[judgement.part]}.",
                sections.figures_table(figures_of(judgement.figures)),
                "\n".join(f"- {escaped(one)}" for one in judgement.remarks),
            ]
        ).strip()
        for judgement in judged
    }
    parts["As the training measured it"] = sections.figures_text(facts)
    return sections.under(parts)


def _again(plan: Plan, facts: ModelFacts) -> str:
    """The command and the recipe that make it again."""
    marks = [
        f"{code(corpus.name)} with fingerprint {code(corpus.fingerprint)}"
        for corpus in facts.corpora
        if corpus.fingerprint
    ]
    parts = [
        fenced(f"python scripts/train_shipped_models.py --only {plan.name}", "bash"),
        f"The recipe is {code(f'recipes/shipped/{plan.recipe}')}; resolved, as it was trained:",
        fenced(to_toml(_without_places(facts.recipe)), "toml"),
        f"It must read the same corpora: {'; '.join(marks)}." if marks else "",
        sections.code_text(facts.code),
    ]
    return "\n\n".join(part for part in parts if part)


def _without_places(recipe: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in recipe.items() if key != "output"}
