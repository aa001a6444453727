"""A version as the database keeps it, in tags of MLflow's model version, and back as a value.

What must hold together is written in the one step that makes the version: facts, files, place.
Aliases are MLflow's own; their moves are tags of the registered model, one a move, never changed.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from chromasonic.errors import RegistryError
from chromasonic.registry.manifest import FileFacts, Manifest, manifest_in
from chromasonic.registry.model import ModelFacts
from chromasonic.registry.version import Change, Export, Version, facts_from

PREFIX = "chromasonic."
FACTS, MANIFEST, CONTENT = f"{PREFIX}facts", f"{PREFIX}manifest", f"{PREFIX}content"
PARENT, PLACE = f"{PREFIX}parent", f"{PREFIX}place"
CHANGE, EXPORT, HELD = f"{PREFIX}change.", f"{PREFIX}export.", f"{PREFIX}held."
LONGEST_TAG = 60_000
"""Bytes that every database keeps of a version's tag."""
LONGEST_WHY = 1_000
"""Characters of a reason; a registered model's tag may have 5,000 altogether."""


def tags_of(facts: ModelFacts, manifest: Manifest, *, parent: str, place: str) -> dict[str, str]:
    """The tags that a version is made with; the first six are for whoever looks with MLflow."""
    shown = {
        "task": facts.task,
        "kind": facts.kind,
        "corpora": ", ".join(corpus.name for corpus in facts.corpora),
        "licences": "; ".join(dict.fromkeys(c.licence for c in facts.corpora if c.licence)),
        "headline": _headline(facts),
        "parameters": "" if facts.parameters is None else str(facts.parameters),
    }
    text = json.dumps(_plain(facts.to_dict()), separators=(",", ":"), ensure_ascii=False)
    if len(text.encode()) > LONGEST_TAG:  # the recipe lies in the folder too
        text = json.dumps(_plain({**facts.to_dict(), "recipe": {}}), separators=(",", ":"))
    if len(text.encode()) > LONGEST_TAG:
        raise RegistryError(
            f"What is known of the model '{facts.title}' is {len(text):,} characters long; "
            f"{LONGEST_TAG:,} are allowed. Register the models of the run one by one."
        )
    return {
        **{key: value[:LONGEST_WHY] for key, value in shown.items() if value},
        FACTS: text,
        MANIFEST: manifest.text,
        CONTENT: manifest.sha256,
        PARENT: parent,
        PLACE: place,
    }


def _headline(facts: ModelFacts) -> str:
    value = facts.validation.get(facts.headline)
    if isinstance(value, Mapping):
        value = value.get("value")
    return f"{facts.headline} {value:.4g}" if isinstance(value, (int, float)) else ""


def _plain(value: Any) -> Any:
    """JSON has no word for NaN, tuples and paths: null, lists and text."""
    from chromasonic.files import json_text

    return json.loads(json_text(value))


def is_ours(found: Any) -> bool:
    """Whether Chromasonic registered a model version of MLflow's."""
    return {FACTS, MANIFEST, CONTENT} <= set(found.tags)


def version_from(found: Any, model: Any) -> Version:
    """A version from MLflow's model version and its registered model.

    Raises:
        RegistryError: another program registered it, or what is kept of it was changed.
    """
    number, where = int(found.version), f"{found.name}@{found.version}"
    if not is_ours(found):
        raise RegistryError(
            f"{where} was not registered by Chromasonic, so nothing is known of its files. "
            "Register a run directory of a training instead."
        )
    tags = found.tags
    manifest = manifest_in(tags[MANIFEST], where=where)
    if manifest.sha256 != tags[CONTENT]:
        raise RegistryError(
            f"The list of files of {where} is not the one that was registered: it was changed in "
            "the database. Register the model again from its run directory."
        )
    return Version(
        name=found.name,
        number=number,
        aliases=tuple(sorted(a for a, to in (model.aliases or {}).items() if int(to) == number)),
        facts=facts_from(_value_in(tags[FACTS], where), where=where),
        files=manifest.files,
        content=manifest.sha256,
        created=datetime.fromtimestamp(found.creation_timestamp / 1000, UTC).isoformat(
            timespec="seconds"
        ),
        note=found.description or "",
        parent=tags.get(PARENT, ""),
        exports=tuple(
            _export(_value_in(text, where), where)
            for key, text in sorted(tags.items())
            if key.startswith(EXPORT)
        ),
        history=tuple(c for c in changes_in(model) if number in (c.before, c.after)),
        held_by=tuple(
            sorted(key.removeprefix(HELD) for key, on in tags.items() if key.startswith(HELD) if on)
        ),
        run=found.run_id or "",
        place=tags.get(PLACE) or found.source,
    )


def _value_in(text: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RegistryError(f"What is known of {where} is no JSON ({error}).") from error
    if not isinstance(value, dict):
        raise RegistryError(f"What is known of {where} is no JSON object.")
    return value


def changes_in(model: Any) -> tuple[Change, ...]:
    """Every move of a registered model's aliases that was kept, oldest first."""
    kept = sorted((key, text) for key, text in (model.tags or {}).items() if key.startswith(CHANGE))
    return tuple(_change(_value_in(text, model.name), model.name) for _, text in kept)


def _change(values: Mapping[str, Any], name: str) -> Change:
    try:
        return Change(**{**values, "model": name})
    except TypeError as error:
        raise RegistryError(
            f"A move of an alias of '{name}' cannot be read ({error}): a newer version of "
            "Chromasonic wrote it. Use that one."
        ) from error


def change_tag(change: Change) -> tuple[str, str]:
    """Key and value under which a move is kept; keys sort by time, and none meets another."""
    values = asdict(change)
    del values["model"]
    values["why"] = change.why[:LONGEST_WHY]
    key = f"{CHANGE}{time.time_ns():020d}.{secrets.token_hex(4)}"
    return key, json.dumps(values, ensure_ascii=False)


def export_tag(export: Export) -> tuple[str, str]:
    """Key and value under which an export is kept; one a format, the newest."""
    return f"{EXPORT}{export.format}", json.dumps(_plain(asdict(export)), ensure_ascii=False)


def _export(values: Mapping[str, Any], where: str) -> Export:
    try:
        kept = {file: FileFacts(**facts) for file, facts in values["files"].items()}
        Manifest(kept)  # no name of a file leads out of its folder
        return Export(**{**values, "files": kept})
    except (TypeError, KeyError, AttributeError) as error:
        raise RegistryError(
            f"An export of {where} cannot be read ({error}): a newer version of Chromasonic wrote "
            "it. Use that one."
        ) from error
