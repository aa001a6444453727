"""Versions of an experiment are written down by number and hash, and held while it is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from listening import make_design

from chromasonic.abtest.pinning import changed, check_different, hold, pinned, release
from chromasonic.errors import RegistryError, UsageError
from chromasonic.registry.model import ModelFacts, TrainedModel
from chromasonic.registry.versions import Registry
from stores import new_store


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Two versions each of two models; the second is the champion."""
    folder = tmp_path_factory.mktemp("pinning")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHROMASONIC_REGISTRY", str(new_store(folder / "registry")))
        registry = Registry()
        for name in ("folk", "tampered"):
            for text, aliases in (("one", ()), ("two", ("champion",))):
                file = folder / f"{text}.txt"
                file.write_text(text)
                facts = ModelFacts(task="melody", kind="lstm")
                model = TrainedModel(facts=facts, files={"w.txt": file})
                registry.register(model, name, aliases=aliases)
        yield registry


def test_an_alias_is_pinned_as_a_number_and_held_until_the_end(registry: Registry) -> None:
    arms = pinned(["folk@champion", "folk@1"])
    assert [(arm.label, arm.version) for arm in arms] == [("A", "folk@2"), ("B", "folk@1")]
    assert arms[0].sha256 == registry.get("folk@2").content
    assert arms[0].sha256 != arms[1].sha256
    design = replace(make_design(), arms=arms)
    hold(design)
    assert registry.get("folk@1").held_by == ("experiment taste",)
    with pytest.raises(RegistryError):
        registry.delete("folk@1")
    assert changed(design) == []
    release(design)
    assert registry.get("folk@1").held_by == ()


def test_a_tampered_version_cannot_take_part_and_is_told_later(registry: Registry) -> None:
    design = replace(make_design(), arms=pinned(["tampered@1", "tampered@2"]))
    file = registry.folder_of("tampered@1") / "w.txt"
    file.chmod(0o644)
    file.write_text("something else")
    with pytest.raises(RegistryError):
        pinned(["tampered@1", "tampered@2"])
    (line,) = changed(design)
    assert line.startswith("A (tampered@1) cannot be read")


def test_a_path_is_pinned_by_what_lies_there(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/weights.pt").write_bytes(b"1")
    (tmp_path / "single.pt").write_bytes(b"2")
    design = replace(
        make_design(), arms=pinned([str(tmp_path / "run"), str(tmp_path / "single.pt")])
    )
    assert changed(design) == []
    (tmp_path / "run/weights.pt").write_bytes(b"3")
    (tmp_path / "single.pt").unlink()
    first, second = changed(design)
    assert "is not what it was: its files differ" in first
    assert "cannot be read" in second


def test_a_version_is_not_compared_with_itself(registry: Registry) -> None:
    check_different(pinned(["folk@1", "folk@2"]))
    with pytest.raises(UsageError, match=r"B \(folk@2\) and C \(folk@2\) are the same files"):
        check_different(pinned(["folk@1", "folk@2", "folk@champion"]))


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no model at '.*none'"):
        pinned([str(tmp_path / "none"), str(tmp_path)])


def test_reading_a_result_makes_no_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(tmp_path / "none"))
    first, second = changed(make_design())
    assert first == "A (m@1) was not checked: no registry is here"
    assert second.startswith("B (m@2)")
    assert not (tmp_path / "none").exists()
