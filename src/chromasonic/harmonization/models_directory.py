"""The models directory: which files a training leaves, what is said of them, and their archive.

    models/
      advanced_harmonization_model.json              the advanced agent
      advanced_harmonization_model.json.checkpoint   to resume its training
      simple_contrary_motion_model.json              the simple agent
      hybrid_model.npz                               the hybrid's network
      hybrid_model_test_results.json                 the hybrid beside other methods
      reward_history.npy                             float64, one an episode: the advanced agent's
      simple_contrary_motion_reward_history.npy      the simple agent's
      hybrid_reward_history.npy                      the hybrid's fine-tuning
      model_metadata.json                            facts of the advanced agent
      simple_contrary_motion_model_metadata.json     facts of the simple agent
      hybrid_model_metadata.json                     facts of the hybrid
      *.png                                          reward curves
      hybrid_training/                               checkpoints and curves of the hybrid's networks
      recipe.toml                                    every setting of the trainings here
      archive/                                       earlier trainings, by date
      README.md                                      what is there, by size and use (written anew)

What a model is can be told from its metadata alone, without loading it.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from chromasonic.errors import DataError
from chromasonic.files import sha256_of_bytes, write_json, write_with
from chromasonic.harmonization.rules import RULES

METADATA_FORMAT = 1
ARCHIVE, RECIPE = "archive", "recipe.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFiles:
    """Names of the files that one agent has in a models directory; "" where it has none."""

    title: str
    model: str
    metadata: str
    history: str
    checkpoint: str
    results: str = ""

    @property
    def curves(self) -> str:
        """The picture of its reward history."""
        return self.history.replace(".npy", ".png")

    @property
    def kept(self) -> tuple[str, ...]:
        """What is archived of a training when another begins."""
        names = (self.model, self.metadata, self.history, self.results, self.curves)
        return tuple(name for name in names if name)


FILES: dict[str, AgentFiles] = {
    "advanced": AgentFiles(
        title="Advanced harmonization model",
        model="advanced_harmonization_model.json",
        metadata="model_metadata.json",
        history="reward_history.npy",
        checkpoint="advanced_harmonization_model.json.checkpoint",
    ),
    "simple": AgentFiles(
        title="Simple contrary motion model",
        model="simple_contrary_motion_model.json",
        metadata="simple_contrary_motion_model_metadata.json",
        history="simple_contrary_motion_reward_history.npy",
        checkpoint="simple_contrary_motion_model.json.checkpoint",
    ),
    "hybrid": AgentFiles(
        title="Hybrid model",
        model="hybrid_model.npz",
        metadata="hybrid_model_metadata.json",
        history="hybrid_reward_history.npy",
        checkpoint="hybrid_model.npz.checkpoint",
        results="hybrid_model_test_results.json",
    ),
}
"""Agent to its files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMetadata:
    """What is known of a trained agent without loading it.

    Attributes:
        agent: a name of `FILES`.
        name: what people call it.
        version: of the model, such as "1.0.0".
        date: end of the training in UTC, ISO 8601, whole seconds.
        episodes: length of the reward history.
        average_reward: mean of the reward history.
        best_reward: its highest value.
        reward_definition: what one number of the history is, in words.
        description: what the model does, in a sentence or two.
        seed: of the training.
        rules: `rules_fingerprint` at the time of training.
        corpora: name, title and licence of what it was trained on.
        settings: what was set for the training.
        measured: figures by name, such as the share of the ceiling on the validation part.
        format: of this document.
    """

    agent: str
    name: str
    version: str
    date: str
    episodes: int
    average_reward: float
    best_reward: float
    reward_definition: str
    description: str
    seed: int = 0
    rules: str = ""
    corpora: list[dict[str, str]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)
    format: int = METADATA_FORMAT


def rules_fingerprint() -> str:
    """Sixteen hexadecimal digits that change with any rule's name, weight or voices."""
    facts = [[rule.name, rule.weight, rule.scope.value, rule.voices] for rule in RULES.values()]
    return sha256_of_bytes(json.dumps(facts).encode())[:16]


