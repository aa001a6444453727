"""Compose over HTTP: tunes by wish, a bar anew, openings and pictures, and what is refused."""

from __future__ import annotations

import io
import time
from typing import Any

import httpx
import pytest
from PIL import Image
from tests.studio.running import RunningStudio

from chromasonic.formats.abc import read_abc


@pytest.fixture
def client(studio: RunningStudio) -> Any:
    with httpx.Client(base_url=studio.address, timeout=60) as one:
        yield one


def result_of(client: httpx.Client, answer: httpx.Response) -> dict[str, Any]:
    """What came of a job."""
    assert answer.status_code == 200, answer.text
    job = answer.json()
    for _ in range(3_000):
        job = client.get(f"/api/jobs/{job['id']}").json()
        if job["state"] in ("done", "failed", "cancelled"):
            break
        time.sleep(0.1)
    assert job["state"] == "done", job
    return job["result"]


def tune(client: httpx.Client, **wishes: Any) -> dict[str, Any]:
    """The first piece of a wish; with the model that ships."""
    asked = {"model": "folk@shipped", "bars": 4, "seed": 3, **wishes}
    made = result_of(client, client.post("/api/compose/tunes", json=asked))
    return client.get(f"/api/pieces/{made['piece']}").json()


def abc_of(client: httpx.Client, piece: str) -> Any:
    (only,) = read_abc(client.get(f"/api/pieces/{piece}/tune.abc").text, source="piece").tunes
    return only


def test_a_tune_is_as_it_was_wished_and_in_every_format(client: httpx.Client) -> None:
    piece = tune(client, key="E minor", metre="6/8", tempo=77, title="A <b>bold</b> title")
    assert piece["title"] == "A <b>bold</b> title"
    written = abc_of(client, piece["id"])
    assert (str(written.key), str(written.metre), written.tempo_bpm) == ("E minor", "6/8", 77)
    assert sum(bar.duration for bar in written.bars) == 4 * written.metre.bar_ticks
    for name, start in {
        "tune.mid": b"MThd",
        "tune.musicxml": b"<?xml",
        "score.svg": b"<svg",
        "timeline.json": b"{",
    }.items():
        assert client.get(f"/api/pieces/{piece['id']}/{name}").content.startswith(start)


def test_the_same_seed_gives_the_same_tune_and_a_mood_another(client: httpx.Client) -> None:
    plain, again = (abc_of(client, tune(client)["id"]) for _ in range(2))
    assert plain.bars == again.bars
    sad = abc_of(client, tune(client, valence=-0.8, arousal=-0.7)["id"])
    assert sad.key.mode == "minor"
    assert sad.tempo_bpm < 80


def test_several_tunes_are_written_together_and_know_each_other(client: httpx.Client) -> None:
    asked = {"model": "folk@shipped", "bars": 2, "count": 3, "seed": 5}
    made = result_of(client, client.post("/api/compose/tunes", json=asked))
    assert len(set(made["pieces"])) == 3
    family = client.get(f"/api/compose/tunes/{made['pieces'][1]}/versions").json()
    assert [one["id"] for one in family["variations"]] == made["pieces"]
    assert len(family["versions"]) == 1


def test_one_bar_anew_keeps_the_rest_and_its_ancestors(client: httpx.Client) -> None:
    piece = tune(client, bars=6, metre="4/4")
    old = abc_of(client, piece["id"])
    latest, versions = piece["id"], [piece["id"]]
    for seed in (1, 2):
        asked = client.post(f"/api/compose/tunes/{latest}/reroll", json={"bar": 4, "seed": seed})
        latest = result_of(client, asked)["piece"]
        versions.append(latest)
    bars = [abc_of(client, one).bars for one in versions]
    for new in bars[1:]:
        assert new[:3] == old.bars[:3]
        assert new[4:] == old.bars[4:]
    assert len({repr(one[3]) for one in bars}) == 3
    family = client.get(f"/api/compose/tunes/{latest}/versions").json()["versions"]
    assert [one["id"] for one in family] == versions
    shown = client.get("/api/compose/tunes").json()["tunes"]
    (only,) = [one for one in shown if one["id"] in versions]
    assert (only["id"], only["versions"]) == (latest, 3)


