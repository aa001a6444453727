"""Training of the advanced agent: episodes over given melodies, into a models directory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.errors import TrainingError
from chromasonic.harmonization.advanced import AdvancedAgent
from chromasonic.harmonization.advanced_checkpoint import (
    TrainingState,
    melodies_fingerprint,
    read_checkpoint,
    write_checkpoint,
)
from chromasonic.harmonization.advanced_file import AdvancedModel, write_model
from chromasonic.harmonization.advanced_settings import AdvancedSettings
from chromasonic.harmonization.advanced_stage import Exploration, Played, Stage, play
from chromasonic.harmonization.double_q import DoubleTable, returns
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.models_directory import (
    FILES,
    ModelMetadata,
    archive_training,
    now,
    rules_fingerprint,
    write_metadata,
)
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.reward_history import draw_history, write_history
from chromasonic.training.stopping import saved_when_stopped, whole_steps

NAMES = FILES["advanced"]
LATE = 500
"""Progress tells the mean reward of this many episodes."""

REWARD = "mean reward a beat of one training episode, its exploration included; 0 breaks no rule"
OnProgress = Callable[[int, int, float], None]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AdvancedTraining:
    """What a training left.

    Attributes:
        agent: as it stands in the model's file.
        table: both estimates.
        history: (E,) mean reward a beat of each episode.
        metadata: as written.
    """

    agent: AdvancedAgent
    table: DoubleTable
    history: npt.NDArray[np.float64]
    metadata: ModelMetadata


def train_advanced(
    melodies: Sequence[Melody],
    *,
    settings: AdvancedSettings | None = None,
    folder: Path,
    resume: bool = False,
    on_progress: OnProgress | None = None,
    corpora: Sequence[dict[str, str]] = (),
) -> AdvancedTraining:
    """Train the advanced agent.

    Leaves the model, its checkpoint, the reward history with its curve, and the metadata. Killed
    and resumed gives the same files as uninterrupted.

    Args:
        melodies: at least one.
        settings: how; the defaults where None.
        folder: the models directory.
        resume: go on from the checkpoint there, if there is one; with more episodes than before,
            a training that was over goes on too.
        on_progress: told how many episodes are done, of how many, and the mean reward of late.
        corpora: where the melodies are from, for the metadata: name, title and licence of each.

    Raises:
        UsageError: no melody, or one that cannot be harmonized.
        CheckpointError: the checkpoint is damaged, or of another training.
        TrainingError: a value is not finite.
        StorageError: a file cannot be written.
    """
    settings = settings or AdvancedSettings()
    stage, known = Stage(melodies, Reward()), melodies_fingerprint(melodies)
    checkpoint = Path(folder) / NAMES.checkpoint
    if resume and checkpoint.is_file():
        state = read_checkpoint(checkpoint, settings, known)
    else:
        archive_training(folder, "advanced")
        checkpoint.unlink(missing_ok=True)
        state = TrainingState.fresh(settings)

    def save() -> None:
        write_checkpoint(checkpoint, state, settings, known)

    with whole_steps() as let_through:
        while len(state.history) < settings.episodes:
            before = len(state.history)
            _learn_from_some(stage, state, settings)
            done = len(state.history)
            if not np.isfinite(state.history[before:]).all():
                raise TrainingError(
                    f"A reward of the episodes {before} to {done} is not finite; {checkpoint} "
                    "holds what was learnt before. Begin anew with another seed or more caution."
                )
            is_due = done // settings.checkpoint_every > before // settings.checkpoint_every
            is_due |= done == settings.episodes
            if is_due:
                save()
            with saved_when_stopped(save, is_saved=is_due):
                let_through()
                if on_progress is not None:
                    on_progress(done, settings.episodes, float(np.mean(state.history[-LATE:])))
    return _finish(Path(folder), state, settings, len(melodies), corpora)


def _learn_from_some(stage: Stage, state: TrainingState, settings: AdvancedSettings) -> None:
    """Play some episodes side by side, then learn from them."""
    count = min(settings.at_once, settings.episodes - len(state.history))
    progress = len(state.history) / settings.episodes
    melodies = state.generator.integers(len(stage.layout.length), size=count)
    which = state.generator.integers(2, size=count) * settings.is_double
    exploration = Exploration(
        generator=state.generator,
        temperature=settings.falling("temperature", progress),
        rate=settings.falling("exploration", progress),
        shortlist=settings.shortlist,
    )
    played = play(stage, melodies, state.table, exploration, which, is_double=settings.is_double)
    for estimate in (0, 1):
        rows, targets = _lessons(played, np.flatnonzero(which == estimate), settings)
        if len(rows):
            state.table.learn(
                estimate, rows, targets, caution=settings.caution, memory=settings.memory
            )
    if not settings.is_double:
        state.table.values[1], state.table.visits[1] = state.table.values[0], 0
    state.history += (played.rewards.sum(0) / played.length).tolist()


def _lessons(
    played: Played, episodes: npt.NDArray[np.int64], settings: AdvancedSettings
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """(V, K) contexts that some episodes met, and (V,) what came after each."""
    rows, targets = [], []
    for episode in episodes:
        steps = slice(0, played.length[episode])
        rows.append(played.rows[steps, episode])
        targets.append(
            returns(
                played.rewards[steps, episode],
                played.greedy_values[steps, episode],
                played.is_greedy[steps, episode],
                settings.discount,
                settings.trace,
            )
        )
    if not rows:
        return np.empty((0, played.rows.shape[2]), np.int64), np.empty(0)
    return np.concatenate(rows), np.concatenate(targets)


def _finish(
    folder: Path,
    state: TrainingState,
    settings: AdvancedSettings,
    melodies: int,
    corpora: Sequence[dict[str, str]],
) -> AdvancedTraining:
    """Write everything but the checkpoint."""
    model = AdvancedModel(
        values=state.table.values.mean(0), settings=settings, rules=rules_fingerprint()
    )
    path = write_model(
        folder / NAMES.model, model, state.table.visits.sum(0) >= settings.least_visits
    )
    history = np.array(state.history)
    write_history(folder / NAMES.history, history)
    draw_history(history, folder / NAMES.curves, title="Advanced agent", unit="reward a beat")
    metadata = ModelMetadata(
        agent="advanced",
        name=NAMES.title,
        version="1.0.0",
        date=now(),
        episodes=len(history),
        average_reward=float(history.mean()),
        best_reward=float(history.max()),
        reward_definition=REWARD,
        description=(
            "Harmonizes a melody in four parts, beat by beat: tables learnt by double Q-learning "
            "value the harmonic context that a voicing leads to."
        ),
        seed=settings.seed,
        rules=rules_fingerprint(),
        corpora=list(corpora),
        settings=asdict(settings),
        measured={"melodies": melodies, "contexts_met": int(state.table.visits.any(0).sum())},
    )
    write_metadata(folder, metadata)
    return AdvancedTraining(
        agent=AdvancedAgent.load(path), table=state.table, history=history, metadata=metadata
    )
