"""Key and metre as a page sends them: words, or nothing where they are left to the music."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chromasonic.errors import UsageError

if TYPE_CHECKING:
    from chromasonic.music.key import Key
    from chromasonic.music.metre import Metre


def wished_key(text: str | None) -> Key | None:
    """The key that was asked for, such as "D major"; None where none was.

    Raises:
        UsageError: the text is no key.
    """
    from chromasonic.music.key_text import parse_key

    return parse_key(text) if text else None


def wished_metre(text: str | None) -> Metre | None:
    """The metre that was asked for, such as "6/8"; None where none was.

    Raises:
        UsageError: the text is no metre.
    """
    from chromasonic.music.metre import Metre

    try:
        return Metre.parse(text) if text else None
    except ValueError as error:
        raise UsageError(str(error)) from error
