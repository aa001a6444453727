"""Performances as sound: notes played by a soundfont at a fixed level, for models that listen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.errors import RenderError
from chromasonic.formats.audio import MAX_SECONDS, Sound
from chromasonic.music.performance import PlayedNotes

Floats = npt.NDArray[np.float64]

LEVEL = 0.5
"""What the synthesizer's samples are multiplied with: chords of full strength then peak at about
full scale. The same for all music, so that what is played louder sounds louder."""

VELOCITY_STEP = 8
"""Velocities are sounded in steps of so many (of 1 dB around the middle of the range)."""

LONGEST_RING_SECONDS = 15.0
"""A note under a pedal that is never lifted ends after this long: a piano's strings do."""

DRUMS = 9
TICKS_A_SECOND = 1000


def ringing_seconds(notes: PlayedNotes, pedals: tuple[tuple[float, int, bool], ...]) -> Floats:
    """Until when each note sounds: its key's release, or the release of the pedal if that is down.

    A key that is struck again ends the note before.

    Args:
        notes: (N,) in the order of onsets.
        pedals: (seconds, channel, whether down), in time; see `MidiPerformance.pedals`.
    """
    ends = notes.end_seconds.copy()
    for channel in {channel for _, channel, _ in pedals}:
        changes = [(at, is_down) for at, own, is_down in pedals if own == channel]
        times = np.array([at for at, _ in changes])
        is_down = np.array([down for _, down in changes])
        mine = np.flatnonzero(notes.channel == channel)
        before = np.searchsorted(times, ends[mine], side="right") - 1
        held = mine[(before >= 0) & is_down[before]]
        lifts = np.append(times[~is_down], np.inf)
        ends[held] = lifts[np.searchsorted(lifts, ends[held], side="right")]
    for pitch in np.unique(notes.pitch):
        of_key = np.flatnonzero(notes.pitch == pitch)
        again = np.append(notes.onset_seconds[of_key][1:], np.inf)
        own_end = notes.end_seconds[of_key]
        ends[of_key] = np.maximum(own_end, np.minimum(ends[of_key], again))
    return np.minimum(
        ends, np.maximum(notes.end_seconds, notes.onset_seconds + LONGEST_RING_SECONDS)
    )


class Player:
    """A soundfont, opened once, that plays notes.

    Args:
        soundfont: the file; see `audio.find_soundfont`.
        rate: samples a second.

    Raises:
        RenderError: it cannot be read.
    """

    def __init__(self, soundfont: Path, rate: int) -> None:
        import symusic

        self.soundfont, self.rate = soundfont, rate
        try:
            self._synthesizer = symusic.Synthesizer(
                sf_path=str(soundfont), sample_rate=rate, quality=0
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise RenderError(
                f"The soundfont {soundfont} cannot be played: {error}. Name another with "
                "CHROMASONIC_SOUNDFONT."
            ) from error

    def play(
        self,
        onset_seconds: Floats,
        end_seconds: Floats,
        pitch: npt.NDArray[np.int64],
        velocity: npt.NDArray[np.int64],
        *,
        program: int = 0,
    ) -> Sound:
        """Notes as sound, from the first second on, until the last note has ended.

        Args:
            onset_seconds: (N,) from 0 on.
            end_seconds: (N,).
            pitch: (N,) 0 to 127.
            velocity: (N,) 1 to 127.
            program: General MIDI instrument; 0 is a grand piano.

        Raises:
            RenderError: no note, or over half an hour.
        """
        if not len(pitch):
            raise RenderError("There is no note to play.")
        length = float(end_seconds.max())
        if length > MAX_SECONDS:
            raise RenderError(
                f"It takes {length / 60:.0f} minutes; up to {MAX_SECONDS / 60:.0f} are rendered."
            )
        samples = np.zeros(int(np.ceil(length * self.rate)), np.float32)
        layers = np.clip(velocity, 1, 127) // VELOCITY_STEP
        for layer in np.unique(layers):
            chosen = layers == layer
            own = self._at_full_strength(
                onset_seconds[chosen], end_seconds[chosen], pitch[chosen], program
            )[: len(samples)]
            samples[: len(own)] += own * gain_of_velocity(float(velocity[chosen].mean()))
        return Sound(samples * np.float32(LEVEL), self.rate)

    def _at_full_strength(
        self, onset: Floats, end: Floats, pitch: npt.NDArray[np.int64], program: int
    ) -> npt.NDArray[np.float32]:
        """Notes as the synthesizer sounds them: it does not look at velocities."""
        import symusic
        from symusic import Note, Score, Tempo, Track

        # At 60 quarters a minute a quarter is a second.
        time = np.round(onset * TICKS_A_SECOND).astype(np.int32)
        duration = np.round(end * TICKS_A_SECOND).astype(np.int32) - time
        score = Score(TICKS_A_SECOND, ttype="Tick")
        score.tempos.append(Tempo(0, qpm=60.0))
        track = Track(program=program, is_drum=False)
        track.notes = Note.from_numpy(
            time=time,
            duration=np.maximum(duration, 1),
            pitch=pitch.astype(np.int8),
            velocity=np.full(len(pitch), 127, np.int8),
            ttype=symusic.TimeUnit.tick,
        )
        score.tracks.append(track)
        return np.asarray(self._synthesizer.render(score, stereo=False), np.float32)[0]


def gain_of_velocity(velocity: float) -> float:
    """How much softer than at 127 a note sounds, as a factor: 40 log10(velocity / 127) dB.

    Source: "SoundFont Technical Specification" 2.04 (2006), section 8.4.1, the default modulator
    from velocity to attenuation.
    """
    return (velocity / 127) ** 2
