"""What the Harmonize page is given over HTTP: melodies of every kind, and what must be refused."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from shutil import copytree
from typing import Any

import httpx
import pytest
from tests.studio.running import LONGEST_WAIT_MS, RunningStudio

from chromasonic.harmonization.agents import SHIPPED

MELODY, SETTINGS, CHECKS = (f"/api/harmonize/{name}" for name in ("melody", "settings", "checks"))
TUNE = "C5 D5 E5:2 | D5 B4 C5:2"
BOMB = """<?xml version="1.0"?><!DOCTYPE score-partwise [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;">]>
<score-partwise version="4.0"><work><work-title>&e;</work-title></work></score-partwise>"""


@pytest.fixture
def http(studio: RunningStudio) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=studio.address, timeout=LONGEST_WAIT_MS / 1000) as client:
        yield client


def done(http: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A job at its end, or what was refused: {"error"}."""
    job = http.post(path, json=body).json()
    while job.get("state") in ("waiting", "running"):
        time.sleep(0.02)
        job = http.get(f"/api/jobs/{job['id']}").json()
    return job


def sent(http: httpx.Client, name: str, content: bytes | str) -> dict[str, Any]:
    return http.post(
        f"/api/uploads?name={name}",
        content=content,
        headers={"Content-Type": "application/octet-stream"},
    ).json()


def midi(tracks: list[list[tuple[int, int, int]]]) -> bytes:
    """A MIDI file, format 1, 480 ticks: for each track (onset, duration, pitch)."""
    chunks = []
    for notes in tracks:
        events = [(on, 0x90, pitch) for on, _, pitch in notes]
        events += [(on + length, 0x80, pitch) for on, length, pitch in notes]
        data, now = b"", 0
        for at, status, pitch in sorted(events, key=lambda one: (one[0], one[1])):
            delta, now = at - now, at
            data += bytes([0x80 | delta >> 7, delta & 127]) if delta > 127 else bytes([delta])
            data += bytes([status, pitch, 64])
        data += b"\x00\xff\x2f\x00"
        chunks.append(b"MTrk" + len(data).to_bytes(4, "big") + data)
    head = (
        b"MThd\x00\x00\x00\x06\x00\x01" + len(tracks).to_bytes(2, "big") + (480).to_bytes(2, "big")
    )
    return head + b"".join(chunks)


LINE = [
    (place * 480, 480, pitch) for place, pitch in enumerate((72, 74, 76, 77, 79, 77, 76, 74, 72))
]


def test_a_melody_is_read_and_said(http: httpx.Client) -> None:
    read = done(http, MELODY, {"text": TUNE})["result"]
    assert (read["key"], read["metre"], read["bars"], read["notes"]) == ("C major", "4/4", 2, 6)
    assert read["form"] == "notes"
    assert read["heard"]  # no key was given
    assert not done(http, MELODY, {"text": TUNE, "key": "C"})["result"]["heard"]
    assert not done(http, MELODY, {"text": "X:1\nK:C\nCDEF|"})["result"]["heard"]
    assert read["svg"].startswith("<")
    assert [note[:2] for note in read["tune"]["bars"][0]["notes"]] == [
        [10080, 72],
        [10080, 74],
        [20160, 76],
    ]


@pytest.mark.parametrize(
    ("text", "metre", "metre_asked"),
    [
        ("CDEF G2 | AGFE D2", "3/4", None),
        ("CD EF | G2 E2 | C4", "2/4", None),
        ("CDEF G2 | AGFE D2", "4/4", "4/4"),
        ("G2 | CDEF G2A2 | AGFE D4", "4/4", None),
    ],
)
def test_the_metre_is_that_of_the_bar_lines(
    text: str, metre: str, metre_asked: str | None, http: httpx.Client
) -> None:
    read = done(http, MELODY, {"text": text, "metre": metre_asked})["result"]
    assert read["metre"] == metre
    assert ("By its bar lines" in " ".join(read["said"])) == (metre != "4/4")


def test_a_low_tune_is_moved_and_says_so(http: httpx.Client) -> None:
    read = done(http, MELODY, {"text": "C3 D3 E3:2"})["result"]
    moved = "Moved up by an octave, into the soprano's range."
    assert read["said"] == [moved]
    wishes = {"source": {"text": "C3 D3 E3:2"}, "agents": [{"agent": "exact"}]}
    piece = done(http, SETTINGS, wishes)["result"]["piece"]
    assert http.get(f"/api/pieces/{piece}").json()["data"]["said"] == [moved]
    assert read["tune"]["bars"][0]["notes"][0][1] == 60


def test_chords_and_polyphony_are_taken_by_their_highest_voice_and_said(
    http: httpx.Client,
) -> None:
    low = [(on, length, pitch - 24) for on, length, pitch in LINE]
    upload = sent(http, "chords.mid", midi([[*LINE, *low]]))
    read = done(http, MELODY, {"upload": upload["upload"], "name": "chords.mid"})["result"]
    assert "Notes sound together, first in bar 1" in read["said"][0]
    assert [note[1] for note in read["tune"]["bars"][0]["notes"]] == [72, 74, 76, 77]
    upload = sent(http, "two.mid", midi([low, LINE]))
    read = done(http, MELODY, {"upload": upload["upload"], "name": "two.mid"})["result"]
    assert read["part"] == 1  # the higher of the two
    assert len(read["parts"]) == 2
    assert read["title"] == "two"
    lower = done(http, MELODY, {"upload": upload["upload"], "name": "two.mid", "part": 0})
    assert "Moved up by" in lower["result"]["said"][0]


def test_a_tune_of_the_shelf_is_set(http: httpx.Client, studio: RunningStudio) -> None:
    from chromasonic.studio.shelf import Shelf

    shelf = Shelf(studio.folder / "pieces")
    piece = shelf.keep("tune", "From <b>Compose</b>", {}, {"tune.abc": "X:1\nK:G\nGABc d4|\n"})
    made = done(http, SETTINGS, {"source": {"piece": piece.id}, "agents": [{"agent": "simple"}]})
    told = http.get(f"/api/pieces/{made['result']['piece']}").json()
    assert told["kind"] == "harmony"
    (setting,) = told["data"]["settings"]
    assert setting["voices"] == ["Melody", "Second voice"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("C3 C6", "no voice sings that"),
        ("R:4", "no note"),
        ("", "Nothing is typed"),
        ("X:1\nK:C\n" + "C8|" * 400, "400 bars; up to 300"),
        ("C5 " * 30_000, "words were typed"),
        ("X:1\nK:C\nz8|z8|\n", "no note"),
        ("C5 D5:99", "length '99'"),
    ],
)
def test_a_melody_that_cannot_be_set_is_refused_in_words(
    text: str, said: str, http: httpx.Client
) -> None:
    assert said in done(http, MELODY, {"text": text})["error"]
    assert said in done(http, SETTINGS, {"source": {"text": text}})["error"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bomb.musicxml", BOMB, "entit"),
        ("cut.mid", midi([LINE])[:30], "cut.mid"),
        ("noise.mid", b"MThd" + bytes(range(256)) * 40, "noise.mid"),
        ("empty.abc", "X:1\nT:Nothing\nK:C\n", "no"),
    ],
)
def test_a_file_that_is_no_music_is_refused_by_its_own_name(
    name: str, content: bytes | str, said: str, http: httpx.Client
) -> None:
    upload = sent(http, name, content)
    assert "upload" in upload
    for path in (MELODY, CHECKS):
        source = {"upload": upload["upload"], "name": name}
        answer = done(http, path, source if path == MELODY else {"source": source})
        assert said in answer["error"]
        assert upload["upload"] not in answer["error"]


