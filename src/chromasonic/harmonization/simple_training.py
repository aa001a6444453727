"""Q-learning of the simple agent.

An episode is one melody, transposed, played from its first beat to its last with an exploring
policy; then each choice is valued anew, from the last to the first:

    W(after) <- W(after) + rate * (max over next notes of [reward - usual + discount * W(next)] - W)

where W is the sum of the entries of `simple_states.TABLES` and the rate is shared among them.

Source: C. Watkins and P. Dayan, "Q-learning", Machine Learning 8 (1992); afterstates and sums of
tables: R. Sutton and A. Barto, "Reinforcement Learning", 2nd ed., 6.8 and 9.5.
Differs: the table holds afterstates and not pairs of state and action, since the rules tell what
the step into each of them pays; an episode is learnt backwards, so that one pass carries its end
to its beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.errors import TrainingError
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.models_directory import FILES, ModelMetadata, archive_training
from chromasonic.harmonization.simple import SimpleAgent
from chromasonic.harmonization.simple_checkpoint import Progress, read_checkpoint, write_checkpoint
from chromasonic.harmonization.simple_model import SimpleModel, pruned, write_model
from chromasonic.harmonization.simple_report import write_report
from chromasonic.harmonization.simple_settings import SimpleSettings
from chromasonic.harmonization.simple_stage import Stage, Stages
from chromasonic.harmonization.simple_states import TABLES
from chromasonic.training.stopping import saved_when_stopped, whole_steps

Doubles = npt.NDArray[np.float64]
OnProgress = Callable[[int, int, float], None]

TOLD_EVERY = 50
"""Episodes between two calls of `on_progress`."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SimpleTraining:
    """What `train_simple` leaves.

    Attributes:
        agent: trained.
        rewards: (episodes,) mean reward a beat of each episode, exploration included.
        metadata: as written.
    """

    agent: SimpleAgent
    rewards: Doubles
    metadata: ModelMetadata


def train_simple(
    melodies: Sequence[Melody],
    *,
    settings: SimpleSettings,
    folder: Path,
    resume: bool = False,
    on_progress: OnProgress | None = None,
    corpora: Sequence[dict[str, str]] = (),
) -> SimpleTraining:
    """Train the simple agent into a models directory.

    Args:
        melodies: to learn from, at least one.
        settings: how.
        folder: the models directory; an earlier training in it is archived.
        resume: go on from the checkpoint there, exactly; without one the training begins. The
            number of episodes may be another than before, all else must be as it was.
        on_progress: told the episodes done, of how many, and the mean reward a beat of the last 50.
        corpora: where the melodies are from, for the metadata: name, title and licence of each.

    Raises:
        UsageError: no melody, or one that leaves the lower voice no room.
        CheckpointError: the checkpoint is damaged, or of another training.
        TrainingError: a value is no longer finite.
        StorageError: a file cannot be written.
    """
    folder, files = Path(folder), FILES["simple"]
    stages = Stages(melodies, settings.transposition)
    checkpoint = folder / files.checkpoint
    if resume and checkpoint.is_file():
        progress = read_checkpoint(checkpoint, settings, stages.fingerprint())
    else:
        archive_training(folder, "simple")
        checkpoint.unlink(missing_ok=True)
        progress = Progress.begun(settings)

    def save() -> None:
        write_checkpoint(checkpoint, progress, settings, stages.fingerprint())

    with whole_steps() as let_through:
        while len(progress.rewards) < settings.episodes:
            stage = stages.draw(progress.rng)
            progress.rewards.append(play_and_learn(stage, progress, settings))
            done = len(progress.rewards)
            is_due = done % settings.save_every == 0 or done == settings.episodes
            if is_due:
                save()
            with saved_when_stopped(save, is_saved=is_due):
                let_through()
                if on_progress and (done % TOLD_EVERY == 0 or done == settings.episodes):
                    reward = float(np.mean(progress.rewards[-TOLD_EVERY:]))
                    on_progress(done, settings.episodes, reward)
    kept = pruned(progress.values, settings.most_entries)
    write_model(folder / files.model, SimpleModel(settings=settings, values=kept))
    rewards = np.array(progress.rewards[: settings.episodes])
    agent = SimpleAgent.load(folder / files.model)  # as the file has it, rounded
    metadata = write_report(folder, agent, stages.melodies, rewards, corpora)
    return SimpleTraining(agent=agent, rewards=rewards, metadata=metadata)


def play_and_learn(stage: Stage, progress: Progress, settings: SimpleSettings) -> float:
    """One episode: play it, then learn from it backwards; its mean reward a beat."""
    share = len(progress.rewards) / settings.episodes
    exploration = settings.exploration * (1.0 - share)
    rate = settings.first_rate * (settings.last_rate / settings.first_rate) ** share
    model = SimpleModel(settings=settings, values=progress.values)
    path, total = _played(stage, model, progress.rng, exploration)
    if not np.isfinite(total):
        raise TrainingError(
            f"Episode {len(progress.rewards) + 1} has the reward {total}. Lower first_rate or "
            "discount; what was saved before stays usable."
        )
    _learn(stage, model, path, rate / len(TABLES))
    return total / len(stage)


def _played(
    stage: Stage, model: SimpleModel, rng: np.random.Generator, exploration: float
) -> tuple[list[int], float]:
    """Choices of an exploring policy, and what they paid."""
    discount, path, total = model.settings.discount, list[int](), 0.0
    for beat in range(len(stage)):
        pays = stage.own[beat]
        if path:
            pays = pays + stage.pairs[beat - 1][path[-1]]
        if rng.random() < exploration:
            choice = int(rng.integers(len(pays)))
        elif beat < len(stage) - 1:
            choice = int((pays + discount * model.of_keys(stage.keys[beat])).argmax())
        else:
            choice = int(pays.argmax())
        total += float(pays[choice])
        path.append(choice)
    return path, total


def _learn(stage: Stage, model: SimpleModel, path: list[int], rate: float) -> None:
    """Move the value of each afterstate of an episode towards the best that can follow."""
    settings, last = model.settings, len(stage) - 1
    for beat in range(last - 1, -1, -1):
        pays = stage.own[beat + 1] + stage.pairs[beat][path[beat]] - settings.usual_reward
        if beat + 1 < last:
            pays = pays + settings.discount * model.of_keys(stage.keys[beat + 1])
        keys = stage.keys[beat][path[beat]].tolist()
        tables = [model.values[name] for name in TABLES]
        known = sum(table.get(key, 0.0) for table, key in zip(tables, keys, strict=True))
        step = rate * (float(pays.max()) - known)
        for table, key in zip(tables, keys, strict=True):
            table[key] = table.get(key, 0.0) + step
