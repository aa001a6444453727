"""The demo, small: everything is there, it goes on after an interruption, it needs no screen."""

from __future__ import annotations

import json
import re
import webbrowser
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chromasonic.cli import demo as demo_module
from chromasonic.cli import demo_plan
from chromasonic.cli.app import app
from chromasonic.cli.demo import human_tunes, run_demo, show_in_browser
from chromasonic.cli.demo_plan import DemoSettings, demo_recipe, with_epochs
from chromasonic.data.synthetic import structured_tunes
from chromasonic.errors import CorpusError, UsageError
from chromasonic.evaluation.reference import reference_of
from chromasonic.formats.abc import read_abc
from chromasonic.formats.tunes import load_tune
from chromasonic.melody_generation.lstm import LstmConfig
from chromasonic.melody_generation.recipe import MelodyRecipe
from chromasonic.melody_generation.transformer import TransformerConfig
from chromasonic.training.loop import fit
from chromasonic.training.run_directory import RunDirectory

FIXTURE = Path(__file__).parents[1] / "fixtures" / "tunes.abc"
KINDS = ("lstm", "markov", "transformer")


def small_recipe(settings: DemoSettings) -> MelodyRecipe:
    """The demo's recipe with tiny networks."""
    recipe = demo_recipe(settings)
    assert recipe.lstm is not None
    assert recipe.transformer is not None
    tiny = TransformerConfig(hidden_size=16, num_layers=1, num_heads=2)
    return replace(
        recipe,
        lstm=replace(recipe.lstm, model=LstmConfig(hidden_size=16, num_layers=1)),
        transformer=replace(recipe.transformer, model=tiny),
    )


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> DemoSettings:
    return DemoSettings(
        output=tmp_path_factory.mktemp("demo"),
        dataset="synthetic-structured",
        minutes=0.001,
        tunes_each=1,
        judged_tunes=4,
        num_sequences=40,
        seed=3,
        sound=False,
    )


@pytest.fixture(scope="module")
def small() -> pytest.MonkeyPatch:
    patch = pytest.MonkeyPatch()
    patch.setattr(demo_module, "demo_recipe", small_recipe)
    made = reference_of(structured_tunes(60, 9), name="made tunes")  # spares parsing folk tunes
    patch.setattr("chromasonic.melody_generation.subjects.default_reference", lambda: made)
    yield patch
    patch.undo()


@pytest.fixture(scope="module")
def result(settings: DemoSettings, small: pytest.MonkeyPatch) -> demo_module.DemoResult:
    del small
    return run_demo(settings)


def test_it_leaves_a_page_a_run_and_the_files_of_every_tune(
    result: demo_module.DemoResult, settings: DemoSettings
) -> None:
    assert sorted(path.name for path in settings.output.iterdir()) == [
        "demo.json", "report.html", "run", "tunes"
    ]  # fmt: skip
    assert all(path.is_file() for path in result.tunes)
    endings = {".mid", ".abc", ".musicxml", ".svg"}
    assert {path.name for path in result.tunes} == {f"{k}-1{e}" for k in KINDS for e in endings}
    facts = RunDirectory(result.run).facts()
    assert set(facts["results"]) == set(KINDS)
    assert (result.run / "comparison_results" / "model_comparison.json").is_file()


def test_the_page_says_what_was_trained_on_what(result: demo_module.DemoResult) -> None:
    page = result.report.read_text(encoding="utf-8")
    for text in ("LSTM", "Transformer", "Markov", "baseline", "Pitch bits a note", "n = ",
                 "synthetic-structured", "seed 3", "temperature 0.9", "Loss, nats a token",
                 "What the curves of the LSTM say", "Licence", "Split by tune"):  # fmt: skip
        assert text in page, text
    assert page.count('class="tune"') == 3
    assert "Made by people" not in page  # nobody made these tunes


def test_its_tunes_are_the_same_in_every_format(result: demo_module.DemoResult) -> None:
    for kind in KINDS:
        midi, abc, xml = (
            load_tune(result.report.parent / "tunes" / f"{kind}-1{ending}")
            for ending in (".mid", ".abc", ".musicxml")
        )
        assert list(midi.sounding()) == list(abc.expanded().sounding())
        assert list(xml.sounding()) == list(abc.sounding())


