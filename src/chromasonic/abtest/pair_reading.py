"""Two versions of an experiment: shares, the sequential test vote by vote, a verdict."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

import numpy as np

from chromasonic.abtest.assignment import Trial, planned_votes
from chromasonic.abtest.sequential import (
    EVEN,
    LEFT_AFTER_MINUTES,
    ConfidenceInterval,
    EvidencePath,
    Tally,
    interval,
)
from chromasonic.abtest.vote import Vote

FIRST_BETTER, SECOND_BETTER = "first preferred", "second preferred"
NO_DIFFERENCE, UNDECIDED = "no difference", "undecided"
DECIDED = (FIRST_BETTER, SECOND_BETTER, NO_DIFFERENCE)
LOOKS = 60
_LEFT_AFTER = timedelta(minutes=LEFT_AFTER_MINUTES)


@dataclass(frozen=True, kw_only=True)
class Look:
    """The interval at one moment.

    Attributes:
        votes: how many counted by then.
        low: of the interval at that moment alone.
        high: of the same.
        share: for the first version.
    """

    votes: int
    low: float
    high: float
    share: float


@dataclass(frozen=True, kw_only=True)
class PairReading:
    """What the votes between two versions say.

    Attributes:
        first: label.
        second: label.
        votes: that count and that the test has seen.
        listeners: who cast them.
        waiting: votes of listeners in the middle; the test has not seen them yet.
        for_first: votes.
        for_second: votes.
        neither: votes.
        share: for the first, a listener counting by the part of the planned votes that was cast;
            NaN without votes.
        low: of the confidence sequence: everything that no look has refuted.
        high: of the same.
        e_value: evidence against "no preference" now.
        highest_e_value: of any look; the one that counts.
        p_value: always valid; 1 / highest_e_value.
        alpha: level of this pair: the experiment's, shared among its pairs.
        verdict: first preferred, second preferred, no difference, undecided.
        decided_at: votes that counted when the highest e-value first sufficed; None.
        e_values: after each vote that counts.
        looks: intervals at up to `LOOKS` moments.
    """

    first: str
    second: str
    votes: int
    listeners: int
    waiting: int
    for_first: int
    for_second: int
    neither: int
    share: float
    low: float
    high: float
    e_value: float
    highest_e_value: float
    p_value: float
    alpha: float
    verdict: str
    decided_at: int | None
    e_values: tuple[float, ...]
    looks: tuple[Look, ...]

    def beaten_by(self, label: str) -> str | None:
        """The version that `label` is preferred to here; None where it is not."""
        if label == self.first and self.verdict == FIRST_BETTER:
            return self.second
        if label == self.second and self.verdict == SECOND_BETTER:
            return self.first
        return None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; of the evidence only what the looks saw."""
        values = asdict(self)
        del values["e_values"]
        return values


def read_pair(
    votes: Sequence[Vote],
    pair: tuple[str, str],
    plans: Mapping[str, Sequence[Trial]],
    *,
    left_out: AbstractSet[int] = frozenset(),
    alpha: float = 0.05,
    margin: float = 0.1,
    now: datetime | None = None,
) -> PairReading:
    """Read the votes between two versions.

    Args:
        votes: all of the experiment, in order.
        pair: labels, in order.
        plans: pseudonym to plan, of everyone who voted.
        left_out: numbers of votes that were set apart.
        alpha: of this pair.
        margin: a preference nearer to one half is no difference.
        now: who voted shortly before may be in the middle and is waited for; None: nobody is.
    """
    moments = list(_replayed(votes, pair, plans, left_out, now))
    log_e = [moment.log_e_value for moment in moments[:-1]]
    last_e, final = moments[-1].log_e_value, len(log_e)
    highest_at = int(np.argmax([0.0, *log_e, last_e]))  # 0: before any vote; final + 1: by now
    highest = max([0.0, *log_e, last_e])
    wanted = {*_evenly(final), highest_at}
    replay = _replayed(votes, pair, plans, left_out, now, snapshots=wanted)
    looks = [_look(moment, alpha) for moment in replay if moment.tallies]
    own = [v for v in votes if v.counts and v.pair == pair and v.number not in left_out]
    seen = _first_of_each(own, moments[-1].seen)
    enough = -math.log(alpha)
    low, high = _never_refuted(looks)
    verdict = UNDECIDED
    if highest >= enough:
        at = next((look for look in looks if look.votes == highest_at), looks[-1])
        verdict = FIRST_BETTER if at.share > EVEN else SECOND_BETTER
    elif looks and ConfidenceInterval(low=low, high=high).lies_within(margin):
        verdict = NO_DIFFERENCE
    decided_at = next((n for n, e in enumerate([*log_e, last_e], start=1) if e >= enough), None)
    return PairReading(
        first=pair[0], second=pair[1], votes=len(seen),
        listeners=len({vote.listener for vote in seen}),
        waiting=len(own) - len(seen),
        for_first=sum(vote.preferred == pair[0] for vote in seen),
        for_second=sum(vote.preferred == pair[1] for vote in seen),
        neither=sum(vote.preferred is None for vote in seen),
        share=looks[-1].share if looks else math.nan, low=low, high=high, e_value=math.exp(last_e),
        highest_e_value=math.exp(highest), p_value=math.exp(-highest), alpha=alpha,
        verdict=verdict, decided_at=None if decided_at is None else min(decided_at, final),
        e_values=tuple(math.exp(value) for value in log_e), looks=tuple(looks),
    )  # fmt: skip


