"""Protocols of division: who is in which part, by hand and by property."""

from __future__ import annotations

import zlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.data.split import Split
from chromasonic.errors import ConfigError, CorpusError, DataError
from chromasonic.gesture.overlaps import groups_of
from chromasonic.gesture.protocols import divide, performers_of
from chromasonic.gesture.recipe import GestureData
from chromasonic.music.movement import Movement, Skeleton

SKELETON = Skeleton(name="point", nodes=("tip",), edges=(), channels=("x", "y"))
NOBODY = Split((), (), ())


def movement(name, label, performer, frames=None, length=20):
    if frames is None:
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        frames = rng.normal(size=(length, 1, 2))
    return Movement(
        id=name, skeleton=SKELETON, frames=np.asarray(frames, np.float32), rate_hz=20.0,
        label=label, performer=performer,
    )  # fmt: skip


def corpus(performers=("ann", "bob", "cy"), labels=("a", "b", "c", "d"), takes=10):
    return [
        movement(f"{who}-{label}-{take}", label, who)
        for who in performers
        for label in labels
        for take in range(takes)
    ]


def windows(performer, label, count, seed):
    """Windows of 40 frames of one recording, each 20 frames after the one before."""
    whole = np.random.default_rng(seed).normal(size=(20 * (count + 1), 1, 2))
    return [
        movement(f"{performer}-{label}-{n}", label, performer, whole[20 * n : 20 * n + 40])
        for n in range(count)
    ]


corpora = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["ann", "bob", "cy"])),
    min_size=6,
    max_size=60,
)


@given(corpora, st.integers(0, 5), st.floats(0.05, 0.5), st.randoms())
@settings(max_examples=60, deadline=None)
def test_every_recording_is_in_one_part_whatever_the_order(who, seed, share, random):
    movements = [movement(f"m{n}", label, name) for n, (label, name) in enumerate(who)]
    data = GestureData(seed=seed, test_share=share, validation_share=share)
    division = divide(movements, data, NOBODY)
    assert Counter([*division.train, *division.validation, *division.test]) == Counter(
        m.id for m in movements
    )
    shuffled = list(movements)
    random.shuffle(shuffled)
    again = divide(shuffled, data, NOBODY)
    for part in ("train", "validation", "test"):
        assert set(again.part(part)) == set(division.part(part))


def test_seen_gives_each_class_and_performer_its_share():
    division = divide(corpus(), GestureData(test_share=0.2, validation_share=0.25), NOBODY)
    cells = Counter(id.rsplit("-", 1)[0] for id in division.test)
    assert len(cells) == 12
    assert set(cells.values()) <= {1, 2, 3}  # 2 of 10 are owed; what is left over is carried on
    assert all(
        sum(count for cell, count in cells.items() if cell.endswith(label)) == 6 for label in "abcd"
    )
    assert len(division.test) == 24
    assert len(division.validation) == 24
    assert {id.split("-")[0] for id in division.validation} == {"ann", "bob", "cy"}


def test_another_seed_is_another_division_and_the_same_seed_the_same():
    first, second = (divide(corpus(), GestureData(seed=seed), NOBODY) for seed in (0, 1))
    assert first.test != second.test
    assert first == divide(corpus(), GestureData(seed=0), NOBODY)


def test_unseen_leaves_out_all_of_one_performer():
    data = GestureData(protocol="unseen", performer="bob")
    division = divide(corpus(), data, NOBODY)
    assert {id.split("-")[0] for id in division.test} == {"bob"}
    assert len(division.test) == 40
    assert {id.split("-")[0] for id in division.validation} == {"ann", "cy"}
    assert len(division.validation) == 8


def test_a_whole_performer_may_be_the_validation_part():
    data = GestureData(protocol="unseen", performer="bob", validation_performer="cy")
    division = divide(corpus(), data, NOBODY)
    assert {id.split("-")[0] for id in division.validation} == {"cy"}
    assert {id.split("-")[0] for id in division.train} == {"ann"}


def test_the_official_test_part_is_kept_and_validation_is_drawn_from_the_rest():
    movements = corpus()
    test = tuple(m.id for m in movements if m.performer == "ann")
    rest = tuple(m.id for m in movements if m.performer != "ann")
    division = divide(movements, GestureData(protocol="official"), Split(rest, (), test))
    assert division.test == test
    assert len(division.validation) == 8
    own = divide(movements, GestureData(protocol="official"), Split(rest[5:], rest[:5], test))
    assert own.validation == rest[:5]


