"""An inspection as a Markdown page, under the headings of a model's parameter summary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chromasonic.inspection.checkpoint import CHECKED, NOT_SAVED, Checkpoint
from chromasonic.inspection.facts import Fact, Section
from chromasonic.inspection.findings import told
from chromasonic.inspection.inspecting import Inspection
from chromasonic.inspection.metric_names import metric_name
from chromasonic.inspection.plain import side_by_side, value_text

TITLE = "Model Parameters Summary"


def markdown(inspection: Inspection) -> str:
    """The page: each checkpoint with architecture, training and metrics; then notes."""
    lines = [f"# {TITLE}", "", "What the checkpoints themselves say, and what follows from them."]
    for known in inspection.checkpoints:
        lines += ["", *_checkpoint(known), "", "---"]
    if len(inspection.checkpoints) > 1 and inspection.differences:
        lines += ["", "## Differences", "", *_differences(inspection), "", "---"]
    lines += ["", "## Notes", ""]
    lines += _notes(inspection) or ["Nothing contradicts, and nothing is missing."]
    return "\n".join(lines) + "\n"


def _checkpoint(known: Checkpoint) -> Iterator[str]:
    yield f"## {_title(known)} (`{_code(str(known.path))}`)"
    yield ""
    yield f"{_escaped(known.kind)}; {known.format}; {known.size_bytes:,} bytes."
    yield from ("", "### Model Architecture")
    if known.architecture is None:
        yield "- No weights"
    else:
        for section in known.architecture.sections:
            yield from _section(section)
        if known.is_checked:
            yield f"- {CHECKED}"
        totals = known.architecture.totals
        yield f"- **Total parameters**: {totals.state_dict:,} (every number of the state dict)"
        yield f"- **Trainable**: {totals.trainable:,}; buffers: {totals.buffers:,}"
        if totals.distinct != totals.state_dict:
            yield f"- **Stored once**: {totals.distinct:,} (tied weights counted once)"
    yield from ("", "### Training Parameters")
    for fact in known.training_facts():
        yield f"- {_told(fact, bold=True)}"
    yield from ("", "### Performance Metrics")
    metrics = list(_metrics(known))
    yield from metrics or ["- None in the file"]
    if known.config is not None:
        yield from ("", f"### Configuration (from `{_code(known.config_key)}`)")
        yield from _settings(known.config, 0)


def _title(known: Checkpoint) -> str:
    """ "Best Model" for best_model.pth."""
    stem = known.path.name.split(".")[0].replace("_", " ").replace("-", " ").strip()
    return _escaped(stem.title() if stem.islower() else stem) or "Checkpoint"


def _section(section: Section) -> Iterator[str]:
    yield f"- **{_escaped(section.title)}**:"
    for fact in section.facts:
        yield f"  - {_told(fact)}"


def _told(fact: Fact, *, bold: bool = False) -> str:
    name = f"**{_escaped(fact.name)}**" if bold else _escaped(fact.name)
    if fact.value is None:
        reason = "Not saved" if fact.source == NOT_SAVED else f"Unknown ({_escaped(fact.source)})"
        return f"{name}: {reason}"
    sure = "" if fact.certainty in ("stored", "certain") else f"{fact.certainty}: "
    where = "" if fact.source in ("stored", "") else f" ({sure}{_escaped(fact.source)})"
    return f"{name}: {_escaped(value_text(fact.value))}{where}"


def _metrics(known: Checkpoint) -> Iterator[str]:
    for key, value in known.metrics.items():
        metric = metric_name(key)
        yield f"- **{_escaped(metric.text)}**: {told(metric, value)}"
    for series in known.series:
        if not series.metric.is_judgement or series.best is None:
            continue
        name, (epoch, best) = _escaped(series.metric.text), series.best
        if series.metric.part != "training":
            yield f"- **Best {_small(name)}**: {told(series.metric, best)} at epoch {epoch}"
        yield (
            f"- **Final {_small(name)}**: {told(series.metric, series.values[-1])} (from "
            f"{told(series.metric, series.values[0])} at first)"
        )
    if known.series:
        epochs = max(len(series.values) for series in known.series)
        yield f"- **Training epochs completed**: {epochs}"


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]


def _settings(values: dict[str, Any], depth: int) -> Iterator[str]:
    for key, value in values.items():
        indent = "  " * depth
        if isinstance(value, dict) and value and depth < 4:
            yield f"{indent}- **{_escaped(key)}**:"
            yield from _settings(value, depth + 1)
        else:
            yield f"{indent}- **{_escaped(key)}**: `{_code(short(value))}`"


def short(value: Any, longest: int = 120) -> str:
    """A value of a configuration on one line, not too long."""
    text = str(value)
    return text if len(text) <= longest else f"{text[:longest]}... ({len(text):,} characters)"


def _differences(inspection: Inspection) -> Iterator[str]:
    names = [f"`{_code(known.name)}`" for known in inspection.checkpoints]
    yield f"| | {' | '.join(names)} |"
    yield f"|---|{'---|' * len(names)}"
    for row in inspection.differences:
        values = [_cell(short(text, 60)) for text in side_by_side(row.values)]
        yield f"| {_cell(row.name)} | {' | '.join(values)} |"


def _notes(inspection: Inspection) -> list[str]:
    lines = []
    for number, found in enumerate(inspection.findings, start=1):
        about = ", ".join(f"`{_code(name)}`" for name in found.files[:4])
        lines.append(
            f"{number}. **{found.level.capitalize()}: {found.rule}** ({about}): "
            f"{_escaped(found.message)} {_escaped(found.advice)}"
        )
    return lines


def _escaped(text: str) -> str:
    """Text from strangers, without what Markdown would read as its own."""
    for mark in "\\`*[<|":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("__", "\\_\\_")


def _code(text: str) -> str:
    return text.replace("`", "'")


def _cell(text: str) -> str:
    return _escaped(text)