def test_an_opening_is_kept_verbatim(client: httpx.Client) -> None:
    written = abc_of(client, tune(client, opening="X:1\nM:3/4\nL:1/8\nK:Dm\nd2e2f2|g2a2_b2")["id"])
    assert str(written.key) == "D minor"
    pitches = [note.pitch for bar in written.bars[:2] for note in bar.notes]
    assert pitches == [74, 76, 77, 79, 81, 82]


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ('GABc "open', 5, "quotation mark is not closed"),
        ("GAB c,,,,,,,,,, d", 4, "outside the MIDI range"),
        ("G\nA [M:99999/1] B", 4, "metre"),
    ],
)
def test_abc_that_cannot_be_read_has_its_place_told(
    text: str, at: int, said: str, client: httpx.Client
) -> None:
    found = result_of(client, client.post("/api/compose/openings", json={"abc": text}))
    assert said in found["fault"]["text"]
    assert found["fault"]["at"] <= at + 1 <= found["fault"]["at"] + found["fault"]["length"]
    refused = client.post("/api/compose/tunes", json={"model": "folk@shipped", "opening": text})
    assert refused.status_code == 400
    assert said in refused.json()["error"]


@pytest.mark.parametrize("text", ["(9" * 1_900, "G" * 1_980 + "," * 12 + "G" * 2_000])
def test_a_long_opening_that_is_broken_is_refused_in_time(text: str, client: httpx.Client) -> None:
    found = result_of(client, client.post("/api/compose/openings", json={"abc": text}))
    assert "fault" in found
    assert client.post("/api/compose/openings", json={"abc": "G" * 4_001}).status_code == 422


def test_played_notes_become_notation(client: httpx.Client) -> None:
    asked = {"notes": [[0, 4, 62], [4, 2, 64], [8, 8, 66]], "key": "D major", "metre": "3/4"}
    found = result_of(client, client.post("/api/compose/openings", json=asked))
    assert found["abc"] == "D2 Ez F2- | F2"
    assert found["svg"].startswith("<svg")
    bad = client.post("/api/compose/openings", json={"notes": [[0, 4, 200]]})
    assert client.post("/api/compose/openings", json={}).status_code == 422
    job = bad.json()
    for _ in range(3_000):
        job = client.get(f"/api/jobs/{job['id']}").json()
        if job["state"] != "running" and job["state"] != "waiting":
            break
        time.sleep(0.1)
    assert job["state"] == "failed"
    assert "out of range" in job["error"]


def sent(client: httpx.Client, name: str, content: bytes) -> httpx.Response:
    headers = {"Content-Type": "application/octet-stream"}
    return client.post(f"/api/uploads?name={name}", content=content, headers=headers)


def test_a_picture_gives_palette_place_mode_tempo_and_reasons(client: httpx.Client) -> None:
    out = io.BytesIO()
    Image.new("RGB", (50, 50), (255, 225, 60)).save(out, "JPEG")
    upload = sent(client, "sun.jpg", out.getvalue()).json()["upload"]
    asked = {"upload": upload, "name": "sun.jpg"}
    found = result_of(client, client.post("/api/compose/pictures", json=asked))
    assert found["mode"] == "major"
    assert found["valence"] > 0.5
    assert found["swatches"][0]["share"] == 1.0
    assert {one["word"] for one in found["influences"]} >= {"light", "saturated", "yellowish"}
    assert found["tempo"] > 120


