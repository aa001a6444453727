"""Downloads from a server on the loopback interface: whole and checked, or nothing at all."""

from __future__ import annotations

import hashlib
import io
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tiny_corpus import tiny_facts

from chromasonic.data import CorpusFacts, download, load, obtain, transfer
from chromasonic.errors import DownloadError, StorageError

Register = Callable[[CorpusFacts], CorpusFacts]


@dataclass
class Server:
    """What a test's server answers, and what it was asked."""

    url: str = ""
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Gives its answers one after the other, the last one for ever."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(dict(self.headers))
            place = min(len(state.asked), len(state.answers)) - 1
            status, headers, body = state.answers[place]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            del args

    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(transfer, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(transfer, "CHUNK_BYTES", 100)
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{http.server_address[1]}/tiny.zip"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


def archive_of(contents: dict[str, bytes], *, top: str = "tiny-0992bb6c/ABC/") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tiny-0992bb6c/README.md", "read me")
        for name, data in contents.items():
            archive.writestr(top + name, data)
    return file.getvalue()


def whole(body: bytes) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Length": str(len(body))}, body


@pytest.fixture
def facts(
    cache: Path, tiny_contents: dict[str, bytes], register: Register, server: Server
) -> CorpusFacts:
    del cache
    return register(tiny_facts(tiny_contents, url=server.url))


def assert_nothing_is_left(cache: Path) -> None:
    assert not (cache / "corpora").exists() or not any((cache / "corpora").iterdir())


def test_a_good_archive_is_fetched_once_checked_and_loaded(
    facts: CorpusFacts, server: Server, tiny_contents: dict[str, bytes], cache: Path
) -> None:
    del facts
    server.answers = [whole(archive_of(tiny_contents))]
    told: list[tuple[str, int, int | None]] = []
    corpus = load("tiny", on_progress=lambda *what: told.append(what))
    assert len(corpus.pieces) == 12
    assert corpus.manifest.found_by == "download"
    assert corpus.manifest.remarks == ()
    assert told[0][0] == "fetching tiny"
    size = len(server.answers[0][2])
    assert ("fetching tiny", size, size) in told
    assert load("tiny").manifest.found_by == "cache"
    assert len(server.asked) == 1
    # Only what belongs to the corpus was unpacked, and no temporary folder stayed.
    assert [p.name for p in (cache / "corpora").iterdir()] == ["tiny"]
    kept = sorted(p.name for p in (cache / "corpora").rglob("*") if p.is_file())
    assert kept == ["a.abc", "b.abc"]


def test_a_length_that_the_server_does_not_say_is_no_trouble(
    facts: CorpusFacts, server: Server, tiny_contents: dict[str, bytes]
) -> None:
    del facts
    server.answers = [(200, {}, archive_of(tiny_contents))]
    assert len(load("tiny").pieces) == 12


def test_a_file_that_differs_from_its_checksum_is_refused(
    facts: CorpusFacts, server: Server, tiny_contents: dict[str, bytes], cache: Path
) -> None:
    del facts
    forged = {**tiny_contents, "b.abc": tiny_contents["b.abc"].replace(b"Candles", b"Cannons")}
    server.answers = [whole(archive_of(forged))]
    with pytest.raises(DownloadError, match=r"b\.abc does not match its checksum"):
        load("tiny")
    assert_nothing_is_left(cache)


def test_an_archive_that_differs_from_a_known_checksum_is_refused(
    facts: CorpusFacts,
    register: Register,
    server: Server,
    tiny_contents: dict[str, bytes],
    cache: Path,
) -> None:
    good = archive_of(tiny_contents)
    digest = hashlib.sha256(good).hexdigest()
    register(replace(facts, archive_sha256=digest))
    server.answers = [whole(good + b"\0")]
    with pytest.raises(DownloadError, match="does not match its checksum"):
        load("tiny")
    assert_nothing_is_left(cache)
    server.answers = [whole(good)]
    assert len(load("tiny").pieces) == 12


def test_a_transfer_that_breaks_off_goes_on_where_it_stopped(
    facts: CorpusFacts, server: Server, tiny_contents: dict[str, bytes]
) -> None:
    del facts
    body = archive_of(tiny_contents)
    rest = body[700:]
    server.answers = [
        (200, {"Content-Length": str(len(body))}, body[:700]),
        (206, {"Content-Length": str(len(rest))}, rest),
    ]
    assert len(load("tiny").pieces) == 12
    assert server.asked[1]["Range"] == "bytes=700-"


def test_a_server_that_cannot_go_on_is_asked_for_the_whole_again(
    facts: CorpusFacts, server: Server, tiny_contents: dict[str, bytes]
) -> None:
    del facts
    body = archive_of(tiny_contents)
    server.answers = [(200, {"Content-Length": str(len(body))}, body[:700]), whole(body)]
    assert len(load("tiny").pieces) == 12


def test_a_transfer_that_always_breaks_off_leaves_nothing(
    facts: CorpusFacts, server: Server, tiny_contents: dict[str, bytes], cache: Path
) -> None:
    del facts
    body = archive_of(tiny_contents)
    server.answers = [(200, {"Content-Length": str(len(body))}, body[:700])]
    with pytest.raises(DownloadError, match="the transfer broke off"):
        load("tiny")
    assert len(server.asked) == transfer.TRIES
    assert_nothing_is_left(cache)


def test_an_archive_cut_short_that_claims_to_be_whole_is_refused(
    facts: CorpusFacts, server: Server, tiny_contents: dict[str, bytes], cache: Path
) -> None:
    del facts
    server.answers = [whole(archive_of(tiny_contents)[:-100])]
    with pytest.raises(DownloadError, match="no whole zip archive"):
        load("tiny")
    assert_nothing_is_left(cache)


@pytest.mark.parametrize(
    "name", ["../../evil.abc", "/etc/evil.abc", "..\\evil.abc", "C:/evil.abc", "x/../../evil.abc"]
)
def test_an_archive_that_reaches_outside_itself_is_refused(
    facts: CorpusFacts,
    server: Server,
    tiny_contents: dict[str, bytes],
    cache: Path,
    tmp_path: Path,
    name: str,
) -> None:
    del facts
    file = io.BytesIO(archive_of(tiny_contents))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, "X:1\nK:C\nC|\n")
    server.answers = [whole(file.getvalue())]
    with pytest.raises(DownloadError, match=r"hostile: it names a file outside itself"):
        load("tiny")
    assert_nothing_is_left(cache)
    assert not list(tmp_path.rglob("evil*"))


