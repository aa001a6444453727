"""One file may hang, eat memory or crash its reader: that file is refused, and the work goes on."""

from __future__ import annotations

import os
import signal
import struct
from collections.abc import Iterator
from typing import IO, Any

import pytest

from chromasonic.scaling.preparing.guarded import TOO_LONG, GuardedReader
from chromasonic.scaling.preparing.one_file import outcome_of
from chromasonic.scaling.preparing.reader import TOO_MUCH_MEMORY, write_message
from chromasonic.scaling.preparing.settings import PrepareSettings


def midi_of(count: int) -> bytes:
    """A MIDI file of so many notes on the steps of a scale, an eighth apart."""
    step = bytes([0, 0x90, 0, 80, 60, 0x80, 0, 64])
    track = bytearray()
    for number in range(count):
        pitch = 60 + (0, 2, 4, 5, 7, 9, 11)[number % 7]
        track += step[:2] + bytes([pitch]) + step[3:6] + bytes([pitch]) + step[7:]
    track += b"\x00\xff\x2f\x00"
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, 120)
    return header + b"MTrk" + struct.pack(">I", len(track)) + bytes(track)


SMALL, LARGE = midi_of(40), midi_of(240_000)


@pytest.fixture
def guarded() -> Iterator[GuardedReader]:
    reader = GuardedReader(PrepareSettings(seconds_per_file=0.3, memory_mb=512, max_notes=10**6))
    yield reader
    reader.close()


def test_a_guarded_file_gives_what_it_gives_unguarded(guarded: GuardedReader) -> None:
    [ours] = guarded.read("a.mid", SMALL).tunes
    [plain] = outcome_of("a.mid", SMALL, guarded.settings).tunes
    assert ours.tokens.tolist() == plain.tokens.tolist()
    assert (ours.id, ours.key, ours.notes) == (plain.id, plain.key, 40)


def test_a_file_that_takes_too_long_is_refused_and_the_next_one_is_read(
    guarded: GuardedReader,
) -> None:
    [refusal] = guarded.read("long.mid", LARGE).refused
    assert (refusal.reason, refusal.detail) == (
        TOO_LONG,
        "the limit is 0.3 s of processor time",
    )
    assert len(guarded.read("a.mid", SMALL).tunes) == 1


def test_a_reader_that_neither_works_nor_answers_is_given_up(
    guarded: GuardedReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded.read("a.mid", SMALL)
    assert guarded.pid is not None
    os.kill(guarded.pid, signal.SIGSTOP)
    with monkeypatch.context() as impatient:
        impatient.setattr("chromasonic.scaling.preparing.guarded.PATIENCE_SECONDS", 0.5)
        [refusal] = guarded.read("a.mid", SMALL).refused
    assert refusal.reason == TOO_LONG
    assert len(guarded.read("a.mid", SMALL).tunes) == 1


def test_a_file_that_eats_memory_is_refused_and_the_next_one_is_read() -> None:
    reader = GuardedReader(PrepareSettings(memory_mb=64, max_notes=10**6))
    try:
        [refusal] = reader.read("fat.mid", LARGE).refused
        assert (refusal.reason, refusal.detail) == (TOO_MUCH_MEMORY, "the limit is 64 MB")
        assert len(reader.read("a.mid", SMALL).tunes) == 1
    finally:
        reader.close()


def test_a_reader_that_is_killed_from_outside_is_replaced_and_no_file_is_blamed(
    guarded: GuardedReader,
) -> None:
    guarded.read("a.mid", SMALL)
    first = guarded.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert len(guarded.read("b.mid", SMALL).tunes) == 1
    assert guarded.pid != first


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_file_whose_reader_dies_is_tried_once_more_then_refused(
    monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    reader = GuardedReader(PrepareSettings())
    killed: list[int] = []

    def write_and_kill(file: IO[bytes], head: Any, body: bytes = b"") -> None:
        shall_die = bool(body) and len(killed) < deaths
        if shall_die:
            assert reader.pid is not None
            os.kill(reader.pid, signal.SIGSTOP)  # so that it cannot be done with it before
        write_message(file, head, body)
        if shall_die:
            assert reader.pid is not None
            os.kill(reader.pid, signal.SIGKILL)
            killed.append(reader.pid)

    monkeypatch.setattr("chromasonic.scaling.preparing.guarded.write_message", write_and_kill)
    try:
        outcome = reader.read("bad.mid", SMALL)
    finally:
        reader.close()
    assert len(set(killed)) == deaths
    if deaths == 1:
        assert [tune.notes for tune in outcome.tunes] == [40]
    else:
        [refusal] = outcome.refused
        assert refusal.reason == "ends the process that reads it"
        assert refusal.detail == "twice; exit code -9"


@pytest.mark.parametrize(
    "data", [b"\x00" * 50, b"MThd" + b"\xff" * 60, SMALL[:60], SMALL[:14], b"<html></html>"]
)
def test_damage_is_a_refusal_not_an_error(data: bytes) -> None:
    outcome = outcome_of("folder/a.mid", data, PrepareSettings())
    assert not outcome.tunes
    assert [refusal.id for refusal in outcome.refused] == ["folder/a.mid"]
    assert "a.mid" not in outcome.refused[0].detail