def test_the_pictures_box_speaks_of_pictures(client: httpx.Client) -> None:
    where = "/api/uploads?name=no.png"
    sent = {"content": b"words", "headers": {"Content-Type": "application/octet-stream"}}
    refused = client.post(f"{where}&for=picture", **sent).json()["error"]
    assert refused == (
        "no.png is no picture that the studio can use. It takes PNG, JPEG, WebP, GIF."
    )
    assert "MIDI" in client.post(where, **sent).json()["error"]


def test_what_only_says_it_is_a_picture_ends_in_words(client: httpx.Client) -> None:
    upload = sent(client, "bomb.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 300).json()["upload"]
    job = client.post("/api/compose/pictures", json={"upload": upload, "name": "bomb.png"}).json()
    for _ in range(3_000):
        job = client.get(f"/api/jobs/{job['id']}").json()
        if job["state"] not in ("running", "waiting"):
            break
        time.sleep(0.1)
    assert job["state"] == "failed"
    assert "picture" in job["error"]
    midi = sent(client, "tune.mid", b"MThd\0\0\0\6\0\0\0\1\0\x60").json()["upload"]
    refused = client.post("/api/compose/pictures", json={"upload": midi})
    assert refused.status_code == 400


@pytest.mark.parametrize(
    "wishes",
    [
        {"bars": 0},
        {"bars": 1_000},
        {"model": ""},
        {"temperature": 0},
        {"valence": 0.5},
        {"valence": 2, "arousal": 0},
        {"count": 50},
        {"colours": [{"hex": "url(x)", "share": 1}]},
        {"unknown": 1},
    ],
)
def test_wishes_out_of_range_are_refused(wishes: dict, client: httpx.Client) -> None:
    answer = client.post("/api/compose/tunes", json={"model": "folk@shipped", **wishes})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"model": "nothing@1"}, "egister"),
        ({"key": "H dur"}, "is no key"),
        ({"metre": "11/13"}, "is no metre"),
        ({"mode": "happy"}, "is no mode"),
    ],
)
def test_what_no_model_can_do_is_said_in_words(
    wishes: dict, said: str, client: httpx.Client
) -> None:
    job = client.post("/api/compose/tunes", json={"model": "folk@shipped", "bars": 2, **wishes})
    told = job.json()
    for _ in range(3_000):
        told = client.get(f"/api/jobs/{told['id']}").json()
        if told["state"] not in ("running", "waiting"):
            break
        time.sleep(0.1)
    assert told["state"] == "failed"
    assert said in told["error"]


@pytest.mark.parametrize("model", ["/etc/passwd", "no/such/model", "../../elsewhere/run"])
def test_a_model_outside_the_folders_of_runs_is_refused(model: str, client: httpx.Client) -> None:
    answer = client.post("/api/compose/tunes", json={"model": model})
    assert answer.status_code == 400
    assert "Choose another" in answer.json()["error"]


def test_a_bar_or_a_tune_that_is_not_there_is_refused(client: httpx.Client) -> None:
    piece = tune(client, bars=2)
    for address, body in (
        (f"/api/compose/tunes/{piece['id']}/reroll", {"bar": 99}),
        ("/api/compose/tunes/AAAAAAAAAAAA/reroll", {"bar": 1}),
        ("/api/compose/tunes/..%2f..%2fetc/reroll", {"bar": 1}),
    ):
        assert client.post(address, json=body).status_code in (400, 404)


@pytest.mark.parametrize(
    ("text", "pitches", "said"),
    [
        ("C5 D5 E5:2", [72, 74, 76], "notes with octaves"),
        ("F#4 Bb4:1/2 G4", [66, 70, 67], "notes with octaves"),
        ("G4 A4 B4", [67, 69, 71], "A number is a length here"),
        (
            "GABc",
            [67, 69, 71, 72],
            "Letters are read in C, for no key is certain: choose one above",
        ),
        ("DFAd", [62, 65, 69, 74], "It sounds like D minor"),  # every letter stays what it is in C
        ("D^FAd", [62, 66, 69, 74], "It sounds like D major"),
        ("[CEG]2 F2", [67, 65], "the highest is taken"),
        ("K:G\nFGAB", [66, 67, 69, 71], ""),
        ("[K:F] DFAd", [62, 65, 69, 74], ""),  # the text says it, though it sounds like D minor
    ],
)
def test_how_an_opening_was_read_is_said(
    text: str, pitches: list[int], said: str, client: httpx.Client
) -> None:
    found = result_of(client, client.post("/api/compose/openings", json={"abc": text}))
    assert "fault" not in found, found
    heard = [pitch for bar in found["tune"]["bars"] for _, pitch, *_ in bar["notes"]]
    assert [pitch for pitch in heard if pitch is not None] == pitches
    assert said in " ".join(found["said"]) if said else found["said"] == []


