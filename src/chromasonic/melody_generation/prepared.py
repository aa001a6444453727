"""A prepared corpus (`chromasonic data prepare`) as what a melody model trains on.

Its streams stay as they lie in the shards, a byte a token; tunes are made out of them only where
somebody looks at one. So a hundred thousand tunes take some hundred megabytes, not gigabytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, overload

import numpy as np

from chromasonic import data, files
from chromasonic.data import near_duplicates
from chromasonic.data.corpus import PARTS
from chromasonic.data.prepared import PreparedCorpus, Stream, is_prepared, load_prepared
from chromasonic.data.progress import Progress
from chromasonic.data.split import Split
from chromasonic.errors import CorpusError, UsageError
from chromasonic.melody_generation.cutting import cut_at_bar
from chromasonic.melody_generation.tokens import VOCABULARY, Kind, decode, encode
from chromasonic.music.tune import Tune

TUNES_AT_ONCE = 2_000


@dataclass(frozen=True, eq=False)
class DecodedTunes(Sequence[Tune]):
    """Tunes that are made out of their streams when they are asked for.

    Attributes:
        streams: token ids of each.
        ids: of the tunes.
    """

    streams: Sequence[Stream]
    ids: Sequence[str]

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> Tune: ...
    @overload
    def __getitem__(self, place: slice) -> DecodedTunes: ...
    def __getitem__(self, place: int | slice) -> Tune | DecodedTunes:
        if isinstance(place, slice):
            return DecodedTunes(self.streams[place], self.ids[place])
        return decode(self.streams[place].tolist(), id=self.ids[place], title=self.ids[place])


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedStreams:
    """The streams of a prepared corpus, part by part.

    Attributes:
        corpus: what was read.
        streams: part to token streams.
        tunes: part to the tunes behind them.
        split: ids of those tunes.
        skipped, changed: reason to how many tunes were left out or cut for it.
    """

    corpus: PreparedCorpus
    streams: dict[str, Sequence[Sequence[int]]]
    tunes: dict[str, Sequence[Tune]]
    split: Split
    skipped: dict[str, int]
    changed: dict[str, int]


def is_prepared_folder(name: str) -> bool:
    """Whether the name of a corpus is the folder of a prepared one.

    Raises:
        UsageError: it is a folder, but of something else: it can be prepared.
    """
    path = Path(name).expanduser()
    if name in (*data.CORPORA, "auto") or not path.is_dir():
        return False
    if not is_prepared(path):
        raise UsageError(
            f"'{name}' is a folder, not a prepared corpus. Prepare its files first: chromasonic "
            f"data prepare {name} --output corpora/{path.name}."
        )
    return True


def load_prepared_streams(
    folder: files.PathLike,
    *,
    min_melody_length: int,
    max_melody_length: int | None,
    split_file: files.PathLike | None,
    without_copies_of: str | None,
    seed: int,
    download: bool,
    on_progress: Progress | None,
) -> PreparedStreams:
    """Read a prepared corpus; arguments as in `data_loader.load_dataset`.

    Raises:
        CorpusError: it is not whole, or no tune is left to train on.
    """
    corpus = load_prepared(
        Path(folder).expanduser(), vocabulary=VOCABULARY.signature, seed=seed,
        split_file=split_file, on_progress=on_progress,
    )  # fmt: skip
    skipped, changed = Counter[str](), Counter[str]()
    copies = _copies(corpus, without_copies_of, download, on_progress)
    if copies:
        skipped[f"copies of held-out tunes of {without_copies_of}"] = len(copies)
    place_of = {id: place for place, id in enumerate(corpus.ids)}
    streams: dict[str, Sequence[Sequence[int]]] = {}
    tunes: dict[str, Sequence[Tune]] = {}
    ids: dict[str, tuple[str, ...]] = {}
    for part in PARTS:
        kept = [
            (id, fitting)
            for id in corpus.split.part(part)
            if id not in copies
            and (fitting := _fitted(
                corpus.streams[place_of[id]], min_melody_length, max_melody_length, skipped, changed
            )) is not None
        ]  # fmt: skip
        arrays = [stream for _, stream in kept]
        ids[part] = tuple(id for id, _ in kept)
        streams[part] = cast("list[Sequence[int]]", arrays)
        tunes[part] = DecodedTunes(arrays, ids[part])
    if not streams["train"]:
        reasons = "; ".join(f"{count} x {reason}" for reason, count in skipped.most_common(3))
        raise CorpusError(
            f"No tune of {folder} is left to train on ({reasons or 'its split is empty'}). Widen "
            "--min-melody-length and --max-melody-length, or prepare more files."
        )
    return PreparedStreams(
        corpus=corpus,
        streams=streams,
        tunes=tunes,
        split=Split(*(ids[part] for part in PARTS)),
        skipped=dict(skipped.most_common()),
        changed=dict(changed),
    )


def _fitted(
    stream: Stream,
    shortest: int,
    longest: int | None,
    skipped: Counter[str],
    changed: Counter[str],
) -> Stream | None:
    """A stream of a fitting number of notes, cut if it is too long; None where it is left out."""
    notes = int(np.count_nonzero(VOCABULARY.kind[stream] == Kind.PITCH))
    if longest is not None and notes > longest:
        tune = cut_at_bar(decode(stream.tolist()), longest)
        if not tune.bars:
            skipped[f"first bar has more than {longest} notes"] += 1
            return None
        changed[f"cut at a bar line after at most {longest} notes"] += 1
        notes = sum(1 for _ in tune.sounding())
        if notes:
            stream = np.array(encode(tune), stream.dtype)
    if notes < shortest:
        skipped[f"fewer than {shortest} notes"] += 1
        return None
    return stream


def _copies(
    corpus: PreparedCorpus, other: str | None, download: bool, on_progress: Progress | None
) -> set[str]:
    """Ids of the tunes that are near-duplicates of another corpus's held-out ones."""
    if not other:
        return set()
    judged = data.load(other, download=download, on_progress=on_progress)
    held_out: tuple[Tune, ...] = judged.part("validation") + judged.part("test")
    copies: set[str] = set()
    tunes = DecodedTunes(corpus.streams, corpus.ids)
    for start in range(0, len(tunes), TUNES_AT_ONCE):
        portion = tuple(tunes[start : start + TUNES_AT_ONCE])
        copies.update(tune.id for tune in near_duplicates.without_copies_of(portion, held_out)[1])
    return copies


def prepared_options(
    folder: str, *, min_melody_length: int, max_melody_length: int | None
) -> dict[str, Any]:
    """The choices that a run records of its data."""
    return {
        "corpus": folder,
        "min_melody_length": min_melody_length,
        "max_melody_length": max_melody_length,
        "expand_repeats": False,
    }
