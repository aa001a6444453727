"""Files of versions: put into the store's artifacts, fetched from them checked, taken out again.

Each set of files has a place of its own, never used twice: RUN/versions/TIME-CHANCE/. It is put
there whole before the database hears of it; so whoever is killed in between leaves files that
belong to no version, and no version without files.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from chromasonic.errors import RegistryError, StorageError
from chromasonic.files import write_text
from chromasonic.registry.manifest import (
    MANIFEST,
    Manifest,
    check_file_name,
    differences,
    manifest_of,
)
from chromasonic.registry.model import ModelFacts
from chromasonic.registry.store import AbsentError, Store
from chromasonic.registry.store_errors import clear_errors

FACTS = "facts.json"
VERSIONS, EXPORTS = "versions", "exports"
HOLDER = "chromasonic.holds_versions"
_STAMP = "%Y%m%dT%H%M%S"


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """Files that belong to no version: of a process that was ended in the middle.

    Attributes:
        run: id of the run whose artifacts they are.
        path: within them.
        age: since they were begun.
        place: relative to the store's folder of artifacts; "" where it has none.
    """

    run: str
    path: str
    age: timedelta
    place: str = ""


@contextmanager
def staged(
    files: Mapping[str, Path], texts: Mapping[str, str] | None = None
) -> Iterator[tuple[Path, Manifest]]:
    """A folder with copies of some files and their manifest; gone after the block.

    Args:
        files: name in the folder to the file that is copied there.
        texts: name in the folder to what is written there.

    Raises:
        RegistryError: a file is not there, or has a name that cannot be kept.
    """
    with tempfile.TemporaryDirectory(prefix="chromasonic-version-") as name:
        folder = Path(name)
        for file, source in files.items():
            _copy(source, folder / check_file_name(file))
        for file, text in (texts or {}).items():
            write_text(folder / check_file_name(file), text)
        manifest = manifest_of(folder)
        write_text(folder / MANIFEST, manifest.text)
        yield folder, manifest


def _copy(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    except FileNotFoundError as error:
        raise RegistryError(
            f"There is no {source}, which belongs to the model. Let its training come to an end, "
            "or train it again."
        ) from error
    except OSError as error:
        raise StorageError(
            f"Cannot copy {source} to {target.parent}: {error.strerror}. Free some space, or set "
            "TMPDIR to a folder that may be written."
        ) from error


def holder(store: Store, facts: ModelFacts, name: str) -> Any:
    """The run whose artifacts take a model's files: that of its training, else one of its own."""
    from mlflow.entities import RunStatus

    run = None
    if facts.tracked_run:
        try:
            run = store.client.get_run(facts.tracked_run)
        except AbsentError:  # it was tracked in another store
            run = None
    if run is None or run.info.lifecycle_stage != "active":
        tags = {"mlflow.runName": f"{name}, registered", "task": facts.task, "kind": facts.kind}
        run = store.client.create_run(store.experiment(facts.task), tags=tags)
        for metric, value in facts.validation.items():
            value = value.get("value") if isinstance(value, Mapping) else value
            if isinstance(value, (int, float)):
                store.client.log_metric(run.info.run_id, _metric_name(metric), float(value))
        store.client.set_terminated(run.info.run_id, RunStatus.to_string(RunStatus.FINISHED))
    store.client.set_tag(run.info.run_id, HOLDER, "yes")
    return run


def _metric_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_-./ " else "_" for c in f"validation {name}")


def put(store: Store, run: Any, folder: Path, shelf: str) -> tuple[str, str]:
    """Copy a folder into the artifacts of a run, to a place of its own.

    Args:
        store: where.
        run: MLflow's.
        folder: what to copy.
        shelf: `VERSIONS` or `EXPORTS`.

    Returns:
        Its address for MLflow; and its place: relative to the store's folder of artifacts where
        it has one, so that the folder may move, else the address again.
    """
    path = f"{shelf}/{datetime.now(UTC).strftime(_STAMP)}-{secrets.token_hex(6)}"
    source = f"{run.info.artifact_uri.rstrip('/')}/{path}"
    store.client.log_artifacts(run.info.run_id, str(folder), path)
    local, root = _local(source), store.artifacts
    if local is None:
        return source, source
    _flush(local)
    is_inside = root is not None and local.is_relative_to(root)
    return source, local.relative_to(root).as_posix() if is_inside and root else source


