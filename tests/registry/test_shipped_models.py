"""The models that come with the package: whole, small, free to give away, found by their names."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from chromasonic.errors import CheckpointError
from chromasonic.files import sha256_of_file
from chromasonic.harmonization.agents import SHIPPED as AGENTS
from chromasonic.registry.licences import weights_terms
from chromasonic.registry.reference import is_version_folder, located, reference_in
from chromasonic.registry.shipped import (
    DEFAULTS,
    INDEX,
    SHIPPED,
    default_model,
    models_in,
    shipped,
    shipped_models,
)
from chromasonic.tasks.finding import models_at
from chromasonic.tasks.shipping_plans import PLANS, plan_named
from chromasonic.tasks.shipping_training import recipe_of

REPOSITORY = Path(__file__).parents[2]
RECIPES = REPOSITORY / "recipes" / "shipped"
NAMES = [plan.name for plan in PLANS]
MIB = 2**20

FREE = {"folk-pd", "groove-midi", "mcgill-billboard", "bach-chorales", "synthetic-gestures"}
"""Corpora of which `data list` says that weights may ship; none has another licence."""

pytestmark = pytest.mark.usefixtures("own_registry")
"""What others registered under a shipped model's name does not matter here."""


def strings(value: Any) -> list[str]:
    """Every text in nested plain values."""
    if isinstance(value, dict):
        return [text for one in value.values() for text in strings(one)]
    if isinstance(value, list):
        return [text for one in value for text in strings(one)]
    return [value] if isinstance(value, str) else []


