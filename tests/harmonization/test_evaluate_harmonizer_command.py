"""`chromasonic evaluate harmonizer`: tables and documents for people and scripts."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from small_chorales import chorale
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.data import harmonizer_chorales as chorales_page


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    parts = SimpleNamespace(
        test=(chorale("test/1"), chorale("test/2", semitones=2)),
        validation=(chorale("validation/1", is_analysed=False),),
    )
    monkeypatch.setattr(chorales_page, "harmonizer_chorales", lambda **_: parts)


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["evaluate", "harmonizer", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_the_test_part_is_judged_by_default_and_all_tables_are_shown(tmp_path):
    shown = run("--models", str(tmp_path))

    assert "test part: 2 chorales" in shown
    for title in ("Four voices", "Rates on sixteenths", "Breaches of each rule in 100 beats"):
        assert title in shown
    assert "Not judged, advanced: There is no advanced_harmonization_model.json" in shown


def test_the_document_is_printed_and_written(tmp_path):
    file = tmp_path / "results.json"

    printed = json.loads(run("--models", str(tmp_path), "--json", "--output", str(file)))

    assert printed == json.loads(file.read_text())
    assert printed["methods"]["exact"]["share_of_ceiling"]["n"] == 2


def test_tables_are_written_as_markdown_and_as_text(tmp_path):
    for ending, first in ((".md", "## Four voices"), (".txt", "Four voices")):
        file = tmp_path / f"results{ending}"
        run("--models", str(tmp_path), "--chorales", "1", "--output", str(file))
        assert file.read_text().startswith(first)


def test_without_analyses_it_is_said_how_to_get_them(tmp_path):
    shown = run("--models", str(tmp_path), "--part", "validation")

    assert "Bach's chords were not compared" in shown
    assert "chromasonic data fetch when-in-rome" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--part", "training"), "--part is 'training'; allowed: test, validation"),
        (("--output", "results.pdf"), "its ending must be .json, .md or .txt"),
        (("--agent", "bach"), "'bach' is no trained agent"),
    ],
)
def test_what_cannot_be_done_is_refused_before_the_work(arguments, message):
    assert message in " ".join(run(*arguments, code=2).split())
