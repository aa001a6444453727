"""Sending files from a page: what the studio would refuse anyway is not sent at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.studio.running import RunningStudio


def test_a_file_that_is_too_large_or_empty_is_not_sent(
    visitor: Any, studio: RunningStudio, tmp_path: Path
) -> None:
    sent: list[str] = []
    visitor.on("request", lambda one: "/api/uploads" in one.url and sent.append(one.url))
    visitor.goto(f"{studio.address}/groove")
    visitor.wait_for_selector("#drop input", state="attached")
    large, empty = tmp_path / "large.mid", tmp_path / "empty.mid"
    with large.open("wb") as file:
        file.truncate(32_000_001)
    empty.touch()
    visitor.set_input_files("#drop input", large)
    visitor.get_by_text("large.mid is larger than 32 MB").wait_for()
    visitor.set_input_files("#drop input", empty)
    visitor.get_by_text("empty.mid is empty.").wait_for()
    assert sent == []
