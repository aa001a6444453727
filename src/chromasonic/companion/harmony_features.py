"""What the HarmonyPredictor is told at a beat, and what it answers, both counted from the tonic.

Roots and pitch classes are counted from the tonic of the key: C stands for the tonic, whatever it
is. So a piece in another key gives the same numbers, and nothing has to be learned twelve times.
Whoever asks the network turns the numbers down by the tonic before, and the answer up after
(`turned`, `turned_classes`). A key that is unknown counts as C, with an empty block of key.

Legend: N beats, T beats of an example.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from chromasonic.companion.features import INPUTS
from chromasonic.companion.harmony_memory import HarmonyMemory
from chromasonic.export.spec import slices
from chromasonic.music.chord import CLASSES, HOLD, START, transposed_class
from chromasonic.music.progression import ChordProgression
from chromasonic.training.examples import FEATURES, MASK, Example, Examples

TARGET = "harmony"
HISTORY = "history"
"""Key of what the n-grams read: see `FACTS`."""

AHEAD = 4
"""Beats of melody that the network hears, the present one first."""

BEATS = 4
"""Beats of the bar that are told apart; later ones count as the last."""

EXAMPLE_BEATS = 32
"""Beats of an example: neighbours, which share their piece's memory."""

RUNS = 5
"""Chords of the past that n-grams see, the one that sounds first."""

FACTS = (
    "beat",
    *(f"{what}{back}" for back in range(RUNS) for what in ("chord", "held")),
    "due",
    "expected",
    "found",
)
"""Columns of `HISTORY`, whole numbers: beat and length of the bar; class that sounds and for how
many beats, the same of the chords before it; whether it has lasted as long as the last time (0
unknown, 1 shorter, 2 yes, 3 longer), what then came, and by how many chords that time was found.
Classes are counted from the tonic; -1 is unknown."""

LONGEST = 64
"""Beats beyond which n-grams do not count."""

CLASS_FACTS = [n for n, name in enumerate(FACTS) if name.startswith(("chord", "expected"))]
HELD = [n for n, name in enumerate(FACTS) if name.startswith("held")]

BLOCKS = INPUTS["harmony_predictor"]
PLACE = slices(BLOCKS)
INPUT_SIZE = sum(block.size for block in BLOCKS)

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

TURNED_CLASS = np.array(
    [[transposed_class(class_id, up) for class_id in range(CLASSES)] for up in range(12)]
)
"""(12, 64) semitones up and class to the class there."""


def _turned_columns() -> Integers:
    """(12, 128) for each number of semitones up, which column each column comes from."""
    result = np.tile(np.arange(INPUT_SIZE), (12, 1))
    for up in range(12):
        result[up, PLACE["last_chord"]] = np.argsort(TURNED_CLASS[up])
        for start in (*range(PLACE["melody"].start, PLACE["melody"].stop, 12), PLACE["key"].start):
            result[up, start : start + 12] = start + (np.arange(12) - up) % 12
    return result


TURNED_COLUMNS = _turned_columns()


def turned(features: Floats, semitones: npt.ArrayLike) -> Floats:
    """(N, 128) features so many semitones (one number, or one a beat) higher."""
    up = np.broadcast_to(np.asarray(semitones, np.int64) % 12, len(features))
    return np.take_along_axis(features, TURNED_COLUMNS[up], axis=1)


def turned_classes(classes: Integers, semitones: npt.ArrayLike) -> Integers:
    """(N,) classes so many semitones higher."""
    return TURNED_CLASS[np.asarray(semitones, np.int64) % 12, classes]


def surroundings(piece: ChordProgression) -> Floats:
    """(N, 128) features of each beat with everything but the chords so far, as it sounds."""
    count = len(piece)
    features = np.zeros((count, INPUT_SIZE), np.float32)
    if piece.has_melody:
        start = PLACE["melody"].start
        for ahead in range(AHEAD):
            columns = slice(start + 12 * ahead, start + 12 * ahead + 12)
            features[: max(0, count - ahead), columns] = piece.melody[ahead:]
    features[:, PLACE["key"]] = piece.scale
    known = np.flatnonzero(piece.beat >= 0)
    places = PLACE["beat"].start + piece.beat[known].clip(max=BEATS - 1)
    features[known, places] = piece.bar_beats[known] / BEATS
    return features


