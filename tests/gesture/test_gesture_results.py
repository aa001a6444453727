"""Folds and seeds are judged together, on the test part alone; what does not fit is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from made_movements import made_corpus

from chromasonic.errors import CheckpointError, EvaluationError
from chromasonic.gesture import baselines, evaluating, runs
from chromasonic.gesture.evaluating import evaluate_gesture
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.models import load_gesture
from chromasonic.gesture.network_config import NetworkConfig
from chromasonic.gesture.recipe import GestureData, GestureRecipe
from chromasonic.gesture.results_card import write_cards
from chromasonic.gesture.results_report import write_report
from chromasonic.gesture.results_runs import gather
from chromasonic.gesture.runs import train_gesture
from chromasonic.gesture.scores import ACCURACY
from chromasonic.training.config import TrainingConfig

RECIPE = GestureRecipe(
    data=GestureData(dataset="made-hands", protocol="unseen", performer="ann"),
    features=FeatureConfig(normalization="performer"),
    network=NetworkConfig(
        spatial_dim=6, spatial_layers=1, temporal_dim=8, temporal_layers=1, classifier_dim=8
    ),
    training=TrainingConfig(epochs=2, batch_size=16, device="cpu", checkpoint_every=0, patience=0),
)


@pytest.fixture(scope="module", autouse=True)
def _made_hands(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for page in (runs, evaluating):
            patch.setattr(page, "movements_of", lambda *_, **__: made_corpus())
        patch.setattr(baselines, "TREES", 20)
        patch.setenv("CHROMASONIC_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def trained(folder, performer="ann", seed=0, **settings):
    recipe = replace(
        RECIPE,
        data=replace(RECIPE.data, performer=performer),
        training=replace(RECIPE.training, seed=seed, **settings),
    )
    train_gesture(recipe, folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two performers left out, two seeds each."""
    path = tmp_path_factory.mktemp("runs")
    for performer in ("ann", "ben"):
        for seed in (0, 1):
            trained(path / f"{performer}-{seed}", performer, seed)
    return path


@pytest.fixture(scope="module")
def results(folder):
    return evaluate_gesture([folder])


def test_runs_are_gathered_by_what_they_say_of_themselves(folder):
    found = gather([folder / "ben-1", folder / "ann-0", folder / "ben-0"])
    assert {name: [run.seed for run in runs] for name, runs in found.items()} == {
        "ann": [0], "ben": [0, 1],
    }  # fmt: skip
    assert gather([folder]).keys() == found.keys()


def test_the_networks_figure_is_that_of_its_models_asked_one_by_one(folder, results):
    by_id = made_corpus().by_id
    means = []
    for performer in ("ann", "ben"):
        theirs = [m for m in by_id.values() if m.performer == performer]
        shares = []
        for seed in (0, 1):
            model = load_gesture(folder / f"{performer}-{seed}").with_performers(theirs)
            named = [model.classes[model.probabilities(m).argmax()] for m in theirs]
            shares.append(np.mean([a == m.label for a, m in zip(named, theirs, strict=True)]))
        means.append(np.mean(shares))
    assert results.network.figures[ACCURACY].value == pytest.approx(np.mean(means))
    assert dict(results.sizes) == {"ann": 18, "ben": 18}
    assert results.confusion.sum() == pytest.approx(36)
    assert set(results.by_performer) == {"ann", "ben"}
    assert any("lacks eva" in remark for remark in results.remarks)
    assert any("without labels" in remark for remark in results.remarks)


def test_baselines_stand_in_the_same_table_and_are_compared_in_pairs(results):
    methods = [row.method for row in results.rows]
    assert methods == ["network", "networks of all seeds together", *baselines.BASELINES]
    assert {test.second for test in results.paired} == {
        baselines.TREES_RAW, baselines.TREES_FEATURES, baselines.NEIGHBOUR,
    }  # fmt: skip
    frequent = next(row for row in results.rows if row.method == baselines.FREQUENT)
    assert frequent.figures[ACCURACY].value == pytest.approx(1 / 3)


