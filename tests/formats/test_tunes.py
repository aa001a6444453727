"""Saving and loading by the file's ending."""

from __future__ import annotations

from pathlib import Path

import pytest

from chromasonic.errors import FormatError, StorageError, UsageError
from chromasonic.formats.abc import read_abc
from chromasonic.formats.tunes import READERS, WRITERS, load_tune, save_tune

FIXTURE = Path(__file__).parents[1] / "fixtures" / "tunes.abc"
JIG = read_abc(FIXTURE.read_text(encoding="utf-8"), source="tunes").tunes[0]


@pytest.mark.parametrize("ending", sorted(WRITERS))
def test_every_ending_is_written(ending: str, tmp_path: Path) -> None:
    path = save_tune(JIG, tmp_path / f"deep/er/jig{ending}")
    assert path.stat().st_size > 100
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", sorted(READERS))
def test_every_ending_that_is_read_gives_the_same_music(ending: str, tmp_path: Path) -> None:
    back = load_tune(save_tune(JIG, tmp_path / f"jig{ending}"))
    assert list(back.expanded().sounding()) == list(JIG.expanded().sounding())
    assert (back.title, back.key, back.metre) == (JIG.title, JIG.key, JIG.metre)


@pytest.mark.parametrize("name", ["tune.pdf", "tune", "tune.abc.gz", ".mid"])
def test_an_unknown_ending_names_those_that_are_allowed(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.abc .*\.mid .*\.musicxml"):
        save_tune(JIG, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_sound_and_pictures_are_not_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'\.wav'.*Allowed: \.abc"):
        load_tune(tmp_path / "tune.wav")


@pytest.mark.parametrize("ending", sorted(READERS))
def test_an_absent_or_empty_file_says_so(ending: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="tune"):
        load_tune(tmp_path / f"tune{ending}")
    (tmp_path / f"tune{ending}").touch()
    with pytest.raises(FormatError, match="tune"):
        load_tune(tmp_path / f"tune{ending}")


def test_where_nothing_can_be_written_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match="folder"):
        save_tune(JIG, tmp_path / "folder" / "tune.mid")
