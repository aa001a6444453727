"""A file that cannot be written whole leaves nothing behind, and says what to do about it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chromasonic import files
from chromasonic.errors import StorageError

WRITERS: dict[str, Callable[[Path], object]] = {
    "write_text": lambda path: files.write_text(path, "x"),
    "write_with": lambda path: files.write_with(path, lambda temporary: temporary.write_text("x")),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize(
    ("number", "step"),
    [
        (errno.ENOSPC, "Free some space, or choose another folder"),
        (errno.EDQUOT, "Free some space, or choose another folder"),
        (errno.EACCES, "Choose a folder that may be written"),
        (errno.EPERM, "Choose a folder that may be written"),
        (errno.EROFS, "Choose a folder that may be written"),
        (errno.EIO, "Choose another folder"),
    ],
    ids=errno.errorcode.get,
)
def test_the_next_step_fits_the_error(
    write: Callable[[Path], object], number: int, step: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("chromasonic.files.os.replace", refuse)
    with pytest.raises(StorageError) as told:
        write(tmp_path / "x.txt")
    assert os.strerror(number) in str(told.value)
    assert f". {step}; nothing was left half-written." in str(told.value)
    assert ("space" in str(told.value).replace(os.strerror(number), "")) == step.startswith("Free")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_folder_in_the_way_and_a_file_on_the_way_are_told(
    write: Callable[[Path], object], tmp_path: Path
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "file").write_text("")
    for path, step in (
        ("taken", "A folder has that name"),
        ("file/x", "A part of that path is a file"),
        ("file/deep/x", "A part of that path is a file"),
        ("x" * 300, "Choose a shorter name"),
    ):
        with pytest.raises(StorageError, match=step):
            write(tmp_path / path)
    assert {path.name for path in tmp_path.iterdir()} == {"taken", "file"}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"MThd\0", "a MIDI file"),
        (b"\x89PNG\r\n", "a picture (PNG)"),
        (b"PK\x03\x04", "a zip archive"),
        (b"{}", "JSON"),
        (b"", None),
        (b"hello", None),
    ],
)
def test_a_file_is_known_by_its_first_bytes(data: bytes, kind: str | None) -> None:
    assert files.kind_of(data) == kind


def test_files_wait_for_the_disk_unless_they_are_only_passing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with files.passing():
        files.write_text(tmp_path / "a", "whole")
    assert synced == []
    files.write_text(tmp_path / "b", "whole")
    assert len(synced) == 1
    assert (tmp_path / "a").read_text() == (tmp_path / "b").read_text() == "whole"