def test_a_file_that_unpacks_to_a_thousand_times_its_size_is_not_unpacked(
    facts: CorpusFacts, server: Server, tiny_contents: dict[str, bytes], cache: Path
) -> None:
    del facts
    bomb = {**tiny_contents, "b.abc": b"0" * 60_000_000}
    server.answers = [whole(archive_of(bomb))]
    with pytest.raises(DownloadError, match="unpacks to far more than a corpus"):
        load("tiny")
    assert_nothing_is_left(cache)


@pytest.mark.parametrize("says_length", [True, False])
def test_more_bytes_than_a_corpus_has_are_not_taken(
    facts: CorpusFacts, server: Server, cache: Path, says_length: bool
) -> None:
    body = b"0" * (transfer.DOWNLOAD_LIMIT_FACTOR * facts.size_bytes + 1)
    server.answers = [whole(body) if says_length else (200, {}, body)]
    with pytest.raises(DownloadError, match=r"100,00[01] bytes|over 100,000"):
        load("tiny")
    assert_nothing_is_left(cache)


def test_an_archive_without_all_files_is_refused(
    facts: CorpusFacts, server: Server, tiny_contents: dict[str, bytes], cache: Path
) -> None:
    del facts
    server.answers = [whole(archive_of({"a.abc": tiny_contents["a.abc"]}))]
    with pytest.raises(DownloadError, match="holds 1 of 2 files of Tiny tunes"):
        load("tiny")
    assert_nothing_is_left(cache)


