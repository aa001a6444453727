"""Versions of models under names, with aliases; where each lies, and whether it is unchanged."""

from __future__ import annotations

from pathlib import Path

from chromasonic.errors import RegistryError
from chromasonic.registry.reference import Reference


def folder_of(reference: Reference) -> Path:
    """The folder of a registered version, its files checked against their hashes.

    Raises:
        RegistryError: no such model, version or alias; or a file is not what was registered.
    """
    raise RegistryError(f"No model is registered under '{reference}'.")
