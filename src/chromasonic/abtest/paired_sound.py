"""Clips of an item written so that nothing but the music tells them apart.

Equal loudness, equal length (silence after the shorter), the same rate, channels and bit rate, no
tags: the files of an item have the same number of bytes. So it is for WAV, which has as many bytes
as samples; FLAC would be smaller for the version that is simpler to code.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from chromasonic.abtest.loudness import Level, at_equal_loudness, equal_gains, louder
from chromasonic.abtest.ranges import check_ranges
from chromasonic.errors import RenderError
from chromasonic.files import write_bytes
from chromasonic.formats.audio import Sound

RATE_HZ = 44_100
LEAD_SECONDS = 0.06
"""Silence before each clip, so that no player swallows the first note."""

FADE_SECONDS = 0.6
"""How a clip that was cut ends."""

CODER_DB = 0.446
"""What the coder takes away: LAME scales by 0.95."""

CLOSE_DB = 0.03
"""A clip that is nearer than this to where it shall be is not coded again."""

BIT_RATES = {1: 0.75, 2: 0.5}
"""Channels to libsndfile's compression level: 96 kbit/s for one, 160 for two, constant."""


WAV_SUBTYPE = "PCM_24"
"""Of lossless clips: a gain on 16 bits would want noise added to hide its rounding."""


@dataclass(frozen=True, kw_only=True)
class ClipForm:
    """What clips are like, whoever plays in them.

    Args:
        longest_s: what is longer fades out there.
        level: loudness; see `Level`.
        is_lossless: WAV of 24 bits instead of MP3.

    Raises:
        UsageError: a value is out of range.
    """

    longest_s: float = 20.0
    level: Level = field(default_factory=Level)
    is_lossless: bool = False

    def __post_init__(self) -> None:
        check_ranges(self, ("longest_s", 2, 60))

    @property
    def ending(self) -> str:
        """Of the files."""
        return ".wav" if self.is_lossless else ".mp3"


def write_clips(
    folder: Path, item: str, sounds: Mapping[str, Sound], form: ClipForm | None = None
) -> None:
    """Write an item's clips as `FOLDER/LABEL/ITEM.mp3`, or .wav.

    Args:
        folder: made with the folders of the labels.
        item: its name.
        sounds: label to what it plays, at `RATE_HZ`.
        form: what they are like.

    Raises:
        RenderError: a clip is silent, or this machine's libsndfile writes no MP3.
        StorageError: a file cannot be written.
    """
    form = form or ClipForm()
    for label, data in clip_bytes(sounds, form).items():
        (folder / label).mkdir(parents=True, exist_ok=True)
        write_bytes(folder / label / f"{item}{form.ending}", data)


def clip_bytes(sounds: Mapping[str, Sound], form: ClipForm) -> dict[str, bytes]:
    """Label to the file of its clip; see `write_clips`."""
    cut = {label: _cut(sound, form.longest_s) for label, sound in sounds.items()}
    channels = max(_width(sound) for sound in cut.values())
    length = max(len(sound.samples) for sound in cut.values())
    filled = {
        label: _filled(sound, channels, length)
        for label, sound in at_equal_loudness(cut, form.level).items()
    }
    if form.is_lossless:
        gains = equal_gains(filled, form.level)  # silence and channels were added
        return {label: _wav(louder(sound, gains[label])) for label, sound in filled.items()}
    levelled = {label: louder(sound, CODER_DB) for label, sound in filled.items()}
    # Coding takes something away, of noise more than of tones: what counts is what is heard.
    coded = {label: _mp3(sound) for label, sound in levelled.items()}
    gains = equal_gains({label: _decoded(data) for label, data in coded.items()}, form.level)
    if max(map(abs, gains.values())) <= CLOSE_DB:
        return coded
    return {label: _mp3(louder(sound, gains[label])) for label, sound in levelled.items()}


def _width(sound: Sound) -> int:
    return 1 if sound.samples.ndim == 1 else sound.samples.shape[1]


def _cut(sound: Sound, longest_s: float) -> Sound:
    """The beginning, faded out where something was cut."""
    if sound.rate != RATE_HZ:
        raise RenderError(f"The clip has {sound.rate} samples a second; wanted: {RATE_HZ}.")
    most = round(longest_s * RATE_HZ)
    if len(sound.samples) <= most:
        return sound
    samples = sound.samples[:most].copy()
    fade = min(round(FADE_SECONDS * RATE_HZ), most)
    samples[-fade:].T[...] *= np.linspace(1, 0, fade, dtype=np.float32)
    return Sound(samples, sound.rate)


def _filled(sound: Sound, channels: int, length: int) -> Sound:
    """The clip in so many channels (one becomes two of half the power each) and samples."""
    samples_MC = sound.samples if sound.samples.ndim == 2 else sound.samples[:, None]
    if samples_MC.shape[1] < channels:
        samples_MC = np.repeat(samples_MC, channels, axis=1) / np.sqrt(np.float32(channels))
    lead = round(LEAD_SECONDS * RATE_HZ)
    filled_MC = np.zeros((lead + length, channels), np.float32)
    filled_MC[lead : lead + len(samples_MC)] = samples_MC
    return Sound(filled_MC, sound.rate)


def _mp3(sound: Sound) -> bytes:
    import soundfile

    buffer = io.BytesIO()
    try:
        soundfile.write(
            buffer, sound.samples, sound.rate, format="MP3", subtype="MPEG_LAYER_III",
            bitrate_mode="CONSTANT", compression_level=BIT_RATES[sound.samples.shape[1]],
        )  # fmt: skip
    except soundfile.LibsndfileError as error:
        raise RenderError(
            f"libsndfile cannot write MP3 here ({error}); version 1.1 or newer can."
        ) from error
    return buffer.getvalue()


def _wav(sound: Sound) -> bytes:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, sound.samples, sound.rate, format="WAV", subtype=WAV_SUBTYPE)
    return buffer.getvalue()


def _decoded(data: bytes) -> Sound:
    import soundfile

    return Sound(*soundfile.read(io.BytesIO(data), dtype="float32"))
