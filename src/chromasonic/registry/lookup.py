"""What is registered, read: versions by name and reference, aliases, folders that were checked."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from chromasonic.errors import RegistryError
from chromasonic.registry import records, storing
from chromasonic.registry.address import (
    REGISTRY,
    database_file,
    store_address,
    without_secret,
)
from chromasonic.registry.alias_history import earlier_versions
from chromasonic.registry.manifest import Manifest
from chromasonic.registry.reference import Reference, version_reference
from chromasonic.registry.store import AbsentError, Store, open_store
from chromasonic.registry.version import CHAMPION, Change, Version, check_name

_PAGE = 1_000


class RegisteredModels:
    """Registered models, read.

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
        wanted = reference if isinstance(reference, Reference) else version_reference(reference)
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

    def children(self, reference: Reference | str) -> list[Version]:
        """The versions whose weights began from a version."""
        parent = self.get(reference).reference
        return [version for version in self.versions() if version.parent == parent]

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


def existing_models() -> RegisteredModels:
    """What is registered, where anything ever was: no registry is made for a look at it.

    Raises:
        RegistryError: there is no registry yet; or it cannot be opened.
    """
    address = store_address()
    file = database_file(address)
    if file is not None and not file.exists():
        raise RegistryError(
            f"No model is registered: there is no registry at {without_secret(address)} yet. "
            "Register a model (chromasonic models register RUN --name NAME), or name the registry "
            f"with {REGISTRY}."
        )
    return RegisteredModels(open_store(address))


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=2, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(one) for one in near)}?" if near else ""


def _listed(what: str, items: Sequence[str]) -> str:
    if not items:
        return f"{what}: none."
    more = f" and {len(items) - 12} more" if len(items) > 12 else ""
    return f"{what}: {', '.join(items[-12:])}{more}."
