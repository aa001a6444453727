"""Mappings that are typed into a page: read as text, and kept from reaching for files."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from chromasonic.errors import ConfigError

if TYPE_CHECKING:
    from chromasonic.gesture.mapping import Mapping

LONGEST = 40_000
MOST_TIMES, MOST_ACTIONS = 16, 400


def safe_mapping(text: str) -> Mapping:
    """A mapping from its text.

    Raises:
        ConfigError: it is no TOML, says what cannot be, names a file, or asks for too much.
    """
    from chromasonic.gesture.mapping_file import mapping_from

    if len(text) > LONGEST:
        raise ConfigError(f"The mapping has {len(text):,} characters; allowed: {LONGEST:,}.")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The mapping is no TOML: {error}.") from error
    except RecursionError as error:
        raise ConfigError("The mapping is nested deeper than any.") from error
    _check(values)
    return mapping_from(values, where="the mapping")


def _check(values: dict[str, Any]) -> None:
    play = values.get("play")
    for name in ("melody", "groove"):
        if isinstance(play, dict) and isinstance(play.get(name), str) and play[name]:
            raise ConfigError(
                f"play: {name} names a model's folder; mappings in the studio use none. Leave it "
                "out, or play this mapping with 'chromasonic gesture play'."
            )
    gestures = values.get("gesture")
    count = 0
    for name, tables in gestures.items() if isinstance(gestures, dict) else ():
        for table in tables if isinstance(tables, list) else [tables]:
            count += 1
            if not isinstance(table, dict):
                continue
            pattern = table.get("pattern")
            if isinstance(pattern, str) and "\n" not in pattern:
                raise ConfigError(
                    f"gesture '{name}': write the pattern's lines themselves between "
                    '""" and """; files are not read in the studio.'
                )
            times = table.get("times")
            if isinstance(times, int) and times > MOST_TIMES:
                raise ConfigError(
                    f"gesture '{name}': times is {times}; allowed in the studio: {MOST_TIMES}."
                )
    if count > MOST_ACTIONS:
        raise ConfigError(
            f"The mapping has {count} actions; allowed in the studio: {MOST_ACTIONS}."
        )
