"""Sound of a timeline: each voice alone, all of them aligned to the sample, in one room.

Played together at full gain they are the whole; whoever turns one down hears the others unchanged.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.errors import RenderError
from chromasonic.formats.audio import (
    FADE_SECONDS,
    MAX_SECONDS,
    PEAK,
    QUIET,
    RATE_HZ,
    SOUNDFONT_VARIABLE,
    TAIL_SECONDS,
    Sound,
    find_soundfont,
    in_room,
)
from chromasonic.formats.velocity_layers import Samples, render_layers

TICKS_A_SECOND = 2000


def render_voices(timeline: Mapping[str, Any], *, program: int | None = None) -> list[Sound]:
    """One mono recording a voice, all equally long; the mix of all peaks at -3 dB.

    Args:
        timeline: see `score_timeline`.
        program: General MIDI instrument of all voices; None: the timeline's own.

    Raises:
        RenderError: no soundfont, one that cannot be read, nothing to play, or over half an hour.
    """
    notes = timeline["notes"]
    if not notes:
        raise RenderError("There is no note to play.")
    seconds = max(note["end"] for note in notes)
    if seconds > MAX_SECONDS:
        raise RenderError(
            f"It takes {seconds / 60:.0f} minutes; up to {MAX_SECONDS / 60:.0f} are rendered. "
            "Cut it or raise its tempo."
        )
    synthesizer = _synthesizer()
    room = int((seconds + TAIL_SECONDS) * RATE_HZ)
    voices = []
    for number, voice in enumerate(timeline["voices"]):
        own = [note for note in notes if note["voice"] == number]
        chosen = voice["program"] if program is None else program
        dry = np.zeros(room, np.float32)
        played = _play(synthesizer, own, chosen)[:room]
        dry[: len(played)] = played
        voices.append(in_room(dry, number)[:room])
    return [Sound(samples, RATE_HZ) for samples in _levelled(voices, _pans(timeline))]


def mixed(voices: Sequence[Sound], timeline: Mapping[str, Any]) -> Sound:
    """The voices together: mono if there is one, else in stereo, each at its place."""
    if len(voices) == 1:
        return voices[0]
    columns = [voice.samples for voice in voices]
    return Sound(_stereo(columns, _pans(timeline)), voices[0].rate)


def flac_bytes(sound: Sound) -> bytes:
    """A recording as FLAC of 16 bit: exact to the sample, with no silence put in front."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, sound.samples, sound.rate, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def _pans(timeline: Mapping[str, Any]) -> list[float]:
    return [float(voice.get("pan", 0.0)) for voice in timeline["voices"]]


def _synthesizer() -> Any:
    import symusic

    soundfont = find_soundfont()
    try:
        return symusic.Synthesizer(sf_path=str(soundfont), sample_rate=RATE_HZ, quality=4)
    except (RuntimeError, ValueError, OSError) as error:
        raise RenderError(
            f"The soundfont {soundfont} cannot be played: {error}. "
            f"Name another with {SOUNDFONT_VARIABLE}."
        ) from error


def _play(synthesizer: Any, notes: list[dict[str, Any]], program: int) -> Samples:
    """Notes as sound (M,), louder and softer by their velocities."""
    from symusic import Note, Score, Tempo, TimeUnit, Track

    if not notes:
        return np.zeros(0, np.float32)
    onset = np.array([round(note["start"] * TICKS_A_SECOND) for note in notes], np.int32)
    end = np.array([round(note["end"] * TICKS_A_SECOND) for note in notes], np.int32)
    pitch = np.array([note["pitch"] for note in notes], np.int8)
    velocity = np.array([note["velocity"] for note in notes], np.int64)

    def play(chosen: npt.NDArray[np.bool_]) -> Samples:
        score = Score(TICKS_A_SECOND, ttype="Tick")
        score.tempos.append(Tempo(0, qpm=60.0))  # a quarter is a second
        track = Track(program=program, is_drum=False)
        track.notes = Note.from_numpy(
            time=onset[chosen],
            duration=np.maximum(end - onset, 1)[chosen],
            pitch=pitch[chosen],
            velocity=np.full(int(chosen.sum()), 127, np.int8),
            ttype=TimeUnit.tick,
        )
        score.tracks.append(track)
        return np.asarray(synthesizer.render(score, stereo=True), np.float32).mean(axis=0)

    return render_layers(play, velocity)


def _levelled(voices: list[Samples], pans: list[float]) -> list[Samples]:
    """The voices with one gain for all, cut where all are inaudible, faded out."""
    whole = _stereo(voices, pans) if len(voices) > 1 else voices[0][:, None]
    peak = float(np.abs(whole).max(initial=0.0))
    if not peak > 0:
        raise RenderError(
            "The soundfont gave silence. It may lack this instrument: name another soundfont with "
            f"{SOUNDFONT_VARIABLE}, or another instrument."
        )
    end = int(np.flatnonzero((np.abs(whole) > peak * QUIET).any(axis=1))[-1]) + 1
    gain = np.full(end, PEAK / peak, np.float32)
    fade = min(int(FADE_SECONDS * RATE_HZ), end)
    gain[end - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return [samples[:end] * gain for samples in voices]


def _stereo(voices: Sequence[Samples], pans: Sequence[float]) -> Samples:
    """Mono voices (M,) as (M, 2), each at its place with constant power, as a browser pans them.

    Source: W3C, "Web Audio API" (2021), section 1.32, StereoPannerNode of a mono input.
    """
    result = np.zeros((len(voices[0]), 2), np.float32)
    for samples, pan in zip(voices, pans, strict=True):
        angle = (pan + 1) / 2 * np.pi / 2
        result[:, 0] += np.float32(np.cos(angle)) * samples
        result[:, 1] += np.float32(np.sin(angle)) * samples
    return result
