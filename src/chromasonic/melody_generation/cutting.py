"""Tunes that are too long, cut at a bar line."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from itertools import accumulate

from chromasonic.music.tune import Tune


def cut_at_bar(tune: Tune, longest: int) -> Tune:
    """The tune up to the last bar line before which at most `longest` notes begin."""
    onsets = [onset for onset, _, _ in tune.sounding()]
    ends = accumulate(bar.duration for bar in tune.bars)
    count = sum(1 for end in ends if bisect_left(onsets, end) <= longest)
    return replace(tune, bars=tune.bars[:count])
