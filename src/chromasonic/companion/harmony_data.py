"""What the HarmonyPredictor learns from: Nottingham and Bach with melody, Billboard without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from chromasonic.companion.at_hand import corpora_at_hand
from chromasonic.companion.companion import CompanionData, DataRequest
from chromasonic.companion.harmony_features import harmony_examples
from chromasonic.companion.splitting import resplit
from chromasonic.data.corpus import Corpus, Manifest
from chromasonic.data.loading import load
from chromasonic.errors import CorpusError, DataError
from chromasonic.music.harmonic_rhythm import (
    progression_of_chorale,
    progression_of_tune,
    unread_symbols,
)
from chromasonic.music.progression import ChordProgression
from chromasonic.training.examples import Examples

NOTTINGHAM, BILLBOARD, BACH = "nottingham", "mcgill-billboard", "jsb-chorales"
CORPORA = (NOTTINGHAM, BILLBOARD, BACH)

BACH_SCORES = "bach-chorales"
MORE_CORPORA = (BACH_SCORES,)
"""The same chorales out of scores that may be used for anything; where a recipe names them."""

TIMES = {NOTTINGHAM: 2, BACH: 2, BACH_SCORES: 2}
"""How often training meets each example in an epoch, as there are far more beats of Billboard."""

Pieces = list[tuple[ChordProgression, str]]


@dataclass(frozen=True)
class HarmonyCorpus:
    """Progressions of a corpus by part.

    Attributes:
        train, validation: (progression, name of the corpus).
        test: makes the test part.
        manifest: of the corpus.
        remarks: what the user should know.
    """

    train: Pieces
    validation: Pieces
    test: Callable[[], Pieces]
    manifest: Manifest
    remarks: tuple[str, ...]


def load_harmony(request: DataRequest) -> CompanionData:
    """The beats of those corpora that were asked for, else of the three, that are at hand.

    Raises:
        CorpusError: none is there, or one is half there.
    """
    names = request.chosen(CORPORA)
    there = corpora_at_hand(names, data_dir=request.data_dir)
    corpora: list[HarmonyCorpus] = []
    remarks: list[str] = []
    for name in names:
        why = ""
        if name in there or request.download:
            try:
                corpora.append(load_progressions(name, request))
                continue
            except DataError as error:
                if name in there:  # what is there and broken is not left out in silence
                    raise
                why = f" ({str(error).partition('. ')[0]})"
        remarks.append(f"{name} is not here: nothing was learned from it{why}.")
    if not corpora:
        raise CorpusError(
            f"None of {', '.join(names)} is there: name a folder that holds one with --data-dir, "
            "or fetch one with 'chromasonic data fetch NAME'."
        )
    return CompanionData(
        train=harmony_examples(
            [piece for corpus in corpora for piece in corpus.train], times=TIMES
        ),
        validation=harmony_examples([piece for corpus in corpora for piece in corpus.validation]),
        test=partial(_test_part, corpora),
        manifests=tuple(corpus.manifest for corpus in corpora),
        remarks=(*remarks, *(remark for corpus in corpora for remark in corpus.remarks)),
    )


def _test_part(corpora: Sequence[HarmonyCorpus]) -> Examples:
    return harmony_examples([piece for corpus in corpora for piece in corpus.test()])


def load_progressions(name: str, request: DataRequest) -> HarmonyCorpus:
    """One corpus as progressions, by its own split or a new one of train and validation.

    Tunes without any chord symbol are left out. Billboard lists a song once for each place that it
    held in the charts; only the first of them is taken.
    """
    corpus: Corpus[Any] = load(
        name,
        # Scores that come with an installed package are there wherever the other corpora are.
        data_dir=None if name == BACH_SCORES else request.data_dir,
        download=request.download,
        on_progress=request.on_progress,
    )
    kept, remarks = _kept(name, corpus)
    train = [id for id in corpus.split.train if id in kept]
    validation = [id for id in corpus.split.validation if id in kept]
    if request.validation_split is not None:
        works = {id: piece.title.casefold() for id, piece in kept.items() if name == BILLBOARD}
        new = resplit(train, validation, works, request.validation_split, request.seed)
        train, validation = list(new[0]), list(new[1])

    def part(ids: Sequence[str]) -> Pieces:
        return [(_progression(kept[id]), name) for id in ids if id in kept]

    return HarmonyCorpus(
        train=part(train),
        validation=part(validation),
        test=lambda: part(corpus.split.test),
        manifest=corpus.manifest,
        remarks=(*corpus.manifest.remarks, *remarks),
    )


def _kept(name: str, corpus: Corpus[Any]) -> tuple[dict[str, Any], list[str]]:
    """The pieces that can be learned from, by id, and what is said of the others."""
    pieces = list(corpus.pieces)
    if name == NOTTINGHAM:
        kept = [tune for tune in pieces if any(bar.chords for bar in tune.bars)]
        unread = sum(len(unread_symbols(tune)) for tune in kept)
        without = len(pieces) - len(kept)
        remarks = [f"{without} tunes of {name} have no chord symbol."] if without else []
        remarks += [f"{unread} chord symbols of {name} were not understood."] if unread else []
    elif name == BILLBOARD:
        first: dict[str, ChordProgression] = {}
        for song in pieces:
            first.setdefault(song.title.casefold(), song)
        kept = list(first.values())
        again = len(pieces) - len(kept)
        remarks = [f"{again} entries of {name} repeat a song."] if again else []
    else:
        kept, remarks = pieces, []
    return {piece.id: piece for piece in kept}, remarks


def _progression(piece: Any) -> ChordProgression:
    if isinstance(piece, ChordProgression):
        return piece
    return (
        progression_of_chorale(piece) if hasattr(piece, "pitches") else progression_of_tune(piece)
    )
