"""What a search may change: ranges and choices by the names of a recipe's settings.

[lstm.search]
"training.learning_rate" = { low = 1e-3, high = 1e-2, log = true }
"model.num_layers" = { low = 1, high = 3 }
"model.hidden_size" = { choices = [128, 192, 256] }

A name is the way to a setting from the table that holds `search`.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chromasonic.errors import ConfigError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Plain = int | float | str | bool
FORMS = "{ low = 1e-3, high = 1e-2, log = true }, { low = 1, high = 4, step = 1 } or " + (
    "{ choices = [128, 256] }"
)
NEVER = ("data", "output", "seed", "device", "precision", "checkpoint_every", "workers", "folder")
"""Settings that no search changes: they decide what is measured or where, not how well."""


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A range of numbers, both ends in it.

    Attributes:
        low: the lowest.
        high: the highest.
        is_whole: whole numbers alone.
        log: whether each factor is as likely as another, rather than each difference.
        step: distance between two values; 0 (not with whole numbers) is any.
    """

    low: float
    high: float
    is_whole: bool = False
    log: bool = False
    step: float = 0.0

    def holds(self, value: Any) -> bool:
        """Whether a value is one of the range."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        if not self.low <= value <= self.high:
            return False
        return not self.step or math.isclose(
            (value - self.low) / self.step, round((value - self.low) / self.step), abs_tol=1e-6
        )

    def contains(self, other: Dimension) -> bool:
        """Whether every value of another range or choice is one of this range."""
        if isinstance(other, Choices):
            return all(self.holds(value) for value in other.values)
        inside = self.holds(other.low) and self.low <= other.high <= self.high
        if not self.step:
            return inside
        return inside and bool(other.step) and (other.step / self.step) % 1 < 1e-9

    def distribution(self) -> BaseDistribution:
        """The range as Optuna has it."""
        from optuna.distributions import FloatDistribution, IntDistribution

        if self.is_whole:
            step = int(self.step) or 1
            return IntDistribution(int(self.low), int(self.high), log=self.log, step=step)
        return FloatDistribution(self.low, self.high, log=self.log, step=self.step or None)

    def to_dict(self) -> dict[str, Any]:
        """As a recipe has it."""
        values: dict[str, Any] = {"low": self.low, "high": self.high}
        values |= {"log": True} if self.log else {}
        return values | ({"step": self.step} if self.step and self.step != 1 else {})

    def __str__(self) -> str:
        by = " by factors" if self.log else f" in steps of {self.step:g}" if self.step else ""
        return f"{self.low:g} to {self.high:g}{by}"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Some values, none nearer to one than to another.

    Attributes:
        values: two at least, lists as tuples.
    """

    values: tuple[Any, ...]

    def holds(self, value: Any) -> bool:
        """Whether a value is one of them."""
        return plain(value) in [plain(one) for one in self.values]

    def contains(self, other: Dimension) -> bool:
        """Whether every value of another choice is one of these."""
        return isinstance(other, Choices) and all(self.holds(value) for value in other.values)

    def distribution(self) -> BaseDistribution:
        """The choice as Optuna has it; lists go as their JSON text."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution([plain(value) for value in self.values])

    def to_dict(self) -> dict[str, Any]:
        """As a recipe has it."""
        return {"choices": list(self.values)}

    def __str__(self) -> str:
        return "one of " + ", ".join(str(plain(value)) for value in self.values)


Dimension = Numbers | Choices


def space_of(
    table: Mapping[str, Any], settings: Mapping[str, Any], *, where: str
) -> dict[str, Dimension]:
    """A search table as ranges and choices by name, each checked against the setting it changes.

    Args:
        table: name to `{low, high, log, step}` or `{choices}`.
        settings: the recipe's values from the table that holds `search` downwards, all said.
        where: how to call the table in messages.

    Raises:
        ConfigError: an unknown name, or a range or choice that cannot be.
    """
    known = {name: value for name, value in flat(settings).items() if _may_change(name)}
    if not table:
        raise ConfigError(
            f"{where} holds nothing to search over. Name settings, each as {FORMS}; "
            f"those that may change: {', '.join(known)}."
        )
    space = {}
    for name, values in flat_space(table).items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            never = (
                "No search changes that (it says what is measured, and where)"
                if name in flat(settings)
                else "There is no such setting"
            )
            raise ConfigError(
                f"{where}: '{name}' cannot be searched over. {never}. Did you mean '{near[0]}'? "
                f"Known: {', '.join(sorted(known))}."
            )
        space[name] = _dimension(values, known[name], f'{where}: "{name}"')
    return space


def fitted(table: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """A default search table widened to what a recipe has: a search begins with any recipe.

    A setting at 0 whose range goes by factors is left out: no factor leads away from 0.
    """
    own = flat(settings)
    found = {}
    for name, one in table.items():
        value = own[name]
        if "choices" in one:
            there = value in one["choices"]
            found[name] = one if there else {"choices": [value, *one["choices"]]}
        elif not (one.get("log") and value <= 0):
            found[name] = {**one, "low": min(one["low"], value), "high": max(one["high"], value)}
    return found


def flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested tables as one, with the ways to their values for names."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{before}{key}.")
        else:
            found[before + key] = value
    return found


def flat_space(table: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """A search table with each name in one piece, however its dots were written in TOML."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        is_way = isinstance(value, Mapping) and any(isinstance(v, Mapping) for v in value.values())
        found |= flat_space(value, f"{before}{key}.") if is_way else {before + key: value}
    return found


