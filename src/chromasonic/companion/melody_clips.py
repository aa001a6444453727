"""Melodies out of MIDI files: skylines of piano clips on estimated beats, parts of web files."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chromasonic.companion.melody_lines import (
    SIXTEENTH_TICKS,
    UNKNOWN,
    MelodyLine,
    place_in_bar,
)
from chromasonic.data.lakh import FoundMelody
from chromasonic.formats.midi_skyline import skyline_of
from chromasonic.music.bar_grid import OFF_GRID, Beats, place_onsets
from chromasonic.music.beats import estimate_beats
from chromasonic.music.emotion import EmotionClip
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.performance import PlayedNotes

REST_SIXTEENTHS = 1.5
"""Silence from which on a gap between two played notes is a rest, not articulation."""

MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each step above the tonic fits a key, as listeners judged.

Source: C. Krumhansl and E. Kessler, "Tracing the dynamic changes in perceived tonal organization",
Psychological Review 89 (1982), as given in Krumhansl, "Cognitive Foundations of Musical Pitch"
(1990), table 2.1."""


def line_of_clip(clip: EmotionClip, *, corpus: str) -> MelodyLine:
    """The melody of a clip, with its emotion and the key that its notes speak for.

    Places in the bar come from estimated beats, so they are often wrong; chords are unknown.
    """
    melody = skyline_of(clip.notes)
    beats = estimate_beats(clip.notes)
    steps = place_onsets(melody.onset_seconds, beats)
    onset = _sixteenths(melody.onset_seconds, beats)
    end = _sixteenths(melody.end_seconds, beats)
    gap = onset[1:] - end[:-1]
    is_rest = gap > REST_SIXTEENTHS
    end[:-1] = np.where(is_rest, end[:-1], onset[1:])  # what is merely detached is held
    key = key_of_played(clip.notes)
    tones = np.zeros(12, np.uint8)
    tones[list(key.pitch_classes)] = 1
    count = len(melody)
    return MelodyLine(
        id=clip.id,
        corpus=corpus,
        pitch=melody.pitch,
        place=np.where(steps.window == OFF_GRID, UNKNOWN, steps.step).astype(np.int8),
        length=(end - onset).astype(np.float32),
        after_rest=np.concatenate([[True], is_rest]),
        chord=np.zeros((count, 12), np.uint8),
        key=np.tile(tones, (count, 1)),
        tonic=np.full(count, key.tonic_pitch_class, np.int8),
        valence=float(clip.valence),
        arousal=float(clip.arousal),
    )


def line_of_found(found: FoundMelody, *, corpus: str) -> MelodyLine:
    """The melody of a MIDI file from the web, on the file's own grid of quarters.

    Without a tempo that grid means nothing, and without a time signature nobody knows where bars
    begin: places are unknown then. The key is what the melody itself speaks for.
    """
    notes = found.notes
    onset = notes.onset_quarters * 4
    # Ends are known in seconds; between onsets the two clocks run together.
    last = 4 * (notes.end_seconds[-1] - notes.onset_seconds[-1]) * found.tempo_bpm / 60
    clock = np.append(notes.onset_seconds, notes.end_seconds[-1])
    end = np.interp(notes.end_seconds, clock, np.append(onset, onset[-1] + last))
    is_rest = onset[1:] - end[:-1] > REST_SIXTEENTHS
    end[:-1] = np.where(is_rest, end[:-1], onset[1:])
    place = np.full(len(notes), UNKNOWN, np.int8)
    if found.has_tempo and found.metres:
        place = _places_of_metres(onset, found.metres)
    key = key_of_played(notes)
    tones = np.zeros(12, np.uint8)
    tones[list(key.pitch_classes)] = 1
    return MelodyLine(
        id=found.id,
        corpus=corpus,
        pitch=notes.pitch,
        place=place,
        length=(end - onset).astype(np.float32),
        after_rest=np.concatenate([[True], is_rest]),
        chord=np.zeros((len(notes), 12), np.uint8),
        key=np.tile(tones, (len(notes), 1)),
        tonic=np.full(len(notes), key.tonic_pitch_class, np.int8),
    )


def _places_of_metres(
    onset_sixteenths: npt.NDArray[np.float64], metres: tuple[tuple[float, int, int], ...]
) -> npt.NDArray[np.int8]:
    """Places in the bars that begin with each time signature; an impossible one has none."""
    starts = np.array([quarters * 4 for quarters, _, _ in metres])
    which = np.searchsorted(starts, onset_sixteenths + 0.5, side="right") - 1
    places = []
    for number, onset in zip(which.tolist(), onset_sixteenths.tolist(), strict=True):
        metre = _metre(*metres[number][1:]) if number >= 0 else None
        if metre is None:
            places.append(UNKNOWN)
            continue
        ticks = round(onset - starts[number]) * SIXTEENTH_TICKS
        places.append(place_in_bar(ticks % metre.bar_ticks, metre))
    return np.array(places, np.int8)


def _metre(numerator: int, denominator: int) -> Metre | None:
    try:
        return Metre(numerator, denominator)
    except ValueError:
        return None


def _sixteenths(seconds: npt.NDArray[np.float64], beats: Beats) -> npt.NDArray[np.float64]:
    """Times on the grid of the beats, which goes on evenly before the first and after the last."""
    count = len(beats)
    first, last = np.diff(beats.seconds[:2])[0], np.diff(beats.seconds[-2:])[0]
    far = 1_000
    known = np.concatenate(
        [[beats.seconds[0] - far * first], beats.seconds, [beats.seconds[-1] + far * last]]
    )
    grid = np.concatenate([[0], np.cumsum(beats.sixteenths[:-1])]).astype(np.float64)
    ends = [-far * beats.sixteenths[0]], [grid[count - 1] + far * beats.sixteenths[-1]]
    return np.interp(seconds, known, np.concatenate([ends[0], grid, ends[1]]))


def key_of_played(notes: PlayedNotes) -> Key:
    """The major or minor key that the sounding time of the pitch classes speaks for."""
    seconds = np.maximum(notes.end_seconds - notes.onset_seconds, 1e-3)
    return key_of_weights(np.bincount(notes.pitch % 12, seconds, 12).astype(np.float64))


def key_of_weights(weight: npt.NDArray[np.float64]) -> Key:
    """The key whose profile correlates best with the weights (12,) of the pitch classes."""
    fits = []
    for mode, profile in (("major", MAJOR_PROFILE), ("minor", MINOR_PROFILE)):
        standard = (np.array(profile) - np.mean(profile)) / np.std(profile)
        fits += [(float(weight @ np.roll(standard, tonic)), tonic, mode) for tonic in range(12)]
    _, tonic, mode = max(fits)
    return Key.of_pitch_class(tonic, mode)
