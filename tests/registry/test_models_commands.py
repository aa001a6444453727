"""`chromasonic models`: what a user types, sees, and is refused."""

from __future__ import annotations

import json
import threading
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from version_stage import made_model

from chromasonic.cli import registered
from chromasonic.cli.app import main
from chromasonic.registry.model import ModelFacts
from chromasonic.registry.store import open_store
from chromasonic.registry.versions import Registry
from chromasonic.tasks.finding import models_at
from chromasonic.tasks.table import task_named
from stores import new_store

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two melody models on made tunes: one looks two pitches back, the other at none."""
    folder = tmp_path_factory.mktemp("runs")
    task = task_named("melody")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHROMASONIC_TRACKING", "off")
        for name, order in (("good", 2), ("poor", 0)):
            recipe = task.default_recipe(["markov"])
            recipe["data"] |= {"dataset": "synthetic", "num_sequences": 90}
            recipe["markov"]["model"]["pitch_order"] = order
            task.train(recipe, folder / name)
    return folder


@pytest.fixture(scope="module")
def groove(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A companion model that has learned a moment from made-up examples."""
    folder = tmp_path_factory.mktemp("groove") / "run"
    task = task_named("companion")
    recipe = task.default_recipe(["groove_predictor"])
    recipe["groove_predictor"]["data"] |= {"synthetic": True, "synthetic_examples": 12}
    recipe["groove_predictor"]["training"] |= {"epochs": 1, "batch_size": 8, "device": "cpu"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHROMASONIC_TRACKING", "off")
        task.train(recipe, folder)
    return folder


@pytest.fixture(scope="module")
def one_version(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with folk@1, the champion, for commands that change nothing."""
    folder = new_store(tmp_path_factory.mktemp("one") / "registry")
    (model,) = models_at(trained / "good")
    Registry(open_store(str(folder))).register(model, "folk", aliases=["champion"])
    return folder


@pytest.fixture
def run(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Type a command; its exit code, and what it says."""

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["chromasonic", "models", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        out, err = capsys.readouterr()
        return code, out, err

    return call


def weights_of(registry: Registry, reference: str) -> Path:
    return registry.folder_of(reference) / "markov_checkpoints/melody_markov_best.pt"


def test_a_training_becomes_a_version_that_is_listed_and_shown(run: Run, trained: Path) -> None:
    code, out, _ = run(
        "register", trained / "good", "--name", "folk", "--alias", "champion", "--note", "[b]hi[/b]"
    )
    assert code == 0
    assert "Registered folk@1" in out
    code, out, _ = run("list")
    assert any(line.split()[:2] == ["folk@1", "champion"] for line in out.splitlines())
    code, out, _ = run("show", "folk@champion")
    for words in ("[b]hi[/b]", "learned from", "└─ folk@1 (champion)", "CC0", "pitch bits ↓",
                  "champion  - -> 1", "melody_markov_best.pt"):  # fmt: skip
        assert words in out
    document = json.loads(run("show", "folk@1", "--json")[1])
    assert document["facts"]["kind"] == "markov"
    assert document["children"] == []
    (listed,) = json.loads(run("list", "--json")[1])["versions"]
    assert (listed["reference"], listed["aliases"]) == ("folk@1", ["champion"])


def test_the_same_files_are_not_registered_twice_unless_asked(run: Run, trained: Path) -> None:
    run("register", trained / "good", "--name", "folk")
    code, out, _ = run("register", trained / "good", "--name", "folk", "--alias", "kept")
    assert code == 0
    assert "These files are folk@1 already" in out
    (version,) = json.loads(run("list", "folk", "--json")[1])["versions"]
    assert version["aliases"] == ["kept"]
    run("register", trained / "good", "--name", "folk", "--again")
    assert len(json.loads(run("list", "folk", "--json")[1])["versions"]) == 2


def test_the_recipe_of_a_version_trains_it_again(run: Run, trained: Path) -> None:
    run("register", trained / "poor", "--name", "folk")
    recipe = tomllib.loads(run("show", "folk@1", "--recipe")[1])
    task = task_named("melody")
    assert task.kinds_in(recipe) == ("markov",)
    assert task.resolved(recipe)["markov"]["model"]["pitch_order"] == 0


def test_promotion_and_rollback_are_kept_with_their_reasons(run: Run, trained: Path) -> None:
    run("register", trained / "good", "--name", "folk", "--alias", "champion")
    run("register", trained / "poor", "--name", "folk")
    code, out, _ = run("promote", "folk@2", "--because", "bolder")
    assert "folk@champion is version 2 now (was version 1)" in out
    code, out, _ = run("promote", "folk@2")
    assert (code, "folk@2 is champion already; nothing was changed." in out) == (0, True)
    code, out, _ = run("rollback", "folk", "--because", "worse")
    assert "folk@champion is version 1 now (was version 2)" in out
    history = json.loads(run("show", "folk", "--json")[1])["history"]
    assert [(c["before"], c["after"], c["kind"], c["why"]) for c in history] == [
        (None, 1, "set", ""),
        (1, 2, "set", "bolder"),
        (2, 1, "rollback", "worse"),
    ]
    code, _, err = run("rollback", "folk")
    assert code == 1
    assert "nothing to roll back" in err


def test_a_gate_refuses_a_significant_loss_with_figure_and_p_value(run: Run, trained: Path) -> None:
    run("register", trained / "good", "--name", "folk", "--alias", "champion")
    run("register", trained / "poor", "--name", "folk")
    code, out, err = run("promote", "folk@2", "--gate")
    assert code == 1
    told = " ".join(out.split())
    assert "markov: worse than folk@1 in pitch bits" in told
    assert "p < 0.001" in told or "p = 0.00" in told
    assert "synthetic, validation" in told
    assert "folk@1 stays champion" in err
    assert "--force --because" in err
    assert json.loads(run("list", "folk", "--json")[1])["versions"][0]["aliases"] == ["champion"]
    assert run("promote", "folk@2", "--gate", "--force")[0] == 2
    code, out, _ = run("promote", "folk@2", "--gate", "--force", "--because", "to hear it")
    assert code == 0
    last = json.loads(run("show", "folk", "--json")[1])["history"][-1]
    assert last["why"] == "forced past the gate: to hear it"
    code, out, _ = run("promote", "folk@1", "--gate", "--json")
    gate = json.loads(out)["gate"]
    assert (code, gate["passed"]) == (0, True)
    assert gate["comparisons"][0]["part"] == "validation"
    judged = json.loads(run("show", "folk@1", "--json")[1])["judged"]
    assert [(one["part"], one["corpus"]) for one in judged] == [("validation", "synthetic")]
    figure = judged[0]["figures"]["pitch bits"]
    assert figure["low"] < figure["value"] < figure["high"]


def test_two_versions_side_by_side(run: Run, trained: Path) -> None:
    run("register", trained / "good", "--name", "folk")
    run("register", trained / "poor", "--name", "folk")
    code, out, _ = run("diff", "folk@1", "folk@2")
    assert code == 0
    assert [line.split() for line in out.splitlines() if "pitch_order" in line] == [
        ["model.pitch_order", "2", "0"]
    ]
    assert "worse" in out
    document = json.loads(run("diff", "folk@1", trained / "poor", "--json")[1])
    assert [(row["key"], row["a"], row["b"]) for row in document["recipe"]] == [
        ("model.pitch_order", 2, 0)
    ]
    assert "same model" in run("diff", "folk@1", trained / "good")[1]


def test_a_card_is_written_and_its_version_stays(run: Run, trained: Path, tmp_path: Path) -> None:
    for name in ("good", "poor"):
        run("register", trained / name, "--name", "folk")
    assert run("card", "folk@1", "-o", tmp_path / "README.md")[0] == 0
    assert (tmp_path / "README.md").read_text().startswith("---\nlicense: ")
    assert run("card", "folk@1")[1] == (tmp_path / "README.md").read_text()
    plan = json.loads(run("prune", "--keep", "0", "--dry-run", "--json")[1])
    assert (plan["is_done"], plan["removed"]) == (False, ["folk@2"])
    assert plan["kept"]["folk@1"] == ["the card README.md needs it"]
    assert "the card README.md" in run("card", "folk@1", "--release")[1]
    plan = json.loads(run("prune", "--keep", "0", "--dry-run", "--json")[1])
    assert plan["removed"] == ["folk@1", "folk@2"]


def test_a_card_that_judges_has_intervals(run: Run, trained: Path) -> None:
    run("register", trained / "good", "--name", "folk")
    code, card, _ = run("card", "folk@1", "--judge")
    assert code == 0
    line = next(line for line in card.splitlines() if line.startswith("| pitch bits"))
    low, high = line.partition("[")[2].partition("]")[0].split(", ")
    assert float(low) < float(high)
    assert "interval_95" in card


def test_what_was_changed_is_neither_verified_nor_promoted(
    run: Run, registry: Registry, trained: Path
) -> None:
    run("register", trained / "good", "--name", "folk")
    assert run("verify", "--all")[:2] == (0, "folk@1  ok, 7 files\n")
    path = weights_of(registry, "folk@1")
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    code, out, err = run("verify", "folk@1")
    assert (code, "NOT AS REGISTERED" in out) == (1, True)
    assert "melody_markov_best.pt was changed" in err
    code, _, err = run("promote", "folk@1")
    assert code == 1
    assert "is not what was registered" in err
    code, out, _ = run("promote", "folk@1", "--gate")
    assert (code, "REFUSED" in out) == (1, True)
    assert json.loads(run("list", "folk", "--json")[1])["versions"][0]["aliases"] == []
    assert json.loads(run("verify", "--all", "--json")[1])["unchanged"] is False


def test_no_rollback_leads_to_a_damaged_version_and_its_run_can_be_registered_again(
    run: Run, registry: Registry, trained: Path
) -> None:
    run("register", trained / "good", "--name", "folk", "--alias", "champion")
    run("register", trained / "poor", "--name", "folk", "--alias", "champion")
    weights_of(registry, "folk@1").write_bytes(b"other bytes")
    code, _, err = run("rollback", "folk")
    assert code == 1
    assert "stays where it is" in err
    assert registry.aliases("folk") == {"champion": 2}
    code, out, err = run("register", trained / "good", "--name", "folk")
    assert (code, "Registered folk@3" in out) == (0, True)
    assert "folk@1 was registered from the same files" in err


def test_pruning_says_what_and_why_and_asks(
    run: Run, registry: Registry, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (model,) = models_at(trained / "poor")
    for number in range(4):
        facts = replace(model.facts, title=f"number {number}")
        registry.register(replace(model, facts=facts), "folk")
    registry.set_alias("folk@1", "champion")
    code, out, _ = run("prune", "--keep", "1", "--dry-run")
    words = [line.split()[:2] for line in out.splitlines()[1:]]
    assert sorted(words) == [
        ["folk@1", "stays"], ["folk@2", "goes"], ["folk@3", "goes"], ["folk@4", "stays"]
    ]  # fmt: skip
    assert "champion points to it" in out
    monkeypatch.setattr("sys.stdin", open("/dev/null"))  # noqa: SIM115 - nobody answers
    assert run("prune", "--keep", "1")[0] == 1
    assert len(registry.versions("folk")) == 4
    code, out, _ = run("prune", "--keep", "1", "--yes")
    assert (code, "Removed 2 versions" in out) == (0, True)
    assert [version.number for version in registry.versions("folk")] == [1, 4]
    assert run("prune", "--keep", "1", "--yes", "--json")[0] == 0
    assert run("prune", "nobody")[0] == 1


def test_an_export_is_registered_with_its_version(run: Run, groove: Path, tmp_path: Path) -> None:
    run("register", groove, "--name", "groove", "--alias", "champion")
    code, out, _ = run("export", "groove@1", "-o", tmp_path / "plugin", "--json")
    assert code == 0
    (exported,) = json.loads(out)["exported"]
    assert Path(exported["path"]).is_file()
    _, out, _ = run("show", "groove@1")
    assert "└─ export rtneural: groove_predictor.json" in out
    assert "ok" in run("verify", "groove@1")[1]
    assert "| `groove_predictor.json` | rtneural |" in run("card", "groove@1")[1]
    code, _, err = run("export", "groove@1", "--format", "wav", "-o", tmp_path / "plugin")
    assert (code, "rtneural, onnx, modelt" in err) == (2, True)


def test_made_up_examples_are_warned_of_wherever_a_version_is_told(
    run: Run, groove: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")  # no room for the corpora
    _, out, _ = run("register", groove, "--name", "groove")
    assert "not for music: groove@1" in out
    assert "not for music: groove@1" in run("list", "groove")[1]
    (listed,) = json.loads(run("list", "groove", "--json")[1])["versions"]
    assert (listed["is_made_up"], listed["corpora"]) == (True, ["made-up-examples"])
    _, out, _ = run("show", "groove@1")
    assert out.startswith("It was trained on made-up examples")
    assert "not recorded" not in out
    assert "It was trained on made-up examples" in run("promote", "groove@1")[2]


def test_the_first_champion_passes_a_gate_by_its_export_alone(run: Run, groove: Path) -> None:
    run("register", groove, "--name", "groove")
    code, out, _ = run("promote", "groove@1", "--gate", "--json")
    assert code == 0
    checks = {check["name"]: check for check in json.loads(out)["gate"]["checks"]}
    assert checks["export"]["passed"] is True
    assert "largest difference" in checks["export"]["says"]
    assert checks["comparison"]["passed"] is None


def test_a_version_of_another_task_does_not_pass(run: Run, trained: Path, groove: Path) -> None:
    run("register", trained / "good", "--name", "mixed", "--alias", "champion")
    run("register", groove, "--name", "mixed")
    code, out, _ = run("promote", "mixed@2", "--gate")
    assert code == 1
    assert "whatever loads mixed@champion would break" in " ".join(out.split())


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("show", "flok@1"), 1, "Did you mean 'folk'"),
        (("show", "folk@9"), 1, "Versions: 1"),
        (("show", "folk@champoin"), 1, "Did you mean 'champion'"),
        (("show", "flok"), 1, "Did you mean 'folk'"),
        (("promote", "folk"), 2, "NAME@NUMBER or NAME@ALIAS"),
        (("promote", "folk@1", "--to", "3"), 2, "alias cannot be called '3'"),
        (("promote", "folk@1", "--margin", "1"), 2, "--margin is of --gate"),
        (("promote", "folk@1", "--gate", "--margin", "-1", "--to", "x"), 2, "above 0"),
        (("rollback", "folk@1"), 2, "give the name alone: folk"),
        (("verify",), 2, "NAME@VERSION, or --all"),
        (("verify", "folk@1", "--all"), 2, "NAME@VERSION, or --all"),
        (("register", "nowhere", "--name", "x"), 1, "nothing at nowhere"),
        (("register", ".", "--name", "x"), 1, "no trained model"),
        (("register", ".", "--name", "a b/../c"), 2, "cannot be called 'a b/../c'"),
        (("register", ".", "--name", "x", "--alias", "latest"), 2, "cannot be called 'latest'"),
        (("export", "folk@1", "-o", "out"), 1, "no network"),
        (("card", "folk@2"), 1, "no version '2'"),
        (("readme", "nowhere"), 2, "no folder"),
        (("readme", "."), 2, "No trained model"),
    ],
)
def test_what_cannot_be_is_said_with_the_next_step(
    run: Run,
    one_version: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(one_version))
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    found, _, err = run(*words)
    assert (found, message in " ".join(err.split())) == (code, True), err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("verify", "jigs"), "'jigs' is no version of a model"),
        (("promote", "jigs"), "'jigs' is no version of a model"),
        (("promote", "folk@shipped"), "comes with Chromasonic: it is no registered version"),
        (("rollback", "a b"), "cannot be called 'a b'"),
    ],
)
def test_a_name_that_cannot_be_a_version_is_refused_before_the_registry_is_opened(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    def open_nothing(*_: object, **__: object) -> None:
        pytest.fail("it was opened")

    monkeypatch.setattr("chromasonic.registry.lookup.open_store", open_nothing)
    code, _, err = run(*words)
    assert code == 2
    assert message in " ".join(err.split())


def test_a_shipped_name_is_looked_up_without_opening_the_registry(
    run: Run, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.register(made_model(tmp_path), "folk")

    def open_nothing(*_: object, **__: object) -> None:
        pytest.fail("it was opened")

    monkeypatch.setattr("chromasonic.registry.lookup.open_store", open_nothing)
    assert run("verify", "groove")[:2] == (0, "groove  ok, 8 files\n")
    assert run("verify", "folk@shipped")[0] == 0
    code, _, err = run("verify", "folk")
    assert code == 2
    assert "The model that comes with Chromasonic is folk@shipped." in " ".join(err.split())


def test_opening_that_takes_long_says_what_it_is_at(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registered, "PATIENCE_SECONDS", 0.01)
    is_said = threading.Event()
    real = typer.echo

    def echo(*words: Any, **more: Any) -> None:
        real(*words, **more)
        is_said.set()

    monkeypatch.setattr(typer, "echo", echo)
    with registered.said_when_slow("Opening it ..."):
        assert is_said.wait(60)
    assert capsys.readouterr() == ("", "Opening it ...\n")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"parameters": 1_234}, "1,234"),
        ({"parameters": None}, "unknown: they were not counted when it was registered"),
    ],
)
def test_how_many_numbers_were_trained_is_said_even_where_nobody_knows(
    run: Run, registry: Registry, tmp_path: Path, facts: dict[str, Any], said: str
) -> None:
    registry.register(made_model(tmp_path, **facts), "folk")
    code, out, _ = run("show", "folk@1")
    assert code == 0
    assert f"parameters  {said}\n" in out