def _flush(folder: Path) -> None:
    """See to it that files are on the disk before the database says that they are there."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())


def folder_at(store: Store, place: str) -> Path | None:
    """The folder of a place; None where it is not on this machine."""
    if urlsplit(place).scheme:
        return _local(place)
    if store.artifacts is None:
        raise RegistryError(
            f"The files at '{place}' belong to a registry in a folder, and {store.shown} is "
            "none. Open the registry by its folder: CHROMASONIC_REGISTRY=FOLDER."
        )
    return store.artifacts / check_file_name(place)


def _local(uri: str) -> Path | None:
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    return Path(uri) if not parts.scheme else None


def fetched(store: Store, place: str, manifest: Manifest, *, label: str) -> Path:
    """The folder of a place, checked; from elsewhere it is fetched to the cache, once.

    Args:
        store: where it is.
        place: as `put` gave it.
        manifest: what has to lie there, and nothing besides.
        label: what it is called in messages, and in the cache.

    Raises:
        RegistryError: what lies there is not what was registered.
    """
    folder = folder_at(store, place)
    if folder is None:
        return _downloaded(store, place, manifest, label=label)
    refuse_changes(folder, manifest, label=label)
    return folder


def refuse_changes(folder: Path, manifest: Manifest, *, label: str) -> None:
    """Check a version's folder.

    Raises:
        RegistryError: it is not what was registered; says in what.
    """
    found = differences(folder, manifest)
    if not found:
        return
    more = f", and {len(found) - 4} more" if len(found) > 4 else ""
    name = label.partition("@")[0]
    raise RegistryError(
        f"{label} is not what was registered, and is not used: {', '.join(found[:4])}{more} "
        f"(in {folder}). Restore its files from a backup; or register the model again from its "
        f"run, as a new version (chromasonic models register RUN --name {name}); or put another "
        "version in use (chromasonic models promote)."
    )


def _downloaded(store: Store, place: str, manifest: Manifest, *, label: str) -> Path:
    """A folder of the cache with the files of a place on a server."""
    from chromasonic.data.locate import cache_folder

    shelf = cache_folder() / "registry"
    target = shelf / f"{label.replace('@', '-')}-{manifest.sha256[:16]}"
    if target.is_dir() and not differences(target, manifest):
        return target
    try:
        shelf.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=shelf, prefix=".fetching-") as name:
            fresh = Path(name) / "files"
            _download(store, place, fresh)
            refuse_changes(fresh, manifest, label=label)
            if target.exists():  # what was changed there makes way
                target.rename(Path(name) / "changed")
            try:
                fresh.rename(target)
            except OSError:  # another process was faster
                refuse_changes(target, manifest, label=label)
    except OSError as error:
        raise StorageError(
            f"Cannot fetch {label} to {shelf}: {error.strerror}. Free some space, or choose "
            "another folder for the cache: CHROMASONIC_CACHE=FOLDER."
        ) from error
    return target


def _download(store: Store, place: str, target: Path) -> None:
    from mlflow.artifacts import download_artifacts

    target.mkdir()
    with clear_errors(store.address):
        got = Path(
            download_artifacts(artifact_uri=place, dst_path=str(target), tracking_uri=store.uri)
        )
    if got != target:
        for path in got.iterdir():
            path.rename(target / path.name)
        if got.parent == target:
            got.rmdir()


def remove(store: Store, run: str, place: str) -> None:
    """Take the files of a place out of the store; nothing happens where they are gone already."""
    folder = folder_at(store, place)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
        return
    path = "/".join(PurePosixPath(urlsplit(place).path).parts[-2:])
    _remove_artifacts(store, run, path)


def _remove_artifacts(store: Store, run: str, path: str) -> None:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    root = store.client.get_run(run).info.artifact_uri
    with clear_errors(store.address):
        repository = get_artifact_repository(root, tracking_uri=store.uri)
        try:
            repository.delete_artifacts(path)
        except FileNotFoundError:
            return


def leftovers(store: Store, used: Collection[str]) -> list[Leftover]:
    """Files that belong to no version and no export.

    Args:
        store: where to look.
        used: the places that do, each at least by its last part.
    """
    known = {PurePosixPath(urlsplit(place).path).name for place in used}
    now = datetime.now(UTC)
    found = []
    for run, path, place in _in_folder(store) if store.artifacts else _on_server(store):
        name = PurePosixPath(path).name
        begun = _begun(name)
        if begun is not None and name not in known:
            found.append(Leftover(run=run, path=path, age=now - begun, place=place))
    return found


def _in_folder(store: Store) -> Iterator[tuple[str, str, str]]:
    """Run, path and place of every set of files in a folder of artifacts: TASK/RUN/artifacts/..."""
    root = store.artifacts
    assert root is not None
    for shelf in (VERSIONS, EXPORTS):
        for folder in sorted(root.glob(f"*/*/artifacts/{shelf}/*")):
            if folder.is_dir() and not folder.is_symlink():
                place = folder.relative_to(root)
                yield place.parts[1], "/".join(place.parts[3:]), place.as_posix()


def _on_server(store: Store) -> Iterator[tuple[str, str, str]]:
    """The same where only the server knows: the runs are asked one by one."""
    for run in _holders(store):
        for shelf in (VERSIONS, EXPORTS):
            for item in store.client.list_artifacts(run.info.run_id, shelf):
                if item.is_dir:
                    yield run.info.run_id, item.path, ""


def sweep(store: Store, leftover: Leftover) -> None:
    """Remove what a process left that was ended in the middle."""
    if leftover.place:
        remove(store, leftover.run, leftover.place)
        return
    _remove_artifacts(store, leftover.run, leftover.path)


def _begun(name: str) -> datetime | None:
    try:
        return datetime.strptime(name.partition("-")[0], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def _holders(store: Store) -> Iterator[Any]:
    ids = [item.experiment_id for item in store.client.search_experiments()]
    token = None
    while ids:
        page = store.client.search_runs(
            ids, f"tags.`{HOLDER}` = 'yes'", max_results=500, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return
