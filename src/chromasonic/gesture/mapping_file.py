"""Mapping files: TOML to a `Mapping`, every name and value checked.

[play]                              # `PlayConfig`
key = "D major"

[gesture.wave]                      # a table a gesture; the first key says what it does
note = "C4"

[[gesture.circle]]                  # or several
action = "mood"
valence = 0.8

[[follow]]                          # `Follow`
landmark = "wrist"
what = "height"
controller = 1
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from chromasonic.config import read_toml
from chromasonic.errors import ConfigError
from chromasonic.files import PathLike
from chromasonic.gesture.mapping import (
    Action,
    ChordAction,
    ControllerAction,
    DrumsAction,
    Follow,
    Mapping,
    MoodAction,
    NoteAction,
    PhraseAction,
    PlayConfig,
    ProgramAction,
)
from chromasonic.gesture.names import nearest
from chromasonic.music.pitch import pitch_class_of

LARGEST_BYTES = 1_000_000
TABLES = ("play", "instruments", "gesture", "follow")
PLAIN: dict[str, type[Action]] = {
    "note": NoteAction,
    "controller": ControllerAction,
    "program": ProgramAction,
}
"""Key that says what a table does, without `action`."""

BY_MODELS: dict[str, type[Action]] = {
    "mood": MoodAction,
    "chord": ChordAction,
    "phrase": PhraseAction,
    "drums": DrumsAction,
}
"""Value of `action` to what it does by another room."""

_NOTE = re.compile(r"([A-Ga-g])([#b]*)(-?\d)")


def read_mapping(path: PathLike) -> Mapping:
    """A mapping from its file; paths in it are relative to its folder.

    Raises:
        ConfigError: it cannot be read, is no TOML, or says what cannot be; with the place.
    """
    path = Path(path)
    try:
        if path.is_file() and path.stat().st_size > LARGEST_BYTES:
            raise ConfigError(f"{path} is larger than any mapping ({LARGEST_BYTES:,} bytes).")
        values = read_toml(path)
    except ConfigError as error:
        text = str(error).replace("the recipe", "the mapping", 1)
        raise ConfigError(text.replace("The recipe", "The mapping", 1)) from error
    except RecursionError as error:
        raise ConfigError(f"{path} is nested deeper than any mapping.") from error
    return mapping_from(values, where=path.name, folder=path.parent)


def mapping_from(
    values: dict[str, Any], *, where: str = "mapping", folder: PathLike = "."
) -> Mapping:
    """A mapping from nested plain values.

    Args:
        values: as TOML gives them.
        where: how to call the place in messages.
        folder: that paths are relative to.

    Raises:
        ConfigError: an unknown name, or a value that is not allowed.
    """
    for name in values:
        _known(name, TABLES, where)
    gestures = _table(values.get("gesture", {}), f"{where}: gesture")
    follows = values.get("follow", [])
    if not isinstance(follows, list):
        raise ConfigError(f"{where}: follow is a list of tables; write [[follow]].")
    actions = {
        name: tuple(
            _action(one, f"{where}: gesture '{name}'", Path(folder))
            for one in (tables if isinstance(tables, list) else [tables])
        )
        for name, tables in gestures.items()
    }
    instruments: dict[Any, Any] = {
        int(channel) if channel.isascii() and channel.isdigit() else channel: program
        for channel, program in _table(
            values.get("instruments", {}), f"{where}: instruments"
        ).items()
    }
    mapping = Mapping(
        instruments=instruments,
        play=_play(_table(values.get("play", {}), f"{where}: play"), where, Path(folder)),
        actions=actions,
        follows=tuple(_follow(one, f"{where}: follow") for one in follows),
    )
    if not mapping.actions and not mapping.follows:
        raise ConfigError(
            f'{where} maps nothing. Write a table such as [gesture.wave] with note = "C4".'
        )
    if mapping.has(PhraseAction) and not mapping.play.melody:
        raise ConfigError(
            f"{where} asks for phrases and names no model for them. Train one ('chromasonic train "
            "companion --models melody --output runs/melody'), then write melody = "
            '"runs/melody" under [play].'
        )
    return mapping


def note_number(value: Any, where: str) -> int:
    """MIDI number of a note given as number or name: "C4" is 60, "F#3" 54, "Bb-1" 10.

    Raises:
        ConfigError: it is none.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 127:
        return value
    match = _NOTE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match:
        letter, signs, octave = match.groups()
        shift = signs.count("#") - signs.count("b")
        number = pitch_class_of(letter) + shift + 12 * (int(octave) + 1)
        if 0 <= number <= 127:
            return number
    raise ConfigError(
        f"{where}: note is {value!r}; allowed: MIDI numbers 0 to 127, or names C-1 to G9 such as "
        "C4 (60), F#3, Bb2."
    )


