"""Clips of MIDI as the frames that a listener would get: rendered in several ways, and kept.

Other renderings of a clip (in another key, a little faster, louder) are equally true examples of
its label. Frames are kept as bytes, steps of 80 / 255 = 0.31 dB, in the cache folder, under
the hash of the clip's file, of the soundfont, and of everything here that decides what they are.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from chromasonic import files
from chromasonic.data.locate import cache_folder
from chromasonic.data.progress import Progress
from chromasonic.errors import FormatError, RenderError, StorageError
from chromasonic.formats import log_mel
from chromasonic.formats.audio_reading import read_audio
from chromasonic.formats.performance_sound import LEVEL, Player
from chromasonic.music.emotion import EmotionClip

Bytes = npt.NDArray[np.uint8]
"""Frames (T, 128); 0 is `log_mel.LOWEST`, 255 `log_mel.HIGHEST`."""

VERSION = 1
"""Goes up when the same clip gives other frames for a reason that the key does not hold."""

LONGEST_SECONDS = 120.0
"""So much of a clip is rendered; EMOPIA's are shorter, VGMIDI's pieces repeat themselves."""

STEP = (log_mel.HIGHEST - log_mel.LOWEST) / 255

DAMAGE = (OSError, ValueError, KeyError, EOFError, NotImplementedError, BadZipFile, zlib.error)
"""What a damaged file of frames can raise when it is read."""

SHIFTS = (-6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6)
FASTEST = 1.08
LOUDEST = 1.1


@dataclass(frozen=True, slots=True)
class Way:
    """One way to play a clip.

    Attributes:
        shift_semitones: added to each pitch.
        speed: 1.1 is a tenth faster.
        velocity: factor of each velocity, before it is rounded and kept within 1 to 127.
    """

    shift_semitones: int = 0
    speed: float = 1.0
    velocity: float = 1.0


AS_IT_IS = Way()


def ways(count: int, key: str) -> tuple[Way, ...]:
    """As it is, and `count` - 1 others in keys of their own, always the same for one key.

    Args:
        count: from 1 to 13.
        key: of the clip, such as its id.
    """
    rng = np.random.default_rng(list(hashlib.sha256(key.encode()).digest()))
    shifts = rng.permutation(SHIFTS)[: count - 1].tolist()
    return (
        AS_IT_IS,
        *(Way(shift, _around(rng, FASTEST), _around(rng, LOUDEST)) for shift in shifts),
    )


def _around(rng: np.random.Generator, most: float) -> float:
    """A factor between 1 / most and most, rounded so that it is written alike everywhere."""
    return round(float(most ** rng.uniform(-1, 1)), 4)


def as_frames(stored: Bytes) -> npt.NDArray[np.float32]:
    """Kept bytes as frames."""
    return stored * np.float32(STEP) + np.float32(log_mel.LOWEST)


def as_bytes(frames: npt.NDArray[np.float32]) -> Bytes:
    """Frames to keep."""
    return np.clip(np.round((frames - log_mel.LOWEST) / STEP), 0, 255).astype(np.uint8)


def rendered(
    clips: Sequence[EmotionClip],
    plans: Sequence[tuple[Way, ...]],
    soundfont: Path,
    *,
    on_progress: Progress | None = None,
) -> list[tuple[Bytes, ...]]:
    """The frames of each clip in each of its ways, from the cache where they are there.

    Args:
        clips: N clips.
        plans: for each its ways.
        soundfont: what plays.
        on_progress: told how many clips are done.

    Raises:
        RenderError: the soundfont cannot be played.
    """
    own = threading.local()

    def one(clip: EmotionClip, plan: tuple[Way, ...]) -> tuple[Bytes, ...]:
        path = _path(_key(clip, plan, _digest(soundfont)))
        stored = _stored(path, len(plan))
        if stored is not None:
            return stored
        if not hasattr(own, "player"):  # a synthesizer a thread: it is not said to be shared safely
            own.player = Player(soundfont, log_mel.RATE_HZ)
        made = tuple(as_bytes(frames_of_clip(clip, way, own.player)) for way in plan)
        _store(path, made)
        return made

    result = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for number, value in enumerate(pool.map(one, clips, plans)):
            if on_progress is not None:
                on_progress("rendering clips", number, len(clips))
            result.append(value)
    return result


def frames_of_clip(clip: EmotionClip, way: Way, player: Player) -> log_mel.Frames:
    """The frames of a clip from its first note on, played in some way."""
    start = clip.notes.onset_seconds.min()
    onset = (clip.notes.onset_seconds - start) / way.speed
    end = (clip.ringing_seconds - start) / way.speed
    pitch = clip.notes.pitch + way.shift_semitones
    used = (onset < LONGEST_SECONDS) & (pitch >= 0) & (pitch <= 127)
    velocity = np.clip(np.round(clip.notes.velocity * way.velocity), 1, 127).astype(np.int64)
    sound = player.play(
        onset[used], np.minimum(end[used], LONGEST_SECONDS), pitch[used], velocity[used]
    )
    return log_mel.frames_of(sound.samples)


def frames_of_recording(path: Path) -> Bytes:
    """The frames of a recording, from the cache where they are there.

    Raises:
        FormatError: it cannot be read; see `read_audio`.
    """
    try:
        digest = files.sha256_of_file(path)
    except OSError as error:
        raise FormatError(f"Cannot read {path}: {error.strerror}.") from error
    kept = _path(hashlib.sha256(f"{digest} {_constants()}".encode()).hexdigest())
    stored = _stored(kept, 1)
    if stored is None:
        sound = read_audio(path, rate=log_mel.RATE_HZ)
        stored = (as_bytes(log_mel.frames_of(sound.samples)),)
        _store(kept, stored)
    return stored[0]


def _constants() -> str:
    numbers = (
        VERSION, log_mel.VERSION, log_mel.RATE_HZ, log_mel.HOP, log_mel.WINDOW, log_mel.LOWEST_HZ,
        log_mel.HIGHEST_HZ, log_mel.FLOOR_DB, log_mel.HIGHEST, LONGEST_SECONDS, LEVEL,
    )  # fmt: skip
    return " ".join(map(repr, numbers))


def _key(clip: EmotionClip, plan: tuple[Way, ...], soundfont_sha256: str) -> str:
    told = " ".join(repr(astuple(way)) for way in plan)
    # The notes too: another reader may make others of the same file.
    notes = hashlib.sha256(clip.ringing_seconds.tobytes() + clip.notes.pitch.tobytes()).hexdigest()
    text = f"{clip.sha256} {notes} {soundfont_sha256} {_constants()} {told}"
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=4)
def _digest(soundfont: Path) -> str:
    try:
        return files.sha256_of_file(soundfont)
    except OSError as error:
        raise RenderError(f"Cannot read the soundfont {soundfont}: {error.strerror}.") from error


def _path(key: str) -> Path:
    return cache_folder() / "frames" / key[:2] / f"{key[:32]}.npz"


def _stored(path: Path, count: int) -> tuple[Bytes, ...] | None:
    """What was kept; None where nothing whole is there."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = tuple(archive[f"way{number}"] for number in range(count))
    except DAMAGE:  # or absent: made anew
        return None
    is_right = all(a.dtype == np.uint8 and a.shape[1:] == (log_mel.BANDS,) for a in arrays)
    return arrays if is_right else None


def _store(path: Path, made: Sequence[Bytes]) -> None:
    """Keep frames; a full disk costs time the next time, no more."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{f"way{n}": array for n, array in enumerate(made)})
    try:
        files.write_bytes(path, buffer.getvalue())
    except StorageError:
        return