@pytest.mark.parametrize(
    "body",
    [
        {"source": {}},
        {"source": {"text": TUNE, "piece": "abcdefghijkl"}},
        {"source": {"piece": "../../../etc"}},
        {"source": {"upload": "../../../../etc/passwd"}},
        {"source": {"example": "../bwv66.6"}},
        {"source": {"text": TUNE, "key": "H major"}},
        {"source": {"text": TUNE, "metre": "4/5"}},
        {"source": {"text": TUNE}, "agents": []},
        {"source": {"text": TUNE}, "agents": [{"agent": "bach"}]},
        {"source": {"text": TUNE}, "agents": [{"agent": "exact", "models": "/etc"}]},
        {"source": {"text": TUNE}, "agents": [{"agent": "exact"}] * 5},
        {"source": {"text": TUNE}, "count": 99},
        {"source": {"text": TUNE}, "shelf": "/tmp"},
    ],
)
def test_what_does_not_fit_is_refused_at_once(body: dict[str, Any], http: httpx.Client) -> None:
    answer = http.post(SETTINGS, json=body)
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]


def test_settings_of_two_agents_are_kept_with_their_marks(http: httpx.Client) -> None:
    wishes = {"source": {"text": TUNE}, "agents": [{"agent": "exact"}, {"agent": "advanced"}]}
    made = done(http, SETTINGS, {**wishes, "count": 2, "title": "<script>alert(1)</script>"})
    told = http.get(f"/api/pieces/{made['result']['piece']}").json()
    assert told["title"] == "<script>alert(1)</script>"
    labels = [one["label"] for one in told["data"]["settings"]]
    assert labels == ["Exact 1", "Exact 2", "Advanced"]
    for one in told["data"]["settings"]:
        setting = http.get(f"/api/pieces/{one['piece']}").json()
        assert {"score.svg", "setting.mid", "setting.musicxml", "timeline.json"} <= {
            *setting["files"]
        }
        score = http.get(f"/api/pieces/{one['piece']}/score.svg").text
        assert "<script" not in score
        cost = sum(mark["cost"] for mark in setting["data"]["marks"])
        assert cost == pytest.approx(-one["reward"], abs=1e-6)
        for mark in setting["data"]["marks"]:
            assert mark["notes"]
            assert all(f'id="{name}"' in score for name in mark["notes"])
    best, other, _ = (one["reward"] for one in told["data"]["settings"])
    assert best >= other


