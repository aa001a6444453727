"""What a training began from, as its run notes it; so that a version knows its parent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chromasonic.files import PathLike, sha256_of_file
from chromasonic.registry.reference import reference_in


def began_from(source: PathLike | None, weights: Mapping[str, Path]) -> dict[str, Any]:
    """The entry "init_from" of run.json; empty for a training from random weights.

    Args:
        source: what the user gave: a path, NAME@VERSION or NAME@ALIAS.
        weights: kind of model to the checkpoint whose weights it took.

    Raises:
        RegistryError: no such version is registered.
    """
    if source is None:
        return {}
    return {
        "init_from": {
            "source": resolved(source),
            "weights": {kind: sha256_of_file(path) for kind, path in weights.items()},
        }
    }


def resolved(text: PathLike) -> str:
    """A reference as NAME@NUMBER, which stays true when its alias moves on; a path as it is.

    Raises:
        RegistryError: no such version is registered.
    """
    reference = reference_in(text)
    if reference is None:
        return str(text)
    from chromasonic.registry.lookup import existing_models

    return existing_models().get(reference).reference
