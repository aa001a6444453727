"""Which models a page can offer: shipped, registered, runs; what happens where some are broken."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.studio.running import run_async

from chromasonic.errors import UsageError
from chromasonic.studio import choices as page
from chromasonic.studio.choices import Choice, choices
from chromasonic.studio.desk.desk import Desk
from chromasonic.studio.place import Studio
from chromasonic.studio.settings import StudioSettings
from chromasonic.studio.shelf import Shelf
from chromasonic.studio.uploads import Uploads
from stores import new_store


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A studio that is not served, with two folders of runs and no registry."""
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(tmp_path / "registry"))
    settings = StudioSettings(folder=tmp_path / "studio", runs=(tmp_path / "runs",))
    return Studio(
        settings=settings,
        desk=Desk(makers=1),
        shelf=Shelf(tmp_path / "pieces"),
        uploads=Uploads(tmp_path / "uploads", file_bytes=1000),
    )


def offered(at: Studio, task: str) -> list[Choice]:
    return run_async(choices(at, task))


def make_run(folder: Path, facts: dict[str, Any], best: str) -> None:
    (folder / best).parent.mkdir(parents=True)
    (folder / best).write_bytes(b"")
    (folder / "run.json").write_text(json.dumps(facts))


def test_shipped_models_come_first_and_are_named_so_that_nothing_stands_in_for_them(
    at: Studio,
) -> None:
    first = offered(at, "melody")[0]
    assert (first.ref, first.group, first.kind) == ("folk@shipped", "Shipped", "lstm")


def test_the_groove_page_is_offered_groove_models_alone(at: Studio) -> None:
    data = {"groove_predictor": {"corpora": [{"name": "groove-midi"}]}, "dynamics_engine": {}}
    make_run(
        at.settings.runs[0] / "band", {"task": "companion", "data": data},
        "checkpoints/groove_predictor_best.pt",
    )  # fmt: skip
    found = offered(at, "companion:groove")
    assert {one.kind for one in found} == {"groove_predictor"}
    (run,) = [one for one in found if one.group == "Runs"]
    assert run.ref == str(at.settings.runs[0] / "band")
    assert run.summary == "Learned from groove-midi."


def test_a_run_is_offered_once_it_has_a_model(at: Studio) -> None:
    own = at.settings.folder / "runs" / "mine"
    facts = {"task": "melody", "models": ["lstm", "markov"]}
    make_run(own, facts, "lstm_checkpoints/melody_lstm_best.pt")
    runs = [one for one in offered(at, "melody") if one.group == "Runs"]
    assert [(one.kind, one.label) for one in runs] == [("lstm", "mine: LSTM")]
    assert runs[0].ref == str(own / "lstm_checkpoints" / "melody_lstm_best.pt")


def test_an_unknown_task_is_refused(at: Studio) -> None:
    with pytest.raises(UsageError, match="allowed: melody, companion:groove"):
        offered(at, "chess")


def test_a_registry_that_cannot_be_read_hides_nothing_else_and_says_why(at: Studio) -> None:
    registry = at.settings.folder.parent / "registry"
    registry.mkdir()
    (registry / "registry.db").write_text("this is no database, but it is long enough to look")

    async def asked() -> tuple[list[Choice], str]:
        await at.desk.start()
        try:
            return await choices(at, "melody"), await page.registry_problem(at)
        finally:
            await at.desk.stop()

    found, problem = run_async(asked())
    assert {one.group for one in found} == {"Shipped"}
    assert "no SQLite database" in problem


def test_the_registry_is_asked_again_only_when_it_changed(
    at: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = new_store(at.settings.folder.parent / "registry") / "registry.db"
    asked: list[str] = []
    version = {
        "task": "melody", "kind": "lstm", "name": "folk", "version": 2, "title": "LSTM, folk",
        "aliases": ["champion"], "reference": "folk@2",
    }  # fmt: skip

    async def finished(_: Any) -> SimpleNamespace:
        return SimpleNamespace(result={"versions": [version]}, error=None)

    monkeypatch.setattr(at.desk, "submit", lambda kind, _: asked.append(kind))
    monkeypatch.setattr(at.desk, "finished", finished)
    refs = [one.ref for one in offered(at, "melody") if one.group == "Registered"]
    offered(at, "gesture")
    assert asked == ["registry-list"]
    assert refs == ["folk@champion", "folk@2"]
    with database.open("ab") as file:
        file.write(b"x")
    offered(at, "melody")
    assert len(asked) == 2
