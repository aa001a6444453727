"""The card of a gesture run: what the model is, what it learned from, what it is worth."""

from __future__ import annotations

import shlex
from dataclasses import fields
from pathlib import Path

from chromasonic import files
from chromasonic.gesture.recipe import GestureRecipe
from chromasonic.gesture.results import GestureResults
from chromasonic.gesture.results_report import LEAD, body_parts, mistakes_text
from chromasonic.gesture.results_runs import JudgedRun
from chromasonic.registry import card_sections as sections
from chromasonic.registry.card_words import words_for
from chromasonic.registry.front_matter import front_matter, yaml_text
from chromasonic.registry.markdown import escaped, fenced
from chromasonic.registry.model import CorpusUsed, ModelFacts
from chromasonic.registry.reference import is_version_folder

CARD = "card.md"


def write_cards(results: GestureResults) -> list[Path]:
    """Write the card of every run that was judged; a registered version stays as it is.

    Raises:
        StorageError: a card cannot be written.
    """
    return [
        files.write_text(run.path / CARD, card_text(run, results))
        for runs in results.runs.values()
        for run in runs
        if not is_version_folder(run.path)
    ]


def card_text(run: JudgedRun, results: GestureResults) -> str:
    """A run's card as Markdown."""
    count = sum(map(len, results.runs.values()))
    together = (
        f"This run is one of {count} (fold {run.fold}, seed {run.seed}); the figures are of all of "
        "them."
        if count > 1
        else ""
    )
    facts, words = _facts(run, results), words_for("gesture", "gesture")
    lead = " ".join(part for part in (LEAD, together) if part)
    training = {
        "Training Data": _data_text(run, facts),
        "Training Procedure": _training_text(run),
        "How to Make It Again": _how_text(run),
    }
    found = (lead, *body_parts(results), mistakes_text(results))
    return sections.page(
        yaml_text(front_matter(facts, name=run.path.name)),
        f"Gesture network: {results.title}",
        [
            ("", sections.made_up_text(facts)),
            ("", _what_it_is(run.recipe, results)),
            ("Uses", sections.uses_text(facts, words)),
            ("Bias, Risks, and Limitations", sections.limits_text(facts, words)),
            ("Licence of the Weights", sections.weights_text(facts.corpora)),
            ("Training Details", sections.under(training)),
            ("Evaluation", "\n\n".join(part for part in found if part)),
        ],
    )


def _facts(run: JudgedRun, results: GestureResults) -> ModelFacts:
    """The facts of a run that cards of every task are made of."""
    known = {field.name for field in fields(CorpusUsed)}
    manifest = results.manifest
    return ModelFacts(
        task="gesture",
        kind="gesture",
        parameters=results.parameters,
        corpora=(CorpusUsed(**{key: manifest[key] for key in manifest if key in known}),),
        seed=run.recipe.training.seed,
        validation=run.facts.get("results", {}).get("gesture", {}).get("validation", {}),
        headline="accuracy",
    )


def _what_it_is(recipe: GestureRecipe, results: GestureResults) -> str:
    network = recipe.network
    direction = "one LSTM forward" if network.causal else "a bidirectional LSTM"
    temporal = {"lstm": direction, "fused": "LSTM, attention and convolutions, gated"}
    return (
        f"{network.spatial_layers} graph convolutions of {network.spatial_dim}, "
        f"{temporal.get(network.temporal, network.temporal)} ({network.temporal_layers} layers of "
        f"{network.temporal_dim}), a classifier of {len(results.classes)} classes: "
        f"{results.parameters:,} parameters. It reads recordings of the skeleton "
        f"'{results.first.data.get('skeleton')}' at {recipe.features.rate_hz:g} frames a second."
    )


def _data_text(run: JudgedRun, facts: ModelFacts) -> str:
    sizes = ", ".join(f"{part} {count:,}" for part, count in run.data["sizes"].items())
    left_out = f", {run.fold} left out" if run.recipe.data.performer else ""
    protocol = f"Protocol '{run.recipe.data.protocol}'{left_out}: {sizes} recordings."
    return f"{sections.corpora_text(facts.corpora)}\n\n{escaped(protocol)}"


def _training_text(run: JudgedRun) -> str:
    result, training = run.facts.get("results", {}).get("gesture", {}), run.recipe.training
    best = (
        f"Best epoch {result['best_epoch']} of {result['epochs']}, validation loss "
        f"{result['best_val_loss']:.4g}. "
        if result
        else ""
    )
    changes = ", ".join(
        f"{name.replace('_', ' ')} {value:g}"
        for name, value in vars(run.recipe.augmentation).items()
        if isinstance(value, (int, float)) and value
    )
    return (
        f"{best}Batches of {training.batch_size}, rate {training.learning_rate:g} "
        f"({training.scheduler}), dropout {run.recipe.network.dropout:g}, seed {training.seed}. "
        f"Normalized by: {run.recipe.features.normalization}. Changed in training: "
        f"{changes or 'nothing'}."
    )


def _how_text(run: JudgedRun) -> str:
    lines = (
        f"chromasonic train gesture --recipe {shlex.quote(str(run.path / 'recipe.toml'))} "
        "--output NEW_FOLDER\n"
        "chromasonic evaluate gesture NEW_FOLDER"
    )
    return f"{fenced(lines)}\n\n{sections.code_text(run.facts)}"
