"""Keys as people type them."""

from __future__ import annotations

import re

from chromasonic.errors import UsageError
from chromasonic.music.key import MODES, Key

_MODE_WORDS = {"": "major", "m": "minor", "ionian": "major", "aeolian": "minor"}
_KEY_TEXT = re.compile(r"\s*([A-Ga-g])(#|b|♯|♭)?\s*([A-Za-z]*)\s*")


def parse_key(text: str) -> Key:
    """Read "D major", "F# minor", "Bb", "Em", "A dorian" or "Gmix".

    Raises:
        UsageError: the text is no key.
    """
    match = _KEY_TEXT.fullmatch(text)
    if match:
        letter, accidental, word = match.groups()
        mode = _mode_of(word)
        if mode is not None:
            sign = {"♯": "#", "♭": "b", None: ""}.get(accidental, accidental)
            return Key(letter.upper() + sign, mode)
    raise UsageError(
        f"'{text}' is no key. Write a tonic A to G, with # or b where needed, and a mode "
        f"({', '.join(MODES)}), such as 'D major' or 'F# minor'."
    )


def _mode_of(word: str) -> str | None:
    """A mode by its name, or by three letters of it or more; None where it is none."""
    lower = word.lower()
    if word in _MODE_WORDS:
        return _MODE_WORDS[word]
    names = {**{name: name for name in MODES}, **{k: v for k, v in _MODE_WORDS.items() if k}}
    fitting = {mode for name, mode in names.items() if len(lower) > 2 and name.startswith(lower)}
    return fitting.pop() if len(fitting) == 1 else None
