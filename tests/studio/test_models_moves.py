"""Moves of aliases from the studio: what they say while they wait, without folders; no browser."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from chromasonic.registry import versions
from chromasonic.studio.models import work


def test_a_rollback_says_what_it_waits_for_and_names_no_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Registry:
        def __init__(self, *, on_wait: Any) -> None:
            on_wait("Another process is writing to the registry /home/me/registry.")

        def rollback(self, name: str, alias: str, *, why: str) -> SimpleNamespace:
            return SimpleNamespace(model=name, alias=alias, after=1)

    monkeypatch.setattr(versions, "Registry", Registry)
    told: list[str] = []
    found = work.rolled_back(
        {"name": "jigs", "alias": "champion", "why": ""}, lambda _, words: told.append(words)
    )
    assert found == {"says": "jigs@champion is version 1 again."}
    assert told == [
        "Opening the registry",
        "Waiting for the registry, which another process makes or writes to",
        "Checking the version before",
    ]