@pytest.mark.parametrize(("task", "kind"), [("melody", "markov"), ("harmonizer", "advanced")])
def test_what_counts_or_looks_up_has_no_number_to_tell(task: str, kind: str) -> None:
    assert ModelFacts(task=task, kind=kind).parameters_said == ""


def test_half_a_run_is_not_registered(run: Run, trained: Path, tmp_path: Path) -> None:
    half = tmp_path / "half"
    half.mkdir()
    for name in ("run.json", "recipe.toml", "split.json"):
        (half / name).write_bytes((trained / "good" / name).read_bytes())
    code, _, err = run("register", half, "--name", "folk")
    assert code == 1
    assert "no trained model" in " ".join(err.split())


def test_a_registry_that_cannot_be_is_told_in_a_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(tmp_path / "file" / "registry"))
    code, _, err = run("verify", "--all")
    assert code == 1
    assert err.startswith("Error: ")


def test_tables_fit_a_narrow_terminal(
    run: Run, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("good", "poor"):
        run("register", trained / name, "--name", "a-rather-long-name-of-a-model")
    for width in (80, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        for words in (("list",), ("show", "a-rather-long-name-of-a-model@1"),
                      ("diff", "a-rather-long-name-of-a-model@1",
                       "a-rather-long-name-of-a-model@2"), ("prune", "--dry-run")):  # fmt: skip
            _, out, _ = run(*words)
            assert max(map(len, out.splitlines())) <= width, words


def test_old_versions_without_alias_are_counted_not_listed(run: Run, trained: Path,
                                                          registry: Registry) -> None:  # fmt: skip
    (model,) = models_at(trained / "poor")
    for number in range(7):
        facts = replace(model.facts, title=f"number {number}")
        registry.register(replace(model, facts=facts), "folk")
    registry.set_alias("folk@1", "champion")
    _, out, _ = run("list")
    rows = (line.split() for line in out.splitlines() if line.startswith("folk@"))
    listed = [row[0] for row in rows if not row[0].endswith(",")]  # the warning names them too
    assert listed == ["folk@7", "folk@6", "folk@5", "folk@4", "folk@3", "folk@1"]
    assert "1 more of folk: chromasonic models list folk" in out
    assert len(json.loads(run("list", "--json")[1])["versions"]) == 7


def test_the_readme_covers_models_of_every_task(
    run: Run, trained: Path, groove: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for name, place in {"tunes": trained / "good", "drums": groove}.items():
        (folder / name).symlink_to(place)
    code, _, _ = run("readme", folder)
    assert code == 0
    text = (folder / "README.md").read_text()
    for words in ("## Contents", "- `tunes/` - ", "- `drums/` - ", "(`tunes`)", "**Pitch bits**",
                  "**Velocity MAE**", "CC0", "chromasonic generate models/tunes",
                  "chromasonic models register"):  # fmt: skip
        assert words in text
    assert run("readme", folder)[0] == 0
    assert (folder / "README.md").read_text() == text
