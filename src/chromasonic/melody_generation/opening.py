"""What a tune to be generated begins with: key and metre from words, and a given opening."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from chromasonic.errors import FormatError, UsageError
from chromasonic.formats.abc import read_abc
from chromasonic.melody_generation.tokens import (
    BAR,
    END,
    METRES,
    UnencodableTune,
    decode,
    encode,
)
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Tune


def parse_metre(text: str) -> Metre:
    """Read "6/8", "C" or "C|".

    Raises:
        UsageError: the text is no metre, or one that the vocabulary does not have.
    """
    try:
        metre = Metre.parse(text)
    except ValueError:
        metre = None
    if metre is None or str(metre) not in METRES:
        raise UsageError(
            f"'{text}' is no metre that can be generated. Allowed: {', '.join(sorted(METRES))}."
        )
    return metre


@dataclass(frozen=True, slots=True)
class Opening:
    """The beginning of a stream, kept verbatim.

    Attributes:
        ids: tokens from START on, without END.
        keys: (tonic pitch class, mode) -> the key as the opening spells it.
    """

    ids: tuple[int, ...]
    keys: dict[tuple[int, str], Key] = field(default_factory=dict)


def read_opening(
    opening: Tune | str | Sequence[int], *, key: Key | None = None, metre: Metre | None = None
) -> Opening:
    """The opening of a tune, from whichever form it comes in.

    Args:
        opening: a tune, the text of one in ABC (its header may be left out: then `key` and
            `metre` hold, and a plain letter is an eighth), or a whole token stream, END or not.
        key: the key asked for beside it.
        metre: the metre asked for beside it.

    Raises:
        UsageError: it is in another key or metre than asked for, or the vocabulary cannot say it.
        FormatError: the ABC text or the stream is broken.
    """
    if isinstance(opening, str):
        opening = tune_of_abc(opening, key, metre)
    if isinstance(opening, Tune):
        tune, ids = opening, _ids_of(opening)
    else:
        ids = [int(token) for token in opening]
        if ids[-1:] == [END]:
            del ids[-1]
        has_bar_line = ids[-1:] == [BAR]
        tune = decode([*(ids[:-1] if has_bar_line else ids), END])
    _check_agreement(tune, key, metre)
    keys = {(bar.key.tonic_pitch_class, bar.key.mode): bar.key for bar in tune.bars}
    return Opening(tuple(ids), keys)


def tune_of_abc(text: str, key: Key | None, metre: Metre | None) -> Tune:
    """The only tune of an ABC text; a bare line of music gets a header.

    Args:
        text: with a header or without.
        key: of a text that names none; None is C major.
        metre: likewise; None is 4/4.

    Raises:
        UsageError: there are several tunes.
        FormatError: the text is broken.
    """
    if not re.search(r"^X:", text, re.MULTILINE):
        if not re.search(r"^K:", text, re.MULTILINE):
            key, metre = key or Key(), metre or Metre()
            text = f"M:{metre}\nL:1/8\nK:{key.tonic}{key.mode[:3]}\n{text}"
        text = f"X:1\n{text}"
    book = read_abc(text, source="opening")
    if book.skipped:
        raise FormatError(f"The opening cannot be read: {book.skipped[0].reason}.")
    if len(book.tunes) != 1:
        raise UsageError(f"The opening holds {len(book.tunes)} tunes; give one.")
    return book.tunes[0]


def _ids_of(tune: Tune) -> list[int]:
    try:
        return encode(tune)[:-1]
    except UnencodableTune as error:
        raise UsageError(
            f"The opening cannot be continued, as the vocabulary of the models has no word for "
            f"something in it: {error.reason}."
        ) from error


def _check_agreement(tune: Tune, key: Key | None, metre: Metre | None) -> None:
    """Refuse a key or a metre beside an opening that has another."""
    own = tune.key
    if key and (key.tonic_pitch_class, key.mode) != (own.tonic_pitch_class, own.mode):
        raise UsageError(
            f"The key asked for is {key}, but the opening is in {own}. "
            "Leave the key out: an opening brings its own."
        )
    if metre and metre != tune.metre:
        raise UsageError(
            f"The metre asked for is {metre}, but the opening is in {tune.metre}. "
            "Leave the metre out: an opening brings its own."
        )
