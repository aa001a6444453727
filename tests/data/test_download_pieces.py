"""Downloads of corpora of pieces: several archives, each checked, unpacked safely, all or none."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import tiny_movements
from tiny_pieces import INDEX, clip_facts, clip_files

from chromasonic.data import CORPORA, CorpusFacts, load, obtain, transfer, unpacking
from chromasonic.data.facts import Archive
from chromasonic.data.unverified import RECORD, read_record
from chromasonic.errors import DownloadError

Register = Callable[[CorpusFacts], CorpusFacts]


@dataclass
class Server:
    """Files by path; others are not found."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def archive(self, name: str, content: bytes, **checks: str) -> Archive:
        """Offer a file, and give the facts of it."""
        self.files[f"/{name}"] = content
        return Archive(f"{self.url}/{name}", 10_000, **checks)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            body = state.files.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *args: object) -> None:
            del args

    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(transfer, "PAUSE_SECONDS", 0.0)
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


def zip_of(contents: dict[str, bytes], top: str = "") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(top + name, data)
    return file.getvalue()


def tar_of(contents: dict[str, bytes], *others: tarfile.TarInfo) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for info in others:
            archive.addfile(info)
        for name, data in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def assert_nothing_is_left(cache: Path) -> None:
    assert not (cache / "corpora").exists() or not list((cache / "corpora").iterdir())


FILES = clip_files()
CLIPS = {name: data for name, data in FILES.items() if name != INDEX}


def test_archives_of_all_forms_make_one_corpus(
    server: Server, register: Register, cache: Path
) -> None:
    names = sorted(CLIPS)
    first = zip_of({name: CLIPS[name] for name in names[:5]})
    second = tar_of({Path(name).name: CLIPS[name] for name in names[5:]})
    register(
        clip_facts(
            server.archive("one.zip", first, sha256=sha256(first)),
            replace(server.archive("two.tar.gz", second, md5=md5(second)), folder="clips"),
            server.archive(INDEX, FILES[INDEX], sha256=sha256(FILES[INDEX])),
        )
    )
    told: list[str] = []
    corpus = load("clips", on_progress=lambda what, *_: told.append(what))
    assert len(corpus.pieces) == 10
    assert corpus.manifest.found_by == "download"
    assert corpus.manifest.remarks == ()
    assert "fetching clips (2 of 3)" in told
    assert "unpacking two.tar.gz" in told
    assert load("clips").manifest.found_by == "cache"
    assert len(server.asked) == 3
    assert [path.name for path in (cache / "corpora").iterdir()] == ["clips"]
    kept = {
        path.relative_to(cache / "corpora" / "clips").as_posix()
        for path in (cache / "corpora" / "clips").rglob("*")
        if path.is_file()
    }
    assert kept == {*FILES, RECORD}
    fetched = read_record(cache / "corpora" / "clips")
    assert [one.checked_by for one in fetched] == ["sha256", "md5", "sha256"]
    assert [one.sha256 for one in fetched][:2] == [sha256(first), sha256(second)]


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_an_archive_that_differs_from_its_checksum_is_refused_and_none_stays(
    server: Server, register: Register, cache: Path, kind: str
) -> None:
    whole = zip_of(FILES)
    digest = sha256(whole) if kind == "sha256" else md5(whole)
    good = server.archive("good.zip", whole)
    register(clip_facts(good, server.archive("bad.zip", whole + b"\0", **{kind: digest})))
    with pytest.raises(DownloadError, match="does not match its checksum"):
        load("clips")
    assert_nothing_is_left(cache)


def test_where_no_checksum_is_published_the_first_download_s_is_kept_and_said(
    server: Server, register: Register, cache: Path
) -> None:
    content = zip_of(FILES, top="clips-main/")
    register(clip_facts(server.archive("clips.zip", content)))
    for found_by in ("download", "cache"):
        manifest = load("clips").manifest
        assert manifest.found_by == found_by
        assert "Nobody publishes a checksum of clips.zip" in manifest.remarks[0]
        assert sha256(content) in manifest.remarks[0]
    # Later, the folder is damaged, and the server has something else.
    folder = cache / "corpora" / "clips"
    (folder / "clips-main" / INDEX).unlink()
    forged = {**FILES, "clips/c1.txt": b"666\n"}
    server.files["/clips.zip"] = zip_of(forged, top="clips-main/")
    with pytest.raises(DownloadError, match="does not match its checksum"):
        load("clips")
    server.files["/clips.zip"] = content
    assert len(load("clips").pieces) == 10
    assert read_record(folder)[0].checked_by == "first download"
    assert json.loads((folder / RECORD).read_text())["archives"][0]["sha256"] == sha256(content)


