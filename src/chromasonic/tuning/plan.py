"""What a search is of: a recipe, what may change in it, and how it is judged. Plain and frozen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chromasonic.errors import ConfigError, UsageError
from chromasonic.tasks.search_spaces import default_space, way_to
from chromasonic.tasks.table import task_named
from chromasonic.tuning.space import (
    Dimension,
    at_default,
    fitted,
    laid_over,
    plain,
    space_of,
    values_of,
)

Pruner = Literal["median", "hyperband", "none"]
PRUNERS: tuple[Pruner, ...] = ("median", "hyperband", "none")
ANY_KIND = "KIND."
SEARCH = "search"
"""Name of the table in a recipe that says what may change."""

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A search, as it stands in its study.

    Attributes:
        task: melody, companion, harmonizer or gesture.
        kind: of model; the recipe trains this one alone.
        recipe: resolved, without its search table; trial 0 is this.
        table: what may change, as a recipe has it.
        seed: of the search; the trainings have the recipe's own.
        pruner: what ends a trial that is behind the others.
        space: the table, checked; made from it.
    """

    task: str
    kind: str
    recipe: Mapping[str, Any]
    table: Mapping[str, Any]
    seed: int = 0
    pruner: Pruner = "median"
    space: Mapping[str, Dimension] = field(init=False)

    def __post_init__(self) -> None:
        if self.pruner not in PRUNERS:
            raise ConfigError(f"The pruner is '{self.pruner}'; allowed: {', '.join(PRUNERS)}.")
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"The seed is {self.seed}; allowed: from 0 to 4294967295.")
        where = f"[{'.'.join((*way_to(self.task, self.kind), SEARCH))}]"
        object.__setattr__(self, "space", space_of(self.table, self.settings, where=where))

    @property
    def settings(self) -> dict[str, Any]:
        """The part of the recipe that names in the search table begin from."""
        values: Any = self.recipe
        for step in way_to(self.task, self.kind):
            values = values[step]
        return dict(values)

    @property
    def can_prune(self) -> bool:
        """Whether losses after an epoch can be compared: not where lengths themselves are tried."""
        return self.pruner != "none" and not any(
            name.rpartition(".")[2].endswith(("epochs", "episodes")) for name in self.space
        )

    def first(self) -> dict[str, Any]:
        """The recipe's own values, as Optuna's parameters."""
        return at_default(self.space, self.settings)

    def values(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Optuna's parameters as values of settings, by name."""
        return values_of(self.space, parameters)

    def parameters(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values of settings as Optuna's parameters."""
        return {name: plain(values[name]) for name in self.space}

    def recipe_with(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The recipe with some settings changed."""
        way = way_to(self.task, self.kind)
        return laid_over(
            self.recipe, {".".join((*way, name)): value for name, value in values.items()}
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values: what a study is known by."""
        return {
            "format": FORMAT,
            "task": self.task,
            "kind": self.kind,
            "recipe": dict(self.recipe),
            "search": {name: one.to_dict() for name, one in self.space.items()},
            "seed": self.seed,
            "pruner": self.pruner,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Plan:
        """The plan of a study."""
        return cls(
            task=values["task"],
            kind=values["kind"],
            recipe=values["recipe"],
            table=values["search"],
            seed=values["seed"],
            pruner=values["pruner"],
        )


def plan_of(
    task: str,
    kind: str | None,
    values: Mapping[str, Any] | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    pruner: Pruner = "median",
    where: str = "recipe",
) -> Plan:
    """The search over a kind of model.

    Args:
        task: melody, companion, harmonizer or gesture.
        kind: of model; None: the one that the recipe trains.
        values: a recipe as read; what it leaves out is the default, its search table too. None is
            the default recipe of the kind.
        settings: laid over the recipe: whole ways such as "lstm.training.epochs", to values;
            "KIND." stands for the kind's own table.
        seed: of the search.
        pruner: what ends a trial that is behind the others.
        where: how to call the recipe in messages.

    Raises:
        UsageError: no such task or kind; or the recipe trains several and none is named.
        ConfigError: the recipe or its search table cannot be.
    """
    chosen = task_named(task)
    if values is None:
        if kind is None:
            option = OPTION.get(task, "model")
            raise UsageError(
                f"Say what to search for: --{option} {'|'.join(chosen.kinds)}, or --recipe FILE."
            )
        values = chosen.default_recipe([kind])
    there = chosen.kinds_in(values)
    if kind is None or task == "gesture":
        if len(there) > 1:
            raise ConfigError(
                f"{where} trains {', '.join(there)}; a search is for one of them. Name it: "
                f"--{OPTION.get(task, 'model')} {there[0]}."
            )
        kind = there[0]
    if kind not in there:
        values = {**values, kind: chosen.default_recipe([kind])[kind]}
    others = [one for one in chosen.kinds if one != kind]
    if task != "gesture":
        values = {name: value for name, value in values.items() if name not in others}
    given = {name.replace(ANY_KIND, f"{kind}."): one for name, one in (settings or {}).items()}
    values = laid_over(values, given)
    holder: Any = values
    for step in way_to(task, kind):
        holder = holder[step]
    table = holder.get(SEARCH)
    recipe = json.loads(json.dumps(chosen.resolved(values, where=where)))  # tuples as lists
    if task == "companion":
        recipe[kind]["data"] |= _same_examples(recipe[kind])
    if table is None:
        holder = recipe
        for step in way_to(task, kind):
            holder = holder[step]
        table = fitted(default_space(task, kind), holder)
    return Plan(
        task=task,
        kind=kind,
        recipe=recipe,
        table=table,
        seed=seed,
        pruner=pruner,
    )


def _same_examples(recipe: Mapping[str, Any]) -> dict[str, int]:
    """How many examples are made up, where they are: as many for every trial.

    A training by itself makes as many as fill its batches; trials of other batches would be
    measured on other examples.

    Args:
        recipe: of a companion model, resolved.
    """
    from chromasonic.companion.recipe import DataSettings

    settings = DataSettings(**recipe["data"]).for_batches(recipe["training"]["batch_size"])
    return {"synthetic_examples": settings.synthetic_examples}


OPTION = {"harmonizer": "agent", "gesture": "size"}
"""What the command line calls a task's kinds; "model" in the others."""
