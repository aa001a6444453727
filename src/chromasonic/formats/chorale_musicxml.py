"""Chorales out of MusicXML, plain or compressed: soprano, alto, tenor, bass on sixteenths.

Other parts of the score (horns, strings, a continuo of its own) are left out. Repeats are not
played: the music stands as it is written, once. Each sixteenth takes the note that sounds as it
begins, so that a note between two sixteenths (of a mordent written out in thirty-seconds) is left
out, and one that begins between them is struck at the next. Grace notes and ornaments are left out.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

import numpy as np

from chromasonic.errors import FormatError
from chromasonic.formats.musicxml_document import parse_partwise, unpacked
from chromasonic.formats.musicxml_reader import parse_pitch
from chromasonic.music.chorale import SILENT, STEPS_OF_QUARTER, VOICES, Booleans, Integers
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre

TICKS_PER_STEP = TICKS_PER_QUARTER // STEPS_OF_QUARTER


@dataclass(frozen=True, kw_only=True)
class ChoraleScore:
    """A four-part score on sixteenths.

    Attributes:
        pitches: (T, 4) MIDI numbers of soprano, alto, tenor and bass, `SILENT` where one rests.
        is_onset: (T, 4) whether a note is struck.
        fermatas: sixteenths at which a soprano note under a fermata begins.
        fifths: sharps (positive) or flats of the first key signature.
        mode: as the score says, in lower case; "" where it does not.
        metre: the first time signature; None where there is none.
        bars: (number as printed, the sixteenth at which it begins) of each bar.
        off_grid: how many notes do not begin on a sixteenth.
    """

    pitches: Integers
    is_onset: Booleans
    fermatas: tuple[int, ...]
    fifths: int
    mode: str
    metre: Metre | None
    bars: tuple[tuple[str, int], ...]
    off_grid: int

    @property
    def pickup_steps(self) -> int:
        """Sixteenths before the first full bar: 0 where the first bar is full."""
        if self.metre is None or len(self.bars) < 2:
            return 0
        first = self.bars[1][1]
        return first if first < self.metre.bar_ticks // TICKS_PER_STEP else 0


@dataclass(slots=True)
class _Voice:
    """Notes of one part, times in ticks from the beginning of the piece."""

    onsets: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    pitches: list[int] = field(default_factory=list)
    struck: list[bool] = field(default_factory=list)
    fermatas: list[int] = field(default_factory=list)


def parse_chorale(data: bytes, *, source: str) -> ChoraleScore:
    """Read the bytes of a .mxl, .xml or .musicxml document.

    Args:
        data: the whole file.
        source: its name, for messages.

    Raises:
        FormatError: it is no MusicXML; it has no part, or two, named for one of the four voices;
            a voice has chords or several layers.
    """
    root = parse_partwise(unpacked(data, source), source)
    parts = _vocal_parts(root, source)
    try:
        return _score(parts, source)
    except (ValueError, KeyError, ZeroDivisionError) as error:
        raise FormatError(f"{source} is damaged MusicXML: {error}.") from error


def _vocal_parts(root: ET.Element, source: str) -> list[ET.Element]:
    """The parts of the four voices, found by their names."""
    listed = [
        (part.get("id"), (part.findtext("part-name") or "").strip())
        for part in root.findall("part-list/score-part")
    ]
    chosen = []
    for voice in VOICES:
        ids = [id for id, name in listed if name.casefold().startswith(voice)]
        if len(ids) != 1:
            what = "no part is" if not ids else f"{len(ids)} parts are"
            names = ", ".join(name or "?" for _, name in listed)
            raise FormatError(
                f"{source} is no score in four voices: {what} named {voice} (parts: {names}). "
                "One each of soprano, alto, tenor and bass is wanted."
            )
        chosen += root.findall(f"part[@id='{ids[0]}']")[:1]
    if len(chosen) != len(VOICES):
        raise FormatError(f"{source} lists parts that it does not have. Export it again.")
    return chosen


def _score(parts: list[ET.Element], source: str) -> ChoraleScore:
    measures = [part.findall("measure") for part in parts]
    if len({len(of_part) for of_part in measures}) != 1 or not measures[0]:
        raise FormatError(
            f"{source} has parts of {', '.join(str(len(m)) for m in measures)} bars; as many in "
            "each are wanted."
        )
    voices = [_Voice() for _ in parts]
    divisions = [1] * len(parts)
    now = 0
    bars = []
    for together in zip(*measures, strict=True):
        bars.append((together[0].get("number") or "", now))
        lengths = []
        for place, measure in enumerate(together):
            length, divisions[place] = _read_measure(
                measure, now, divisions[place], voices[place], source
            )
            lengths.append(length)
        now += max(lengths)
    return _on_grid(voices, now, bars, parts[0], source)


def _read_measure(
    measure: ET.Element, start: int, divisions: int, voice: _Voice, source: str
) -> tuple[int, int]:
    """Add a bar's notes to a voice; gives the bar's length in ticks and the divisions."""
    now = start
    for element in measure:
        if element.tag == "attributes":
            divisions = int(element.findtext("divisions") or divisions)
        elif element.tag == "backup":
            raise FormatError(f"{source} has two layers in one voice; one note at a time is read.")
        elif element.tag == "forward":
            now += _ticks(element, divisions)
        elif element.tag == "note" and element.find("grace") is None:
            if element.find("chord") is not None:
                raise FormatError(f"{source} has chords in one voice; one note at a time is read.")
            end = now + _ticks(element, divisions)
            pitch = parse_pitch(element)
            if pitch is not None and end > now:
                voice.onsets.append(now)
                voice.ends.append(end)
                voice.pitches.append(pitch)
                ties = [tie.get("type") for tie in element.findall("tie")]
                voice.struck.append("stop" not in ties)
            if element.find("notations/fermata") is not None:
                voice.fermatas.append(now)
            now = end
    return now - start, divisions


def _ticks(element: ET.Element, divisions: int) -> int:
    """Its duration; exact for all note values and for tuplets of 3, 5, 7 and 9."""
    return int(element.findtext("duration") or 0) * TICKS_PER_QUARTER // divisions


def _step(ticks: int) -> int:
    """The first sixteenth that does not begin before a time."""
    return -(-ticks // TICKS_PER_STEP)


def _on_grid(
    voices: list[_Voice],
    length: int,
    bars: list[tuple[str, int]],
    soprano: ET.Element,
    source: str,
) -> ChoraleScore:
    steps = _step(length)
    pitches = np.full((steps, len(voices)), SILENT, np.int64)
    is_onset = np.zeros((steps, len(voices)), np.bool_)
    off_grid = 0
    for column, voice in enumerate(voices):
        for onset, end, pitch, is_struck in zip(
            voice.onsets, voice.ends, voice.pitches, voice.struck, strict=True
        ):
            first, after = _step(onset), _step(end)
            off_grid += first * TICKS_PER_STEP != onset
            if first < after:
                pitches[first:after, column] = pitch
                is_onset[first, column] = is_struck
    changed = pitches[1:] != pitches[:-1]
    is_onset[1:] |= changed & (pitches[1:] != SILENT)  # a tie to another pitch is none
    if not is_onset.any(axis=0).all():
        silent = ", ".join(np.array(VOICES)[~is_onset.any(axis=0)])
        raise FormatError(f"{source} has no notes for {silent}.")
    attributes = soprano.find("measure/attributes")
    key = None if attributes is None else attributes.find("key")
    fifths = 0 if key is None else int(key.findtext("fifths") or 0)
    return ChoraleScore(
        pitches=pitches,
        is_onset=is_onset,
        fermatas=tuple(sorted({_step(ticks) for ticks in voices[0].fermatas})),
        fifths=fifths,
        mode="" if key is None else (key.findtext("mode") or "").strip().lower(),
        metre=_metre(attributes),
        bars=tuple((number, _step(ticks)) for number, ticks in bars),
        off_grid=off_grid,
    )


def _metre(attributes: ET.Element | None) -> Metre | None:
    time = None if attributes is None else attributes.find("time")
    if time is None or not time.findtext("beats"):
        return None
    return Metre(int(time.findtext("beats") or 4), int(time.findtext("beat-type") or 4))
