"""A model by what a user types: NAME@VERSION, NAME@ALIAS, a path, or the name of one that ships."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from chromasonic.errors import CheckpointError, UsageError
from chromasonic.files import PathLike
from chromasonic.registry.shipped import ALIAS, SHIPPED, shipped, shipped_models
from chromasonic.registry.version import check_name

_REFERENCE = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)@(?P<which>[A-Za-z0-9][\w.-]*)\Z")

_NAME = re.compile(r"[A-Za-z0-9][\w-]*(?:@[a-z]+)?\Z")

TASKS = {
    "melody": "a melody model",
    "companion": "companion models",
    "harmonizer": "agents that harmonize",
    "gesture": "a gesture network",
}
"""Task to what a model of it is, in words."""


@dataclass(frozen=True)
class Reference:
    """A version of a registered model.

    Attributes:
        name: of the model.
        which: a version's number, or an alias such as "champion".
    """

    name: str
    which: str

    def __str__(self) -> str:
        return f"{self.name}@{self.which}"


def reference_in(text: PathLike) -> Reference | None:
    """The reference that a text is; None where it is a path, something of that name is there, or
    it is a model that ships (NAME@shipped)."""
    match = _REFERENCE.match(str(text))
    if match is None or Path(text).exists():
        return None
    if match["which"] == ALIAS and shipped(match["name"]) is not None:
        return None
    return Reference(match["name"], match["which"])


def version_reference(text: str) -> Reference:
    """The registered version that a text names; the registry is not opened for it.

    Raises:
        UsageError: it has not the form of one, or means a model that ships.
    """
    name, at, which = text.partition("@")
    ships = shipped(name) is not None
    if ships and which == ALIAS:
        raise UsageError(
            f"{text} comes with Chromasonic: it is no registered version, and has no aliases. "
            "'chromasonic models list' says what is registered."
        )
    if not (at and name and which):
        more = f" The model that comes with Chromasonic is {name}@{ALIAS}." if ships else ""
        raise UsageError(
            f"'{text}' is no version of a model; allowed: NAME@NUMBER or NAME@ALIAS, such as "
            f"folk-lstm@3 or folk-lstm@champion.{more}"
        )
    return Reference(check_name(name), which)


def is_version_folder(folder: PathLike) -> bool:
    """Whether a folder is that of a version or of a model that ships: nothing is written to it."""
    if Path(folder).resolve().parent == SHIPPED.resolve():
        return True
    return all((Path(folder) / name).is_file() for name in ("manifest.json", "facts.json"))


def located(text: PathLike, *, of: str = "") -> Path:
    """Where a model lies: a path as it is, a reference as the folder of that version.

    Args:
        text: NAME@VERSION, NAME@ALIAS, a path; or NAME of a model that ships, where nothing lies
            at that path and no registered model is called so (NAME@shipped is it in any case).
        of: the task that it must be of, where it says its task; "": of any.

    Raises:
        CheckpointError: it is of another task, or NAME is both shipped and registered, or nearly
            the name of a model that ships and nothing else.
        RegistryError: no such model, version or alias; its files do not have the hashes that were
            registered; or the registry cannot be read.
    """
    reference = reference_in(text)
    if reference is None:
        place = _shipped_folder(text) or Path(text)
    else:
        from chromasonic.registry.versions import folder_of

        place = folder_of(reference)
    if of:
        check_task(place, of, called=text)
    return place


def _shipped_folder(text: PathLike) -> Path | None:
    """The folder of the shipped model that a text names; None where it names none, or a path.

    Raises:
        CheckpointError: a registered model is called so too.
    """
    if _NAME.match(str(text)) is None or Path(text).exists():
        return None
    model = shipped(text)
    if model is None:
        _check_spelling(str(text))
        return None
    if str(text) == model.name and is_registered(model.name):
        raise CheckpointError(
            f"'{text}' is a model that comes with Chromasonic and one that you registered. Say "
            f"which: {text}@{ALIAS}, or {text}@VERSION of yours ('chromasonic models list {text}')."
        )
    return model.folder


def _check_spelling(text: str) -> None:
    """Where nothing is called so: is it a shipped model's name with a slip of the finger?

    Raises:
        CheckpointError: it seems so.
    """
    name = text.partition("@")[0]
    near = get_close_matches(name, [model.name for model in shipped_models()], n=1, cutoff=0.8)
    if near and near != [name]:
        raise CheckpointError(
            f"There is no file, folder or model called '{text}'. Did you mean '{near[0]}'? "
            "'chromasonic models list' says what there is."
        )


def is_registered(name: str) -> bool:
    """Whether the registry of this machine has a model of that name; no server is asked."""
    from chromasonic.registry.address import database_file, store_address

    file = database_file(store_address())
    if file is None or not file.is_file():
        return False
    import sqlite3
    from contextlib import closing

    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            query = (
                "SELECT 1 FROM model_versions WHERE name = ? "
                "AND current_stage <> 'Deleted_Internal'"
            )
            return database.execute(query, (name,)).fetchone() is not None
    except sqlite3.Error:  # no registry yet, or one that whoever opens it will speak of
        return False


def check_task(folder: Path, task: str, *, called: PathLike, wanted: str = "") -> None:
    """See that a run directory or a version's folder is of a task; other places say nothing of it.

    Args:
        folder: where it lies.
        task: melody, companion, harmonizer or gesture.
        called: as the user named it.
        wanted: what is wanted in words, if more than the task.

    Raises:
        CheckpointError: it is of another one.
    """
    for name in ("facts.json", "run.json"):
        facts = _object_in(folder / name)
        found = facts.get("task")
        if found in TASKS and found != task:
            title = f" ({facts['title']})" if isinstance(facts.get("title"), str) else ""
            raise CheckpointError(
                f"{called} holds {TASKS[found]}{title}; wanted here: {wanted or TASKS[task]}. "
                "'chromasonic models list' says what there is."
            )
        if found:
            return


def _object_in(file: Path) -> dict[str, Any]:
    """A file's JSON object; an empty one where there is none: whoever loads it says why."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
