"""Models on their way into the package: made by their recipes, thinned; and each one at work."""

from __future__ import annotations

import json
import math
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch

from chromasonic.errors import CheckpointError, ConfigError, UsageError
from chromasonic.registry.shipped import CARD, SHIPPED, models_in
from chromasonic.tasks.shipping import ship, thinned, without_places
from chromasonic.tasks.shipping_plans import Plan, plan_named
from chromasonic.tasks.shipping_training import recipe_of
from chromasonic.training.checkpoint import FORMAT_VERSION, load_checkpoint, save_checkpoint

REPOSITORY = Path(__file__).parents[2]
SCRIPT = REPOSITORY / "scripts" / "train_shipped_models.py"
RECIPES = REPOSITORY / "recipes" / "shipped"

pytestmark = pytest.mark.usefixtures("own_registry")
"""What others registered under a shipped model's name does not matter here."""


def made(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)


def test_the_script_makes_a_model_again_by_its_recipe(tmp_path: Path) -> None:
    """Tiny: short tunes, sixteen cells, one epoch; otherwise all that makes the real one."""
    done = made("--tiny", "--only", "folk", "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    (model,) = models_in(tmp_path)
    assert (model.name, model.kind, model.problems()) == ("folk", "lstm", ())
    kept = {Path(name).name for name in model.files}
    assert kept == {
        "README.md", "run.json", "recipe.toml", "split.json",
        "melody_lstm_best.pt", "melody_lstm_history.json", "melody_lstm_history.csv",
    }  # fmt: skip
    recipe = tomllib.loads((model.folder / "recipe.toml").read_text(encoding="utf-8"))
    assert recipe["data"]["dataset"] == "folk-pd"
    assert recipe["lstm"]["model"]["hidden_size"] == 16
    real = recipe_of(plan_named("folk"), RECIPES)["lstm"]
    for table, name in (("training", "learning_rate"), ("model", "dropout")):
        assert recipe["lstm"][table][name] == real[table][name]
    assert "folk-pd" in (model.folder / CARD).read_text(encoding="utf-8")

    from chromasonic.melody_generation.generation import GenerationSettings, generate_tunes
    from chromasonic.melody_generation.models import load_model

    loaded = load_model(model.folder)
    (tune,) = generate_tunes(loaded.model, 1, settings=GenerationSettings(bars=2), seed=1)
    assert tune.metre is not None
    assert sum(bar.duration for bar in tune.bars) == 2 * tune.metre.bar_ticks


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--tiny",), "--tiny needs an --output of its own"),
        (("--from-run", "runs/folk"), "name it with --only"),
        (("--only", "flok", "--output", "x"), "No model called 'flok' ships; there are: folk,"),
    ],
)
def test_the_script_refuses_what_would_spoil_the_package(
    words: tuple[str, ...],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *words])
    with pytest.raises(SystemExit) as leaving:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert leaving.value.code in (1, 2)
    assert says in capsys.readouterr().err


def checkpoint(folder: Path, weights: dict[str, torch.Tensor]) -> Path:
    content = {
        "format_version": FORMAT_VERSION,
        "model_state_dict": weights,
        "optimizer_state_dict": {"state": torch.zeros(1000)},
        "scheduler_state_dict": {},
        "epoch": 3,
        "config": {"name": "x", "data": {"data_dir": "/home/me/data", "dataset": "/a/b/tunes"}},
        "metrics": {"loss": 1.0},
        "rng_state": {},
        "sampler_state": {},
    }
    return save_checkpoint(folder / "x_best.pt", content)


def test_a_thinned_checkpoint_holds_weights_in_half_the_bits_and_nothing_to_train_on(
    tmp_path: Path,
) -> None:
    given = {
        "weight": torch.tensor([1.0, 1 / 3, -2e-3]),
        "shares": torch.tensor([1e-9, 0.5], dtype=torch.float64),
        "small": torch.tensor([-5, 300]),
        "large": torch.tensor([2**40]),
    }
    file = tmp_path / "thin.pt"
    file.write_bytes(thinned(checkpoint(tmp_path, given)))
    content = load_checkpoint(file)
    assert set(content) == {"format_version", "epoch", "config", "metrics", "model_state_dict"}
    assert content["config"]["data"] == {"data_dir": "", "dataset": "tunes"}
    found = content["model_state_dict"]
    assert {name: tensor.dtype for name, tensor in found.items()} == {
        "weight": torch.float16,
        "shares": torch.float32,
        "small": torch.int16,
        "large": torch.int64,
    }
    for name, tensor in given.items():
        assert found[name].double().numpy() == pytest.approx(tensor.double().numpy(), rel=2**-11)


@pytest.mark.parametrize("value", [1e6, math.inf, math.nan])
def test_a_weight_that_half_precision_cannot_hold_is_refused(tmp_path: Path, value: float) -> None:
    source = checkpoint(tmp_path, {"weight": torch.tensor([value])})
    with pytest.raises(CheckpointError, match="weight has a value beyond 65,504"):
        thinned(source)


def test_folders_of_the_machine_are_left_out() -> None:
    told = {"found_at": "/data/x", "command": ["/usr/bin/python", "--output", "runs/a"], "n": 1}
    assert without_places(told) == {
        "found_at": "",
        "command": ["python", "--output", "runs/a"],
        "n": 1,
    }


def run_like(folder: Path, name: str) -> Path:
    return Path(shutil.copytree(SHIPPED / name, folder / "run"))