@dataclass(frozen=True)
class _Moment:
    """After a vote that counts, or (the last one) by now; tallies only where they were wanted."""

    votes: int
    log_e_value: float
    seen: Mapping[str, Tally] | None

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """What the test has seen, one a listener."""
        return tuple((self.seen or {}).values())


def _replayed(
    votes: Sequence[Vote],
    pair: tuple[str, str],
    plans: Mapping[str, Sequence[Trial]],
    left_out: AbstractSet[int],
    now: datetime | None,
    snapshots: AbstractSet[int] = frozenset(),
) -> Iterator[_Moment]:
    """The votes once more, one after the other, as they were seen when they came."""
    log = _PairLog(pair, plans)
    number = 0
    # Votes stand in the order in which they came in, though clocks of several servers may differ.
    came_in = accumulate((vote.cast_at for vote in votes), max)
    for vote, moment in zip(votes, came_in, strict=True):
        log.let_go(moment - _LEFT_AFTER)
        is_counted = log.take(vote, moment, is_left_out=vote.number in left_out)
        if is_counted:
            number += 1
            yield log.moment(number, wanted=number in snapshots)
    log.let_go(None if now is None else now - _LEFT_AFTER)
    yield log.moment(number, wanted=True)


class _PairLog:
    """Where each listener stands between two versions while votes come in."""

    def __init__(self, pair: tuple[str, str], plans: Mapping[str, Sequence[Trial]]) -> None:
        self._pair = pair
        self._planned = {name: planned_votes(trials, pair) for name, trials in plans.items()}
        self._cast: dict[str, int] = defaultdict(int)
        self._counted: dict[str, int] = defaultdict(int)
        self._points: dict[str, float] = defaultdict(float)
        self._here: OrderedDict[str, datetime] = OrderedDict()  # last seen, the longest ago first
        self._path = EvidencePath()

    def take(self, vote: Vote, moment: datetime, *, is_left_out: bool) -> bool:
        """Put a vote in that came at a moment; whether it counts between these two versions."""
        name = vote.listener
        self._here[name] = moment
        self._here.move_to_end(name)
        is_ours = vote.counts and vote.pair == self._pair
        is_counted = is_ours and not is_left_out
        self._cast[name] += is_ours
        if is_counted:
            self._counted[name] += 1
            self._points[name] += vote.points_for(self._pair[0])
        if is_ours and self._cast[name] == self._planned[name]:
            self._enter(name)
        return is_counted

    def let_go(self, moment: datetime | None) -> None:
        """Listeners who were last seen before a moment have left; None: everyone has."""
        while self._here:
            name, seen = next(iter(self._here.items()))
            if moment is not None and seen >= moment:
                break
            del self._here[name]
            self._enter(name)

    def moment(self, votes: int, *, wanted: bool) -> _Moment:
        """How things stand."""
        return _Moment(
            votes=votes,
            log_e_value=self._path.log_e_value,
            seen=dict(self._path.tallies) if wanted else None,
        )

    def _enter(self, name: str) -> None:
        """Let the test see a listener's votes."""
        if self._counted[name]:
            tally = Tally(
                planned=self._planned[name], votes=self._counted[name], points=self._points[name]
            )
            self._path.set_tally(name, tally)


def _first_of_each(votes: Sequence[Vote], seen: Mapping[str, Tally] | None) -> list[Vote]:
    """As many votes of each listener as the test has seen of them."""
    left = Counter({name: tally.votes for name, tally in (seen or {}).items()})
    kept = []
    for vote in votes:
        if left[vote.listener]:
            left[vote.listener] -= 1
            kept.append(vote)
    return kept


def _evenly(votes: int) -> set[int]:
    """Moments to look at, the last one among them."""
    return {round(x) for x in np.linspace(1, votes, min(LOOKS, votes))} if votes else set()


def _look(moment: _Moment, alpha: float) -> Look:
    span = interval(moment.tallies, alpha=alpha)
    points = sum(tally.points / tally.planned for tally in moment.tallies)
    share = points / sum(tally.votes / tally.planned for tally in moment.tallies)
    return Look(votes=moment.votes, low=span.low, high=span.high, share=share)


def _never_refuted(looks: Sequence[Look]) -> tuple[float, float]:
    """What every look has left; the last look's own where that is nothing."""
    if not looks:
        return 0.0, 1.0
    low, high = max(look.low for look in looks), min(look.high for look in looks)
    return (low, high) if low <= high else (looks[-1].low, looks[-1].high)
