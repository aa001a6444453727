"""Uploads: kept whole under plain names, told apart by content, limited in size and number."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from tests.studio.running import LONGEST_WAIT_MS, RunningStudio, run_async

from chromasonic.errors import ChromasonicError, DataError, StorageError, UsageError
from chromasonic.studio.shelf import NotHereError
from chromasonic.studio.upload_kinds import kind_of_upload
from chromasonic.studio.uploads import TooLargeError, Uploads, plain_name

MIDI = b"MThd\0\0\0\6\0\0\0\1\0\x60"
NPZ = b"PK\x03\x04" + b"\0" * 22 + (5).to_bytes(2, "little") + b"\0\0" + b"a.npy"
MXL = b"PK\x03\x04" + b"\0" * 22 + (22).to_bytes(2, "little") + b"\0\0" + b"META-INF/container.xml"
BINARY = {"Content-Type": "application/octet-stream"}


def incoming(name: str, *parts: bytes, length: int | None = None) -> Request:
    """A request that sends a file in parts."""
    left = list(parts)

    async def receive() -> dict[str, Any]:
        body = left.pop(0) if left else b""
        return {"type": "http.request", "body": body, "more_body": bool(left)}

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    query = str(httpx.QueryParams({"name": name})).encode()
    scope = {"type": "http", "method": "POST", "headers": headers, "query_string": query}
    return Request(scope, receive)


def kept(uploads: Uploads, name: str, *parts: bytes, length: int | None = None) -> dict[str, Any]:
    return run_async(uploads.keep(incoming(name, *parts, length=length)))


def left_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*")) if folder.is_dir() else []


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.mid", MIDI, "midi"),
        ("a.txt", MIDI, "midi"),
        ("a.abc", b"X:1\nT:A\nK:C\nCDEF|", "abc"),
        ("pasted.txt", b"% mine\nX: 1\nK:C\nC", "abc"),
        ("a.xml", b'<?xml version="1.0"?>\n<score-partwise/>', "musicxml"),
        ("a.xml", "<?xml version='1.0' encoding='UTF-16'?><score-timewise/>".encode("utf-16"),
         "musicxml"),
        ("a.mxl", MXL, "mxl"),
        ("a.zip", MXL, "mxl"),
        ("a.npz", NPZ, "landmarks"),
        ("a.krn", b"!! a comment\n**kern\n4c\n*-", "kern"),
        ("a.png", b"\x89PNG\r\n\x1a\n\0", "picture"),
        ("a.mid", b"\xff\xd8\xff\xe0", "picture"),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 ", "picture"),
        ("a.wav", b"RIFF\0\0\0\0WAVEfmt ", "sound"),
        ("a.json", b'{"frames": []}', "landmarks"),
        ("a.csv", b"time;x;y\n0;1;2\n", "landmarks"),
        ("a.bvh", b"HIERARCHY\nROOT hips\n", "landmarks"),
    ],
)  # fmt: skip
def test_a_file_is_what_it_begins_as(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    told = kept(Uploads(tmp_path, file_bytes=10_000), name, content)
    assert (told["kind"], told["bytes"], told["name"]) == (kind, len(content), name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.mid", b"%PDF-1.7"),
        ("a.abc", b"\x7fELF\x02\x01\x01\0"),
        ("a.html", b"<!doctype html><script>alert(1)</script>"),
        ("a.xml", b"<!DOCTYPE html><html/>"),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'),
        ("a.zip", b"PK\x03\x04" + b"\0" * 26 + b"evil.exe"),
        ("a.pkl", b"\x80\x04\x95"),
        ("notes.txt", b"hello"),
        ("a.avi", b"RIFF\0\0\0\0AVI LIST"),
    ],
)
def test_what_the_studio_cannot_use_is_refused_and_not_kept(
    tmp_path: Path, name: str, content: bytes
) -> None:
    with pytest.raises(DataError, match="It takes MIDI, ABC, MusicXML"):
        kept(Uploads(tmp_path / "in", file_bytes=10_000), name, content)
    assert left_in(tmp_path / "in") == []


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a.mid is empty"):
        kept(Uploads(tmp_path, file_bytes=10), "a.mid", b"")


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, file_bytes=1_000)
    told = incoming("a.mid", MIDI, length=1_001)
    with pytest.raises(TooLargeError, match="0.001 MB"):
        run_async(uploads.keep(told))
    untold = incoming("a.mid", MIDI, *[b"x" * 400] * 5)
    with pytest.raises(TooLargeError):
        run_async(uploads.keep(untold))
    rest = run_async(_rest(untold))
    assert rest >= 800, "what came after the limit was not read"
    assert left_in(tmp_path) == []


async def _rest(request: Request) -> int:
    parts: AsyncIterator[bytes] = request.stream()
    return sum([len(part) async for part in parts])


def test_what_is_refused_by_its_beginning_is_not_read_to_its_end(tmp_path: Path) -> None:
    request = incoming("a.mid", *[b"\0" * 5_000] * 10)
    with pytest.raises(DataError):
        run_async(Uploads(tmp_path, file_bytes=100_000).keep(request))
    assert run_async(_rest(request)) == 45_000


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("../../etc/passwd", "passwd.mid"),
        ("..\\..\\evil.exe", "evil.mid"),
        ("a\0b\n.mid", "ab.mid"),
        (".mid", "mid.mid"),
        ("My tune, 2nd take.MIDI", "My tune_ 2nd take.midi"),
        ("x" * 5_000 + ".mid", "x" * 40 + ".mid"),
        ("", "The file.mid"),
        ("…/☃.mid", "_.mid"),
    ],
)
def test_a_name_becomes_plain_and_stays_in_its_folder(
    tmp_path: Path, name: str, stored: str
) -> None:
    uploads = Uploads(tmp_path, file_bytes=1_000)
    path = uploads.path(kept(uploads, name, MIDI)["upload"])
    assert path.name == stored
    assert path.parent.parent == tmp_path
    assert len(plain_name(name)) <= 120


@pytest.mark.parametrize("upload", ["", "..", "../../etc", "*", "A" * 15, "A" * 16, "A" * 17])
def test_only_what_was_kept_is_found(tmp_path: Path, upload: str) -> None:
    with pytest.raises(NotHereError, match="Send it again"):
        Uploads(tmp_path, file_bytes=1).path(upload)


def test_a_caller_can_ask_for_kinds(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, file_bytes=1_000)
    upload = kept(uploads, "a.mid", MIDI)["upload"]
    assert uploads.path(upload, ["midi", "abc"]).suffix == ".mid"
    with pytest.raises(UsageError, match="a.mid is MIDI; wanted here: picture"):
        uploads.path(upload, ["picture"])


def test_the_old_goes_by_itself_and_the_oldest_makes_room(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, file_bytes=10_000, all_bytes=30_000)
    ids = [kept(uploads, f"{n}.mid", MIDI + b"x" * 2_000, length=2_014)["upload"] for n in range(3)]
    for age, upload in zip((8 * 86_400, 3_600, 1_000), ids, strict=True):
        os.utime(tmp_path / upload, (time.time() - age,) * 2)
    kept(uploads, "new.mid", MIDI, length=len(MIDI))
    found = {upload for upload in ids if (tmp_path / upload).is_dir()}
    assert ids[0] not in found, "older than a week"
    kept(uploads, "large.mid", MIDI + b"x" * 9_000, length=9_014)
    assert ids[1] not in {path.name for path in tmp_path.iterdir()}, "the oldest made room"


def test_young_uploads_do_not_make_room(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, file_bytes=10_000, all_bytes=20_000)
    first = kept(uploads, "a.mid", MIDI)["upload"]
    with pytest.raises(StorageError, match="quarter of an hour"):
        for _ in range(10):
            kept(uploads, "b.mid", MIDI)
    assert uploads.path(first).is_file()


def test_a_sender_who_goes_away_leaves_nothing(tmp_path: Path) -> None:
    class Gone(Exception):
        pass

    async def receive() -> dict[str, Any]:
        if not sent:
            sent.append(1)
            return {"type": "http.request", "body": MIDI, "more_body": True}
        raise Gone

    sent: list[int] = []
    scope = {"type": "http", "method": "POST", "headers": [], "query_string": b"name=a.mid"}
    with pytest.raises(Gone):
        run_async(Uploads(tmp_path, file_bytes=100).keep(Request(scope, receive)))
    assert left_in(tmp_path) == []


def test_random_beginnings_are_told_or_refused_and_never_a_fault() -> None:
    from hypothesis import given, settings
    from hypothesis import strategies as some

    starts = [b"", b"MThd", b"RIFF", b"PK\x03\x04", b"<", b"{", b"\xff\xfe", b"\xff\xfb", b"X:1\n"]

    @settings(max_examples=150, deadline=None)
    @given(some.sampled_from(starts), some.binary(max_size=80), some.text(max_size=20))
    def tell(start: bytes, rest: bytes, name: str) -> None:
        kind = kind_of_upload(name, start + rest)
        assert kind is None or kind.endings[0].startswith(".")

    tell()


def test_over_http_a_file_comes_in_and_refusals_have_their_codes(studio: RunningStudio) -> None:
    with httpx.Client(base_url=studio.address, timeout=LONGEST_WAIT_MS / 1000) as http:
        good = http.post("/api/uploads", params={"name": "a.mid"}, content=MIDI, headers=BINARY)
        assert good.status_code == 200
        assert set(good.json()) == {"upload", "name", "bytes", "kind"}
        bad = http.post("/api/uploads", params={"name": "a.exe"}, content=b"MZ\0", headers=BINARY)
        assert bad.status_code == 400
        parts = (MIDI + b"x" * 1_000_000 for _ in range(33))
        huge = http.post("/api/uploads", params={"name": "a.mid"}, content=parts, headers=BINARY)
        assert huge.status_code == 413


def test_errors_of_uploads_are_the_projects_own() -> None:
    assert issubclass(TooLargeError, ChromasonicError)
    assert issubclass(NotHereError, ChromasonicError)
