"""One voice to harmonize: out of a file, or typed on the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from chromasonic.errors import FormatError, UsageError
from chromasonic.files import PathLike
from chromasonic.formats.typed_notes import read_typed_notes
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Tune

MAX_NAMES = 12
"""How many parts a message names."""

MAX_BYTES = 32 * 1024 * 1024


class FoundVoice(Protocol):
    """A voice that a reader found: its name, music, and where notes sound together."""

    @property
    def name(self) -> str:
        """Of the part; may be empty where there is only one."""

    @property
    def tune(self) -> Tune:
        """Its music, of notes that sound together the highest."""

    @property
    def chord_bar(self) -> int | None:
        """Number of the first bar with notes that sound together, from 1; None: no bar."""


def _abc_voices(path: Path) -> Sequence[FoundVoice]:
    from chromasonic.formats.abc import read_abc_voices

    return read_abc_voices(_text(path), source=path.name)


def _kern_voices(path: Path) -> Sequence[FoundVoice]:
    from chromasonic.formats.kern import read_kern

    return read_kern(_text(path), source=path.name)


def _text(path: Path) -> str:
    data = _bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _midi_voices(path: Path) -> Sequence[FoundVoice]:
    from chromasonic.formats.midi_voices import parse_midi_voices

    return parse_midi_voices(_bytes(path), path=path)


def _musicxml_voices(path: Path) -> Sequence[FoundVoice]:
    from chromasonic.formats.musicxml_document import unpacked
    from chromasonic.formats.musicxml_reader import parse_musicxml_voices

    return parse_musicxml_voices(unpacked(_bytes(path), path.name), source=path.name)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FormatError(f"{path.name} is larger than {MAX_BYTES:,} bytes; it is not read.")
        return path.read_bytes()
    except OSError as error:
        raise FormatError(
            f"Cannot read {path}: {error.strerror or error}. Name a file of notes, or type them: "
            '"C4 D4 E4 F4 G4:2".'
        ) from error


READERS: dict[str, Callable[[Path], Sequence[FoundVoice]]] = {
    ".abc": _abc_voices,
    ".mid": _midi_voices,
    ".midi": _midi_voices,
    ".musicxml": _musicxml_voices,
    ".xml": _musicxml_voices,
    ".mxl": _musicxml_voices,
    ".krn": _kern_voices,
    ".kern": _kern_voices,
}
"""Ending to what finds the voices of a file."""


def load_melody(
    path_or_text: PathLike,
    *,
    part: str | None = None,
    metre: Metre | None = None,
    key: Key | None = None,
) -> Tune:
    """One voice out of ABC (the file's first tune), MIDI, MusicXML or kern, or typed notes.

    Repeats stay as they are written.

    Args:
        path_or_text: a file by its ending, or notes such as "C4 D4 E4 F4 G4:2" (`typed_notes`).
        part: name or number (from 1) of the part to take. Of notes that sound together in it the
            highest is taken. Without one a file may hold one part alone, of single notes.
        metre: of typed notes; 4/4 where None. Files have their own.
        key: of typed notes; found from the notes where None.

    Raises:
        UsageError: an ending that is not read; a part that is not there.
        FormatError: a broken or absent file, no note, several parts, chords; the message says
            what there is and how to choose.
    """
    text = str(path_or_text)
    if not is_path(path_or_text):
        if part not in (None, "1"):
            raise UsageError(f"Typed notes have one part; '{part}' cannot be chosen.")
        return read_typed_notes(text, metre=metre, key=key)
    path = Path(path_or_text)
    ending = path.suffix.lower()
    if ending not in READERS:
        raise UsageError(
            f"A melody cannot be read from '{path.name}': the ending is "
            f"{repr(ending) if ending else 'missing'}. Allowed: {' '.join(READERS)}; or type notes "
            'such as "C4 D4 E4 F4 G4:2".'
        )
    return _chosen(READERS[ending](path), part, path.name)


def is_path(path_or_text: PathLike) -> bool:
    """Whether a value names a file: it is a path, ends as one, or there is such a file."""
    if not isinstance(path_or_text, str):
        return True
    text = path_or_text.strip()
    if len(text) > 4096 or "\n" in text or "\0" in text or not text:
        return False
    if re.search(r"\.[A-Za-z][A-Za-z0-9]{1,8}$", text):
        return True
    if "/" in text and not re.search(r":\d+/\d", text):
        return True
    return Path(text).is_file()


def _chosen(voices: Sequence[FoundVoice], part: str | None, source: str) -> Tune:
    """The voice that was asked for, or the only one."""
    if part is not None:
        return voices[_index(voices, part, source)].tune
    if len(voices) > 1:
        raise FormatError(
            f"{source} has {len(voices)} parts: {_listed(voices)}. One melody is harmonized: "
            f"choose it with {_options(voices)}."
        )
    if voices[0].chord_bar is not None:
        raise FormatError(
            f"{source} has notes that sound together in bar {voices[0].chord_bar}, and a melody "
            "has one at a time. Take the highest of them with --part 1, or another file."
        )
    return voices[0].tune


def _index(voices: Sequence[FoundVoice], part: str, source: str) -> int:
    """Place of the part that a number or a name means."""
    wanted = part.strip()
    if wanted.isdigit() and 1 <= int(wanted) <= len(voices):
        return int(wanted) - 1
    names = [voice.name.casefold() for voice in voices]
    for fits in (str.__eq__, str.startswith):
        found = [place for place, name in enumerate(names) if fits(name, wanted.casefold())]
        if wanted and len(found) == 1:
            return found[0]
    several = wanted and any(name.startswith(wanted.casefold()) for name in names)
    what = f"several parts that '{part}' could mean" if several else f"no part '{part}'"
    raise UsageError(
        f"{source} has {what}; its parts: {_listed(voices)}. Choose with {_options(voices)}."
    )


def _listed(voices: Sequence[FoundVoice]) -> str:
    names = [
        str(number) if voice.name in ("", str(number)) else f"{number} {voice.name}"
        for number, voice in enumerate(voices, start=1)
    ]
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")


def _options(voices: Sequence[FoundVoice]) -> str:
    name = voices[0].name
    if name in ("", "1") or not name.isprintable() or len(name) > 40:
        return "--part 1"
    quoted = f'"{name}"' if re.search(r"[^\w.-]", name) else name
    return f"--part {quoted} or --part 1"
