"""Train and validation anew: whole works, by seed, as near to the share as works allow."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.companion.splitting import resplit
from chromasonic.errors import CorpusError, UsageError

PIECES = [f"p{number}" for number in range(100)]
WORKS = {piece: f"w{int(piece[1:]) // 4}" for piece in PIECES}


@given(share=st.floats(0.01, 0.99), seed=st.integers(0, 99), size=st.integers(2, 30))
@settings(max_examples=60, deadline=None)
def test_no_work_is_cut_and_nothing_is_lost(share: float, seed: int, size: int) -> None:
    works = {piece: f"w{int(piece[1:]) // size}" for piece in PIECES}
    train, validation = resplit(PIECES[:70], PIECES[70:], works, share, seed)
    assert sorted(train + validation) == sorted(PIECES)
    assert {works[p] for p in train}.isdisjoint({works[p] for p in validation})
    assert train
    assert validation


def test_the_share_is_met_as_near_as_works_allow() -> None:
    _, validation = resplit(PIECES[:70], PIECES[70:], WORKS, 0.2, 0)
    assert 16 <= len(validation) <= 24


def test_the_same_seed_divides_alike_in_any_order_and_another_seed_otherwise() -> None:
    first = resplit(PIECES[:70], PIECES[70:], WORKS, 0.3, 5)
    again = resplit(PIECES[::-1], [], WORKS, 0.3, 5)
    assert [set(part) for part in first] == [set(part) for part in again]
    assert set(first[1]) != set(resplit(PIECES[:70], PIECES[70:], WORKS, 0.3, 6)[1])


@pytest.mark.parametrize("share", [0, 1, 1.5, -0.1, float("nan")])
def test_a_share_that_leaves_a_side_empty_is_refused(share: float) -> None:
    with pytest.raises(UsageError, match="--validation-split is .*above 0 and below 1"):
        resplit(PIECES, [], WORKS, share, 0)


def test_one_work_cannot_be_divided() -> None:
    with pytest.raises(CorpusError, match="1 work"):
        resplit(PIECES, [], dict.fromkeys(PIECES, "one"), 0.2, 0)
