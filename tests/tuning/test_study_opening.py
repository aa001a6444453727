"""A study that changed is refused with what changed; ranges that grew take its trials over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from searches import RATES, SIZES, TINY, plan, pretend, pretend_all, study_in

from chromasonic.errors import StorageError, UsageError
from chromasonic.tuning.opening import open_study
from chromasonic.tuning.plan import Plan, plan_of
from chromasonic.tuning.space import laid_over
from chromasonic.tuning.trial import StudyChanged


def changed(search: dict[str, Any] | None = None, **settings: Any) -> Plan:
    values = laid_over(TINY, {name.replace("__", "."): one for name, one in settings.items()})
    if search is not None:
        values["lstm"]["search"] = search
    return plan_of("melody", "lstm", values)


WIDER = {"low": 1e-4, "high": 1e-1, "log": True}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (changed({"training.learning_rate": {**RATES, "high": 5e-3}, "model.hidden_size": SIZES}),
         "search training.learning_rate: low 0.001 high 0.01 log True -> low 0.001 high 0.005"),
        (changed({"training.learning_rate": RATES}), "model.hidden_size: one of 8, 16 -> absent"),
        (changed(lstm__training__epochs=4), "lstm.training.epochs: 3 -> 4"),
        (changed(data__dataset="nottingham"), "data.dataset: 'synthetic' -> 'nottingham'"),
        (plan(seed=5), "seed: 0 -> 5"),
        (plan(pruner="none"), "pruner: median -> none"),
        (plan_of("melody", "markov"), "kind: lstm -> markov"),
    ],
)  # fmt: skip
def test_a_search_of_something_else_is_refused(tmp_path: Path, other: Plan, said: str) -> None:
    pretend_all(study_in(tmp_path / "s"), 2)
    with pytest.raises(StudyChanged) as caught:
        open_study(tmp_path / "s", other)
    assert said in str(caught.value)
    assert "--output" in str(caught.value)
    with pytest.raises(StudyChanged):
        open_study(tmp_path / "s", other, extend=True)
    assert len(study_in(tmp_path / "s").records()) == 2, "the old one is as it was"


def test_ranges_that_grew_want_extend_and_take_the_trials_over(tmp_path: Path) -> None:
    before = study_in(tmp_path / "s")
    pretend_all(before, 6)
    wider = changed(
        {
            "training.learning_rate": WIDER,
            "model.hidden_size": {"choices": [8, 16, 32]},
            "model.dropout": {"low": 0.0, "high": 0.5},
        }
    )
    with pytest.raises(StudyChanged, match="--extend takes its trials over"):
        open_study(tmp_path / "s", wider)
    grown = open_study(tmp_path / "s", wider, extend=True)
    assert [record.loss for record in grown.records()] == [r.loss for r in before.records()]
    assert grown.fingerprints() == {"made": "aa"}
    dropout = plan().settings["model"]["dropout"]
    assert all(record.values["model.dropout"] == dropout for record in grown.records())
    pretend_all(grown, 30)
    rates = [record.values["training.learning_rate"] for record in grown.records()]
    assert max(rates) > 1e-2 or min(rates) < 1e-3, "the wider range is used"
    again = open_study(tmp_path / "s")
    assert again.plan == wider
    assert len(again.records()) == 30


def test_a_search_does_not_grow_while_a_trial_runs(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    spec = study.next_trial(3)
    wider = changed({"training.learning_rate": WIDER, "model.hidden_size": SIZES})
    with pytest.raises(UsageError, match="Let it come to rest first"):
        open_study(tmp_path / "s", wider, extend=True)
    assert spec is not None
    pretend(study, spec)
    assert open_study(tmp_path / "s", wider, extend=True).plan == wider


def test_resuming_needs_a_search_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No search lies in"):
        open_study(tmp_path / "none")
    study_in(tmp_path / "s")
    (tmp_path / "s/study.json").write_text("{")
    with pytest.raises(StorageError, match=r"study.json cannot be read"):
        open_study(tmp_path / "s")


def test_a_search_kept_elsewhere_is_not_begun_anew(tmp_path: Path) -> None:
    study_in(tmp_path / "s")
    with pytest.raises(UsageError, match="is kept at study.journal, not at sqlite"):
        study_in(tmp_path / "s", address=f"sqlite:///{tmp_path}/other.db")


def test_a_folder_moved_with_its_journal_goes_on(tmp_path: Path) -> None:
    pretend_all(study_in(tmp_path / "s"), 2)
    (tmp_path / "s").rename(tmp_path / "moved")
    study = open_study(tmp_path / "moved")
    assert len(study.records()) == 2
    spec = study.next_trial(3)
    assert spec is not None
    assert spec.output == str(tmp_path / "moved/trials/002")
