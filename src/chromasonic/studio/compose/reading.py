"""What strangers' words and files go through, in a process of its own with narrow limits."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromasonic.errors import ChromasonicError, FormatError, UsageError
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Note
from chromasonic.studio.desk.report import Report
from chromasonic.studio.wished import wished_key, wished_metre

if TYPE_CHECKING:
    from chromasonic.music.tune import Tune

PREVIEW_PX = 420
MOST_ENGRAVED_BARS, FULLEST_BAR = 32, 64
EXACT_CHARACTERS = 200
_TOGETHER = re.compile(r"\[(?![A-Za-z]:)[^\]|]*[A-Ga-g][^\]|]*\]")
_FIELDS = re.compile(r"^\s*[A-Za-z]:(?![|:])|\[M:", re.MULTILINE)
"""Where a text says its metre, or is a whole tune."""
GRID = 4
"""Steps of played notes in a quarter: sixteenths."""


def opening(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Read an opening that was typed or played.

    Args:
        params: "abc" (text; a header may be left out) or "notes" ([[step, steps, pitch], ...] in
            sixteenths); "key" and "metre" (texts or None) for what brings none; "bars": how many
            the whole tune shall have; "engrave".
        report: hears how far it is.

    Returns:
        {"tune": document, "abc": body of the tune as ABC, "bars" (1.5: half of one more),
        "notes", "key", "metre", "svg",
        "said": [what is worth knowing of how it was read]}, or {"fault": {"text", "at",
        "length"}}: a place in the text where it cannot be read.
    """
    from chromasonic.formats.abc import write_abc
    from chromasonic.formats.tune_document import tune_document

    report(0.1, "Reading")
    try:
        tune = _played(params) if params.get("notes") is not None else _typed(params)
        _check_room(tune, params.get("bars"))
    except ChromasonicError as error:
        if params.get("notes") is not None:
            raise
        place, length = (0, 0) if _has_octaves(params["abc"]) else fault_place(params["abc"])
        return {"fault": {"text": str(error), "at": place, "length": length}}
    found = None if _names_its_key(params) else _sure_key(tune)
    heard = tune if found is None else _in_key(tune, found)
    shown = tune if params.get("notes") is None else _filled(tune)
    lines = write_abc(shown).splitlines()
    body = "\n".join(line for line in lines if not re.match(r"[XTMLQK]:", line))
    if shown is not tune:
        body = re.sub(r"[\s|]*(?:z[\d/]*[\s|]*)*$", "", body)
    return {
        "tune": tune_document(heard),
        "abc": body,
        "bars": _bars(tune),
        "notes": sum(1 for _ in tune.sounding()),
        "key": str(heard.key),
        "metre": str(tune.metre),
        "svg": _preview(shown if heard is tune else _in_key(shown, heard.key))
        if params.get("engrave")
        else None,
        "said": _remarks(params, heard, is_sure=found is not None),
    }


def _names_its_key(params: dict[str, Any]) -> bool:
    """Whether the key was chosen, or stands in the text."""
    text = params["abc"] if params.get("notes") is None else ""
    return bool(params.get("key") or re.search(r"(^\s*|\[)K:", text, re.MULTILINE))


def _bars(tune: Tune) -> float:
    """How many bars it lasts; one that is not full counts by how much of it is there."""
    shares = (1 if bar.metre is None else bar.duration / bar.metre.bar_ticks for bar in tune.bars)
    return round(sum(shares), 3)


def _check_room(tune: Tune, bars: int | None) -> None:
    """Refuse an opening after which nothing can be written; its upbeat is no bar."""
    first, *others = tune.bars
    whole = replace(tune, bars=tuple(others)) if others and not first.is_full else tune
    if bars is not None and (length := _bars(whole)) >= bars:
        raise UsageError(
            f"The opening fills {length:g} bars, and the tune shall have {bars}. Ask for more "
            "bars, or give a shorter opening."
        )


