"""What the readers of labelled piano music share: one MIDI file as a clip with its label."""

from __future__ import annotations

import csv
from pathlib import Path

from chromasonic import files
from chromasonic.errors import CorpusError, FormatError
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
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, restval="")
            rows = [
                {key.strip(): value.strip() for key, value in row.items() if key is not None}
                for row in table
            ]
    except OSError as error:
        raise CorpusError(f"Cannot read {path}: {error.strerror}. Unpack it again.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{path} is damaged: {error}. Unpack it again.") from error
    lacking = [name for name in columns if rows and name not in rows[0]]
    if lacking or not rows:
        what = f"lacks the column(s) {', '.join(lacking)}" if lacking else "lists nothing"
        raise CorpusError(f"{path} {what}: it is no table of {corpus}. Unpack it again.")
    return rows
