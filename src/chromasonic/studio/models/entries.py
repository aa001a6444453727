"""A model that can be looked at: a registered version, or one that comes with the package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from chromasonic.errors import RegistryError
from chromasonic.registry.judgements import Judgement, judgements_of
from chromasonic.registry.lookup import existing_models
from chromasonic.registry.manifest import FileFacts
from chromasonic.registry.model import ModelFacts
from chromasonic.registry.shipped import ALIAS, ShippedModel, shipped
from chromasonic.registry.version import Version
from chromasonic.studio.models.shipped import AGENTS_FOLDER, shipped_summaries
from chromasonic.studio.train.on_disk import AGENTS


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the page tells of a model.

    Attributes:
        reference: NAME@NUMBER, or NAME@shipped.
        name: of the model.
        facts: what is known of it.
        files: name to checksum and size.
        folder: where its files lie, checked.
        card: its card in Markdown; "" where it is still to be written.
        summary: a sentence; "" where there is none.
        licence: of its weights, in words; "" where its corpora tell it.
        version: in the registry; None of a shipped one.
        is_hashed: whether its files can be compared with hashes that were kept.
        judged: what it was measured to be worth, with intervals.
    """

    reference: str
    name: str
    facts: ModelFacts
    files: Mapping[str, FileFacts]
    folder: Path
    card: str = ""
    summary: str = ""
    licence: str = ""
    version: Version | None = None
    is_hashed: bool = True
    judged: tuple[Judgement, ...] = field(default=())

    @property
    def size_bytes(self) -> int:
        """Of its files together."""
        return sum(file.size_bytes for file in self.files.values())


def entry_of(reference: str) -> Entry:
    """The model that a reference names.

    Raises:
        RegistryError: there is none, or its files are not what was registered.
    """
    name, _, which = reference.rpartition("@")
    if which == ALIAS:
        found = shipped(name)
        if found is not None:
            return of_shipped(found)
        if name in AGENTS:
            return _agent(name)
        raise RegistryError(f"No model '{name}' comes with the package.")
    registry = existing_models()
    version = registry.get(reference)
    return Entry(
        reference=version.reference,
        name=version.name,
        facts=version.facts,
        files=version.files,
        folder=registry.folder_of(version.reference),
        version=version,
        judged=judgements_of(registry, version),
    )


@lru_cache(maxsize=64)
def _shipped_facts(folder: Path) -> ModelFacts:
    from chromasonic.tasks.finding import models_at

    return models_at(folder)[0].facts


def of_shipped(model: ShippedModel) -> Entry:
    """A model that comes with the package."""
    return Entry(
        reference=f"{model.name}@{ALIAS}",
        name=model.name,
        facts=_shipped_facts(model.folder),
        files=model.files,
        folder=model.folder,
        card=model.card.read_text(encoding="utf-8") if model.card.is_file() else "",
        summary=model.summary,
        licence=model.licence,
    )


def _agent(name: str) -> Entry:
    """An agent that harmonizes and comes with the package."""
    from chromasonic.files import sha256_of_file
    from chromasonic.tasks.finding_harmonizer import models_in_directory

    (model,) = [one for one in models_in_directory(AGENTS_FOLDER) if one.facts.kind == name]
    (told,) = [one for one in shipped_summaries() if one["reference"] == f"{name}@{ALIAS}"]
    files = {
        file: FileFacts(sha256=sha256_of_file(path), size_bytes=path.stat().st_size)
        for file, path in model.files.items()
    }
    return Entry(
        reference=f"{name}@{ALIAS}",
        name=name,
        facts=model.facts,
        files=files,
        folder=AGENTS_FOLDER,
        summary=told["note"],
        licence=told["terms"],
        is_hashed=False,
    )


def told_files(files: Mapping[str, FileFacts]) -> list[dict[str, Any]]:
    """Files for a table."""
    return [
        {"name": name, "bytes": file.size_bytes, "sha256": file.sha256}
        for name, file in sorted(files.items())
    ]
