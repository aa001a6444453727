"""A reading of the learning curves in words: what went well, what did not, what to change.

Each rule looks at the losses alone, in shares of their own size, so that it holds for any task.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from chromasonic import files
from chromasonic.errors import FormatError
from chromasonic.training.history import TrainingHistory

Severity = Literal["problem", "warning", "note", "good"]
SEVERITIES: tuple[Severity, ...] = ("problem", "warning", "note", "good")

FEWEST_EPOCHS = 4  # fewer say nothing of a trend; like all below, an orienting value
OVERFIT_RISE = 0.02  # validation loss after its best, as a share of it
OVERFIT_STRONG = 0.10
GAP_LARGE = 0.20  # (validation - training) / validation at the best epoch
GAP_SMALL = 0.03
IMPROVES = 0.005  # fall of the validation loss over the last epochs, as a share of what it was
LEARNT_NOTHING = 0.02  # fall of the training loss over the run, as a share of it
ROUGH = 0.25  # upward moves of the training loss, as a share of its whole range
STRAIGHT = 0.5  # late speed of improvement as a share of the early speed
NORMAL = 0.03  # distance from the reference run, as a share of it


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that the curves say.

    Attributes:
        kind: a short name, such as "over-fitting".
        severity: problem, warning, note or good.
        says: what is seen, with its numbers.
        advice: what to change; empty where nothing is to be.
        evidence: the numbers by name.
    """

    kind: str
    severity: Severity
    says: str
    advice: str = ""
    evidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A recorded run on a corpus, against which another can be called normal.

    Attributes:
        corpus: its name.
        fingerprint: of its content; empty matches by name alone.
        model: kind of model, such as "lstm".
        val_loss: its best validation loss.
        metrics: its validation metrics at that epoch, such as `pitch_bits`.
        how: the command or the settings, for whoever wants to repeat it.
    """

    corpus: str
    model: str
    val_loss: float
    fingerprint: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    how: str = ""


@dataclass(frozen=True)
class Reading:
    """What the curves say, the gravest first.

    Attributes:
        name: the model's.
        findings: at least one.
    """

    name: str
    findings: tuple[Finding, ...]

    @property
    def kinds(self) -> list[str]:
        """The findings by their short names."""
        return [finding.kind for finding in self.findings]

    @property
    def text(self) -> str:
        """All findings as lines to be read."""
        lines = []
        for finding in self.findings:
            lines.append(f"{finding.severity}: {finding.says}")
            if finding.advice:
                lines.append(f"  -> {finding.advice}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"name": self.name, "findings": [asdict(finding) for finding in self.findings]}


def load_references(path: files.PathLike) -> tuple[Reference, ...]:
    """The recorded runs of a JSON table {"runs": [...]}; none where there is no such file.

    Raises:
        FormatError: the table cannot be read.
    """
    try:
        runs = json.loads(Path(path).read_text(encoding="utf-8"))["runs"]
        return tuple(Reference(**run) for run in runs)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FormatError(f"The table of reference runs {path} is broken: {error}.") from error


def find_reference(
    references: Sequence[Reference], *, corpus: str, fingerprint: str, model: str
) -> Reference | None:
    """The recorded run on the same corpus with the same kind of model, if there is one.

    One with the same fingerprint wins over one that names no fingerprint; another fingerprint is
    another corpus, whatever its name.
    """
    fitting = [
        reference
        for reference in references
        if reference.model == model
        and reference.corpus == corpus
        and reference.fingerprint in ("", fingerprint)
    ]
    return max(fitting, key=lambda reference: len(reference.fingerprint), default=None)


def read_curves(history: TrainingHistory, *, reference: Reference | None = None) -> Reading:
    """Read a history's curves.

    Args:
        history: of a training that ended or was interrupted.
        reference: a recorded run on the same corpus, if one is known.

    Returns:
        The findings: over-fitting, under-fitting, learning-rate-too-high, learning-rate-too-low,
        stopped-while-improving, best-at-last-epoch, too-short, normal, better-than-reference,
        worse-than-reference, healthy.
    """
    curves = _Curves(history)
    findings: list[Finding] = []
    if len(history) < FEWEST_EPOCHS:
        findings.append(
            Finding(
                kind="too-short",
                severity="note",
                says=f"Too few epochs to read a trend from: {len(history)}, and it takes "
                f"{FEWEST_EPOCHS}.",
                advice="Train longer: --resume with a larger --epochs.",
                evidence={"epochs": len(history)},
            )
        )
    else:
        findings += [found for rule in RULES if (found := rule(curves)) is not None]
    if len(history) and reference is not None:
        findings.append(_beside(history, reference))
    findings += _capacity(curves, findings)
    if all(one.severity == "good" or one.kind == "best-at-last-epoch" for one in findings):
        findings.append(_healthy(curves))
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Reading(history.name, tuple(findings))


def read_counts(history: TrainingHistory, *, reference: Reference | None = None) -> Reading:
    """The reading of a model that was counted, not trained: it has no curves."""
    best = history.best
    assert best is not None
    findings = [
        Finding(
            kind="counted",
            severity="good",
            says=f"Counted in one pass, not trained: validation loss {best.val_loss:.3f}.",
            evidence={"val_loss": best.val_loss},
        )
    ]
    if reference is not None:
        findings.insert(0, _beside(history, reference))
    return Reading(history.name, tuple(findings))


class _Curves:
    """The losses as arrays, and what the rules ask of them."""

    def __init__(self, history: TrainingHistory) -> None:
        self.history = history
        self.train = np.array(history.train_losses)
        self.val = np.array(history.val_losses)
        self.epochs = len(history)
        self.best = history.best_epoch - 1
        self.tail = max(3, self.epochs // 5)
        """How many epochs the end is."""

    @property
    def late_fall(self) -> float:
        """Fall of the validation loss over the last epochs, as a share of what it fell from."""
        before = self.val[-min(self.tail, self.epochs - 1) - 1]
        return float((before - self.val[-1]) / abs(before))

    @property
    def learnt(self) -> float:
        """Fall of the training loss from its first to its lowest, as a share of the first."""
        return float((self.train[0] - self.train.min()) / abs(self.train[0]))

    @property
    def upward(self) -> float:
        """Sum of the upward moves of the training loss."""
        return float(np.maximum(np.diff(self.train), 0).sum())

    @property
    def gap(self) -> float:
        """(Validation - training) / validation at the best epoch."""
        return float((self.val[self.best] - self.train[self.best]) / abs(self.val[self.best]))

    @property
    def rise_after_best(self) -> float:
        """Mean validation loss of the last (up to) three epochs above the best, as a share."""
        after = self.val[self.best + 1 :][-3:]
        return float(after.mean() / self.val[self.best] - 1) if len(after) else 0.0


def _rate_too_high(curves: _Curves) -> Finding | None:
    span = float(np.ptp(curves.train))
    roughness = curves.upward / span if span else 0.0
    level = curves.upward / abs(float(curves.train[0]))
    if roughness <= ROUGH or level <= LEARNT_NOTHING:
        return None
    worst = int(np.diff(curves.train).argmax()) + 2
    return Finding(
        kind="learning-rate-too-high",
        severity="problem" if curves.learnt < LEARNT_NOTHING else "warning",
        says=f"The training loss jumps: its upward moves are {roughness:.0%} of its whole range, "
        f"the largest in epoch {worst} (rate {curves.history.learning_rates[worst - 1]:.2g}). "
        "The learning rate is too high.",
        advice=f"Try --learning-rate {_tenth(curves):.2g}, or warm up (--warmup-steps 500).",
        evidence={"roughness": roughness, "worst_epoch": worst},
    )


def _rate_too_low(curves: _Curves) -> Finding | None:
    k = min(curves.tail, curves.epochs - 1)
    early = float(curves.train[0] - curves.train[k]) / k
    late = float(curves.train[-1 - k] - curves.train[-1]) / k
    has_ends = curves.epochs > 2 * k and early > 0 and curves.late_fall > 0
    is_straight = has_ends and late / early > STRAIGHT
    level = curves.upward / abs(float(curves.train[0]))
    is_flat = curves.learnt < LEARNT_NOTHING and level <= LEARNT_NOTHING
    if not (is_straight or is_flat):
        return None
    says = (
        f"The training loss fell by only {curves.learnt:.1%} over {curves.epochs} epochs, smoothly."
        if is_flat
        else f"The training loss falls almost as fast at the end as at the beginning "
        f"({late:.3g} and {early:.3g} an epoch): it is far from its floor."
    )
    rate = 10 * max(curves.history.learning_rates)
    return Finding(
        kind="learning-rate-too-low",
        severity="warning",
        says=f"{says} The learning rate is too low (or the data holds nothing to learn).",
        advice=f"Try --learning-rate {rate:.2g}, or fewer --warmup-steps.",
        evidence={"early_fall": early, "late_fall": late, "learnt": curves.learnt},
    )


def _over_fitting(curves: _Curves) -> Finding | None:
    rise = curves.rise_after_best
    learns_on = bool(curves.train[-1] < curves.train[curves.best])
    grows = rise > OVERFIT_RISE and learns_on
    if not grows and curves.gap <= GAP_LARGE:
        return None
    evidence = {"rise_after_best": rise, "gap_at_best": curves.gap, "best_epoch": curves.best + 1}
    if grows:
        says = (
            f"Over-fitting: after epoch {curves.best + 1} the validation loss rose by {rise:.1%} "
            f"while the training loss fell on. The weights of epoch {curves.best + 1} are kept."
        )
    else:
        says = (
            f"The training loss is {curves.gap:.0%} below the validation loss at the best epoch: "
            "the model remembers much of its training part."
        )
    return Finding(
        kind="over-fitting",
        severity="warning" if grows and rise > OVERFIT_STRONG else "note",
        says=says,
        advice="More --dropout (0.3 to 0.5), a smaller --hidden-size or fewer --num-layers, more "
        "--weight-decay, or more data.",
        evidence=evidence,
    )


def _still_improving(curves: _Curves) -> Finding | None:
    if curves.best != curves.epochs - 1 or curves.history.end == "patience":
        return None
    if curves.late_fall <= IMPROVES:
        return Finding(
            kind="best-at-last-epoch",
            severity="note",
            says=f"The last epoch is the best, but the validation loss fell by only "
            f"{curves.late_fall:.2%} over the last {curves.tail} epochs: little is left to gain.",
            evidence={"late_fall": curves.late_fall},
        )
    return Finding(
        kind="stopped-while-improving",
        severity="warning",
        says=f"Training stopped while the validation loss still fell "
        f"({curves.late_fall:.1%} over the last {curves.tail} epochs).",
        advice=f"Go on: --resume with --epochs {2 * curves.epochs}.",
        evidence={"late_fall": curves.late_fall},
    )


RULES: tuple[Callable[[_Curves], Finding | None], ...] = (
    _rate_too_high,
    _rate_too_low,
    _over_fitting,
    _still_improving,
)


def _capacity(curves: _Curves, found: Sequence[Finding]) -> list[Finding]:
    """Under-fitting: both losses flat and close, and nothing else explains the level."""
    kinds = {finding.kind for finding in found}
    explained = {
        "too-short", "learning-rate-too-high", "learning-rate-too-low", "over-fitting",
        "stopped-while-improving", "normal", "better-than-reference",
    }  # fmt: skip
    if kinds & explained or curves.gap > GAP_SMALL or curves.late_fall > IMPROVES:
        return []
    return [
        Finding(
            kind="under-fitting",
            severity="warning" if "worse-than-reference" in kinds else "note",
            says=f"Both losses are flat and close ({curves.gap:+.1%} of the loss apart): the model "
            "may be too small, or held back too much, for what there is to learn.",
            advice="A larger --hidden-size, more --num-layers, or less --dropout.",
            evidence={"gap_at_best": curves.gap, "late_fall": curves.late_fall},
        )
    ]


def _beside(history: TrainingHistory, reference: Reference) -> Finding:
    """Whether the best epoch is where a recorded run on the same corpus was."""
    best = history.best
    assert best is not None
    name, ours, theirs = "validation loss", best.val_loss, reference.val_loss
    if "pitch_bits" in reference.metrics and "pitch_bits" in best.val:
        name = "pitch bits a note"
        ours, theirs = best.val["pitch_bits"].value, float(reference.metrics["pitch_bits"])
    distance = ours / theirs - 1
    beside = (
        f"{name} {ours:.3f} beside {theirs:.3f} of the reference {reference.model} on "
        f"{reference.corpus} ({distance:+.1%})"
    )
    evidence = {"ours": ours, "reference": theirs, "distance": distance}
    if not math.isfinite(distance) or abs(distance) <= NORMAL:
        return Finding(
            kind="normal", severity="good", says=f"This is normal: {beside}.", evidence=evidence
        )
    if distance < 0:
        return Finding(
            kind="better-than-reference",
            severity="good",
            says=f"Better than recorded: {beside}. Check that the split is the same.",
            evidence=evidence,
        )
    return Finding(
        kind="worse-than-reference",
        severity="warning",
        says=f"Worse than it can be: {beside}.",
        advice=f"Compare with how the reference was trained: {reference.how or 'see the docs'}.",
        evidence=evidence,
    )


def _healthy(curves: _Curves) -> Finding:
    return Finding(
        kind="healthy",
        severity="good",
        says=f"Healthy: both losses fell and settled; best validation loss "
        f"{curves.val[curves.best]:.3f} in epoch {curves.best + 1} of {curves.epochs}.",
        evidence={"best_val_loss": float(curves.val[curves.best])},
    )


def _tenth(curves: _Curves) -> float:
    return max(curves.history.learning_rates) / 10
