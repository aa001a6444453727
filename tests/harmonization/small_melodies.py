"""Melodies made up for tests: short, in any key, with phrases, held notes, notes within beats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from chromasonic.harmonization.chords import MODE_NUMBERS
from chromasonic.harmonization.melody import Beats, Melody
from chromasonic.music.key import MODES

MODE_OF_NUMBER = {number: mode for mode, number in MODE_NUMBERS.items()}


def melody_of(
    pitches: Sequence[int],
    *,
    tonic: int = 0,
    mode: str = "major",
    leaving: Sequence[int] | None = None,
    phrase_ends: Sequence[int] = (),
    tonics: Sequence[int] | None = None,
) -> Melody:
    """A melody of quarters in bars of four; its last beat ends a phrase and the piece.

    Args:
        pitches: MIDI numbers, one a beat.
        tonic: pitch class of the tonic.
        mode: of the key.
        leaving: last pitch within each beat; the pitches themselves by default.
        phrase_ends: numbers of the beats that end a phrase, besides the last.
        tonics: tonic at each beat, for melodies that change their key.
    """
    pitch = np.array(pitches, np.int64)
    last = np.array(pitches if leaving is None else leaving, np.int64)
    count, index = len(pitch), np.arange(len(pitch))
    tones = np.zeros((count, 12))
    np.add.at(tones, (index, pitch % 12), 0.5)
    np.add.at(tones, (index, last % 12), 0.5)
    ends = np.isin(index, [*phrase_ends, count - 1])
    held = np.zeros(count, bool)
    held[1:] = (pitch[1:] == last[:-1]) & (index[1:] % 3 == 2)
    beats = Beats(
        pitch=pitch,
        leaving=last,
        tones=tones,
        tonic=np.full(count, tonic) if tonics is None else np.array(tonics, np.int64),
        mode=np.full(count, MODE_NUMBERS[mode]),
        strength=np.array([2, 0, 1, 0])[index % 4],
        is_held=held,
        begins_phrase=np.append(True, ends[:-1]),
        ends_phrase=ends,
        is_last=index == count - 1,
    )
    return Melody(
        id="small",
        beats=beats,
        onset=index * 480,
        duration=np.full(count, 480),
        bar=index // 4 + 1,
        place=(index % 4).astype(float),
    )


@st.composite
def melodies(draw: st.DrawFn, most_beats: int = 4) -> Melody:
    """Melodies on the scale of their key, one that may change, with steps within beats."""
    mode = draw(st.sampled_from(sorted(MODE_NUMBERS)))
    count = draw(st.integers(1, most_beats))
    tonic = draw(st.integers(0, 11))
    tonics = draw(st.lists(st.sampled_from([tonic, (tonic + 7) % 12]), min_size=count,
                           max_size=count))  # fmt: skip
    pitches, leaving = [], []
    for place in tonics:
        scale = [pitch for pitch in range(60, 80) if (pitch - place) % 12 in MODES[mode]]
        pitches.append(draw(st.sampled_from(scale)))
        leaving.append(draw(st.sampled_from([pitches[-1], scale[len(scale) // 2]])))
    ends = draw(st.lists(st.integers(0, count - 1), max_size=2))
    return melody_of(
        pitches, tonic=tonic, mode=mode, leaving=leaving, phrase_ends=ends, tonics=tonics
    )
