"""What a training of the simple agent leaves beside the model: history, curve, metadata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.files import sha256_of_bytes
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.models_directory import FILES, ModelMetadata, now, write_metadata
from chromasonic.harmonization.reward_history import draw_history, write_history
from chromasonic.harmonization.simple import SimpleAgent
from chromasonic.harmonization.simple_model import rule_weights
from chromasonic.harmonization.two_voices import exact_of_two, random_reward_of_two

MODEL_VERSION = "1.0.0"
MOST_MEASURED = 50
"""Training melodies on which the ceiling is computed for the metadata."""

REWARD = (
    "mean reward a beat of one training episode, its exploration included, under the rules of two "
    "voices; contrary motion is worth 1"
)


def write_report(
    folder: Path,
    agent: SimpleAgent,
    melodies: Sequence[Melody],
    rewards: npt.NDArray[np.float64],
    corpora: Sequence[dict[str, str]] = (),
) -> ModelMetadata:
    """Write history, curve and metadata into a models directory.

    Raises:
        StorageError: a file cannot be written.
    """
    files, settings = FILES["simple"], agent.model.settings
    write_history(folder / files.history, rewards)
    draw_history(rewards, folder / files.curves, title="Simple agent", unit="mean reward a beat")
    metadata = ModelMetadata(
        agent="simple",
        name="Simple contrary motion model",
        version=MODEL_VERSION,
        date=now(),
        episodes=len(rewards),
        average_reward=float(rewards.mean()),
        best_reward=float(rewards.max()),
        reward_definition=REWARD,
        description=(
            "Tabular Q-learning of a second voice below a melody: contrary motion, consonances, "
            "no parallel fifths or octaves, closes on tonic or dominant."
        ),
        seed=settings.seed,
        rules=sha256_of_bytes(repr(sorted(rule_weights().items())).encode())[:16],
        corpora=list(corpora),
        settings=asdict(settings),
        measured={
            "melodies": len(melodies),
            "entries": agent.model.entries,
            **_measured(agent, melodies[:MOST_MEASURED]),
        },
    )
    write_metadata(folder, metadata)
    return metadata


def _measured(agent: SimpleAgent, melodies: Sequence[Melody]) -> dict[str, float]:
    """How near the agent is to the optimum on melodies that it learnt from."""
    shares = share_of_ceiling(agent, melodies)
    return {f"{name}, training melodies": round(value, 4) for name, value in shares.items()}


def share_of_ceiling(agent: SimpleAgent, melodies: Sequence[Melody]) -> dict[str, float]:
    """An agent beside the optimum and chance of the two-voice game.

    Args:
        agent: judged.
        melodies: at least one.

    Returns:
        "share of the ceiling": mean over melodies of (reward - random) / (optimum - random), 1
        where any choice is as good as another. "share of the optimum": mean reward a beat over
        that of the optimum. "reward a beat", "optimum a beat", "random a beat": means over
        melodies.
    """
    rows = np.array(
        [
            (
                agent.harmonize(melody).reward,
                exact_of_two(melody).reward,
                random_reward_of_two(melody),
                len(melody),
            )
            for melody in melodies
        ]
    )
    reward, best, random, beats = rows.T
    reach = best - random
    shares = np.where(reach > 0, (reward - random) / np.where(reach > 0, reach, 1.0), 1.0)
    means = {
        "reward a beat": (reward / beats).mean(),
        "optimum a beat": (best / beats).mean(),
        "random a beat": (random / beats).mean(),
    }
    return {
        "share of the ceiling": float(shares.mean()),
        "share of the optimum": float(means["reward a beat"] / means["optimum a beat"]),
        **{name: float(value) for name, value in means.items()},
    }
