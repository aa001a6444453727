"""Which models of a run `models register` takes, and under which names."""

from __future__ import annotations

from pathlib import Path

import pytest

from chromasonic.registry.model import ModelFacts, TrainedModel
from chromasonic.tasks import registering


def offer(monkeypatch: pytest.MonkeyPatch, *kinds: str) -> None:
    """Let a run hold models of these kinds."""

    def models_at(path: Path, *, kind: str | None = None) -> list[TrainedModel]:
        found = [TrainedModel(facts=ModelFacts(task="t", kind=own), files={}) for own in kinds]
        return [model for model in found if kind in (None, model.facts.kind)]

    monkeypatch.setattr(registering, "models_at", models_at)


@pytest.mark.parametrize(
    ("kinds", "kind", "names"),
    [
        (("lstm",), None, {"n": "lstm"}),
        (("lstm", "markov"), None, {"n-lstm": "lstm", "n-markov": "markov"}),
        (("lstm", "markov"), "markov", {"n": "markov"}),
        (("all", "simple", "hybrid"), None, {"n": "all"}),
        (("all", "simple", "hybrid"), "hybrid", {"n": "hybrid"}),
        (("all", "simple", "hybrid"), "each", {"n-simple": "simple", "n-hybrid": "hybrid"}),
        (("lstm",), "each", {"n-lstm": "lstm"}),
    ],
)
def test_a_set_is_one_model_and_models_without_a_set_are_several(
    monkeypatch: pytest.MonkeyPatch, kinds: tuple[str, ...], kind: str | None, names: dict[str, str]
) -> None:
    offer(monkeypatch, *kinds)
    found = registering.chosen_models(Path("run"), "n", kind)
    assert {name: model.facts.kind for name, model in found.items()} == names
