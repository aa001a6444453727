"""What listeners hear: lengths of files, what is missing, what is no clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from chromasonic.abtest.clips import items_in, seeded_items
from chromasonic.errors import FormatError, UsageError
from chromasonic.files import sha256_of_file

MIDI = bytes.fromhex(  # one note of one quarter at 120 a minute: half a second
    "4d546864000000060000000101e0"
    "4d54726b00000014" + "00ff510307a120" + "00903c40" + "8360803c40" + "00ff2f00"
)


def write_clips(folder: Path, labels: str = "AB") -> Path:
    for label in labels:
        (folder / label).mkdir(parents=True)
        soundfile.write(folder / label / "opening.wav", np.zeros(12_000), 8_000)
        (folder / label / "close.mid").write_bytes(MIDI)
    return folder


def test_clips_of_the_same_name_are_an_item(tmp_path: Path) -> None:
    items = items_in(write_clips(tmp_path), "AB")
    assert [item.name for item in items] == ["close", "opening"]
    clip = items[1].clips["B"]
    assert (clip.source, clip.duration_ms) == ("B/opening.wav", 1500)
    assert clip.sha256 == sha256_of_file(tmp_path / "B/opening.wav")
    assert items[0].clips["A"].duration_ms == 500


def test_a_missing_clip_is_named(tmp_path: Path) -> None:
    write_clips(tmp_path)
    (tmp_path / "B/close.mid").unlink()
    with pytest.raises(UsageError, match="has no B/close.wav .or .flac.* a clip of every item"):
        items_in(tmp_path, "AB")
    with pytest.raises(UsageError, match="There is no folder .*C; a version's clips lie there"):
        items_in(tmp_path, "ABC")
    (tmp_path / "D").mkdir()
    with pytest.raises(UsageError, match="D has no clip; allowed: .wav"):
        items_in(tmp_path, "D")


@pytest.mark.parametrize("name", ["opening.wav", "close.mid"])
def test_a_broken_file_is_named(name: str, tmp_path: Path) -> None:
    write_clips(tmp_path)
    (tmp_path / "A" / name).write_text("no music")
    with pytest.raises(FormatError, match=f"{name} cannot be read as"):
        items_in(tmp_path, "AB")


def test_seeds_are_the_same_for_every_version() -> None:
    first, *_, last = seeded_items(5, "ABC", duration_ms=7000)
    assert {clip.source for clip in first.clips.values()} == {"seed 1"}
    assert (last.name, last.clips["C"].duration_ms) == ("seed-5", 7000)
    with pytest.raises(UsageError, match="0 items"):
        seeded_items(0, "AB", duration_ms=1)
