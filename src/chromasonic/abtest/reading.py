"""What an experiment's votes say by now: each pair's test, a ranking, what was set apart, advice.

Everything is computed from the log alone, so any server gives the same reading. Votes that a rule
sets apart (`guards`) are left out of the main result, and the result with them stands beside it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from chromasonic.abtest import guards
from chromasonic.abtest.assignment import plan
from chromasonic.abtest.design import Design
from chromasonic.abtest.pair_reading import DECIDED, PairReading, read_pair
from chromasonic.abtest.ranking import FEWEST_LISTENERS, TOO_FEW, Ranking, rank
from chromasonic.abtest.vote import CONFIDENCES, FIRST, NEITHER, Vote
from chromasonic.evaluation.figure import Figure, undefined
from chromasonic.evaluation.statistics import bootstrap_ratio

_RESAMPLES = 1000


@dataclass(frozen=True, kw_only=True)
class ItemVotes:
    """One item's votes between two versions.

    Attributes:
        item: by name.
        pair: labels.
        votes: how many.
        points: for the first label.
    """

    item: str
    pair: tuple[str, str]
    votes: int
    points: float


@dataclass(frozen=True, kw_only=True)
class ConfidenceVotes:
    """Votes of one confidence between two versions.

    Attributes:
        confidence: 1 (a guess), 2, 3 (sure).
        pair: labels.
        votes: how many.
        points: for the first label.
    """

    confidence: int
    pair: tuple[str, str]
    votes: int
    points: float


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the votes say.

    Attributes:
        design: of the experiment.
        votes_cast: all in the log.
        votes_counted: those that the test rests on.
        listeners: who cast one at least.
        pairs: each two versions, without votes that were set apart.
        pairs_with_all: the same with them.
        ranking: strengths; None where there are two versions and no anchor, or no votes.
        no_ranking: why there is none though there could be; "".
        flags: what was set apart, and why.
        votes_set_apart: how many.
        consistency: share of repeats in which the same version was preferred again.
        first_share: share of decided votes for what was heard first; one half: order is no matter.
        items: votes by item and pair.
        confidences: votes by confidence and pair; the test counts all alike.
        advice: whether to stop, and why.
        should_stop: the same as a truth.
    """

    design: Design
    votes_cast: int
    votes_counted: int
    listeners: int
    pairs: tuple[PairReading, ...]
    pairs_with_all: tuple[PairReading, ...]
    ranking: Ranking | None
    no_ranking: str
    flags: tuple[guards.Flag, ...]
    votes_set_apart: int
    consistency: Figure
    first_share: Figure
    items: tuple[ItemVotes, ...]
    confidences: tuple[ConfidenceVotes, ...]
    advice: str
    should_stop: bool

    @property
    def words(self) -> str:
        """The result in a few sentences."""
        from chromasonic.abtest.reading_words import in_words

        return in_words(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        values = asdict(self)
        values["experiment"] = self.design.name
        values["versions"] = {arm.label: asdict(arm) for arm in self.design.arms}
        del values["design"]
        values["pairs"] = [pair.to_dict() for pair in self.pairs]
        values["pairs_with_all"] = [pair.to_dict() for pair in self.pairs_with_all]
        return {**values, "words": self.words}


def read(design: Design, votes: Sequence[Vote], *, now: datetime | None) -> Reading:
    """Read a log.

    Args:
        design: of the experiment.
        votes: all of its votes, in order.
        now: who voted shortly before this moment may be in the middle; None: nobody is.
    """
    found = guards.flags(votes, design.guards)
    apart = guards.set_apart(found)
    plans = {name: plan(design, name) for name in {vote.listener for vote in votes}}
    level = design.alpha / len(design.pairs)

    def read_pairs(left_out: frozenset[int]) -> tuple[PairReading, ...]:
        options: dict[str, Any] = {"alpha": level, "margin": design.margin, "now": now}
        return tuple(
            read_pair(votes, pair, plans, left_out=left_out, **options) for pair in design.pairs
        )

    pairs = read_pairs(apart)
    with_all = read_pairs(frozenset()) if apart else pairs
    kept = [vote for vote in votes if vote.number not in apart]
    counted = [vote for vote in kept if vote.counts]
    ranking, no_ranking = _ranked(design, kept)
    should_stop, advice = _advice(design, pairs, len(counted), is_over=now is None)
    return Reading(
        design=design, votes_cast=len(votes), votes_counted=len(counted), listeners=len(plans),
        pairs=pairs, pairs_with_all=with_all, ranking=ranking, no_ranking=no_ranking,
        flags=tuple(found), votes_set_apart=len(apart), consistency=_consistency(kept),
        first_share=_first_share(counted), items=_by_item(design, counted),
        confidences=_by_confidence(design, counted),
        advice=advice, should_stop=should_stop,
    )  # fmt: skip


def _ranked(design: Design, votes: Sequence[Vote]) -> tuple[Ranking | None, str]:
    from chromasonic.errors import EvaluationError

    labels = [*design.labels, *([design.anchor.label] if design.anchor else [])]
    votes = [vote for vote in votes if vote.repeats is None]
    if len(labels) < 3 or not votes:
        return None, ""
    try:
        return rank(votes, labels), ""
    except EvaluationError as error:
        return None, str(error)


def _consistency(votes: Sequence[Vote]) -> Figure:
    same, of = [], []
    for own in _by_listener(votes):
        pairs = guards.repeated(own)
        same.append(sum(before.preferred == again.preferred for before, again in pairs))
        of.append(len(pairs))
    if not sum(of):
        return undefined("no repeat was decided", unit="share of repeats")
    return _over_listeners(same, of, unit="share of repeats")


def _first_share(votes: Sequence[Vote]) -> Figure:
    first, of = [], []
    for own in _by_listener(votes):
        first.append(sum(vote.choice == FIRST for vote in own))
        of.append(sum(vote.choice != NEITHER for vote in own))
    if not sum(of):
        return undefined("no vote was decided", unit="share of votes")
    return _over_listeners(first, of, unit="share of votes")


def _over_listeners(numerators: Sequence[int], denominators: Sequence[int], *, unit: str) -> Figure:
    figure = bootstrap_ratio(numerators, denominators, unit=unit, resamples=_RESAMPLES)
    if figure.n < FEWEST_LISTENERS:
        return replace(figure, low=math.nan, high=math.nan, reason=TOO_FEW)
    return figure


def _by_listener(votes: Sequence[Vote]) -> list[list[Vote]]:
    groups: dict[str, list[Vote]] = defaultdict(list)
    for vote in votes:
        groups[vote.listener].append(vote)
    return list(groups.values())


def _by_item(design: Design, votes: Sequence[Vote]) -> tuple[ItemVotes, ...]:
    points: dict[tuple[str, tuple[str, str]], list[float]] = defaultdict(list)
    for vote in votes:
        points[vote.item, vote.pair].append(vote.points_for(vote.pair[0]))
    return tuple(
        ItemVotes(
            item=item.name, pair=pair, votes=len(values), points=float(np.sum(values))
        )
        for item in design.items
        for pair in design.pairs
        if (values := points.get((item.name, pair)))
    )  # fmt: skip


def _by_confidence(design: Design, votes: Sequence[Vote]) -> tuple[ConfidenceVotes, ...]:
    points: dict[tuple[int, tuple[str, str]], list[float]] = defaultdict(list)
    for vote in votes:
        points[vote.confidence, vote.pair].append(vote.points_for(vote.pair[0]))
    return tuple(
        ConfidenceVotes(
            confidence=level, pair=pair, votes=len(values), points=float(np.sum(values))
        )
        for pair in design.pairs
        for level in CONFIDENCES
        if (values := points.get((level, pair)))
    )


def _advice(
    design: Design, pairs: Sequence[PairReading], counted: int, *, is_over: bool
) -> tuple[bool, str]:
    """The stop rule: settled, or as many votes as planned."""
    if all(pair.verdict in DECIDED for pair in pairs):
        return True, "Stop: the question is settled."
    beaten = {label: {pair.beaten_by(label) for pair in pairs} - {None} for label in design.labels}
    best = [label for label, others in beaten.items() if len(others) == len(design.labels) - 1]
    if best:
        return True, f"Stop: {best[0]} is preferred to every other version."
    if counted >= design.max_votes:
        return True, f"Stop: {counted} votes count, as many as planned; the question stays open."
    if is_over:
        return False, f"It ended with {counted} votes that count; the question stays open."
    return False, f"Go on: {counted} of at most {design.max_votes} votes count."
