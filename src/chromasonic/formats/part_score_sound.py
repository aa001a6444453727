"""Sound out of scores of several parts: the voices stand side by side in one room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.errors import RenderError
from chromasonic.files import PathLike, write_bytes
from chromasonic.formats.audio import (
    MAX_SECONDS,
    RATE_HZ,
    TAIL_SECONDS,
    Sound,
    audio_bytes,
    find_soundfont,
    in_a_room,
)
from chromasonic.formats.part_score_midi import CHOIR, part_score_symusic
from chromasonic.music.part_score import PartScore

WIDTH = 0.4
"""How far apart the outer voices stand: 0 is one point, 1 hard left and right."""

FIRST_VOICE_DB = 1.5
"""How much louder the first voice, the tune, is than the others."""


def write_part_score_sound(score: PartScore, path: PathLike, *, program: int = CHOIR) -> None:
    """Write a score as sound, .wav or .mp3 by the file's ending.

    Raises:
        UsageError: another ending.
        RenderError: see `render_part_score`.
        StorageError: the file cannot be written.
    """
    sound = render_part_score(score, program=program)
    write_bytes(path, audio_bytes(sound, Path(path).suffix.lower()))


def render_part_score(score: PartScore, *, program: int = CHOIR) -> Sound:
    """Play a score in stereo, the first voice left, the last right, with its repeats.

    The peak is at -3 dB, the last chord rings out, then the sound ends.

    Args:
        score: what to play, at its tempo or the one at which it is sung.
        program: General MIDI instrument of every voice, 0 to 127.

    Raises:
        RenderError: no soundfont, one that cannot be read, nothing to play, or over half an hour.
    """
    import symusic

    name = score.title or score.id
    whole = part_score_symusic(score, expand_repeats=True, program=program)
    sounding = [track for track in whole.tracks if len(track.notes)]
    if not sounding:
        raise RenderError(f"'{name}' has no note to play.")
    seconds = _seconds(whole, max(note.end for track in sounding for note in track.notes))
    if seconds > MAX_SECONDS:
        raise RenderError(
            f"'{name}' takes {seconds / 60:.0f} minutes; up to {MAX_SECONDS / 60:.0f} are "
            "rendered. Cut it or raise its tempo."
        )
    soundfont = find_soundfont()
    try:
        synthesizer = symusic.Synthesizer(sf_path=str(soundfont), sample_rate=RATE_HZ, quality=4)
        mixed = np.zeros((int((seconds + TAIL_SECONDS) * RATE_HZ), 2), np.float32)
        for number, track in enumerate(whole.tracks):
            _place(mixed, _voice(synthesizer, whole, track), number, len(whole.tracks))
    except (RuntimeError, ValueError, OSError) as error:
        raise RenderError(
            f"The soundfont {soundfont} cannot be played: {error}. Name another with "
            "CHROMASONIC_SOUNDFONT."
        ) from error
    return Sound(in_a_room(mixed, seconds), RATE_HZ)


def _voice(synthesizer: Any, whole: Any, track: Any) -> npt.NDArray[np.float32]:
    """One track alone (M,), in the tempo of the whole."""
    import symusic

    if not len(track.notes):
        return np.zeros(0, np.float32)
    alone = symusic.Score(whole.ticks_per_quarter)
    alone.tempos.extend(whole.tempos)
    alone.tracks.append(track)
    stereo = synthesizer.render(alone, stereo=True)
    return np.asarray(np.asarray(stereo, dtype=np.float32).mean(axis=0))


def _place(
    mixed: npt.NDArray[np.float32], voice: npt.NDArray[np.float32], number: int, count: int
) -> None:
    """Add a voice (M,) to the stereo mix (N, 2), from left to right with constant power."""
    voice = voice[: len(mixed)]
    place = (number / (count - 1) if count > 1 else 0.5) - 0.5  # -0.5 to 0.5
    angle = np.pi / 4 * (1 + 2 * WIDTH * place)
    gain = 10 ** (FIRST_VOICE_DB / 20) if number == 0 else 1.0
    mixed[: len(voice), 0] += np.float32(gain * np.cos(angle)) * voice
    mixed[: len(voice), 1] += np.float32(gain * np.sin(angle)) * voice


def _seconds(score: Any, end: int) -> float:
    """When a tick comes, by the score's tempos."""
    times = [tempo.time for tempo in score.tempos]
    order = sorted(range(len(times)), key=lambda place: (times[place], place))
    seconds = 0.0
    for at, place in enumerate(order):
        until = times[order[at + 1]] if at + 1 < len(order) else end
        length = max(0, min(until, end) - times[place])
        seconds += length / score.ticks_per_quarter * 60 / score.tempos[place].qpm
    return seconds
