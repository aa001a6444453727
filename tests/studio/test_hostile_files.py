"""Files that mean harm, through the processes that read them: refused in words and in time."""

from __future__ import annotations

import asyncio
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.studio.running import run_async

from chromasonic.studio.desk.desk import Desk
from chromasonic.studio.desk.job import Job
from chromasonic.studio.desk.lanes import LANES

EXAMPLES = Path(__file__).parents[2] / "examples"
FAULT = "terminal says more"
"""What the studio says of an error that nobody foresaw: a fault of a reader."""
SCORE = '<score-partwise version="4.0"><part-list><score-part id="P1"><part-name>{name}</part-name>\
</score-part></part-list><part id="P1">{inside}</part></score-partwise>'
MEASURE = '<measure number="1"><attributes><divisions>{divisions}</divisions></attributes><note>\
<pitch><step>C</step><octave>{octave}</octave></pitch><duration>{duration}</duration></note></measure>'


def score(name: str = "A", divisions: str = "1", octave: str = "4", duration: str = "4") -> str:
    inside = MEASURE.format(divisions=divisions, octave=octave, duration=duration)
    return SCORE.format(name=name, inside=inside)


def entity_bomb() -> bytes:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    return (
        f'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY e0 "laugh">{levels}]>' + score("&e11;")
    ).encode()


def outside_entity() -> bytes:
    return (
        '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + score("&x;")
    ).encode()


def zip_bomb(megabytes: int = 150) -> bytes:
    """A small archive of very much white space that claims to be a score."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    space, check, size = b" " * 1_000_000, 0, 0
    packed = b""
    for _ in range(megabytes):
        packed += packer.compress(space)
        size += len(space)
    packed += packer.flush()
    name = b"score.xml"
    told = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, check, len(packed), size, len(name), 0)
    local = b"PK\x03\x04" + told + name + packed
    central = (
        b"PK\x01\x02" + struct.pack("<H", 20) + told + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    )
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end


def archive(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "/"), content)
    return packed.getvalue()


def midi(*tracks: bytes, division: int = 96, count: int | None = None) -> bytes:
    head = struct.pack(">HHH", 1, len(tracks) if count is None else count, division)
    body = b"".join(b"MTrk" + struct.pack(">I", len(track)) + track for track in tracks)
    return b"MThd\0\0\0\6" + head + body


def picture(width: int, height: int, data: bytes = b"") -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def npz(**arrays: Any) -> bytes:
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    return packed.getvalue()


def huge_array() -> bytes:
    """A few bytes that claim to be an array of terabytes."""
    head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 3), }"
    head += b" " * (63 - (len(head) + 10) % 64) + b"\n"
    return archive(**{"frames.npy": b"\x93NUMPY\x01\0" + struct.pack("<H", len(head)) + head})


class Armed:
    """What would run as code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("open('/tmp/chromasonic-was-here', 'w')",)