def test_the_same_demo_again_goes_on_and_gives_the_same_page(
    result: demo_module.DemoResult, settings: DemoSettings, small: pytest.MonkeyPatch
) -> None:
    del small

    def notes(page: str) -> list[str]:
        return re.findall(r'data-moments="([^"]+)"', page)

    before = result.report.read_text(encoding="utf-8")
    epochs = (result.run / "lstm_checkpoints" / "melody_lstm_history.json").read_text()
    result.report.unlink()  # as if it had been killed while drawing
    again = run_demo(settings)
    assert notes(again.report.read_text(encoding="utf-8")) == notes(before)
    assert (result.run / "lstm_checkpoints" / "melody_lstm_history.json").read_text() == epochs


def test_training_takes_as_many_epochs_as_the_minutes_allow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from chromasonic.melody_generation.runs import load_streams

    recipe = small_recipe(DemoSettings(dataset="synthetic-structured", num_sequences=40))
    data = load_streams(recipe.data)

    def slow(*args: object, **kwargs: object) -> object:
        history = fit(*args, **kwargs)  # type: ignore[arg-type]
        speed = 1.05 * sum(map(len, data.train)) / 2.0  # tokens a second: 2 s an epoch
        history.epochs[:] = [replace(one, tokens_per_second=speed) for one in history.epochs]
        return history

    monkeypatch.setattr("chromasonic.training.loop.fit", slow)
    planned = with_epochs(recipe, data, minutes=2.0)  # 36 s for each network, 2 s an epoch
    assert [part.training.epochs for part in (planned.lstm, planned.transformer)] == [18, 18]
    assert with_epochs(recipe, data, minutes=0.001).lstm.training.epochs == 2
    assert with_epochs(recipe, data, minutes=600).lstm.training.epochs == demo_plan.MOST_EPOCHS


def test_held_out_tunes_are_of_different_metres() -> None:
    tunes = read_abc(FIXTURE.read_text(encoding="utf-8"), source="tunes").tunes
    chosen = human_tunes(tunes)
    assert len(chosen) == 2
    assert chosen[0].metre != chosen[1].metre
    assert chosen == human_tunes(tunes)
    assert human_tunes(tunes[3:4]) == [tunes[3]]
    assert human_tunes(()) == []


def test_the_command_prints_paths_or_one_document(
    result: demo_module.DemoResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(demo_module, "run_demo", lambda settings: result)
    monkeypatch.setattr(demo_module, "show_in_browser", opened.append)
    shown = CliRunner().invoke(app, ["demo"])
    assert shown.exit_code == 0
    assert str(result.report) in shown.stdout
    assert opened == [result.report]
    document = json.loads(CliRunner().invoke(app, ["demo", "--json", "--no-open"]).stdout)
    assert document["report"] == str(result.report)
    assert len(opened) == 1


def test_without_a_screen_no_browser_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def fake_open(address: str) -> bool:
        opened.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", fake_open)
    monkeypatch.setattr(demo_module.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "CI"):
        monkeypatch.delenv(name, raising=False)
    assert show_in_browser(tmp_path / "report.html") is False
    assert opened == []
    monkeypatch.setenv("DISPLAY", ":0")
    assert show_in_browser(tmp_path / "report.html") is True
    assert opened == [(tmp_path / "report.html").as_uri()]


@pytest.mark.parametrize(
    ("wrong", "flag"), [({"minutes": 0.0}, "--minutes"), ({"tunes_each": 0}, "--tunes"),
                        ({"seed": -1}, "--seed")]
)  # fmt: skip
def test_values_that_cannot_be_used_are_named(wrong: dict, flag: str) -> None:
    with pytest.raises(UsageError, match=flag):
        DemoSettings(**wrong)


def test_an_absent_corpus_is_an_error_that_leaves_no_page(tmp_path: Path) -> None:
    with pytest.raises(CorpusError):
        run_demo(
            DemoSettings(output=tmp_path / "d", dataset="nottingham", data_dir=tmp_path / "none")
        )
    assert not (tmp_path / "d" / "report.html").exists()