def test_bachs_own_setting_is_judged(http: httpx.Client) -> None:
    made = done(http, CHECKS, {"source": {"example": "bwv66.6", "name": "Bach: BWV 66.6"}})
    piece = http.get(f"/api/pieces/{made['result']['piece']}").json()
    assert piece["title"] == "Bach: BWV 66.6"
    (setting,) = piece["data"]["settings"]
    assert setting["agent"] == "own"
    assert http.get(f"/api/pieces/{setting['piece']}").json()["title"] == "Bach: BWV 66.6"
    assert "f#" in setting["traits"]["keys"]  # it is in F sharp minor, and goes to A major
    assert setting["traits"]["gravities"]["taste"] > setting["traits"]["gravities"]["fault"]


def test_three_voices_are_no_setting(http: httpx.Client) -> None:
    text = "X:1\nK:C\nV:1\nc4|\nV:2\nG4|\nV:3\nC4|\n"
    answer = done(http, CHECKS, {"source": {"text": text}})
    assert "3 voices" in answer["error"]
    assert json.dumps(answer)  # a plain answer, no page of a fault


def test_agents_that_were_trained_here_set_too(http: httpx.Client, studio: RunningStudio) -> None:
    copytree(SHIPPED, studio.folder / "runs" / "choir")
    found = http.get("/api/choices", params={"task": "harmonizer"}).json()["choices"]
    (own,) = [one for one in found if "choir" in one["ref"] and one["kind"] == "simple"]
    agents = [{"agent": "simple", "models": own["ref"]}]
    made = done(http, SETTINGS, {"source": {"text": TUNE}, "agents": agents})
    (setting,) = http.get(f"/api/pieces/{made['result']['piece']}").json()["data"]["settings"]
    assert (setting["label"], setting["agent"]) == (own["label"], "simple")


def test_music_without_a_title_is_called_by_its_key_and_length(http: httpx.Client) -> None:
    voices = ("c B|c2", "G G|G2", "E D|E2", "C, G,|C,2")
    text = "X:1\nM:2/4\nL:1/4\nK:C\n" + "\n".join(
        f"V:{number}\n{notes}|]" for number, notes in enumerate(voices, start=1)
    )
    for path, body, title in (
        (CHECKS, {"source": {"text": text}}, "Setting in C major, 2 bars"),
        (SETTINGS, {"source": {"text": "C5:4"}, "agents": [{"agent": "exact"}]}, "Melody in C"),
        (CHECKS, {"source": {"text": text.replace("X:1", "X:1\nT:Mine")}}, "Mine"),
    ):
        made = done(http, path, body)
        told = http.get(f"/api/pieces/{made['result']['piece']}").json()
        assert told["title"].startswith(title)
