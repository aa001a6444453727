"""A tune as plain JSON and back: how it passes between processes that share no memory.

One process reads a stranger's file and gives this; another takes nothing else. It is strict: what
it does not know it refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chromasonic.errors import FormatError
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Bar, Note, Tune

MAX_BARS = 20_000
MAX_NOTES = 200_000
MAX_TICKS = 4096 * TICKS_PER_QUARTER
MAX_TEXT = 500


def tune_document(tune: Tune) -> dict[str, Any]:
    """A tune as what JSON can hold; chord symbols are left out.

    Returns:
        {"title", "source", "tempo", "bars": [{"metre", "key", "notes": [[ticks, pitch, tied,
        fermata, name]], and where they are set "opens", "closes", "ending", "section"}]}.
    """
    return {
        "title": tune.title,
        "source": tune.source,
        "tempo": tune.tempo_bpm,
        "bars": [_bar_document(bar) for bar in tune.bars],
    }


def _bar_document(bar: Bar) -> dict[str, Any]:
    repeats = {
        "opens": bar.opens_repeat,
        "closes": bar.closes_repeat,
        "ending": list(bar.ending),
        "section": bar.closes_section,
    }
    return {
        "metre": None if bar.metre is None else str(bar.metre),
        "key": [bar.key.tonic, bar.key.mode],
        "notes": [
            [note.duration, note.pitch, int(note.tied), int(note.fermata), note.name]
            for note in bar.notes
        ],
        **{name: value for name, value in repeats.items() if value},
    }


def tune_of_document(document: Mapping[str, Any], *, id: str = "tune") -> Tune:
    """The tune that `tune_document` has written down.

    Args:
        document: as from JSON.
        id: of the tune.

    Raises:
        FormatError: it is not of that form, or too large.
    """
    try:
        rows = document["bars"]
        if not 1 <= len(rows) <= MAX_BARS or sum(len(row["notes"]) for row in rows) > MAX_NOTES:
            raise FormatError(
                f"A tune has 1 to {MAX_BARS:,} bars and up to {MAX_NOTES:,} notes. Give a part."
            )
        tempo = document.get("tempo")
        return Tune(
            id=id,
            title=_text(document.get("title")),
            bars=tuple(_bar(row) for row in rows),
            tempo_bpm=None if tempo is None else _number(tempo, 1, 1000),
            source=_text(document.get("source")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"This is no tune as tune_document writes it: {error!r}.") from error


def _bar(row: Mapping[str, Any]) -> Bar:
    tonic, mode = row["key"]
    metre = row["metre"]
    return Bar(
        notes=tuple(_note(*one) for one in row["notes"]),
        metre=None if metre is None else Metre.parse(metre),
        key=Key(tonic, mode),
        opens_repeat=bool(row.get("opens", False)),
        closes_repeat=int(_number(row.get("closes", 0), 0, 100)),
        ending=tuple(int(_number(one, 1, 100)) for one in row.get("ending", ())),
        closes_section=bool(row.get("section", False)),
    )


def _note(ticks: Any, pitch: Any, tied: Any, fermata: Any, name: Any) -> Note:
    if name is not None and not (isinstance(name, str) and 1 <= len(name) <= 4):
        raise ValueError(f"{name!r} spells no note")
    return Note(
        int(_number(ticks, 1, MAX_TICKS)),
        None if pitch is None else int(_number(pitch, 0, 127)),
        tied=bool(tied),
        fermata=bool(fermata),
        name=name,
    )


def _number(value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{value!r} is not between {low:g} and {high:g}")
    return value


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:MAX_TEXT]
