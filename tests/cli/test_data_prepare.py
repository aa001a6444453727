"""`chromasonic data prepare`, and what `data info` and `train melody` make of its folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.data.synthetic import structured_tunes
from chromasonic.formats.midi import write_midi


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve tunes as MIDI, and a file that is none."""
    folder = tmp_path_factory.mktemp("files") / "mine"
    folder.mkdir()
    for number, tune in enumerate(structured_tunes(12, 2)):
        write_midi(tune, folder / f"tune-{number}.mid")
    (folder / "page.mid").write_text("<html></html>")
    return folder


def test_files_become_a_corpus_that_a_model_trains_on(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, text, _ = run("data", "prepare", folder, "-o", out, "--licence", "CC0-1.0")
    assert code == 0
    assert "12 tunes" in text
    assert "(licence: CC0-1.0)" in text
    assert "1  damaged or not what its name says\n" in text
    assert "page.mid: the file is no MIDI file" in text
    code, described, _ = run("data", "info", out)
    assert code == 0
    assert described.splitlines()[:4] == text.splitlines()[:4]
    code, _, errors = run(
        "train", "melody", "--dataset", out, "--model", "markov", "-o", tmp_path / "run"
    )
    assert code == 0, errors
    corpus = json.loads((tmp_path / "run" / "run.json").read_text())["corpus"]
    facts = json.loads((out / "manifest.json").read_text())
    assert corpus["manifest"]["fingerprint"] == facts["fingerprint"]
    assert sum(corpus["sizes"].values()) == 12


def test_json_has_the_manifest_and_the_stages(folder: Path, tmp_path: Path) -> None:
    code, text, _ = run(
        "data", "prepare", folder, "-o", tmp_path / "out", "--workers", 2, "--block-files", 4,
        "--metre", "3/4", "--metre", "4/4", "--json",
    )  # fmt: skip
    assert code == 0
    document = json.loads(text)
    assert document["blocks"] == 4
    assert document["manifest"]["settings"]["metres"] == ["3/4", "4/4"]
    counts = document["manifest"]["counts"]
    refused = document["manifest"]["refused"]
    assert counts["tunes"] + sum(entry["count"] for entry in refused.values()) == 13
    assert {"parse", "filter", "tokenize"} <= set(document["stages"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("no-such-folder",), "is no corpus"),
        (("{folder}", "--metre", "4/5"), "metres is ('4/5',)"),
        (("{folder}", "--workers", "0"), "workers is 0"),
        (("{folder}", "--engine", "spark"), "allowed: local, ray"),
        (("jsb-chorales",), "in which no tune is looked for"),
    ],
)
def test_misuse_is_said_and_exits_2(
    arguments: tuple[str, ...], said: str, folder: Path, tmp_path: Path
) -> None:
    given = [argument.format(folder=folder) for argument in arguments]
    code, _, errors = run("data", "prepare", *given, "-o", tmp_path / "out")
    assert code == 2
    assert said in " ".join(errors.split())
    assert not (tmp_path / "out").exists()