def test_an_address_that_is_gone_is_said_at_once_with_what_else_can_be_done(
    facts: CorpusFacts, server: Server, cache: Path
) -> None:
    server.answers = [(404, {"Content-Length": "0"}, b"")]
    with pytest.raises(DownloadError) as caught:
        load("tiny")
    message = str(caught.value)
    assert "the server answered 404" in message
    assert facts.url in message
    assert "CC0-1.0" in message
    assert "--data-dir FOLDER" in message
    assert "folk-pd" in message
    assert len(server.asked) == 1
    assert_nothing_is_left(cache)


def test_a_server_in_trouble_is_asked_again(
    facts: CorpusFacts, server: Server, tiny_contents: dict[str, bytes]
) -> None:
    del facts
    server.answers = [(503, {"Content-Length": "0"}, b""), whole(archive_of(tiny_contents))]
    assert len(load("tiny").pieces) == 12


def test_a_page_in_place_of_an_archive_is_refused(
    facts: CorpusFacts, server: Server, cache: Path
) -> None:
    del facts
    server.answers = [whole(b"<html>Please log in to this network</html>")]
    with pytest.raises(DownloadError, match="no whole zip archive"):
        load("tiny")
    assert_nothing_is_left(cache)


def test_a_refused_connection_is_said_at_once(
    facts: CorpusFacts, register: Register, cache: Path
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else can take it
        port = closed.getsockname()[1]
        register(replace(facts, url=f"http://127.0.0.1:{port}/tiny.zip"))
        with pytest.raises(DownloadError, match="no connection to the server"):
            load("tiny")
    assert_nothing_is_left(cache)


def test_an_interruption_leaves_nothing(
    facts: CorpusFacts, server: Server, tiny_contents: dict[str, bytes], cache: Path
) -> None:
    del facts
    server.answers = [whole(archive_of(tiny_contents))]

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load("tiny", on_progress=interrupt)
    assert_nothing_is_left(cache)


def test_a_damaged_folder_in_the_cache_is_replaced(
    facts: CorpusFacts, server: Server, tiny_contents: dict[str, bytes], cache: Path
) -> None:
    del facts
    server.answers = [whole(archive_of(tiny_contents))]
    load("tiny")
    (cache / "corpora" / "tiny" / "ABC" / "a.abc").write_bytes(b"half")
    corpus = load("tiny")
    assert corpus.manifest.found_by == "download"
    assert len(corpus.pieces) == 12
    assert [p.name for p in (cache / "corpora").iterdir()] == ["tiny"]


def test_a_cache_that_cannot_be_written_is_an_error_that_names_the_variable(
    facts: CorpusFacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del facts
    (tmp_path / "taken").write_text("in the way")
    monkeypatch.setenv("CHROMASONIC_CACHE", str(tmp_path / "taken"))
    with pytest.raises(StorageError, match="CHROMASONIC_CACHE"):
        load("tiny")


def test_a_full_disk_is_an_error_and_leaves_nothing(
    facts: CorpusFacts,
    server: Server,
    tiny_contents: dict[str, bytes],
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    del facts
    server.answers = [whole(archive_of(tiny_contents))]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download, "_put_in_place", full)
    with pytest.raises(StorageError, match="No space left on device"):
        load("tiny")
    assert_nothing_is_left(cache)


def test_a_corpus_can_be_fetched_into_a_folder_of_ones_own(
    facts: CorpusFacts, server: Server, tiny_contents: dict[str, bytes], tmp_path: Path
) -> None:
    server.answers = [whole(archive_of(tiny_contents))]
    for _ in range(2):
        place = obtain(facts, data_dir=tmp_path / "mine")
        assert place.folders == (tmp_path / "mine" / "tiny" / "ABC",)
    assert len(server.asked) == 1
    assert len(load("tiny", data_dir=tmp_path / "mine").pieces) == 12