def learned_from() -> list[dict[str, str]]:
    """Name, title and licence of the corpus that agents learn from, as metadata hold them."""
    from chromasonic.data.bach_chorales import FACTS

    return [{"name": FACTS.name, "title": FACTS.title, "licence": FACTS.licence}]


def now() -> str:
    """This moment in UTC, as `ModelMetadata.date` is written."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_metadata(folder: Path, metadata: ModelMetadata) -> Path:
    """Write an agent's metadata under its name.

    Raises:
        StorageError: the file cannot be written.
    """
    return write_json(Path(folder) / FILES[metadata.agent].metadata, asdict(metadata))


def train_again(agent: str, folder: Path) -> str:
    """What to do about a damaged model in a models directory."""
    return (
        f"Train it again: chromasonic train harmonizer --agent {agent} --output {folder}; or leave "
        "--models out to use the model that ships."
    )


def read_metadata(folder: Path, agent: str) -> ModelMetadata:
    """What a models directory says of an agent; the model itself stays unread.

    Raises:
        DataError: the file is absent, broken or of another format.
    """
    path = Path(folder) / FILES[agent].metadata
    again = train_again(agent, folder)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"No metadata at {path}: {error.strerror}. {again}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is no JSON ({error}). {again}") from error
    if not isinstance(content, dict) or content.get("format") != METADATA_FORMAT:
        found = content.get("format") if isinstance(content, dict) else type(content).__name__
        raise DataError(f"{path} has format {found!r}; {METADATA_FORMAT} is known. {again}")
    known = {field.name: field for field in fields(ModelMetadata)}
    try:
        metadata = ModelMetadata(**{key: content[key] for key in content if key in known})
    except TypeError as error:
        raise DataError(f"{path} is incomplete: {error}. {again}") from error
    _check_types(metadata, path, again)
    return metadata


def _check_types(metadata: ModelMetadata, path: Path, again: str) -> None:
    wanted: dict[str, type | tuple[type, ...]] = {
        "agent": str, "name": str, "version": str, "date": str, "episodes": int,
        "average_reward": (int, float), "best_reward": (int, float), "description": str,
    }  # fmt: skip
    for key, types in wanted.items():
        value = getattr(metadata, key)
        if not isinstance(value, types) or isinstance(value, bool):
            raise DataError(f"{path}: '{key}' is {value!r}, which cannot be. {again}")


def agents_in(folder: Path) -> tuple[str, ...]:
    """The agents that a models directory has metadata of."""
    return tuple(
        agent for agent, files in FILES.items() if (Path(folder) / files.metadata).is_file()
    )


def archive_training(folder: Path, agent: str) -> list[Path]:
    """Copy what an earlier training of an agent left into `archive/`, its date in each name.

    Call it before a new training begins; the old model stays in use until the new one is written.

    Returns:
        The copies, those of an earlier call too; empty where there was no earlier training.

    Raises:
        StorageError: a copy cannot be written.
    """
    folder = Path(folder)
    copies = []
    for name in FILES[agent].kept:
        source = folder / name
        if source.is_file():
            stem, dot, ending = name.partition(".")
            named = f"{stem}_{_date_of(folder, agent)}{dot}{ending}"
            target = _copy_or_free(folder / ARCHIVE / named, source.read_bytes())
            if not target.exists():
                write_with(target, partial(shutil.copy2, source))
            copies.append(target)
    return copies


def _date_of(folder: Path, agent: str) -> str:
    """Date of a training for a file name, from its metadata, else from its history's file."""
    try:
        date = read_metadata(folder, agent).date
        moment = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ")
    except (DataError, ValueError):
        names = (name for name in FILES[agent].kept if (folder / name).is_file())
        moment = datetime.fromtimestamp((folder / next(names)).stat().st_mtime, UTC)
    return moment.strftime("%Y%m%dT%H%M%SZ")


def _copy_or_free(path: Path, content: bytes) -> Path:
    """The path, with a number where another content has that name already."""
    candidate, number = path, 2
    while candidate.exists() and candidate.read_bytes() != content:
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return candidate
