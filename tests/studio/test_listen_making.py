"""Listening tests made over HTTP: from recordings, from models, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from tests.studio.listening import Listener, made_test, tone
from tests.studio.running import LONGEST_WAIT_MS, RunningStudio

from chromasonic.abtest.experiments import Experiments
from chromasonic.abtest.loudness import integrated_loudness, true_peak
from chromasonic.formats.audio import Sound
from chromasonic.studio.listen.invitations import Invitations

ASKED = {"title": "Mine", "trials": 3, "repeats": 1}


@pytest.fixture
def http(studio: RunningStudio) -> Any:
    with httpx.Client(base_url=studio.address, timeout=LONGEST_WAIT_MS / 1000) as client:
        yield client


def done(http: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    """The job when it is over."""
    assert "id" in job, job
    while True:
        told = http.get(f"/api/jobs/{job['id']}").json()
        if told["state"] not in ("waiting", "running"):
            return told
        time.sleep(0.2)


def sent(http: httpx.Client, name: str, samples: np.ndarray, rate: int) -> dict[str, str]:
    """A recording as the page sends it."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV")
    answer = http.post(
        f"/api/uploads?name={name}", content=buffer.getvalue(),
        headers={"Content-Type": "application/octet-stream"},
    )  # fmt: skip
    return {"upload": answer.json()["upload"], "name": name}


def versions(http: httpx.Client) -> list[dict[str, Any]]:
    """Two versions of three recordings: one soft, mono, 22 kHz; the other loud, stereo, longer."""
    rng = np.random.default_rng(1)
    names = ("One <b>.wav", "=two.wav", "three.wav")
    soft = [tone(330, 1.0).samples[::2] * 0.02 for _ in names]
    loud = [rng.normal(0, 0.2, (55_000, 2)).clip(-1, 1) for _ in names]
    return [
        {
            "name": name,
            "recordings": [
                sent(http, file, samples, rate) for file, samples in zip(names, sounds, strict=True)
            ],
        }
        for name, sounds, rate in (("Oboe", soft, 22_050), ("<i>Viol</i>", loud, 44_100))
    ]


def test_recordings_become_pairs_of_equal_loudness_and_length(
    http: httpx.Client, studio: RunningStudio
) -> None:
    answer = http.post("/api/listen/sounds", json={**ASKED, "versions": versions(http)})
    told = done(http, answer.json())
    assert told["state"] == "done", told["error"]
    key, name = told["result"]["key"], told["result"]["name"]
    shown = http.get(f"/api/listen/{key}").json()
    assert shown["items"] == ["one-b", "three", "two"]
    assert shown["versions"] == {"A": "Oboe", "B": "<i>Viol</i>"}
    for item in range(3):
        clips = [http.get(f"/api/listen/{key}/clips/{item}/{label}").content for label in "AB"]
        assert len(clips[0]) == len(clips[1])
        sounds = [Sound(*soundfile.read(io.BytesIO(clip), dtype="float32")) for clip in clips]
        assert sounds[0].samples.shape == sounds[1].samples.shape
        loudness = [integrated_loudness(sound) for sound in sounds]
        assert loudness[0] == pytest.approx(loudness[1], abs=0.1)
        assert max(true_peak(sound) for sound in sounds) < -1.0
    with Experiments() as experiments:
        design = experiments.get(name).design
    assert (design.trials, design.repeats, design.arms[0].version) == (3, 1, "sounds: Oboe")
    assert not list((studio.folder / "listening").glob(".*"))


def test_what_cannot_become_a_test_is_refused_in_words(http: httpx.Client) -> None:
    before = http.get("/api/listen").json()["tests"]
    both = versions(http)
    lonely = [both[0], {**both[1], "recordings": both[1]["recordings"][:2]}]
    told = done(http, http.post("/api/listen/sounds", json={**ASKED, "versions": lonely}).json())
    assert "Version B has no recording 'three'" in told["error"]
    twice = [both[0], {**both[1], "recordings": both[1]["recordings"][:1] * 2}]
    answer = http.post("/api/listen/sounds", json={**ASKED, "versions": twice})
    assert (answer.status_code, "two recordings called" in answer.json()["error"]) == (400, True)
    silent = [
        {"name": name, "recordings": [sent(http, "a.wav", np.zeros(44_100), 44_100)]}
        for name in "AB"
    ]
    told = done(http, http.post("/api/listen/sounds", json={**ASKED, "versions": silent}).json())
    assert "is silent" in told["error"]
    same = {**ASKED, "models": ["folk@shipped"] * 2, "names": ["a", "b"]}
    told = done(http, http.post("/api/listen", json=same).json())
    assert "are the same files" in told["error"]
    for wrong in ({"trials": 0}, {"title": ""}, {"bars": 1}, {"models": ["one"]}, {"more": 1}):
        assert http.post("/api/listen", json={**same, **wrong}).status_code == 422
    answer = http.post("/api/listen", json={**same, "title": " \t "})
    assert (answer.status_code, "are empty" in answer.json()["error"]) == (400, True)
    assert http.get("/api/listen").json()["tests"] == before


