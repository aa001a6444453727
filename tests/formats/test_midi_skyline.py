"""The melody of played piano music: highest notes, rolled chords as one, no accompaniment."""

from __future__ import annotations

import numpy as np

from chromasonic.formats.midi_skyline import skyline_of
from chromasonic.music.performance import PlayedNotes


def played(*notes: tuple[float, float, int]) -> PlayedNotes:
    """Notes as (onset, end, pitch) in seconds; channel 0."""
    onset, end, pitch = (np.array(column, float) for column in zip(*sorted(notes), strict=True))
    count = len(pitch)
    return PlayedNotes(
        onset_seconds=onset,
        end_seconds=end,
        onset_quarters=onset * 2,
        pitch=pitch.astype(np.int64),
        velocity=np.arange(1, count + 1),
        channel=np.zeros(count, np.int64),
        track=np.zeros(count, np.int64),
        program=np.zeros(count, np.int64),
    )


def test_a_rolled_chord_is_one_note_that_begins_with_its_first() -> None:
    notes = played((0.0, 1.0, 60), (0.02, 1.0, 64), (0.04, 1.0, 72), (1.0, 2.0, 71))
    melody = skyline_of(notes)
    assert melody.pitch.tolist() == [72, 71]
    assert melody.onset_seconds.tolist() == [0.0, 1.0]
    assert melody.velocity.tolist() == [3, 4]  # the notes as they were played


def test_a_note_is_cut_where_the_next_one_begins() -> None:
    melody = skyline_of(played((0.0, 3.0, 70), (1.0, 2.0, 72)))
    assert melody.end_seconds.tolist() == [1.0, 2.0]


def test_what_lies_under_a_sounding_note_is_no_melody() -> None:
    melody = skyline_of(played((0.0, 2.0, 72), (1.0, 1.5, 60), (2.0, 3.0, 74)))
    assert melody.pitch.tolist() == [72, 74]


def test_accompaniment_in_the_melodys_rests_is_left_out() -> None:
    tune = [(float(second), second + 0.5, 74 + second % 3) for second in range(12)]
    left_hand = [(second + 0.6, second + 0.9, 50) for second in range(12)]
    melody = skyline_of(played(*tune, *left_hand))
    assert melody.pitch.tolist() == [74 + second % 3 for second in range(12)]


def test_no_notes_have_no_skyline() -> None:
    notes = played((0.0, 1.0, 60))
    assert len(skyline_of(notes[np.zeros(1, bool)])) == 0
