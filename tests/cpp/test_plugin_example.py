"""The plugin-side example of the documentation: the page shows the program that is built here."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_the_page_shows_the_very_program_that_is_built() -> None:
    page = (REPOSITORY / "docs/ML_ARCHITECTURE.md").read_text(encoding="utf-8")
    program = (REPOSITORY / "cpp/examples/plugin_example.cpp").read_text(encoding="utf-8")
    assert re.findall(r"```cpp\n(.*?)```", page, re.S) == [program]


def test_it_hears_and_plays_with_exported_models(built: Path, exported_models: Path) -> None:
    run = subprocess.run(
        [built / "chromasonic-plugin-example", exported_models], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    numbers = [int(number) for number in re.findall(r"\d+", run.stdout)]
    frames, chords, notes, pitch, hits = numbers
    assert frames == 79  # ten a second for eight seconds; the last waits for the resampler
    assert notes == 32  # one in each eighth of four bars
    assert 62 <= pitch <= 81
    assert 1 <= chords <= 16
    # Of 64 hits, those of the last bar are still on their way, and early ones come before it.
    assert 46 <= hits <= 50


def test_without_models_it_says_which_file_is_missing(built: Path, tmp_path: Path) -> None:
    run = subprocess.run(
        [built / "chromasonic-plugin-example", tmp_path], capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "emotion_recognizer.json" in run.stderr
