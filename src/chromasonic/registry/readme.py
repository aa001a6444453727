"""The README of a folder of models, of whatever kind: what lies in it, and what each model is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chromasonic.registry.licences import weights_terms
from chromasonic.registry.made_up import warning
from chromasonic.registry.markdown import code, escaped, fenced
from chromasonic.registry.metrics import figures_of
from chromasonic.registry.metrics import said as metric_said
from chromasonic.registry.model import ModelFacts
from chromasonic.registry.sizes import said

README = "README.md"
LARGE_BYTES, MEDIUM_BYTES = 1_000_000, 1_000
MODEL_FILES, TRAINING_DATA, METADATA, OTHER = (
    "Model Files", "Training Data", "Model Metadata", "Other Files"
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file or folder of the directory: its name, files, size in bytes, heading and use."""

    name: str
    files: int
    size_bytes: int
    group: str
    use: str


@dataclass(frozen=True, kw_only=True)
class Described:
    """A model of the folder.

    Attributes:
        heading: how it is called there.
        facts: what is known of it.
        size_bytes: of its file; None where it is not there.
        lines: what its task tells besides: name to text.
    """

    heading: str
    facts: ModelFacts
    size_bytes: int | None = None
    lines: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Snippet:
    """Lines to type: a heading, a language, the text."""

    heading: str
    language: str
    text: str


def readme_page(
    *,
    intro: str,
    entries: Sequence[Entry],
    snippets: Sequence[Snippet],
    models: Sequence[Described],
    management: Sequence[str],
) -> str:
    """The whole page (Markdown).

    Args:
        intro: who wrote it, and where to stand for the snippets.
        entries: what lies in the folder.
        snippets: how to load and use it.
        models: what each model is.
        management: what to do with the folder, a line each.
    """
    details = [part for model in models for part in (f"### {model.heading}", details_text(model))]
    parts = [
        "# Models Directory",
        intro,
        "## Contents",
        *_contents(entries),
        "## Usage",
        *(part for one in snippets for part in
          (f"### {one.heading}" if one.heading else "", fenced(one.text, one.language))),
        "## Model Details",
        *(details or ["No metadata yet."]),
        "## File Organization",
        *_by_size(entries),
        "## Model Management",
        "\n".join(f"- {line}" for line in management),
        "---",
        f"**Total Files**: {sum(entry.files for entry in entries)}  \n"
        f"**Total Size**: {said(sum(entry.size_bytes for entry in entries))}",
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def entries_of(
    folder: Path, uses: Mapping[str, tuple[str, str]], *, without: Collection[str] = ()
) -> list[Entry]:
    """The files of a folder, its README and hidden ones apart, the largest first.

    A sub-folder is one entry, its name with a stroke behind it.

    Args:
        folder: where.
        uses: name to heading and use.
        without: names that are left out.
    """
    entries = []
    for path in sorted(Path(folder).iterdir()):
        if path.name in (README, *without) or path.name.startswith("."):
            continue
        name = f"{path.name}/" if path.is_dir() else path.name
        files = [file for file in (path, *path.rglob("*")) if file.is_file()]
        size = sum(file.stat().st_size for file in files)
        group, use = uses.get(name, (OTHER, "Not written by the training"))
        entries.append(Entry(name=name, files=len(files), size_bytes=size, group=group, use=use))
    return sorted(entries, key=lambda entry: -entry.size_bytes)


def details_text(model: Described) -> str:
    """What a model is, a line for each thing that is known."""
    facts = model.facts
    told = {
        "Warning": "".join(warning(facts)),
        "Size": "not here" if model.size_bytes is None else said(model.size_bytes),
        "Kind": " ".join(dict.fromkeys((facts.task, facts.kind.replace("_", " ")))),
        "Parameters": facts.parameters_said,
        **(model.lines or {}),
        **{
            _capital(metric_said(name)): f"{figure}{figure.arrow}"
            + (f" {figure.unit}" if figure.unit else "")
            for name, figure in figures_of(facts.validation, facts.headline).items()
        },
        "Trained on": "; ".join(
            f"{corpus.title or corpus.name} ({corpus.licence or 'no licence recorded'})"
            for corpus in facts.corpora
        ),
        "Weights": weights_terms(facts.corpora).sentence,
    }
    return "\n".join(f"- **{escaped(key)}**: {escaped(text)}" for key, text in told.items() if text)


def _capital(text: str) -> str:
    """Only the first letter is changed: MAE stays MAE."""
    return text[:1].upper() + text[1:]


def _line(entry: Entry) -> str:
    return f"- {code(entry.name)} - {escaped(entry.use)} ({said(entry.size_bytes)})"


def _contents(entries: Sequence[Entry]) -> list[str]:
    parts = []
    for group in (MODEL_FILES, TRAINING_DATA, METADATA, OTHER):
        lines = [_line(entry) for entry in entries if entry.group == group]
        if lines:
            parts += [f"### {group}", "\n".join(lines)]
    return parts or ["Nothing yet."]


def _by_size(entries: Sequence[Entry]) -> list[str]:
    groups = (
        ("Large Files (>1MB)", LARGE_BYTES, None),
        ("Medium Files (1KB-1MB)", MEDIUM_BYTES, LARGE_BYTES),
        ("Small Files (<1KB)", 0, MEDIUM_BYTES),
    )
    parts = []
    for heading, low, high in groups:
        lines = [
            f"- {code(entry.name)} - {said(entry.size_bytes)}"
            for entry in entries
            if low <= entry.size_bytes and (high is None or entry.size_bytes < high)
        ]
        if lines:
            parts += [f"### {heading}", "\n".join(lines)]
    return parts
