"""The story of the Train page: two trainings that differ in one setting, laid over each other."""

from __future__ import annotations

import time
from typing import Any

PHONE = "#detail"
LONGEST_SECONDS = 280


def tell(page: Any, address: str) -> None:
    """Train a small and a larger network on made tunes, and look at both at once."""
    runs = [_begin(page, address, *one) for one in (("Small", 8), ("Larger", 40))]
    end = time.monotonic() + LONGEST_SECONDS
    while any(_state(page, address, run) not in ("done", "failed") for run in runs):
        if time.monotonic() > end:
            raise TimeoutError("the trainings of the story did not end")
        time.sleep(1)
    page.goto(f"{address}/train?run={runs[1]}&with={runs[0]}")
    page.wait_for_selector(".finding")
    page.wait_for_selector("#loss .chart-lines path")
    page.select_option("#metric", "pitch_bits")


def _begin(page: Any, address: str, name: str, size: int) -> str:
    settings = {
        "data.num_sequences": 90,
        "lstm.training.batch_size": 4,
        "lstm.training.epochs": 10,
        "lstm.training.learning_rate": 0.02,
        "lstm.model.hidden_size": size,
    }
    wish = {
        "task": "melody", "kind": "lstm", "corpus": "synthetic-structured", "name": name,
        "settings": settings,
    }  # fmt: skip
    return str(page.request.post(f"{address}/api/train/runs", data=wish).json()["run"])


def _state(page: Any, address: str, run: str) -> str:
    return str(page.request.get(f"{address}/api/train/runs/{run}").json()["state"]["state"])
