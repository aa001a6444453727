"""Fine-tuning of the hybrid's prior, from checkpoint to checkpoint; resumes exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from chromasonic.errors import CheckpointError
from chromasonic.harmonization.chorale_network import ChoraleNetwork
from chromasonic.harmonization.hybrid_settings import HybridSettings
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.models_directory import rules_fingerprint
from chromasonic.harmonization.policy_gradient import FineTuning, Price, Task
from chromasonic.harmonization.prior import Prior
from chromasonic.training.checkpoint import (
    FORMAT_VERSION,
    load_checkpoint,
    load_weights,
    save_checkpoint,
)
from chromasonic.training.stopping import saved_when_stopped, whole_steps

FIXED = ("melodies", "samples", "tuning_rate", "divergence", "seed")
"""Settings without which a fine-tuning would be another one; more episodes may come."""

OnUpdate = Callable[[int, float], None]
"""Told how many updates are done, and the mean reward a beat of the last one."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Tuned:
    """What fine-tuning made.

    Attributes:
        network: the policy.
        history: reward a beat of each harmonization drawn, E of them.
        divergences: nats a beat that the policy was from the prior, at each update.
    """

    network: ChoraleNetwork
    history: list[float]
    divergences: list[float]


def fine_tune(
    network: ChoraleNetwork,
    melodies: Sequence[Melody],
    *,
    settings: HybridSettings,
    checkpoint: Path,
    resume: bool = False,
    on_update: OnUpdate = lambda *_: None,
) -> Tuned:
    """Fine-tune a prior on the rules.

    Args:
        network: the prior; afterwards the policy.
        melodies: to practise on.
        settings: episodes, samples, rate, bound.
        checkpoint: written every `settings.checkpoint_every` updates, and at the end.
        resume: go on from the checkpoint, where there is one.
        on_update: told how it goes.

    Raises:
        CheckpointError: the checkpoint is damaged, or of other settings, rules or melodies.
        TrainingError: a gradient is not finite.
    """
    network.eval()
    prior = Prior({name: w.numpy().copy() for name, w in network.state_dict().items()})
    tuning = FineTuning(
        network=network,
        prior=prior,
        optimizer=torch.optim.Adam(network.parameters(), lr=settings.tuning_rate),
        price=Price(bound=settings.divergence),
        generator=torch.Generator().manual_seed(settings.seed),
    )
    facts = _facts(settings, melodies)
    if resume and checkpoint.exists():
        _restore(tuning, load_checkpoint(checkpoint), facts, checkpoint)
    tasks: dict[int, Task] = {}

    def save() -> None:
        save_checkpoint(checkpoint, _content(tuning, facts))

    with whole_steps() as let_through:
        while len(tuning.divergences) < settings.updates:
            update = len(tuning.divergences)
            chosen = _chosen(settings, update, len(melodies))
            for number in chosen:
                tasks.setdefault(number, Task.of(melodies[number]))
            tuning.update([tasks[number] for number in chosen], settings.samples)
            done = update + 1
            is_due = done % settings.checkpoint_every == 0 or done == settings.updates
            if is_due:
                save()
            with saved_when_stopped(save, is_saved=is_due):
                let_through()
                reward = float(np.mean(tuning.history[-settings.samples * len(chosen) :]))
                on_update(done, reward)
    return Tuned(network=network, history=tuning.history, divergences=tuning.divergences)


def _chosen(settings: HybridSettings, update: int, count: int) -> list[int]:
    """The melodies of an update: all in turn, in an order of their own for each round."""
    first = update * settings.melodies
    numbers = []
    for index in range(first, first + settings.melodies):
        order = np.random.default_rng([settings.seed, index // count]).permutation(count)
        numbers.append(int(order[index % count]))
    return numbers


def _facts(settings: HybridSettings, melodies: Sequence[Melody]) -> dict[str, Any]:
    """What a resumed fine-tuning must share with the one that began."""
    fixed = {name: getattr(settings, name) for name in FIXED}
    return {
        "settings": fixed,
        "rules": rules_fingerprint(),
        "melodies": [melody.id for melody in melodies],
    }


def _content(tuning: FineTuning, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "model_state_dict": tuning.network.state_dict(),
        "optimizer_state_dict": tuning.optimizer.state_dict(),
        "config": facts,
        "prior": {name: torch.from_numpy(w) for name, w in tuning.prior.weights.items()},
        "rng_state": tuning.generator.get_state(),
        "price": tuning.price.value,
        "history": tuning.history,
        "divergences": tuning.divergences,
    }


def _restore(
    tuning: FineTuning, content: dict[str, Any], facts: dict[str, Any], path: Path
) -> None:
    """Go on as if there had been no interruption."""
    differing = [key for key, value in facts.items() if content.get("config", {}).get(key) != value]
    ours = tuning.prior.weights
    theirs = content.get("prior", {})
    if theirs.keys() != ours.keys() or any(
        not np.array_equal(theirs[name].numpy(), ours[name]) for name in ours
    ):
        differing.append("prior")
    if differing:
        raise CheckpointError(
            f"{path} is of a fine-tuning with another {', '.join(differing)}; it cannot go on "
            "exactly. Restore what was, or begin anew without --resume."
        )
    load_weights(tuning.network, content, source=path)
    try:
        tuning.optimizer.load_state_dict(content["optimizer_state_dict"])
        tuning.generator.set_state(content["rng_state"])
        tuning.price.value = float(content["price"])
        tuning.history = [float(value) for value in content["history"]]
        tuning.divergences = [float(value) for value in content["divergences"]]
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{path} is damaged ({error}). Begin anew without --resume."
        ) from error
