"""Training runs as they lie in folders, whoever started them; read without loading a model.

A run is a folder with a run.json, or a models directory of the harmonizer.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

FACTS = "run.json"
OWN = ".studio"
"""Folder in a run's folder in which the studio notes what it asked for and how it goes."""
DEEPEST = 4
"""Levels of folders that are looked through below a folder of runs."""
MOST_RUNS = 500
MADE_EXAMPLES = "made-up examples"
AGENTS = {
    "simple": ("simple_contrary_motion_model.json", "simple_contrary_motion_model_metadata.json"),
    "advanced": ("advanced_harmonization_model.json", "model_metadata.json"),
    "hybrid": ("hybrid_model.npz", "hybrid_model_metadata.json"),
}
"""Agent to its model and metadata in a models directory."""
BEST = {
    "melody": "{kind}_checkpoints/melody_{kind}_best.pt",
    "companion": "checkpoints/{kind}_best.pt",
    "gesture": "best_model.pth",
}
"""Task to the best checkpoint of a kind within a run."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run on the disk.

    Attributes:
        path: its folder.
        name: its folder's name below the folder of runs.
        task: melody, companion, harmonizer or gesture; "" before the training said.
        facts: its run.json; empty where there is none yet.
        kinds: the models that it trains or trained, whether they are there or not.
    """

    path: Path
    name: str
    task: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Twelve characters that stand for it in an address."""
        return run_id(self.path)

    @property
    def corpora(self) -> tuple[str, ...]:
        """Names of what it learns from."""
        return tuple(dict.fromkeys(str(one["name"]) for one in corpora_in(self.facts)))

    def corpora_of(self, kind: str) -> tuple[str, ...]:
        """Names of what one kind of model learns from."""
        data = self.facts.get("data")
        if self.task != "companion" or not isinstance(data, dict):
            return self.corpora
        own = {"data": {kind: data.get(kind, {})}}
        return tuple(dict.fromkeys(str(one["name"]) for one in corpora_in(own)))

    @property
    def ready(self) -> tuple[str, ...]:
        """The kinds of which a model is there that can be used."""
        if self.task == "harmonizer":
            return tuple(kind for kind in self.kinds if (self.path / AGENTS[kind][0]).is_file())
        return tuple(kind for kind in self.kinds if self.best(kind).is_file())

    def best(self, kind: str) -> Path:
        """Where the best checkpoint of a kind is, or will be."""
        return self.path / BEST[self.task].format(kind=kind)


def run_id(path: Path) -> str:
    """The id of the run in a folder."""
    return hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]


def corpora_in(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a run.json says of corpora: their manifests or the like, each with a name."""
    found: list[Any] = []
    corpus = facts.get("corpus")
    if isinstance(corpus, dict):
        found.append(corpus.get("manifest", corpus))
    elif isinstance(facts.get("data"), dict):
        for part in facts["data"].values():
            if isinstance(part, dict):
                found += part.get("corpora", ())
                if part.get("is_synthetic"):
                    found.append({"name": MADE_EXAMPLES})
    return [one for one in found if isinstance(one, dict) and one.get("name")]


def runs_in(folders: Iterable[Path]) -> list[Run]:
    """Every run below some folders, the newest first."""
    found: dict[Path, Run] = {}
    for folder in folders:
        for path in _folders(folder):
            if len(found) >= MOST_RUNS:
                break
            run = run_at(path, below=folder)
            if run is not None:
                found.setdefault(path.resolve(), run)
    return sorted(found.values(), key=_changed, reverse=True)


def run_at(path: Path, *, below: Path | None = None) -> Run | None:
    """The run in a folder; None where there is none, or what is noted of it is no JSON.

    Args:
        path: the folder.
        below: the folder of runs that its name is told from.
    """
    file = path / FACTS
    name = path.name if below in (None, path) else path.relative_to(below or path).as_posix()
    try:
        facts = _facts(file, file.stat().st_mtime_ns)
    except (OSError, ValueError):
        return _agents_at(path, name) or _asked_at(path, name)
    task = str(facts.get("task", ""))
    return Run(path=path, name=name, task=task, facts=facts, kinds=_kinds(task, facts))


def _kinds(task: str, facts: Mapping[str, Any]) -> tuple[str, ...]:
    if task == "gesture":
        return ("gesture",)
    named = facts.get("models")
    kinds = [str(kind) for kind in named] if isinstance(named, list) else []
    kinds += [str(kind) for kind in facts.get("data", {})] if task == "companion" else []
    return tuple(dict.fromkeys((*kinds, *map(str, facts.get("results", {})))))


def _agents_at(path: Path, name: str) -> Run | None:
    kinds = tuple(kind for kind, (model, _) in AGENTS.items() if (path / model).is_file())
    return Run(path=path, name=name, task="harmonizer", kinds=kinds) if kinds else None


def _asked_at(path: Path, name: str) -> Run | None:
    """A training that the studio was asked for and that has written nothing yet."""
    try:
        asked = json.loads((path / OWN / "asked.json").read_text(encoding="utf-8"))
        kinds = tuple(map(str, asked["kinds"]))
        return Run(path=path, name=name, task=str(asked["task"]), kinds=kinds)
    except (OSError, ValueError, KeyError, TypeError):
        return None


@lru_cache(maxsize=1024)
def _facts(file: Path, changed: int) -> dict[str, Any]:
    """What a run.json says; read again when it was changed."""
    del changed
    value = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _folders(top: Path, level: int = 0) -> Iterator[Path]:
    """A folder and those below it, but not those inside a run."""
    yield top
    if level == DEEPEST or (level and (top / FACTS).is_file()):
        return
    try:
        below = sorted(one.path for one in os.scandir(top) if one.is_dir(follow_symlinks=False))
    except OSError:
        return
    for one in below:
        if not Path(one).name.startswith(".") and Path(one).name not in ("archive", "trials"):
            yield from _folders(Path(one), level + 1)


def _changed(run: Run) -> float:
    for name in (FACTS, f"{OWN}/asked.json"):
        try:
            return (run.path / name).stat().st_mtime
        except OSError:
            continue
    return run.path.stat().st_mtime if run.path.exists() else 0.0
