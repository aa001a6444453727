"""What the desk does for the Groove page: files are read within limits, drafts make room."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chromasonic.errors import FormatError, UsageError
from chromasonic.files import json_text
from chromasonic.formats.midi_drums import DrumFile
from chromasonic.formats.midi_messages import SoundedNote, messages_midi
from chromasonic.music.drum_patterns import DRUMS, starts
from chromasonic.studio.desk.report import unheard
from chromasonic.studio.groove import file_work, work
from chromasonic.studio.shelf import Shelf

KICK = 36


def hit(start: float, pitch: int = KICK, velocity: int = 100) -> SoundedNote:
    return SoundedNote(start=start, end=start + 0.05, pitch=pitch, velocity=velocity, channel=9)


def read(folder: Path, data: bytes) -> dict[str, Any]:
    path = folder / "upload.mid"
    path.write_bytes(data)
    params = {"path": str(path), "name": "mine.mid", "shelf": str(folder / "shelf")}
    piece = file_work.read(params, unheard())["piece"]
    return Shelf(folder / "shelf").get(piece).data


def with_metre(data: bytes, numerator: int, power: int) -> bytes:
    """The file with a metre at its start: numerator over 2 to the power."""
    at = data.index(b"MTrk") + 4
    size = int.from_bytes(data[at : at + 4], "big")
    metre = b"\x00\xff\x58\x04" + bytes((numerator, power, 24, 8))
    return data[:at] + (size + len(metre)).to_bytes(4, "big") + metre + data[at + 4 :]


def test_a_file_is_told_in_bars_and_its_beginning_as_a_pattern(tmp_path: Path) -> None:
    # At 120 a bar of 4/4 lasts two seconds; the first bar is empty.
    told = read(tmp_path, messages_midi([hit(2.0), hit(2.51, 38, 60), hit(5.0, 42)]))
    assert told["hits"] == 3
    assert told["bars"] == 3
    assert told["others"] == 0
    assert told["pattern"]["bars"] == 2
    assert told["pattern"]["hits"] == [[0, KICK, 100], [4, 38, 60], [24, 42, 100]]


def test_a_waltz_has_bars_of_twelve_sixteenths_on_the_grid_too(tmp_path: Path) -> None:
    data = with_metre(messages_midi([hit(n * 1.5) for n in range(4)]), 3, 2)
    told = read(tmp_path, data)
    assert told["bars"] == 4
    assert (told["pattern"]["metre"], told["pattern"]["bars"]) == ("3/4", 4)
    assert told["pattern"]["hits"] == [[n * 12, KICK, 100] for n in range(4)]
    assert read(tmp_path, with_metre(messages_midi([hit(0)]), 7, 3))["pattern"] is None
    bars = file_work._bars(DrumFile(data, "waltz"))
    assert bars == [[n * 1.5, 1.5, 12, 4] for n in range(4)]
    six_eight = with_metre(messages_midi([hit(0)]), 6, 3)
    assert file_work._bars(DrumFile(six_eight, "six")) == [[0, 1.5, 12, 6]]


def test_a_file_of_too_many_bars_is_refused_before_they_are_counted_out(tmp_path: Path) -> None:
    data = with_metre(messages_midi([hit(20_000.0)]), 1, 7)  # bars of a 128th note
    with pytest.raises(FormatError, match="more than 10,000 bars"):
        read(tmp_path, data)


def test_a_file_of_too_many_hits_is_refused_with_what_takes_it(tmp_path: Path) -> None:
    data = messages_midi([hit(n / 100) for n in range(20_001)])
    with pytest.raises(FormatError, match="20,001 drum hits; the studio takes 20,000.*chromasonic"):
        read(tmp_path, data)


def test_what_is_kept_of_a_file_means_the_same(tmp_path: Path) -> None:
    bass = SoundedNote(start=0.25, end=1.0, pitch=40, velocity=77, channel=1)
    data = messages_midi([hit(0.0), hit(0.5), bass])
    read(tmp_path, data)
    (kept,) = Shelf(tmp_path / "shelf").all(file_work.SOURCE)
    plain = Shelf(tmp_path / "shelf").path(kept.id, "source.mid").read_bytes()
    before, after = (DrumFile(one, "it").events.notes for one in (data, plain))
    assert sorted(before) == sorted(after)


def test_a_file_without_drums_on_channel_10_asks_for_the_channel_and_is_read_anew(
    tmp_path: Path,
) -> None:
    kit = [replace(hit(n / 2), channel=2) for n in range(8)]
    bass = SoundedNote(start=0.25, end=1.0, pitch=40, velocity=77, channel=1)
    told = read(tmp_path, messages_midi([*kit, bass]))
    assert (told["channel"], told["hits"], told["pattern"]) == (None, 0, None)
    assert [(one["channel"], one["notes"]) for one in told["channels"]] == [(2, 1), (3, 8)]

    shelf = Shelf(tmp_path / "shelf")
    (left,) = shelf.all(file_work.SOURCE)
    params = {"title": "It", "keep": False, "model": "groove", "source": left.id}
    with pytest.raises(UsageError, match="Choose the channel"):
        file_work.play({**params, "shelf": str(shelf.folder)}, unheard())
    again = {"path": str(shelf.path(left.id, "source.mid")), "name": "mine.mid", "channel": 3}
    made = file_work.read({**again, "shelf": str(shelf.folder)}, unheard())
    told = shelf.get(made["piece"]).data
    assert (told["channel"], told["hits"], told["others"], told["bars"]) == (3, 8, 1, 2)
    with pytest.raises(FormatError, match="no drums on channel 7; its notes are on channel 2"):
        file_work.read({**again, "channel": 7, "shelf": str(shelf.folder)}, unheard())


def test_drafts_make_room_and_what_was_kept_stays(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    kept = shelf.keep(work.KIND, "mine", {}, {})
    last = shelf.keep(work.DRAFT, "last", {}, {})
    left = shelf.keep(work.DRAFT, "left", {}, {})
    two_days_ago = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    card = {"kind": work.DRAFT, "title": "left", "made": two_days_ago, "data": {}}
    (tmp_path / left.id / "piece.json").write_text(json_text(card))
    work.replace_draft(shelf, last.id)
    work.replace_draft(shelf, kept.id)
    assert [entry.id for entry in Shelf(tmp_path).listed()] == [kept.id]


def test_patterns_to_start_from_are_whole_bars_of_the_grids_drums() -> None:
    known = {pitch for _, pitch, _ in DRUMS}
    for start in starts():
        assert start["bars"] in (1, 2, 4)
        places = [tuple(hit[:2]) for hit in start["hits"]]
        assert len(set(places)) == len(places) > 4
        assert {pitch for _, pitch in places} <= known
        steps = start["bars"] * {"4/4": 16, "3/4": 12, "6/8": 12}[start["metre"]]
        assert steps - 8 < max(step for step, _ in places) < steps
    assert {"rock", "funk", "bossa"} <= {start["key"] for start in starts()}
    assert {start["metre"] for start in starts()} == {"4/4", "3/4", "6/8"}
