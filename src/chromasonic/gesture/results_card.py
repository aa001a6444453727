"""The card of a gesture run: what the model is, what it learned from, what it is worth."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.gesture.recipe import GestureRecipe
from chromasonic.gesture.results import GestureResults
from chromasonic.gesture.results_report import LEAD, body_parts, mistakes_text
from chromasonic.gesture.results_runs import JudgedRun
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
    parts = [
        f"# Gesture network: {results.title}",
        _what_it_is(run.recipe, results),
        "## Data",
        _data_text(run, results.manifest),
        "## Training",
        _training_text(run),
        "## Results",
        " ".join(part for part in (LEAD, together) if part),
        *body_parts(results),
        mistakes_text(results),
        "## How to make it again",
        _how_text(run),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


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


def _data_text(run: JudgedRun, manifest: Mapping[str, Any]) -> str:
    sizes = ", ".join(f"{part} {count:,}" for part, count in run.data["sizes"].items())
    ship = "may ship" if manifest["weights_may_ship"] else "**may not ship freely**"
    left_out = f", {run.fold} left out" if run.recipe.data.performer else ""
    return (
        f"{manifest['title']}: {manifest['licence']} ({manifest['licence_url']}); weights {ship}. "
        f"{str(manifest['citation']).rstrip('.')}. Fingerprint "
        f"`{str(manifest['fingerprint'])[:16]}`. Protocol '{run.recipe.data.protocol}'{left_out}: "
        f"{sizes} recordings."
    )


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
    facts = run.facts
    libraries = ", ".join(
        f"{name} {version}" for name, version in facts.get("libraries", {}).items() if version
    )
    commit = str(facts.get("code_commit", ""))[:12] or "installed"
    return (
        "```\n"
        f"chromasonic train gesture --recipe {shlex.quote(str(run.path / 'recipe.toml'))} "
        "--output NEW_FOLDER\n"
        "chromasonic evaluate gesture NEW_FOLDER\n"
        "```\n\n"
        f"Code {facts.get('code_version')} ({commit}), Python {facts.get('python')}, {libraries}."
    )
