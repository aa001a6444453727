"""Experiments made in a terminal over clips of one's own: on the Listen page, with a link."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import httpx
import soundfile
from tests.studio.listening import Listener, tone
from tests.studio.running import LONGEST_WAIT_MS, RunningStudio
from typer.testing import CliRunner

from chromasonic.cli.app import app

ITEMS = ("reel", "waltz")


def run(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["ab", *map(str, words)])
    assert result.exit_code == code, result.output
    return " ".join(result.output.replace("│", " ").split())


def write(folder: Path, *, endings: tuple[str, str] = ("wav", "wav")) -> Path:
    """Clips of two versions."""
    for label, ending, hertz in zip("AB", endings, (300, 400), strict=True):
        (folder / label).mkdir(parents=True)
        for item in ITEMS:
            sound = tone(hertz, 0.5)
            soundfile.write(folder / label / f"{item}.{ending}", sound.samples, sound.rate)
    return folder


def made(clips: Path) -> str:
    """The name of a new experiment over clips."""
    name = f"bows-{secrets.token_hex(4)}"
    told = run("create", name, "sounds:gut", "sounds:steel", "--clips", clips, "--repeats", 0)
    assert f"Next, a link for listeners: chromasonic ab invite {name} --clips" in told
    return name


def test_an_experiment_of_the_terminal_is_listened_to_in_the_studio(
    studio: RunningStudio, tmp_path: Path
) -> None:
    clips = write(tmp_path, endings=("flac", "flac"))
    name = made(clips)
    words = ("invite", name, "--clips", clips, "--title", "Gut?", "--folder", studio.folder)
    told = json.loads(run(*words, "--json"))
    assert f"Listeners: {told['listeners']}," in run(*words)  # given again, it is the same one
    with httpx.Client(base_url=studio.address, timeout=LONGEST_WAIT_MS / 1000) as http:
        listed = {one["name"]: one for one in http.get("/api/listen").json()["tests"]}
        assert (listed[name]["title"], listed[name]["key"]) == ("Gut?", told["key"])
        assert http.get(told["page"]).status_code == 200
        shown = http.get(f"/api/listen/{told['key']}").json()
        assert shown["versions"] == {"A": "sounds: gut", "B": "sounds: steel"}
    with Listener(studio.address, told["key"]) as listener:
        (first, _) = listener.join()["pairs"]
        heard = [listener.clip(first["token"], side) for side in ("first", "second")]
        assert {one.headers["content-type"] for one in heard} == {"audio/flac"}
        sent = {(clips / label / f"{item}.flac").read_bytes() for label in "AB" for item in ITEMS}
        assert heard[0].content != heard[1].content
        assert {one.content for one in heard} <= sent
        assert listener.vote(first["token"]).status_code == 200
    assert "1 votes, each as it was cast" in run("verify", name)


def test_what_cannot_be_listened_to_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    folder = ("--folder", tmp_path / "studio")
    clips = write(tmp_path / "clips")
    name = made(clips)
    (clips / "B/waltz.wav").write_bytes((clips / "A/waltz.wav").read_bytes())
    told = run("invite", name, "--clips", clips, *folder, code=2)
    assert f"is not what it was when '{name}' was made" in told
    (clips / "B/waltz.wav").unlink()
    told = run("invite", name, "--clips", clips, *folder, code=2)
    assert "has no B/waltz.wav. Name the folder" in told

    unlike = write(tmp_path / "unlike", endings=("wav", "flac"))
    told = run("invite", made(unlike), "--clips", unlike, *folder, code=2)
    assert "are .flac, .wav; listeners are given one of" in told
    seeds = f"seeds-{secrets.token_hex(4)}"
    run("create", seeds, "folk@shipped", "folk-markov@shipped")
    assert "has no clips: its items are seeds" in run(
        "invite", seeds, "--clips", clips, *folder, code=2
    )
    assert list((tmp_path / "studio").rglob("*.*")) == []


def test_an_experiment_that_is_not_there_is_told(tmp_path: Path) -> None:
    told = run("invite", "none", "--clips", tmp_path, "--folder", tmp_path, code=2)
    assert "There is no experiment 'none'" in told
