"""Run directories with models in them, small enough to be judged in a moment."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from chromasonic.data import load
from chromasonic.melody_generation import models
from chromasonic.melody_generation.models import build_model
from chromasonic.melody_generation.recipe import default_recipe, recipe_to_dict
from chromasonic.training.run_directory import RunDirectory

SIZES: dict[str, dict[str, int]] = {
    "lstm": {"hidden_size": 8, "num_layers": 1},
    "transformer": {"hidden_size": 8, "num_layers": 1, "num_heads": 2},
}
QUICK = ("--tunes", "2", "--bars", "4", "--device", "cpu")


def make_run(folder: Path, kinds: tuple[str, ...] = ("lstm", "transformer")) -> RunDirectory:
    """A run on a few of the folk tunes that are always installed, with empty checkpoints."""
    split = load("folk-pd", download=False).split
    parts = {"train": split.train[:300:4], "validation": split.validation[:4]}
    parts["test"] = split.test[:40:10]
    recipe = recipe_to_dict(default_recipe(kinds))
    recipe["data"]["dataset"] = "folk-pd"
    run = RunDirectory(folder)
    run.begin(
        recipe=recipe,
        facts={"corpus": {"name": "folk-pd"}},
        split={part: list(ids) for part, ids in parts.items()},
    )
    for kind in kinds:
        run.checkpoints(kind).mkdir(parents=True)
        (run.checkpoints(kind) / f"melody_{kind}_best.pt").touch()
    return run


def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models of the kind that is asked for, in the place of those that would be loaded."""

    def load_model(path: Path, *, kind: str | None = None) -> Any:
        found = kind or next((kind for kind in SIZES if kind in Path(path).name), "lstm")
        torch.manual_seed(sorted(SIZES).index(found))
        model = build_model(found, SIZES[found])
        return SimpleNamespace(model=model, kind=found, config=None, info={})

    monkeypatch.setattr(models, "load_model", load_model, raising=False)
