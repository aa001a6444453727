"""Which files a version consists of, each with its checksum; and whether a folder still is that.

A manifest lies in each version's folder, and its text in the registry's database: who changes a
file, and the manifest with it, is still found out. The same files give the same text, byte for
byte, whoever registers them and when.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from chromasonic.errors import RegistryError
from chromasonic.files import sha256_of_bytes, sha256_of_file

MANIFEST = "manifest.json"
FORMAT = 1
LONGEST_TEXT = 60_000
"""Characters of a manifest, which every database keeps in one tag: about 400 files."""

_FORBIDDEN = set('<>:"|?*\\')
_RESERVED = {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10)}


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """A file's checksum and size."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Manifest:
    """The files of a version by their names in its folder, with forward strokes.

    Raises:
        RegistryError: a name leads out of the folder, or could not be a file on some system.
    """

    files: Mapping[str, FileFacts]

    def __post_init__(self) -> None:
        for name in self.files:
            check_file_name(name)

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files.values())

    @property
    def text(self) -> str:
        """As it is written: JSON, the names in order."""
        files = {
            name: {"sha256": file.sha256, "bytes": file.size_bytes}
            for name, file in sorted(self.files.items())
        }
        return json.dumps({"format": FORMAT, "files": files}, separators=(",", ":")) + "\n"

    @property
    def sha256(self) -> str:
        """Of its text: what two versions of the same content share."""
        return sha256_of_bytes(self.text.encode())


def check_file_name(name: str) -> str:
    """A name that stays within its folder, on every system.

    Raises:
        RegistryError: it does not.
    """
    parts = PurePosixPath(name).parts
    is_plain = name == "/".join(parts) and not name.startswith("/") and bool(parts)
    if (
        not is_plain
        or len(name) > 200
        or name == MANIFEST
        or any(part in (".", "..") or part.endswith((" ", ".")) for part in parts)
        or any(part.split(".")[0].lower() in _RESERVED for part in parts)
        or any(char in _FORBIDDEN or not char.isprintable() for char in name)
    ):
        raise RegistryError(
            f"A version cannot hold a file of the name {name!r}: allowed are names within its "
            "folder that every system takes, such as 'lstm_checkpoints/melody_lstm_best.pt'. "
            "Register the model again from its run directory."
        )
    return name


def manifest_of(folder: Path) -> Manifest:
    """The manifest of what lies in a folder, its own file apart.

    Raises:
        RegistryError: a link lies there, or a file whose name cannot be kept.
    """
    files, links = _files_in(folder)
    if links:
        raise RegistryError(
            f"{folder / links[0]} is a link; a version holds files alone. Copy the file there."
        )
    manifest = Manifest(
        {
            name: FileFacts(
                sha256=sha256_of_file(folder / name), size_bytes=(folder / name).stat().st_size
            )
            for name in files
            if name != MANIFEST
        }
    )
    if len(manifest.text) > LONGEST_TEXT:
        raise RegistryError(
            f"{len(manifest.files)} files are too many for one version; about 400 are allowed. "
            "Register the models of the run one by one."
        )
    return manifest


def manifest_in(text: str, *, where: str) -> Manifest:
    """The manifest that a text is.

    Raises:
        RegistryError: it is none, or names files outside of its folder.
    """
    try:
        value: Any = json.loads(text)
        files = {
            str(name): FileFacts(sha256=str(file["sha256"]), size_bytes=int(file["bytes"]))
            for name, file in value["files"].items()
        }
        if value["format"] != FORMAT:
            raise ValueError(f"its format is {value['format']!r}, known is {FORMAT}")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RegistryError(
            f"The list of files of {where} cannot be read ({error}). It was not written by "
            "Chromasonic, or by a newer version of it; register the model again."
        ) from error
    return Manifest(files)


def differences(folder: Path, manifest: Manifest) -> tuple[str, ...]:
    """What is not as the manifest says, a line each; empty where all is.

    Args:
        folder: of the version.
        manifest: as the database has it.
    """
    if folder.is_symlink():
        return (f"{folder.name} is a link to another folder",)
    if not folder.is_dir():
        return (f"the folder {folder} is not there",)
    there, links = _files_in(folder)
    found = [f"{name} is a link" for name in links]
    linked = set(links)
    known = {*manifest.files, MANIFEST}
    found += [f"{name} was added" for name in there if name not in known]
    found += [f"{name} is missing" for name in sorted(known - set(there) - linked)]
    for name in there:
        wanted = manifest.files.get(name)
        path = folder / name
        try:
            if name == MANIFEST:
                if path.read_bytes() != manifest.text.encode():
                    found.append(f"{name} was changed")
            elif wanted is not None and (
                path.stat().st_size != wanted.size_bytes or sha256_of_file(path) != wanted.sha256
            ):
                found.append(f"{name} was changed")
        except OSError as error:
            found.append(f"{name} cannot be read ({error.strerror})")
    return tuple(found)


def _files_in(folder: Path) -> tuple[list[str], list[str]]:
    """Names of the plain files and of the links in a folder; no link is followed."""
    files, links = [], []
    for root, folders, names in os.walk(folder, followlinks=False):
        for name in (*folders, *names):
            path = Path(root) / name
            relative = path.relative_to(folder).as_posix()
            if path.is_symlink():
                links.append(relative)
            elif name in names:
                files.append(relative)
        folders[:] = [name for name in folders if not (Path(root) / name).is_symlink()]
    return sorted(files), sorted(links)
