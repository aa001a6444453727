"""Training the agents into a models directory; the one function that the command line calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromasonic.config import from_dict, read_toml, to_dict, to_toml, without_search
from chromasonic.errors import ConfigError, UsageError
from chromasonic.files import write_text
from chromasonic.harmonization.advanced_settings import AdvancedSettings
from chromasonic.harmonization.hybrid_settings import HybridSettings
from chromasonic.harmonization.models_directory import (
    FILES,
    RECIPE,
    ModelMetadata,
    learned_from,
    read_metadata,
)
from chromasonic.harmonization.simple_settings import SimpleSettings
from chromasonic.training.holding import held
from chromasonic.training.observers import Observer

if TYPE_CHECKING:
    from chromasonic.music.chorale import Chorale

OnProgress = Callable[[str, int, int, float], None]
"""Told the agent, how many episodes are done, of how many, and the mean reward of late."""


@dataclass(frozen=True, kw_only=True)
class HarmonizerRecipe:
    """What is trained, and how; an agent is trained if its table is there.

    Attributes:
        chorales: how many of each part are used, for trials; 0 takes all.
        data_dir: folder that holds corpora; empty looks in the usual places.
        simple: settings of the simple agent.
        advanced: settings of the advanced agent.
        hybrid: settings of the hybrid.
    """

    chorales: int = 0
    data_dir: str = ""
    simple: SimpleSettings | None = None
    advanced: AdvancedSettings | None = None
    hybrid: HybridSettings | None = None

    def __post_init__(self) -> None:
        if self.chorales < 0:
            raise ConfigError(f"chorales is {self.chorales}; allowed: 1 or more, or 0 for all.")

    @property
    def agents(self) -> tuple[str, ...]:
        """The agents that it trains, in the order of training."""
        return tuple(name for name in FILES if getattr(self, name) is not None)


@dataclass(frozen=True, kw_only=True)
class HarmonizerTraining:
    """What `train_harmonizer` left.

    Attributes:
        folder: the models directory.
        metadata: of each agent, by name.
        chorales: how many of each part it learned from and was measured on.
    """

    folder: Path
    metadata: dict[str, ModelMetadata] = field(default_factory=dict)
    chorales: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "models": str(self.folder),
            "chorales": self.chorales,
            "agents": {name: to_dict(known) for name, known in self.metadata.items()},
        }


def default_recipe(agents: Sequence[str] = tuple(FILES)) -> HarmonizerRecipe:
    """The default settings of some agents.

    Raises:
        UsageError: no such agent.
    """
    unknown = [name for name in agents if name not in FILES]
    if unknown or not agents:
        raise UsageError(
            f"'{', '.join(unknown)}' is no agent that is trained; known: {', '.join(FILES)}, all. "
            "(exact needs no training.)"
        )
    kinds = {"simple": SimpleSettings, "advanced": AdvancedSettings, "hybrid": HybridSettings}
    return HarmonizerRecipe(**{name: kinds[name]() for name in agents})


def recipe_from(values: dict[str, Any], where: str) -> HarmonizerRecipe:
    """A recipe out of a TOML file's values.

    Raises:
        ConfigError: an unknown key, a wrong type, a value out of range, or no agent's table.
    """
    recipe = from_dict(HarmonizerRecipe, without_search(values), where=where)
    if not recipe.agents:
        raise ConfigError(f"{where} trains nothing: add a table [{'], ['.join(FILES)}].")
    return recipe


def recipe_to_dict(recipe: HarmonizerRecipe) -> dict[str, Any]:
    """A recipe as plain values for TOML; agents that it does not train have no table."""
    return {key: value for key, value in to_dict(recipe).items() if value is not None}


def with_agents(recipe: HarmonizerRecipe, agents: Sequence[str]) -> HarmonizerRecipe:
    """A recipe with just these agents: its own settings where it has them, else the default."""
    own = default_recipe(agents)
    parts: dict[str, Any] = {
        name: (getattr(recipe, name) or getattr(own, name)) if name in agents else None
        for name in FILES
    }
    return replace(recipe, **parts)


def with_settings(
    recipe: HarmonizerRecipe, *, epochs: int | None = None, **settings: Any
) -> HarmonizerRecipe:
    """A recipe with some settings changed in every agent that has them; None changes nothing.

    Args:
        recipe: what is changed.
        epochs: of both priors of the hybrid.
        settings: fields of the agents' settings, and `chorales` and `data_dir`.
    """
    settings |= {"beats_epochs": epochs, "sixteenths_epochs": epochs}
    given = {name: value for name, value in settings.items() if value is not None}
    own = {name: given.pop(name) for name in ("chorales", "data_dir") if name in given}
    changed: dict[str, Any] = {}
    for agent in recipe.agents:
        part = getattr(recipe, agent)
        names = {field.name for field in fields(part)}
        changed[agent] = replace(part, **{k: v for k, v in given.items() if k in names})
    return replace(recipe, **own, **changed)


def resumed_recipe(folder: Path) -> HarmonizerRecipe:
    """The recipe of a training that lies in a models directory.

    Raises:
        UsageError: no training lies there.
        ConfigError: its recipe is broken.
    """
    path = Path(folder) / RECIPE
    if not path.is_file():
        raise UsageError(
            f"No training lies in {folder}: {RECIPE} is not there. Begin one: chromasonic train "
            f"harmonizer --output {folder}"
        )
    return recipe_from(read_toml(path), where=str(path))


def train_harmonizer(
    recipe: HarmonizerRecipe,
    folder: Path,
    *,
    resume: bool = False,
    on_progress: OnProgress | None = None,
    on_data: Callable[[int, int], None] | None = None,
    observers: Sequence[Observer] = (),
) -> HarmonizerTraining:
    """Train the agents of a recipe, one after the other, into a models directory.

    Earlier trainings of the same agents are copied into `archive/` first. README.md is written anew
    after each agent.

    Args:
        recipe: agents and settings.
        folder: the models directory.
        resume: go on with what lies there, exactly.
        on_progress: told how each training goes.
        on_data: told how many chorales are learned from and chosen by, before it begins.
        observers: hear of each agent's training: its start, its figures by round, its end.

    Raises:
        UsageError: the folder of corpora is none; or another process trains in the folder.
        CorpusError: the chorales are not at hand.
        CheckpointError: what is there to resume is damaged, or of other settings or rules.
        StorageError: a file cannot be written; what was there before stays.
    """
    from chromasonic.data.harmonizer_chorales import harmonizer_chorales
    from chromasonic.harmonization.models_readme import write_readme

    folder = Path(folder)
    where = Path(recipe.data_dir) if recipe.data_dir else None
    merged = _merged(recipe, folder)
    if where is not None and not where.is_dir():
        raise UsageError(f"{where} is no folder. Give one with corpora in it, or leave it out.")
    chorales = harmonizer_chorales(data_dir=where, analyses=False)
    training = _first(chorales.training, recipe.chorales)
    validation = _first(chorales.validation, recipe.chorales)
    if on_data is not None:
        on_data(len(training), len(validation))
    with held(folder, go_on=f"chromasonic train harmonizer --resume {folder}"):
        write_text(folder / RECIPE, to_toml(recipe_to_dict(merged)))
        for agent in recipe.agents:
            told = None if on_progress is None else _told(on_progress, agent)
            _train(agent, recipe, training, validation, folder, resume, told, observers)
            write_readme(folder)
    return HarmonizerTraining(
        folder=folder,
        metadata={agent: read_metadata(folder, agent) for agent in recipe.agents},
        chorales={"training": len(training), "validation": len(validation)},
    )


def _first(chorales: Sequence[Chorale], count: int) -> tuple[Chorale, ...]:
    return tuple(chorales[:count] if count else chorales)


def _told(on_progress: OnProgress, agent: str) -> Callable[[int, int, float], None]:
    return lambda done, total, reward: on_progress(agent, done, total, reward)


def _merged(recipe: HarmonizerRecipe, folder: Path) -> HarmonizerRecipe:
    """The recipe, with the tables of other agents that were trained into the folder before.

    Raises:
        UsageError: these learned from other chorales, so that one recipe cannot hold both.
    """
    if not (folder / RECIPE).is_file():
        return recipe
    before = resumed_recipe(folder)
    kept = {name: getattr(before, name) for name in before.agents if name not in recipe.agents}
    if kept and (before.chorales, before.data_dir) != (recipe.chorales, recipe.data_dir):
        raise UsageError(
            f"{folder} holds a training of {', '.join(kept)} with chorales = {before.chorales} and "
            f"data_dir = '{before.data_dir}' (see {RECIPE}); this one has {recipe.chorales} and "
            f"'{recipe.data_dir}'. Give the same, or another --output."
        )
    return replace(recipe, **kept)


def _train(
    agent: str,
    recipe: HarmonizerRecipe,
    training: Sequence[Chorale],
    validation: Sequence[Chorale],
    folder: Path,
    resume: bool,
    told: Callable[[int, int, float], None] | None,
    observers: Sequence[Observer],
) -> None:
    """One agent; what only it needs is imported here."""
    from chromasonic.harmonization.observing import Observed

    settings: Any = getattr(recipe, agent)
    observed = Observed(agent, settings, folder, observers, told)
    observed.start()
    if agent == "hybrid":
        from chromasonic.harmonization.hybrid_training import train_hybrid

        train_hybrid(
            training,
            validation,
            settings=settings,
            folder=folder,
            resume=resume,
            on_progress=told,
            on_figures=observed.figures,
        )
        observed.end()
        return
    from chromasonic.harmonization.advanced_training import train_advanced
    from chromasonic.harmonization.bach import melody_of_chorale
    from chromasonic.harmonization.simple_training import train_simple

    melodies = [melody_of_chorale(chorale) for chorale in training]
    train: Callable[..., object] = train_simple if agent == "simple" else train_advanced
    train(
        melodies,
        settings=settings,
        folder=folder,
        corpora=learned_from(),
        resume=resume,
        on_progress=observed.progress,
    )
    observed.end()