def test_baselines_answer_from_the_cache_the_second_time(folder, results, monkeypatch):
    def refuse(_):
        raise AssertionError("fitted again")

    for name in baselines.BASELINES:
        monkeypatch.setitem(baselines.BASELINES, name, refuse)
    again = evaluate_gesture([folder])
    for row, before in zip(again.rows, results.rows, strict=True):
        assert row.figures[ACCURACY].value == pytest.approx(before.figures[ACCURACY].value)
    fewer = evaluate_gesture([folder], with_baselines=False)
    assert len(fewer.rows) == 2
    assert fewer.paired == ()


def test_report_and_cards_say_what_was_found(results, tmp_path):
    written = write_report(results, tmp_path)
    document = json.loads(written["results"].read_text())
    assert document["part"] == "test"
    assert document["protocol"] == "unseen"
    assert len(document["rows"]) == 6
    report = written["report"].read_text()
    assert "36 test recordings, 2 performers left out in turn, mean of 2 seeds" in report
    assert "| ann | 18 |" in report
    assert all(path.stat().st_size for path in written.values())
    cards = write_cards(results)
    assert len(cards) == 4
    text = cards[0].read_text()
    assert "one of 4 (fold ann, seed 0)" in text
    assert "no licence allows anything else" in text  # the made hands of this test state none
    assert text.startswith("---\nlicense: other\n")


def test_one_checkpoint_may_be_judged_alone(folder):
    found = evaluate_gesture([folder / "ann-0" / "final_model.pth"], with_baselines=False)
    assert list(found.sizes) == ["ann"]
    assert found.over_performers is None


def test_the_last_epochs_weights_are_judged_where_they_are_asked_for(folder):
    names = {
        run.checkpoint.name for runs in gather([folder], which="final").values() for run in runs
    }
    assert names == {"final_model.pth"}
    found = evaluate_gesture([folder / "ann-0"], with_baselines=False, which="final")
    assert found.to_dict()["checkpoint"] == "final_model.pth"


def test_runs_that_do_not_belong_together_are_refused(folder, tmp_path):
    other = trained(tmp_path / "other", "eva", learning_rate=0.01)
    with pytest.raises(EvaluationError, match=r"training\.learning_rate 0\.001 against 0\.01"):
        gather([folder / "ann-0", other])
    with pytest.raises(EvaluationError, match="would count twice"):
        gather([folder / "ann-0", folder])
    chosen = replace(RECIPE, data=replace(RECIPE.data, validation_performer="ben"))
    train_gesture(chosen, tmp_path / "chosen")
    with pytest.raises(EvaluationError, match="validation_performer drawn against another"):
        gather([folder / "ben-0", tmp_path / "chosen"])
    facts = json.loads((other / "run.json").read_text())
    facts["data"]["fingerprint"] = "1" * 64
    (other / "run.json").write_text(json.dumps(facts))
    with pytest.raises(EvaluationError, match="corpus's content 000000000000 against 111111111111"):
        gather([folder / "ann-0", other])


def test_what_is_no_finished_run_is_refused(folder, tmp_path):
    with pytest.raises(CheckpointError, match="There is no run in"):
        gather([tmp_path])
    with pytest.raises(CheckpointError, match="No run was given"):
        gather([])
    half = trained(tmp_path / "half", "eva")
    facts = json.loads((half / "run.json").read_text())
    (half / "run.json").write_text(json.dumps({**facts, "results": {}}))
    with pytest.raises(CheckpointError, match=r"is not finished: .*--resume"):
        gather([half])
    assert gather([half / "best_model.pth"])
    (half / "run.json").write_text(json.dumps({**facts, "task": "companion"}))
    with pytest.raises(CheckpointError, match="another task .companion."):
        gather([half])


def test_a_corpus_without_the_recordings_is_refused(folder, monkeypatch):
    monkeypatch.setattr(evaluating, "movements_of", lambda *_, **__: made_corpus(each=3))
    with pytest.raises(EvaluationError, match="are not in the corpus, such as 'b?e?n?e?v?a?.*/"):
        evaluate_gesture([folder], with_baselines=False)
