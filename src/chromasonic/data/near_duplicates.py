"""Which tunes are copies of one another: transposed, re-barred, or with small variants.

A tune is fingerprinted by its shingles: every run of `SHINGLE_NOTES` notes, written as the
intervals between them and the ratios of the times from onset to onset. So key, bar lines, repeats
and the unit of notation do not matter, and neither does a rest in place of a longer note. Two
tunes are near-duplicates when the one with fewer shingles has at least the share `THRESHOLD` of
them in common with the other. The comparison is exact, not sampled, and looks at the two tunes
alone, so it does not change when others come along. Groups are the connected sets of
near-duplicates.

How the two numbers were chosen: docs/decisions/0101-near-duplicates.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import gcd

import numpy as np
from numpy.typing import NDArray

from chromasonic.music.tune import Tune

SHINGLE_NOTES = 7
THRESHOLD = 0.25
GROUPING_VERSION = 1
"""Goes up whenever the same tunes would be grouped otherwise: caches are keyed by it."""

# Odd constants of a 64-bit mixing function; products wrap around, on every machine alike.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_ROWS_AT_ONCE = 100_000
_CANDIDATES_AT_ONCE = 5_000_000
"""Bounds the memory: of a large corpus there are billions."""


@dataclass(frozen=True)
class Fingerprints:
    """Shingles of many tunes.

    Attributes:
        shingles: the distinct shingles (64-bit hashes) of all tunes, one tune after the other.
        sizes: how many shingles each tune has; (tunes,).
    """

    shingles: NDArray[np.uint64]
    sizes: NDArray[np.int64]


def content_key(tune: Tune) -> str:
    """A hash of the tune as heard, the same for every transposition, barring and note unit."""
    notes = list(tune.sounding())
    start, _, first = notes[0] if notes else (0, 0, 0)
    unit = gcd(*(value for onset, length, _ in notes for value in (onset - start, length))) or 1
    text = ";".join(
        f"{(onset - start) // unit},{duration // unit},{pitch - first}"
        for onset, duration, pitch in notes
    )
    return hashlib.sha256(text.encode()).hexdigest()


def group_keys(tunes: Sequence[Tune]) -> list[str]:
    """For each tune the content key of its group: the smallest among its near-duplicates."""
    keys = [content_key(tune) for tune in tunes]
    labels = group_labels(tunes)
    smallest: dict[int, str] = {}
    for label, key in zip(labels, keys, strict=True):
        smallest[label] = min(key, smallest.get(label, key))
    return [smallest[label] for label in labels]


def group_labels(tunes: Sequence[Tune]) -> list[int]:
    """For each tune the index of the first tune of its group of near-duplicates."""
    return joined(len(tunes), near_pairs(tunes))


def joined(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """For each of `count` things the first of its group, when the things of a pair belong together.

    Args:
        count: how many things there are, 0 to count - 1.
        pairs: of them, in any order.
    """
    parents = list(range(count))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    for left, right in pairs:
        low, high = sorted((root(left), root(right)))
        parents[high] = low
    return [root(index) for index in range(count)]


def near_pairs(tunes: Sequence[Tune], *, threshold: float = THRESHOLD) -> list[tuple[int, int]]:
    """Every pair (i, j), i < j, of tunes that are near-duplicates."""
    return pairs_of(fingerprints_of(tunes), threshold=threshold)


def pairs_of(prints: Fingerprints, *, threshold: float = THRESHOLD) -> list[tuple[int, int]]:
    """Every pair (i, j), i < j, of near-duplicates among tunes whose shingles are known."""
    return _pairs(prints, threshold, None)


def without_copies_of(
    tunes: Sequence[Tune], reference: Sequence[Tune], *, threshold: float = THRESHOLD
) -> tuple[tuple[Tune, ...], tuple[Tune, ...]]:
    """Take the near-duplicates of some tunes out of others.

    Before a model that learns from one corpus is judged on another, the copies of the tunes that
    it will be judged on have to go.

    Args:
        tunes: where to look for copies.
        reference: the tunes that must not be found there.
        threshold: share of common shingles from which two tunes are copies.

    Returns:
        The tunes that stay and those that go, both in their order.
    """
    is_reference = np.arange(len(tunes) + len(reference)) >= len(tunes)
    pairs = _pairs(fingerprints_of([*tunes, *reference]), threshold, is_reference)
    copies = {left for left, _ in pairs}
    return (
        tuple(tune for index, tune in enumerate(tunes) if index not in copies),
        tuple(tune for index, tune in enumerate(tunes) if index in copies),
    )


def fingerprints_of(tunes: Sequence[Tune]) -> Fingerprints:
    """The shingles of each tune as written; a tune too short for one is a shingle by itself."""
    rows = [shingles_of(tune) for tune in tunes]
    sizes = np.array([len(row) for row in rows], dtype=np.int64)
    return Fingerprints(np.concatenate(rows) if rows else np.zeros(0, np.uint64), sizes)


def shingles_of(tune: Tune) -> NDArray[np.uint64]:
    """The distinct shingles of one tune, ascending."""
    notes = np.array([(onset, pitch) for onset, _, pitch in tune.sounding()], np.int64)
    if len(notes) < 2:
        return np.array([len(notes)], np.uint64)
    intervals = np.diff(notes[:, 1])
    gaps = np.diff(notes[:, 0])
    gaps_after = np.append(gaps[1:], gaps[-1])  # the last note's own length is not compared
    unit = np.gcd(gaps, gaps_after)
    steps = (intervals + 128).astype(np.uint64)
    steps += (gaps // unit).astype(np.uint64) * np.uint64(1_003)
    steps += (gaps_after // unit).astype(np.uint64) * np.uint64(1_000_003)
    steps = _mixed(steps * _SPREAD)
    run = min(SHINGLE_NOTES - 1, len(steps))
    count = len(steps) - run + 1
    hashes = np.zeros(count, np.uint64)
    for place in range(run):
        hashes = _mixed((hashes ^ steps[place : place + count]) * _MIX)
    return np.unique(hashes)


def _mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return hashes ^ (hashes >> np.uint64(31))


def _pairs(
    prints: Fingerprints, threshold: float, is_reference: NDArray[np.bool_] | None
) -> list[tuple[int, int]]:
    """All pairs above the threshold; with `is_reference`, only those that join the two sides.

    Source: prefix filtering, Bayardo, Ma and Srikant, "Scaling Up All Pairs Similarity Search"
    (2007): of the n shingles of a tune, one that matches the share t must share at least one of
    its n - ceil(t n) + 1 rarest; only tunes that do are compared in full.
    """
    from scipy import sparse

    count = len(prints.sizes)
    owners = np.repeat(np.arange(count), prints.sizes)
    _, names, frequencies = np.unique(prints.shingles, return_inverse=True, return_counts=True)
    table = sparse.csr_matrix(
        (np.ones(len(owners), np.int32), (owners, names)), shape=(count, len(frequencies))
    )
    pairs: list[tuple[int, int]] = []
    for smaller, larger in _candidates(prints.sizes, owners, names, frequencies, threshold):
        keep = smaller != larger
        if is_reference is not None:
            keep &= is_reference[smaller] != is_reference[larger]
        # Where sizes are equal both orders come up: one is enough.
        keep &= (prints.sizes[smaller] < prints.sizes[larger]) | (smaller < larger)
        codes = np.unique(smaller[keep] * count + larger[keep])
        for start in range(0, len(codes), _ROWS_AT_ONCE):
            low, high = np.divmod(codes[start : start + _ROWS_AT_ONCE], count)
            common = np.asarray(table[low].multiply(table[high]).sum(axis=1)).ravel()
            near = common >= _needed(prints.sizes[low], threshold)
            both = np.stack([low[near], high[near]])
            pairs += zip(both.min(axis=0).tolist(), both.max(axis=0).tolist(), strict=True)
    return sorted(pairs)


def _needed(sizes: NDArray[np.int64], threshold: float) -> NDArray[np.int64]:
    """How many shingles must be shared, at least one."""
    return np.maximum(np.ceil(threshold * sizes - 1e-9).astype(np.int64), 1)


def _candidates(
    sizes: NDArray[np.int64],
    owners: NDArray[np.int64],
    names: NDArray[np.int64],
    frequencies: NDArray[np.int64],
    threshold: float,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs (smaller, larger or equal tune) that share one of the smaller one's rarest shingles.

    They come in portions; all pairs of one smaller tune stand in the same.
    """
    by_rarity = np.lexsort((names, frequencies[names], owners))
    starts = np.cumsum(sizes) - sizes
    rank = np.empty(len(owners), np.int64)
    rank[by_rarity] = np.arange(len(owners)) - starts[owners[by_rarity]]
    in_prefix = rank < (sizes - _needed(sizes, threshold) + 1)[owners]
    in_prefix &= frequencies[names] > 1
    # Posting lists: the tunes of each shingle, one list after the other.
    postings = owners[np.argsort(names, kind="stable")]
    list_starts = np.cumsum(frequencies) - frequencies
    wanted, whose = names[in_prefix], owners[in_prefix]
    lengths = frequencies[wanted]
    candidates = np.bincount(whose, weights=lengths, minlength=len(sizes)).cumsum()
    portion = (candidates // _CANDIDATES_AT_ONCE).astype(np.int64)[whose]
    borders = [0, *(np.flatnonzero(np.diff(portion)) + 1).tolist(), len(whose)]
    for begin, end in pairwise(borders):
        counts = lengths[begin:end]
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        smaller = np.repeat(whose[begin:end], counts)
        larger = postings[np.repeat(list_starts[wanted[begin:end]], counts) + offsets]
        fits = sizes[smaller] <= sizes[larger]
        yield smaller[fits], larger[fits]
