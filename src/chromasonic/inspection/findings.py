"""What is wrong with a checkpoint by itself: each rule a function that yields findings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator

from chromasonic.inspection.checkpoint import Checkpoint
from chromasonic.inspection.facts import Finding, Level, by_weight
from chromasonic.inspection.histories import Series, is_close
from chromasonic.inspection.metric_names import MetricName, metric_name
from chromasonic.inspection.plain import as_number, number_text, percent, shape_text
from chromasonic.inspection.schedules import cosine_rate, fits_cosine
from chromasonic.inspection.tensors import MOST_READ_BYTES


def findings_of(known: Checkpoint) -> tuple[Finding, ...]:
    """Every finding of every rule, contradictions first."""
    return by_weight([finding for rule in RULES for finding in rule(known)])


def told(metric: MetricName, value: float) -> str:
    """A figure as it is told: "0.112179 (11.22%)" where it is a share."""
    if metric.is_share and 0 <= value <= 1:
        return f"{value:.6f} ({percent(value)})"
    if 1e-3 <= abs(value) < 1e6:
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return f"{value:.6g}"


def _finding(known: Checkpoint, level: Level, rule: str, message: str, advice: str) -> Finding:
    return Finding(level=level, rule=rule, files=(known.name,), message=message, advice=advice)


def missing_configuration(known: Checkpoint) -> Iterator[Finding]:
    """Weights without the settings that made them."""
    if known.config is not None or not known.tensors:
        return
    if known.beside:
        yield _finding(
            known,
            "note",
            "missing-configuration",
            f"{known.name} carries no configuration; beside it there is "
            f"{', '.join(known.beside[:4])}, and nothing says that they belong together.",
            "Save the configuration inside the checkpoint, under 'config'.",
        )
        return
    yield _finding(
        known,
        "warning",
        "missing-configuration",
        f"{known.name} carries no configuration and no file beside it does: its architecture had "
        "to be inferred from names and shapes, and what leaves no trace there (dropout, heads, "
        "what the classes are called) is lost.",
        "Save the configuration inside the checkpoint, under 'config'.",
    )


def not_finite(known: Checkpoint) -> Iterator[Finding]:
    """Numbers that no model can use."""
    hit = [t for t in known.tensors if t.nan or t.infinite]
    if hit:
        nan, infinite = sum(t.nan or 0 for t in hit), sum(t.infinite or 0 for t in hit)
        yield _finding(
            known,
            "warning",
            "not-finite",
            f"{nan:,} NaN and {infinite:,} infinite numbers stand in {len(hit)} of "
            f"{len(known.tensors)} tensors, first in {hit[0].name}.",
            "Do not use these weights: take an earlier checkpoint, lower the learning rate or clip "
            "gradients.",
        )
    figures = {key: value for key, value in known.metrics.items() if not math.isfinite(value)}
    if figures:
        yield _finding(
            known,
            "warning",
            "not-finite",
            f"{', '.join(figures)} is not finite ({', '.join(map(str, figures.values()))}).",
            "The training had broken down by then: take an earlier checkpoint.",
        )


def odd_tensors(known: Checkpoint) -> Iterator[Finding]:
    """Entries that share storage, or claim more than is stored."""
    odd = [t for t in known.tensors if t.is_odd]
    if odd:
        yield _finding(
            known,
            "warning",
            "strides",
            f"{len(odd)} tensors claim more numbers than are stored, first {odd[0].name} of "
            f"{shape_text(odd[0].shape)}: some axis repeats one number. Their values "
            "were not read.",
            "Save them with .contiguous(), or ask who made the file.",
        )
    tied = [t for t in known.tensors if t.same_as]
    if tied:
        again = sum(t.elements for t in tied)
        yield _finding(
            known,
            "note",
            "tied",
            f"{len(tied)} entries share their storage with others, first {tied[0].name} with "
            f"{tied[0].same_as}: {again:,} numbers are counted twice in the state dict's total.",
            "Tied weights are meant so in many models; see the total that counts each once.",
        )


def unread(known: Checkpoint) -> Iterator[Finding]:
    """Values that were too many to be read."""
    if known.tensors and not known.fingerprint:
        yield _finding(
            known,
            "note",
            "unread",
            f"{known.name} holds more than {MOST_READ_BYTES / 2**30:g} GiB of numbers: whether "
            "they are finite was not looked at.",
            "Names, shapes and settings are complete without it.",
        )


def wrapped_names(known: Checkpoint) -> Iterator[Finding]:
    """Prefixes that a plain model does not know."""
    if known.wrappers:
        yield _finding(
            known,
            "note",
            "prefixes",
            f"Names were saved from within a wrapper: {', '.join(known.wrappers)}. They are told "
            "without it.",
            "Save model.module.state_dict() (or _orig_mod's), so that the plain model loads it.",
        )


def optimizer_of_another(known: Checkpoint) -> Iterator[Finding]:
    """An optimizer that moved other tensors than these."""
    optimizer = known.optimizer
    if optimizer is None or not known.tensors:
        return
    trained = [t for t in known.tensors if not t.is_buffer and not t.same_as]
    strange = Counter(optimizer.shapes) - Counter(t.shape for t in trained)
    advice = "The two are of different models: do not resume from this file."
    if optimizer.parameters > len(trained) and not known.others:
        yield _finding(
            known,
            "contradiction",
            "optimizer",
            f"The optimizer moves {optimizer.parameters} tensors, but the weights have "
            f"{len(trained)} that can be trained.",
            advice,
        )
    elif strange and not known.others:
        shape = next(iter(strange))
        yield _finding(
            known,
            "contradiction",
            "optimizer",
            f"The optimizer's state fits no weight: {sum(strange.values())} of its tensors, such "
            f"as one of {shape_text(shape)}, have no weight of their shape.",
            advice,
        )


def learning_rate(known: Checkpoint) -> Iterator[Finding]:
    """A rate that the file's own schedule does not have at its epoch."""
    rate, initial, epoch = known.rate, known.initial_rate, known.epoch
    if rate is None or initial is None or epoch is None or known.planned_epochs is None:
        return
    if rate > initial * 1.000001:
        yield _finding(
            known,
            "contradiction",
            "schedule",
            f"The learning rate is {rate!r}, above the {initial!r} that it is said to begin with.",
            "Look at the settings of that training.",
        )
    elif is_cosine(known):
        yield from schedule_of(known, known.planned_epochs, "its own settings", known.name)


