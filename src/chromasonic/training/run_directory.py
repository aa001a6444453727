"""A run directory: what was trained, on what, how, by which code; readable from it alone.

OUT/recipe.toml                 every setting, resolved
OUT/run.json                    corpus, split, seed, versions, command, date, models, results
OUT/split.json                  the ids of each part
OUT/KIND_checkpoints/           checkpoints, history and curves of a model
OUT/comparison_results/         models side by side
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import chromasonic
from chromasonic import files
from chromasonic.config import read_toml, to_toml
from chromasonic.errors import CheckpointError

RUN_VERSION = 1
RECIPE, FACTS, SPLIT = "recipe.toml", "run.json", "split.json"
LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn", "symusic", "soundfile", "music21")


class RunDirectory:
    """The files of a run by their meaning.

    Args:
        path: its folder; need not be there yet.
    """

    def __init__(self, path: files.PathLike) -> None:
        self.path = Path(path)

    @property
    def is_there(self) -> bool:
        """Whether a run has begun here."""
        return (self.path / FACTS).is_file()

    def checkpoints(self, kind: str) -> Path:
        """The folder of a kind of model."""
        return self.path / f"{kind}_checkpoints"

    @property
    def comparison(self) -> Path:
        """The folder of the comparison."""
        return self.path / "comparison_results"

    def begin(
        self, *, recipe: Mapping[str, Any], facts: Mapping[str, Any], split: Mapping[str, Any]
    ) -> None:
        """Write what stands fixed before the first epoch.

        Args:
            recipe: all settings, as nested plain values.
            facts: what is trained on what (corpus, seed, models); versions and date are added.
            split: the ids of each part.

        Raises:
            StorageError: the folder cannot be written.
        """
        files.write_text(self.path / RECIPE, to_toml(dict(recipe)))
        files.write_json(self.path / SPLIT, split)
        files.write_json(
            self.path / FACTS,
            {"format_version": RUN_VERSION, **facts, **environment(), "results": {}},
        )

    def add_result(self, kind: str, result: Mapping[str, Any]) -> None:
        """Note in run.json how a model's training ended."""
        facts = self.facts()
        facts["results"] = {**facts.get("results", {}), kind: dict(result)}
        files.write_json(self.path / FACTS, facts)

    def forget_result(self, kind: str) -> None:
        """Take out of run.json how a model's training ended: it begins anew."""
        facts = self.facts()
        facts.get("results", {}).pop(kind, None)
        files.write_json(self.path / FACTS, facts)

    def add_fact(self, table: str, kind: str, value: Mapping[str, Any]) -> None:
        """Note something of one model in a table of run.json, such as its data."""
        facts = self.facts()
        facts[table] = {**facts.get(table, {}), kind: dict(value)}
        files.write_json(self.path / FACTS, facts)

    def add_split(self, kind: str, parts: Mapping[str, Any]) -> None:
        """Note the parts of one model in split.json, where each has its own."""
        files.write_json(self.path / SPLIT, {**self.split(), kind: dict(parts)})

    def write_recipe(self, recipe: Mapping[str, Any]) -> None:
        """Write all settings anew, where models were added."""
        files.write_text(self.path / RECIPE, to_toml(dict(recipe)))

    def add_session(self) -> None:
        """Note in run.json that the run was taken up again or added to, when and by which code."""
        facts = self.facts()
        facts["resumed"] = [*facts.get("resumed", []), environment()]
        files.write_json(self.path / FACTS, facts)

    def recipe(self) -> dict[str, Any]:
        """The settings.

        Raises:
            ConfigError: there is no recipe, or it is broken.
        """
        return read_toml(self.path / RECIPE)

    def facts(self) -> dict[str, Any]:
        """What run.json says.

        Raises:
            CheckpointError: there is no run here, or its run.json is broken.
        """
        return self._read(FACTS)

    def split(self) -> dict[str, Any]:
        """What split.json says.

        Raises:
            CheckpointError: there is no run here, or its split.json is broken.
        """
        return self._read(SPLIT)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            value = json.loads((self.path / name).read_text(encoding="utf-8"))
        except OSError as error:
            raise CheckpointError(
                f"{self.path} is no run directory: cannot read {name} ({error.strerror}). "
                "Give the folder that a training wrote (--output)."
            ) from error
        except ValueError as error:
            raise CheckpointError(f"{self.path / name} is broken: {error}.") from error
        if not isinstance(value, dict):
            raise CheckpointError(f"{self.path / name} is broken: it is no JSON object.")
        return value


def environment(command: Sequence[str] | None = None) -> dict[str, Any]:
    """When, by which code, with which libraries, on what kind of machine.

    Args:
        command: the command line; this process's own by default.
    """
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": list(command or sys.argv),
        "code_version": chromasonic.__version__,
        "code_commit": code_commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: _version(name) for name in LIBRARIES},
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def code_commit() -> str:
    """The commit of the checkout that this code runs from; empty where it is installed."""
    root = Path(chromasonic.__file__).resolve().parents[2]
    try:
        head = (root / ".git" / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        loose = root / ".git" / name
        if loose.is_file():
            return loose.read_text(encoding="utf-8").strip()
        packed = (root / ".git" / "packed-refs").read_text(encoding="utf-8").splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
    except OSError:
        return ""
