"""The gate before an alias: unchanged files, a valid export, no significant loss on validation.

The test part stays shut: whoever chooses versions by it has no honest figure left.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chromasonic.abtest.comparing import Comparison, compare
from chromasonic.abtest.verdicts import Verdict
from chromasonic.data.progress import Progress
from chromasonic.errors import ChromasonicError, UsageError
from chromasonic.evaluation.judged import Judged
from chromasonic.files import PathLike
from chromasonic.registry.judgements import keep_judgement
from chromasonic.registry.metrics import said
from chromasonic.registry.version import CHAMPION, Version
from chromasonic.registry.versions import Registry
from chromasonic.tasks.exporting import export_model, export_problems, formats_of, why_none
from chromasonic.tasks.judging import judge
from chromasonic.tasks.measuring import judgement_of

PART = "validation"
REFUSED = (Verdict.WORSE, Verdict.UNDEFINED)
"""What a gate refuses without a margin; with one, it asks for more: see `_passes`."""


@dataclass(frozen=True, kw_only=True)
class GateCheck:
    """One thing that a gate looked at.

    Attributes:
        name: files, export or comparison.
        passed: True, False, or None: there was nothing to look at.
        says: what was found, with its figures.
    """

    name: str
    passed: bool | None
    says: str


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Everything that a gate found.

    Attributes:
        version: NAME@NUMBER that wants to pass.
        against: NAME@NUMBER that the alias points to; "" where it points to none.
        checks: in the order in which they were made.
        comparisons: of each kind of model that both have.
    """

    version: str
    against: str
    checks: tuple[GateCheck, ...]
    comparisons: tuple[Comparison, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return all(check.passed is not False for check in self.checks)

    @property
    def failed(self) -> tuple[GateCheck, ...]:
        """What failed."""
        return tuple(check for check in self.checks if check.passed is False)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "version": self.version,
            "against": self.against,
            "passed": self.passed,
            "checks": [vars(check) for check in self.checks],
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
        }


