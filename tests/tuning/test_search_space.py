"""What a search may change: read, checked, and turned into trials' values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.config import read_toml
from chromasonic.errors import ConfigError
from chromasonic.tasks.search_spaces import SPACES, default_space, space_toml
from chromasonic.tasks.table import task_named
from chromasonic.tuning.plan import Plan, plan_of
from chromasonic.tuning.space import Choices, Numbers, at_default, laid_over, space_of, values_of

SETTINGS: dict[str, Any] = {
    "model": {"size": 64, "rate": 0.5, "bars": [1, 2], "kind": "plain", "is_on": True},
    "training": {"learning_rate": 0.004, "weight_decay": 0.0, "seed": 0},
}


def space(table: dict[str, Any]) -> Any:
    return space_of(table, SETTINGS, where="[lstm.search]")


def test_ranges_and_choices_are_read_as_a_recipe_has_them() -> None:
    found = space(
        {
            "training.learning_rate": {"low": 1e-3, "high": 1e-2, "log": True},
            "model.size": {"low": 32, "high": 128, "step": 32},
            "model.bars": {"choices": [[1, 2], [1, 2, 4]]},
            "model.is_on": {"choices": [True, False]},
        }
    )
    assert found["training.learning_rate"] == Numbers(low=1e-3, high=1e-2, log=True)
    assert found["model.size"] == Numbers(low=32, high=128, is_whole=True, step=32)
    assert found["model.bars"] == Choices(values=((1, 2), (1, 2, 4)))


def test_names_may_be_written_with_toml_tables_too() -> None:
    table = {"training": {"learning_rate": {"low": 1e-3, "high": 1e-2}}}
    assert set(space(table)) == {"training.learning_rate"}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "nothing to search over"),
        ({"training.learnig_rate": {"low": 1, "high": 2}}, "Did you mean 'training.learning_rate'"),
        ({"training.seed": {"low": 0, "high": 9}}, "No search changes that"),
        ({"model.size": {"low": 128, "high": 32}}, "high is 32; allowed: above low"),
        ({"model.size": {"low": 64, "high": 64}}, "high is 64; allowed: above low"),
        ({"model.size": {"low": 32}}, "has no high"),
        ({"model.size": {"low": 32.5, "high": 128}}, "low is 32.5; a whole number"),
        ({"model.size": {"low": True, "high": 128}}, "low is True"),
        ({"model.rate": {"low": 0.0, "high": 1.0, "log": True}}, "above 0 with log"),
        ({"model.rate": {"low": 0.1, "high": 1.0, "log": 1}}, "log is 1; allowed: true or false"),
        ({"model.rate": {"low": 0.1, "high": 1.0, "log": True, "step": 0.1}}, "none with log"),
        ({"model.rate": {"low": 0.1, "high": 1.0, "step": 0}}, "step is 0; allowed: above 0"),
        ({"model.rate": {"low": 0.1, "high": 1.0, "step": 2.0}}, "at most high - low"),
        ({"model.rate": {"low": 0.1, "high": float("inf")}}, "high is inf"),
        ({"model.rate": {"low": 0.6, "high": 1.0}}, "the recipe's own value is 0.5"),
        ({"model.rate": {"low": 0.4, "high": 1.0, "step": 0.3}}, "the recipe's own value is 0.5"),
        ({"model.rate": 0.5}, "write { low"),
        ({"model.rate": {"min": 0.5}}, "write { low"),
        ({"model.rate": {"low": 0, "high": 1, "steps": 1}}, "has steps; allowed here"),
        ({"model.kind": {"low": 0, "high": 1}}, "is no number, so it has no range"),
        ({"model.is_on": {"low": 0, "high": 1}}, "is no number, so it has no range"),
        ({"model.kind": {"choices": ["plain"]}}, "two values or more"),
        ({"model.kind": {"choices": ["plain", 3]}}, "the choice 3 is int, the setting str"),
        ({"model.size": {"choices": [64, "big"]}}, "the choice 'big' is str"),
        ({"model.size": {"choices": [64, 65.5]}}, "the choice 65.5 is float"),
        ({"model.size": {"choices": [64, 64]}}, "says a value twice"),
        ({"model.size": {"choices": [32, 128]}}, "the recipe's own value is 64"),
        ({"model.bars": {"choices": [[1, 2], 3]}}, "the choice 3 is int"),
    ],
)
def test_what_cannot_be_is_refused_with_the_next_step(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        space(table)
    assert said in str(caught.value)
    assert "[lstm.search]" in str(caught.value)


@given(
    low=st.integers(1, 50), steps=st.integers(1, 9), step=st.integers(1, 9), place=st.integers(0, 9)
)
def test_whole_numbers_are_held_on_their_steps_alone(
    low: int, steps: int, step: int, place: int
) -> None:
    numbers = Numbers(low=low, high=low + steps * step, is_whole=True, step=step)
    value = low + place
    assert numbers.holds(value) == (place % step == 0 and place <= steps * step)


@given(
    low=st.floats(0.1, 1), high=st.floats(2, 3), inside=st.floats(0, 1), wider=st.floats(0.0, 1.0)
)
def test_a_wider_range_holds_a_narrower_one_and_not_the_other_way_round(
    low: float, high: float, inside: float, wider: float
) -> None:
    narrow, wide = Numbers(low=low, high=high), Numbers(low=low - wider, high=high + wider)
    assert wide.contains(narrow)
    assert narrow.contains(wide) == (low - wider == low and high + wider == high)
    assert narrow.holds(low + inside * (high - low)) or inside == 1


def test_values_go_to_a_trial_and_come_back() -> None:
    found = space(
        {
            "model.bars": {"choices": [[1, 2], [1, 2, 4]]},
            "model.size": {"low": 32, "high": 128, "step": 32},
        }
    )
    assert at_default(found, SETTINGS) == {"model.bars": "[1, 2]", "model.size": 64}
    back = values_of(found, {"model.bars": "[1, 2, 4]", "model.size": 96})
    changed = laid_over(SETTINGS, back)
    assert changed["model"]["bars"] == [1, 2, 4]
    assert changed["model"]["size"] == 96
    assert changed["training"] == SETTINGS["training"]
    assert SETTINGS["model"]["size"] == 64, "the recipe itself stays"


@pytest.mark.parametrize(
    ("task", "kind"), [(task, kind) for task in SPACES for kind in task_named(task).kinds]
)
def test_every_kind_has_a_default_search_that_holds_its_recipe(task: str, kind: str) -> None:
    table = default_space(task, kind)
    plan = plan_of(task, kind)
    assert set(plan.space) == set(table), "nothing had to be left out"
    assert {name: one.to_dict() for name, one in plan.space.items()} == table, "nor widened"
    assert Plan.from_dict(plan.to_dict()) == plan


def test_a_recipe_outside_the_default_ranges_widens_them() -> None:
    plan = plan_of(
        "melody",
        "lstm",
        settings={"lstm.model.hidden_size": 64, "lstm.training.learning_rate": 0.1},
    )
    assert plan.space["model.hidden_size"].holds(64)
    assert plan.space["training.learning_rate"].holds(0.1)
    without = plan_of("melody", "lstm", settings={"lstm.training.weight_decay": 0.0})
    assert "training.weight_decay" not in without.space


def test_a_search_table_of_ones_own_is_not_widened() -> None:
    table = {"model.hidden_size": {"choices": [128, 192]}}
    values = {"lstm": {"model": {"hidden_size": 64}, "search": table}}
    with pytest.raises(ConfigError, match="the recipe's own value is 64"):
        plan_of("melody", "lstm", values)


def test_written_recipes_hold_their_search_and_train_as_before(tmp_path: Any) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("[lstm.training]\nepochs = 3\n\n" + space_toml("melody", "lstm"))
    values = read_toml(path)
    plan = plan_of("melody", None, values)
    assert plan.kind == "lstm"
    assert plan.settings["training"]["epochs"] == 3
    assert {name: one.to_dict() for name, one in plan.space.items()} == default_space(
        "melody", "lstm"
    )
    for task, kind in (("companion", "groove_predictor"), ("harmonizer", "simple")):
        recipe = {kind: {"search": default_space(task, kind)}}
        assert "search" not in str(task_named(task).resolved(recipe))
    gesture = task_named("gesture").resolved({"search": default_space("gesture", "gesture")})
    assert "search" not in gesture


def test_trials_of_other_batches_are_measured_on_the_same_made_up_examples() -> None:
    plan = plan_of("companion", "groove_predictor", settings={"KIND.data.synthetic": True})
    made = {
        size: plan.recipe_with({"training.batch_size": size})["groove_predictor"]["data"]
        for size in (16, 128)
    }
    assert made[16] == made[128]
    assert made[16]["synthetic_examples"] == 16 * 128, "what the recipe as it is would make"


def test_a_recipe_of_several_models_wants_one_named() -> None:
    with pytest.raises(ConfigError, match="--model lstm"):
        plan_of("melody", None, {"lstm": {}, "markov": {}})
    assert list(plan_of("melody", "markov", {"lstm": {}, "markov": {}}).recipe) == [
        "data",
        "markov",
    ]


def test_lengths_in_the_space_switch_pruning_off() -> None:
    table = {"training.epochs": {"low": 2, "high": 40}}
    assert not plan_of("melody", "lstm", {"lstm": {"search": table}}).can_prune
    assert plan_of("melody", "lstm").can_prune
