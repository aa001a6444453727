"""Bach's chorales out of the music21 package: four voices on sixteenths, fermatas, key, metre."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from chromasonic.data.chorale_table import FILE as TABLE
from chromasonic.data.chorale_table import chorale_split, chorale_table
from chromasonic.data.facts import CorpusFacts
from chromasonic.data.folk import MUSIC21, MUSIC21_LICENCE
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split
from chromasonic.errors import FormatError
from chromasonic.formats.chorale_musicxml import ChoraleScore, parse_chorale
from chromasonic.music.chorale import SILENT, STEPS_OF_QUARTER, Chorale
from chromasonic.music.key_finding import home_key

CORPUS = "bach-chorales"
INDEX = "bwv269.mxl"
FILES = 410
"""How many scores music21 carries; 371 numbers of Riemenschneider's edition are 350 of them."""
ENDINGS = (".mxl", ".xml", ".musicxml")


def read_bach_chorales(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """Read the corpus.

    Silence before the first and after the last note is left out. The home key is found by the last
    bass note and the pitches (`home_key`); the signature in the score says less, as Bach's time
    wrote dorian ones.

    Args:
        root: the folder with bwv269.mxl in it.
        on_progress: told how many of the files are read.

    Returns:
        One `Chorale` for each score in four voices, `analysis` being None, and the split of
        `chorale_split`: settings of held-out tunes, and doubles, are in no part. A work is a tune.
    """
    table = chorale_table().scores
    chorales: list[Chorale] = []
    works: list[str] = []
    skipped: list[Skipped] = []
    paths = score_paths(root)
    for done, path in enumerate(paths):
        if on_progress is not None:
            on_progress("reading Bach's chorales", done, len(paths))
        name = name_of_score(path)
        entry = table.get(name)
        title = entry.title if entry else ""
        try:
            score = parse_chorale(path.read_bytes(), source=path.name)
        except FormatError as error:
            skipped.append(Skipped(path.name, title, str(error)))
            continue
        chorales.append(chorale_of_score(score, id=id_of_score(name), title=title))
        works.append(f"tune {entry.tune}" if entry else name)
    ids = {chorale.id for chorale in chorales}
    return PieceReading(
        pieces=tuple(chorales), skipped=tuple(skipped), split=_split(ids), works=tuple(works)
    )


def score_paths(root: Path) -> list[Path]:
    """The files that are scores in MusicXML, by name."""
    return sorted(path for path in root.iterdir() if path.suffix in ENDINGS and path.is_file())


def name_of_score(path: Path) -> str:
    """What stands after "bwv" in the file's name; two editions of one number stay apart.

    music21 carries bwv69.6.xml and bwv67.4.xml beside the compressed scores.
    """
    return path.stem.removeprefix("bwv")


def id_of_score(name: str) -> str:
    """The id in this corpus of the score of that name in the table."""
    return f"{CORPUS}/{name}"


def chorale_of_score(score: ChoraleScore, *, id: str, title: str) -> Chorale:
    """A score as a chorale, silence at both ends left out."""
    sounding = np.flatnonzero((score.pitches != SILENT).any(axis=1))
    first, after = int(sounding[0]), int(sounding[-1]) + 1
    pitches = np.ascontiguousarray(score.pitches[first:after])
    weights = np.bincount(pitches[pitches != SILENT] % 12, minlength=12)
    basses = pitches[pitches[:, 3] != SILENT, 3]
    return Chorale(
        id=id,
        title=title,
        pitches=pitches,
        is_onset=np.ascontiguousarray(score.is_onset[first:after]),
        fermatas=tuple(step - first for step in score.fermatas if first <= step < after),
        key=home_key(weights, int(basses[-1]) % 12),
        metre=score.metre,
        pickup_steps=_pickup(score, first),
    )


def _pickup(score: ChoraleScore, first: int) -> int:
    """Sixteenths from the first note to the first bar line, where that is less than a bar."""
    if score.metre is None:
        return 0
    full = 4 * STEPS_OF_QUARTER * score.metre.numerator // score.metre.denominator
    bar_lines: Iterator[int] = (start for _, start in score.bars if start > first)
    pickup = next(bar_lines, first) - first
    return pickup if pickup < full else 0


def _split(ids: set[str]) -> Split:
    """The published parts, without what is a variant or not there."""
    split = chorale_split()

    def there(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(id for name in names if (id := id_of_score(name)) in ids)

    test = there(split.test)
    validation = tuple(id for id in there(split.validation) if id not in test)
    return Split(there((*split.training, *split.unlisted)), validation, test)


FACTS = CorpusFacts(
    name=CORPUS,
    title="Bach chorales (music21)",
    summary="407 scores in four voices, Riemenschneider's 371 among them; fermatas, key, metre.",
    kind="bundled",
    licence="Public domain (music); encodings by Margaret Greentree, used by permission",
    licence_url=MUSIC21_LICENCE,
    citation=(
        "J. S. Bach, 371 vierstimmige Choralgesänge (after Riemenschneider, 1941); encodings by "
        "Margaret Greentree, edited by Michael Scott Cuthbert, in music21"
    ),
    url=f"{MUSIC21}/tree/master/music21/corpus/bach",
    weights_may_ship=True,
    package="music21",
    package_folder="corpus/bach",
    reader=read_bach_chorales,
    tables=(TABLE,),
    index=INDEX,
    noun="chorales",
    pieces=FILES,
)
