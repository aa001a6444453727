"""A score of several parts to a file; the file's ending says in which format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chromasonic.files import PathLike
from chromasonic.formats.endings import known_ending
from chromasonic.formats.part_score_midi import write_part_score_midi
from chromasonic.formats.part_score_musicxml import write_part_score_musicxml
from chromasonic.music.part_score import PartScore


def _write_abc(score: PartScore, path: PathLike) -> None:
    from chromasonic.formats.part_score_abc import write_part_score_abc

    write_part_score_abc(score, path)


def _write_picture(score: PartScore, path: PathLike) -> None:
    from chromasonic.formats.part_score_picture import write_part_score_picture

    write_part_score_picture(score, path)


def _write_sound(score: PartScore, path: PathLike) -> None:
    from chromasonic.formats.part_score_sound import write_part_score_sound

    write_part_score_sound(score, path)


WRITERS: dict[str, Callable[[PartScore, PathLike], None]] = {
    ".musicxml": write_part_score_musicxml,
    ".xml": write_part_score_musicxml,
    ".mid": write_part_score_midi,
    ".midi": write_part_score_midi,
    ".svg": _write_picture,
    ".png": _write_picture,
    ".abc": _write_abc,
    ".wav": _write_sound,
    ".mp3": _write_sound,
}
"""Ending to what writes it."""


def check_part_score_ending(path: PathLike) -> str:
    """The ending of a path that a score can be saved under; call it before long work.

    Raises:
        UsageError: no format has this ending.
    """
    return known_ending(path, WRITERS, noun="score", done="written")


def save_part_score(score: PartScore, path: PathLike) -> Path:
    """Write a score as MusicXML, MIDI, ABC, picture (SVG, PNG) or sound (WAV, MP3), by the ending.

    Raises:
        UsageError: an ending that is not allowed.
        RenderError: no picture or sound can be made.
        StorageError: the file cannot be written.
    """
    WRITERS[check_part_score_ending(path)](score, path)
    return Path(path)
