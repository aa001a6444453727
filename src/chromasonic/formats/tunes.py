"""A tune to a file and back; the file's ending says in which format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chromasonic.errors import FormatError
from chromasonic.files import PathLike, write_text
from chromasonic.formats.endings import known_ending
from chromasonic.formats.midi import read_midi, write_midi
from chromasonic.formats.musicxml import read_musicxml, write_musicxml
from chromasonic.music.tune import Tune


def _write_abc(tune: Tune, path: PathLike) -> object:
    from chromasonic.formats.abc import write_abc

    return write_text(path, write_abc(tune))


def _write_score(tune: Tune, path: PathLike) -> object:
    from chromasonic.formats.score import write_score

    return write_score(tune, path)


def _write_audio(tune: Tune, path: PathLike) -> object:
    from chromasonic.formats.audio import write_audio

    return write_audio(tune, path)


def _read_abc(path: PathLike) -> Tune:
    """The first tune of an ABC file."""
    from chromasonic.formats.abc import read_abc

    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise FormatError(f"Cannot read {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError:
        text = path.read_bytes().decode("latin-1")
    book = read_abc(text, source=path.name)
    if not book.tunes:
        reasons = "; ".join(f"X:{skip.reference}: {skip.reason}" for skip in book.skipped[:3])
        raise FormatError(f"{path.name} holds no tune that can be read. {reasons}")
    return book.tunes[0]


WRITERS: dict[str, Callable[[Tune, PathLike], object]] = {
    ".abc": _write_abc,
    ".mid": write_midi,
    ".midi": write_midi,
    ".musicxml": write_musicxml,
    ".xml": write_musicxml,
    ".svg": _write_score,
    ".png": _write_score,
    ".wav": _write_audio,
    ".mp3": _write_audio,
}
"""Ending to what writes it."""

READERS: dict[str, Callable[[PathLike], Tune]] = {
    ".abc": _read_abc,
    ".mid": read_midi,
    ".midi": read_midi,
    ".musicxml": read_musicxml,
    ".xml": read_musicxml,
}
"""Ending to what reads it."""


def check_ending(path: PathLike) -> str:
    """The ending of a path that a tune can be saved under; call it before long work.

    Raises:
        UsageError: no format has this ending.
    """
    return known_ending(path, WRITERS, noun="tune", done="written")


def save_tune(tune: Tune, path: PathLike) -> Path:
    """Write a tune as ABC, MIDI, MusicXML, score (SVG, PNG) or sound (WAV, MP3), by the ending.

    Raises:
        UsageError: an ending that is not allowed.
        RenderError: no score or sound can be made.
        StorageError: the file cannot be written.
    """
    WRITERS[check_ending(path)](tune, path)
    return Path(path)


def load_tune(path: PathLike) -> Tune:
    """Read a tune from ABC (the file's first), MIDI or MusicXML, by the ending.

    Raises:
        UsageError: an ending that is not allowed.
        FormatError: the file is absent or broken.
    """
    return READERS[known_ending(path, READERS, noun="tune", done="read")](path)
