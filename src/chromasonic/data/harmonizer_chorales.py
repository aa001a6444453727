"""The chorales from which harmonizers learn and on which they are judged, with all that is known.

Training takes music21's scores, so that what is trained may be given away. Validation and test are
the published JSB chorales, or, on wish, the scores that match them; fermatas, key, metre, upbeat
and struck notes are laid on the JSB chorales from the matching score, step by step.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from chromasonic import files
from chromasonic.data import bach_chorales
from chromasonic.data.catalogue import facts_of
from chromasonic.data.chorale_alignment import NOWHERE, Alignment, steps_of_source
from chromasonic.data.chorale_table import (
    ChoraleTable,
    MatchEntry,
    chorale_split,
    chorale_table,
)
from chromasonic.data.loading import load
from chromasonic.data.locate import locate
from chromasonic.data.progress import Progress
from chromasonic.data.when_in_rome import ChoraleAnalysis
from chromasonic.errors import CorpusError, UsageError
from chromasonic.music.chorale import NO_HARMONY, SILENT, STEPS_OF_QUARTER, Chorale, Integers

Part = Literal["train", "refit", "validation", "test"]
Edition = Literal["scores", "jsb"]

JSB = "jsb-chorales"
ANALYSES = "when-in-rome"
LONGEST_SILENCE = 32
"""Sixteenths in which no voice sounds; a score with more in a row has interludes for instruments,
and nobody learns to harmonize from it."""


def harmonizer_chorales(
    part: Part,
    *,
    edition: Edition | None = None,
    analyses: bool | None = None,
    data_dir: files.PathLike | None = None,
    download: bool = True,
    on_progress: Progress | None = None,
) -> tuple[Chorale, ...]:
    """The chorales of one part of the split; see `chorale_split` for its rule.

    Args:
        part: "train": what may always be learnt from. "refit": when all choices are made, that
            and all else whose tune is in no test chorale, validation included. "validation",
            "test": as published, 76 and 77 chorales.
        edition: "scores" of music21, or "jsb" as published; None takes the scores for "train" and
            "refit" (no other has them), JSB for "validation" and "test".
        analyses: whether Roman numerals are laid on: True wants them, None takes them where they
            are at hand (they are never downloaded then), False leaves them out.
        data_dir: a folder with the corpora in it; else the usual places.
        download: whether the network may be asked.
        on_progress: told how reading goes.

    Returns:
        Ids are those of the edition. Everything in a JSB chorale that has no matching score (9 of
        382) but its pitches is unknown.

    Raises:
        UsageError: there is no such part, or JSB is asked for where only the scores are split.
        CorpusError: a corpus is not there.
    """
    if part not in get_args(Part):
        raise UsageError(f"'{part}' is no part: choose {', '.join(get_args(Part))}.")
    learns = part in ("train", "refit")
    edition = edition or ("scores" if learns else "jsb")
    if learns and edition == "jsb":
        raise UsageError(
            f"The part '{part}' is made of music21's scores, so that weights may ship. "
            "Leave edition out, or read the corpus 'jsb-chorales'."
        )
    reading = _Reading(data_dir, download, on_progress)
    named = reading.analyses(analyses)
    scores = reading.scores(named)
    split = chorale_split()
    if edition == "jsb":
        entries = chorale_table().jsb
        pieces = reading.jsb()
        return tuple(
            _laid_on(pieces[name], entries[name], scores)
            for name in split.jsb[part]
            if name in pieces
        )
    names = split.validation if part == "validation" else split.test
    if learns:
        names = (*split.training, *split.unlisted)
    if part == "refit":
        tested = {chorale_table().jsb[name].tune for name in split.jsb["test"]}
        more = (*split.validation_variants, *split.validation)
        names += tuple(n for n in more if chorale_table().scores[n].tune not in tested)
        names += _unlisted_but_for_validation(chorale_table(), tested, set(names))
    chosen = [scores[name] for name in names if name in scores]
    return tuple(one for one in chosen if not (learns and has_interludes(one)))


def _unlisted_but_for_validation(
    table: ChoraleTable, tested: set[int], chosen: set[str]
) -> tuple[str, ...]:
    """Scores that match nothing in JSB, and share a tune with validation but not with test."""
    matched = {entry.score for entry in table.jsb.values()}
    return tuple(
        entry.name
        for entry in table.scores.values()
        if entry.name not in matched | chosen and not entry.same_as and entry.tune not in tested
    )


def has_interludes(chorale: Chorale) -> bool:
    """Whether all voices are silent for more than `LONGEST_SILENCE` sixteenths in a row."""
    silent = (chorale.pitches == SILENT).all(axis=1)
    changes = np.flatnonzero(np.diff(np.concatenate([[0], silent.astype(np.int8), [0]])))
    return bool((changes[1::2] - changes[::2] > LONGEST_SILENCE).any())


class _Reading:
    """Loads the three corpora, by the names of the table."""

    def __init__(
        self, data_dir: files.PathLike | None, download: bool, on_progress: Progress | None
    ) -> None:
        self.data_dir = data_dir
        self.download = download
        self.on_progress = on_progress

    def jsb(self) -> dict[str, Chorale]:
        """The published chorales, with nothing but their pitches."""
        corpus = load(
            JSB, data_dir=self.data_dir, download=self.download, on_progress=self.on_progress
        )
        return {piece.id.partition("/")[2]: piece for piece in corpus.pieces}

    def scores(self, named: dict[str, ChoraleAnalysis]) -> dict[str, Chorale]:
        """The scores with their analyses."""
        corpus = load(bach_chorales.CORPUS, on_progress=self.on_progress)
        scores = {piece.id.partition("/")[2]: piece for piece in corpus.pieces}
        best: dict[str, MatchEntry] = {}
        for entry in chorale_table().analyses.values():
            if entry.alignment is None or entry.name not in named or entry.score not in scores:
                continue
            other = best.get(entry.score)
            if other is None or entry.alignment.agreement > _agreement(other):
                best[entry.score] = entry
        for name, entry in best.items():
            scores[name] = _analysed(scores[name], named[entry.name], entry)
        return scores

    def analyses(self, wanted: bool | None) -> dict[str, ChoraleAnalysis]:
        """The analyses by number; none where they are not wanted, or not there."""
        if wanted is False:
            return {}
        try:
            place = locate(
                facts_of(ANALYSES),
                data_dir=self.data_dir,
                download=self.download and wanted is True,
                on_progress=self.on_progress,
            )
        except CorpusError:
            if wanted:
                raise
            return {}
        corpus = load(
            ANALYSES,
            data_dir=place.folders[0],
            allow_partial=True,
            on_progress=self.on_progress,
        )
        return {piece.id.partition("/")[2]: piece for piece in corpus.pieces}


def _agreement(entry: MatchEntry) -> float:
    return entry.alignment.agreement if entry.alignment else 0.0


def _analysed(chorale: Chorale, piece: ChoraleAnalysis, entry: MatchEntry) -> Chorale:
    """A score with an analysis laid on it."""
    assert entry.alignment is not None
    steps = steps_of_source(entry.alignment.segments, len(chorale))
    steps[steps >= len(piece.analysis)] = NO_HARMONY
    return replace(chorale, analysis=piece.analysis.laid_on(steps, entry.alignment.transposition))


def _laid_on(chorale: Chorale, entry: MatchEntry, scores: dict[str, Chorale]) -> Chorale:
    """A JSB chorale with all that its score knows."""
    score = scores.get(entry.score)
    if entry.alignment is None or score is None:
        return chorale
    return with_score(chorale, score, entry.alignment)


def with_score(chorale: Chorale, score: Chorale, alignment: Alignment) -> Chorale:
    """A chorale of which only the pitches are known, with what a score of the same music says.

    Args:
        chorale: the pitches.
        score: with onsets.
        alignment: of the chorale on the score.

    Returns:
        Fermatas stand where their score's step is played, twice in a repeat that is played twice. A
        note is struck where the score strikes it or the pitch changes.
    """
    steps = steps_of_source(alignment.segments, len(chorale))
    steps[steps >= len(score)] = NOWHERE
    known = steps != NOWHERE
    fermatas = np.isin(steps, np.array(score.fermatas, np.int64)) & known
    struck = chorale.onsets().copy()
    if score.is_onset is not None:
        same = chorale.pitches[known] == score.pitches[steps[known]] + alignment.transposition
        struck[known] |= same & score.is_onset[steps[known]]
    return replace(
        chorale,
        title=chorale.title or score.title,
        is_onset=struck & (chorale.pitches != SILENT),
        fermatas=tuple(np.flatnonzero(fermatas).tolist()),
        key=None if score.key is None else score.key.transposed(alignment.transposition),
        metre=score.metre,
        pickup_steps=_pickup(score, steps),
        analysis=None
        if score.analysis is None
        else score.analysis.laid_on(steps, alignment.transposition),
    )


def _pickup(score: Chorale, steps: Integers) -> int:
    """Sixteenths before the chorale's first bar line, from where it begins in the score."""
    known = np.flatnonzero(steps != NOWHERE)
    if score.metre is None or not len(known):
        return 0
    bar = 4 * STEPS_OF_QUARTER * score.metre.numerator // score.metre.denominator
    begins_at = int(steps[known[0]] - known[0])
    return (score.pickup_steps - begins_at) % bar
