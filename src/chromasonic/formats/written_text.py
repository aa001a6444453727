"""What somebody typed, told apart: notes with octaves ("C5 D5 E5:2"), or ABC, whole or in part."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chromasonic.errors import FormatError
from chromasonic.formats.abc import AbcVoice, read_abc_voices
from chromasonic.formats.typed_notes import EXAMPLE, read_typed_notes
from chromasonic.music.entered_notes import barred
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Tune

MAX_CHARACTERS = 100_000
SOURCE = "What was typed"

MELODY_OCTAVES = range(3, 7)

_WORDS = re.compile(r'"[^"]*"|![^!]*!|\[[A-Za-z]:[^\]]*\]|%[^\n]*')
_FOREIGN = re.compile(r"[h-twH-SUVWY]|[^\x00-\x7f]")
"""What is no music in ABC without fields, beside what `_WORDS` finds: prose has it."""
_FIELD = re.compile(r"^\s*([A-Za-z]):(?![|:])", re.MULTILINE)
_SPACED_NOTE = re.compile(r"[A-Ga-g][#♯b♭x𝄪♮n]*(?P<octave>-?\d{1,2})(?::[^\s:]+)?[\^!~]*$")

_REST = re.compile(r"(?:[Rr]|-)(?::[^\s:]+)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was typed, as music.

    Attributes:
        form: "notes", "abc" (with its fields) or "bare abc" (notes alone).
        voices: at least one.
    """

    form: str
    voices: Sequence[AbcVoice]

    @property
    def tune(self) -> Tune:
        """The first voice."""
        return self.voices[0].tune


def read_written(text: str, *, metre: Metre | None = None, key: Key | None = None) -> Written:
    """Read typed music in whichever of its forms it is.

    Args:
        text: a whole ABC tune (its X: line may be missing); ABC without any field; or typed notes.
        metre, key: of typed notes and of ABC without fields: 4/4 where None; the key of typed
            notes is found where None, of ABC it is C major.

    Raises:
        FormatError: there is nothing, too much, or no music in it; the message says where.
    """
    if not text.strip():
        raise FormatError(f"Nothing is typed yet. Write notes such as '{EXAMPLE}', or ABC.")
    if len(text) > MAX_CHARACTERS:
        raise FormatError(
            f"{len(text):,} characters were typed; up to {MAX_CHARACTERS:,} are read. Give a part."
        )
    if _FIELD.search(text):
        return Written(form="abc", voices=read_abc_voices(_with_fields(text), source=SOURCE))
    if is_spaced(text):
        tune = read_typed_notes(text, metre=metre, key=key)
        return Written(form="notes", voices=(AbcVoice(name="", tune=tune, chord_bar=None),))
    return Written(form="bare abc", voices=_bare(text, metre, key))


def is_spaced(text: str) -> bool:
    """Whether it is meant as typed notes: words that are notes with an octave.

    A number is an octave here and a length in ABC; a melody in the octaves 3 to 6 is meant as
    typed, and so is whatever has a colon before its lengths.
    """
    words = text.replace(",", " ").replace("|", " ").split()
    words = [word for word in words if not _REST.match(word)]
    notes = [match for word in words if (match := _SPACED_NOTE.match(word))]
    if 2 * len(notes) < len(words):
        return False
    return any(":" in note[0] for note in notes) or all(
        int(note["octave"]) in MELODY_OCTAVES for note in notes
    )


def no_note_at(text: str) -> int | None:
    """Where the first letter stands that is no music, in ABC without field lines; None: nowhere."""
    if _FIELD.search(text):
        return None
    found = _FOREIGN.search(_WORDS.sub(lambda match: " " * len(match[0]), text))
    return None if found is None else found.start()


def _with_fields(text: str) -> str:
    """ABC with the X: and K: lines that a reader needs."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    letters = [match[1] if (match := _FIELD.match(line)) else "" for line in lines]
    if "X" not in letters:
        lines, letters = ["X:1", *lines], ["X", *letters]
    if "K" not in letters:
        music = next((place for place, letter in enumerate(letters) if not letter), len(lines))
        lines.insert(music, "K:C")
    return "\n".join(lines)


def _bare(text: str, metre: Metre | None, key: Key | None) -> Sequence[AbcVoice]:
    foreign = no_note_at(text)
    if foreign is not None:
        raise FormatError(
            f"This reads neither as notes ('{EXAMPLE}') nor as ABC ('CDEF G2 | AGFE D2'): "
            f"'{text[foreign]}' is no note."
        )
    modes = {"major": "", "minor": "m"}
    home = key or Key()
    name = home.tonic + modes.get(home.mode, " " + home.mode[:3])
    body = "\n".join(line for line in text.strip().splitlines() if line.strip())
    try:
        voices = read_abc_voices(
            f"X:1\nM:{metre or Metre()}\nL:1/8\nK:{name}\n{body}\n", source=SOURCE
        )
        return [replace(voice, tune=barred(voice.tune)) for voice in voices]
    except FormatError as error:
        raise FormatError(
            f"This reads neither as notes ('{EXAMPLE}') nor as ABC ('CDEF G2 | AGFE D2'). {error}"
        ) from error
