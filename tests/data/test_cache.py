"""The cache of parsed corpora, and the packed form in it: exact, and never trusted blindly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.data import cache, load, loading, packing
from chromasonic.data.packing import Packed, pack, unpack
from chromasonic.data.skipped import Skipped
from chromasonic.data.synthetic import random_walk_tunes
from chromasonic.formats.abc import read_abc
from chromasonic.music.key import MODES, Key
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Bar, ChordSymbol, Note, Tune

FIXTURE = Path(__file__).parents[1] / "fixtures" / "tunes.abc"

notes = st.builds(
    Note,
    st.integers(1, 10**7),
    st.none() | st.integers(0, 127),
    st.booleans(),  # tied
    st.booleans(),  # under a fermata
)
bars = st.builds(
    Bar,
    st.lists(notes, max_size=4).map(tuple),
    st.none() | st.builds(Metre, st.integers(1, 64), st.sampled_from([1, 2, 4, 8, 16])),
    st.builds(Key, st.sampled_from(["C", "F#", "Bb", "E"]), st.sampled_from(sorted(MODES))),
    st.lists(st.builds(ChordSymbol, st.integers(0, 99), st.text(max_size=4)), max_size=2).map(
        tuple
    ),
    st.booleans(),
    st.integers(0, 3),
    st.lists(st.integers(1, 4), max_size=3).map(tuple),
    st.booleans(),
)
some_tunes = st.lists(
    st.builds(
        Tune,
        st.text(max_size=8),
        st.text(max_size=8),
        st.lists(bars, min_size=1, max_size=4).map(tuple),
        st.none() | st.floats(1, 500),
        st.text(max_size=8),
    ),
    max_size=4,
).map(tuple)


def packed_of(tunes: tuple[Tune, ...]) -> Packed:
    return Packed(tunes, (Skipped("a/b", "t", "r"),), ("k",) * len(tunes), {"bars": 3})


@settings(max_examples=40, deadline=None)
@given(some_tunes)
def test_any_tunes_come_back_as_they_were(tunes: tuple[Tune, ...]) -> None:
    packed = packed_of(tunes)
    back = unpack(pack(packed))
    assert back == packed
    assert [tune.source for tune in back.tunes] == [tune.source for tune in tunes]


def test_real_notation_comes_back_as_it_was() -> None:
    packed = packed_of(read_abc(FIXTURE.read_text(encoding="utf-8"), source="tunes").tunes)
    back = unpack(pack(packed))
    assert back == packed
    assert [hash(tune) for tune in back.tunes] == [hash(tune) for tune in packed.tunes]


def test_what_comes_back_is_frozen_like_what_went_in() -> None:
    bar = unpack(pack(packed_of(random_walk_tunes(1, 0)))).tunes[0].bars[0]
    with pytest.raises(AttributeError):
        bar.closes_repeat = 1  # type: ignore[misc]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damage_anywhere_is_noticed_or_harmless(data: st.DataObject) -> None:
    packed = packed_of(random_walk_tunes(5, 0))
    good = pack(packed)
    place = data.draw(st.integers(0, len(good) - 1))
    change = data.draw(st.integers(1, 255))
    bad = good[:place] + bytes([good[place] ^ change]) + good[place + 1 :]
    try:
        back = unpack(bad)
    except ValueError:
        return
    assert back == packed


def test_a_pickle_in_place_of_a_cache_file_is_not_opened(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "was_run"),))

    path = tmp_path / "hostile.npz"
    np.savez(path, words=np.array([Hostile()], dtype=object))
    with pytest.raises(ValueError, match="damaged cache"):
        unpack(path.read_bytes())
    assert not (tmp_path / "was_run").exists()


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that files are parsed."""
    calls: list[int] = []
    real = loading._parse

    def counted(contents, on_progress):
        calls.append(1)
        return real(contents, on_progress)

    monkeypatch.setattr(loading, "_parse", counted)
    return calls


def cache_file(folder: Path) -> Path:
    (path,) = (folder / "parsed").iterdir()
    return path


def test_the_second_load_parses_nothing_and_gives_the_same(
    tiny: Path, cache: Path, parses: list[int]
) -> None:
    first = load("tiny", data_dir=tiny)
    second = load("tiny", data_dir=tiny)
    assert len(parses) == 1
    assert first == second
    assert cache_file(cache).name.startswith("tiny-")


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"not a zip at all", None])
def test_a_damaged_cache_file_is_built_anew(
    tiny: Path, cache: Path, parses: list[int], damage: bytes | None
) -> None:
    first = load("tiny", data_dir=tiny)
    path = cache_file(cache)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert load("tiny", data_dir=tiny) == first
    assert len(parses) == 2
    assert path.read_bytes() == whole


def test_a_changed_file_is_parsed_anew(tiny: Path, parses: list[int]) -> None:
    load("tiny", data_dir=tiny)
    path = tiny / "tiny" / "ABC" / "a.abc"
    path.write_bytes(path.read_bytes().replace(b"Errand", b"Morning"))
    corpus = load("tiny", data_dir=tiny)
    assert len(parses) == 2
    assert corpus.pieces[0].title == "The Lamplighter's Morning"


def test_a_new_parser_does_not_meet_old_results(
    tiny: Path, parses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    load("tiny", data_dir=tiny)
    monkeypatch.setattr(cache, "PARSER_VERSION", 10_000)
    load("tiny", data_dir=tiny)
    assert len(parses) == 2


def test_a_cache_that_cannot_be_written_is_done_without_and_said(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file where the folder should be: root, who may write anywhere, cannot write there either.
    (tmp_path / "taken").write_text("in the way")
    monkeypatch.setenv("CHROMASONIC_CACHE", str(tmp_path / "taken"))
    corpus = load("tiny", data_dir=tiny)
    assert len(corpus.pieces) == 12
    assert "was not cached" in corpus.manifest.remarks[0]


def test_two_processes_at_once_both_load_and_leave_one_whole_file(cache: Path) -> None:
    program = "from chromasonic.data import load; print(load('folk-pd').manifest.counts['tunes'])"
    # The made-up data folder keeps the two away from any corpus but the bundled one.
    environment = {**os.environ, "CHROMASONIC_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    racing = (
        "import chromasonic.data.folk as f, dataclasses, chromasonic.data.catalogue as c;"
        "c.CORPORA['folk-pd'] = dataclasses.replace(f.FOLK_PD_FACTS, collections=(f.AIRD,));"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", racing + program], env=environment, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert answers[0] == answers[1]
    assert unpack(cache_file(cache).read_bytes()).tunes
    assert packing.PACKING_VERSION >= 1
