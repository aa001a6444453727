"""A MIDI file's drums apart from all the rest of it; patterns as text; sound and picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chromasonic.errors import FormatError, RenderError, UsageError
from chromasonic.formats.drum_pattern import drum_pattern_midi, read_drum_pattern
from chromasonic.formats.midi_channels import channels_in_use
from chromasonic.formats.midi_drums import DrumFile
from chromasonic.formats.midi_events import parse_midi

PATTERN = """
tempo 120
hat    x.x.x.x.x.x.x.x. | x.x.x.x.x.x.x.x.
snare  ....x.......X..o
kick   x.......x.......
"""


def file_of(*tracks: bytes, form: int = 1, division: int = 96) -> bytes:
    """A MIDI file of tracks given as their messages."""
    chunks = [b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks]
    header = b"MThd" + (6).to_bytes(4, "big") + form.to_bytes(2, "big")
    return header + len(tracks).to_bytes(2, "big") + division.to_bytes(2, "big") + b"".join(chunks)


END = b"\0\xff\x2f\0"
TEMPO = b"\0\xff\x51\x03\x07\xa1\x20"
NAME = b"\0\xff\x03\x04Bass"
BASS = NAME + b"\0\xc0\x20\0\x90\x28\x50\x60\xb0\x07\x40\0\x90\x28\0\0\xf0\x03\x7e\x01\xf7" + END
DRUMS = (  # running status, a controller, an aftertouch, a note that is never switched off
    b"\0\xc9\x08\0\x99\x24\x64\x18\x24\0\0\xb9\x04\x30\x18\x26\x40"  # the last is a controller too
    b"\0\x99\x26\x50\0\xa9\x26\x20\x0c\x89\x26\x40\x24\x99\x24\x60" + END
)


def test_what_is_not_moved_comes_out_as_it_went_in() -> None:
    data = file_of(TEMPO + END, BASS, DRUMS) + b"XXXX\0\0\0\x02ab"
    file = DrumFile(data, "song.mid")
    hits = file.hits
    new = file.with_hits(hits.onset, np.maximum(hits.end, hits.onset + 1), hits.velocity)
    before, after = parse_midi(data, "a"), parse_midi(new, "b")
    assert [n for n in after.notes if n.channel == 0] == [n for n in before.notes if n.channel == 0]
    assert (after.tempos, after.track_names) == (before.tempos, before.track_names)
    assert new.endswith(b"XXXX\0\0\0\x02ab")
    assert BASS[:-4] in new  # no running status in it: byte for byte
    for kept in (b"\xc9\x08", b"\xb9\x04\x30", b"\xb9\x26\x40", b"\xa9\x26\x20"):
        assert new.count(kept) == 1


def test_hits_are_moved_and_struck_anew_and_nothing_else_is() -> None:
    file = DrumFile(file_of(TEMPO + END, BASS, DRUMS), "song.mid")
    assert file.hits.onset.tolist() == [0, 48, 96]
    onset, end = np.array([5, 190, 420]), np.array([50, 250, 440])
    new = parse_midi(file.with_hits(onset, end, np.array([1, 2, 127]), finer=4), "new")
    assert new.ticks_per_quarter == 384
    drums = [(n.onset, n.end, n.pitch, n.velocity) for n in new.notes if n.channel == 9]
    assert drums == [(5, 50, 36, 1), (190, 250, 38, 2), (420, 440, 36, 127)]
    (bass,) = [n for n in new.notes if n.channel == 0]
    assert (bass.onset, bass.end, bass.program) == (0, 384, 32)


def test_two_hits_of_one_drum_at_one_time_keep_their_own_ends() -> None:
    both = b"\0\x99\x24\x64\0\x99\x24\x32\x10\x89\x24\0\x10\x89\x24\0" + END
    hits = DrumFile(file_of(both, form=0), "flam.mid").hits
    assert sorted(zip(hits.onset.tolist(), hits.end.tolist(), strict=True)) == [(0, 16), (0, 32)]


def test_a_change_of_kit_bounds_the_hits_beside_it() -> None:
    track = b"\0\x99\x24\x64\x30\x89\x24\0\0\xc9\x10\0\x99\x24\x64\x10\x89\x24\0" + END
    hits = DrumFile(file_of(track, form=0), "kits.mid").hits
    assert hits.earliest.tolist() == [0, 48]
    assert hits.latest[0] == 48


def test_a_file_without_drums_names_its_channels() -> None:
    its_own = (
        r"no drums on channel 10; its notes are on channel 1 \(1 note, “Bass”, bass\)\..*--channel"
    )
    with pytest.raises(FormatError, match=its_own):
        DrumFile(file_of(BASS, form=0), "bass.mid")
    with pytest.raises(FormatError, match="its notes are on no channel"):
        DrumFile(file_of(END, form=0), "empty.mid")
    with pytest.raises(UsageError, match="1 to 16"):
        DrumFile(file_of(BASS, form=0), "bass.mid", channel=16)
    assert len(DrumFile(file_of(BASS, form=0), "bass.mid", channel=0).hits) == 1


def test_channels_are_told_with_what_the_file_calls_them() -> None:
    """Two tracks on channel 1, one of them named with a line break; an instrument nobody chose."""
    second = b"\0\xff\x03\x06Lo\nend\0\x90\x29\x50\x60\x80\x29\0" + END
    nameless = b"\0\x94\x29\x50\x60\x84\x29\0" + END
    found = channels_in_use(parse_midi(file_of(BASS, second, nameless), "song.mid"))
    assert [one.words for one in found] == [
        "channel 1 (2 notes, “Bass”, “Lo end”, bass)",
        "channel 5 (1 note)",
    ]


def test_values_that_no_midi_file_can_hold_are_refused() -> None:
    file = DrumFile(file_of(DRUMS, form=0, division=30_000), "fine.mid")
    hits = file.hits
    assert file.finest == 1
    with pytest.raises(UsageError, match="times finer"):
        file.with_hits(hits.onset, hits.end + 1, hits.velocity, finer=2)
    with pytest.raises(UsageError, match="velocity 1 to 127"):
        file.with_hits(hits.onset, hits.end + 1, hits.velocity * 0)


@pytest.mark.parametrize("where", [4, 13, 14, 20, 36, 50, 57, 64])
def test_a_file_cut_short_is_an_error_and_not_a_crash(where: int) -> None:
    with pytest.raises(FormatError, match="cut short|no track|damaged|no drums"):
        DrumFile(file_of(TEMPO + END, DRUMS)[:where], "cut.mid")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (file_of(DRUMS, form=2), "format 2"),
        (file_of(DRUMS, form=0, division=0), "0 ticks"),
        (b"RIFF", "no MIDI file"),
        (b"", "empty"),
    ],
)
def test_other_files_are_errors(data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        DrumFile(data, "odd.mid")


def test_a_pattern_is_what_its_characters_say() -> None:
    events = parse_midi(drum_pattern_midi(PATTERN), "pattern")
    assert events.tempos == [(0, 500_000)]
    snare = [(n.onset / 120, n.velocity) for n in events.notes if n.pitch == 38]
    assert snare == [(4, 100), (12, 120), (15, 60)]
    assert sum(n.pitch == 42 for n in events.notes) == 16
    assert {n.channel for n in events.notes} == {9}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no hit"),
        ("hat ....", "no hit"),
        ("drum machine x.x.", "line 1: 'drum machine' is no drum"),
        ("kick x..y", "'y' is no step|is no drum"),
        ("tempo fast\nkick x", "line 1: 'tempo fast' is no tempo"),
        ("kick x\ntempo 0", "line 2"),
    ],
)
def test_a_line_that_is_none_of_a_pattern_is_an_error(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        drum_pattern_midi(text)


def test_a_pattern_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="Cannot read"):
        read_drum_pattern(tmp_path / "none.txt")


def test_drums_sound_as_long_as_they_last_and_never_clip(tmp_path: Path) -> None:
    import soundfile

    from chromasonic.formats.drum_audio import render_midi, write_midi_audio

    path = write_midi_audio(drum_pattern_midi(PATTERN), tmp_path / "beat.wav")
    samples, rate = soundfile.read(path)
    # Two bars at 120: the last hat begins at 3.75 s and rings for less than the tail.
    assert 3.75 < len(samples) / rate < 7
    assert 0.6 < np.abs(samples).max() < 0.75
    for second in (0.0, 0.5, 1.0, 2.0, 3.5):
        there = samples[int(second * rate) : int((second + 0.1) * rate)]
        assert np.abs(there).max() > 0.02
    with pytest.raises(UsageError, match=r"\.wav or \.mp3"):
        write_midi_audio(b"", tmp_path / "beat.ogg")
    with pytest.raises(RenderError, match="no note"):
        render_midi(file_of(TEMPO + END, form=0))


def test_a_loud_hit_sounds_louder_than_a_soft_one() -> None:
    from chromasonic.formats.drum_audio import render_midi

    sound = render_midi(drum_pattern_midi("tempo 60\nsnare X.......o......."))
    level = [np.abs(sound.samples[int(s * 44_100) : int((s + 0.2) * 44_100)]).max() for s in (0, 2)]
    # (120 / 127)^2 beside (60 / 127)^2; velocities within a layer of 4 sound alike.
    assert level[0] / level[1] == pytest.approx(4, rel=0.1)