def test_a_recording_that_is_damaged_ends_in_words_and_leaves_nothing(
    http: httpx.Client, studio: RunningStudio
) -> None:
    before = len(http.get("/api/listen").json()["tests"])
    head = b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0\x01\0\xff\xff"  # 65,535 channels
    head += b"\x44\xac\0\0\x88\x58\x01\0\x02\0\x10\0"
    answer = http.post(
        "/api/uploads?name=bad.wav", content=head + b"data\xff\xff\xff\x7f" + b"\0" * 50,
        headers={"Content-Type": "application/octet-stream"},
    )  # fmt: skip
    upload = {"upload": answer.json()["upload"], "name": "bad.wav"}
    both = [{"name": name, "recordings": [upload]} for name in "AB"]
    told = done(http, http.post("/api/listen/sounds", json={**ASKED, "versions": both}).json())
    assert told["state"] == "failed"
    assert "fault" not in told["error"]
    assert len(http.get("/api/listen").json()["tests"]) == before
    assert not list((studio.folder / "listening").glob(".*"))


def test_the_owner_reads_results_exports_them_and_closes(
    http: httpx.Client, studio: RunningStudio
) -> None:
    invitation, experiment = made_test(studio.folder, items=2, trials=2, repeats=0)
    api = f"/api/listen/{invitation.key}"
    assert http.get(f"{api}/votes.csv").text.splitlines()[0].startswith("number,listener,trial")
    with Listener(studio.address, invitation.key) as listener:
        for one in listener.join()["pairs"]:
            listener.vote(one["token"], "second")
    told = http.get(api).json()
    assert told["reading"]["votes_cast"] == 2
    assert [one["votes"] for one in told["listeners"]] == [2]
    assert told["damage"] == ""
    rows = list(csv.DictReader(io.StringIO(http.get(f"{api}/votes.csv").text)))
    assert [row["choice"] for row in rows] == ["second", "second"]
    assert {row["first"] for row in rows} == {"A", "B"}  # each version came first once
    document = http.get(f"{api}/votes.json")
    assert document.json()["head"] == rows[-1]["chain"]
    assert "127.0.0.1" not in document.text
    assert experiment.design.salt not in document.text
    with http.stream("GET", f"{api}/events") as events:
        line = next(one for one in events.iter_lines() if one.startswith("data: "))
    assert json.loads(line.removeprefix("data: "))["reading"]["votes_cast"] == 2
    assert http.post(f"{api}/close", json={}).json()["is_open"] is False
    assert http.post(f"{api}/close", json={}).json()["is_open"] is False
    assert http.get(f"{api}/votes.exe").status_code == 400
    assert http.get("/api/listen/AAAAAAAAAAAAAAAA").status_code == 404


def test_a_test_whose_votes_are_elsewhere_does_not_hide_the_others(
    http: httpx.Client, studio: RunningStudio
) -> None:
    invitations = Invitations(studio.folder / "listening")
    key, _ = invitations.begin()
    invitations.keep(key, "made-with-another-database", title="Lost", versions={"A": "a"})
    there, _ = made_test(studio.folder, items=1, trials=1, repeats=0)
    told = {one["key"]: one for one in http.get("/api/listen").json()["tests"]}
    assert "no experiment 'made-with-another-database'" in told[key]["problem"]
    assert told[there.key]["is_open"] is True
    assert http.get(f"/api/hear/{key}").status_code == 503


def test_formulas_in_names_stay_text_in_the_table() -> None:
    from chromasonic.studio.listen.routes import _no_formula, item_name

    assert _no_formula("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert _no_formula("@x") == "'@x"
    assert (_no_formula("first"), _no_formula(-3), _no_formula("")) == ("first", -3, "")
    assert item_name("..\\..\\etc/<img src=x>.wav") == "img-src-x"
    assert item_name("....") == "clip"
    assert len(item_name("a" * 300 + ".wav")) == 60


def test_a_studio_that_is_shared_shows_listeners_the_test_and_nothing_else(tmp_path: Path) -> None:
    from tests.studio.running import ended, started_studio

    invitation, _ = made_test(tmp_path, items=2, trials=2, repeats=0)
    shared = started_studio(tmp_path, "--share")
    try:
        base = shared.address.partition("/?")[0]
        with httpx.Client(base_url=base, timeout=LONGEST_WAIT_MS / 1000) as stranger:
            assert stranger.get(f"/hear/{invitation.key}").status_code == 200
            assert stranger.get("/web/hear/page.js").status_code == 200
            assert stranger.get("/web/kit/base.css").status_code == 200
            assert stranger.get(f"/api/hear/{invitation.key}").json()["asked"] == 2
            for path in (
                "/", "/listen", "/api/listen", f"/api/listen/{invitation.key}",
                f"/api/listen/{invitation.key}/votes.csv", "/api/pieces", "/compose",
                f"/api/listen/{invitation.key}/clips/0/A", "/web/listen/page.js",
            ):  # fmt: skip
                assert stranger.get(path).status_code == 401, path
    finally:
        ended(shared)
