"""Versions of models under names, with aliases; where each lies, and whether it is unchanged."""

from __future__ import annotations

import difflib
import getpass
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import chromasonic
from chromasonic.errors import RegistryError, UsageError
from chromasonic.registry import records, storing
from chromasonic.registry.alias_history import earlier_versions
from chromasonic.registry.manifest import Manifest
from chromasonic.registry.model import TrainedModel
from chromasonic.registry.reference import Reference, reference_in
from chromasonic.registry.store import AbsentError, PresentError, Store, open_store
from chromasonic.registry.version import (
    CHAMPION,
    Change,
    Export,
    Version,
    check_alias,
    check_name,
)

_PAGE = 1_000


class Registry:
    """Registered models: their versions, aliases, files.

    Args:
        store: where they are kept; that of the settings by default.
        on_wait: told in a line before something that takes seconds, such as a fresh store.

    Raises:
        RegistryError: the store cannot be opened.
    """

    def __init__(
        self, store: Store | None = None, *, on_wait: Callable[[str], None] = lambda _: None
    ) -> None:
        self.store = store if store is not None else open_store(on_wait=on_wait)

    def names(self) -> tuple[str, ...]:
        """The names that have versions, in order."""
        return tuple(sorted({found.name for found in self._found()}))

    def versions(self, name: str | None = None) -> list[Version]:
        """All versions, or those of one model; by name, then number.

        Raises:
            RegistryError: no model is registered under that name.
        """
        if name is not None:
            check_name(name)
        found = self._found(name)
        models = {name: self.store.client.get_registered_model(name) for name in
                  dict.fromkeys(item.name for item in found)}  # fmt: skip
        if name is not None and not found:
            raise self._unknown_name(name)
        read = [records.version_from(item, models[item.name]) for item in found]
        return sorted(read, key=lambda version: (version.name, version.number))

    def get(self, reference: Reference | str) -> Version:
        """A version by NAME@NUMBER or NAME@ALIAS.

        Raises:
            UsageError: the text is no reference.
            RegistryError: no such name, version or alias; near ones are named.
        """
        wanted = reference if isinstance(reference, Reference) else _parsed(reference)
        check_name(wanted.name)
        try:
            model = self.store.client.get_registered_model(wanted.name)
        except AbsentError as error:
            raise self._unknown_name(wanted.name) from error
        aliases = {str(alias): str(number) for alias, number in (model.aliases or {}).items()}
        number = wanted.which if wanted.which.isdigit() else aliases.get(wanted.which)
        if number is None:
            raise self._unknown_which(wanted)
        try:
            found = self.store.client.get_model_version(wanted.name, str(int(number)))
        except AbsentError as error:
            raise self._unknown_which(wanted) from error
        return records.version_from(found, model)

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
        began_from = self._parent(model.facts.parent if parent is None else parent, parent)
        facts = replace(model.facts, parent=began_from)
        with storing.staged(replace(model, facts=facts)) as (folder, manifest):
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
        """The versions that have the very files of a model: it is registered already."""
        began_from = self._parent(model.facts.parent, None)
        facts = replace(model.facts, parent=began_from)
        with storing.staged(replace(model, facts=facts)) as (_, manifest):
            content = manifest.sha256
        return [version for version in self.versions() if version.content == content]

    def folder_of(self, reference: Reference | str) -> Path:
        """The folder of a version's files, each checked; laid out as a run directory.

        What lies there is not to be written to: whatever is changed there is refused later.

        Raises:
            RegistryError: there is no such version, or its files are not what was registered.
        """
        version = self.get(reference)
        label = version.reference
        return storing.fetched(
            self.store, version.place, Manifest(dict(version.files)), label=label
        )

    def verify(self, reference: Reference | str) -> tuple[str, ...]:
        """What is wrong with the files of a version and its exports; empty where nothing is.

        Raises:
            RegistryError: there is no such version.
        """
        version = self.get(reference)
        found = []
        places = [("", version.place, version.files)]
        places += [(f"{e.format}: ", e.place, e.files) for e in version.exports]
        for before, place, files in places:
            try:
                storing.fetched(self.store, place, Manifest(dict(files)), label=version.reference)
            except RegistryError as error:
                found.append(f"{before}{error}")
        return tuple(found)

    def aliases(self, name: str) -> dict[str, int]:
        """The aliases of a model, and the version that each points to.

        Raises:
            RegistryError: no model is registered under that name.
        """
        return {alias: int(to) for alias, to in (self._model(name).aliases or {}).items()}

    def history(self, name: str) -> tuple[Change, ...]:
        """Every move of a model's aliases, oldest first.

        Raises:
            RegistryError: no model is registered under that name.
        """
        return records.changes_in(self._model(name))

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

    def earlier(self, name: str, alias: str = CHAMPION) -> tuple[int, ...]:
        """The versions that rollbacks of an alias would lead to, the nearest last.

        Raises:
            RegistryError: no model is registered under that name.
        """
        model = self._model(name)
        there = {int(found.version) for found in self._found(name)}
        changes = [change for change in records.changes_in(model) if change.alias == alias]
        present = (model.aliases or {}).get(alias)
        return earlier_versions(changes, None if present is None else int(present), there)

    def rollback(self, name: str, alias: str = CHAMPION, *, why: str = "") -> Change:
        """Let an alias point to what it pointed to before; once more goes further back.

        Raises:
            RegistryError: it never pointed to another version that is still there.
        """
        check_alias(alias)
        with self.store.writing():
            earlier = self.earlier(name, alias)
            before = self.aliases(name).get(alias)
            if not earlier:
                raise self._nothing_before(name, alias, before)
            return self._move(name, alias, before, earlier[-1], "rollback", why)

    def hold(self, reference: Reference | str, by: str) -> None:
        """Keep a version from being pruned or deleted while something needs it.

        Args:
            reference: the version.
            by: who, such as "experiment taste-test".
        """
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
        content = TrainedModel(facts=version.facts, files=named)
        with storing.staged(content) as (folder, manifest):
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

    def export_folder(self, reference: Reference | str, format: str) -> Path:
        """The folder of a registered export, its files checked.

        Raises:
            RegistryError: the version has no such export, or its files were changed.
        """
        version = self.get(reference)
        for export in version.exports:
            if export.format == format:
                manifest, label = Manifest(dict(export.files)), f"{version.reference}-{format}"
                return storing.fetched(self.store, export.place, manifest, label=label)
        raise RegistryError(
            f"{version.reference} has no export of the format '{format}'; it has "
            f"{', '.join(e.format for e in version.exports) or 'none'}. Make it: chromasonic "
            f"models export {version.reference} --format {format}."
        )

    def children(self, reference: Reference | str) -> list[Version]:
        """The versions whose weights began from a version."""
        parent = self.get(reference).reference
        return [version for version in self.versions() if version.parent == parent]

    def delete(self, version: Version) -> None:
        """Remove a version and its files; what needs it is not asked: see `pruning`."""
        self.store.client.delete_model_version(version.name, str(version.number))
        for place in (version.place, *(export.place for export in version.exports)):
            storing.remove(self.store, version.run, place)

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

    def _found(self, name: str | None = None) -> list[Any]:
        """MLflow's model versions that Chromasonic registered."""
        query, token, found = None if name is None else f"name = '{name}'", None, []
        while True:
            page = self.store.client.search_model_versions(
                query, max_results=_PAGE, page_token=token
            )
            found += [item for item in page if records.is_ours(item)]
            token = page.token
            if not token:
                return found

    def _model(self, name: str) -> Any:
        check_name(name)
        try:
            return self.store.client.get_registered_model(name)
        except AbsentError as error:
            raise self._unknown_name(name) from error

    def _make_name(self, name: str) -> None:
        try:
            self.store.client.create_registered_model(name)
        except PresentError:  # it has versions already
            return

    def _parent(self, text: str, given: str | None) -> str:
        """What weights began from, an alias resolved to its version."""
        reference = reference_in(text) if text else None
        if reference is None:
            return text
        try:
            return self.get(reference).reference
        except RegistryError:
            if given is not None:
                raise
            return text  # it was registered elsewhere

    def _unknown_name(self, name: str) -> RegistryError:
        known = self.names()
        return RegistryError(
            f"No model is registered under the name '{name}' in {self.store.shown}."
            f"{_near(name, known)} {_listed('Registered', known)} Register one: chromasonic models "
            f"register RUN --name {name}."
        )

    def _unknown_which(self, wanted: Reference) -> RegistryError:
        numbers = sorted(int(found.version) for found in self._found(wanted.name))
        aliases = self.aliases(wanted.name)
        what = "version" if wanted.which.isdigit() else "alias"
        told = [f"{alias} (version {number})" for alias, number in sorted(aliases.items())]
        return RegistryError(
            f"'{wanted.name}' has no {what} '{wanted.which}'.{_near(wanted.which, aliases)} "
            f"{_listed('Versions', [str(number) for number in numbers])} "
            f"{_listed('Aliases', told)} Name one of these: {wanted.name}@"
            f"{numbers[-1] if numbers else 'VERSION'}."
        )

    def _nothing_before(self, name: str, alias: str, present: int | None) -> RegistryError:
        points = f"points to version {present}" if present is not None else "does not exist"
        versions = [str(int(found.version)) for found in self._found(name)]
        return RegistryError(
            f"There is nothing to roll back: '{alias}' of {name} {points}, and pointed to no "
            f"other version before that is still there. {_listed('Versions', versions)} Point it "
            f"to one of them: chromasonic models promote {name}@VERSION --to {alias}."
        )


def folder_of(reference: Reference) -> Path:
    """The folder of a registered version, its files checked against their hashes.

    Raises:
        RegistryError: no such model, version or alias; or a file is not what was registered.
    """
    return Registry().folder_of(reference)


def _parsed(text: str) -> Reference:
    name, at, which = text.partition("@")
    if not (at and name and which):
        raise UsageError(
            f"'{text}' is no version of a model; allowed: NAME@NUMBER or NAME@ALIAS, such as "
            "folk-lstm@3 or folk-lstm@champion."
        )
    return Reference(check_name(name), which)


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=2, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(one) for one in near)}?" if near else ""


def _listed(what: str, items: Sequence[str]) -> str:
    if not items:
        return f"{what}: none."
    more = f" and {len(items) - 12} more" if len(items) > 12 else ""
    return f"{what}: {', '.join(items[-12:])}{more}."


def _who() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container without user names
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