def _sure_key(tune: Tune) -> Key | None:
    """The key that its notes speak for; None where they do not speak clearly."""
    from chromasonic.music.key_finding import SURE, melody_key

    found = melody_key(((length, pitch) for _, length, pitch in tune.sounding()), is_whole=False)
    return None if found is None or found.probability < SURE else found.key


def _in_key(tune: Tune, key: Key) -> Tune:
    """The same pitches in a key."""
    return replace(tune, bars=tuple(replace(bar, key=key) for bar in tune.bars))


def _remarks(params: dict[str, Any], tune: Tune, *, is_sure: bool) -> list[str]:
    """What whoever wrote an opening may not expect of how it was read.

    Args:
        params: see `opening`.
        tune: as it was read.
        is_sure: whether its notes speak for its key.
    """
    key = tune.key
    heard = (
        f"It sounds like {key}: choose a key above for another."
        if is_sure
        else f"No key is certain from so little; it is taken for {key}: choose one above."
    )
    if params.get("notes") is not None:
        return [] if _names_its_key(params) else [heard]
    from chromasonic.formats.written_text import is_spaced

    text = params["abc"]
    if _has_octaves(text):
        octaves = "Read as notes with octaves: C4 is middle C, E5:2 a half note."
        return [octaves] if params.get("key") else [octaves, heard]
    said = []
    if is_spaced(text):
        said.append("A number is a length here: G4 is four eighths. With an octave it is G4:1.")
    if not _names_its_key(params):
        unsure = "Letters are read in C, for no key is certain: choose one above if it is another."
        said.append(heard if is_sure else unsure)
    if not params.get("metre") and not _FIELDS.search(text) and tune.metre != Metre():
        said.append(f"By its bar lines it is in {tune.metre}; Metre says it otherwise.")
    if _TOGETHER.search(text):
        said.append("Of notes that sound together the highest is taken.")
    return said


def _has_octaves(text: str) -> bool:
    """Whether it is meant as "C5 D5 E5:2" rather than as ABC, where a number is a length."""
    from chromasonic.formats.written_text import is_spaced

    is_plain = not re.search(r"[a-g]", re.sub(r"(?<=[A-G])b", "", text))
    return is_spaced(text) and is_plain and bool(re.search(r"[A-G][#b]?[56]|[:#]", text))


def _preview(tune: Tune) -> str | None:
    """The first bars, engraved; None where even they are too full to be read."""
    from chromasonic.formats.score import engrave

    bars = tune.bars[:MOST_ENGRAVED_BARS]
    if max(len(bar.notes) for bar in bars) > FULLEST_BAR:
        return None
    return engrave(replace(tune, bars=bars), width_px=PREVIEW_PX, title=False)


