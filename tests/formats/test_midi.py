"""MIDI out and in: exact round trips, the published byte layout, and files that are broken."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.formats.tune_strategies import tunes

from chromasonic.errors import FormatError, RenderError
from chromasonic.formats.abc import read_abc
from chromasonic.formats.midi import read_midi, write_midi
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER as Q
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Bar, Note, Tune

FIXTURE = Path(__file__).parents[1] / "fixtures" / "tunes.abc"
TUNES = read_abc(FIXTURE.read_text(encoding="utf-8"), source="tunes").tunes


def midi_file(*tracks: bytes, division: int = 480, form: int = 1) -> bytes:
    """A MIDI file by hand: header and tracks, each closed by an end-of-track event."""
    data = b"MThd" + struct.pack(">IHHH", 6, form, len(tracks), division)
    for track in tracks:
        body = track + b"\x00\xff\x2f\x00"
        data += b"MTrk" + struct.pack(">I", len(body)) + body
    return data


def note(delta: int, pitch: int, length: int, channel: int = 0) -> bytes:
    """A note after `delta` ticks, `length` ticks long."""
    on, off = 0x90 | channel, 0x80 | channel
    return _number(delta) + bytes((on, pitch, 90)) + _number(length) + bytes((off, pitch, 0))


def _number(value: int) -> bytes:
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(value & 0x7F | 0x80)
    return bytes(reversed(parts))


def read_bytes(folder: Path, data: bytes) -> Tune:
    path = folder / "some.mid"
    path.write_bytes(data)
    return read_midi(path)


@pytest.mark.parametrize("tune", TUNES, ids=lambda tune: tune.title)
def test_a_written_tune_comes_back_as_it_is_played(tune: Tune, tmp_path: Path) -> None:
    write_midi(tune, tmp_path / "tune.mid")
    back, played = read_midi(tmp_path / "tune.mid"), tune.expanded()
    assert list(back.sounding()) == list(played.sounding())
    assert [bar.duration for bar in back.bars] == [bar.duration for bar in played.bars]
    assert [bar.metre for bar in back.bars] == [bar.metre for bar in played.bars]
    assert [bar.key for bar in back.bars] == [bar.key for bar in played.bars]
    assert back.title == tune.title
    if tune.tempo_bpm is not None:
        assert back.tempo_bpm == tune.tempo_bpm


@settings(max_examples=30, deadline=None)
@given(tune=tunes())
def test_any_tune_comes_back_as_it_is_played(tune: Tune, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("midi") / "tune.mid"
    write_midi(tune, path)
    back, played = read_midi(path), tune.expanded()
    assert list(back.sounding()) == list(played.sounding())
    assert [bar.duration for bar in back.bars] == [bar.duration for bar in played.bars]
    assert back.key == tune.key
    assert back.metre == tune.metre


def test_without_expansion_each_bar_is_written_once(tmp_path: Path) -> None:
    write_midi(TUNES[0], tmp_path / "tune.mid", expand_repeats=False)
    assert list(read_midi(tmp_path / "tune.mid").sounding()) == list(TUNES[0].sounding())


def test_another_reader_finds_the_same_notes_tempo_and_signatures(tmp_path: Path) -> None:
    import pretty_midi

    jig = TUNES[0]  # 6/8 in G, 112 dotted quarters a minute
    write_midi(jig, tmp_path / "jig.mid", program=73)
    other = pretty_midi.PrettyMIDI(str(tmp_path / "jig.mid"))
    seconds = 60 / 112 / 1.5 / Q
    expected = [(onset * seconds, pitch) for onset, _, pitch in jig.expanded().sounding()]
    (flute,) = other.instruments
    assert flute.program == 73
    assert [one.pitch for one in flute.notes] == [pitch for _, pitch in expected]
    assert [one.start for one in flute.notes] == pytest.approx([s for s, _ in expected], abs=1e-3)
    assert {(sign.numerator, sign.denominator) for sign in other.time_signature_changes} == {
        (1, 8), (6, 8), (5, 8)
    }  # fmt: skip
    assert [sign.key_number for sign in other.key_signature_changes] == [7]  # G major


def test_septuplets_are_kept_exactly(tmp_path: Path) -> None:
    bar = Bar(tuple(Note(Q // 7, 60 + step) for step in range(7)), Metre(1, 4), Key())
    write_midi(Tune("seven", "", (bar,)), tmp_path / "seven.mid")
    assert [one.duration for one in read_midi(tmp_path / "seven.mid").notes()] == [Q // 7] * 7


def test_loose_playing_is_put_on_sixteenths_and_triplets(tmp_path: Path) -> None:
    onsets = [3, 118, 245, 357, 482, 638, 803, 958]  # four sixteenths, a triplet, a quarter
    events = sorted(
        [(onset, 1, 60 + i) for i, onset in enumerate(onsets)]
        + [(onset + 95, 0, 60 + i) for i, onset in enumerate(onsets[:-1])]
        + [(1420, 0, 67)]
    )
    data, now = b"", 0
    for time, on, pitch in events:
        data += _number(time - now) + bytes((0x90, pitch, 80 * on))
        now = time
    tune = read_bytes(tmp_path, midi_file(data))
    lengths = [one.duration for one in tune.notes() if one.pitch is not None]
    assert lengths == [Q // 4] * 4 + [Q // 3] * 3 + [Q]


def test_the_highest_of_several_notes_is_the_melody(tmp_path: Path) -> None:
    chords = b"".join(
        bytes((0, 0x90, low, 80, 0, 0x90, high, 80))
        + _number(480)
        + bytes((0x80, low, 0, 0, 0x80, high, 0))
        for low, high in ((48, 72), (50, 74))
    )
    assert [pitch for _, _, pitch in read_bytes(tmp_path, midi_file(chords)).sounding()] == [72, 74]


def test_drums_are_no_melody_and_a_track_named_melody_is(tmp_path: Path) -> None:
    name = b"\x00\xff\x03\x06Melody"
    data = midi_file(note(0, 90, 480), name + note(0, 60, 480), note(0, 99, 480, channel=9))
    assert [pitch for _, _, pitch in read_bytes(tmp_path, data).sounding()] == [60]


def test_a_file_without_signatures_is_in_four_four_and_in_the_key_of_its_notes(
    tmp_path: Path,
) -> None:
    scale = b"".join(note(0, pitch, 480) for pitch in (62, 64, 66, 67, 69, 71, 73, 74))
    tune = read_bytes(tmp_path, midi_file(scale))
    assert (tune.key, tune.metre, tune.tempo_bpm) == (Key("D", "major"), Metre(4, 4), None)


def test_silence_in_front_is_left_out_and_the_last_bar_is_filled(tmp_path: Path) -> None:
    tune = read_bytes(tmp_path, midi_file(note(480 * 8, 60, 480)))
    assert [(one.pitch, one.duration) for one in tune.notes()] == [(60, Q), (None, 3 * Q)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"RIFFxxxx", "is no MIDI file"),
        (b"MThd\x00\x00\x00\x06\x00\x01", "cut short"),
        (midi_file(note(0, 60, 480))[:-9], "cut short"),
        (midi_file(note(0, 60, 480), division=0), "0 ticks a quarter"),
        (midi_file(note(0, 60, 480), division=0xE728), "SMPTE"),
        (midi_file(note(0, 60, 480), form=2), "format 2"),
        (midi_file(b""), "no notes"),
        (midi_file(note(0, 40, 480, channel=9)), "no notes beside drums"),
        (midi_file(), "no track"),
        (midi_file(b"\x00\x40\x40"), "without a status"),
        (midi_file(b"\x00\xff\x51\x7f\x07"), "middle of an event"),
        (midi_file(note(0, 60, 480) + note(0x0FFFFFFF, 60, 480), division=1), "bars"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_file_says_what_is_wrong(data: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=message):
        read_bytes(tmp_path, data)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"nowhere\.mid"):
        read_midi(tmp_path / "nowhere.mid")


def test_damaged_bytes_give_a_tune_or_a_message_but_never_a_crash(tmp_path: Path) -> None:
    write_midi(TUNES[1], tmp_path / "good.mid")
    good, chance = (tmp_path / "good.mid").read_bytes(), random.Random(5)
    refused = 0
    for _ in range(150):
        data = bytearray(good[: chance.randrange(len(good))] if chance.random() < 0.2 else good)
        for _ in range(chance.randrange(1, 6)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            assert read_bytes(tmp_path, bytes(data)).bars
        except FormatError:
            refused += 1
    assert 0 < refused < 150


def test_a_hundred_thousand_notes_are_read(tmp_path: Path) -> None:
    data = midi_file(b"".join(note(0, 60 + i % 12, 120) for i in range(100_000)))
    assert sum(1 for _ in read_bytes(tmp_path, data).sounding()) == 100_000


def test_an_impossible_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="Program 128"):
        write_midi(TUNES[0], tmp_path / "tune.mid", program=128)
    assert not list(tmp_path.iterdir())
