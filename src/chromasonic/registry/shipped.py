"""The models that come with the package: small, from corpora whose licences allow it.

They lie in `chromasonic/shipped/`, a run directory each, thinned to what using it needs, with a
card (README.md). `index.json` beside them says what each is, and each file's size and hash. The
agents that harmonize ship apart, in their own room.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from chromasonic.errors import CheckpointError
from chromasonic.files import PathLike, sha256_of_file
from chromasonic.registry.manifest import FileFacts

SHIPPED = Path(__file__).parents[1] / "shipped"
INDEX, CARD = "index.json", "README.md"
ALIAS = "shipped"
"""NAME@shipped is the shipped model even where one that is registered has its name."""

DEFAULTS = {"melody": "folk", "groove": "groove", "harmony": "harmony", "gesture": "hands"}
"""What a command takes where no model was named: by what it makes."""


@dataclass(frozen=True, kw_only=True)
class ShippedModel:
    """A model that comes with the package.

    Attributes:
        name: what it is called on a command line, such as "folk".
        task: melody, companion or gesture.
        kind: within the task: lstm, markov, groove_predictor, ...
        title: a short line for people.
        summary: what it is good for, in a sentence or two.
        licence: of the corpora that it learned from, and what that asks of the weights.
        folder: its run directory.
        bytes: size of all its files.
        files: name in the folder to size and SHA-256.
    """

    name: str
    task: str
    kind: str
    title: str
    summary: str
    licence: str
    folder: Path
    bytes: int
    files: dict[str, FileFacts]

    def __post_init__(self) -> None:
        if not self.name or "/" in self.name or "@" in self.name or not self.files:
            raise CheckpointError(
                f"'{self.name}' is no name of a shipped model with files; allowed: letters, "
                "digits, '-'. Install the package anew."
            )

    @property
    def card(self) -> Path:
        """Its card, in Markdown."""
        return self.folder / CARD

    def problems(self) -> tuple[str, ...]:
        """In which files it is not what was shipped; none where all have their hashes."""
        found = []
        for name, facts in sorted(self.files.items()):
            file = self.folder / name
            if not file.is_file():
                found.append(f"{name} is missing")
            elif sha256_of_file(file) != facts.sha256:
                found.append(f"{name} is not the file that was shipped")
        return tuple(found)


def shipped_models() -> tuple[ShippedModel, ...]:
    """The models that come with the package, those that commands take by default first.

    Raises:
        CheckpointError: the package is not whole.
    """
    return models_in(SHIPPED)


@lru_cache(maxsize=8)
def models_in(root: Path) -> tuple[ShippedModel, ...]:
    """The shipped models of a folder.

    Args:
        root: with `index.json` and a folder for each model.

    Raises:
        CheckpointError: its index is absent or broken.
    """
    try:
        index = json.loads((root / INDEX).read_text(encoding="utf-8"))
        return tuple(_model(root, entry) for entry in index["models"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"The list of the models that ship, {root / INDEX}, cannot be read ({error}). "
            "Install the package anew."
        ) from error


def _model(root: Path, entry: dict[str, Any]) -> ShippedModel:
    files = {name: FileFacts(**facts) for name, facts in entry["files"].items()}
    words = {
        key: str(entry[key]) for key in ("name", "task", "kind", "title", "summary", "licence")
    }
    size = sum(facts.size_bytes for facts in files.values())
    return ShippedModel(**words, folder=root / entry["name"], bytes=size, files=files)


def shipped(name: PathLike) -> ShippedModel | None:
    """The shipped model that a text names; None where there is none of that name.

    Args:
        name: such as "folk", or "folk@shipped".
    """
    word = str(name).removesuffix(f"@{ALIAS}")
    return next((model for model in shipped_models() if model.name == word), None)


def default_model(of: str) -> ShippedModel:
    """The shipped model that is taken where none was named.

    Args:
        of: melody, groove, harmony or gesture.

    Raises:
        CheckpointError: none of that sort ships.
    """
    found = shipped(DEFAULTS.get(of, ""))
    if found is None:
        there = ", ".join(model.name for model in shipped_models()) or "none"
        raise CheckpointError(
            f"No model for '{of}' comes with the package; there are: {there}. Name one of your own."
        )
    return found
