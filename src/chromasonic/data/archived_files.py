"""The files of a corpus, out of its folder or out of an archive that lies there unopened."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from chromasonic.data.unpacking import (
    Member,
    RefusedArchive,
    copy_up_to,
    is_archive,
    members,
)
from chromasonic.errors import CorpusError

MOST_BYTES = 1_000_000_000
"""Of all files together; corpora that are read this way have a twentieth of it."""

Contents = dict[str, bytes]
"""Path below the corpus's root, with "/", to content; in the order of paths."""


def read_files(root: Path, names: re.Pattern[str], *, folder: str = "") -> Contents:
    """The files of some names below a folder; where there are none, those of its archives.

    Args:
        root: of the corpus; archives are looked for in it alone, not below.
        names: what a file's whole name, without its folders, must match.
        folder: below `root`, where the unpacked files lie; "" is the root itself.

    Returns:
        Paths to contents. A path inside an archive stands as if it were unpacked there; an archive
        inside an archive (a .tar.gz in a .zip) is opened too, one inside that is not.

    Raises:
        CorpusError: an archive is damaged or hostile, or there is far more than a corpus.
        OSError: a file cannot be read.
    """
    paths = [path for path in (root / folder).rglob("*") if names.fullmatch(path.name)]
    contents: Contents = {}
    left = MOST_BYTES
    for path in paths:
        if path.is_file():
            left -= path.stat().st_size
            _refuse_too_much(root, left)
            contents[path.relative_to(root).as_posix()] = path.read_bytes()
    for path in [] if contents else sorted(root.iterdir()):
        if is_archive(path.name) and path.is_file():
            try:
                for member in _opened(path, path.name, depth=1):
                    if names.fullmatch(member.path.name):
                        copy = io.BytesIO()
                        left -= copy_up_to(member, copy, left)
                        contents[str(member.path)] = copy.getvalue()
            except RefusedArchive as error:
                raise CorpusError(f"{path} cannot be read: {error}. Fetch it again.") from error
    return dict(sorted(contents.items()))


def _opened(path: Path, name: str, *, depth: int) -> Iterator[Member]:
    """The members of an archive, and in place of an archive among them its members."""
    for member in members(path, name):
        if depth and is_archive(member.path.name):
            yield from _inner(member, depth - 1)
        else:
            yield member


def _inner(member: Member, depth: int) -> Iterator[Member]:
    with tempfile.NamedTemporaryFile(suffix=PurePosixPath(member.path).suffix) as file:
        copy_up_to(member, file.file, MOST_BYTES)
        file.flush()
        yield from _opened(Path(file.name), member.path.name, depth=depth)


def _refuse_too_much(root: Path, left: int) -> None:
    if left < 0:
        raise CorpusError(
            f"{root} holds more than {MOST_BYTES / 1e9:g} GB of files that look like the "
            "corpus's. Name the corpus's own folder."
        )
