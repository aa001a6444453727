"""Inspecting files and folders: read, take apart, infer, judge, compare."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chromasonic.errors import CheckpointError
from chromasonic.files import PathLike
from chromasonic.inspection.architecture import infer
from chromasonic.inspection.checkpoint import Checkpoint
from chromasonic.inspection.comparing import Difference, compare, differences
from chromasonic.inspection.configurations import ShapesOf, check_configuration, confirmed
from chromasonic.inspection.facts import Finding, by_weight
from chromasonic.inspection.findings import findings_of
from chromasonic.inspection.histories import series_of
from chromasonic.inspection.optimizers import OptimizerFacts, describe_optimizer
from chromasonic.inspection.parts import Parts, take_apart
from chromasonic.inspection.plain import printable
from chromasonic.inspection.reading import Contents, checkpoint_files, read_contents
from chromasonic.inspection.schedules import fits
from chromasonic.inspection.tensors import describe_tensors

MOST_FILES = 100
"""Of a folder."""
CONFIG_ENDINGS = (".json", ".toml", ".yaml", ".yml")
CONFIG_WORDS = ("config", "hparams", "hyperparam", "args", "settings", "recipe", "params")


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """Several checkpoints, explained one by one and beside each other.

    Attributes:
        checkpoints: those that could be read.
        differences: what is not the same in all; empty for a single one.
        findings: about them together, and those of each.
    """

    checkpoints: tuple[Checkpoint, ...]
    differences: tuple[Difference, ...] = ()
    findings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "checkpoints": [known.to_dict() for known in self.checkpoints],
            "differences": [difference.to_dict() for difference in self.differences],
            "findings": [finding.to_dict() for finding in self.findings],
        }


def inspect_file(
    path: PathLike, *, shapes_of: Mapping[str, ShapesOf] | None = None, label: str = ""
) -> Checkpoint:
    """Explain one checkpoint, of anybody.

    Args:
        path: a .pt, .pth, .ckpt, .bin or .safetensors file.
        shapes_of: see `configurations.check_configuration`.
        label: what it is called in findings; its name by default.

    Raises:
        CheckpointError: absent, truncated, too large, hostile, or no checkpoint; says which.
    """
    contents = read_contents(path)
    parts = take_apart(contents.content)
    if parts is None:
        raise CheckpointError(
            f"{contents.path} holds no tensor and nothing of a training. Give a checkpoint: a "
            "state dict, or a dict with one in it."
        )
    known = replace(_described(contents, parts), label=label)
    found = check_configuration(known, shapes_of or {})
    architecture = known.architecture
    if found == () and architecture is not None:
        architecture = confirmed(architecture, (known.config or {}).get("model"))
    return replace(
        known,
        architecture=architecture,
        is_checked=found == (),
        findings=by_weight([*(found or ()), *findings_of(known)]),
    )


def inspect_paths(
    paths: Sequence[PathLike], *, shapes_of: Mapping[str, ShapesOf] | None = None
) -> Inspection:
    """Explain checkpoints and say what differs and what contradicts.

    Args:
        paths: files, which are all compared with each other, and folders, in which files that
            claim by their names to be of one model are.
        shapes_of: see `configurations.check_configuration`.

    Raises:
        CheckpointError: none could be read, or a file that was named could not.
    """
    given = list(dict.fromkeys(map(Path, paths)))
    alone = [path for path in given if not path.is_dir()]
    folders = {path: checkpoint_files(path, most=MOST_FILES) for path in given if path not in alone}
    labels = labels_of([*alone, *(path for found, _ in folders.values() for path in found)])
    named = [inspect_file(path, shapes_of=shapes_of, label=labels[path]) for path in alone]
    checkpoints, findings = [*named], []
    for folder, (inside, left_out) in folders.items():
        found, troubles = _of_folder(folder, inside, left_out, labels, shapes_of or {})
        checkpoints += found
        findings += troubles
    groups = [named] if len(named) > 1 else []
    groups += _claimed_alike(checkpoints)
    for group in groups:
        findings += compare(group)
    findings = _without_repetition(findings, checkpoints)
    return Inspection(
        checkpoints=tuple(checkpoints),
        differences=differences(checkpoints),
        findings=by_weight(findings),
    )


def labels_of(paths: Sequence[Path]) -> dict[Path, str]:
    """As much of each path, from its end, as tells it from the others.

    For instance "a/best_model.pth" and "b/best_model.pth"; the name where no other file has it.
    """
    whole = {path: Path(os.path.abspath(path)).parts for path in paths}
    labels = {}
    for path, parts in whole.items():
        others = {other for other in whole.values() if other != parts}
        count = 1
        while count < len(parts) and any(other[-count:] == parts[-count:] for other in others):
            count += 1
        labels[path] = "/".join(printable(part) for part in parts[-count:])
    return labels


def _of_folder(
    folder: Path,
    paths: Sequence[Path],
    left_out: int,
    labels: Mapping[Path, str],
    shapes_of: Mapping[str, ShapesOf],
) -> tuple[list[Checkpoint], list[Finding]]:
    """The checkpoints of a folder; what cannot be read is a finding, as long as something can."""
    found: list[Checkpoint] = []
    troubles: list[Finding] = []
    for path in paths:
        try:
            found.append(inspect_file(path, shapes_of=shapes_of, label=labels[path]))
        except CheckpointError as error:
            troubles.append(
                Finding(
                    level="warning",
                    rule="unreadable",
                    files=(labels[path],),
                    message=str(error),
                    advice="The others are told without it.",
                )
            )
    if not found:
        raise CheckpointError(f"No checkpoint in {folder} can be read. {troubles[0].message}")
    if left_out:
        troubles.append(
            Finding(
                level="note",
                rule="left-out",
                files=(folder.name,),
                message=f"{folder} holds {left_out} more checkpoints; the first {MOST_FILES} by "
                "name were inspected.",
                advice="Give the files that you want to know about.",
            )
        )
    return found, troubles


def _claimed_alike(checkpoints: list[Checkpoint]) -> list[list[Checkpoint]]:
    """Files of one folder whose names claim one model."""
    groups: dict[tuple[Path, str], list[Checkpoint]] = {}
    for known in checkpoints:
        groups.setdefault((known.path.parent, known.claimed_model), []).append(known)
    return [group for group in groups.values() if len(group) > 1]


def _without_repetition(findings: list[Finding], checkpoints: list[Checkpoint]) -> list[Finding]:
    """Findings of each file after those of all; the same one of several files once, for all."""
    told = list(dict.fromkeys(findings))
    lacking = [
        (known, finding)
        for known in checkpoints
        for finding in known.findings
        if finding.rule == "missing-configuration" and finding.level == "warning"
    ]
    if len(lacking) > 1:
        names = tuple(known.name for known, _ in lacking)
        told.append(
            Finding(
                level="warning",
                rule="missing-configuration",
                files=names,
                message=f"{len(lacking)} of {len(checkpoints)} checkpoints ({', '.join(names[:4])}"
                f"{', ...' if len(names) > 4 else ''}) carry no configuration, and no file beside "
                "them does: their architecture had to be inferred from names and shapes, and what "
                "leaves no trace there (dropout, heads, what the classes are called) is lost.",
                advice="Save the configuration inside the checkpoint, under 'config'.",
            )
        )
    merged = {id(finding) for _, finding in lacking} if len(lacking) > 1 else set()
    contradicted = {name for f in told if f.rule == "schedule" for name in f.files[:1]}
    for known in checkpoints:
        for finding in known.findings:
            is_told = finding.rule == "schedule" and known.name in contradicted
            if id(finding) not in merged and not is_told:
                told.append(finding)
    return told


def _described(contents: Contents, parts: Parts) -> Checkpoint:
    tensors, fingerprint = describe_tensors(parts.weights)
    optimizer = describe_optimizer(parts.optimizer) if parts.optimizer else None
    series = series_of(parts.history)
    epoch, epoch_source = _epoch(parts, max((len(s.values) for s in series), default=0))
    rate, rate_source = _rate(parts, optimizer)
    initial = optimizer.initial_rate if optimizer is not None else None
    is_dated = rate is not None and initial is not None and parts.epoch is not None
    return Checkpoint(
        path=contents.path,
        size_bytes=contents.size_bytes,
        format=contents.format,
        kind=parts.kind,
        is_ours=parts.kind == "checkpoint of this project",
        wrappers=parts.wrappers,
        remarks=contents.remarks,
        weights_key=parts.weights_key,
        tensors=tensors,
        fingerprint=fingerprint,
        architecture=infer(tensors) if tensors else None,
        others=parts.others,
        optimizer=optimizer,
        scheduler=parts.scheduler,
        epoch=epoch,
        epoch_source=epoch_source,
        step=parts.step,
        rate=rate,
        rate_source=rate_source,
        fitting=tuple(fit.text for fit in fits(rate, initial, parts.epoch)) if is_dated else (),  # type: ignore[arg-type]
        metrics=parts.metrics,
        series=series,
        chosen=parts.chosen,
        config=parts.config,
        config_key=parts.config_key,
        beside=_configurations_beside(contents.path),
        rest=parts.rest,
    )


def _epoch(parts: Parts, history: int) -> tuple[int | None, str]:
    if parts.epoch is not None:
        return parts.epoch, "stored"
    if "last_epoch" in parts.scheduler and isinstance(parts.scheduler["last_epoch"], int):
        return parts.scheduler["last_epoch"], "scheduler last_epoch"
    return (history, "length of the history") if history else (None, "")


def _rate(parts: Parts, optimizer: OptimizerFacts | None) -> tuple[float | None, str]:
    if optimizer is not None and optimizer.rate is not None:
        return optimizer.rate, "param_groups[0].lr"
    last = parts.scheduler.get("_last_lr")
    if isinstance(last, list) and last and isinstance(last[0], int | float):
        return float(last[0]), "scheduler _last_lr"
    return parts.rate, "stored"


def _configurations_beside(path: Path) -> tuple[str, ...]:
    """Files of the folder that by their names hold settings."""
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    except OSError:
        return ()
    return tuple(
        name
        for name in names
        if name.lower().endswith(CONFIG_ENDINGS)
        and any(word in name.lower() for word in CONFIG_WORDS)
    )
