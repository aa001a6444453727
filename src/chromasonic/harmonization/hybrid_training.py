"""Training the hybrid: two priors on chorales, fine-tuning on the rules, then the choice of trust.

FOLDER/hybrid_training/beats_latest.pt, ...       the priors' checkpoints, histories and curves
FOLDER/hybrid_model.npz.checkpoint                fine-tuning, to go on from
FOLDER/hybrid_model.npz                           what harmonizes
FOLDER/hybrid_reward_history.npy, .png            reward a beat of each harmonization drawn
FOLDER/hybrid_model_metadata.json                 facts
FOLDER/hybrid_model_test_results.json             each method on named melodies
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic.errors import DataError
from chromasonic.harmonization.bach import melody_of_chorale
from chromasonic.harmonization.chorale_network import ChoraleNetwork, NetworkConfig
from chromasonic.harmonization.hybrid import HybridAgent
from chromasonic.harmonization.hybrid_choice import Chosen, choose_trust
from chromasonic.harmonization.hybrid_file import HybridModel, rounded, write_hybrid
from chromasonic.harmonization.hybrid_results import write_results
from chromasonic.harmonization.hybrid_settings import HybridSettings
from chromasonic.harmonization.hybrid_tuning import Tuned, fine_tune
from chromasonic.harmonization.models_directory import (
    FILES,
    ModelMetadata,
    archive_training,
    learned_from,
    now,
    rules_fingerprint,
    write_metadata,
)
from chromasonic.harmonization.prior import Prior
from chromasonic.harmonization.prior_training import (
    Example,
    PriorTask,
    examples_on_beats,
    examples_on_sixteenths,
)
from chromasonic.harmonization.reward_history import draw_history, write_history
from chromasonic.music.chorale import Chorale
from chromasonic.training.config import TrainingConfig
from chromasonic.training.history import Epoch, TrainingHistory
from chromasonic.training.loop import fit
from chromasonic.training.observers import Observer, TrainingStart
from chromasonic.training.randomness import seeded

NAMES = FILES["hybrid"]
WORK = "hybrid_training"
VERSION = "1.0.0"
REWARD = (
    "reward of the rules a beat, of each harmonization that fine-tuning drew from the network by "
    "chance; the search of the finished agent gets more"
)
OnProgress = Callable[[int, int, float], None]
"""Told how many rounds are done (passes of the priors, then updates of fine-tuning), of how many,
and how good the last was: log-likelihood a note in nats (validation), then reward a beat."""
OnFigures = Callable[[int, int, Mapping[str, float]], None]
"""Told the same rounds, with every figure by its name."""


@dataclass(frozen=True, kw_only=True)
class HybridTraining:
    """What `train_hybrid` made.

    Attributes:
        agent: as it stands in the file.
        metadata: as written.
        beats: history of the prior on beats.
        sixteenths: of the prior on sixteenths; None where it was left out.
        history: reward a beat of each harmonization drawn in fine-tuning.
    """

    agent: HybridAgent
    metadata: ModelMetadata
    beats: TrainingHistory
    sixteenths: TrainingHistory | None
    history: list[float]


def train_hybrid(
    training: Sequence[Chorale],
    validation: Sequence[Chorale],
    *,
    settings: HybridSettings,
    folder: Path,
    resume: bool = False,
    on_progress: OnProgress | None = None,
    on_figures: OnFigures = lambda *_: None,
) -> HybridTraining:
    """Train the hybrid into a models directory.

    Args:
        training: chorales to learn from.
        validation: chorales that decide when the priors are best, and how far they are trusted.
        settings: every number.
        folder: the models directory.
        resume: go on with what lies there, exactly.
        on_progress: told how it goes.
        on_figures: told the losses of both priors, then the reward.

    Raises:
        DataError: a part is empty.
        CheckpointError: what lies there is damaged, or of another training.
        TrainingError: a loss or a gradient is not finite.
        StorageError: a file cannot be written.
    """
    for part, chorales in (("training", training), ("validation", validation)):
        if not chorales:
            raise DataError(f"The {part} part has no chorale: the hybrid learns from chorales.")
    folder = Path(folder)
    if not resume:
        archive_training(folder, "hybrid")
        (folder / NAMES.checkpoint).unlink(missing_ok=True)
    told = _Told(on_progress, on_figures, settings)
    beats, beats_history = _train_prior(
        "beats", training, validation, settings, folder, resume, told
    )
    sixteenths, sixteenths_history = None, None
    if settings.sixteenths_epochs:
        network, sixteenths_history = _train_prior(
            "sixteenths", training, validation, settings, folder, resume, told
        )
        sixteenths = prior_of(network)
    prior = prior_of(beats)
    tuned = fine_tune(
        beats,
        [melody_of_chorale(chorale) for chorale in training],
        settings=settings,
        checkpoint=folder / NAMES.checkpoint,
        resume=resume,
        on_update=told.update,
    )
    used = prior_of(tuned.network) if settings.tuned_beats else prior
    chosen = choose_trust(used, validation, settings)
    agent = HybridAgent(prior=used, trust=chosen.trust)
    metadata = _metadata(settings, tuned, chosen, beats_history, sixteenths_history, training)
    write_hybrid(
        folder / NAMES.model,
        HybridModel(
            beats=used,
            sixteenths=sixteenths,
            trust=chosen.trust,
            facts={"rules": metadata.rules, "seed": settings.seed},
        ),
    )
    _write_history(folder, tuned)
    priors = {"prior": prior, "tuned": prior_of(tuned.network)}
    write_results(folder, agent, priors, validation)
    write_metadata(folder, metadata)
    return HybridTraining(
        agent=agent,
        metadata=metadata,
        beats=beats_history,
        sixteenths=sixteenths_history,
        history=tuned.history,
    )


def prior_of(network: ChoraleNetwork) -> Prior:
    """A network's weights as they will stand in the file: rounded to half precision."""
    return rounded(Prior({name: w.detach().numpy() for name, w in network.state_dict().items()}))


