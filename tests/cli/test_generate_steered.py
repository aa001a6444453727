"""`chromasonic generate` with a MelodyTransformer: steered, written in any format, misuse named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import symusic
from typer.testing import CliRunner

from chromasonic.cli.app import app


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with a MelodyTransformer that has seen a few made-up tunes."""
    folder = tmp_path_factory.mktemp("trained") / "models"
    result = run(
        *("train", "companion", "--models", "melody", "--synthetic", "--synthetic-examples", 8),
        *("--epochs", 1, "--device", "cpu", "--output", folder),
    )
    assert result.exit_code == 0, result.output
    return folder


def test_a_folder_and_a_checkpoint_give_the_same_melody(trained: Path) -> None:
    wishes = ("--valence", 0.8, "--arousal", -0.5, "--bars", 4, "--seed", 7)
    by_option = run("generate", "--companion", trained, *wishes)
    assert by_option.exit_code == 0, by_option.output
    assert "K:C\n" in by_option.stdout
    checkpoint = trained / "checkpoints" / "melody_transformer_best.pt"
    for path in (trained, trained / "checkpoints", checkpoint):
        assert run("generate", path, *wishes).stdout == by_option.stdout


def test_midi_carries_tempo_strength_and_metre(trained: Path, tmp_path: Path) -> None:
    scores = []
    for arousal in (-1, 1):
        target = tmp_path / f"tune{arousal}.mid"
        result = run(
            *("generate", trained, "--arousal", arousal, "--key", "a minor", "--metre", "3/4"),
            *("--bars", 8, "--output", target),
        )
        assert result.exit_code == 0, result.output
        assert str(target) in result.stdout.replace("\n", "")
        scores.append(symusic.Score(target))
    calm, excited = scores
    assert (calm.time_signatures[0].numerator, calm.key_signatures[0].tonality) == (3, 1)
    assert calm.tempos[0].qpm < excited.tempos[0].qpm
    strength = [
        sum(note.velocity for note in score.tracks[0].notes) / len(score.tracks[0].notes)
        for score in scores
    ]
    assert strength[0] < strength[1] - 10


def test_json_says_what_was_asked_and_several_get_numbers(trained: Path, tmp_path: Path) -> None:
    result = run(
        *("generate", trained, "--valence", -0.8, "--count", 2, "--bars", 2, "--json"),
        *("-o", tmp_path / "t.abc", "-o", tmp_path / "t.mid"),
    )
    document = json.loads(result.stdout)
    assert document["model"] == "melody_transformer"
    assert document["settings"]["valence"] == -0.8
    assert [tune["key"] for tune in document["tunes"]] == ["C minor", "C minor"]
    assert document["tunes"][0]["abc"] != document["tunes"][1]["abc"]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["t-1.abc", "t-1.mid", "t-2.abc", "t-2.mid"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--valence", 2), "valence is 2.0; allowed: from -1 to 1"),
        (("--key", "H dur"), "'H dur' is no key"),
        (("--metre", "seven"), "'seven' is no metre"),
        (("--opening", "GABc"), "--opening cannot be used with a MelodyTransformer"),
        (("--endings", "8"), "--endings cannot be used with a MelodyTransformer"),
        (("--count", 0), "--count is 0"),
        (("--output", "tune.xyz"), "tune.xyz"),
    ],
)
def test_misuse_is_named(trained: Path, options: tuple, said: str) -> None:
    result = run("generate", trained, *options)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_two_models_are_misuse(trained: Path) -> None:
    result = run("generate", trained, "--companion", trained)
    assert result.exit_code == 2
    assert "name one" in " ".join(result.stderr.split())


def test_a_folder_without_the_model_says_so(tmp_path: Path) -> None:
    result = run("generate", "--companion", tmp_path, "--valence", 0.5)
    assert result.exit_code == 1
    assert result.stderr.strip()
