"""The committed C++ table of models is what the Python side says."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from chromasonic.companion import cpp_specs
from chromasonic.companion.features import INPUTS
from chromasonic.companion.spec import SPECS
from chromasonic.errors import ExportError
from chromasonic.export.spec import Block

REPOSITORY = Path(__file__).parents[2]


def test_the_committed_header_is_what_the_specs_give() -> None:
    committed = (REPOSITORY / cpp_specs.PATH).read_text(encoding="utf-8")
    assert committed == cpp_specs.specs_header(), "run: python scripts/write_cpp_specs.py"


def test_layers_and_order_are_those_that_cpp_has_room_for() -> None:
    page = (REPOSITORY / "cpp/include/chromasonic/model_spec.hpp").read_text(encoding="utf-8")
    assert f"max_layers = {cpp_specs.MAX_LAYERS};" in page
    assert f"model_count = {len(SPECS)};" in page
    places = [page.index(f"\n  {name},\n") for name in SPECS]
    assert places == sorted(places), "enum Model lists the models in another order"


def test_a_block_begins_where_those_before_it_end() -> None:
    header = cpp_specs.specs_header()
    assert 'inline constexpr Block chord{"chord", 37, 12};' in header  # 13 + 8 + 16
    assert 'inline constexpr Block offset{"offset", 16, 16};' in header


def test_pages_that_do_not_add_up_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(INPUTS, "groove_predictor", (Block("kick", 16, "any"),))
    with pytest.raises(
        ExportError, match="GroovePredictor's inputs add up to 16; its spec says 64"
    ):
        cpp_specs.specs_header()


def test_more_layers_than_cpp_has_room_for_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = SPECS["groove_predictor"]
    longer = dataclasses.replace(spec, layers=spec.layers * 2)
    monkeypatch.setitem(SPECS, "groove_predictor", longer)
    with pytest.raises(ExportError, match="has 6 layers; C.. has room for 4"):
        cpp_specs.specs_header()