def test_what_was_planned_is_there_in_its_order() -> None:
    assert [model.name for model in shipped_models()] == NAMES
    assert [(model.task, model.kind) for model in shipped_models()] == [
        (plan.task, plan.kind) for plan in PLANS
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_file_has_the_hash_of_the_index_and_there_is_no_other(name: str) -> None:
    model = shipped(name)
    assert model is not None
    assert model.problems() == ()
    there = {
        path.relative_to(model.folder).as_posix()
        for path in model.folder.rglob("*")
        if path.is_file()
    }
    assert there == set(model.files)


def test_all_that_ships_is_small() -> None:
    sizes = {path: path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()}
    agents = sum(path.stat().st_size for path in AGENTS.iterdir())
    assert sum(sizes.values()) + agents < 15_000_000
    assert max(sizes.values()) <= 2 * MIB
    assert sum(model.bytes for model in shipped_models()) <= sum(sizes.values())


@pytest.mark.parametrize("name", NAMES)
def test_the_licences_of_its_corpora_let_it_be_given_away(name: str) -> None:
    (model,) = models_at(SHIPPED / name)
    assert {corpus.name for corpus in model.facts.corpora} <= FREE
    assert weights_terms(model.facts.corpora).may_ship
    for corpus in model.facts.corpora:
        assert corpus.licence
        assert (corpus.url and corpus.citation) or corpus.name == "synthetic-gestures"


@pytest.mark.parametrize("name", NAMES)
def test_its_card_says_what_one_must_know(name: str) -> None:
    found = shipped(name)
    assert found is not None
    text = found.card.read_text(encoding="utf-8")
    for heading in (
        "Uses",
        "Bias, Risks, and Limitations",
        "Licence of the Weights",
        "How to Get Started with the Model",
        "Training Details",
        "Evaluation",
    ):
        assert f"\n## {heading}\n" in text
    assert f"--only {name}" in text
    assert f"recipes/shipped/{name}.toml" in text
    assert "validation part" in text
    assert "test part" in text
    (model,) = models_at(found.folder)
    assert all(corpus.fingerprint in text for corpus in model.facts.corpora)


def test_the_drums_name_the_drummers_corpus_and_its_authors() -> None:
    text = (SHIPPED / "groove" / "README.md").read_text(encoding="utf-8")
    for part in ("Gillick", "Roberts", "Engel", "Eck", "Bamman", "CC BY 4.0", "license: cc-by-4.0"):
        assert part in text
    assert "https://magenta.tensorflow.org/datasets/groove" in text


def test_the_made_up_hands_say_so_first() -> None:
    text = (SHIPPED / "hands" / "README.md").read_text(encoding="utf-8")
    body = text.partition("\n# ")[2]
    assert "made-up" in body.partition("\n## ")[0]


@pytest.mark.parametrize("name", NAMES)
def test_the_recipe_of_the_repository_is_the_one_that_made_it(name: str) -> None:
    """Every setting that the recipe names stands in the resolved one beside the weights."""
    from chromasonic.config import read_toml

    asked, resolved = (
        recipe_of(plan_named(name), RECIPES),
        read_toml(SHIPPED / name / "recipe.toml"),
    )

    def check(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
        for key, value in ours.items():
            if isinstance(value, dict):
                check(value, theirs[key])
            else:
                assert theirs[key] == value, key

    check(asked, resolved)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_machine_that_trained_it_is_told(name: str) -> None:
    for file in (SHIPPED / name).rglob("*.json"):
        texts = strings(json.loads(file.read_text(encoding="utf-8")))
        assert [text for text in texts if text.startswith(("/", "~", "C:\\"))] == []


def test_a_name_means_the_model_that_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert located("folk") == located("folk@shipped") == SHIPPED / "folk"
    assert located("folk", of="melody") == SHIPPED / "folk"
    assert located("runs/folk") == Path("runs/folk")
    assert located("nothing-of-ours") == Path("nothing-of-ours")
    with pytest.raises(CheckpointError, match=r"called 'folkk'. Did you mean 'folk'\?"):
        located("folkk")
    assert reference_in("folk@shipped") is None
    assert reference_in("folk@2") is not None
    assert reference_in("other@shipped") is not None
    with pytest.raises(CheckpointError, match=r"folk holds a melody model; wanted here: a gesture"):
        located("folk", of="gesture")


def test_nothing_is_written_to_what_ships(tmp_path: Path) -> None:
    assert all(is_version_folder(model.folder) for model in shipped_models())
    assert not is_version_folder(tmp_path)
    assert not is_version_folder(SHIPPED)


def test_a_path_of_the_same_name_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "groove").mkdir()
    assert located("groove") == Path("groove")
    assert located("groove@shipped") == SHIPPED / "groove"


def test_a_registered_model_of_the_same_name_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    (tmp_path / "registry").mkdir()
    with sqlite3.connect(tmp_path / "registry" / "registry.db") as database:
        database.execute("CREATE TABLE model_versions (name TEXT, current_stage TEXT)")
        database.execute("INSERT INTO model_versions VALUES ('folk', 'None')")
    database.close()
    with pytest.raises(CheckpointError, match=r"folk@shipped, or folk@VERSION of yours"):
        located("folk")
    assert located("folk@shipped") == SHIPPED / "folk"
    assert located("groove") == SHIPPED / "groove"


def test_what_commands_take_by_default_ships() -> None:
    assert {of: default_model(of).name for of in DEFAULTS} == DEFAULTS
    with pytest.raises(CheckpointError, match="No model for 'dancing' comes with the package"):
        default_model("dancing")


def test_a_changed_or_absent_file_is_found_out(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED / "groove", tmp_path / "groove")
    shutil.copy(SHIPPED / INDEX, tmp_path / INDEX)
    own = next(model for model in models_in(tmp_path) if model.name == "groove")
    assert own.problems() == ()
    checkpoint = own.folder / "checkpoints" / "groove_predictor_best.pt"
    before = sha256_of_file(checkpoint)
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1] + b"!")
    assert sha256_of_file(checkpoint) != before
    (own.folder / "split.json").unlink()
    assert own.problems() == (
        "checkpoints/groove_predictor_best.pt is not the file that was shipped",
        "split.json is missing",
    )


@pytest.mark.parametrize("text", ["", "[]", '{"models": [{"name": "x"}]}', '{"models": 3}'])
def test_a_broken_index_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / INDEX).write_text(text, encoding="utf-8")
    with pytest.raises(CheckpointError, match="cannot be read .* Install the package anew"):
        models_in(tmp_path)
