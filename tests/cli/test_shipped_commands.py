"""The models that ship on the command line: taken by name, listed, shown, checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.registry.shipped import SHIPPED

run = CliRunner()


def typed(*words: object):  # type: ignore[no-untyped-def]
    return run.invoke(app, [*map(str, words)])


@pytest.fixture(autouse=True)
def empty_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(tmp_path / "registry"))
    monkeypatch.chdir(tmp_path)


def test_a_tune_needs_no_model_to_be_named() -> None:
    plain = typed("generate", "--bars", 4, "--seed", 2)
    assert plain.exit_code == 0, plain.stderr
    assert plain.stdout == typed("generate", "folk", "--bars", 4, "--seed", 2).stdout
    assert plain.stdout == typed("generate", "folk@shipped", "--bars", 4, "--seed", 2).stdout
    other = typed("generate", "folk-markov", "--bars", 4, "--seed", 2)
    assert other.exit_code == 0, other.stderr
    assert other.stdout.startswith("X:1\n")
    assert other.stdout != plain.stdout


def test_a_model_of_another_task_is_refused_by_its_name() -> None:
    done = typed("generate", "groove")
    assert done.exit_code != 0
    assert "groove" in done.stderr


def test_the_list_names_what_comes_with_the_package() -> None:
    shown = typed("models", "list")
    assert shown.exit_code == 0, shown.stderr
    assert "Come with the package" in shown.stdout
    document = json.loads(typed("models", "list", "--json").stdout)
    assert document["versions"] == []
    found = {one["name"]: one for one in document["shipped"]}
    for name in found:
        assert name in shown.stdout
    assert found["folk"]["default_of"] == ["melody"]
    assert found["groove"]["licence"].startswith("CC BY 4.0")
    assert found["hands"]["task"] == "gesture"


def test_a_shipped_model_is_shown_with_its_recipe_and_its_card(tmp_path: Path) -> None:
    shown = typed("models", "show", "groove")
    assert shown.exit_code == 0, shown.stderr
    assert "Drums that breathe" in shown.stdout
    assert json.loads(typed("models", "show", "groove", "--json").stdout)["files"]["README.md"]
    recipe = typed("models", "show", "groove", "--recipe")
    assert recipe.stdout == (SHIPPED / "groove" / "recipe.toml").read_text(encoding="utf-8")
    card = (SHIPPED / "groove" / "README.md").read_text(encoding="utf-8")
    assert typed("models", "card", "groove").stdout == card
    typed("models", "card", "groove", "-o", tmp_path / "card.md")
    assert (tmp_path / "card.md").read_text(encoding="utf-8") == card


def test_a_shipped_model_is_checked_against_its_hashes() -> None:
    done = typed("models", "verify", "harmony")
    assert (done.exit_code, done.stdout) == (0, "harmony  ok, 8 files\n")


def test_a_shipped_model_can_be_registered_under_a_name_of_ones_own() -> None:
    done = typed("models", "register", "groove", "--name", "groove")
    assert done.exit_code == 0, done.stderr
    assert "Registered groove@1" in done.stdout
    pattern = Path("beat.txt")
    pattern.write_text("tempo 100\nkick x...x...x...x...\n", encoding="utf-8")
    doubtful = typed("groove", pattern, "--model", "groove")
    assert doubtful.exit_code != 0
    assert "groove@shipped, or groove@VERSION of yours" in doubtful.stderr
    ours = typed("groove", pattern, "--model", "groove@1")
    assert ours.exit_code == 0, ours.stderr
    assert ours.stdout == typed("groove", pattern, "--model", "groove@shipped").stdout
    assert "groove@1" in typed("models", "show", "groove").stdout
    assert "Drums that breathe" in typed("models", "show", "groove@shipped").stdout


def test_what_ships_is_inspected_and_exported_by_name(tmp_path: Path) -> None:
    inspected = typed("inspect", "groove")
    assert inspected.exit_code == 0, inspected.stderr
    assert "groove_predictor_best.pt" in inspected.stdout.replace("\n", "")
    before = sorted(SHIPPED.rglob("*"))
    beside = typed("export", "groove", "--format", "rtneural")
    assert beside.exit_code == 0, beside.stderr
    assert sorted(SHIPPED.rglob("*")) == before
    assert (tmp_path / "groove_predictor.json").is_file()
    exported = typed("export", "groove", "--format", "rtneural", "--output", tmp_path / "plugin")
    assert exported.exit_code == 0, exported.stderr
    document = json.loads((tmp_path / "plugin" / "groove_predictor.json").read_text())
    assert "groove-midi" in json.dumps(document)