def is_cosine(known: Checkpoint) -> bool:
    """Whether the file says that its schedule is a plain cosine over its epochs."""
    words = str((known.config or {}).get("training", known.config)).lower()
    has_warmup = bool(known.setting(("warmup_steps", "warmup", "warmup_epochs")))
    return ("T_max" in known.scheduler or "cosine" in words) and not has_warmup


def schedule_of(known: Checkpoint, epochs: int, whose: str, *files: str) -> Iterator[Finding]:
    """A finding where a rate is no cosine's over so many epochs."""
    rate, initial, epoch = known.rate, known.initial_rate, known.epoch
    if not rate or not initial or epoch is None or not 0 < rate <= initial or epoch > epochs:
        return
    if fits_cosine(rate, initial, epoch, epochs):
        return
    floor = as_number(known.scheduler.get("eta_min"))
    floor = 0.01 * initial if floor is None or not 0 <= floor < initial else floor
    expected = cosine_rate(initial, floor, epoch, epochs)
    fitting = (
        f" What fits exactly: {'; or '.join(known.fitting)}."
        if known.fitting
        else " No usual schedule fits it exactly."
    )
    yield Finding(
        level="contradiction",
        rule="schedule",
        files=files,
        message=f"{known.name} has the learning rate {rate!r} at epoch {epoch}. A cosine from "
        f"{initial:g} over {epochs:,} epochs ({whose}), down to {floor:g}, would be at "
        f"{expected:.6f} then.{fitting}",
        advice="It was trained with another number of epochs or another schedule than that: look "
        "for the run whose settings fit.",
    )