def examples_of(
    grid: str, chorales: Sequence[Chorale], *, in_all_keys: bool
) -> list[list[Example]]:
    """For each chorale its examples on a grid, "beats" or "sixteenths"."""
    make = examples_on_beats if grid == "beats" else examples_on_sixteenths
    return [make(chorale, in_all_keys=in_all_keys) for chorale in chorales]


def _train_prior(
    grid: str,
    training: Sequence[Chorale],
    validation: Sequence[Chorale],
    settings: HybridSettings,
    folder: Path,
    resume: bool,
    told: _Told,
) -> tuple[ChoraleNetwork, TrainingHistory]:
    """A prior on a grid, with the weights of its best epoch."""
    is_beats = grid == "beats"
    task = PriorTask(
        examples_of(grid, training, in_all_keys=True),
        [keys[0] for keys in examples_of(grid, validation, in_all_keys=False)],
    )
    config = NetworkConfig(
        features=task.validation[0].steps.features.shape[1],
        encoder=settings.encoder,
        hidden=settings.hidden,
        memory=0 if is_beats else settings.memory,
        dropout=settings.beats_dropout if is_beats else settings.sixteenths_dropout,
    )
    with seeded(settings.seed):
        network = ChoraleNetwork(config)
    history = fit(
        network,
        task,
        TrainingConfig(
            epochs=settings.beats_epochs if is_beats else settings.sixteenths_epochs,
            batch_size=settings.beats_batch_size if is_beats else settings.sixteenths_batch_size,
            learning_rate=settings.learning_rate,
            weight_decay=settings.weight_decay,
            average_decay=settings.average_decay,
            scheduler="cosine",
            warmup_steps=50,
            patience=0,
            device="cpu",
            seed=settings.seed,
            checkpoint_every=0,
        ),
        folder=folder / WORK,
        name=grid,
        observers=[told],
        resume=resume,
        metadata={
            "task": "harmonizer",
            "model": {"kind": f"chorales on {grid}", **config.to_dict()},
            "loss_unit": "nats a note",
            "chorales": [chorale.id for chorale in training],
        },
    )
    return network, history


class _Told(Observer):
    """Tells a training's progress as one count of rounds."""

    def __init__(
        self, on_progress: OnProgress | None, on_figures: OnFigures, settings: HybridSettings
    ) -> None:
        self._tell, self._figures, self._grid = on_progress, on_figures, ""
        self._before = settings.beats_epochs + settings.sixteenths_epochs
        self._total = self._before + settings.updates
        self._epochs = 0

    def on_start(self, start: TrainingStart) -> None:
        self._grid = start.name

    def on_epoch(self, epoch: Epoch, is_best: bool) -> None:  # noqa: ARG002
        self._epochs += 1
        done = min(self._epochs, self._before)
        losses = {"train_loss": epoch.train_loss, "val_loss": epoch.val_loss}
        if self._tell is not None:
            self._tell(done, self._total, -epoch.val_loss)
        named = {f"{self._grid}_{name}": loss for name, loss in losses.items()}
        self._figures(done, self._total, named)

    def update(self, done: int, reward: float) -> None:
        """After an update of fine-tuning."""
        if self._tell is not None:
            self._tell(self._before + done, self._total, reward)
        self._figures(self._before + done, self._total, {"reward": reward})


def _write_history(folder: Path, tuned: Tuned) -> None:
    history = np.array(tuned.history, np.float64)
    write_history(folder / NAMES.history, history)
    if len(history):
        draw_history(
            history,
            folder / NAMES.curves,
            title="Hybrid: fine-tuning on the rules",
            unit="reward a beat",
        )


def _metadata(
    settings: HybridSettings,
    tuned: Tuned,
    chosen: Chosen,
    beats: TrainingHistory,
    sixteenths: TrainingHistory | None,
    training: Sequence[Chorale],
) -> ModelMetadata:
    rewards = tuned.history or [float("nan")]
    measured: dict[str, Any] = {
        "trust": chosen.trust,
        "validation_share_of_ceiling": chosen.share,
        "validation_nats_a_note_on_beats": beats.best_val_loss,
        "chorales": len(training),
    }
    if sixteenths is not None:
        measured["validation_nats_a_note_on_sixteenths"] = sixteenths.best_val_loss
    if tuned.divergences:
        measured["divergence_nats_a_beat"] = float(np.mean(tuned.divergences[-10:]))
    return ModelMetadata(
        agent="hybrid",
        name=NAMES.title,
        version=VERSION,
        date=now(),
        episodes=len(tuned.history),
        average_reward=float(np.mean(rewards)),
        best_reward=float(np.max(rewards)),
        reward_definition=REWARD,
        description=(
            "Four voices: exact search for the best sum of the rules' reward and the likelihood "
            "under a network trained on Bach's chorales."
        ),
        seed=settings.seed,
        rules=rules_fingerprint(),
        corpora=learned_from(),
        settings=asdict(settings),
        measured=measured,
    )
