"""Of a folder every exported file is looked at; the five .json belong together."""

from __future__ import annotations

import os
from pathlib import Path

from chromasonic.companion.spec import SPECS
from chromasonic.companion.validating_folder import files_of

FIVE = {f"{name}.json" for name in SPECS}


def names_in(folder: Path) -> set[str]:
    return {path.name for path in files_of(folder)}


def test_where_nothing_is_exported_all_five_are_missing(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"task": "companion"}')
    os.mkfifo(tmp_path / "pipe.json")
    os.mkfifo(tmp_path / "pipe.onnx")
    assert names_in(tmp_path) == FIVE


def test_other_files_stand_for_themselves(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"task": "companion"}')
    (tmp_path / "groove_predictor.onnx").write_bytes(b"\x08")
    (tmp_path / "amp.json").write_text('{"in_shape":[null,null,1],"layers":[]}')
    assert names_in(tmp_path) == {"groove_predictor.onnx", "amp.json"}


def test_one_of_the_five_asks_for_all_five(tmp_path: Path) -> None:
    (tmp_path / "tune_lstm.onnx").write_bytes(b"\x08")
    (tmp_path / "groove_predictor.json").write_text("damaged")
    assert names_in(tmp_path) == {*FIVE, "tune_lstm.onnx"}
    assert files_of(tmp_path / "groove_predictor.json") == [tmp_path / "groove_predictor.json"]
