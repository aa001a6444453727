"""A model by what a user types: NAME@VERSION, NAME@ALIAS, or a path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from chromasonic.files import PathLike

_REFERENCE = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)@(?P<which>[A-Za-z0-9][\w.-]*)\Z")


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


def located(text: PathLike) -> Path:
    """Where a model lies: a path as it is, a reference as the folder of that version.

    Args:
        text: NAME@VERSION, NAME@ALIAS, or a path.

    Raises:
        RegistryError: no such model, version or alias; its files do not have the hashes that were
            registered; or the registry cannot be read.
    """
    reference = reference_in(text)
    if reference is None:
        return Path(text)
    from chromasonic.registry.versions import folder_of

    return folder_of(reference)