def laid_over(settings: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings with some values in place of their own.

    Args:
        settings: nested plain values.
        chosen: the way to a setting ("training.learning_rate") to its value.
    """
    result: dict[str, Any] = {
        key: laid_over(value, {}) if isinstance(value, Mapping) else value
        for key, value in settings.items()
    }
    for name, value in chosen.items():
        table, *rest = name.split(".", 1)
        if rest:
            result[table] = laid_over(result.get(table, {}), {rest[0]: value})
        else:
            result[table] = value
    return result


def at_default(space: Mapping[str, Dimension], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's own values as a trial's parameters."""
    values = flat(settings)
    return {name: plain(values[name]) for name in space}


def values_of(space: Mapping[str, Dimension], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A trial's parameters as values of settings: lists come back from their text."""
    found = {}
    for name, dimension in space.items():
        value = parameters[name]
        if isinstance(dimension, Choices):
            value = next(one for one in dimension.values if plain(one) == value)
        found[name] = list(value) if isinstance(value, tuple) else value
    return found


def plain(value: Any) -> Plain:
    """A value as Optuna takes it."""
    return json.dumps(list(value)) if isinstance(value, (list, tuple)) else value


def _may_change(name: str) -> bool:
    return not any(part in NEVER for part in name.split("."))


def _dimension(values: Any, default: Any, where: str) -> Dimension:
    """One entry of a search table.

    Raises:
        ConfigError: it cannot be.
    """
    if not isinstance(values, Mapping) or not {"choices", "low", "high"} & set(values):
        raise ConfigError(f"{where} is {values!r}; write {FORMS}.")
    allowed = {"choices"} if "choices" in values else {"low", "high", "log", "step"}
    unknown = set(values) - allowed
    if unknown:
        raise ConfigError(
            f"{where} has {', '.join(sorted(unknown))}; allowed here: {', '.join(sorted(allowed))}."
        )
    found = (
        _choices(values["choices"], default, where)
        if "choices" in values
        else _numbers(values, default, where)
    )
    if not found.holds(default):
        raise ConfigError(
            f"{where} is {found}, but the recipe's own value is {default!r}. The search begins "
            "with the recipe as it is: widen the range, or change that value."
        )
    return found


def _choices(choices: Any, default: Any, where: str) -> Choices:
    if not isinstance(choices, (list, tuple)) or len(choices) < 2:
        raise ConfigError(f"{where}: choices is {choices!r}; give a list of two values or more.")
    kind = float if isinstance(default, (int, float)) and not isinstance(default, bool) else None
    values = tuple(tuple(value) if isinstance(value, list) else value for value in choices)
    for value in values:
        same = (
            isinstance(value, (int, float)) and not isinstance(value, bool)
            if kind
            else isinstance(value, tuple if isinstance(default, (list, tuple)) else type(default))
        )
        if isinstance(default, int) and isinstance(value, float):
            same = False
        if not same:
            raise ConfigError(
                f"{where}: the choice {value!r} is {type(value).__name__}, the setting "
                f"{type(default).__name__} ({default!r}). Give choices of that type."
            )
    if len({plain(value) for value in values}) < len(values):
        raise ConfigError(f"{where}: choices says a value twice: {list(choices)}. Say it once.")
    return Choices(values=values)


def _numbers(values: Mapping[str, Any], default: Any, where: str) -> Numbers:
    if isinstance(default, bool) or not isinstance(default, (int, float)):
        raise ConfigError(
            f"{where}: {default!r} is no number, so it has no range. Write {{ choices = [...] }}."
        )
    is_whole = isinstance(default, int)
    for name in ("low", "high", "step"):
        value = values.get(name, 1 if is_whole or name == "step" else None)
        right = isinstance(value, int if is_whole else (int, float)) and not isinstance(value, bool)
        if name not in values and name != "step":
            raise ConfigError(f"{where} has no {name}. Write {FORMS}.")
        if not right or not math.isfinite(value):
            kind = "a whole number" if is_whole else "a number"
            raise ConfigError(f"{where}: {name} is {value!r}; {kind} is allowed.")
    low, high = values["low"], values["high"]
    log, step = values.get("log", False), values.get("step", 1 if is_whole else 0.0)
    for name, met, is_right, allowed in (
        ("high", high, high > low, f"above low ({low})"),
        ("log", log, isinstance(log, bool), "true or false"),
        ("low", low, not log or low > 0, "above 0 with log (or leave log out)"),
        ("step", step, step > 0 or "step" not in values, "above 0"),
        ("step", step, not (log and "step" in values), "none with log"),
        ("step", step, step <= high - low, f"at most high - low ({high - low:g})"),
    ):
        if not is_right:
            raise ConfigError(f"{where}: {name} is {met!r}; allowed: {allowed}.")
    return Numbers(low=low, high=high, is_whole=is_whole, log=log, step=step)