def test_one_archive_that_is_gone_leaves_nothing_of_the_others(
    server: Server, register: Register, cache: Path
) -> None:
    archive = server.archive("one.zip", zip_of(FILES))
    register(clip_facts(archive, replace(archive, url=f"{server.url}/gone.zip")))
    with pytest.raises(DownloadError, match="the server answered 404"):
        load("clips")
    assert_nothing_is_left(cache)


def test_an_archive_of_something_else_is_refused(
    server: Server, register: Register, cache: Path
) -> None:
    register(clip_facts(server.archive("other.zip", zip_of(CLIPS))))
    with pytest.raises(DownloadError, match=r"does not hold clips\.csv"):
        load("clips")
    assert_nothing_is_left(cache)


def test_a_corpus_that_no_program_can_fetch_says_so(register: Register, cache: Path) -> None:
    register(clip_facts())
    with pytest.raises(DownloadError, match=r"no address is known.*https://example\.org/clips"):
        load("clips")
    assert_nothing_is_left(cache)


OUTSIDE = ["../evil.txt", "/etc/evil.txt", "a/../../evil.txt", "..\\evil.txt", "C:/evil.txt"]


@pytest.mark.parametrize("pack", [zip_of, tar_of])
@pytest.mark.parametrize("name", OUTSIDE)
def test_an_archive_that_reaches_outside_itself_is_refused(
    server: Server,
    register: Register,
    cache: Path,
    tmp_path: Path,
    pack: Callable[[dict[str, bytes]], bytes],
    name: str,
) -> None:
    form = "zip" if pack is zip_of else "tar.gz"
    register(clip_facts(server.archive(f"c.{form}", pack({**FILES, name: b"evil"}))))
    with pytest.raises(DownloadError, match="hostile: it names a file outside itself"):
        load("clips")
    assert_nothing_is_left(cache)
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_a_tar_archive_with_a_link_or_a_device_is_refused(
    server: Server, register: Register, cache: Path, kind: bytes
) -> None:
    info = tarfile.TarInfo("clips/link")
    info.type = kind
    info.linkname = "/etc/passwd"
    register(clip_facts(server.archive("c.tgz", tar_of(FILES, info))))
    with pytest.raises(DownloadError, match="hostile: 'clips/link' is no plain file"):
        load("clips")
    assert_nothing_is_left(cache)