def _action(values: Any, where: str, folder: Path) -> Action:
    """One thing that a gesture does."""
    values = dict(_table(values, where))
    kinds = [name for name in (*PLAIN, "action") if name in values]
    if len(kinds) != 1:
        raise ConfigError(
            f"{where} says {' and '.join(kinds) or 'nothing that it does'}; write one of "
            f"{', '.join(PLAIN)}, action. Several things are several tables: [[gesture.NAME]]."
        )
    if kinds[0] in PLAIN:
        kind = PLAIN[kinds[0]]
    else:
        name = values.pop("action")
        if not isinstance(name, str) or name not in BY_MODELS:
            raise ConfigError(f"{where}: action is {name!r}; allowed: {', '.join(BY_MODELS)}.")
        kind = BY_MODELS[name]
    if "note" in values:
        given = values.pop("note")
        every = given if isinstance(given, list) else [given]
        values["notes"] = [note_number(one, where) for one in every]
    if "chord" in values and kind is ChordAction:
        given = values.pop("chord")
        values["chords"] = given if isinstance(given, list) else [given]
    if kind is ChordAction and "chords" not in values:
        raise ConfigError(f'{where}: a chord wants chord = "V7", or a list of them.')
    if kind is DrumsAction:
        values["pattern"] = _pattern(values.get("pattern"), where, folder)
    return _built(kind, values, where)


def _pattern(given: Any, where: str, folder: Path) -> str:
    """A drum pattern's text: given itself, or the name of its file."""
    if not isinstance(given, str) or not given.strip():
        raise ConfigError(
            f"{where}: drums want a pattern, as text of several lines or as a file such as "
            '"funk.txt".'
        )
    if "\n" in given:
        return given
    path = folder / given
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ConfigError(f"{where}: {path} is longer than any drum pattern.")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{where}: cannot read the pattern {path}: {reason}.") from error


def _play(values: dict[str, Any], where: str, folder: Path) -> PlayConfig:
    config = _built(PlayConfig, values, f"{where}: play")
    moved = {
        name: str(folder / getattr(config, name)) if getattr(config, name) else ""
        for name in ("melody", "groove")
    }
    return PlayConfig(**{**config.__dict__, **moved})


def _follow(values: Any, where: str) -> Follow:
    table = _table(values, where)
    for name in ("landmark", "what", "controller"):
        if name not in table:
            raise ConfigError(f"{where}: '{name}' is missing; landmark, what, controller are due.")
    return _built(Follow, table, where)


def _built(kind: Any, values: dict[str, Any], where: str) -> Any:
    """A config class from a table; what goes wrong in the class itself gets its place too."""
    for name in values:
        if name not in kind.__dataclass_fields__:
            told = {"notes": "note", "chords": "chord"}
            _known(name, [told.get(one, one) for one in kind.__dataclass_fields__], where)
    given = {name: tuple(one) if isinstance(one, list) else one for name, one in values.items()}
    for name, value in given.items():
        if kind.__dataclass_fields__[name].type == "str" and not isinstance(value, str):
            raise ConfigError(f"{where}: {name} is {value!r}; allowed: text.")
    try:
        return kind(**given)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    except TypeError as error:  # a value that has no default is not there
        raise ConfigError(f"{where}: {error}.") from error


def _table(values: Any, where: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise ConfigError(f"{where} must be a table, not {values!r}.")
    return values


def _known(name: str, names: Any, where: str) -> None:
    if name not in names:
        near = nearest(name, list(names))
        meant = f" Did you mean '{near[0]}'?" if near else ""
        raise ConfigError(f"Unknown key '{name}' in {where}.{meant} Known: {', '.join(names)}.")
