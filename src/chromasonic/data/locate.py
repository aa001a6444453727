"""Where the files of a corpus are: a folder given by hand, the environment, the cache, a package.

A corpus of tunes is found by the files of its collections, a corpus of pieces by its index.

The order: `--data-dir`; the folder named by the environment variable `CHROMASONIC_DATA`, with one
sub-folder a corpus; the user's cache, which a checked download fills; for bundled corpora the
installed package that carries them.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chromasonic import files
from chromasonic.data.facts import DATA_VARIABLE, SUFFIX, Collection, CorpusFacts, ways_to_get
from chromasonic.data.file_tree import cannot_read, find_root
from chromasonic.data.progress import Progress
from chromasonic.errors import CorpusError, UsageError

CACHE_VARIABLE = "CHROMASONIC_CACHE"


@dataclass(frozen=True)
class Place:
    """The folders of a corpus's collections, in their order, and the rule that found them.

    A corpus of pieces has one folder, its root.
    """

    folders: tuple[Path, ...]
    found_by: str

    def __str__(self) -> str:
        parents = {folder.parent for folder in self.folders}
        return str(self.folders[0] if len(self.folders) == 1 else min(parents))


def cache_folder() -> Path:
    """The folder for downloads and parsed corpora: `CHROMASONIC_CACHE` or the user's cache."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("chromasonic", appauthor=False))


def unpacked_folder(facts: CorpusFacts) -> Path:
    """Where the unpacked download of a corpus lies in the cache."""
    return cache_folder() / "corpora" / facts.name


def locate(
    facts: CorpusFacts,
    *,
    data_dir: files.PathLike | None = None,
    download: bool = True,
    on_progress: Progress | None = None,
) -> Place:
    """Find the files of a corpus, fetching them if need be.

    Args:
        facts: of the corpus.
        data_dir: a folder that holds the corpus, or a sub-folder with its name; nothing else is
            looked at then.
        download: whether the network may be asked.
        on_progress: told how the download goes.

    Raises:
        CorpusError: it is not there, or a folder is half there; says what can be done.
        DownloadError: the download failed.
    """
    if facts.kind == "bundled" and data_dir is None:
        return _in_package(facts)
    if data_dir is not None:
        place = _in_folder(facts, Path(data_dir).expanduser(), "data-dir")
        if place is None:
            raise CorpusError(
                f"There is no corpus '{facts.name}' in {data_dir}: looked for "
                f"{_wanted(facts)} in it and below. Check --data-dir, or leave it out to use "
                "the cache."
            )
        return place
    named = os.environ.get(DATA_VARIABLE)
    if named:
        place = _in_folder(facts, Path(named).expanduser() / facts.name, DATA_VARIABLE)
        if place is not None:
            return place
    place = _in_cache(facts)
    if place is not None:
        return place
    if not download:
        raise CorpusError(f"The corpus '{facts.name}' is not on this machine. {ways_to_get(facts)}")
    from chromasonic.data.download import fetch

    fetch(facts, unpacked_folder(facts), on_progress=on_progress)
    place = _in_folder(facts, unpacked_folder(facts), "download")
    if place is None:
        raise CorpusError(
            f"The corpus '{facts.name}' vanished from {unpacked_folder(facts)} while it was read. "
            "Run the command again."
        )
    return place


def obtain(
    facts: CorpusFacts,
    *,
    data_dir: files.PathLike | None = None,
    on_progress: Progress | None = None,
) -> Place:
    """Make sure that a corpus is on this machine.

    Args:
        facts: of the corpus.
        data_dir: a folder to look in and to fetch into (as `data_dir`/name), instead of the usual
            places and the cache.
        on_progress: told how the download goes.

    Raises:
        UsageError: it is made from a seed: there is nothing to fetch.
        CorpusError: a folder is half there.
        DownloadError: the download failed.
    """
    if facts.kind == "generated":
        raise UsageError(f"'{facts.name}' is made on the spot: there is nothing to fetch.")
    if data_dir is None or facts.kind == "bundled":
        return locate(facts, on_progress=on_progress)
    root = Path(data_dir).expanduser()
    place = _in_folder(facts, root, "data-dir")
    if place is None:
        from chromasonic.data.download import fetch

        fetch(facts, root / facts.name, on_progress=on_progress)
        place = locate(facts, data_dir=root)
    return place


