"""No page opens a model that the studio does not offer, whatever path somebody sends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.studio.running import RunningStudio

TEST = {"title": "A test", "names": ["a", "b"], "items": 1}
MOVEMENT = {"recording": "AAAAAAAAAAAA"}
PATTERN = {"pattern": {"hits": [[0, 36, 100]]}}


@pytest.fixture
def http(studio: RunningStudio) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=studio.address, timeout=180) as client:
        yield client


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/etc/no-such-file", "/", "../../etc/passwd", "a\0b", "."]
)
def test_a_path_outside_of_the_folders_of_runs_is_not_even_looked_for(
    http: httpx.Client, path: str
) -> None:
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/api/compose/tunes", {"model": path}),
        ("/api/groove/patterns", {"model": path, **PATTERN}),
        ("/api/gesture/classes", {"model": path}),
        ("/api/listen", {"models": [path, "folk"], **TEST}),
        ("/api/listen/voices", {"models": ["agent:exact", f"agent:hybrid:{path}"], **TEST}),
        ("/api/listen/grooves", {"models": ["drummer:straight", f"drummer:{path}"], **TEST}),
    ]
    for address, values in asked:
        answer = http.post(address, json=values)
        assert answer.status_code == 400, (address, answer.text)
        assert answer.json()["error"] == (
            "This model is not (any more) one of the list. Choose another."
        )


def test_a_link_does_not_lead_out_of_the_folders_of_runs(
    http: httpx.Client, studio: RunningStudio, tmp_path: Path
) -> None:
    link = studio.folder / "runs" / "leads-out"
    link.symlink_to(tmp_path)
    assert http.post("/api/gesture/classes", json={"model": str(link)}).status_code == 400
    link.unlink()
    inside = {"model": str(studio.folder / "runs" / "inside")}
    assert http.post("/api/gesture/classes", json=inside).status_code == 200, "a run may lie there"
