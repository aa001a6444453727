"""Tunes that the evaluation's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from chromasonic.data import Corpus, load
from chromasonic.formats.abc import read_abc
from chromasonic.music.tune import Tune

FIXTURE = Path(__file__).parent.parent / "fixtures" / "tunes.abc"


@pytest.fixture(scope="session")
def fixture_tunes() -> tuple[Tune, ...]:
    """Twelve small tunes of the project's own."""
    return read_abc(FIXTURE.read_text(encoding="utf-8"), source="fixture").tunes


@pytest.fixture(scope="session")
def folk() -> Corpus:
    """The public-domain folk tunes that are always installed."""
    return load("folk-pd", download=False)