def _wanted(facts: CorpusFacts) -> str:
    if facts.is_of_pieces:
        return " or ".join(facts.indices)
    return " and ".join(
        f"{collection.folder}/ with {collection.file_count} files"
        for collection in facts.collections
    )


def _in_package(facts: CorpusFacts) -> Place:
    """The collections inside an installed package, which is not imported."""
    spec = importlib.util.find_spec(facts.package)
    roots = list(spec.submodule_search_locations or []) if spec else []
    for root in roots:
        place = _in_folder(facts, Path(root) / facts.package_folder, "installed package")
        if place is not None:
            return place
    state = "is not installed" if not roots else f"carries no corpus in {roots[0]}"
    raise CorpusError(
        f"The corpus '{facts.name}' comes with the Python package {facts.package}, which {state}. "
        f"Install it anew: pip install --force-reinstall {facts.package}. "
        "Or take --dataset synthetic-structured."
    )


def _in_cache(facts: CorpusFacts) -> Place | None:
    """The unpacked download, if it is whole; a damaged one counts as absent and is fetched anew.

    That of a corpus of pieces came into its place whole; what it lacks now, its reader counts.
    """
    try:
        place = _in_folder(facts, unpacked_folder(facts), "cache")
    except CorpusError:
        return None
    if facts.is_of_pieces:
        return place
    if place is None or any(
        files.sha256_of_file(folder / name) != digest
        for collection, folder in zip(facts.collections, place.folders, strict=True)
        for name, digest in collection.sha256.items()
    ):
        return None
    return place


def _in_folder(facts: CorpusFacts, root: Path, found_by: str) -> Place | None:
    """The collections (the root of a corpus of pieces) below `root`, or None where nothing is.

    Raises:
        CorpusError: something of them is there, but not all files; or it cannot be read.
    """
    if facts.is_of_pieces:
        folder = find_root(facts, root)
        return None if folder is None else Place((folder,), found_by)
    try:
        found = [_best_folder(facts, collection, root) for collection in facts.collections]
    except OSError as error:
        raise cannot_read(facts, error) from error
    if not found or all(count == 0 for _, count in found):
        return None
    for collection, (folder, count) in zip(facts.collections, found, strict=True):
        if count < collection.file_count:
            missing = sorted(name for name in collection.sha256 if not (folder / name).is_file())
            names = f" Missing: {', '.join(missing[:5])}" if missing else ""
            raise CorpusError(
                f"The corpus '{facts.name}' in {folder} is half there: {count} of "
                f"{collection.file_count} files of {collection.title}.{names}"
                f"{' and others' if len(missing) > 5 else ''}{'.' if missing else ''} "
                "Unpack it again, or take the folder away to have it fetched."
            )
    return Place(tuple(folder for folder, _ in found), found_by)


def _best_folder(facts: CorpusFacts, collection: Collection, root: Path) -> tuple[Path, int]:
    """The folder at or below `root` with most of a collection's files, and how many it has."""
    best = (root, 0)
    for folder in _candidates(facts, collection, root):
        count = len(files_of(collection, folder))
        if count > best[1]:
            best = (folder, count)
        if count == collection.file_count:
            break
    return best


def _candidates(facts: CorpusFacts, collection: Collection, root: Path) -> Iterator[Path]:
    """Where an archive's top folder may have been kept, renamed or left out."""
    for base in (root / facts.name, root):
        if not base.is_dir():
            continue
        yield base / collection.folder
        if collection.sha256:
            yield base
        yield from sorted(path for path in base.glob(f"*/{collection.folder}") if path.is_dir())


def files_of(collection: Collection, folder: Path) -> list[Path]:
    """The files of a collection that a folder has, by name; others in it are none of ours."""
    if collection.sha256:
        return [folder / name for name in sorted(collection.sha256) if (folder / name).is_file()]
    if not folder.is_dir():
        return []
    return sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.name)
