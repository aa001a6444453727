"""The chorales from which harmonizers learn and on which they are judged, with all that is known.

Training and validation are music21's scores, which come with the package and may be learnt from by
weights that are given away. The test is the published one, the 77 JSB chorales; fermatas, key,
metre, upbeat and struck notes are laid on them from the matching scores, step by step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from chromasonic import files
from chromasonic.data import bach_chorales
from chromasonic.data.catalogue import facts_of
from chromasonic.data.chorale_alignment import NOWHERE, Alignment, steps_of_source
from chromasonic.data.chorale_table import ChoraleSplit, MatchEntry, chorale_split, chorale_table
from chromasonic.data.loading import load
from chromasonic.data.locate import locate
from chromasonic.data.progress import Progress
from chromasonic.data.when_in_rome import ChoraleAnalysis
from chromasonic.errors import CorpusError
from chromasonic.music.chorale import NO_HARMONY, SILENT, STEPS_OF_QUARTER, Chorale, Integers

JSB = "jsb-chorales"
ANALYSES = "when-in-rome"
LONGEST_SILENCE = 32
"""Sixteenths in which no voice sounds; a score with more in a row has interludes for instruments,
and nobody learns to harmonize from it."""

Chorales = tuple[Chorale, ...]


def harmonizer_chorales(
    *,
    data_dir: files.PathLike | None = None,
    analyses: bool | None = None,
    download: bool = True,
    on_progress: Progress | None = None,
) -> HarmonizerChorales:
    """The chorales of all parts of the split; each part is read when it is first asked for.

    Args:
        data_dir: a folder with jsb-chorales and when-in-rome in it; else the usual places. The
            scores come from the music21 package.
        analyses: whether Roman numerals are laid on: True wants them, None takes them where they
            are at hand (nothing is downloaded for them then), False leaves them out.
        download: whether the network may be asked.
        on_progress: told how reading goes.
    """
    return HarmonizerChorales(
        data_dir=data_dir, analyses=analyses, download=download, on_progress=on_progress
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class HarmonizerChorales:
    """The parts of the split as chorales; `chorale_split` has its rule, docs/data.md its figures.

    A part raises a CorpusError where a corpus that it needs is not there and cannot be fetched:
    jsb-chorales for `test` and `published_validation`, and nothing but the music21 package for the
    others. Chorales of JSB without a matching score (4 of validation) have nothing but pitches.

    Attributes:
        data_dir, analyses, download, on_progress: see `harmonizer_chorales`.
    """

    data_dir: files.PathLike | None = None
    analyses: bool | None = None
    download: bool = True
    on_progress: Progress | None = None

    @cached_property
    def training(self) -> Chorales:
        """Scores whose tune is in no held-out chorale: JSB's training part, and `unlisted`."""
        return self._learnable((*self.split.training, *self.split.unlisted))

    @cached_property
    def unlisted(self) -> Chorales:
        """Those of `training` that JSB does not have."""
        return self._learnable(self.split.unlisted)

    @cached_property
    def refitting(self) -> Chorales:
        """All scores whose tune is in no test chorale, validation included.

        For a last training when all choices are made; nothing may be chosen by it.
        """
        return self._learnable(self.split.refitting)

    @cached_property
    def validation(self) -> Chorales:
        """The scores that match JSB's validation part."""
        return tuple(self.scores[name] for name in self.split.validation if name in self.scores)

    @cached_property
    def published_validation(self) -> Chorales:
        """The 76 validation chorales as JSB publishes them (repeats written out)."""
        return self._published("validation")

    @cached_property
    def test(self) -> Chorales:
        """The 77 test chorales as JSB publishes them (repeats written out)."""
        return self._published("test")

    @cached_property
    def test_scores(self) -> Chorales:
        """The scores that match the test chorales."""
        return tuple(self.scores[name] for name in self.split.test if name in self.scores)

    @cached_property
    def split(self) -> ChoraleSplit:
        """Names of scores and of JSB chorales, part by part."""
        return chorale_split()

    @cached_property
    def scores(self) -> dict[str, Chorale]:
        """Every score of music21 by its name in the table, with its analysis laid on."""
        corpus = load(bach_chorales.CORPUS, on_progress=self.on_progress)
        scores = {piece.id.partition("/")[2]: piece for piece in corpus.pieces}
        named = self._analyses()
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

    def _learnable(self, names: tuple[str, ...]) -> Chorales:
        there = (self.scores[name] for name in names if name in self.scores)
        return tuple(chorale for chorale in there if not has_interludes(chorale))

    def _published(self, part: str) -> Chorales:
        corpus = load(
            JSB, data_dir=self.data_dir, download=self.download, on_progress=self.on_progress
        )
        pieces = {piece.id.partition("/")[2]: piece for piece in corpus.pieces}
        entries = chorale_table().jsb
        return tuple(
            _laid_on(pieces[name], entries[name], self.scores)
            for name in self.split.jsb[part]
            if name in pieces
        )

    def _analyses(self) -> dict[str, ChoraleAnalysis]:
        """The analyses by number; none where they are not wanted, or not there."""
        if self.analyses is False:
            return {}
        try:
            place = locate(
                facts_of(ANALYSES),
                data_dir=self.data_dir,
                download=self.download and self.analyses is True,
                on_progress=self.on_progress,
            )
        except CorpusError:
            if self.analyses:
                raise
            return {}
        corpus = load(
            ANALYSES, data_dir=place.folders[0], allow_partial=True, on_progress=self.on_progress
        )
        return {piece.id.partition("/")[2]: piece for piece in corpus.pieces}


def has_interludes(chorale: Chorale) -> bool:
    """Whether all voices are silent for more than `LONGEST_SILENCE` sixteenths in a row."""
    silent = (chorale.pitches == SILENT).all(axis=1)
    changes = np.flatnonzero(np.diff(np.concatenate([[0], silent.astype(np.int8), [0]])))
    return bool((changes[1::2] - changes[::2] > LONGEST_SILENCE).any())


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
