"""A melody, or a setting to be checked, out of what a visitor gave; runs in the `read` lane."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chromasonic.errors import ChromasonicError, FormatError, UsageError
from chromasonic.studio.desk.report import Report
from chromasonic.studio.wished import wished_key, wished_metre

MOST_BARS = 300
"""Longer tunes are refused here: their score takes minutes to draw."""
BARE = ("notes", "bare abc")
"""Forms of typed melodies that name no key."""
LIKELY_NAMES = ("soprano", "melody", "tune", "voice", "vocal", "lead", "cantus")


def read_melody(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """One melody out of a file or of typed text, made ready to be sung.

    Args:
        params: "path" or "text"; "part" (from 0; None: chosen here), "key", "metre" (texts or
            None), "name" of the file.
        report: hears how far it is.

    Returns:
        "tune" (see `tune_document`), "title", "key", "metre", "bars", "notes", "parts" (names),
        "part", "form", "heard" (whether the key was found by ear: none was given), "said" (what
        was done to it, in words), "svg" and "narrow" (its picture).
    """
    from chromasonic.formats.score import ScoreLayout, engrave_widths
    from chromasonic.formats.tune_document import tune_document
    from chromasonic.harmonization.harmonizing import fitted
    from chromasonic.music.entered_notes import metre_of_bars
    from chromasonic.studio.rendering import NARROW_PX, WIDE_PX

    report(0.1, "Reading")
    key, metre = wished_key(params.get("key")), wished_metre(params.get("metre"))
    form, voices = _voices(params, key, metre)
    part, said = _part(voices, params.get("part"))
    if form == "bare abc" and metre is None and (found := metre_of_bars(voices[part].tune)):
        form, voices = _voices(params, key, found)
        said.append(f"By its bar lines it is in {found}; Metre says it otherwise.")
    tune = _in_its_key(voices[part].tune, form, key)
    _check_length(len(tune.bars))
    tune, moved = fitted(tune)
    said += _moved_words(moved)
    if metre is not None and tune.metre != metre and form != "notes":
        said.append(f"It has its own metre, {tune.metre}.")
    report(0.5, "Engraving")
    wide, narrow = engrave_widths(tune, [NARROW_PX], ScoreLayout(width_px=WIDE_PX, title=False))
    return {
        "tune": tune_document(tune),
        "title": _title(voices[part], form, params),
        "key": str(tune.key),
        "metre": None if tune.metre is None else str(tune.metre),
        "bars": _bars(tune),
        "notes": sum(1 for _ in tune.sounding()),
        "parts": _names(voices),
        "part": part,
        "form": form,
        "heard": key is None and form in BARE,
        "said": said,
        "svg": wide,
        "narrow": narrow,
    }


def read_setting(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Four voices out of a file or of typed ABC.

    Args:
        params: as `read_melody`, without "part".
        report: hears how far it is.

    Returns:
        "parts" (four tunes, see `tune_document`), "title", "key" (as wished, or None).
    """
    from chromasonic.formats.tune_document import tune_document
    from chromasonic.harmonization.given_voices import four_voices

    report(0.1, "Reading")
    key = wished_key(params.get("key"))
    form, voices = _voices(params, key, None)
    tunes = four_voices(voices, params.get("name") or "What was typed")
    _check_length(len(tunes[0].bars))
    return {
        "parts": [tune_document(tune) for tune in tunes],
        "title": _title(voices[0], form, params),
        "key": None if key is None else str(key),
    }


