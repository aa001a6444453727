"""Splits: stable, whole, storable."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from chromasonic.data import Split, make_split
from chromasonic.errors import CorpusError

IDS = [f"c/f/{number}" for number in range(2000)]
KEYS = [f"key {number}" for number in range(2000)]


def places(split: Split) -> dict[str, str]:
    return {id: part for part in ("train", "validation", "test") for id in split.part(part)}


def test_the_shares_are_eighty_ten_ten() -> None:
    sizes = make_split(IDS, KEYS).sizes
    # Binomial: 200 tunes expected, standard deviation sqrt(2000 x 0.1 x 0.9) = 13.4.
    assert sizes["validation"] == pytest.approx(200, abs=45)
    assert sizes["test"] == pytest.approx(200, abs=45)
    assert sum(sizes.values()) == 2000


def test_a_tune_lies_where_the_hash_of_its_key_says_on_every_machine() -> None:
    # printf '0:key N' | sha256sum: the borders are cccc... (0.8) and e666... (0.9).
    split = places(make_split(IDS, KEYS))
    for number in (0, 2, 3, 6, 11):  # bed6 a4c8 04f8 ca10 c291
        assert split[IDS[number]] == "train"
    for number in (1, 12):  # ded5 dca5
        assert split[IDS[number]] == "validation"
    for number in (13, 18):  # edf4 f356
        assert split[IDS[number]] == "test"


def test_the_order_of_reading_does_not_move_a_tune() -> None:
    order = list(range(2000))
    random.Random(1).shuffle(order)
    shuffled = make_split([IDS[n] for n in order], [KEYS[n] for n in order])
    assert places(shuffled) == places(make_split(IDS, KEYS))


def test_added_tunes_leave_the_others_where_they_are() -> None:
    before = places(make_split(IDS[:1500], KEYS[:1500]))
    after = places(make_split(IDS, KEYS))
    assert all(after[id] == part for id, part in before.items())


def test_a_group_stays_together() -> None:
    keys = [f"group {number // 5}" for number in range(2000)]
    split = places(make_split(IDS, keys))
    for first in range(0, 2000, 5):
        assert len({split[IDS[first + n]] for n in range(5)}) == 1


def test_a_tiny_corpus_still_has_all_three_parts() -> None:
    for seed in range(30):
        assert all(make_split(IDS[:3], KEYS[:3], seed=seed).sizes.values())


def test_one_tune_goes_to_one_part() -> None:
    assert sum(make_split(IDS[:1], KEYS[:1]).sizes.values()) == 1


def test_listed_places_hold_and_their_copies_follow_them() -> None:
    listed = Split(("c/f/0",), (), ("c/f/1",))
    keys = ["same a", "same b", "same a", "same b", "other"]
    split = places(make_split(IDS[:5], keys, listed=listed))
    assert [split[id] for id in IDS[:4]] == ["train", "test", "train", "test"]


def test_a_split_survives_its_file(tmp_path: Path) -> None:
    split = make_split(IDS, KEYS, seed=7)
    assert Split.load(split.save(tmp_path / "deep" / "split.json")) == split


def test_a_tune_in_two_parts_is_an_error_that_names_it() -> None:
    with pytest.raises(CorpusError, match=r"1 tune\(s\) twice, such as 'b'"):
        Split(("a", "b"), ("b",), ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "is no split"),
        (json.dumps({"train": [], "validation": []}), "lists train, validation, test"),
        (json.dumps({"train": [1], "validation": [], "test": []}), "of tune ids"),
    ],
)
def test_a_file_that_is_no_split_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "split.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match=message):
        Split.load(path)


def test_an_absent_split_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"Cannot read the split file .*No such file"):
        Split.load(tmp_path / "absent.json")