def picture(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Read a picture's palette and what it says of music.

    Args:
        params: "path" of an upload, "name" as it was sent.
        report: hears how far it is.

    Returns:
        {"swatches": [{"hex", "share"}], "influences": [{"name", "word", "value", "valence",
        "arousal"}], "valence", "arousal", "word", "mode", "tempo", "sentence", "reasons"}.
    """
    from chromasonic.formats.picture_palette import palette_of_bytes
    from chromasonic.music.colour_mood import mood_of_palette

    report(0.2, "Looking")
    data = Path(params["path"]).read_bytes()
    mood = mood_of_palette(palette_of_bytes(data, name=params["name"]))
    return {
        "swatches": [{"hex": one.hex, "share": one.share} for one in mood.swatches],
        "influences": [
            {
                "name": one.name,
                "word": one.word,
                "value": one.value,
                "valence": one.valence,
                "arousal": one.arousal,
            }
            for one in mood.influences
        ],
        "valence": round(mood.cues.valence, 3),
        "arousal": round(mood.cues.arousal, 3),
        "word": mood.cues.word,
        "mode": mood.cues.mode,
        "tempo": round(mood.cues.tempo_bpm),
        "sentence": mood.sentence(),
        "reasons": mood.cues.reasons(),
    }


def _typed(params: dict[str, Any]) -> Tune:
    """The tune of ABC text, and that the models' vocabulary can say it."""
    from chromasonic.formats.written_text import no_note_at
    from chromasonic.melody_generation.opening import read_opening, tune_of_abc
    from chromasonic.music.entered_notes import barred, metre_of_bars

    text = params["abc"].strip()
    if not text:
        raise UsageError("There is no opening yet. Type notes as letters, such as: GABc dedB")
    if _has_octaves(text):
        from chromasonic.formats.typed_notes import read_typed_notes

        tune = read_typed_notes(
            text, metre=wished_metre(params.get("metre")), key=wished_key(params.get("key"))
        )
    else:
        key, metre = wished_key(params.get("key")), wished_metre(params.get("metre"))
        tune = tune_of_abc(text, key, metre)
        if (place := no_note_at(text)) is not None:
            raise FormatError(f"'{text[place]}' is no note: notes are A to G and a to g, z a rest.")
        if metre is None and not _FIELDS.search(text) and (found := metre_of_bars(tune)):
            tune = tune_of_abc(text, key, found)
        tune = barred(tune)
    read_opening(tune)
    return tune


def _played(params: dict[str, Any]) -> Tune:
    """The tune of played notes, each cut where the next begins."""
    from chromasonic.music.entered_notes import tune_of_steps

    steps = [tuple(note) for note in params["notes"]]
    return tune_of_steps(
        steps,
        steps_a_quarter=GRID,
        key=wished_key(params.get("key")),
        metre=wished_metre(params.get("metre")),
    )


def _filled(tune: Tune) -> Tune:
    """The tune with rests after its last note: a bar that is not full would count as an upbeat."""
    last = tune.bars[-1]
    if last.is_full or last.metre is None:
        return tune
    rest = Note(last.metre.bar_ticks - last.duration, None)
    return replace(tune, bars=(*tune.bars[:-1], replace(last, notes=(*last.notes, rest))))


def fault_place(text: str) -> tuple[int, int]:
    """About where a text stops being ABC: after the longest beginning of a line that is.

    Returns:
        where it begins, counted in characters, and how long it is; (0, 0) where none is found.
    """
    from chromasonic.formats.written_text import no_note_at

    start = 0
    for line in text.split("\n"):
        is_music = not re.match(r"\s*(?:[A-Za-z]:(?![|:])|%)", line)
        if is_music and not _is_abc(line):
            good = _readable(line)
            while good < len(line) - 1 and line[good].isspace():
                good += 1
            if line[good] in ",'/<>0123456789":  # what follows a note letter: the note is at fault
                token = re.compile(r"[A-Za-z]?[,'/<>\d]*$").search(line[:good])
                good = token.start() if token else good
            stop = re.compile(r"\s|$").search(line, good + 1)
            assert stop is not None
            return start + good, stop.start() - good
        start += len(line) + 1
    stranger = no_note_at(text)
    return (0, 0) if stranger is None else (stranger, 1)


def _readable(line: str) -> int:
    """Length of the longest beginning of a broken line that can be read.

    A beginning may break off inside a quotation and be readable further on. So all are tried, the
    longest first; of a long line only those about the place that halving finds.
    """
    low, high = 0, len(line)
    while high - low > EXACT_CHARACTERS:
        middle = (low + high) // 2
        low, high = (middle, high) if _is_abc(line[:middle]) else (low, middle)
    return next((end for end in range(high, low - 1, -1) if _is_abc(line[:end])), low)


def _is_abc(music: str) -> bool:
    """Whether a line of music can be read; it need not hold a note."""
    from chromasonic.formats.abc import read_abc

    return not read_abc(f"X:1\nM:none\nL:1/8\nK:C\nC{music}", source="opening").skipped
