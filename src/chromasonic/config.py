"""Recipes: TOML text to frozen, validated dataclasses, and back.

A recipe is a nested table; each table fills one frozen dataclass. An unknown key is an error that
names the nearest known one, and a value of another type is an error that names the type.
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

from chromasonic.errors import ConfigError

T = TypeVar("T")


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a TOML file as a plain dict.

    Raises:
        ConfigError: the file is absent, cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"Cannot read the recipe {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The recipe {path} is no TOML: {error}.") from error


def from_dict(config_class: type[T], values: dict[str, Any], *, where: str = "recipe") -> T:
    """Build a config dataclass from a dict, checking names and types.

    Args:
        config_class: a dataclass; nested dataclass fields take nested dicts.
        values: names to values; missing ones keep their default.
        where: how to call the place in messages.

    Raises:
        ConfigError: an unknown key (with the nearest known one), a wrong type, or a value that
            the class itself refuses.
    """
    hints = typing.get_type_hints(config_class)
    fields = {f.name: f for f in dataclasses.fields(config_class)}  # type: ignore[arg-type]
    arguments: dict[str, Any] = {}
    for key, value in values.items():
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1, cutoff=0.0)
            raise ConfigError(
                f"Unknown key '{key}' in {where}. Did you mean '{near[0]}'? "
                f"Known: {', '.join(sorted(fields))}."
            )
        arguments[key] = _convert(hints[key], value, f"{where}: {key}")
    return config_class(**arguments)


def _convert(hint: Any, value: Any, where: str) -> Any:
    """`value` as the type that the field's annotation asks for."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in parts:
            return None
        kinds = [part for part in parts if part is not type(None)]
        return _convert(kinds[0], value, where)
    if origin is typing.Literal:
        if value not in parts:
            raise ConfigError(f"{where} is {value!r}; allowed: {', '.join(map(repr, parts))}.")
        return value
    if dataclasses.is_dataclass(hint):
        if dataclasses.is_dataclass(value):
            return value
        if not isinstance(value, dict):
            raise ConfigError(f"{where} must be a table, not {value!r}.")
        return from_dict(typing.cast(type, hint), value, where=where)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f"{where} must be a list, not {value!r}.")
        return tuple(_convert(parts[0], item, where) for item in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and (
        not isinstance(value, hint) or (hint is not bool and isinstance(value, bool))
    ):
        raise ConfigError(f"{where} must be {hint.__name__}, not {value!r}.")
    return value


def merged_values(base: dict[str, Any], over: typing.Mapping[str, Any]) -> dict[str, Any]:
    """Nested values of `over` laid over those of `base`; tables meet key by key."""
    result = dict(base)
    for key, value in over.items():
        known = result.get(key)
        is_table = isinstance(known, dict) and isinstance(value, dict)
        result[key] = merged_values(known, value) if is_table else value  # type: ignore[arg-type]
    return result


def without_search(values: typing.Mapping[str, Any]) -> dict[str, Any]:
    """A recipe without its search tables: what `chromasonic tune` may change is no setting."""
    return {
        key: {name: one for name, one in value.items() if name != SEARCH}
        if isinstance(value, dict)
        else value
        for key, value in values.items()
        if key != SEARCH
    }


SEARCH = "search"
"""Name of the table of a recipe that training leaves alone."""


def to_dict(config: Any) -> dict[str, Any]:
    """A config dataclass as plain nested dicts, lists and numbers (for JSON and checkpoints)."""
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in dataclasses.asdict(config).items()
    }


def to_toml(values: dict[str, Any]) -> str:
    """TOML text of nested plain values; None is left out, as TOML has no word for it."""
    lines: list[str] = []
    _toml_table(values, (), lines)
    return "\n".join(lines).strip() + "\n"


def _toml_table(values: dict[str, Any], path: tuple[str, ...], lines: list[str]) -> None:
    if path:
        lines += ["", f"[{'.'.join(path)}]"]
    for key, value in values.items():
        if not isinstance(value, dict) and value is not None:
            lines.append(f"{key} = {_toml_value(value)}")
    for key, value in values.items():
        if isinstance(value, dict):
            _toml_table(value, (*path, key), lines)


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'
