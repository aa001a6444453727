"""What a version consists of: names that stay in its folder, and every change found out."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.errors import RegistryError
from chromasonic.registry.manifest import (
    MANIFEST,
    FileFacts,
    Manifest,
    check_file_name,
    differences,
    manifest_in,
    manifest_of,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A version's folder of two files and their manifest."""
    folder = tmp_path / "version"
    (folder / "deep").mkdir(parents=True)
    (folder / "facts.json").write_text("{}")
    (folder / "deep" / "best.pt").write_bytes(b"weights")
    (folder / MANIFEST).write_text(manifest_of(folder).text)
    return folder


def test_a_manifest_has_the_checksum_of_each_file_by_another_reading(folder: Path) -> None:
    told = json.loads(manifest_of(folder).text)

    assert told["files"] == {
        "deep/best.pt": {"sha256": hashlib.sha256(b"weights").hexdigest(), "bytes": 7},
        "facts.json": {"sha256": hashlib.sha256(b"{}").hexdigest(), "bytes": 2},
    }


def test_the_same_files_give_the_same_text_in_any_order_of_writing(tmp_path: Path) -> None:
    texts = []
    for number, names in enumerate((("a", "b", "c/d"), ("c/d", "b", "a"))):
        for name in names:
            path = tmp_path / str(number) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        texts.append(manifest_of(tmp_path / str(number)).text)

    assert texts[0] == texts[1]


def test_an_untouched_folder_has_no_differences(folder: Path) -> None:
    assert differences(folder, manifest_of(folder)) == ()


def changed_byte(folder: Path) -> None:
    (folder / "deep" / "best.pt").write_bytes(b"weightz")


def removed_file(folder: Path) -> None:
    (folder / "deep" / "best.pt").unlink()


def added_file(folder: Path) -> None:
    (folder / "deep" / "more.pt").write_bytes(b"")


def edited_manifest(folder: Path) -> None:
    """Who changes a file and its checksum with it is found out by the database's text."""
    (folder / "deep" / "best.pt").write_bytes(b"evil")
    (folder / MANIFEST).write_text(manifest_of(folder).text)


def removed_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def linked_file(folder: Path) -> None:
    """A link to the very same bytes: what it points to may change at any time."""
    outside = folder.parent / "elsewhere.pt"
    outside.write_bytes(b"weights")
    (folder / "deep" / "best.pt").unlink()
    (folder / "deep" / "best.pt").symlink_to(outside)


def linked_folder(folder: Path) -> None:
    outside = folder.parent / "elsewhere"
    (folder / "deep").rename(outside)
    (folder / "deep").symlink_to(outside, target_is_directory=True)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (changed_byte, {"deep/best.pt was changed"}),
        (removed_file, {"deep/best.pt is missing"}),
        (added_file, {"deep/more.pt was added"}),
        (edited_manifest, {"deep/best.pt was changed", "manifest.json was changed"}),
        (removed_manifest, {"manifest.json is missing"}),
        (linked_file, {"deep/best.pt is a link"}),
        (linked_folder, {"deep is a link", "deep/best.pt is missing"}),
    ],
)
def test_each_change_of_a_folder_is_told(
    folder: Path, change: Callable[[Path], None], told: set[str]
) -> None:
    registered = manifest_of(folder)

    change(folder)

    assert set(differences(folder, registered)) == told


def test_a_folder_that_is_a_link_is_no_version(folder: Path) -> None:
    registered = manifest_of(folder)
    moved = folder.rename(folder.with_name("moved"))
    folder.symlink_to(moved, target_is_directory=True)

    assert differences(folder, registered) == ("version is a link to another folder",)


def test_links_are_not_registered(folder: Path) -> None:
    (folder / "more.pt").symlink_to("/etc/passwd")

    with pytest.raises(RegistryError, match="more.pt is a link"):
        manifest_of(folder)


HOSTILE = [
    "../outside", "a/../../outside", "/etc/passwd", "..", ".", "", "a//b", "a/", "./a", "a\\b",
    "C:\\x", "C:x", "a\0b", "a\nb", "con", "deep/NUL.txt", "a.", "a ", "manifest.json", "x" * 201,
    "a/\u202e",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_leads_elsewhere_or_cannot_be_a_file_is_refused(name: str) -> None:
    files = {name: {"sha256": "0" * 64, "bytes": 1}}

    with pytest.raises(RegistryError, match="cannot hold a file of the name"):
        manifest_in(json.dumps({"format": 1, "files": files}), where="x@1")


@given(st.lists(st.sampled_from(["..", ".", "a", "b.pt", "", "/", "~", "a b", "ä"]), max_size=5))
def test_no_name_that_is_taken_leads_out_of_a_folder(parts: list[str]) -> None:
    name = "/".join(parts)
    try:
        check_file_name(name)
    except RegistryError:
        return
    root = PurePosixPath("/registry/version")
    assert os.path.normpath(root / name).startswith(f"{root}/")
    assert os.path.normpath(root / name) == str(root / name)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '{"files": {}}', '{"format": 2, "files": {}}',
        '{"format": 1, "files": {"a": {"sha256": "0"}}}',
        '{"format": 1, "files": ["a"]}', "[" * 9999,
    ],
)  # fmt: skip
def test_a_broken_manifest_is_told_as_one(text: str) -> None:
    with pytest.raises(RegistryError, match=r"files of x@1 cannot be read"):
        manifest_in(text, where="x@1")


def test_a_manifest_is_read_back_as_it_was() -> None:
    manifest = Manifest({"b/c.pt": FileFacts(sha256="1" * 64, size_bytes=5)})

    assert manifest_in(manifest.text, where="x@1") == manifest
