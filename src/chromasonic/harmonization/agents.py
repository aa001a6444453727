"""The agents by name: how each is loaded. Nothing is read before it is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from chromasonic.errors import UsageError
from chromasonic.harmonization.alternatives import find_alternatives
from chromasonic.harmonization.exact import Harmonization, harmonize_exactly
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.models_directory import FILES, agents_in
from chromasonic.registry.reference import is_version_folder, located

SHIPPED = Path(__file__).parent / "shipped"
"""The models directory that comes with the package."""


class Agent(Protocol):
    """Who harmonizes a melody."""

    @property
    def name(self) -> str:
        """Its name, one of `AGENTS`."""
        ...

    def harmonize(self, melody: Melody, *, seed: int = 0) -> Harmonization:
        """A harmonization of a melody; chance, where there is any, follows the seed."""
        ...


class ExactAgent:
    """Exact search: needs no training."""

    name = "exact"

    def harmonize(self, melody: Melody, *, seed: int = 0) -> Harmonization:  # noqa: ARG002
        """The harmonization with the highest reward."""
        return harmonize_exactly(melody)

    def alternatives(self, melody: Melody, count: int, *, seed: int = 0) -> list[Harmonization]:  # noqa: ARG002
        """The best harmonization, then ever other ones; see `alternatives`."""
        return find_alternatives(melody, count)


def _simple(path: Path) -> Agent:
    from chromasonic.harmonization.simple import SimpleAgent

    return SimpleAgent.load(path)


def _advanced(path: Path) -> Agent:
    from chromasonic.harmonization.advanced import AdvancedAgent

    return AdvancedAgent.load(path)


def _hybrid(path: Path) -> Agent:
    from chromasonic.harmonization.hybrid import HybridAgent

    return HybridAgent.load(path)


TRAINED: dict[str, Callable[[Path], Agent]] = {
    "simple": _simple,
    "advanced": _advanced,
    "hybrid": _hybrid,
}
"""Agent to what reads its model file."""

AGENTS = ("exact", *TRAINED)
"""Names of all agents."""


def load_agent(name: str, models: Path | None = None) -> Agent:
    """An agent, ready to harmonize.

    Args:
        name: one of `AGENTS`.
        models: a models directory, or NAME@VERSION or NAME@ALIAS; the shipped one by default.

    Raises:
        UsageError: no such agent, or the directory has no model of it.
        CheckpointError: the model is damaged, or of another version.
        RegistryError: no such version is registered, or its files were changed.
    """
    if name not in AGENTS:
        raise UsageError(f"'{name}' is no agent; known: {', '.join(AGENTS)}.")
    if name == ExactAgent.name:
        return ExactAgent()
    folder = SHIPPED if models is None else located(models)
    path = folder / FILES[name].model
    if path.parent.exists() and not path.parent.is_dir():
        raise UsageError(
            f"--models {path.parent} is no folder, and a models directory is one. Name a folder "
            "of 'chromasonic train harmonizer'; or leave --models out to use what ships."
        )
    if not path.is_file() and is_version_folder(folder):
        there = [agent for agent in agents_in(folder) if (folder / FILES[agent].model).is_file()]
        raise UsageError(
            f"{models} is a version without the agent '{name}'; it holds "
            f"{', '.join(there) or 'none'}. Say --agent {there[0] if there else name}, or name a "
            "version of another model."
        )
    if not path.is_file():
        raise UsageError(
            f"There is no {path.name} in {path.parent}. Train it: chromasonic train harmonizer "
            f"--agent {name} --output {path.parent}; or leave --models out to use what ships."
        )
    return TRAINED[name](path)
