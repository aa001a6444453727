"""What a search leaves to be read: importance, pictures, the best recipe, seeds in words."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from searches import pretend, pretend_all, study_in

from chromasonic.config import read_toml
from chromasonic.errors import UsageError
from chromasonic.tasks.search_spaces import default_space
from chromasonic.tasks.table import task_named
from chromasonic.tuning import confirming, plots
from chromasonic.tuning.confirming import compared, confirm, welch
from chromasonic.tuning.importance import FEWEST, Importance, importances, in_words
from chromasonic.tuning.objectives import objective_of
from chromasonic.tuning.outcome import made_up_warning, outcome_of
from chromasonic.tuning.plan import Plan, plan_of
from chromasonic.tuning.plots import draw_history
from chromasonic.tuning.records import TrialRecord
from chromasonic.tuning.report import comparison_rows, confirmed_in_words, duration, sentences
from chromasonic.tuning.trial import TrialResult, TrialSpec

NAMES = (
    "training.learning_rate", "training.batch_size", "model.num_layers", "model.dropout",
)  # fmt: skip
PLAN: Plan = plan_of(
    "melody",
    "lstm",
    {"lstm": {"search": {name: default_space("melody", "lstm")[name] for name in NAMES}}},
)


def made_up(count: int, seed: int, matters: str | None) -> list[TrialRecord]:
    """Trials of random settings; the loss follows one of them, or none."""
    rng = np.random.default_rng(seed)
    records = []
    for number in range(count):
        values = {
            "training.learning_rate": float(10 ** rng.uniform(-3, math.log10(2e-2))),
            "training.batch_size": int(rng.choice([4, 8, 16])),
            "model.num_layers": int(rng.integers(1, 4)),
            "model.dropout": float(rng.uniform(0.1, 0.6)),
        }
        noise = float(rng.normal())
        loss = noise if matters is None else 10 * values[matters] + 0.05 * noise
        is_early = matters is not None and loss > 4.5
        records.append(
            TrialRecord(
                number=number,
                end="pruned" if is_early else "complete",
                values=values,
                loss=loss,
                curve=(loss + 2, loss + 1) if is_early else (loss + 2, loss + 1, loss),
            )
        )
    return records


def test_the_setting_that_the_loss_follows_is_found() -> None:
    found = importances(PLAN, made_up(40, 1, "model.dropout"))
    assert found[0].name == "model.dropout"
    assert found[0].is_noteworthy
    assert found[0].share > 0.5
    assert found[0].better == "lower", "the loss grows with it"
    assert found[0].trend > 0.9
    assert sum(one.share for one in found) == pytest.approx(1)
    assert "model.dropout" in in_words(found)


@pytest.mark.parametrize(("task", "worst"), [("melody", "1.7183"), ("harmonizer", "-1.7183")])
def test_a_trial_off_the_scale_is_an_arrow_with_its_figure(task: str, worst: str) -> None:
    from matplotlib.figure import Figure

    losses = [1.2, 1.19, 1.18, 1.7183, 1.185, 1.19]
    records = [
        TrialRecord(number=n, end="complete", values={}, loss=loss, curve=(loss,))
        for n, loss in enumerate(losses)
    ]
    axes = Figure().subplots()
    plots._draw_trials(axes, records, objective_of(task, "simple"))
    assert worst in [text.get_text() for text in axes.texts]
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines["complete"].get_xdata()) == [0, 1, 2, 4, 5]
    (arrow,) = lines["complete, beyond the scale"].get_ydata()
    assert arrow in axes.get_ylim()
    assert "ended early" not in " ".join(lines), "none did"


@cache
def of_chance(seed: int) -> tuple[Importance, ...]:
    """What is found where no setting matters."""
    return importances(PLAN, made_up(24, seed, None))


def test_where_no_setting_matters_few_searches_say_that_one_does() -> None:
    alarms = 0
    for seed in (100, 101, 102):
        alarms += any(one.is_noteworthy or one.has_trend for one in of_chance(seed))
    assert alarms <= 1, "1 in 10 is allowed, 1 in 20 for each of two questions"


def test_where_none_stands_out_it_is_said() -> None:
    found = (Importance(name="a", share=0.7, by_chance=0.3), Importance(name="b", share=0.3,
             by_chance=1.0, trend=0.2, trend_by_chance=0.9))  # fmt: skip
    assert in_words(found).startswith("No setting stands out")


def test_chances_are_corrected_for_the_number_of_settings() -> None:
    raw = {one.name: one.by_chance for one in of_chance(100)}
    assert len(raw) == 4
    assert min(raw.values()) >= 4 / 201, "Holm multiplies the smallest by four"


def test_a_trend_that_the_best_quarter_does_not_show_is_said_apart() -> None:
    found = (
        Importance(name="a", share=0.6, by_chance=0.01, trend=-0.1, trend_by_chance=1.0),
        Importance(name="b", share=0.4, by_chance=0.7, trend=-0.61, trend_by_chance=0.02),
    )
    assert in_words(found) == (
        "What told the best trials from the rest: a (60%). Over all trials, lower losses go with "
        "higher b (rank correlation -0.61). Of the others chance would make as much."
    )


def test_of_few_trials_nothing_is_said() -> None:
    assert importances(PLAN, made_up(FEWEST - 1, 1, "model.dropout")) == ()
    assert "Too few trials to say which settings mattered: 20 are wanted" in in_words(())


@settings(max_examples=40)
@given(
    first=st.lists(st.floats(-5, 5), min_size=2, max_size=6),
    second=st.lists(st.floats(-5, 5), min_size=2, max_size=6),
)
def test_the_interval_over_seeds_is_welch_s(first: list[float], second: list[float]) -> None:
    difference, low, high = welch(first, second)
    assert difference == pytest.approx(np.mean(first) - np.mean(second))
    if np.var(first) + np.var(second) < 1e-6:
        return
    theirs = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    assert (low, high) == pytest.approx((theirs.low, theirs.high), rel=1e-6, abs=1e-9)


def results(best: list[float], recipe: list[float]) -> dict[tuple[str, int], TrialResult]:
    return {
        (side, seed): TrialResult(end="complete", loss=loss, validation={"pitch_bits": 2 * loss})
        for side, losses in (("best", best), ("recipe", recipe))
        for seed, loss in enumerate(losses, 1)
    }


@pytest.mark.parametrize(
    ("best", "recipe", "verdict", "said"),
    [
        ([1.00, 1.01, 1.02], [1.30, 1.31, 1.29], "better", "beyond the noise of seeds."),
        ([1.30, 1.31, 1.29], [1.00, 1.01, 1.02], "worse", "the search's gain was luck"),
        ([1.0, 1.4, 1.1], [1.2, 1.1, 1.5], "not told apart", "Seeds alone could make such"),
    ],
)
def test_seeds_say_whether_the_best_is_better(
    best: list[float], recipe: list[float], verdict: str, said: str
) -> None:
    found = compared(7, (1, 2, 3), results(best, recipe))
    assert found.verdict == verdict
    assert found.validation["best"]["pitch_bits"] == tuple(2 * loss for loss in best)
    assert said in confirmed_in_words(found, objective_of("melody", "lstm"))


def test_a_share_that_is_raised_reads_as_raised() -> None:
    found = compared(7, (1, 2), results([-0.99, -0.98], [-0.90, -0.91]))
    words = confirmed_in_words(found, objective_of("harmonizer", "simple"))
    assert "0.9850 against 0.9050, difference +0.0800" in words
    assert "beyond the noise" in words


def test_both_are_trained_from_other_seeds_than_the_search_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[TrialSpec] = []

    def pretended(spec: TrialSpec) -> TrialResult:
        asked.append(spec)
        seed = spec.recipe["lstm"]["training"]["seed"]
        return TrialResult(end="complete", loss=spec.number + seed / 10)

    monkeypatch.setattr(confirming, "run_trial", pretended)
    study = study_in(tmp_path / "s")
    with pytest.raises(UsageError, match="nothing to confirm yet"):
        confirm(study, 3)
    for loss in (2.0, 1.0):
        spec = study.next_trial(2)
        assert spec is not None
        pretend(study, spec, loss=loss)
    found = confirm(study, 3)
    assert found is not None
    assert found.seeds == (1, 2, 3)
    assert study.plan.settings["training"]["seed"] == 0
    assert found.best == (1.1, 1.2, 1.3)
    assert found.recipe == (0.1, 0.2, 0.3)
    assert len({spec.output for spec in asked}) == 6
    best = study.best
    assert best is not None
    rates = {s.recipe["lstm"]["training"]["learning_rate"] for s in asked if s.number == 1}
    assert rates == {best.values["training.learning_rate"]}
    with pytest.raises(UsageError, match="2 or more seeds"):
        confirm(study, 1)


def test_an_outcome_is_written_and_its_recipe_is_that_of_the_best_trial(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    pretend_all(study, 12)
    outcome = outcome_of(study)
    best = study.best
    assert best is not None
    recipe = task_named("melody").resolved(read_toml(outcome.paths["best"]))
    assert recipe == task_named("melody").resolved(study.plan.recipe_with(best.values))
    assert outcome.paths["history"].read_bytes().startswith(b"\x89PNG")
    report = outcome.paths["report"].read_text()
    assert "importance" not in outcome.paths, "12 trials are too few to say"
    assert "importance.png" not in report
    assert f"trial {best.number}" in report
    assert "The test part was not opened" in report
    assert "--confirm 3" in report
    trials = json.loads(outcome.paths["trials"].read_text())
    assert [trial["number"] for trial in trials] == list(range(12))
    values = outcome.to_dict()
    assert values["best"]["number"] == best.number
    json.dumps(values)


def test_a_best_trial_of_made_up_examples_is_marked(tmp_path: Path) -> None:
    recipe = {"data": {"dataset": "synthetic", "num_sequences": 12}}
    task_named("melody").train({**recipe, "markov": {}}, tmp_path / "trial")
    assert made_up_warning(tmp_path / "trial").startswith("It was trained on made-up examples")
    for weights in (tmp_path / "trial").rglob("*.pt"):
        weights.unlink()
    assert made_up_warning(tmp_path / "trial") == ""


def test_importance_is_drawn_where_there_are_trials_enough(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    pretend_all(study, FEWEST)
    outcome = outcome_of(study)
    assert outcome.paths["importance"].read_bytes().startswith(b"\x89PNG")
    assert "(importance.png)" in outcome.paths["report"].read_text()


def test_where_the_recipe_is_the_best_it_is_said(tmp_path: Path) -> None:
    study = study_in(tmp_path / "s")
    for loss in (1.0, 2.0, 3.0):
        spec = study.next_trial(3)
        assert spec is not None
        pretend(study, spec, loss=loss)
    outcome = outcome_of(study)
    assert "No trial was better than the recipe as it was" in sentences(outcome)[0]
    assert read_toml(outcome.paths["best"])["lstm"] == study.plan.recipe["lstm"]
    heading, *rows = comparison_rows(outcome)
    assert heading == ["", "as it was", "trial 1", "trial 2"]
    assert rows[0] == ["validation loss", "1.0000", "2.0000", "3.0000"]
    assert confirm(study, 3) is None


def test_a_picture_is_drawn_of_whatever_a_search_holds(tmp_path: Path) -> None:
    records = made_up(20, 3, "model.dropout")
    done = next(record for record in records if record.end == "complete")
    odd = [
        TrialRecord(number=20, end="impossible", values=records[0].values, reason="no"),
        TrialRecord(number=21, end="cut", values=records[0].values, curve=(3.0,)),
        TrialRecord(number=22, end="pruned", values=records[0].values),
    ]
    for name, some in (("all", [*records, *odd]), ("one", [done])):
        for task in ("melody", "harmonizer"):
            path = draw_history(
                some, tmp_path / f"{name}-{task}.png", title="t", objective=objective_of(task, "x")
            )
            assert path.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (99, "99 s"), (100, "1 min 40 s"), (3600, "1 h 00 min"), (9000, "2 h 30 min")],
)
def test_lengths_of_time_are_said_for_people(seconds: float, said: str) -> None:
    assert duration(seconds) == said