def gate(
    registry: Registry,
    reference: str,
    *,
    alias: str = CHAMPION,
    margin: float | None = None,
    data_dir: PathLike | None = None,
    seed: int = 0,
    on_progress: Progress | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Gate:
    """Look whether a version may take an alias over.

    Args:
        registry: where it is registered.
        reference: NAME@VERSION.
        alias: what it is to be.
        margin: the largest loss of the deciding metric that does not matter, in its unit. With a
            margin the version has to be shown not to be worse than that; without, only a
            significant loss is refused.
        data_dir: where corpora lie.
        seed: of resamples and flips.
        on_progress: told how judging goes.
        on_step: told in a line what is looked at.

    Raises:
        RegistryError: there is no such version.
        UsageError: a margin that is not above 0.
    """
    if margin is not None and not margin > 0:
        raise UsageError(f"--margin is {margin}; it must be above 0, in the metric's own unit.")
    version = registry.get(reference)
    number = registry.aliases(version.name).get(alias)
    present = None if number is None else registry.get(f"{version.name}@{number}")
    on_step("files")
    checks = [_files(registry, version)]
    comparisons: tuple[Comparison, ...] = ()
    if checks[0].passed:
        on_step("export")
        checks.append(_export(registry, version))
        on_step("comparison")
        check, comparisons = _comparison(
            registry, version, present, alias, margin, data_dir=data_dir, seed=seed,
            on_progress=on_progress,
        )  # fmt: skip
        checks.append(check)
    return Gate(
        version=version.reference,
        against="" if present is None else present.reference,
        checks=tuple(checks),
        comparisons=comparisons,
    )


def _files(registry: Registry, version: Version) -> GateCheck:
    problems = registry.verify(version.reference)
    says = " ".join(problems) or f"{len(version.files)} files are what was registered"
    return GateCheck(name="files", passed=not problems, says=says)


def _export(registry: Registry, version: Version) -> GateCheck:
    """Whether the version can be written for plugins, and what was written is right."""
    task, kind = version.facts.task, version.facts.kind
    formats = formats_of(task, kind)
    if not formats:
        return GateCheck(name="export", passed=None, says=why_none(task, kind))
    folder = registry.folder_of(version.reference)
    try:
        with tempfile.TemporaryDirectory(prefix="chromasonic-gate-") as name:
            exported = export_model(
                folder, task=task, kind=kind, format=formats[0], output=Path(name)
            )
            problems = export_problems(exported)
    except ChromasonicError as error:
        return GateCheck(name="export", passed=False, says=str(error))
    if problems:
        return GateCheck(name="export", passed=False, says="; ".join(problems))
    largest = max(one.largest_difference for one in exported)
    says = f"{formats[0]}: {len(exported)} valid, largest difference {largest:.1e}"
    return GateCheck(name="export", passed=True, says=says)


def _comparison(
    registry: Registry,
    version: Version,
    present: Version | None,
    alias: str,
    margin: float | None,
    *,
    data_dir: PathLike | None,
    seed: int,
    on_progress: Progress | None,
) -> tuple[GateCheck, tuple[Comparison, ...]]:
    """Whether the version loses against the one in use, on the validation part."""
    name = "comparison"
    if present is None:
        says = f"no version is {alias} yet: there is nothing to compare with"
        return GateCheck(name=name, passed=None, says=says), ()
    if present.reference == version.reference:
        return GateCheck(name=name, passed=None, says=f"it is {alias} already"), ()
    if present.facts.task != version.facts.task:
        says = (
            f"{version.reference} is of the task {version.facts.task}, and {present.reference} of "
            f"{present.facts.task}: whatever loads {version.name}@{alias} would break"
        )
        return GateCheck(name=name, passed=False, says=says), ()
    try:
        ours = _judged(registry, present, None, data_dir=data_dir, on_progress=on_progress)
        theirs = _judged(
            registry, version, ours[0].corpus, data_dir=data_dir, on_progress=on_progress
        )
        compared = tuple(
            compare([one], [other], names=(present.reference, version.reference), margin=margin,
                    seed=seed)
            for one, other in _pairs(ours, theirs)
        )  # fmt: skip
    except ChromasonicError as error:
        says = f"they cannot be judged here, so nothing says that it is no worse: {error}"
        return GateCheck(name=name, passed=False, says=says), ()
    if not compared:
        says = f"{version.reference} lacks what {present.reference} has: no kind is in both"
        return GateCheck(name=name, passed=False, says=says), ()
    return _verdict(compared, margin, lost=_lost_kinds(ours, theirs)), compared


def _judged(
    registry: Registry,
    version: Version,
    corpus: str | None,
    *,
    data_dir: PathLike | None,
    on_progress: Progress | None,
) -> list[Judged]:
    """A version judged on the validation part; what was measured is kept for its card."""
    folder = registry.folder_of(version.reference)

    def tell(what: str, done: int, total: int | None) -> None:
        if on_progress is not None:  # by its name, not by where the registry keeps it
            on_progress(what.replace(str(folder), version.reference), done, total)

    judged = judge(folder, corpus=corpus, part=PART, data_dir=data_dir, on_progress=tell)
    for one in judged:
        keep_judgement(registry, version, judgement_of(one))
    return judged


def _pairs(ours: list[Judged], theirs: list[Judged]) -> list[tuple[Judged, Judged]]:
    """Kind beside kind; two versions of one model each are compared whatever their kinds."""
    if len(ours) == len(theirs) == 1:
        return [(ours[0], theirs[0])]
    by_kind = {one.kind: one for one in theirs}
    return [(one, by_kind[one.kind]) for one in ours if one.kind in by_kind]


def _lost_kinds(ours: list[Judged], theirs: list[Judged]) -> list[str]:
    if len(ours) == len(theirs) == 1:
        return []
    there = {one.kind for one in theirs}
    return [one.kind for one in ours if one.kind not in there]


def _verdict(
    compared: tuple[Comparison, ...], margin: float | None, *, lost: list[str]
) -> GateCheck:
    passed = not lost and all(_passes(comparison, margin) for comparison in compared)
    says = "; ".join(_sentence(comparison, margin) for comparison in compared)
    if lost:
        says += f"; it has no {', no '.join(lost)}"
    return GateCheck(name="comparison", passed=passed, says=says)


def _passes(comparison: Comparison, margin: float | None) -> bool:
    """Without a margin no metric may be significantly worse; with one the first is shown not to."""
    if any(metric.verdict is Verdict.WORSE for metric in comparison.metrics):
        return False
    if margin is None:
        return comparison.verdict not in REFUSED
    return comparison.verdict in (Verdict.BETTER, Verdict.EQUIVALENT, Verdict.NO_WORSE)


_WORDS = {
    Verdict.WORSE: "worse than",
    Verdict.BETTER: "better than",
    Verdict.TOO_FEW: "too few pieces to tell it from",
    Verdict.UNDEFINED: "not comparable with",
}
"""How a verdict goes on to the version in use."""


def _p_value(p_value: float) -> str:
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"


def _sentence(comparison: Comparison, margin: float | None) -> str:
    """The metric that speaks loudest: a significant loss, else the one that decides."""
    worse = [metric for metric in comparison.metrics if metric.verdict is Verdict.WORSE]
    metric = worse[0] if worse else comparison.primary
    verdict = _WORDS.get(metric.verdict, f"{metric.verdict} beside")
    figures = (
        f"{metric.second.value:.4g} against {metric.first.value:.4g} (difference "
        f"{metric.difference}, {_p_value(metric.p_adjusted)})"
    )
    doubt = ""
    if margin is not None and not worse and not _passes(comparison, margin):
        loss = -metric.gain.low
        doubt = f"; its loss may be as large as {loss:.3g}, and the margin is {margin:g}"
    return (
        f"{comparison.kinds[1]}: {verdict} {comparison.first} in "
        f"{said(metric.name)}, {figures} over {comparison.pieces:,} {comparison.unit}s of "
        f"{comparison.corpus}, {comparison.part}{doubt}"
    )