def _voices(params: dict[str, Any], key: Any, metre: Any) -> tuple[str, Sequence[Any]]:
    """What was given, as voices: the form that it has, and each voice."""
    if params.get("path"):
        from chromasonic.formats.melodies import READERS

        path = Path(params["path"])
        if path.suffix not in READERS:
            raise UsageError("A melody is read from MIDI, ABC, MusicXML or kern, not from this.")
        try:
            voices = READERS[path.suffix](path)
        except ChromasonicError as error:  # the visitor's name for it, not ours
            name = params.get("name") or "The file"
            raise FormatError(str(error).replace(path.name, name)) from error
        return ("abc" if path.suffix == ".abc" else "file"), voices
    from chromasonic.formats.written_text import read_written

    written = read_written(params.get("text") or "", metre=metre, key=key)
    return written.form, written.voices


def _part(voices: Sequence[Any], wanted: int | None) -> tuple[int, list[str]]:
    """Which voice is the melody, and what is to be said of that."""
    said = []
    if wanted is not None and not 0 <= wanted < len(voices):
        wanted = None
    part = _likely(voices) if wanted is None else wanted
    if len(voices) > 1 and wanted is None:
        said.append(
            f"{len(voices)} parts were found. The melody is taken from {_names(voices)[part]}."
        )
    if voices[part].chord_bar is not None:
        said.append(
            f"Notes sound together, first in bar {voices[part].chord_bar}; the highest of them is "
            "taken for the melody."
        )
    return part, said


def _title(voice: Any, form: str, params: dict[str, Any]) -> str:
    """What it says it is called, where that is no part's name; else the file's name."""
    from chromasonic.formats.melodies import READERS

    if form not in ("abc", "file"):
        return ""
    own = voice.tune.title.strip()
    if own and own.casefold() != voice.name.strip().casefold():
        return own
    name = Path(params.get("name") or "")
    return name.stem if name.suffix.lower() in READERS else str(name) if name.name else ""


def _names(voices: Sequence[Any]) -> list[str]:
    """What the parts are called; by their number where they have no name."""
    return [
        f"part {number}" if voice.name.strip() in ("", str(number)) else voice.name.strip()
        for number, voice in enumerate(voices, start=1)
    ]


def _likely(voices: Sequence[Any]) -> int:
    """The voice that is called a melody, else the highest that has no chords, else the highest."""
    for name in LIKELY_NAMES:
        for place, voice in enumerate(voices):
            if voice.name.strip().casefold().startswith(name):
                return place
    pool = [place for place, voice in enumerate(voices) if voice.chord_bar is None]
    return max(pool or range(len(voices)), key=lambda place: _height(voices[place].tune))


def _height(tune: Any) -> float:
    pitches = sorted(note.pitch for note in tune.notes() if note.pitch is not None)
    return pitches[len(pitches) // 2] if pitches else 0


def _in_its_key(tune: Any, form: str, key: Any) -> Any:
    """The key that was asked for; else of typed notes the one that fits, of files their own."""
    from chromasonic.harmonization.harmonizing import in_key
    from chromasonic.harmonization.key_plan import found_key, relative_key
    from chromasonic.harmonization.melodies import notes_to_harmonize

    notes_to_harmonize(tune)  # raises where there is none
    if key is not None:
        return in_key(tune, key)
    if form in BARE:
        return in_key(tune, found_key(tune))
    own = relative_key(tune)
    return in_key(tune, own) if form == "file" and own != tune.key else tune


def _moved_words(moved: int) -> list[str]:
    if not moved:
        return []
    way, count = ("up" if moved > 0 else "down"), abs(moved)
    octaves, rest = divmod(count, 12)
    if rest:
        size = "a semitone" if count == 1 else f"{count} semitones"
    else:
        size = "an octave" if octaves == 1 else f"{octaves} octaves"
    return [f"Moved {way} by {size}, into the soprano's range."]


def _bars(tune: Any) -> int:
    from chromasonic.formats.notation import bar_numbers

    return bar_numbers(tune.bars)[-1]


def _check_length(bars: int) -> None:
    if bars > MOST_BARS:
        raise UsageError(
            f"This has {bars:,} bars; up to {MOST_BARS} are set here at once. Give a part of it; "
            "'chromasonic harmonize' takes more."
        )