def encoded(piece: ChordProgression) -> tuple[Floats, Integers, Integers]:
    """Features (N, 128), targets (N,) and history (N, F) of a piece, counted from its tonic."""
    features = surroundings(piece)
    targets, classes = piece.targets(), piece.classes()
    history = np.full((len(piece), len(FACTS)), -1, np.int64)
    history[:, 0] = np.where(piece.beat >= 0, piece.beat * 64 + piece.bar_beats, -1)
    memory, chords = HarmonyMemory(), features[:, PLACE["last_chord"]]
    runs: list[int] = []  # class and beats of the last chords, the latest first
    is_new = (targets != HOLD) & (targets != START)
    for beat in range(len(piece)):
        if beat and not is_new[beat - 1] and memory.chords:
            chords[beat] = chords[beat - 1]
            chords[beat, [HOLD, START]] = math.log2(1 + memory.held), memory.due
        else:
            chords[beat] = memory.numbers()
        history[beat, 1:] = _facts(memory, runs)
        memory.hear(int(classes[beat]), is_new=bool(is_new[beat]))
        if is_new[beat]:
            runs = [memory.current, 1, *runs][: 2 * RUNS]
        elif runs:
            runs[1] += 1
    down = -tonics(piece)
    history[:, HELD] = history[:, HELD].clip(max=LONGEST)
    chosen = history[:, CLASS_FACTS]
    turned_down = TURNED_CLASS[down[:, None] % 12, chosen.clip(min=0)]
    history[:, CLASS_FACTS] = np.where(chosen < 0, chosen, turned_down)
    return turned(features, down), turned_classes(targets, down), history


def _facts(memory: HarmonyMemory, runs: list[int]) -> list[int]:
    """All of `FACTS` but the beat, roots as they sound."""
    past = [*runs, *[-1] * (2 * RUNS - len(runs))]
    if memory.expected is None:
        return [*past, 0, -1, 0]
    follower, beats, length = memory.expected
    return [*past, 2 + (memory.held > beats) - (memory.held < beats), follower, length]


def tonics(piece: ChordProgression) -> Integers:
    """(N,) pitch class that the numbers are counted from: the tonic, or C where it is unknown."""
    return np.where(piece.tonic < 0, 0, piece.tonic)


def examples_of(piece: ChordProgression) -> Iterator[Example]:
    """The beats of a piece in examples of `EXAMPLE_BEATS`, the last one filled up and masked."""
    columns = encoded(piece)
    for start in range(0, len(piece), EXAMPLE_BEATS):
        part: list[np.ndarray] = [column[start : start + EXAMPLE_BEATS] for column in columns]
        lacking = EXAMPLE_BEATS - len(part[0])
        part.append(np.ones(len(part[0]), np.float32))
        filled = (np.pad(column, [(0, lacking), *[(0, 0)] * (column.ndim - 1)]) for column in part)
        yield dict(zip((FEATURES, TARGET, HISTORY, MASK), filled, strict=True))


def harmony_examples(
    pieces: Iterable[tuple[ChordProgression, str]], *, times: dict[str, int] | None = None
) -> Examples:
    """Examples of pieces, each with the name of its corpus.

    Args:
        pieces: (piece, corpus).
        times: corpus to how often each example stands in the list; once where it is not named.
    """
    items: list[Example] = []
    ids: list[str] = []
    corpora: list[str] = []
    for piece, corpus in pieces:
        own = list(examples_of(piece)) * (times or {}).get(corpus, 1)
        items += own
        ids += [piece.id] * len(own)
        corpora += [corpus] * len(own)
    return Examples(items, ids, {"corpus": corpora})
