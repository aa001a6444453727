"""`chromasonic ab pair`: clips from versions, which `ab create` then takes."""

from __future__ import annotations

import json
from pathlib import Path

import soundfile
from typer.testing import CliRunner

from chromasonic.abtest.loudness import integrated_loudness
from chromasonic.cli.app import app
from chromasonic.formats.audio import Sound


def run(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output if code else result.stdout


def test_pairs_are_written_and_an_experiment_takes_them(tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    told = run(
        "ab", "pair", "folk@shipped", "folk-markov@shipped", "--output", clips,
        "--items", 2, "--bars", 2, "--loudness", -24, "--json",
    )  # fmt: skip
    assert json.loads(told)["labels"] == ["A", "B"]
    files = sorted(clips.rglob("*.mp3"))
    assert [path.relative_to(clips).as_posix() for path in files] == [
        "A/01-g-major-4-4.mp3", "A/02-d-major-6-8.mp3",
        "B/01-g-major-4-4.mp3", "B/02-d-major-6-8.mp3",
    ]  # fmt: skip
    for path in files:
        sound = Sound(*soundfile.read(path, dtype="float32"))
        assert abs(integrated_loudness(sound) + 24) < 0.1
    told = run("ab", "create", "paired", "folk@shipped", "folk-markov@shipped", "--clips", clips)
    assert "takes votes" in told
    assert "2 items" in told
    again = run("ab", "pair", "folk@shipped", "folk-markov@shipped", "--output", clips, code=2)
    assert "is there already" in " ".join(again.split())


def test_agents_set_chorales_and_bach_stands_beside_them(tmp_path: Path) -> None:
    told = run(
        "ab", "pair", "agent:exact", "agent:advanced", "--output", tmp_path / "voices",
        "--items", 1, "--anchor", "bach",
    )  # fmt: skip
    assert "1 pair: A, B, anchor" in told
    assert '--anchor "Bach"' in told
    assert len(list((tmp_path / "voices").rglob("*.mp3"))) == 3


def test_drummers_strike_the_same_hits_into_lossless_files(tmp_path: Path) -> None:
    both = ("drummer:groove@shipped", "drummer:straight")
    told = run(
        "ab", "pair", *both, "--output", tmp_path / "drums",
        "--items", 1, "--bars", 2, "--lossless", "--seed", 3,
    )  # fmt: skip
    assert "1 pair: A, B)" in told
    files = list((tmp_path / "drums").rglob("*.wav"))
    assert len(files) == 2
    assert len({path.stat().st_size for path in files}) == 1
    told = run("ab", "create", "feel", *both, "--clips", tmp_path / "drums")
    assert "takes votes" in told
    document = tmp_path / "feel.json"
    run("ab", "export", "feel", "--output", document)
    assert json.loads(document.read_text())["clips"] == "WAV, lossless"
    told = run("ab", "pair", *both, "--output", tmp_path / "new", "--metre", "3/4", code=2)
    assert "--metre means nothing for these versions; allowed: --bars, --looseness" in " ".join(
        told.replace("│", " ").split()
    )
    told = run("ab", "pair", "folk@shipped", both[1], "--output", tmp_path / "new", code=2)
    assert "do not do the same" in " ".join(told.replace("│", " ").split())


def test_a_model_that_cannot_drum_is_told_with_those_that_can(tmp_path: Path) -> None:
    both = ("drummer:folk@shipped", "drummer:straight")
    said = run("ab", "pair", *both, "--output", tmp_path / "new", code=2)
    assert "Drummers are drummer:groove" in " ".join(said.replace("│", " ").split())


def test_one_version_alone_is_refused_before_anything_is_played(tmp_path: Path) -> None:
    said = run("ab", "pair", "drummer:groove@shipped", "--output", tmp_path / "one", code=2)
    assert "two or more are compared" in " ".join(said.split())
    assert not (tmp_path / "one").exists()
