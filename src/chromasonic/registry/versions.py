"""Versions of models under names, with aliases; where each lies, and whether it is unchanged."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import chromasonic
from chromasonic.errors import RegistryError
from chromasonic.files import json_text
from chromasonic.registry import pruning, records, storing
from chromasonic.registry.lookup import RegisteredModels, existing_models
from chromasonic.registry.manifest import FileFacts
from chromasonic.registry.model import ModelFacts, TrainedModel
from chromasonic.registry.pruning import NEWEST, Pruned
from chromasonic.registry.reference import Reference, reference_in
from chromasonic.registry.store import PresentError
from chromasonic.registry.version import (
    CHAMPION,
    Change,
    Export,
    Version,
    check_alias,
    check_name,
)


class Registry(RegisteredModels):
    """Registered models: their versions, aliases, files.

    Args:
        store: where they are kept; that of the settings by default.
        on_wait: told in a line before something that takes seconds, such as a fresh store.

    Raises:
        RegistryError: the store cannot be opened.
    """

    def register(
        self,
        model: TrainedModel,
        name: str,
        *,
        aliases: Sequence[str] = (),
        note: str = "",
        parent: str | None = None,
        why: str = "",
    ) -> Version:
        """Keep a trained model as the next version of a name.

        Either the whole version is there afterwards, or nothing of it.

        Args:
            model: see `tasks.finding.models_at`.
            name: of the model; it need not be there yet.
            aliases: to point to the new version.
            note: about it, in the user's words.
            parent: NAME@VERSION that its weights began from; what the run says by default.
            why: the aliases are set.

        Raises:
            UsageError: a name or alias that cannot be.
            RegistryError: a file of the model is not there; no such parent; or the store cannot be
                written.
            StorageError: there is no space for its files.
        """
        check_name(name)
        for alias in aliases:
            check_alias(alias)
        began_from = self._parent(model.facts, parent)
        facts = replace(model.facts, parent=began_from)
        with storing.staged(model.files, _texts(model, facts)) as (folder, manifest):
            run = storing.holder(self.store, facts, name)
            source, place = storing.put(self.store, run, folder, storing.VERSIONS)
            tags = records.tags_of(facts, manifest, parent=began_from, place=place)
            with self.store.writing():
                self._make_name(name)
                found = self.store.client.create_model_version(
                    name, source, run.info.run_id, tags=tags, description=note or None,
                    await_creation_for=0,
                )  # fmt: skip
        for alias in aliases:
            self.set_alias(f"{name}@{found.version}", alias, why=why)
        return self.get(Reference(name, str(found.version)))

    def same_as(self, model: TrainedModel) -> list[Version]:
        """The versions that have the very files of a model: it is registered already.

        What is known of it besides may differ, such as the name of its run directory.
        """
        with storing.staged(model.files, model.texts) as (_, manifest):
            own = _without_facts(manifest.files)
        return [version for version in self.versions() if _without_facts(version.files) == own]

    def set_alias(
        self, reference: Reference | str, alias: str = CHAMPION, *, why: str = ""
    ) -> Change:
        """Let an alias point to a version; where it does already, nothing is noted.

        Raises:
            UsageError: an alias that cannot be.
            RegistryError: there is no such version; or the store cannot be written.
        """
        check_alias(alias)
        with self.store.writing():
            version = self.get(reference)
            before = self.aliases(version.name).get(alias)
            return self._move(version.name, alias, before, version.number, "set", why)

    def remove_alias(self, name: str, alias: str, *, why: str = "") -> Change:
        """Take an alias away; a rollback brings it back.

        Raises:
            RegistryError: there is none of that name.
        """
        with self.store.writing():
            before = self.aliases(name).get(alias)
            if before is None:
                raise self._unknown_which(Reference(name, alias))
            return self._move(name, alias, before, None, "removed", why)

    def rollback(self, name: str, alias: str = CHAMPION, *, why: str = "") -> Change:
        """Let an alias point to what it pointed to before; once more goes further back.

        Raises:
            RegistryError: it never pointed to another version that is still there; or the files
                of that version are not what was registered. Nothing is changed then.
        """
        check_alias(alias)
        with self.store.writing():
            earlier = self.earlier(name, alias)
            before = self.aliases(name).get(alias)
            if not earlier:
                raise self._nothing_before(name, alias, before)
            try:
                self.folder_of(f"{name}@{earlier[-1]}")
            except RegistryError as error:
                raise RegistryError(
                    f"{name}@{alias} stays where it is: it would go back to a version that cannot "
                    f"be used. {error} To take another version: chromasonic models promote "
                    f"{name}@NUMBER --to {alias}."
                ) from error
            return self._move(name, alias, before, earlier[-1], "rollback", why)

    def hold(self, reference: Reference | str, by: str) -> None:
        """Keep a version from being pruned or deleted while something needs it.

        Args:
            reference: the version.
            by: who, such as "experiment taste-test".
        """
        with self.store.writing():  # no pruning in between
            version = self.get(reference)
            key = f"{records.HELD}{by[:200]}"
            self.store.client.set_model_version_tag(version.name, str(version.number), key, "yes")

    def release(self, reference: Reference | str, by: str) -> None:
        """Let go of what `hold` kept; nothing happens where it was not held."""
        version = self.get(reference)
        if by[:200] in version.held_by:
            self.store.client.delete_model_version_tag(
                version.name, str(version.number), f"{records.HELD}{by[:200]}"
            )

    def attach_export(
        self,
        reference: Reference | str,
        files: Mapping[str, Path] | Iterable[Path],
        *,
        format: str,
        parity: Mapping[str, Any] | None = None,
    ) -> Export:
        """Register with a version what it was exported to; in place of an earlier such export.

        Args:
            reference: the version.
            files: the exported files; with names where they shall have others.
            format: rtneural, onnx, modelt.
            parity: what proved them, such as the largest difference.

        Raises:
            RegistryError: there is no such version, or no such file.
        """
        version = self.get(reference)
        named = dict(files) if isinstance(files, Mapping) else {p.name: p for p in map(Path, files)}
        with storing.staged(named) as (folder, manifest):
            run = self.store.client.get_run(version.run)
            self.store.client.set_tag(version.run, storing.HOLDER, "yes")
            _, place = storing.put(self.store, run, folder, storing.EXPORTS)
        export = Export(
            format=check_name(format),
            files=manifest.files,
            parity=dict(parity or {}),
            created=_now(),
            code_version=chromasonic.__version__,
            place=place,
        )
        key, text = records.export_tag(export)
        self.store.client.set_model_version_tag(version.name, str(version.number), key, text)
        for old in version.exports:
            if old.format == format:
                storing.remove(self.store, version.run, old.place)
        return export

    def prune(
        self, name: str | None = None, *, keep: int = NEWEST, dry_run: bool = False
    ) -> Pruned:
        """Remove the versions that nothing needs, and what ended processes left behind.

        A version stays while an alias points to it or a rollback could lead to it, while something
        holds it, while it is among the newest of its name, and while a version that stays began
        from it.

        Args:
            name: of the model whose versions may go; all models by default.
            keep: so many of the newest versions of each name stay in any case.
            dry_run: say what would go, and remove nothing.

        Raises:
            UsageError: `keep` is negative.
            RegistryError: no model is registered under that name; or the store cannot be written.
        """
        return pruning.prune(self, name, keep=keep, dry_run=dry_run)

    def delete(self, reference: Reference | str, *, force: bool = False) -> Version:
        """Remove a version with its files and exports; its number is not given again.

        Args:
            reference: the version.
            force: also where an alias, a rollback, a child or a holder needs it.

        Raises:
            RegistryError: there is no such version; it is needed; or the store cannot be written.
        """
        version = self.get(reference)
        pruning.delete(self, version, force=force)
        return version

    def _move(
        self, name: str, alias: str, before: int | None, after: int | None, kind: str, why: str
    ) -> Change:
        """Move an alias, then note it: what is not noted counts as another program's doing."""
        change = Change(
            model=name, alias=alias, before=before, after=after, kind=kind, who=_who(), when=_now(),
            why=why,
        )  # fmt: skip
        if not change.is_new:
            return change
        if after is None:
            self.store.client.delete_registered_model_alias(name, alias)
        else:
            self.store.client.set_registered_model_alias(name, alias, str(after))
        key, text = records.change_tag(change)
        self.store.client.set_registered_model_tag(name, key, text)
        return change

    def _make_name(self, name: str) -> None:
        try:
            self.store.client.create_registered_model(name)
        except PresentError:  # it has versions already
            return

    def _parent(self, facts: ModelFacts, given: str | None) -> str:
        """What weights began from: a version where it is one, by its name or by its bytes."""
        if given is not None:
            return self.get(given).reference if given else ""
        reference = reference_in(facts.parent) if facts.parent else None
        if reference is not None:
            try:
                return self.get(reference).reference
            except RegistryError:  # it was registered elsewhere, or is gone
                pass
        if facts.parent_weights:
            for version in reversed(self.versions()):
                if any(file.sha256 == facts.parent_weights for file in version.files.values()):
                    return version.reference
        return facts.parent


def folder_of(reference: Reference) -> Path:
    """The folder of a registered version, its files checked against their hashes.

    Raises:
        RegistryError: no such model, version or alias; or a file is not what was registered.
    """
    return existing_models().folder_of(reference)


def _texts(model: TrainedModel, facts: ModelFacts) -> dict[str, str]:
    return {**model.texts, storing.FACTS: json_text(facts.to_dict()) + "\n"}


def _without_facts(files: Mapping[str, FileFacts]) -> dict[str, FileFacts]:
    return {name: file for name, file in files.items() if name != storing.FACTS}


def _who() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container without user names
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
