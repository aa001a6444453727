"""The table of the desk's work names lanes and functions that are there."""

from __future__ import annotations

import importlib

import pytest

from chromasonic.studio.desk.lanes import LANES
from chromasonic.studio.desk.table import WORK


@pytest.mark.parametrize("kind", WORK)
def test_every_kind_of_work_has_a_lane_and_a_function(kind: str) -> None:
    lane, module, function = WORK[kind]
    assert lane in LANES
    assert callable(getattr(importlib.import_module(module), function))


def test_what_reads_strangers_files_is_limited_in_time_and_memory_and_never_reused() -> None:
    for name in ("read", "sounds"):
        assert not LANES[name].is_warm
        assert 0 < LANES[name].memory_bytes <= 2_000_000_000
        assert LANES[name].seconds <= 180