def test_a_zip_archive_with_a_link_is_refused(
    server: Server, register: Register, cache: Path
) -> None:
    file = io.BytesIO(zip_of(FILES))
    with zipfile.ZipFile(file, "a") as archive:
        info = zipfile.ZipInfo("clips/link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    register(clip_facts(server.archive("c.zip", file.getvalue())))
    with pytest.raises(DownloadError, match="hostile: 'clips/link' is no plain file"):
        load("clips")
    assert_nothing_is_left(cache)


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_a_file_that_unpacks_to_a_thousand_times_its_size_is_not_unpacked(
    server: Server,
    register: Register,
    cache: Path,
    pack: Callable[[dict[str, bytes]], bytes],
) -> None:
    form = "zip" if pack is zip_of else "tar.gz"
    bomb = {"clips/c0.txt": b"0" * 5_000_000}
    register(clip_facts(server.archive(f"c.{form}", pack({**FILES, **bomb}))))
    with pytest.raises(DownloadError, match="unpacks to far more than a corpus"):
        load("clips")
    assert_nothing_is_left(cache)


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_many_small_files_are_a_bomb_too(
    server: Server,
    register: Register,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    pack: Callable[[dict[str, bytes]], bytes],
) -> None:
    monkeypatch.setattr(unpacking, "MOST_FILES", 10)
    form = "zip" if pack is zip_of else "tar.gz"
    register(clip_facts(server.archive(f"c.{form}", pack(FILES))))
    with pytest.raises(DownloadError, match="holds more than 10 files"):
        load("clips")
    assert_nothing_is_left(cache)


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_an_archive_cut_short_is_refused(
    server: Server,
    register: Register,
    cache: Path,
    pack: Callable[[dict[str, bytes]], bytes],
) -> None:
    form = "zip" if pack is zip_of else "tar.gz"
    register(clip_facts(server.archive(f"c.{form}", pack(FILES)[:-60])))
    with pytest.raises(DownloadError, match="no whole (zip|tar) archive|is damaged"):
        load("clips")
    assert_nothing_is_left(cache)


def test_a_page_in_place_of_a_tar_archive_is_refused(
    server: Server, register: Register, cache: Path
) -> None:
    register(clip_facts(server.archive("c.tar.gz", b"<html>Please log in</html>")))
    with pytest.raises(DownloadError, match="no whole tar archive"):
        load("clips")
    assert_nothing_is_left(cache)


def test_a_file_that_is_there_twice_is_refused(
    server: Server, register: Register, cache: Path
) -> None:
    twice = tarfile.TarInfo("clips")  # a file where the others need a folder
    register(clip_facts(server.archive("c.tar", tar_of(FILES, twice))))
    with pytest.raises(DownloadError, match="twice, or as a file and a folder"):
        load("clips")
    assert_nothing_is_left(cache)


def test_what_one_system_adds_to_its_archives_is_left_out(
    server: Server, register: Register, cache: Path
) -> None:
    junk = {"__MACOSX/._clips.csv": b"x", "clips/._c0.txt": b"x", ".DS_Store": b"x"}
    register(clip_facts(server.archive("c.zip", zip_of({**FILES, **junk}))))
    load("clips")
    names = [path.name for path in (cache / "corpora").rglob("*")]
    assert not any(name.startswith(("._", "__", ".DS")) for name in names)


def test_an_interruption_leaves_nothing(server: Server, register: Register, cache: Path) -> None:
    register(clip_facts(server.archive("c.zip", zip_of(FILES))))

    def interrupt(what: str, *_: object) -> None:
        if what.startswith("unpacking"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load("clips", on_progress=interrupt)
    assert_nothing_is_left(cache)


def test_a_corpus_can_be_fetched_into_a_folder_of_ones_own(
    server: Server, register: Register, cache: Path, tmp_path: Path
) -> None:
    del cache
    facts = register(clip_facts(server.archive("c.zip", zip_of(FILES, top="clips-1.0/"))))
    for _ in range(2):
        place = obtain(facts, data_dir=tmp_path / "mine")
        assert place.folders == (tmp_path / "mine" / "clips" / "clips-1.0",)
    assert len(server.asked) == 1
    assert len(load("clips", data_dir=tmp_path / "mine").pieces) == 10


# Corpora of movement, as their archives are laid out

DOWNLOADS = {
    "auslan95-signs": lambda: {
        "allsigns.tar.gz": tar_of(tiny_movements.sign_files()),
        "auslan.data.html": b"",
    },
    "violin-bow-strokes": lambda: tiny_movements.stroke_files("repository-1/data/Gestures/All"),
    "hdm05-11": lambda: {
        f"repository-1/{name}": data for name, data in tiny_movements.action_files().items()
    },
    "articulary-words": tiny_movements.word_files,
}


@pytest.mark.parametrize("name", DOWNLOADS)
def test_a_corpus_of_movement_is_found_in_what_its_address_gives(
    name: str, server: Server, register: Register, cache: Path
) -> None:
    facts = CORPORA[name]
    file_name = facts.archives[0].file_name
    archive = server.archive(file_name, zip_of(DOWNLOADS[name]()))
    register(replace(facts, archives=(archive,)))
    corpus = load(name, allow_partial=True)
    assert corpus.manifest.found_by == "download"
    assert len(corpus.pieces) >= 3
    assert any("Nobody publishes a checksum" in remark for remark in corpus.manifest.remarks)
    assert load(name, allow_partial=True).manifest.found_by == "cache"
    assert (cache / "corpora" / name).is_dir()
