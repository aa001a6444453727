"""Models of every task are judged piece by piece, and the sums are those of their own measures."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from chromasonic.abtest.comparing import compare
from chromasonic.errors import CheckpointError, ChromasonicError, EvaluationError, UsageError
from chromasonic.evaluation.judged import Judged
from chromasonic.harmonization.agents import SHIPPED
from chromasonic.music.chorale import Chorale
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.tasks import judging_harmonizer
from chromasonic.tasks.judging import judge, task_at
from chromasonic.tasks.judging_settings import recipe_hash
from chromasonic.tasks.table import task_named
from chromasonic.tasks.task import Trained

QUICK = {"epochs": 1, "batch_size": 8, "device": "cpu", "patience": 0}
RECIPES: dict[str, dict[str, Any]] = {
    "melody": {
        "data": {"dataset": "synthetic", "num_sequences": 40},
        "lstm": {"model": {"hidden_size": 8, "num_layers": 1}, "training": {**QUICK, "seed": 5}},
        "markov": {"model": {}},
    },
    "companion": {
        kind: {"data": {"synthetic": True, "synthetic_examples": 24}, "training": QUICK}
        for kind in ("harmony_predictor", "groove_predictor")
    },
    "gesture": {
        "data": {"dataset": "synthetic-gestures", "movements": 40},
        "network": {"spatial_dim": 6, "spatial_layers": 1, "temporal_dim": 8, "temporal_layers": 1},
        "training": QUICK,
    },
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trained]:
    """A small training of three tasks; not to be written to."""
    folder = tmp_path_factory.mktemp("judged")
    return {name: task_named(name).train(RECIPES[name], folder / name) for name in RECIPES}


def figure(judged: Judged, metric: str) -> float:
    scores = judged.scores[metric]
    return float(scores.sums_N.sum() / scores.counts_N.sum())


def test_bits_a_note_are_those_that_training_measured(trained: dict[str, Trained]) -> None:
    for judged in judge(trained["melody"].path):
        measured = trained["melody"].validation[judged.kind]
        assert figure(judged, "pitch bits") == pytest.approx(measured["pitch_bits"], rel=1e-3)
        assert judged.corpus == "synthetic"
        assert judged.part == "validation"
        assert judged.unit == "tune"
        assert next(iter(judged.scores)) == "pitch bits"
        assert len(judged.pieces) == len(judged.scores["pitch bits"].sums_N)


def test_seeds_and_recipes_of_melody_models_are_known(trained: dict[str, Trained]) -> None:
    lstm, markov = judge(trained["melody"].path)
    assert (lstm.kind, lstm.seed) == ("lstm", 5)
    assert (markov.kind, markov.seed) == ("markov", None)
    assert lstm.recipe
    assert lstm.recipe != markov.recipe


def test_one_kind_of_several_is_judged_alone(trained: dict[str, Trained]) -> None:
    (only,) = judge(trained["melody"].path, kind="markov")
    assert only.kind == "markov"


def test_a_checkpoint_is_judged_as_its_run_is(trained: dict[str, Trained]) -> None:
    path = trained["melody"].path
    (alone,) = judge(path / "lstm_checkpoints" / "melody_lstm_best.pt")
    (whole,) = judge(path, kind="lstm")
    assert figure(alone, "pitch bits") == figure(whole, "pitch bits")


def test_companions_are_judged_by_their_own_headline(trained: dict[str, Trained]) -> None:
    found = {judged.kind: judged for judged in judge(trained["companion"].path)}
    measured = trained["companion"].validation
    assert figure(found["groove_predictor"], "velocity error") == pytest.approx(
        measured["groove_predictor"]["velocity MAE"], rel=1e-3
    )
    assert figure(found["harmony_predictor"], "accuracy") == pytest.approx(
        measured["harmony_predictor"]["accuracy"], abs=1e-6
    )
    assert not found["harmony_predictor"].scores["accuracy"].is_lower_better
    assert any("made-up" in remark for remark in found["groove_predictor"].remarks)


def test_gestures_are_judged_recording_by_recording(trained: dict[str, Trained]) -> None:
    (judged,) = judge(trained["gesture"].path)
    split = json.loads((trained["gesture"].path / "split.json").read_text())
    assert set(judged.pieces) == set(split["validation"])
    measured = trained["gesture"].validation["gesture"]
    assert figure(judged, "accuracy") == pytest.approx(measured["accuracy"], abs=1e-6)
    assert set(judged.scores["accuracy"].sums_N) <= {0.0, 1.0}
    assert set(judged.group_of) == set(judged.pieces)


def test_the_test_part_is_other_pieces_than_validation(trained: dict[str, Trained]) -> None:
    for name in RECIPES:
        validation, test = (
            judge(trained[name].path, part=part)[0] for part in ("validation", "test")
        )
        assert not set(validation.pieces) & set(test.pieces), name


def test_a_model_compared_with_itself_is_alike(trained: dict[str, Trained]) -> None:
    judged = judge(trained["companion"].path, kind="groove")
    assert all(metric.are_alike for metric in compare(judged, judged).metrics)


def cadence(name: str, up: int) -> Chorale:
    """Two bars in four parts."""
    chords = [(67, 64, 60, 48), (69, 65, 60, 53), (67, 62, 59, 55), (72, 64, 60, 48)] * 2
    return Chorale(
        id=name,
        title=name,
        pitches=np.repeat(np.array(chords) + up, 4, 0),
        key=Key(tonic="C", mode="major").transposed(up),
        metre=Metre(4, 4),
        fermatas=(28,),
    )


@pytest.fixture
def few_chorales(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = SimpleNamespace(
        validation=(cadence("validation/1", 0), cadence("validation/2", 2)),
        test=(cadence("test/1", 1),),
    )
    monkeypatch.setattr(judging_harmonizer, "harmonizer_chorales", lambda **_: parts)


@pytest.mark.usefixtures("few_chorales")
def test_harmonizers_are_judged_chorale_by_chorale_by_their_share_of_the_ceiling() -> None:
    (judged,) = judge(SHIPPED / "advanced_harmonization_model.json")
    assert judged.pieces == ("validation/1", "validation/2")
    shares = judged.scores["share of ceiling"].sums_N
    assert (shares <= 1 + 1e-9).all()  # nobody is better than the optimum
    (one,) = judge(SHIPPED, kind="advanced", part="test")
    assert one.corpus == "jsb-chorales"
    assert one.pieces == ("test/1",)


@pytest.mark.usefixtures("few_chorales")
def test_the_game_of_two_voices_is_not_compared_with_that_of_four() -> None:
    simple, advanced = (judge(SHIPPED, kind=kind) for kind in ("simple", "advanced"))
    with pytest.raises(EvaluationError, match="no metric in common"):
        compare(simple, advanced)


def test_what_cannot_be_judged_is_refused_with_the_reason(
    trained: dict[str, Trained], tmp_path: Path
) -> None:
    cases: list[tuple[type[ChromasonicError], str, Path, dict[str, Any]]] = [
        (UsageError, "part is 'train'", trained["melody"].path, {"part": "train"}),
        (CheckpointError, "nothing at", tmp_path / "nowhere", {}),
        (CheckpointError, "holds no model", tmp_path, {}),
        (UsageError, "not on 'nottingham'", SHIPPED, {"corpus": "nottingham"}),
        (UsageError, "cannot be judged on 'folk'", trained["gesture"].path, {"corpus": "folk"}),
        (UsageError, "learned from", trained["companion"].path, {"corpus": "folk"}),
        (UsageError, "no agent bass", SHIPPED, {"kind": "bass"}),
    ]
    for error, message, path, options in cases:
        with pytest.raises(error, match=message):
            judge(path, **options)


def test_tunes_that_a_model_learned_from_are_refused_as_its_test(tmp_path: Path) -> None:
    from chromasonic.data import load

    split = load("folk-pd", download=False).split
    own = {"train": [*split.train[:4], *split.test[:3]], "validation": split.validation[:2]}
    (tmp_path / "own.json").write_text(json.dumps({**own, "test": split.test[3:5]}))
    data = {"dataset": "folk-pd", "split_file": str(tmp_path / "own.json")}
    run = task_named("melody").train({"data": data, "markov": {"model": {}}}, tmp_path / "run")
    (judged,) = judge(run.path, corpus="folk-pd", part="test")
    assert set(judged.pieces) <= set(split.test[3:5])  # its own corpus: its own split
    facts = json.loads((run.path / "run.json").read_text())
    facts["corpus"]["manifest"]["name"] = "another"
    (run.path / "run.json").write_text(json.dumps(facts))
    with pytest.raises(EvaluationError, match="was trained on 3 of the"):
        judge(run.path, corpus="folk-pd", part="test")


def test_the_task_is_told_by_run_checkpoint_or_models_directory(
    trained: dict[str, Trained],
) -> None:
    for name, run in trained.items():
        assert task_at(run.path) == name
    assert task_at(SHIPPED) == task_at(SHIPPED / "hybrid_model.npz") == "harmonizer"
    groove = trained["companion"].path / "checkpoints" / "groove_predictor_best.pt"
    assert task_at(groove) == "companion"


def test_a_recipe_keeps_its_hash_with_another_seed_and_loses_it_with_another_setting() -> None:
    values = {"training": {"seed": 1, "epochs": 3}, "data": {"seed": 2, "window": 8}}
    other_seed = {"training": {"seed": 7, "epochs": 3}, "data": {"seed": 0, "window": 8}}
    other_epochs = {"training": {"seed": 1, "epochs": 4}, "data": {"seed": 2, "window": 8}}
    assert recipe_hash(values) == recipe_hash(other_seed)
    assert recipe_hash(values) != recipe_hash(other_epochs)
    assert recipe_hash({}) == ""