def epochs(known: Checkpoint) -> Iterator[Finding]:
    """More epochs than were planned, or a history of another length."""
    planned = known.setting(("epochs", "num_epochs", "max_epochs", "n_epochs"))
    if known.epoch is not None and planned and known.epoch > planned > 0:
        yield _finding(
            known,
            "contradiction",
            "epochs",
            f"It is said to be saved at epoch {known.epoch}, but its configuration ends at "
            f"{planned}.",
            "Configuration and weights may be of different runs.",
        )
    lengths = {len(series.values) for series in known.series}
    longest = max(lengths, default=0)
    if known.epoch is not None and longest and abs(longest - known.epoch) > 1:
        yield _finding(
            known,
            "contradiction",
            "epochs",
            f"It is said to be saved at epoch {known.epoch}, but its history has {longest} epochs.",
            "History and weights may be of different runs.",
        )


def metrics_against_history(known: Checkpoint) -> Iterator[Finding]:
    """A figure that the file's own history does not have."""
    for key, value in known.metrics.items():
        metric = metric_name(key)
        series = known.series_of(metric.part, metric.name)
        if series is None or series.best is None or not math.isfinite(value):
            continue
        if metric.is_best and not is_close(series.best[1], value):
            where = f"the best of its history is {told(metric, series.best[1])}"
        elif not metric.is_best and known.epoch and not series.has_at(known.epoch, value):
            met = series.at(known.epoch)
            where = f"at epoch {known.epoch} its history has {_or_nothing(metric, met)}"
        else:
            continue
        yield _finding(
            known,
            "contradiction",
            "metric",
            f"{key} is {told(metric, value)}, but {where}.",
            "Figures and history may be of different runs: evaluate the weights anew.",
        )


def _or_nothing(metric: MetricName, value: float | None) -> str:
    return "nothing" if value is None else told(metric, value)


def best_by_name(known: Checkpoint) -> Iterator[Finding]:
    """A file called best that is not, or does not say by what."""
    if known.role != "best" or not known.tensors:
        return
    judged = [s for s in known.series if s.metric.part == "validation" and s.metric.is_judgement]
    if not judged and not known.metrics:
        yield _finding(
            known,
            "warning",
            "no-metric",
            f"{known.name} is called best, but stores no metric that made it so.",
            "Save the metric and its value with the weights, and evaluate them anew.",
        )
    chosen = known.chosen.get("epoch")
    if chosen is not None and known.epoch is not None and chosen != known.epoch:
        yield _finding(
            known,
            "contradiction",
            "best",
            f"{known.name} is of epoch {known.epoch}, but says that epoch {chosen} was the best.",
            "It was renamed or overwritten: look for the file of that epoch.",
        )
    tops = {series.key: series.best for series in judged if series.best is not None}
    if tops and known.epoch and not any(abs(e - known.epoch) <= 1 for e, _ in tops.values()):
        key, (epoch, value) = next(iter(tops.items()))
        yield _finding(
            known,
            "contradiction",
            "best",
            f"{known.name} was saved at epoch {known.epoch}, but by no metric of its own history "
            f"was that the best: {key} was best at epoch {epoch} ({number_text(value)}).",
            "Do not trust its name: evaluate it beside the others of the run.",
        )


def course(known: Checkpoint) -> Iterator[Finding]:
    """How the training went, where the last epoch was not the best."""
    judged = [s for s in known.series if s.metric.part == "validation" and s.metric.is_judgement]
    series = next((s for s in judged if not s.metric.is_lower_better), next(iter(judged), None))
    if series is None or series.best is None or known.role == "best":
        return
    epoch, value = series.best
    if is_close(series.values[-1], value) or epoch == len(series.values):
        return
    loss = known.series_of("training", "loss")
    moved = f" Training loss went from {_short(loss)}." if loss is not None else ""
    yield _finding(
        known,
        "note",
        "history",
        f"{series.metric.text} was best at epoch {epoch}, {told(series.metric, value)}, and ended "
        f"at {told(series.metric, series.values[-1])} after {len(series.values)} epochs.{moved}",
        f"The last weights are not the best: use those of epoch {epoch}, if they were kept.",
    )


def _short(series: Series) -> str:
    return f"{series.values[0]:.2f} to {series.values[-1]:.2f}"


RULES: tuple[Callable[[Checkpoint], Iterator[Finding]], ...] = (
    learning_rate,
    epochs,
    metrics_against_history,
    best_by_name,
    optimizer_of_another,
    not_finite,
    missing_configuration,
    odd_tensors,
    course,
    wrapped_names,
    unread,
)
"""Every rule about one file."""
