"""A corpus from the network: fetched, checked, unpacked beside its place, then moved there.

Nothing that was interrupted, shortened or forged ever lies where a corpus is looked for. Of a
corpus of tunes only the files that the facts name are taken out, under the names that the facts
give them; of a corpus of pieces the archives are unpacked whole.
"""

from __future__ import annotations

import filecmp
import io
import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath

from chromasonic import files
from chromasonic.data.facts import SUFFIX, Archive, Collection, CorpusFacts
from chromasonic.data.file_tree import find_root
from chromasonic.data.progress import Progress
from chromasonic.data.transfer import Transfer, failure, fetch_file
from chromasonic.data.unpacking import (
    RefusedArchive,
    copy_up_to,
    is_archive,
    members,
    unpack,
)
from chromasonic.data.unverified import Fetched, known_hash, read_record, write_record
from chromasonic.errors import StorageError

UNPACKED_LIMIT_FACTOR = 40
"""Text packs well; an archive that grows by more than this is no corpus."""


def fetch(facts: CorpusFacts, target: Path, *, on_progress: Progress | None = None) -> Path:
    """Download a corpus and put its files into a folder, whole or not at all.

    Args:
        facts: of the corpus: addresses, sizes, checksums.
        target: the folder that shall hold one sub-folder a collection, or the unpacked archives;
            an older one is replaced.
        on_progress: told how many bytes have come.

    Raises:
        DownloadError: nobody offers it for download, no network, no such file, a wrong checksum,
            or an archive that is broken or hostile; says what else can be done.
        StorageError: the folder cannot be written.
    """
    if facts.is_of_pieces and not facts.archives:
        raise failure(facts, "no address is known from which a program could fetch it")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    except OSError as error:
        raise StorageError(
            f"Cannot write to {target.parent}: {error.strerror}. Set CHROMASONIC_CACHE to a folder "
            "that can be written."
        ) from error
    try:
        unpacked = work / "unpacked"
        if facts.is_of_pieces:
            _fetch_archives(facts, work, unpacked, read_record(target), on_progress)
        else:
            _fetch_collections(facts, work, unpacked, on_progress)
        _put_in_place(unpacked, target, work)
    except RefusedArchive as error:
        raise failure(facts, str(error)) from error
    except OSError as error:
        raise StorageError(
            f"Cannot store the corpus '{facts.name}' in {target}: {error.strerror or error}. "
            "Free some space, or set CHROMASONIC_CACHE to another folder."
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def _fetch_archives(
    facts: CorpusFacts,
    work: Path,
    into: Path,
    record: list[Fetched],
    on_progress: Progress | None,
) -> None:
    """Fetch and unpack the archives of a corpus of pieces, and write down what they were."""
    fetched = []
    for number, archive in enumerate(facts.archives, 1):
        count = f" ({number} of {len(facts.archives)})" if len(facts.archives) > 1 else ""
        checksum, checked_by = known_hash(archive, record)
        what = Transfer(
            facts, archive.url, archive.size_bytes, checksum, f"fetching {facts.name}{count}"
        )
        path = fetch_file(what, work / f"archive-{number}", on_progress)
        fetched.append(
            Fetched(archive.url, path.stat().st_size, files.sha256_of_file(path), checked_by)
        )
        if on_progress is not None:
            on_progress(f"unpacking {archive.file_name}", 0, None)
        _unpack_archive(archive, path, into / archive.folder)
        path.unlink(missing_ok=True)  # the disk needs room for the next
    if find_root(facts, into) is None:
        raise failure(
            facts, f"what came does not hold {' or '.join(facts.indices)}, so it is another thing"
        )
    write_record(into, fetched)


def _unpack_archive(archive: Archive, path: Path, folder: Path) -> None:
    if is_archive(archive.file_name):
        limit = UNPACKED_LIMIT_FACTOR * archive.size_bytes
        unpack(path, archive.file_name, folder, limit_bytes=limit)
        return
    folder.mkdir(parents=True, exist_ok=True)
    os.replace(path, folder / archive.file_name)


def _fetch_collections(
    facts: CorpusFacts, work: Path, into: Path, on_progress: Progress | None
) -> None:
    """Fetch the archive of a corpus of tunes, take its files out and check each."""
    checksum = facts.archive_sha256
    what = Transfer(
        facts,
        facts.url,
        facts.size_bytes,
        f"sha256:{checksum}" if checksum else None,
        f"fetching {facts.name}",
    )
    archive = fetch_file(what, work / "archive", on_progress)
    contents = _contents(facts, archive)
    for collection, found in zip(facts.collections, contents, strict=True):
        _check(facts, collection, found)
        folder = into / collection.folder
        folder.mkdir(parents=True)
        for name, data in found.items():
            (folder / name).write_bytes(data)


def _contents(facts: CorpusFacts, archive: Path) -> list[dict[str, bytes]]:
    """For each collection its files in an archive: name to bytes."""
    left = UNPACKED_LIMIT_FACTOR * facts.size_bytes
    contents: list[dict[str, bytes]] = [{} for _ in facts.collections]
    for member in members(archive, "archive.zip"):
        for collection, found in zip(facts.collections, contents, strict=True):
            name = _wanted_name(collection, member.path)
            if name is not None:
                data = io.BytesIO()
                left -= copy_up_to(member, data, left)
                found[name] = data.getvalue()
                break
    return contents


def _wanted_name(collection: Collection, path: PurePosixPath) -> str | None:
    """The name under which a member is stored, or None where it is not one of the corpus."""
    if len(path.parts) < 2 or path.parts[-2] != collection.folder:
        return None
    wanted = path.name in collection.sha256 or (not collection.sha256 and path.suffix == SUFFIX)
    return path.name if wanted else None


def _check(facts: CorpusFacts, collection: Collection, found: dict[str, bytes]) -> None:
    if len(found) < collection.file_count:
        raise failure(
            facts,
            f"the archive holds {len(found)} of {collection.file_count} files of "
            f"{collection.title}",
        )
    for name, digest in collection.sha256.items():
        met = files.sha256_of_bytes(found[name])
        if met != digest:
            raise failure(
                facts,
                f"{name} does not match its checksum (SHA-256 {met[:12]}..., wanted "
                f"{digest[:12]}...)",
            )


def _put_in_place(unpacked: Path, target: Path, work: Path) -> None:
    """Move the unpacked files to their place; an older, damaged folder makes way."""
    try:
        os.rename(unpacked, target)
    except OSError:
        if not target.is_dir():
            raise
        if _holds_the_same(target, unpacked):  # another process was faster
            return
        os.rename(target, work / "old")
        os.rename(unpacked, target)


def _holds_the_same(target: Path, unpacked: Path) -> bool:
    """Whether every unpacked file lies in the target already."""
    pairs = [(f, target / f.relative_to(unpacked)) for f in unpacked.rglob("*") if f.is_file()]
    return all(there.is_file() and filecmp.cmp(here, there, shallow=False) for here, there in pairs)
