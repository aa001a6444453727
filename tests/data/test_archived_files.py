"""Files out of a folder or out of an archive that lies in it; hostile archives are refused."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path

import pytest
from tiny_movements import tar_of, write_tree, zip_of

from chromasonic.data import archived_files
from chromasonic.data.archived_files import read_files
from chromasonic.errors import CorpusError

SIGNS = re.compile(r"(?!\._).*\.sign", re.IGNORECASE)
FILES = {"b/two.sign": b"2", "a/one.SIGN": b"1", "a/note.txt": b"no"}


def test_files_come_by_name_in_the_order_of_their_paths(tmp_path: Path) -> None:
    found = read_files(write_tree(tmp_path, FILES), SIGNS)
    assert list(found.items()) == [("a/one.SIGN", b"1"), ("b/two.sign", b"2")]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.tar.xz", tar_of(FILES)),
        ("x.tar.gz", tar_of(FILES, "w:gz")),
        ("x.zip", zip_of(FILES)),
        ("x.zip", zip_of({"inner.tar.gz": tar_of(FILES, "w:gz")})),
        ("x.zip", zip_of({"readme.html": b"", "inner.zip": zip_of(FILES)})),
    ],
)
def test_an_archive_is_read_as_if_it_were_unpacked(name: str, data: bytes, tmp_path: Path) -> None:
    found = read_files(write_tree(tmp_path, {name: data}), SIGNS)
    assert found == {"a/one.SIGN": b"1", "b/two.sign": b"2"}


def test_unpacked_files_come_before_an_archive_beside_them(tmp_path: Path) -> None:
    write_tree(tmp_path, {"signs/one.sign": b"new", "x.zip": zip_of({"signs/one.sign": b"old"})})
    assert read_files(tmp_path, SIGNS, folder="signs") == {"signs/one.sign": b"new"}


def test_an_archive_in_an_archive_in_an_archive_is_left_shut(tmp_path: Path) -> None:
    deep = zip_of({"b.zip": zip_of({"c.zip": zip_of(FILES)})})
    assert read_files(write_tree(tmp_path, {"a.zip": deep}), SIGNS) == {}


def test_what_other_systems_add_to_archives_is_no_file_of_the_corpus(tmp_path: Path) -> None:
    data = zip_of({"__MACOSX/._one.sign": b"x", "one.sign": b"1"})
    assert read_files(write_tree(tmp_path, {"x.zip": data}), SIGNS) == {"one.sign": b"1"}


def climbing() -> bytes:
    return tar_of({"../outside.sign": b"x"}, "w:gz")


def linking() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        info = tarfile.TarInfo("one.sign")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    return data.getvalue()


@pytest.mark.parametrize("data", [climbing(), linking(), b"", b"no archive", tar_of(FILES)[:60]])
@pytest.mark.parametrize("is_inner", [False, True])
def test_a_broken_or_hostile_archive_is_an_error_that_names_it(
    data: bytes, is_inner: bool, tmp_path: Path
) -> None:
    files = {"x.zip": zip_of({"inner.tar.gz": data})} if is_inner else {"x.tar.gz": data}
    with pytest.raises(CorpusError, match=r"x\.(zip|tar\.gz) cannot be read: .*Fetch it again"):
        read_files(write_tree(tmp_path, files), SIGNS)


@pytest.mark.parametrize("is_packed", [False, True])
def test_far_more_than_a_corpus_is_refused(
    is_packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archived_files, "MOST_BYTES", 10_000)
    files = {"bomb.sign": bytes(50_000)}
    write_tree(tmp_path, {"x.zip": zip_of(files)} if is_packed else files)
    with pytest.raises(CorpusError, match="far more than a corpus|more than .* GB of files"):
        read_files(tmp_path, SIGNS)
