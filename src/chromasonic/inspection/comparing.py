"""Checkpoints beside each other: what differs, and what cannot be true of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from chromasonic.inspection.checkpoint import Checkpoint
from chromasonic.inspection.facts import Finding
from chromasonic.inspection.findings import schedule_of, told
from chromasonic.inspection.histories import is_close
from chromasonic.inspection.metric_names import MetricName, metric_name
from chromasonic.inspection.plain import short_number

ALWAYS = ("Epoch saved", "Learning rate", "Initial learning rate", "Schedule", "Optimizer")
MOST_NAMED = 10
"""Differences that a finding names."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that is not the same in all.

    Attributes:
        name: such as "Temporal Module: Number of LSTM layers".
        values: of each checkpoint, in order; None where it has none.
    """

    name: str
    values: tuple[Any, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def differences(checkpoints: Sequence[Checkpoint]) -> tuple[Difference, ...]:
    """Facts that are not the same in all checkpoints."""
    if len(checkpoints) < 2:
        return ()
    has_settings = all(known.optimizer is not None for known in checkpoints)
    tables = [_facts(known, has_settings=has_settings) for known in checkpoints]
    names = dict.fromkeys(name for table in tables for name in table)
    rows = ((name, tuple(table.get(name) for table in tables)) for name in names)
    found = [
        Difference(name=name, values=values)
        for name, values in rows
        if any(value != values[0] for value in values)
    ]
    return tuple(_each_once(found))


def _each_once(rows: Sequence[Difference]) -> Iterator[Difference]:
    """Each setting once, where a configuration holds it twice or the architecture shows it.

    Our own checkpoints hold the settings of the network, and the recipe that they came from. A
    history that ends at the file's own figure says nothing more either.
    """
    figures = {row.name: repr(row.values) for row in rows}
    shown = {repr(row.values) for row in rows if ": " in row.name and _are_sizes(row.values)}
    told = set()
    for row in rows:
        metric = row.name.removeprefix("History: ").removesuffix(", at its end")
        if metric != row.name and figures.get(metric) == repr(row.values):
            continue
        if row.name.startswith("config."):
            setting = (row.name.rpartition(".")[2], repr(row.values))
            is_shown = row.name.startswith("config.model.") and setting[1] in shown
            if is_shown or setting in told:
                told.add(setting)
                continue
            told.add(setting)
        yield row


def _are_sizes(values: Sequence[Any]) -> bool:
    return all(isinstance(v, int) and not isinstance(v, bool) for v in values)


def compare(group: Sequence[Checkpoint]) -> list[Finding]:
    """What contradicts among checkpoints that are meant to be of one model."""
    return [finding for rule in RULES for finding in rule(group)]


def _facts(known: Checkpoint, *, has_settings: bool) -> dict[str, Any]:
    """Name to value; the optimizer's settings only where all have one, else its name tells all."""
    table: dict[str, Any] = {"Kind": known.kind}
    if known.architecture is not None:
        totals = known.architecture.totals
        table |= {"Total parameters": totals.state_dict, "Trainable": totals.trainable}
        for section in known.architecture.sections:
            for fact in section.facts:
                table[f"{section.title}: {fact.name}"] = fact.value
    table |= {
        fact.name: fact.value
        for fact in known.training_facts()
        if has_settings or fact.name in ALWAYS
    }
    table |= {metric_name(key).text: value for key, value in known.metrics.items()}
    for series in known.series:
        if series.metric.is_judgement:
            table[f"History: {series.metric.text}, at its end"] = series.values[-1]
    table |= dict(_flat(known.config or {}, "config"))
    return table


