"""Parsed tunes as a few flat arrays, and back: small, fast, and no code in it.

Tunes repeat themselves: there are few distinct notes, and many bars stand more than once. Each
distinct note, run of notes and bar is stored once; a tune is a list of bar numbers. Values that
are alike come back as one object, which is what makes unpacking fast.
"""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from chromasonic.data.skipped import Skipped
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Bar, ChordSymbol, Note, Tune

PACKING_VERSION = 2
"""Goes up whenever the arrays change their meaning: caches are keyed by it."""


@dataclass(frozen=True)
class Packed:
    """What a cache file holds.

    Attributes:
        tunes: of the corpus, in order.
        skipped: what could not be read.
        group_keys: for each tune the content key of its group of near-duplicates.
        counts: how many bars and sounding notes they have, so that nobody counts again.
    """

    tunes: tuple[Tune, ...]
    skipped: tuple[Skipped, ...]
    group_keys: tuple[str, ...]
    counts: dict[str, int]


class _Pool:
    """Numbers for distinct values, in the order in which they come."""

    def __init__(self) -> None:
        self.numbers: dict[Hashable, int] = {}

    def number(self, value: Hashable) -> int:
        return self.numbers.setdefault(value, len(self.numbers))

    @property
    def values(self) -> list[Any]:
        return list(self.numbers)


def pack(packed: Packed) -> bytes:
    """The bytes of a cache file (a NumPy .npz archive; its parts carry checksums)."""
    notes, runs, bars, keys, chords, endings = (_Pool() for _ in range(6))
    bar_rows: list[tuple[int, ...]] = []
    tune_bars: list[list[int]] = []
    for tune in packed.tunes:
        row = []
        for bar in tune.bars:
            number = bars.number(bar)
            if number == len(bar_rows):
                run = tuple(notes.number(note) for note in bar.notes)
                metre = bar.metre
                bar_rows.append(
                    (
                        runs.number(run),
                        metre.numerator if metre else 0,
                        metre.denominator if metre else 0,
                        keys.number(bar.key),
                        chords.number(bar.chords),
                        bar.opens_repeat,
                        bar.closes_repeat,
                        endings.number(bar.ending),
                        bar.closes_section,
                    )
                )
            row.append(number)
        tune_bars.append(row)
    words = {
        "ids": [tune.id for tune in packed.tunes],
        "titles": [tune.title for tune in packed.tunes],
        "sources": [tune.source for tune in packed.tunes],
        "tempos": [tune.tempo_bpm for tune in packed.tunes],
        "keys": [[key.tonic, key.mode] for key in keys.values],
        "chords": [[[symbol.onset, symbol.text] for symbol in row] for row in chords.values],
        "endings": endings.values,
        "skipped": [[item.reference, item.title, item.reason] for item in packed.skipped],
        "group_keys": list(packed.group_keys),
        "counts": packed.counts,
    }
    arrays = {
        "words": np.frombuffer(json.dumps(words).encode(), np.uint8),
        "notes": np.array(
            [
                (n.duration, -1 if n.pitch is None else n.pitch, n.tied, n.fermata)
                for n in notes.values
            ],
            np.int64,
        ).reshape(-1, 4),
        "bars": np.array(bar_rows, np.int32).reshape(-1, 9),
        **_ragged("runs", runs.values),
        **_ragged("tunes", tune_bars),
    }
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def unpack(data: bytes) -> Packed:
    """What `pack` was given.

    Raises:
        ValueError: the bytes are damaged, or of another form.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        return _unpacked(arrays)
    except Exception as error:  # whatever damage does to the archive, it is damaged
        raise ValueError(f"damaged cache: {error}") from error


def _unpacked(arrays: dict[str, Any]) -> Packed:
    words = json.loads(arrays["words"].tobytes())
    notes = [
        Note(duration, None if pitch < 0 else pitch, bool(tied), bool(fermata))
        for duration, pitch, tied, fermata in arrays["notes"].tolist()
    ]
    runs = [tuple([notes[n] for n in run]) for run in _rows(arrays, "runs")]
    keys = [Key(tonic, mode) for tonic, mode in words["keys"]]
    chords = [tuple([ChordSymbol(*symbol) for symbol in row]) for row in words["chords"]]
    endings = [tuple(row) for row in words["endings"]]
    metres: dict[tuple[int, int], Metre | None] = {(0, 0): None}
    bars = []
    for run, upper, lower, key, chord, opens, closes, ending, section in arrays["bars"].tolist():
        if (upper, lower) not in metres:
            metres[upper, lower] = Metre(upper, lower)
        bars.append(
            _bar(
                runs[run],
                metres[upper, lower],
                keys[key],
                chords[chord],
                bool(opens),
                closes,
                endings[ending],
                bool(section),
            )
        )
    columns = zip(
        words["ids"],
        words["titles"],
        _rows(arrays, "tunes"),
        words["tempos"],
        words["sources"],
        strict=True,
    )
    tunes = tuple(
        [
            Tune(id, title, tuple([bars[b] for b in row]), tempo, source)
            for id, title, row, tempo, source in columns
        ]
    )
    skipped = tuple(Skipped(*item) for item in words["skipped"])
    group_keys = tuple(words["group_keys"])
    if len(group_keys) != len(tunes):
        raise ValueError("a group key for each tune is wanted")
    return Packed(tunes, skipped, group_keys, {k: int(n) for k, n in words["counts"].items()})


# A frozen dataclass fills its fields through a slow detour; a corpus has 100,000 bars, and writing
# the slots directly halves the time of a second load. The order is that of the class.
_SET_SLOTS = [getattr(Bar, field.name).__set__ for field in dataclasses.fields(Bar)]
_SET_1, _SET_2, _SET_3, _SET_4, _SET_5, _SET_6, _SET_7, _SET_8 = _SET_SLOTS


def _bar(
    notes: Any,
    metre: Any,
    key: Any,
    chords: Any,
    opens_repeat: Any,
    closes_repeat: Any,
    ending: Any,
    closes_section: Any,
) -> Bar:
    bar = object.__new__(Bar)
    _SET_1(bar, notes)
    _SET_2(bar, metre)
    _SET_3(bar, key)
    _SET_4(bar, chords)
    _SET_5(bar, opens_repeat)
    _SET_6(bar, closes_repeat)
    _SET_7(bar, ending)
    _SET_8(bar, closes_section)
    return bar


def _ragged(name: str, rows: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Rows of unequal length as one array and their lengths."""
    flat = [value for row in rows for value in row]
    return {
        f"{name}_values": np.array(flat, np.int32),
        f"{name}_lengths": np.array([len(row) for row in rows], np.int32),
    }


def _rows(arrays: dict[str, Any], name: str) -> Iterable[list[int]]:
    values = arrays[f"{name}_values"].tolist()
    ends = accumulate(arrays[f"{name}_lengths"].tolist(), initial=0)
    return [values[start:end] for start, end in pairwise(ends)]
