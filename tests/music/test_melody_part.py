"""Which part is the melody: by its name, else by how it moves."""

from __future__ import annotations

import numpy as np

from chromasonic.music.melody_part import melody_by_features, melody_part, parts_of
from chromasonic.music.performance import PlayedNotes


def arrangement(*parts: tuple[int, list[tuple[float, float, int]]]) -> PlayedNotes:
    """Parts as (channel, [(onset, length, pitch) in quarters]); the n-th is on track n."""
    rows = sorted(
        (onset, onset + length, pitch, channel, track)
        for track, (channel, notes) in enumerate(parts)
        for onset, length, pitch in notes
    )
    onset, end, pitch, channel, track = (np.array(column) for column in zip(*rows, strict=True))
    return PlayedNotes(
        onset_seconds=onset / 2,
        end_seconds=end / 2,
        onset_quarters=onset.astype(float),
        pitch=pitch.astype(np.int64),
        velocity=np.full(len(pitch), 80, np.int64),
        channel=channel.astype(np.int64),
        track=track.astype(np.int64),
        program=np.zeros(len(pitch), np.int64),
    )


TUNE = [(float(step), 0.9, 67 + [0, 2, 4, 5, 7, 4, 2, 0][step % 8]) for step in range(32)]
BASS = [(float(step), 1.0, 40 + step % 5) for step in range(32)]
CHORDS = [(4.0 * bar, 4.0, pitch) for bar in range(8) for pitch in (60, 64, 67)]
HATS = [(step / 2, 0.1, 42) for step in range(64)]


def test_the_name_tells() -> None:
    notes = arrangement((0, BASS), (1, CHORDS), (2, TUNE), (9, HATS))
    parts = parts_of(notes, {0: "Lead Vocals", 2: "Flute"})
    assert len(parts) == 3  # drums are no part
    part, found_by = melody_part(parts)  # type: ignore[misc]
    assert (part.track, found_by) == (0, "name")


def test_backing_vocals_and_the_lead_guitar_do_not_count_as_named() -> None:
    notes = arrangement((0, CHORDS), (1, BASS), (2, TUNE))
    parts = parts_of(notes, {0: "backing vocals", 1: "Lead Guitar"})
    part, found_by = melody_part(parts)  # type: ignore[misc]
    assert (part.track, found_by) == (2, "features")


def test_melody_comes_before_vocals_before_lead() -> None:
    notes = arrangement((0, BASS), (1, TUNE), (2, BASS))
    parts = parts_of(notes, {0: "lead", 1: "Vox", 2: "MELODY"})
    part, _ = melody_part(parts)  # type: ignore[misc]
    assert part.name == "MELODY"


def test_chords_bass_and_scraps_are_no_melody() -> None:
    notes = arrangement((0, CHORDS), (1, BASS), (2, TUNE[:8]))
    assert melody_part(parts_of(notes, {})) is None


def test_of_two_melodies_the_higher_that_goes_on_wins() -> None:
    second = [(onset, length, pitch - 5) for onset, length, pitch in TUNE[:16]]
    parts = parts_of(arrangement((0, second), (1, TUNE)), {})
    best = melody_by_features(parts)
    assert best is not None
    assert best.track == 1
    assert (best.monophony, best.coverage, best.highest) == (1.0, 1.0, 1.0)


def test_an_onset_at_the_end_of_time_takes_no_room() -> None:
    notes = arrangement((0, [*TUNE, (1e9, 1.0, 60)]))
    (part,) = parts_of(notes, {})
    assert part.notes == 33


def test_nothing_has_no_parts() -> None:
    notes = arrangement((0, TUNE))
    assert parts_of(notes[np.zeros(len(notes), bool)], {}) == []
