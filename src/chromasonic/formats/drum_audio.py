"""Sound of a MIDI file with drums: every part of it, played by a soundfont."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.errors import RenderError, UsageError
from chromasonic.files import PathLike, write_bytes
from chromasonic.formats.audio import (
    MAX_SECONDS,
    RATE_HZ,
    SOUNDFONT_VARIABLE,
    Sound,
    audio_bytes,
    find_soundfont,
    in_a_room,
)
from chromasonic.formats.midi_events import DRUM_CHANNEL, parse_midi
from chromasonic.formats.midi_performance import performance_of
from chromasonic.formats.velocity_layers import Samples, render_layers
from chromasonic.music.performance import PlayedNotes

ENDINGS = (".wav", ".mp3")

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def render_midi(
    data: bytes,
    *,
    source: str = "the MIDI file",
    channel: int = DRUM_CHANNEL,
    most_seconds: float | None = None,
) -> Sound:
    """Play a MIDI file; tempo changes are followed, controllers are not.

    Args:
        data: the whole file.
        source: how to call it in messages.
        channel: of the drums, counted from 0; channel 10 is drums besides, as in General MIDI.
        most_seconds: what comes later is left out; None: all is played.

    Raises:
        FormatError: see `midi_events.parse_midi`.
        RenderError: no note, no soundfont, or over half an hour.
    """
    # Read by our own reader and put together anew: symusic's has been seen to crash on odd files.
    notes = performance_of(parse_midi(data, source), source=source).notes
    if most_seconds is not None:
        notes = notes[notes.onset_seconds < most_seconds]
        notes = replace(notes, end_seconds=np.minimum(notes.end_seconds, most_seconds))
    if not len(notes):
        raise RenderError(f"{source} has no note to play.")
    seconds = float(notes.end_seconds.max())
    if seconds > MAX_SECONDS:
        raise RenderError(
            f"{source} takes {seconds / 60:.0f} minutes; up to {MAX_SECONDS / 60:.0f} are "
            "rendered. Write .mid, or cut it."
        )
    samples = render_layers(notes_player(notes, channel), notes.velocity)
    return Sound(in_a_room(samples, seconds), RATE_HZ)


def drum_notes(onset_seconds: Floats, pitch: Integers, velocity: Integers) -> PlayedNotes:
    """Hits (N,) on the drums' channel, which ring out, in the order of their onsets."""
    order = np.argsort(onset_seconds, kind="stable")
    onset, count = onset_seconds[order], len(order)
    return PlayedNotes(
        onset_seconds=onset,
        end_seconds=onset + RING_SECONDS,
        onset_quarters=onset,
        pitch=pitch[order],
        velocity=velocity[order],
        channel=np.full(count, DRUM_CHANNEL),
        track=np.zeros(count, np.int64),
        program=np.zeros(count, np.int64),
    )


def render_hits(onset_seconds: Floats, pitch: Integers, velocity: Integers) -> Sound:
    """Play drum hits, (N,) each, once.

    Args:
        onset_seconds: 0 or later.
        pitch: General MIDI drums.
        velocity: 1 to 127.

    Raises:
        RenderError: there is no hit, or no soundfont.
    """
    if not len(pitch):
        raise RenderError("There is no hit to play.")
    notes = drum_notes(onset_seconds, pitch, velocity)
    samples = render_layers(notes_player(notes), notes.velocity)
    return Sound(in_a_room(samples, float(notes.end_seconds.max())), RATE_HZ)


def notes_player(
    notes: PlayedNotes, channel: int = DRUM_CHANNEL
) -> Callable[[npt.NDArray[np.bool_]], Samples]:
    """A function from some of the notes to their sound (M,), all of them equally loud.

    Raises:
        RenderError: no soundfont, or one that cannot be played.
    """
    import symusic
    from symusic import Note, Score, Tempo, Track

    onset = np.round(notes.onset_seconds * TICKS_A_SECOND).astype(np.int32)
    length = np.maximum(np.round(notes.end_seconds * TICKS_A_SECOND).astype(np.int32) - onset, 1)
    is_drum = (notes.channel == channel) | (notes.channel == DRUM_CHANNEL)
    # A hit rings out: what ends it is its own sound, not the key.
    length[is_drum] = np.maximum(length[is_drum], RING_SECONDS * TICKS_A_SECOND)
    parts = np.where(is_drum, DRUMS, notes.program + 128 * notes.channel)
    soundfont = find_soundfont()
    try:
        synthesizer = symusic.Synthesizer(sf_path=str(soundfont), sample_rate=RATE_HZ, quality=4)
    except (RuntimeError, ValueError, OSError) as error:
        raise RenderError(
            f"The soundfont {soundfont} cannot be played: {error}. "
            f"Name another with {SOUNDFONT_VARIABLE}."
        ) from error

    def play(chosen: npt.NDArray[np.bool_]) -> Samples:
        score = Score(TICKS_A_SECOND, ttype="Tick")
        score.tempos.append(Tempo(0, qpm=60.0))  # a quarter is a second
        for part in np.unique(parts[chosen]):
            mine = chosen & (parts == part)
            track = Track(program=max(int(part), 0) % 128, is_drum=bool(part == DRUMS))
            track.notes = Note.from_numpy(
                time=onset[mine],
                duration=length[mine],
                pitch=notes.pitch[mine].astype(np.int8),
                velocity=np.full(int(mine.sum()), 127, np.int8),
                ttype=symusic.TimeUnit.tick,
            )
            score.tracks.append(track)
        return np.asarray(synthesizer.render(score, stereo=True), np.float32).mean(axis=0)

    return play


DRUMS = -1
"""The drums' number among the parts."""

TICKS_A_SECOND = 2000
"""Half a millisecond a tick: finer than any drummer."""

RING_SECONDS = 1


def write_midi_audio(data: bytes, path: PathLike, *, channel: int = DRUM_CHANNEL) -> Path:
    """Write a MIDI file's sound as .wav or .mp3, by the ending.

    Raises:
        UsageError: another ending.
        RenderError: see `render_midi`.
        StorageError: the file cannot be written.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(f"Sound is written as .wav or .mp3, not '{path.suffix}' ({path}).")
    return write_bytes(path, audio_bytes(render_midi(data, channel=channel), ending))