def test_a_model_whose_corpus_is_not_free_does_not_ship(tmp_path: Path) -> None:
    run = run_like(tmp_path, "folk-markov")
    facts = json.loads((run / "run.json").read_text(encoding="utf-8"))
    facts["corpus"]["manifest"]["licence"] = "CC BY-NC 4.0"
    (run / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(UsageError, match="'folk-markov' may not ship.*CC BY-NC 4.0"):
        ship(run, plan_named("folk-markov"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_too_large_does_not_ship(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chromasonic.tasks.shipping.LARGEST_FILE", 40_000)
    with pytest.raises(UsageError, match="groove_predictor_best.pt has .* bytes; no file"):
        ship(run_like(tmp_path, "groove"), plan_named("groove"), tmp_path / "out")


def test_what_has_shipped_ships_again_as_it_is(tmp_path: Path) -> None:
    again = ship(run_like(tmp_path, "groove"), plan_named("groove"), tmp_path / "out")
    name = "checkpoints/groove_predictor_best.pt"
    ours, theirs = (load_checkpoint(place / name) for place in (SHIPPED / "groove", again.folder))
    assert ours["model_state_dict"].keys() == theirs["model_state_dict"].keys()
    for key, tensor in ours["model_state_dict"].items():
        assert torch.equal(tensor, theirs["model_state_dict"][key])


def test_plans_and_recipes_that_are_not_there_are_told() -> None:
    with pytest.raises(UsageError, match="ship in their own room"):
        Plan(name="x", task="harmonizer", kind="hybrid", title="", summary="")
    with pytest.raises(ConfigError):
        recipe_of(plan_named("folk"), Path("nowhere"))


def test_the_tunes_that_ship_are_written_full_and_in_key() -> None:
    from chromasonic.melody_generation.generation import GenerationSettings, generate_tunes
    from chromasonic.melody_generation.models import load_model

    for name in ("folk", "folk-markov"):
        settings = GenerationSettings(bars=8, key="D major", metre="6/8")
        tunes = generate_tunes(load_model(name).model, 3, settings=settings, seed=5)
        for tune in tunes:
            pitches = [pitch for _, _, pitch in tune.sounding()]
            full = tune.metre.bar_ticks if tune.metre is not None else 0
            assert sum(bar.duration for bar in tune.bars) == 8 * full > 0
            assert len(pitches) >= 8
            assert len(set(pitches)) >= 4
            in_key = sum(pitch % 12 in {2, 4, 6, 7, 9, 11, 1} for pitch in pitches)
            assert in_key / len(pitches) > 0.75


def test_the_folk_network_is_less_surprised_than_the_counts_by_a_tune_that_all_know() -> None:
    """A jig of O'Neill's kind, written here; bits a note of pitch."""
    from chromasonic.evaluation.likelihood import score_streams
    from chromasonic.formats.abc import read_abc
    from chromasonic.melody_generation.likelihood import MELODY_CLASSES, pitch_sums
    from chromasonic.melody_generation.models import load_model
    from chromasonic.melody_generation.tokens import encode

    jig = "X:1\nT:A jig\nM:6/8\nL:1/8\nK:D\n" + (
        "FAA dAA|BAB dAF|GBB FAA|EFE EFG|FAA dAA|BAB def|gfe fdB|AFE D3|\n" * 2
    )
    (tune,) = read_abc(jig, source="a jig").tunes
    bits = {}
    for name in ("folk", "folk-markov"):
        scores = score_streams(load_model(name).model, [encode(tune)], MELODY_CLASSES)
        surprise, notes = pitch_sums(scores)
        bits[name] = surprise.sum() / notes.sum()
    assert bits["folk"] < bits["folk-markov"]


def test_the_drums_that_ship_accent_the_beat() -> None:
    from chromasonic.companion.groove_humanizing import HumanizeSettings, humanize
    from chromasonic.companion.models import load_companion
    from chromasonic.formats.drum_pattern import drum_pattern_midi
    from chromasonic.formats.midi_drums import DrumFile

    pattern = "tempo 100\nhat  xxxxxxxxxxxxxxxx\nkick x.......x.......\nsnare ....x.......x...\n"
    drums = DrumFile(drum_pattern_midi(pattern), "pattern")
    played = humanize(drums, load_companion("groove").network, HumanizeSettings())
    hats = np.isin(played.pitch, (42, 44, 46))
    on_beat = hats & (np.asarray(played.quarters) % 1 == 0)
    between = hats & (np.asarray(played.quarters) % 0.5 != 0)
    assert played.new_velocity[on_beat].mean() > played.new_velocity[between].mean()
    assert np.ptp(played.shift_ms) > 0


def test_the_hands_that_ship_know_the_gestures_of_somebody_new() -> None:
    from chromasonic.data.synthetic_gestures import made_gestures
    from chromasonic.gesture.models import load_gesture
    from chromasonic.gesture.recognizing import recognize

    model = load_gesture("hands")
    takes = [take for take in made_gestures(600, 77) if take.performer == "performer 4"][:36]
    right = [recognize(model, take).label == take.label for take in takes]
    assert len(right) == 36
    assert np.mean(right) > 0.85


def test_the_chords_that_ship_are_loaded_by_name() -> None:
    from chromasonic.companion.models import load_companion

    loaded = load_companion("harmony")
    assert loaded.name == "harmony_predictor"
    corpora = [corpus["name"] for corpus in loaded.info["data"]["corpora"]]
    assert corpora == ["mcgill-billboard", "bach-chorales"]