@pytest.mark.parametrize(
    ("text", "bars"), [("DEFGABcAGFED", 1.5), ("CDEFGABc", 1), ("C2|CDEFGABc|C6|", 2)]
)
def test_bars_of_an_opening_count_by_how_full_they_are(
    text: str, bars: float, client: httpx.Client
) -> None:
    asked = client.post("/api/compose/openings", json={"abc": text, "metre": "4/4"})
    assert result_of(client, asked)["bars"] == bars


@pytest.mark.parametrize(
    ("text", "asked", "metre", "bars"),
    [
        ("E2 A2 B2 | c3 B A2 |", None, "3/4", 2),
        ("E2 A2 B2 | c3 B A2 |", "3/4", "3/4", 2),
        ("CDEF GABc | c8 |", None, "4/4", 2),
        ("M:6/8\nL:1/8\nK:C\nE2 A2 B2 | c3 B A2 |", None, "6/8", 2),
    ],
)
def test_bar_lines_of_an_opening_say_its_metre(
    text: str, asked: str | None, metre: str, bars: float, client: httpx.Client
) -> None:
    given = {"abc": text, "metre": asked}
    found = result_of(client, client.post("/api/compose/openings", json=given))
    assert (found["metre"], found["bars"]) == (metre, bars)
    is_by_lines = asked is None and metre == "3/4"
    assert ("By its bar lines it is in 3/4" in " ".join(found["said"])) == is_by_lines


@pytest.mark.parametrize(
    ("text", "letter", "at"), [("hello wrld", "h", 0), ("GAB cdq e", "q", 6), ('"Hm"G hi', "h", 6)]
)
def test_a_letter_that_is_no_note_is_refused_at_its_place(
    text: str, letter: str, at: int, client: httpx.Client
) -> None:
    found = result_of(client, client.post("/api/compose/openings", json={"abc": text}))
    assert f"'{letter}' is no note" in found["fault"]["text"]
    assert (found["fault"]["at"], found["fault"]["length"]) == (at, 1)


@pytest.mark.parametrize(
    ("text", "bars", "is_refused"),
    [("c" * 32, 4, True), ("c" * 31, 4, False), ("G2|" + "c8|" * 3 + "c7", 4, False)],
)
def test_an_opening_that_leaves_nothing_to_write_is_refused_as_it_is_typed(
    text: str, bars: int, is_refused: bool, client: httpx.Client
) -> None:
    asked = {"abc": text, "bars": bars}
    found = result_of(client, client.post("/api/compose/openings", json=asked))
    assert ("fault" in found) == is_refused
    if is_refused:
        assert "The opening fills 4 bars, and the tune shall have 4." in found["fault"]["text"]


def test_a_tune_knows_the_mood_that_it_was_written_in(client: httpx.Client) -> None:
    piece = tune(client, valence=-0.7, arousal=-0.6)
    assert piece["data"]["mood"] == "very gloomy"
    asked = client.post(f"/api/compose/tunes/{piece['id']}/reroll", json={"bar": 2})
    again = client.get(f"/api/pieces/{result_of(client, asked)['piece']}").json()
    assert again["data"]["mood"] == "very gloomy"
    assert tune(client)["data"]["mood"] is None
