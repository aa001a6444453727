"""Numbers of a corpus of movements, against a count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from chromasonic.data.movement_summary import summarize
from chromasonic.errors import DataError
from chromasonic.music.movement import Movement, Skeleton

STICK = Skeleton(name="stick", nodes=("hand", "tip"), edges=((0, 1),), channels=("x",))


def movement(
    id: str, frames: int, label: str, rate_hz: float = 10.0, performer: str = ""
) -> Movement:
    return Movement(
        id=id,
        skeleton=STICK,
        frames=np.zeros((frames, 2, 1), np.float32),
        rate_hz=rate_hz,
        label=label,
        performer=performer,
        session=performer,
    )


def test_every_number_is_as_counted_by_hand() -> None:
    third = movement("c", 2, "wave", 20.0)
    third.frames[0, 1] = np.nan
    summary = summarize(
        [movement("a", 4, "wave", performer="ann"), movement("b", 6, "fist"), third]
    )
    assert (summary.movements, summary.classes, summary.performers) == (3, 2, 1)
    assert (summary.frames, summary.shortest_frames, summary.longest_frames) == (12, 2, 6)
    assert (summary.median_frames, summary.seconds) == (4.0, pytest.approx(1.1))
    assert summary.rates_hz == (10.0, 20.0)
    assert (summary.fewest, summary.most) == (1, 2)
    assert summary.unseen == pytest.approx(1 / 24)
    assert (summary.skeleton, summary.nodes, summary.channels) == ("stick", ("hand", "tip"), ("x",))
    assert summary.to_dict()["sessions"] == 1


def test_nothing_cannot_be_counted() -> None:
    with pytest.raises(DataError, match="no movement to be counted"):
        summarize([])
