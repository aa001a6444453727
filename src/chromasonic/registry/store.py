"""The store of tracked runs and registered models: MLflow, opened with care."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chromasonic.registry.address import (
    artifact_folder,
    database_file,
    is_server,
    store_address,
    tracking_uri,
    without_secret,
)
from chromasonic.registry.store_errors import (
    LOCK_SECONDS,
    AbsentError,
    BusyError,
    PresentError,
    clear_errors,
)

__all__ = [
    "AbsentError", "BusyError", "PresentError", "Store", "open_store", "store_address",
]  # fmt: skip

KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Lets MLflow's page show an experiment as trainings, not as chats of language models."""
PATIENCE_SECONDS = 2.0
"""Who waits longer for another writer is told so."""


@dataclass(frozen=True, kw_only=True)
class Store:
    """An open store.

    Attributes:
        address: a folder or a URL; see `registry.address`.
        uri: the same as MLflow has it.
        client: an `MlflowClient`; each call is quiet and raises a `RegistryError`: an
            `AbsentError`, `PresentError` or `BusyError` where that is the matter.
        on_wait: told in a line what a wait of more than a few seconds is for.
    """

    address: str
    uri: str
    client: Any
    on_wait: Callable[[str], None] = field(default=lambda _: None, repr=False, compare=False)

    @property
    def shown(self) -> str:
        """The address as it may be shown: without a password."""
        return without_secret(self.address)

    @property
    def artifacts(self) -> Path | None:
        """The folder of artifacts on this machine; None where a server keeps them."""
        return artifact_folder(self.address)

    def experiment(self, name: str) -> str:
        """The id of an experiment of that name, made where there is none.

        Raises:
            RegistryError: the store cannot be read or written.
        """
        found = self.client.get_experiment_by_name(name)
        if found is not None:
            if found.lifecycle_stage != "active":
                self.client.restore_experiment(found.experiment_id)
            return str(found.experiment_id)
        folder = self.artifacts
        location = None if folder is None else (folder / name).as_uri()
        try:
            return str(self.client.create_experiment(name, artifact_location=location, tags=KIND))
        except PresentError:  # another process made it in between
            return str(self.client.get_experiment_by_name(name).experiment_id)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Within the block no other process of this machine writes in such a block.

        For steps that read and then write: SQLite by itself fails one of two that do so at once.

        Raises:
            BusyError: another process has held it for long.
        """
        file = database_file(self.address)
        if file is None:
            yield
            return
        from filelock import FileLock, Timeout

        lock = FileLock(file.with_name(f".{file.name}.writing"))
        patience = min(PATIENCE_SECONDS, LOCK_SECONDS)
        with clear_errors(self.address):
            try:
                try:
                    lock.acquire(timeout=patience)
                except Timeout:
                    self.on_wait(
                        f"Another process is writing to the registry {self.shown}; waiting for it."
                    )
                    lock.acquire(timeout=LOCK_SECONDS - patience)
            except Timeout as error:
                raise BusyError(
                    f"Another process has been writing to the registry {self.shown} for "
                    f"{LOCK_SECONDS} seconds. Try again when it has ended."
                ) from error
        try:
            yield
        finally:
            lock.release()


def open_store(
    address: str | None = None, *, on_wait: Callable[[str], None] = lambda _: None
) -> Store:
    """Open the store of the settings, made where it is not there yet.

    Args:
        address: another one than that of the settings.
        on_wait: told in a line before something that takes seconds, such as a fresh store, or
            another process that writes.

    Raises:
        RegistryError: it cannot be opened: no permission, another program's file, a newer schema,
            locked, a server that does not answer.
    """
    address = store_address() if address is None else address
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # it would report home on import
    file = database_file(address)
    if file is not None:
        from chromasonic.registry.local_store import prepare

        prepare(address, file, on_wait)
    elif is_server(address):
        from chromasonic.registry.server import answers

        answers(address)
    else:
        from chromasonic.registry import database_store

        database_store.prepare(address, on_wait)
    from mlflow import MlflowClient

    uri = tracking_uri(address)
    with clear_errors(address):
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    return Store(address=address, uri=uri, client=_Guarded(client, address), on_wait=on_wait)


class _Guarded:
    """An `MlflowClient` whose calls fail in Chromasonic's words."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        if not callable(attribute):
            return attribute

        def call(*args: Any, **kwargs: Any) -> Any:
            with clear_errors(self._address):
                return attribute(*args, **kwargs)

        return call
