"""The work behind Compose: progress in bars, and a steered tune's bar anew by its own model."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from chromasonic.companion import models
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.spec import SPECS
from chromasonic.formats.tune_document import tune_of_document
from chromasonic.music.tune import Tune
from chromasonic.studio import rendering
from chromasonic.studio.compose import work
from chromasonic.studio.desk.report import Report, unheard
from chromasonic.studio.shelf import Shelf


@pytest.fixture(autouse=True)
def nothing_is_engraved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "tune_files", lambda _tune: {})


def asked(folder: Path, **wishes: Any) -> dict[str, Any]:
    """What the desk hands over for a wish."""
    plain = {
        "model": "folk@shipped", "shelf": str(folder), "bars": 6, "count": 1, "seed": 3,
        "key": "C major", "mode": None, "metre": "4/4", "tempo": None, "temperature": 1.0,
        "valence": None, "arousal": None, "title": "", "batch": "b", "opening": None,
    }  # fmt: skip
    return {**plain, **wishes}


def kept(folder: Path, piece: str) -> Tune:
    return tune_of_document(Shelf(folder).get(piece).data["tune"])


def test_each_bar_is_told_as_it_is_written(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    work.compose(asked(tmp_path), Report(lambda share, message: told.append((share, message))))
    words = [message for _, message in told]
    bars = [f"Writing: bar {number} of 6" for number in range(1, 7)]
    assert words == ["Opening the model", "Writing", *bars, "Engraving"]
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    several = asked(tmp_path, count=2)
    told.clear()
    work.compose(several, Report(lambda share, message: told.append((share, message))))
    assert "Writing: the ends of 2 tunes" in [message for _, message in told]


def test_a_bar_of_a_steered_tune_is_written_anew_by_its_own_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    network = CompanionNetwork(SPECS["melody_transformer"]).eval()
    loaded: list[Path] = []

    def load_companion(path: Path, name: str) -> Any:
        assert name == "melody_transformer"
        loaded.append(path)
        return SimpleNamespace(network=network)

    def no_other(name: str) -> Any:
        raise AssertionError(f"{name} was asked")

    monkeypatch.setattr(models, "load_companion", load_companion)
    monkeypatch.setattr(work, "_model", no_other)
    (tmp_path / "band").mkdir()
    (tmp_path / "band" / "melody_transformer_best.pt").touch()
    shelf = tmp_path / "shelf"
    wishes = asked(shelf, model=str(tmp_path / "band"), valence=0.8, arousal=0.5)
    first = work.compose(wishes, unheard())["piece"]
    params = {"piece": first, "bar": 3, "seed": 1, "shelf": str(shelf)}
    second = work.reroll(params, unheard())["piece"]
    old, new = kept(shelf, first), kept(shelf, second)
    assert [a == b for a, b in zip(old.bars, new.bars, strict=True)] == [True] * 2 + [False] + [
        True
    ] * 3
    assert loaded == [tmp_path / "band"] * 2
    assert Shelf(shelf).get(second).data["by"] == "MelodyTransformer"
