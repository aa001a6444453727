"""`chromasonic generate` in a mood: by place on the plane, or by the colours of a picture."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import symusic
from PIL import Image
from typer.testing import CliRunner

from chromasonic.cli.app import app


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def picture(path: Path, *colours: tuple[int, int, int]) -> Path:
    image = Image.new("RGB", (60, 20 * len(colours)))
    for number, colour in enumerate(colours):
        image.paste(colour, (0, 20 * number, 60, 20 * number + 20))
    image.save(path)
    return path


def tempo_and_key(abc: str) -> tuple[float, str]:
    tempo = re.search(r"^Q:\d+/\d+=([\d.]+)", abc, re.MULTILINE)
    key = re.search(r"^K:(\S+)", abc, re.MULTILINE)
    assert tempo
    assert key
    return float(tempo[1]), key[1]


def test_a_sunny_picture_gives_a_fast_tune_in_major_and_a_night_a_slow_one_in_minor(
    tmp_path: Path,
) -> None:
    options = ("--bars", 2, "--metre", "4/4", "--seed", 1)
    sunny = run("generate", "--from-image", picture(tmp_path / "sun.png", (255, 225, 60)), *options)
    night = run("generate", "--from-image", picture(tmp_path / "night.png", (16, 20, 40)), *options)
    assert sunny.exit_code == night.exit_code == 0, sunny.output + night.output
    fast, major = tempo_and_key(sunny.stdout)
    slow, minor = tempo_and_key(night.stdout)
    assert fast > slow + 20
    assert not major.endswith("m")
    assert minor.endswith("m")


def test_the_pictures_of_the_documentation_read_as_it_says() -> None:
    folder = Path(__file__).parents[2] / "examples" / "pictures"
    for name, mode, tempo in (("sunset.jpg", "major", 111), ("winter-night.jpg", "minor", 85)):
        result = run("generate", "--from-image", folder / name, "--bars", 1, "--json")
        mood = json.loads(result.stdout)["mood"]
        assert mood["mode"] == mode
        assert mood["tempo_bpm"] == pytest.approx(tempo, abs=1)


def test_what_was_read_is_said_beside_the_tune_and_not_in_it(tmp_path: Path) -> None:
    file = picture(tmp_path / "flag.png", (255, 225, 60), (16, 20, 40))
    result = run("generate", "--from-image", file, "--bars", 1)
    assert result.stdout.startswith("X:1\n")
    assert "flag.png: #" in result.stderr
    for word in ("50%", "valence", "arousal", "beats a minute"):
        assert word in result.stderr


def test_json_tells_palette_mood_and_reasons(tmp_path: Path) -> None:
    file = picture(tmp_path / "sun.png", (255, 225, 60))
    result = run("generate", "--from-image", file, "--bars", 1, "--json")
    mood = json.loads(result.stdout)["mood"]
    assert mood["palette"] == [{"hex": "#ffe13c", "share": 1.0}]
    assert mood["mode"] == "major"
    assert mood["valence"] > 0.5
    assert set(mood["reasons"]) >= {"mode", "tempo"}


def test_a_mood_reaches_mode_tempo_and_the_strength_of_midi(tmp_path: Path) -> None:
    out = tmp_path / "tune.mid"
    strengths = []
    for arousal in (-0.9, 0.9):
        result = run(
            *("generate", "--valence", -0.8, "--arousal", arousal, "--bars", 4, "--metre", "4/4"),
            *("--seed", 2, "-o", out),
        )
        assert result.exit_code == 0, result.output
        notes = symusic.Score(out).tracks[0].notes
        strengths.append(sum(note.velocity for note in notes) / len(notes))
    assert strengths[1] > strengths[0] + 15


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--valence", 2), "valence is 2.0; allowed: from -1 to 1"),
        (("--from-image", "PICTURE", "--valence", 0.5), "Leave out --valence and --arousal"),
        (("--from-image", "nowhere.png"), "Cannot read"),
        (("--from-image", "TEXT"), "no picture that is read here"),
    ],
)
def test_misuse_of_moods_is_named_before_a_model_is_opened(
    options: tuple, said: str, tmp_path: Path
) -> None:
    text = tmp_path / "words.png"
    text.write_text("no picture")
    known = {"PICTURE": picture(tmp_path / "sun.png", (255, 225, 60)), "TEXT": text}
    result = run("generate", tmp_path / "no-model", *(known.get(one, one) for one in options))
    assert result.exit_code in (1, 2)
    assert said in " ".join(result.stderr.split())
