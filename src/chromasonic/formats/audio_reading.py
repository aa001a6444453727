"""Recordings in: any file that libsndfile reads, as one channel at one rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chromasonic.errors import FormatError, UsageError
from chromasonic.files import PathLike
from chromasonic.formats.audio import Sound

SHORTEST_SECONDS = 0.5
MAX_SECONDS = 4 * 3600.0


def read_audio(path: PathLike, *, rate: int) -> Sound:
    """Read a recording (WAV, FLAC, OGG, MP3, AIFF ...), mixed to mono and resampled.

    Args:
        path: the file.
        rate: samples a second of the result.

    Raises:
        UsageError: the rate is not above 0.
        FormatError: it is absent, empty, no sound, cut short, shorter than `SHORTEST_SECONDS`,
            longer than `MAX_SECONDS`, or a sample is NaN or infinite.
    """
    import soundfile
    import soxr

    if rate < 1:
        raise UsageError(f"The rate is {rate} Hz; allowed: 1 or more (try 22050).")
    path = Path(path)
    try:
        size_bytes = path.stat().st_size
    except OSError as error:
        raise FormatError(f"Cannot read {path}: {error.strerror or error}.") from error
    if not size_bytes:
        raise FormatError(f"{path.name} is empty: 0 bytes. Copy or export the recording again.")
    try:
        with soundfile.SoundFile(path) as file:
            own_rate, promised = file.samplerate, file.frames
            if promised > MAX_SECONDS * own_rate:
                raise FormatError(
                    f"{path.name} lasts {promised / own_rate / 3600:.1f} hours; up to "
                    f"{MAX_SECONDS / 3600:.0f} are read. Cut it."
                )
            samples = file.read(dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise FormatError(
            f"{path.name} is no recording that can be read: {error.error_string} "
            "Export it again as WAV, FLAC, OGG or MP3."
        ) from error
    _check_whole(path, size_bytes, len(samples), promised, own_rate)
    mono = samples.mean(axis=1)
    if not np.isfinite(mono).all():
        raise FormatError(
            f"{path.name} holds samples that are NaN or infinite. Export the recording again."
        )
    return Sound(soxr.resample(mono, own_rate, rate).astype(np.float32), rate)


def _check_whole(path: Path, size_bytes: int, count: int, promised: int, rate: int) -> None:
    """Refuse a recording that ends before its header says, or is too short to be music."""
    expected = _bytes_promised_by_wav(path)
    # An MP3's length is an estimate of the reader's: a few frames less are no damage.
    is_cut = expected > size_bytes or count < promised - rate / 2
    if is_cut:
        raise FormatError(
            f"{path.name} is cut short: {count / rate:.1f} seconds are there, its header says more "
            f"({max(expected, size_bytes):,} bytes, {size_bytes:,} are there). Copy it again."
        )
    if count < SHORTEST_SECONDS * rate:
        raise FormatError(
            f"{path.name} lasts {count / rate:.2f} seconds; at least {SHORTEST_SECONDS} are needed."
        )


def _bytes_promised_by_wav(path: Path) -> int:
    """How large a RIFF file's data chunk says that the file is (libsndfile reads what is left of a
    cut one without a word); 0 for other files, and for streams that were written without length."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return 0
        place = 12
        while len(chunk := file.read(8)) == 8:
            length = int.from_bytes(chunk[4:], "little")
            if chunk[:4] == b"data":
                return 0 if length >= 0xFFFFFF00 else place + 8 + length
            place += 8 + length + length % 2
            file.seek(place)
    return 0
