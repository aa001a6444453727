"""Pieces of any kind as a file of arrays: what comes back is what went in, and never code."""

from __future__ import annotations

import dataclasses
import io
import math
import os
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from chromasonic.data.piece_packing import pack, unpack


@dataclass(frozen=True, slots=True, eq=False)
class Note:
    pitch: Any
    name: Any


@dataclass(frozen=True, eq=False)
class Song:
    id: str
    notes: Any
    tempo: Any = None
    length: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", 7)


plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(st.characters(), max_size=5)
)
numbers = arrays.arrays(
    st.sampled_from([np.dtype(n) for n in ("f4", "f8", "i8", "u1", "i2", "u8", "?", ">i4", "U3")]),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
values: st.SearchStrategy[Any] = st.recursive(
    plain | numbers,
    lambda inner: (
        st.lists(inner, max_size=20).map(tuple)
        | st.builds(Note, inner, inner)
        | st.builds(Song, st.text(max_size=3), inner, inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.frozensets(st.integers() | st.text(max_size=3), max_size=4)
    ),
    max_leaves=25,
)


def there_and_back(value: Any) -> Any:
    file = io.BytesIO()
    pack(value, file)
    file.seek(0)
    return unpack(file)


def is_same(left: Any, right: Any) -> bool:
    """Equal in value and type, all the way down; NaN is NaN."""
    if type(left) is not type(right):
        return False
    if isinstance(left, np.ndarray):
        same = left.dtype == right.dtype and left.shape == right.shape
        return same and np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
    if isinstance(left, tuple):
        return len(left) == len(right) and all(map(is_same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(is_same(left[k], right[k]) for k in left)
    if dataclasses.is_dataclass(left):
        names = [f.name for f in dataclasses.fields(left)]
        return all(is_same(getattr(left, n), getattr(right, n)) for n in names)
    if isinstance(left, float):
        equal = left == right and math.copysign(1, left) == math.copysign(1, right)
        return equal or (math.isnan(left) and math.isnan(right))
    return bool(left == right)


@settings(max_examples=150, deadline=None)
@given(values)
def test_whatever_may_be_in_a_piece_comes_back_as_it_was(value: Any) -> None:
    assert is_same(there_and_back(value), value)


def test_a_thousand_pieces_are_a_handful_of_arrays() -> None:
    songs = tuple(
        Song(f"s{n}", tuple(Note(p, np.arange(p)) for p in range(n % 7)), n * 0.5)
        for n in range(1000)
    )
    file = io.BytesIO()
    pack(songs, file)
    file.seek(0)
    with np.load(file, allow_pickle=False) as archive:
        assert len(archive.files) < 10
    file.seek(0)
    assert is_same(unpack(file), songs)


def test_whole_numbers_take_only_the_room_that_they_need() -> None:
    file = io.BytesIO()
    pack(np.full(100_000, 127), file)
    assert len(file.getvalue()) < 110_000
    file.seek(0)
    assert unpack(file).dtype == np.int64


def test_what_comes_back_can_be_written_to_without_touching_its_neighbours() -> None:
    first, second = there_and_back((np.zeros(3), np.zeros(3)))
    first += 1
    assert second.tolist() == [0, 0, 0]


class Mood(IntEnum):
    HAPPY = 1


@pytest.mark.parametrize(
    "value",
    [[1, 2], {1, 2}, Path("x"), Mood.HAPPY, np.array([None]), np.zeros(2, "i4,f8"), b"", Song],
)
def test_what_cannot_be_kept_exactly_is_refused_by_name(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be stored in the cache.*allowed"):
        pack(Song("s", (value,)), io.BytesIO())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damage_anywhere_is_noticed_or_harmless(data: st.DataObject) -> None:
    value = (Song("s", (Note(1, "a"), Note(2, None)), 0.5), np.arange(40.0), tuple(range(30)))
    file = io.BytesIO()
    pack(value, file)
    good = file.getvalue()
    place = data.draw(st.integers(0, len(good) - 1))
    change = data.draw(st.integers(1, 255))
    bad = good[:place] + bytes([good[place] ^ change]) + good[place + 1 :]
    try:
        back = unpack(io.BytesIO(bad))
    except ValueError:
        return
    assert is_same(back, value)


def test_a_pickle_in_place_of_a_cache_file_is_not_opened(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "was_run"),))

    file = io.BytesIO()
    np.savez(file, tree=np.array([Hostile()], dtype=object))
    file.seek(0)
    with pytest.raises(ValueError, match="damaged cache"):
        unpack(file)
    assert not (tmp_path / "was_run").exists()


def file_of(tree: str) -> io.BytesIO:
    file = io.BytesIO()
    np.savez(file, tree=np.frombuffer(tree.encode(), np.uint8))
    file.seek(0)
    return file


@pytest.mark.parametrize("name", ["os:system", "antigravity:geohash", "chromasonic.files:Path"])
def test_a_file_can_name_no_class_but_a_dataclass(name: str) -> None:
    tree = f'{{"k": "class", "class": "{name}", "n": 1, "fields": {{}}}}'
    with pytest.raises(ValueError, match="there is no dataclass"):
        unpack(file_of(tree))


def test_a_module_of_strangers_is_not_imported_for_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stranger.py").write_text(f"open({str(tmp_path / 'was_run')!r}, 'w')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="there is no dataclass stranger:Thing"):
        unpack(file_of('{"k": "class", "class": "stranger:Thing", "n": 1, "fields": {}}'))
    assert not (tmp_path / "was_run").exists()


def test_a_class_whose_fields_have_changed_is_not_filled_from_an_old_file() -> None:
    tree = f'{{"k": "class", "class": "{__name__}:Note", "n": 0, "fields": {{}}}}'
    with pytest.raises(ValueError, match="has other fields now"):
        unpack(file_of(tree))


def test_one_object_that_many_share_is_stored_once_and_is_one_again() -> None:
    shared, alone = Note(60, tuple(range(1000))), Note(60, tuple(range(1000)))
    many = tuple(Song(str(number), shared) for number in range(100))
    mixed = (*many, Song("last", alone))

    def stored(value: Any) -> bytes:
        file = io.BytesIO()
        pack(value, file)
        return file.getvalue()

    back = unpack(io.BytesIO(stored(many)))
    assert len({id(song.notes) for song in back}) == 1
    assert back[0].notes.name == tuple(range(1000))
    assert [song.id for song in back] == [str(number) for number in range(100)]
    assert len(stored(many)) < 10 * len(stored(many[:1]))
    assert [song.notes.name for song in unpack(io.BytesIO(stored(mixed)))] == [shared.name] * 101