def test_windows_that_overlap_are_never_parted():
    movements = [w for n, who in enumerate(("ann", "bob", "cy")) for label in "ab"
                 for w in windows(who, label, 8, seed=10 * n + ord(label))]  # fmt: skip
    data = GestureData(test_share=0.3, validation_share=0.3)
    division = divide(movements, data, NOBODY)
    for part in ("train", "validation", "test"):
        counts = Counter(id.rsplit("-", 1)[0] for id in division.part(part))
        assert set(counts.values()) == {8}
    assert "48 recordings share frames with another" in division.remarks[0]


def test_an_official_split_that_cuts_through_windows_is_told():
    movements = [*windows("ann", "a", 6, seed=1), *windows("bob", "a", 6, seed=2)]
    test = ("ann-a-5", "bob-a-0")
    rest = tuple(m.id for m in movements if m.id not in test)
    data = GestureData(protocol="official", validation_performer="bob")
    division = divide(movements, data, Split(rest, (), test))
    assert division.validation == tuple(f"bob-a-{n}" for n in range(1, 6))
    assert any("10 recordings outside the test part share frames" in r for r in division.remarks)


def test_groups_are_windows_and_copies_but_no_still_hands():
    still = np.ones((40, 1, 2))
    movements = [
        *windows("ann", "a", 3, seed=1),
        *windows("ann", "b", 3, seed=2),
        movement("copy", "a", "ann", windows("ann", "a", 3, seed=1)[1].frames[5:30]),
        movement("still", "a", "ann", still),
        movement("still too", "b", "ann", still),
        movement("short", "b", "ann", length=3),
        movement("one frame", "b", "ann", length=1),
    ]
    assert groups_of(movements) == ["ann-a-0"] * 3 + ["ann-b-0"] * 3 + [
        "ann-a-0", "still", "still too", "short", "one frame",
    ]  # fmt: skip


def test_a_class_that_only_the_test_performer_does_is_told():
    movements = [*corpus(), movement("bob-z", "z", "bob")]
    division = divide(movements, GestureData(protocol="unseen", performer="bob"), NOBODY)
    assert "1 class(es) have no example to learn from: z." in division.remarks


def test_one_recording_of_a_class_is_learned_from():
    movements = [*corpus(takes=3), movement("rare", "z", "ann")]
    division = divide(movements, GestureData(test_share=0.6, validation_share=0.6), NOBODY)
    assert "rare" in division.train


def test_an_unknown_performer_is_named_with_those_there_are():
    with pytest.raises(CorpusError, match="no performer 'dan'.*ann, bob, cy"):
        divide(corpus(), GestureData(protocol="unseen", performer="dan"), NOBODY)
    with pytest.raises(CorpusError, match="no performer 'dan'"):
        divide(
            corpus(),
            GestureData(protocol="unseen", performer="ann", validation_performer="dan"),
            NOBODY,
        )


def test_what_cannot_be_divided_says_why():
    nameless = [movement(f"m{n}", "a", "") for n in range(9)]
    with pytest.raises(CorpusError, match="do not say who performs"):
        divide(nameless, GestureData(protocol="unseen", performer="ann"), NOBODY)
    with pytest.raises(CorpusError, match="no test part of its own"):
        divide(corpus(), GestureData(protocol="official"), NOBODY)
    with pytest.raises(CorpusError, match="training part is empty"):
        divide([movement("m", "a", "ann"), movement("n", "a", "bob")],
               GestureData(protocol="unseen", performer="ann", validation_performer="bob"),
               NOBODY)  # fmt: skip
    with pytest.raises(DataError, match="no label, such as 'm'"):
        divide([movement("m", "", "ann")], GestureData(), NOBODY)
    with pytest.raises(DataError, match="'m'; each recording needs an id"):
        divide([movement("m", "a", "ann")] * 2, GestureData(), NOBODY)


def test_a_validation_performer_needs_a_protocol_that_has_one():
    with pytest.raises(ConfigError, match="validation_performer"):
        GestureData(protocol="seen", validation_performer="ann")
    with pytest.raises(ConfigError, match="validation_performer"):
        GestureData(protocol="unseen", performer="ann", validation_performer="ann")


def test_performers_are_named_once_and_sorted():
    assert performers_of([*corpus(("cy", "ann")), movement("x", "a", "")]) == ("ann", "cy")
