"""A model by what a user types: NAME@VERSION, NAME@ALIAS, or a path."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chromasonic.errors import CheckpointError
from chromasonic.files import PathLike

_REFERENCE = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)@(?P<which>[A-Za-z0-9][\w.-]*)\Z")

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
    """The reference that a text is; None where it is a path, or something of that name is there."""
    match = _REFERENCE.match(str(text))
    if match is None or Path(text).exists():
        return None
    return Reference(match["name"], match["which"])


def is_version_folder(folder: PathLike) -> bool:
    """Whether a folder is that of a registered version, which nothing may be written to."""
    return all((Path(folder) / name).is_file() for name in ("manifest.json", "facts.json"))


def located(text: PathLike, *, of: str = "") -> Path:
    """Where a model lies: a path as it is, a reference as the folder of that version.

    Args:
        text: NAME@VERSION, NAME@ALIAS, or a path.
        of: the task that it must be of, where it says its task; "": of any.

    Raises:
        CheckpointError: it is of another task.
        RegistryError: no such model, version or alias; its files do not have the hashes that were
            registered; or the registry cannot be read.
    """
    reference = reference_in(text)
    if reference is None:
        place = Path(text)
    else:
        from chromasonic.registry.versions import folder_of

        place = folder_of(reference)
    if of:
        check_task(place, of, called=text)
    return place


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
