"""The corpora of the MelodyTransformer: tunes with and without chords, clips with an emotion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chromasonic import data
from chromasonic.companion.at_hand import corpora_at_hand
from chromasonic.companion.companion import CompanionData, DataRequest
from chromasonic.companion.melody_clips import line_of_clip, line_of_found
from chromasonic.companion.melody_features import examples_of
from chromasonic.companion.melody_lines import MelodyLine, line_of_tune
from chromasonic.companion.splitting import resplit
from chromasonic.data import near_duplicates, piece_packing
from chromasonic.data.cache import cache_path, stored
from chromasonic.data.corpus import Corpus, Manifest
from chromasonic.data.lakh import stream_lakh
from chromasonic.errors import CorpusError, DownloadError
from chromasonic.music.tune import Tune

TUNES, FOLK, CLIPS = "nottingham", "folk-pd", ("emopia", "vgmidi")
LAKH = ("lakh-matched", "lakh-full")
CORPORA = (TUNES, FOLK, *CLIPS, *LAKH)

LAKH_MELODIES, LAKH_WORKERS = 2_000, 2
"""How many melodies are taken of Lakh where it is there, each of another song of the training part,
and how many processes look for them."""


LINES_VERSION = 3
"""Goes up whenever the melodies of the same clips would be others: their cache is keyed by it."""

TIMES = {TUNES: 4, "emopia": 2}
"""How many times in an epoch each melody of these is met, in keys and with gaps of its own."""


@dataclass(frozen=True)
class Melodies:
    """Melodies of all corpora that are there, by part.

    Attributes:
        train, validation, test: melodies; those of Nottingham have their chords.
        manifests: of the corpora.
        remarks: what the user should know.
    """

    train: Sequence[MelodyLine]
    validation: Sequence[MelodyLine]
    test: Sequence[MelodyLine]
    manifests: tuple[Manifest, ...] = ()
    remarks: tuple[str, ...] = field(default=())

    def of(self, part: str, *corpora: str) -> list[MelodyLine]:
        """The melodies of a part, of some corpora."""
        lines: Sequence[MelodyLine] = getattr(self, part)
        return [line for line in lines if line.corpus in corpora]


def load_melodies(request: DataRequest) -> Melodies:
    """Read the corpora that are there.

    Raises:
        CorpusError: none is, or one is half there.
    """
    parts: dict[str, list[MelodyLine]] = {"train": [], "validation": [], "test": []}
    manifests: list[Manifest] = []
    remarks: list[str] = []
    judged: tuple[Tune, ...] = ()
    names = request.chosen(CORPORA)
    at_hand = corpora_at_hand(names, data_dir=request.data_dir)
    for name in names:
        if name in LAKH and any(manifest.name in LAKH for manifest in manifests):
            continue  # the files of the one are files of the other
        may_fetch = request.download and name not in LAKH  # 2 GB are not fetched unasked
        if name not in at_hand and not may_fetch:
            remarks.append(f"'{name}' is left out: it is not on this machine.")
            continue
        try:
            corpus = _load(name, request)
        except DownloadError as error:
            remarks.append(f"'{name}' is left out: {str(error).partition('. ')[0]}.")
            continue
        manifests.append(corpus.manifest)
        if name in LAKH:
            lines, remark = _lakh_lines(corpus)
            parts["train"] += lines
            remarks.append(remark)
            continue
        remarks += [f"{name}: {line}" for line in corpus.manifest.remarks]
        if name == TUNES:
            judged = corpus.part("validation") + corpus.part("test")
        pieces = corpus.pieces
        if name == FOLK and judged:
            pieces, copies = near_duplicates.without_copies_of(pieces, judged)
            remarks.append(
                f"{len(copies)} tunes of '{FOLK}' are left out: copies of held-out tunes of "
                f"'{TUNES}'."
            )
        places = _places(corpus, request, is_judged=name != FOLK or not judged)
        for line in _clip_lines(corpus) if name in CLIPS else _tune_lines(pieces, name):
            if line.id in places:
                parts[places[line.id]].append(line)
    if not parts["train"]:
        raise CorpusError(
            f"None of the MelodyTransformer's corpora ({', '.join(names)}) is there: "
            f"{' '.join(remarks)} Give --data-dir, or train on synthetic melodies."
        )
    return Melodies(**parts, manifests=tuple(manifests), remarks=tuple(remarks))


def _load(name: str, request: DataRequest) -> Corpus[Any]:
    # The folk tunes come with an installed package, wherever the other corpora are.
    where = None if name == FOLK else request.data_dir
    return data.load(
        name,
        data_dir=where,
        allow_partial=name in LAKH,  # a stream takes what is there
        download=request.download,
        on_progress=request.on_progress,
    )


def _tune_lines(tunes: Sequence[Tune], corpus: str) -> list[MelodyLine]:
    """The melodies of tunes that have a note to predict."""
    return [line_of_tune(tune, corpus=corpus) for tune in tunes if any(tune.sounding())]


@dataclass(frozen=True)
class _ClipLines:
    """What is cached: finding the beats of a corpus of clips takes a minute."""

    lines: tuple[MelodyLine, ...]


def _clip_lines(corpus: Corpus[Any]) -> tuple[MelodyLine, ...]:
    """The melodies of clips, from the cache or found and put there."""
    version = f"{piece_packing.PACKING_VERSION}.{LINES_VERSION}"
    kept, _ = stored(
        cache_path(f"{corpus.name}-melodies", corpus.manifest.fingerprint, version),
        lambda: _ClipLines(
            tuple(line_of_clip(c, corpus=corpus.name) for c in corpus.pieces if len(c.notes))
        ),
        pack=piece_packing.pack,
        unpack=piece_packing.unpack,
    )
    return kept.lines if isinstance(kept, _ClipLines) else ()


def _lakh_lines(corpus: Corpus[Any]) -> tuple[list[MelodyLine], str]:
    """Melodies of the training part, and what was met on the way."""
    stream = stream_lakh(
        Path(corpus.manifest.found_at),
        part="train",
        workers=LAKH_WORKERS,
        most_melodies=LAKH_MELODIES,
    )
    lines = [line_of_found(found, corpus=corpus.name) for found in stream]
    return lines, f"{corpus.name}: {stream.summary()}."


def _places(corpus: Corpus[Any], request: DataRequest, *, is_judged: bool) -> Mapping[str, str]:
    """Id to part. Beside Nottingham the folk tunes are for learning alone: what is reported is on
    the others; without it they keep their own parts."""
    if not is_judged:
        return {piece.id: "train" for piece in corpus.pieces}
    train, validation = corpus.split.train, corpus.split.validation
    if request.validation_split is not None:
        works = _works(corpus)
        train, validation = resplit(
            train, validation, works, request.validation_split, request.seed
        )
    parts = (("train", train), ("validation", validation), ("test", corpus.split.test))
    return {id: part for part, ids in parts for id in ids}


def _works(corpus: Corpus[Any]) -> Mapping[str, str]:
    if corpus.name in (TUNES, FOLK):
        keys = near_duplicates.group_keys(corpus.pieces)
        return {tune.id: key for tune, key in zip(corpus.pieces, keys, strict=True)}
    return {clip.id: clip.song for clip in corpus.pieces}


def load_examples(request: DataRequest) -> CompanionData:
    """The melodies as examples; validation judges Nottingham with its chords and without."""
    melodies = load_melodies(request)
    return CompanionData(
        train=examples_of(melodies.train, times=TIMES),
        validation=examples_of(both_ways(melodies.validation)),
        test=_once(lambda: examples_of(both_ways(melodies.test))),
        manifests=melodies.manifests,
        remarks=melodies.remarks,
    )


def both_ways(lines: Sequence[MelodyLine]) -> list[MelodyLine]:
    """The melodies, and those that have chords once more without them."""
    return [*lines, *(line.without_chords() for line in lines if line.has_chords)]


def _once(make: Callable[[], Any]) -> Callable[[], Any]:
    kept: list[Any] = []

    def made() -> Any:
        if not kept:
            kept.append(make())
        return kept[0]

    return made
