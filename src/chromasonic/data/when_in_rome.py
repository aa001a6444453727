"""When in Rome: Roman numerals of the 371 Bach chorales of Riemenschneider's edition, by people."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np

from chromasonic.data.chorale_table import FILE as TABLE
from chromasonic.data.chorale_table import ChoraleTable, chorale_table
from chromasonic.data.facts import Archive, CorpusFacts
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split
from chromasonic.errors import FormatError
from chromasonic.formats.roman_text import RomanText, parse_roman_text
from chromasonic.music.chorale import NO_HARMONY, STEPS_OF_QUARTER, HarmonicAnalysis
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.roman_numeral import parse_numeral

COMMIT = "59dd9c88338dc086ff076c61c800d69f8d56c044"
REPOSITORY = "https://github.com/MarkGotham/When-in-Rome"
FOLDER = "Corpus/Early_Choral/Bach,_Johann_Sebastian/Chorales"
FILE = "analysis.txt"
CHORALES = 371
MOST_STEPS = 20_000


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ChoraleAnalysis:
    """The analysis of a chorale on sixteenths of its own, from its first chord on.

    Attributes:
        id: "when-in-rome/001": the number in Riemenschneider's edition.
        title: as its analyst wrote it; may be empty.
        riemenschneider: the number.
        analyst: who made it; may be empty.
        key: of the first chord.
        metre: the first time signature.
        analysis: chords, and which of them holds at each sixteenth.
        phrase_ends: sixteenths at which the last chord of a phrase begins.
    """

    id: str
    title: str
    riemenschneider: int
    analyst: str
    key: Key
    metre: Metre
    analysis: HarmonicAnalysis
    phrase_ends: tuple[int, ...]


def read_when_in_rome(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read the analyses of the Bach chorales; the rest of the collection is left alone.

    Args:
        root: the folder in which `FOLDER` lies.
        on_progress: told how many are read.

    Returns:
        One `ChoraleAnalysis` for each that can be read, in the order of their numbers. Their split
        is that of the JSB chorales: test is what has a tune of the test part.
    """
    found = {path.parent.name: path for path in (root / FOLDER).glob(f"*/{FILE}")}
    pieces = []
    skipped = []
    for done, (name, path) in enumerate(sorted(found.items())):
        if on_progress is not None:
            on_progress("reading When in Rome", done, len(found))
        try:
            if not name.isdigit():
                raise FormatError(f"its folder '{name}' is no number of a chorale")
            text = parse_roman_text(path.read_text(encoding="utf-8"), source=f"{name}/{FILE}")
            pieces.append(_piece(text, int(name)))
        except UnicodeDecodeError:
            skipped.append(Skipped(f"{name}/{FILE}", "", "it is no text in UTF-8"))
        except FormatError as error:
            skipped.append(Skipped(f"{name}/{FILE}", "", str(error)))
    return PieceReading(
        pieces=tuple(pieces),
        skipped=tuple(skipped),
        split=_split(pieces, chorale_table()),
        missing=max(0, CHORALES - len(found)),
    )


def _split(pieces: list[ChoraleAnalysis], table: ChoraleTable) -> Split:
    """The analyses by the parts in which JSB has their tunes."""
    tunes = {n: entry.tune for entry in table.scores.values() for n in entry.riemenschneider}
    held = {
        part: {entry.tune for name, entry in table.jsb.items() if name.startswith(prefix)}
        for part, prefix in (("test", "test/"), ("validation", "valid/"))
    }
    parts: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    for piece in pieces:
        tune = tunes.get(piece.riemenschneider)
        if tune is not None:
            is_in = (part for part in ("test", "validation") if tune in held[part])
            parts[next(is_in, "train")].append(piece.id)
    return Split(**{part: tuple(ids) for part, ids in parts.items()})


def _piece(text: RomanText, number: int) -> ChoraleAnalysis:
    bars = bar_starts(text)
    onsets = [_step(bars[event.bar] + event.offset) for event in text.events]
    ends = [_step(bars[bar] + offset) for bar, offset in text.phrase_ends]
    first = onsets[0]
    chords = tuple(parse_numeral(event.numeral, event.key) for event in text.events)
    length = _step(bars[text.events[-1].bar + 1]) - first
    if length > MOST_STEPS or any(later < first for later in onsets):
        raise FormatError(f"{number:03d}/{FILE} has bars that do not ascend, or too many.")
    chord_of_step = np.full(length, NO_HARMONY, np.int64)
    for index, onset in enumerate(onsets):
        chord_of_step[onset - first :] = index
    return ChoraleAnalysis(
        id=f"when-in-rome/{number:03d}",
        title=text.head.get("Title", ""),
        riemenschneider=number,
        analyst=text.head.get("Analyst", ""),
        key=text.events[0].key,
        metre=text.metres[0][1],
        analysis=HarmonicAnalysis(chords=chords, chord_of_step=chord_of_step),
        phrase_ends=tuple(dict.fromkeys(end - first for end in ends)),
    )


def bar_starts(text: RomanText) -> dict[int, Fraction]:
    """Bar to the quarter at which it begins, up to the one after the last.

    Raises:
        FormatError: its bars are too many for a chorale.
    """
    metres = dict(text.metres)
    first = min(event.bar for event in text.events)
    last = max(event.bar for event in text.events)
    if last - first > MOST_STEPS:
        raise FormatError(f"It has bars from {first} to {last}: that is no chorale.")
    metre = text.metres[0][1]
    now = Fraction(0)
    starts = {}
    for bar in range(first, last + 2):
        metre = metres.get(bar, metre)
        starts[bar] = now
        now += Fraction(4 * metre.numerator, metre.denominator)
    return starts


def _step(quarters: Fraction) -> int:
    return ceil(quarters * STEPS_OF_QUARTER)


FACTS = CorpusFacts(
    name="when-in-rome",
    title="When in Rome: the Bach chorales",
    summary="Roman numerals, keys and phrase ends of 371 Bach chorales, by people; evaluation.",
    kind="download",
    licence="CC BY-SA 4.0 (single analyses vary, see the head of each file)",
    licence_url=f"{REPOSITORY}/blob/{COMMIT}/LICENSE.md",
    citation=(
        "Gotham, Micchi, Nápoles López, Sailor: When in Rome: A Meta-Corpus of Functional "
        "Harmony, TISMIR 6 (2023); analyses of the chorales by Andrew Jones, Dmitri Tymoczko, "
        "Hamish Robb and others"
    ),
    url=REPOSITORY,
    weights_may_ship=False,
    archives=(Archive(url=f"{REPOSITORY}/archive/{COMMIT}.zip", size_bytes=150_000_000),),
    reader=read_when_in_rome,
    tables=(TABLE,),
    index=FOLDER,
    noun="analyses",
    pieces=CHORALES,
)
