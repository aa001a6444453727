"""A tiny corpus in the catalogue, and folders that hold it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_corpus import tiny_facts, write_files

from chromasonic.data.catalogue import CORPORA
from chromasonic.data.facts import CorpusFacts

FIXTURE = Path(__file__).parents[1] / "fixtures" / "tunes.abc"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no CHROMASONIC_DATA."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CHROMASONIC_CACHE", str(folder))
    monkeypatch.delenv("CHROMASONIC_DATA", raising=False)
    return folder


@pytest.fixture
def tiny_contents() -> dict[str, bytes]:
    """The fixture tunes in two files: 1 to 6 in a.abc, 7 to 12 in b.abc."""
    text = FIXTURE.read_text(encoding="utf-8")
    middle = text.index("X:7\n")
    return {"a.abc": text[:middle].encode(), "b.abc": text[middle:].encode()}


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[[CorpusFacts], CorpusFacts]:
    """Puts facts into the catalogue for one test."""

    def put(facts: CorpusFacts) -> CorpusFacts:
        monkeypatch.setitem(CORPORA, facts.name, facts)
        return facts

    return put


@pytest.fixture
def tiny(
    cache: Path,
    tiny_contents: dict[str, bytes],
    register: Callable[[CorpusFacts], CorpusFacts],
    tmp_path: Path,
) -> Path:
    """The corpus `tiny` in the catalogue; the folder that --data-dir would name."""
    del cache
    register(tiny_facts(tiny_contents))
    write_files(tmp_path / "data" / "tiny" / "ABC", tiny_contents)
    return tmp_path / "data"
