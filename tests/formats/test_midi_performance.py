"""MIDI as played: velocity, seconds through changes of tempo, agreement with symusic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chromasonic.errors import FormatError
from chromasonic.formats.midi_performance import read_midi_performance
from chromasonic.music.performance import COLUMNS


def chunk(kind: bytes, data: bytes) -> bytes:
    return kind + len(data).to_bytes(4, "big") + data


def midi(*tracks: bytes, ticks: int = 100) -> bytes:
    header = b"\0\1" + len(tracks).to_bytes(2, "big") + ticks.to_bytes(2, "big")
    ended = [chunk(b"MTrk", track + b"\0\xff\x2f\0") for track in tracks]
    return chunk(b"MThd", header) + b"".join(ended)


def tempo(delta: int, microseconds: int) -> bytes:
    return bytes([delta]) + b"\xff\x51\x03" + microseconds.to_bytes(3, "big")


def write(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "played.mid"
    path.write_bytes(data)
    return path


def test_seconds_go_through_every_change_of_tempo(tmp_path: Path) -> None:
    # 60 a minute, from the second quarter on 120: quarters begin at 0, 1, 1.5, 2 seconds.
    tempos = tempo(0, 1_000_000) + tempo(100, 500_000)
    notes = b"".join(
        bytes([delta, 0x90, pitch, velocity, 50, 0x80, pitch, 0])
        for delta, pitch, velocity in ((0, 60, 1), (50, 62, 64), (50, 64, 127), (50, 65, 9))
    )
    played = read_midi_performance(write(tmp_path, midi(tempos, notes)))
    assert played.notes.onset_seconds.tolist() == [0, 1, 1.5, 2]
    assert played.notes.end_seconds.tolist() == [0.5, 1.25, 1.75, 2.25]
    assert played.notes.onset_quarters.tolist() == [0, 1, 2, 3]
    assert played.notes.velocity.tolist() == [1, 64, 127, 9]
    assert played.tempo_bpm == 60
    assert played.has_tempo


def test_a_file_without_tempo_goes_at_120_and_says_so(tmp_path: Path) -> None:
    notes = b"\0\xc3\x28" + b"\x64\x93\x3c\x40" + b"\x64\x83\x3c\0"  # violin on channel 3
    played = read_midi_performance(write(tmp_path, midi(notes)))
    assert (played.tempo_bpm, played.has_tempo) == (120, False)
    assert played.notes.onset_seconds.tolist() == [0.5]
    assert (played.notes.channel[0], played.notes.program[0]) == (3, 40)


def test_a_file_without_notes_has_empty_columns(tmp_path: Path) -> None:
    played = read_midi_performance(write(tmp_path, midi(b"")))
    assert len(played.notes) == 0
    assert all(len(getattr(played.notes, column)) == 0 for column in COLUMNS)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (midi(b"", ticks=0), "0 ticks a quarter"),
        (midi(b"\0\x90\x3c\x40")[:-6], "cut short"),
        (b"RIFF", "no MIDI file"),
        (b"", "empty"),
    ],
)
def test_a_broken_file_is_refused_in_words(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_midi_performance(write(tmp_path, data))


@pytest.mark.corpus
def test_real_drumming_is_read_as_symusic_reads_it(corpus_folder: Path) -> None:
    import symusic

    paths = sorted((corpus_folder / "groove-midi" / "drummer1").rglob("*.mid"))[::12]
    assert len(paths) > 10
    for path in paths:
        ours = read_midi_performance(path).notes
        score = symusic.Score(str(path)).to("second")
        theirs = sorted(
            (round(note.time, 3), note.pitch, note.velocity)
            for track in score.tracks
            for note in track.notes
        )
        columns = (np.round(ours.onset_seconds, 3), ours.pitch, ours.velocity)
        found = sorted(zip(*(column.tolist() for column in columns), strict=True))
        assert [note[1:] for note in found] == [note[1:] for note in theirs]
        np.testing.assert_allclose(
            [note[0] for note in found], [note[0] for note in theirs], atol=2e-3
        )