NOTES = b"\0\x90\x3c\x40\x60\x80\x3c\0"
MELODIES = {
    "entity_bomb.musicxml": entity_bomb(),
    "outside_entity.musicxml": outside_entity(),
    "deep.musicxml": b"<score-partwise>" + b"<a>" * 300_000,
    "huge_duration.musicxml": score(duration="9" * 40).encode(),
    "no_divisions.musicxml": score(divisions="0").encode(),
    "endless_divisions.musicxml": score(divisions="1e400").encode(),
    "octave.musicxml": score(octave="99999999").encode(),
    "cut.musicxml": score().encode()[:150],
    "latin.musicxml": b"<?xml version='1.0' encoding='nonsense'?>" + score().encode(),
    "bomb.mxl": zip_bomb(),
    "no_score.mxl": archive(**{"META-INF__container.xml": b"<container/>"}),
    "leads_out.mxl": archive(**{"META-INF__container.xml": (
        b'<container><rootfiles><rootfile full-path="../../../../etc/passwd"/></rootfiles>'
        b"</container>")}),
    "cut.mxl": zip_bomb(1)[:300],
    "empty.mid": midi(),
    "no_division.mid": midi(NOTES + b"\0\xff\x2f\0", division=0),
    "smpte.mid": midi(NOTES + b"\0\xff\x2f\0", division=0xE728),
    "cut.mid": midi(NOTES)[:-4],
    "lies.mid": b"MThd\0\0\0\6\0\1\xff\xff\0\x60MTrk\xff\xff\xff\xff\0\x90",
    "late.mid": midi(b"\xff\xff\xff\x7f\x90\x3c\x40\xff\xff\xff\x7f\x80\x3c\0\0\xff\x2f\0"),
    "tempo.mid": midi(b"\0\xff\x51\3\0\0\0" + NOTES + b"\0\xff\x2f\0"),
    "metre.mid": midi(b"\0\xff\x58\4\0\xff\0\0" + NOTES + b"\0\xff\x2f\0"),
    "many.mid": midi(NOTES * 50_000 + b"\0\xff\x2f\0"),
    "length.abc": b"X:1\nL:1/0\nK:C\nC99999999999999999999|D/////////////////|",
    "tuplets.abc": b"X:1\nK:C\n" + b"(9999999:1:99999 C" * 1_000,
    "repeats.abc": b"X:1\nK:C\n" + b"|: C " * 50_000,
    "one_line.abc": b"X:1\nK:C\n" + b"C" * 1_500_000,
    "many_voices.abc": b"X:1\nK:C\n" + b"".join(b"V:%d\nC|\n" % n for n in range(20_000)),
    "octaves.abc": b"X:1\nK:C\n" + b"C" + b"," * 100_000,
    "brackets.abc": b"X:1\nK:C\n" + b"[" * 100_000,
    "macro.abc": b"X:1\nm: ~n = n\nM:99999999/1\nQ:1/0=0\nK:C#########\nC|",
    "script.abc": b"X:1\nT:<script>alert(1)</script>\nK:C\nCDEF|",
    "spines.krn": b"**kern\n" + b"*^\n" * 5_000 + b"4c\n",
}  # fmt: skip
PICTURES = {
    "bomb.png": picture(60_000, 60_000, zlib.compress(b"\0" * 100_000)),
    "negative.png": picture(2**31 - 1, 2**31 - 1),
    "none.png": picture(0, 0),
    "cut.png": picture(100, 100, zlib.compress(b"\0" * 50)),
    "cut.jpg": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "lies.gif": b"GIF89a\xff\xff\xff\xff\x80\0\0",
    "lies.webp": b"RIFF\xff\xff\xff\x7fWEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff",
}
RECORDINGS = {
    "armed.npz": npz(frames=np.array([Armed()], dtype=object)),
    "huge.npz": huge_array(),
    "nothing.npz": npz(other=np.zeros(3)),
    "endless.npz": npz(landmarks=np.full((5, 21, 3), np.inf)),
    "cut.npz": npz(landmarks=np.zeros((50, 21, 3)))[:200],
    "deep.json": b"[" * 200_000,
    "wrong.json": b'{"frames": {"a": [1, null, "x"]}}',
    "numbers.json": b'{"frames": [[1e999, -1e999, NaN]]}',
    "wide.csv": b",".join(b"x%d" % n for n in range(200_000)) + b"\n" + b"1," * 200_000 + b"\n",
    "words.csv": b"time,x,y\na,b,c\n",
    "deep.bvh": b"HIERARCHY\nROOT a\n" + b"{\nOFFSET 0 0 0\nJOINT b\n" * 50_000,
    "endless.bvh": b"HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 99999999 Xposition\n}\nMOTION\n"
    b"Frames: 999999999999\nFrame Time: 0\n",
}


async def read(desk: Desk, kind: str, path: Path) -> Job:
    params = {
        "path": str(path), "name": path.name, "shelf": str(path.parent / "shelf"),
        "text": None, "part": None, "key": None, "metre": None, "rate": None,
    }  # fmt: skip
    return await desk.finished(desk.submit(kind, params))


