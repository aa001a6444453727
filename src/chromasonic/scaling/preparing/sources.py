"""Where the files of a corpus come from: a folder, an archive, or a corpus of the catalogue.

A source is a list of files in the order of their names, each with the place of its bytes; nothing
is opened before its turn, and any process that sees the disk can open any of them. An archive that
is compressed as a whole can only be read from its beginning, by one reader; so its music files are
first copied, one after the other, into one uncompressed file (`unpacked`).
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from chromasonic import files
from chromasonic.data.catalogue import CORPORA, facts_of
from chromasonic.data.facts import CorpusFacts
from chromasonic.data.locate import locate
from chromasonic.data.progress import Progress
from chromasonic.data.unpacking import is_archive
from chromasonic.errors import CorpusError, DataError, UsageError
from chromasonic.scaling.preparing.one_file import READERS
from chromasonic.scaling.preparing.unpacked import any_text, unpacked

LAKH = "lakh"
LAKH_LAYOUTS = ("lakh-full", "lakh-matched")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that nobody has opened yet.

    Attributes:
        name: below the source, with "/"; bytes that are no UTF-8 stand in it as escapes.
        path: of the file that holds its bytes.
        offset: where in that file they begin.
        size: how many there are.
        work: the song that it is a version of, where the layout tells; else empty.
    """

    name: str
    path: str
    offset: int
    size: int
    work: str = ""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Files to prepare.

    Attributes:
        about: name, title, licence, licence_url, citation, url, weights_may_ship.
        files: in the order of their names.
        others: ending to how many files of other kinds lie there.
    """

    about: dict[str, Any]
    files: tuple[SourceFile, ...]
    others: dict[str, int]

    @property
    def digest(self) -> str:
        """Hash of the files' names and sizes: tells whether the source is still the same."""
        lines = (f"{file.name}\0{file.size}\n" for file in self.files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def open_source(
    name: files.PathLike,
    *,
    work_folder: Path,
    data_dir: files.PathLike | None = None,
    licence: str = "",
    title: str = "",
    on_progress: Progress | None = None,
) -> Source:
    """The files of a corpus by name, of a folder, or of an archive.

    Args:
        name: of a corpus (also "lakh": whichever layout is there), or a path.
        work_folder: where an archive is unpacked to.
        data_dir: where the corpus lies.
        licence: of the files of a folder or an archive, for whoever uses the models.
        title: of a folder or an archive; its name where empty.
        on_progress: told how it goes.

    Raises:
        UsageError: there is no such corpus, folder or archive.
        CorpusError: there is no music file in it; the archive is damaged or hostile.
        StorageError: an archive cannot be unpacked.
    """
    path = Path(name).expanduser()
    if str(name) in CORPORA or str(name) == LAKH:
        facts, folders = _located(str(name), data_dir, on_progress)
        names = [c.name for c in facts.collections] or [folder.name for folder in folders]
        found = [
            item
            for folder, place in zip(folders, names, strict=True)
            for item in _below(folder, f"{place}/")
        ]
        about = _about_corpus(facts)
    elif path.is_dir():
        found, about = list(_below(path, "")), _about_path(path, title, licence)
    elif path.is_file() and is_archive(path.name):
        found = [
            SourceFile(entry.name, entry.path, entry.offset, entry.size)
            for entry in unpacked(path, work_folder, on_progress)
        ]
        about = _about_path(path, title, licence)
    else:
        what = "an archive (.tar.gz, .tgz, .tar, .zip)" if path.is_file() else "there"
        raise UsageError(
            f"'{name}' is no corpus, and no folder or archive that is {what}. Give a folder of "
            f"MIDI, ABC or MusicXML files, an archive of them, or one of: {', '.join(_names())}."
        )
    return _source(found, about, str(name))


def _source(found: list[SourceFile], about: dict[str, Any], name: str) -> Source:
    wanted, others = [], Counter[str]()
    for file in found:
        ending = PurePosixPath(file.name).suffix.lower()
        if ending in READERS:
            wanted.append(file)
        else:
            others[ending or "no ending"] += 1
    if not wanted:
        met = ", ".join(f"{count} x {ending}" for ending, count in others.most_common(5))
        raise CorpusError(
            f"{name} holds no music file ({met or 'it is empty'}). Files with these endings are "
            f"read: {' '.join(READERS)}."
        )
    wanted.sort(key=lambda file: file.name)
    return Source(about=about, files=tuple(wanted), others=dict(sorted(others.items())))


def _names() -> list[str]:
    return [LAKH, *(name for name, facts in CORPORA.items() if _is_read(facts))]


def _is_read(facts: CorpusFacts) -> bool:
    """Whether a corpus's files are MIDI or ABC, and tunes can be found in them."""
    return bool(facts.collections) or facts.name in (
        *LAKH_LAYOUTS, "emopia", "vgmidi", "maestro", "asap"
    )  # fmt: skip


def _located(
    name: str, data_dir: files.PathLike | None, on_progress: Progress | None
) -> tuple[CorpusFacts, tuple[Path, ...]]:
    """The facts of a corpus and the folders in which it lies."""
    if name == LAKH:
        for layout in LAKH_LAYOUTS:
            try:
                place = locate(facts_of(layout), data_dir=data_dir, download=False)
            except DataError:
                continue
            return facts_of(layout), place.folders
        name = LAKH_LAYOUTS[0]  # its message says how to get it
    facts = facts_of(name)
    if not _is_read(facts):
        raise UsageError(
            f"'{name}' holds {facts.noun}, in which no tune is looked for. Those that can be "
            f"prepared: {', '.join(_names())}; or give a folder."
        )
    place = locate(facts, data_dir=data_dir, download=False, on_progress=on_progress)
    return facts, place.folders


def _below(folder: Path, prefix: str) -> Iterator[SourceFile]:
    """Every file at or below a folder; folders behind links are not entered: they may go round.

    Raises:
        CorpusError: a folder cannot be read.
    """
    waiting = [(prefix, str(folder))]
    try:
        while waiting:
            above, here = waiting.pop()
            with os.scandir(here) as entries:
                for entry in entries:
                    if entry.name.startswith((".", "__MACOSX")):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((f"{above}{any_text(entry.name)}/", entry.path))
                    elif entry.is_file():
                        name = f"{above}{any_text(entry.name)}"
                        size = entry.stat().st_size
                        yield SourceFile(name, entry.path, 0, size, _song_of(entry.path))
    except OSError as error:
        raise CorpusError(
            f"Cannot read {error.filename}: {error.strerror}. Give yourself the right to read it."
        ) from error


def _song_of(path: str) -> str:
    """The song's id in the layout of LMD-matched (A/B/C/TRABC.../HASH.mid), else nothing."""
    folder = os.path.basename(os.path.dirname(path))
    return folder if len(folder) == 18 and folder.startswith("TR") and folder.isalnum() else ""


def _about_corpus(facts: CorpusFacts) -> dict[str, Any]:
    shared = ("name", "title", "licence", "licence_url", "citation", "url", "weights_may_ship")
    return {name: getattr(facts, name) for name in shared}


def _about_path(path: Path, title: str, licence: str) -> dict[str, Any]:
    """What is known of somebody's own files: next to nothing, so their weights may not ship."""
    name = path.resolve().name
    for ending in (".gz", ".bz2", ".xz", ".tar", ".tgz", ".zip"):
        name = name.removesuffix(ending)
    return {
        "name": name or "files",
        "title": title or f"Files of '{name or path}'",
        "licence": licence or "not stated",
        "licence_url": "",
        "citation": "",
        "url": "",
        "weights_may_ship": False,
    }