def _flat(values: dict[str, Any], prefix: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and depth < 4:
            yield from _flat(value, f"{prefix}.{key}", depth + 1)
        else:
            yield f"{prefix}.{key}", value


def another_architecture(group: Sequence[Checkpoint]) -> Iterator[Finding]:
    """Two networks under names that claim one."""
    holding = [known for known in group if known.tensors]
    first = holding[0] if holding else None
    others = [known for known in holding[1:] if first and known.shapes != first.shapes]
    if first is None or not others:
        return
    other = others[0]
    is_claimed = (
        other.path.parent == first.path.parent and other.claimed_model == first.claimed_model
    )
    files = tuple(known.name for known in [first, *others])
    named = _named_differences(first, other)
    if is_claimed:
        yield Finding(
            level="contradiction",
            rule="architecture",
            files=files,
            message=f"{first.name} and {other.name} claim by their names to be one model, but "
            f"hold two architectures: {named}.",
            advice="They are of different runs or settings. Keep each run in a folder of its own, "
            "and do not load the weights of one into the network of the other.",
        )
        return
    yield Finding(
        level="note",
        rule="architecture",
        files=files,
        message=f"{first.name} and {other.name} hold different architectures: {named}.",
        advice="Compare their figures as those of two models.",
    )


def _named_differences(one: Checkpoint, other: Checkpoint) -> str:
    found = [
        (row.name, row.values)
        for row in differences([one, other])
        if row.name == "Total parameters"
        or (": " in row.name and not row.name.startswith("History"))
    ]
    shown = [row for row in found if all(isinstance(v, int | None) for v in row[1])]
    shown = [row for row in shown if not row[0].endswith(": Parameters")] or found
    texts = [f"{name} {_or_none(a)} and {_or_none(b)}" for name, (a, b) in shown[:MOST_NAMED]]
    more = f"; and {len(shown) - MOST_NAMED} more" if len(shown) > MOST_NAMED else ""
    return ("; ".join(texts) or "other names of weights") + more


def _or_none(value: Any) -> str:
    return "none" if value is None else short_number(value)


def best_against_history(group: Sequence[Checkpoint]) -> Iterator[Finding]:
    """A "best" that is worse than what another file reached, by every metric that it stores."""
    for best in (known for known in group if known.role == "best"):
        others = [known for known in group if known.role != "best"]
        others.sort(key=lambda known: (known.role != "last", not known.series))
        is_told = False
        for other in others:
            worse, strange = [], []
            for metric, value in _judgements(best):
                finding, is_best = _reached(best, metric, value, other)
                worse += finding
                strange += list(_not_in_history(best, metric, value, other))
                if is_best:  # by this metric it is what its name says
                    worse = []
                    break
            if not is_told:
                yield from worse
                yield from strange
            is_told = is_told or bool(worse or strange)


def _judgements(best: Checkpoint) -> list[tuple[MetricName, float]]:
    """Metric and figure of what is not of the training part; what chose it comes first."""
    chosen = str(best.chosen.get("metric", ""))
    keys = sorted(best.metrics, key=lambda key: key != chosen)
    named = [(metric_name(key), best.metrics[key]) for key in keys]
    return [(m, value) for m, value in named if m.is_judgement and m.part != "training"]


def _is_worse(metric: MetricName, value: float, than: float) -> bool:
    if is_close(value, than):
        return False
    return value > than if metric.is_lower_better else value < than


def _reached(
    best: Checkpoint, metric: MetricName, value: float, other: Checkpoint
) -> tuple[list[Finding], bool]:
    """A finding where another reached more; and whether it is the best by this metric."""
    series = other.series_of(metric.part or "validation", metric.name)
    if series is None or series.best is None:
        return list(_against_figure(best, metric, value, other)), False
    epoch, reached = series.best
    if not _is_worse(metric, value, reached):
        return [], True
    ended = series.values[-1]
    after = (
        f", and even its last epoch has {told(metric, ended)}"
        if _is_worse(metric, value, ended)
        else ""
    )
    finding = Finding(
        level="contradiction",
        rule="best-is-worse",
        files=(best.name, other.name),
        message=f"{best.name} has {metric.text.lower()} {told(metric, value)}; the history of "
        f"{other.name} reached {told(metric, reached)} at epoch {epoch}{after}.",
        advice="It is not the best of that run: it is older, or of another run. Evaluate both on "
        "the same data before you use either.",
    )
    return [finding], False


def _not_in_history(
    best: Checkpoint, metric: MetricName, value: float, other: Checkpoint
) -> Iterator[Finding]:
    """A figure that the other's history does not have at the epoch that it names."""
    series = other.series_of(metric.part or "validation", metric.name)
    if series is None or best.epoch is None or best.epoch > len(series.values):
        return  # an older file, whose history ends before
    if series.has_at(best.epoch, value):
        return
    met, nearest = series.at(best.epoch), series.nearest(value)
    here = "nothing" if met is None else told(metric, met)
    beside = (
        f"; the nearest it ever has is {told(metric, nearest[1])} at epoch {nearest[0]}"
        if nearest
        else ""
    )
    yield Finding(
        level="contradiction",
        rule="metric-not-in-history",
        files=(best.name, other.name),
        message=f"{best.name} says {metric.text.lower()} {told(metric, value)} at epoch "
        f"{best.epoch}; at that epoch the history of {other.name} has {here}{beside}.",
        advice="The two are not of one run: look for the history that belongs to it.",
    )


def _against_figure(
    best: Checkpoint, metric: MetricName, value: float, other: Checkpoint
) -> Iterator[Finding]:
    """Without a history, against the figure that the other stores."""
    theirs = {metric_name(key): figure for key, figure in other.metrics.items()}
    figure = theirs.get(metric)
    if figure is not None and _is_worse(metric, value, figure):
        yield Finding(
            level="contradiction",
            rule="best-is-worse",
            files=(best.name, other.name),
            message=f"{best.name} has {metric.text.lower()} {told(metric, value)}, but "
            f"{other.name} has {told(metric, figure)}.",
            advice="Best was chosen by another metric, or it is not the best: evaluate both.",
        )


def rate_against_others(group: Sequence[Checkpoint]) -> Iterator[Finding]:
    """A learning rate that no schedule over the epochs of the others has."""
    for known in group:
        if known.planned_epochs is not None or not known.fitting:
            continue
        for other in group:
            planned = other.planned_epochs or (other.epoch if other.series else None)
            if other is known or planned is None or "constant" in known.fitting[0]:
                continue
            yield from schedule_of(known, planned, f"those of {other.name}", known.name, other.name)


def same_weights(group: Sequence[Checkpoint]) -> Iterator[Finding]:
    """The same numbers under two names that say they are of different epochs."""
    for one, other in combinations(group, 2):
        if one.fingerprint and one.fingerprint == other.fingerprint and one.epoch != other.epoch:
            yield Finding(
                level="warning",
                rule="same-weights",
                files=(one.name, other.name),
                message=f"{one.name} and {other.name} hold the same weights, number by number, but "
                f"say epoch {one.epoch} and {other.epoch}.",
                advice="One of them was copied or not updated: evaluate what you use.",
            )


RULES: tuple[Callable[[Sequence[Checkpoint]], Iterator[Finding]], ...] = (
    another_architecture,
    best_against_history,
    rate_against_others,
    same_weights,
)
"""Every rule about several files."""
