"""Tunes of a corpus as token streams, in three parts: what a melody model trains on.

A thin page over `chromasonic.data` (corpora, splits) and `tokens` (the vocabulary). Every tune that
is left out is counted with its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chromasonic import data, files
from chromasonic.data import loading, near_duplicates
from chromasonic.data.catalogue import facts_of_tunes
from chromasonic.data.corpus import PARTS, Corpus, Manifest
from chromasonic.data.progress import Progress
from chromasonic.data.split import Split
from chromasonic.errors import CorpusError, UsageError
from chromasonic.melody_generation.cutting import cut_at_bar
from chromasonic.melody_generation.prepared import (
    is_prepared_folder,
    load_prepared_streams,
    prepared_options,
)
from chromasonic.melody_generation.tokens import encode_all
from chromasonic.music.tune import Tune


@dataclass(frozen=True, kw_only=True)
class MelodyData:
    """Token streams of a corpus, part by part.

    Attributes:
        train, validation, test: streams of token ids, one a tune: lists, or arrays of small
            integers where the corpus is a prepared one.
        tunes: part name to the tunes behind its streams, in the same order.
        split: ids of those tunes.
        manifest: of the corpus: licence, source, what could not be read.
        skipped: reason to how many tunes of the corpus were left out for it.
        changed: what was done to tunes that stayed ("cut after N notes") to how many.
        options: the choices that made it, for the run's record.
    """

    train: Sequence[Sequence[int]]
    validation: Sequence[Sequence[int]]
    test: Sequence[Sequence[int]]
    tunes: Mapping[str, Sequence[Tune]] = field(repr=False)
    split: Split = field(repr=False)
    manifest: Manifest = field(repr=False)
    skipped: dict[str, int]
    changed: dict[str, int]
    options: dict[str, Any]

    def part(self, name: str) -> Sequence[Sequence[int]]:
        """The streams of "train", "validation" or "test".

        Raises:
            UsageError: there is no such part.
        """
        if name not in PARTS:
            raise UsageError(f"'{name}' is no part of a corpus; allowed: {', '.join(PARTS)}.")
        return {"train": self.train, "validation": self.validation, "test": self.test}[name]

    @property
    def sizes(self) -> dict[str, int]:
        """Part to how many streams it has."""
        return {name: len(self.part(name)) for name in PARTS}

    def to_dict(self) -> dict[str, Any]:
        """What a run records about its data, as plain values (no tunes)."""
        return {
            "manifest": self.manifest.to_dict(),
            "sizes": self.sizes,
            "skipped": self.skipped,
            "changed": self.changed,
            "options": self.options,
        }


def load_dataset(
    name: str = "synthetic",
    *,
    num_sequences: int | None = None,
    min_melody_length: int = 1,
    max_melody_length: int | None = None,
    expand_repeats: bool = False,
    data_dir: files.PathLike | None = None,
    split_file: files.PathLike | None = None,
    without_copies_of: str | None = None,
    seed: int = 0,
    download: bool = True,
    on_progress: Progress | None = None,
) -> MelodyData:
    """Load a corpus as token streams.

    Args:
        name: a corpus (`chromasonic data list`), "auto", or the folder of a prepared one
            (`chromasonic data prepare`).
        num_sequences: how many tunes to make, for synthetic corpora; real ones take no number.
        min_melody_length: tunes with fewer sounding notes are left out.
        max_melody_length: tunes with more are cut at the last bar line before it; one whose first
            bar is longer than that is left out.
        expand_repeats: play repeats out before counting and encoding.
        data_dir: where the corpus lies; see `chromasonic.data.load`.
        split_file: a split to use instead of the corpus's own.
        without_copies_of: another corpus, on which the model will be judged: near-duplicates of
            its validation and test tunes are left out of every part.
        seed: of the split, and of made tunes.
        download: whether the network may be asked.
        on_progress: told how long work goes on.

    Raises:
        UsageError: an unknown corpus or one of something else than tunes, or lengths that leave
            nothing.
        CorpusError: the corpus is not there, or no tune is left to train on.
        DownloadError: it could not be fetched.
    """
    _check_lengths(min_melody_length, max_melody_length)
    if is_prepared_folder(name):
        return _prepared(
            name,
            refused={"num_sequences": num_sequences, "expand_repeats": expand_repeats or None},
            min_melody_length=min_melody_length,
            max_melody_length=max_melody_length,
            split_file=split_file,
            without_copies_of=without_copies_of,
            seed=seed,
            download=download,
            on_progress=on_progress,
        )
    for asked in (name, without_copies_of):
        if asked and asked != loading.AUTO:
            facts_of_tunes(asked)
    corpus: Corpus[Tune] = data.load(
        name,
        data_dir=data_dir,
        split_file=split_file,
        seed=seed,
        count=num_sequences,
        download=download,
        on_progress=on_progress,
    )
    copies: tuple[Tune, ...] = ()
    if without_copies_of:
        judged = data.load(without_copies_of, download=download, on_progress=on_progress)
        kept, copies = near_duplicates.without_copies_of(
            corpus.pieces, judged.part("validation") + judged.part("test")
        )
        corpus = replace(corpus, pieces=kept)
    encoded = encode_corpus(
        corpus,
        min_melody_length=min_melody_length,
        max_melody_length=max_melody_length,
        expand_repeats=expand_repeats,
    )
    if copies:
        encoded.skipped[f"copies of held-out tunes of {without_copies_of}"] = len(copies)
    return encoded


def _prepared(name: str, *, refused: Mapping[str, Any], **options: Any) -> MelodyData:
    """A prepared corpus, in the form of any other.

    Raises:
        UsageError: something was asked for that was settled when it was prepared.
    """
    for option, value in refused.items():
        if value is not None:
            raise UsageError(
                f"{option} is {value!r}, but '{name}' is a prepared corpus: its tunes are as they "
                "were prepared. Leave that out."
            )
    read = load_prepared_streams(name, **options)
    lengths = {key: options[key] for key in ("min_melody_length", "max_melody_length")}
    return MelodyData(
        train=read.streams["train"],
        validation=read.streams["validation"],
        test=read.streams["test"],
        tunes=read.tunes,
        split=read.split,
        manifest=read.corpus.manifest,
        skipped=read.skipped,
        changed=read.changed,
        options=prepared_options(name, **lengths),
    )


def encode_corpus(
    corpus: Corpus[Tune],
    *,
    min_melody_length: int = 1,
    max_melody_length: int | None = None,
    expand_repeats: bool = False,
) -> MelodyData:
    """Token streams of a corpus that is loaded already; arguments as in `load_dataset`.

    Raises:
        UsageError: the lengths leave nothing.
        CorpusError: no tune is left to train on.
    """
    _check_lengths(min_melody_length, max_melody_length)
    skipped: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    streams: dict[str, list[list[int]]] = {}
    tunes: dict[str, tuple[Tune, ...]] = {}
    for part in PARTS:
        fitting = _fitted(
            corpus.part(part),
            min_melody_length,
            max_melody_length,
            expand_repeats,
            skipped,
            changed,
        )
        encoded = encode_all(fitting)
        skipped.update(encoded.skipped)
        known = {tune.id: tune for tune in fitting}
        streams[part] = encoded.sequences
        tunes[part] = tuple(known[id] for id in encoded.ids)
    if not streams["train"]:
        reasons = "; ".join(f"{count} x {reason}" for reason, count in skipped.most_common(3))
        raise CorpusError(
            f"No tune of '{corpus.name}' is left to train on ({reasons or 'its split is empty'}). "
            "Widen --min-melody-length and --max-melody-length, or take another corpus."
        )
    return MelodyData(
        train=streams["train"],
        validation=streams["validation"],
        test=streams["test"],
        tunes=tunes,
        split=Split(*(tuple(tune.id for tune in tunes[part]) for part in PARTS)),
        manifest=corpus.manifest,
        skipped=dict(skipped.most_common()),
        changed=dict(changed),
        options={
            "corpus": corpus.name,
            "min_melody_length": min_melody_length,
            "max_melody_length": max_melody_length,
            "expand_repeats": expand_repeats,
        },
    )


def load_nottingham(**options: Any) -> MelodyData:
    """The Nottingham tunes as token streams; options as in `load_dataset`."""
    return load_dataset("nottingham", **options)


class NottinghamDataset(Sequence[list[int]]):
    """One part of the Nottingham tunes as a sequence of token streams (fit for a DataLoader).

    Args:
        part: "train", "validation" or "test".
        options: as in `load_dataset`.
    """

    def __init__(self, part: str = "train", **options: Any) -> None:
        self.data = load_nottingham(**options)
        self.sequences = self.data.part(part)

    def __len__(self) -> int:
        return len(self.sequences)

    def __getitem__(self, index: Any) -> Any:
        return self.sequences[index]


def _check_lengths(shortest: int, longest: int | None) -> None:
    if shortest < 1 or (longest is not None and longest < shortest):
        raise UsageError(
            f"Melodies from {shortest} to {longest} notes leave nothing: "
            "1 <= --min-melody-length <= --max-melody-length is wanted."
        )


def _fitted(
    tunes: Iterable[Tune],
    shortest: int,
    longest: int | None,
    expand_repeats: bool,
    skipped: Counter[str],
    changed: Counter[str],
) -> list[Tune]:
    """The tunes with a fitting number of sounding notes, long ones cut; the others are counted."""
    kept = []
    for tune in tunes:
        played = tune.expanded() if expand_repeats else tune
        if longest is not None and _length(played) > longest:
            played = cut_at_bar(played, longest)
            if not played.bars:
                skipped[f"first bar has more than {longest} notes"] += 1
                continue
            changed[f"cut at a bar line after at most {longest} notes"] += 1
        if _length(played) < shortest:
            skipped[f"fewer than {shortest} notes"] += 1
            continue
        kept.append(played)
    return kept


def _length(tune: Tune) -> int:
    """How many notes are heard, ties joined."""
    return sum(1 for _ in tune.sounding())
