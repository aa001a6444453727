"""What the readers of labelled piano music share: one MIDI file as a clip with its label."""

from __future__ import annotations

from pathlib import Path

from chromasonic import files
from chromasonic.data.index_table import read_index
from chromasonic.errors import FormatError
from chromasonic.formats.midi_events import DRUM_CHANNEL, parse_midi
from chromasonic.formats.midi_performance import performance_of
from chromasonic.formats.performance_sound import ringing_seconds
from chromasonic.music.emotion import EmotionClip

LONGEST_SECONDS = 1800.0


def read_clip(
    data: bytes, name: str, *, id: str, title: str, song: str, valence: int, arousal: int
) -> EmotionClip:
    """A labelled clip out of the bytes of a MIDI file; drums are left out.

    Args:
        data: the file.
        name: of the file, for messages.
        id, title, song, valence, arousal: see `EmotionClip`.

    Raises:
        FormatError: no MIDI file, damaged, without any note, or longer than `LONGEST_SECONDS`.
    """
    performance = performance_of(parse_midi(data, name), source=name)
    notes = performance.notes[performance.notes.channel != DRUM_CHANNEL]
    if not len(notes):
        raise FormatError(f"{name} holds no note.")
    clip = EmotionClip(
        id=id,
        title=title,
        song=song,
        valence=valence,
        arousal=arousal,
        notes=notes,
        ringing_seconds=ringing_seconds(notes, performance.pedals),
        sha256=files.sha256_of_bytes(data),
    )
    if clip.duration_seconds > LONGEST_SECONDS:
        raise FormatError(
            f"{name} lasts {clip.duration_seconds / 60:.0f} minutes; up to "
            f"{LONGEST_SECONDS / 60:.0f} are read."
        )
    return clip


def read_rows(path: Path, columns: tuple[str, ...], corpus: str) -> list[dict[str, str]]:
    """The rows of a table with a heading, names and values without blanks around them.

    Raises:
        CorpusError: it cannot be read, lists nothing, or lacks a column.
    """
    return read_index(path, columns, f"no table of {corpus}", strips_blanks=True)
