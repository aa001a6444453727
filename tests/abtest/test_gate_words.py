"""What the gate says while it judges, and where it cannot."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chromasonic.abtest import gate as gates
from chromasonic.errors import CorpusError


def version(number: int, task: str) -> SimpleNamespace:
    facts = SimpleNamespace(task=task, kind="simple")
    return SimpleNamespace(
        name="ours", number=number, reference=f"ours@{number}", facts=facts, files={}
    )


class Registry:
    """A registry of two versions of which the first is in use."""

    def __init__(self, folder: Path, task: str) -> None:
        self.folder, self.task = folder, task

    def get(self, reference: str) -> SimpleNamespace:
        return version(int(reference[-1]), self.task)

    def aliases(self, _: str) -> dict[str, int]:
        return {"champion": 1}

    def verify(self, _: str) -> tuple[str, ...]:
        return ()

    def folder_of(self, reference: str) -> Path:
        return self.folder / reference


@pytest.mark.parametrize("task", ["harmonizer", "companion"])
def test_a_gate_that_cannot_judge_refuses_and_says_why(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_corpus(folder: Path, *, on_progress: Any, **_: Any) -> None:
        on_progress(f"{folder}: Simple", 1, 2)
        raise CorpusError("The corpus bach-chorales is not here. Fetch it.")

    monkeypatch.setattr(gates, "judge", without_corpus)
    monkeypatch.setattr(gates, "formats_of", lambda *_: ())
    told: list[str] = []
    found = gates.gate(
        Registry(tmp_path, task),  # type: ignore[arg-type]
        "ours@2",
        on_progress=lambda what, *_: told.append(what),
    )
    assert not found.passed
    (comparison,) = found.failed
    assert comparison.name == "comparison"
    assert comparison.says == (
        "they cannot be judged here, so nothing says that it is no worse: "
        "The corpus bach-chorales is not here. Fetch it."
    )
    assert told == ["ours@1: Simple"]  # no folders of the registry
