"""A listening test that is there at once: tones instead of music, beside a studio that runs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from tests.studio.running import LONGEST_WAIT_MS

from chromasonic.abtest.clips import items_in
from chromasonic.abtest.design import Arm, Design
from chromasonic.abtest.experiments import Experiment, Experiments
from chromasonic.abtest.guards import GuardRules
from chromasonic.abtest.paired_sound import RATE_HZ, write_clips
from chromasonic.formats.audio import Sound
from chromasonic.studio.listen.invitations import CLIPS, Invitation, Invitations

SECRET_WORDS = ("zebra-model", "yak-model", "Quagga title")
"""What listeners must never see."""


def wait_until(page: Any, is_so: Callable[[], object]) -> None:
    """Let a page go on until what the test looks at is so."""
    end = time.monotonic() + LONGEST_WAIT_MS / 1000
    while not is_so():
        assert time.monotonic() < end
        page.wait_for_timeout(20)


def tone(hertz: float, seconds: float) -> Sound:
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return Sound((0.2 * np.sin(2 * np.pi * hertz * times)).astype(np.float32), RATE_HZ)


def made_test(
    folder: Path, *, items: int = 6, seconds: float = 0.8, **options: Any
) -> tuple[Invitation, Experiment]:
    """A test in the folder of a studio, its experiment in the database that the settings name."""
    invitations = Invitations(folder / "listening")
    key, building = invitations.begin()
    for number in range(items):
        sounds = {"A": tone(300 + 20 * number, seconds), "B": tone(500 + 20 * number, seconds)}
        write_clips(building / CLIPS, f"item-{number}", sounds)
    name = f"zebra-model-{secrets.token_hex(4)}"
    values = {
        "trials": 4, "repeats": 1, "guards": GuardRules(listeners_per_address=1000),
        "salt": secrets.token_hex(8), **options,
    }  # fmt: skip
    design = Design(
        name=name,
        arms=(Arm(label="A", version="zebra-model"), Arm(label="B", version="yak-model")),
        items=items_in(building / CLIPS, "AB"),
        **values,
    )
    with Experiments() as experiments:
        experiment = experiments.create(design)
    invitation = invitations.keep(
        key, name, title="Quagga title", versions={"A": "zebra-model", "B": "yak-model"}
    )
    return invitation, experiment


class Listener:
    """Somebody who knows a link, over HTTP."""

    def __init__(self, address: str, key: str) -> None:
        self.api = f"{address}/api/hear/{key}"
        self.http = httpx.Client(timeout=LONGEST_WAIT_MS / 1000, headers={"Origin": address})

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def state(self) -> dict[str, Any]:
        return self.http.get(self.api).json()

    def join(self) -> dict[str, Any]:
        answer = self.http.post(f"{self.api}/join", json={})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def vote(self, token: str, choice: str = "first", **values: Any) -> httpx.Response:
        sent = {"token": token, "choice": choice, "confidence": 2, "heard_ms": [800, 800]}
        return self.http.post(f"{self.api}/votes", json={**sent, **values})

    def clip(self, token: str, side: str) -> httpx.Response:
        return self.http.get(f"{self.api}/clips/{token}/{side}")


def open_pairs(told: dict[str, Any]) -> list[str]:
    """Tokens of the pairs that are still to be heard."""
    return [one["token"] for one in told["pairs"] if not one["isDone"]]