async def all_read(files: dict[str, tuple[str, bytes]], folder: Path) -> dict[str, Job]:
    desk = Desk(warm=False, waiting=1_000)
    await desk.start()
    try:
        jobs = {}
        for name, (kind, content) in files.items():
            (folder / name).write_bytes(content)
            jobs[name] = read(desk, kind, folder / name)
        done = await asyncio.gather(*jobs.values())
        return dict(zip(jobs, done, strict=True))
    finally:
        await desk.stop()


@pytest.mark.parametrize(
    ("kind", "files"),
    [
        ("harmonize-melody", MELODIES),
        ("compose-picture", PICTURES),
        ("gesture-read", RECORDINGS),
        ("groove-read", {name: data for name, data in MELODIES.items() if name.endswith(".mid")}),
    ],
    ids=["melodies", "pictures", "recordings", "drums"],
)
def test_a_hostile_file_is_refused_in_words_and_harms_nothing(
    kind: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    jobs = run_async(all_read({name: (kind, data) for name, data in files.items()}, tmp_path))
    wrong = {
        name: (job.state, job.error)
        for name, job in jobs.items()
        if job.state not in ("done", "failed")
        or (job.state == "failed" and (not job.error or FAULT in job.error))
        or str(tmp_path) in (job.error or "")
        or "root:" in str(job.result)
    }
    assert wrong == {}
    assert not Path("/tmp/chromasonic-was-here").exists()


def test_bombs_are_refused_for_what_they_are(tmp_path: Path) -> None:
    names = ("entity_bomb.musicxml", "outside_entity.musicxml", "bomb.mxl", "leads_out.mxl")
    files = {name: ("harmonize-melody", MELODIES[name]) for name in names}
    files |= {name: ("gesture-read", RECORDINGS[name]) for name in ("armed.npz", "huge.npz")}
    files["bomb.png"] = ("compose-picture", PICTURES["bomb.png"])
    jobs = run_async(all_read(files, tmp_path))
    assert {name: job.state for name, job in jobs.items()} == dict.fromkeys(files, "failed")
    ended = [name for name, job in jobs.items() if "ended early" in (job.error or "")]
    assert ended == [], "the readers know them; the limits are for those that nobody knows"


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A file with some of its bytes changed, cut, doubled or moved."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        place, length = chance.randrange(len(changed) or 1), chance.randint(1, 12)
        match chance.randrange(5):
            case 0:
                changed[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[place : place + length]
            case 2:
                changed[place:place] = changed[place : place + length] * chance.randint(1, 20)
            case 3:
                changed[place : place + length] = b"\xff" * length
            case _:
                del changed[max(1, place) :]
    return bytes(changed)


def seeds() -> Iterator[tuple[str, str, bytes]]:
    yield "harmonize-melody", ".mid", midi(b"\0\xff\x51\3\7\xa1\x20" + NOTES * 8 + b"\0\xff\x2f\0")
    yield "harmonize-melody", ".musicxml", score().encode()
    yield (
        "harmonize-melody",
        ".abc",
        b"X:1\nT:A\nM:6/8\nL:1/8\nK:Dm\n|:D>EF (3GAB|[1 c3-c3:|[2 d6|]",
    )
    yield "harmonize-melody", ".krn", b"**kern\n*k[f#]\n*M3/4\n=1\n4g\n4a\n4b\n=2\n2.dd\n==\n*-\n"
    yield "groove-read", ".mid", midi(b"\0\x99\x24\x64\x30\x89\x24\0" * 8 + b"\0\xff\x2f\0")
    yield "compose-picture", ".png", picture(8, 8, zlib.compress(b"\0" + b"\x80\x10\x20" * 8 * 8))


def test_two_hundred_broken_files_are_refused_in_words_by_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = replace(LANES["read"], is_warm=True, processes=1)
    monkeypatch.setitem(LANES, "read", one)
    chance = random.Random(20_08)
    files = {}
    for number in range(34):
        for kind, ending, data in seeds():
            files[f"{kind}{number}{ending}"] = (kind, mutated(data, chance))
    jobs = run_async(all_read(files, tmp_path))
    faults = {
        name: (job.error, files[name][1])
        for name, job in jobs.items()
        if job.state != "done" and (not job.error or FAULT in job.error or "early" in job.error)
    }
    assert len(files) >= 200
    assert faults == {}
