"""The README of a models directory: what lies in it by size and use, and how to load it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chromasonic.files import write_text
from chromasonic.harmonization.models_directory import (
    ARCHIVE,
    FILES,
    RECIPE,
    ModelMetadata,
    agents_in,
    read_metadata,
)

README = "README.md"
LARGE_BYTES, MEDIUM_BYTES = 1_000_000, 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file or folder of the directory: its name, files, size in bytes, heading and use."""

    name: str
    files: int
    size_bytes: int
    group: str
    use: str


MODEL_FILES, TRAINING_DATA, METADATA, OTHER = (
    "Model Files", "Training Data", "Model Metadata", "Other Files"
)  # fmt: skip


def write_readme(folder: Path) -> Path:
    """Write README.md of a models directory anew, from what lies in it.

    Raises:
        DataError: the metadata of an agent is broken.
        StorageError: the file cannot be written.
    """
    folder = Path(folder)
    return write_text(folder / README, readme_text(folder))


def readme_text(folder: Path) -> str:
    """The README's text (Markdown)."""
    folder = Path(folder)
    entries = entries_of(folder)
    known = {agent: read_metadata(folder, agent) for agent in agents_in(folder)}
    parts = [
        "# Models Directory",
        "This directory holds all model files, checkpoints and training data. "
        "It is written by `chromasonic train harmonizer`, and this page with it.",
        "## Contents",
        *_contents(entries),
        "## Usage",
        *_usage(folder, {entry.name for entry in entries}),
        "## Model Details",
        *_details(entries, known),
        "## File Organization",
        *_by_size(entries),
        "## Model Management",
        *_management(folder),
        "---",
        f"**Total Files**: {sum(entry.files for entry in entries)}  \n"
        f"**Total Size**: {said(_total(entries))}",
    ]
    return "\n\n".join(parts) + "\n"


def entries_of(folder: Path) -> list[Entry]:
    """The files of a models directory, this README and the archive apart, largest first.

    A sub-folder is one entry, its name with a stroke behind it.
    """
    uses = _uses()
    entries = []
    for path in sorted(Path(folder).iterdir()):
        if path.name in (README, ARCHIVE) or path.name.startswith("."):
            continue
        name = f"{path.name}/" if path.is_dir() else path.name
        files = [file for file in (path, *path.rglob("*")) if file.is_file()]
        size = sum(file.stat().st_size for file in files)
        group, use = uses.get(name, (OTHER, "Not written by the training"))
        entries.append(Entry(name=name, files=len(files), size_bytes=size, group=group, use=use))
    return sorted(entries, key=lambda entry: -entry.size_bytes)


def _uses() -> dict[str, tuple[str, str]]:
    uses = {
        RECIPE: (METADATA, "Every setting of the trainings here"),
        "hybrid_training/": (
            TRAINING_DATA,
            f"{FILES['hybrid'].title}: checkpoints and curves of its networks",
        ),
    }
    for files in FILES.values():
        uses[files.model] = (MODEL_FILES, files.title)
        uses[files.checkpoint] = (MODEL_FILES, f"{files.title}: checkpoint, to resume its training")
        uses[files.results] = (MODEL_FILES, f"{files.title}: test results beside other methods")
        uses[files.metadata] = (METADATA, f"{files.title}: facts, without loading it")
        uses[files.history] = (TRAINING_DATA, f"{files.title}: reward of each episode")
        uses[files.curves] = (TRAINING_DATA, f"{files.title}: reward curve, as a picture")
    return uses


def said(size_bytes: int) -> str:
    """A size in words: "325 bytes", "85.7 KB", "21.7 MB" (decimal)."""
    if size_bytes < 1_000:
        return f"{size_bytes} bytes"
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1_000:.1f} KB"
    return f"{size_bytes / 1_000_000:.1f} MB"


def _total(entries: list[Entry]) -> int:
    return sum(entry.size_bytes for entry in entries)


def _line(entry: Entry) -> str:
    return f"- `{entry.name}` - {entry.use} ({said(entry.size_bytes)})"


def _contents(entries: list[Entry]) -> list[str]:
    parts = []
    for group in (MODEL_FILES, TRAINING_DATA, METADATA, OTHER):
        lines = [_line(entry) for entry in entries if entry.group == group]
        if lines:
            parts += [f"### {group}", "\n".join(lines)]
    return parts or ["Nothing yet."]


def _usage(folder: Path, names: set[str]) -> list[str]:
    """Snippets that load what is there, from the folder above this one."""
    place = folder.resolve().name
    parts = [f"Run from the folder that `{place}` lies in."]
    advanced, simple = FILES["advanced"], FILES["simple"]
    if advanced.model in names:
        snippet = (
            "import json\nimport numpy as np\n\n# Load model\n"
            f"with open('{place}/{advanced.model}', 'r') as f:\n    model = json.load(f)\n\n"
            "# Load training history\n"
            f"reward_history = np.load('{place}/{advanced.history}')"
        )
        parts += ["### Loading Models", f"```python\n{snippet}\n```"]
    history = next((files.history for files in (advanced, simple) if files.history in names), None)
    if history is not None:
        snippet = (
            "# Plot reward curves\nimport matplotlib.pyplot as plt\nimport numpy as np\n\n"
            f"rewards = np.load('{place}/{history}')\nplt.plot(rewards)\n"
            "plt.title('Training Reward Progression')\nplt.show()"
        )
        parts += ["### Reward Curves", f"```python\n{snippet}\n```"]
    agents = [agent for agent, files in FILES.items() if files.model in names]
    if agents:
        snippet = "\n".join(
            f"chromasonic harmonize tune.abc --agent {agent} --models {place}" for agent in agents
        )
        parts += ["### Harmonizing", f"```bash\n{snippet}\n```"]
    return parts


def _details(entries: list[Entry], known: dict[str, ModelMetadata]) -> list[str]:
    sizes = {entry.name: entry.size_bytes for entry in entries}
    parts = []
    for agent, metadata in known.items():
        files = FILES[agent]
        lines = [
            f"- **Size**: {said(sizes[files.model]) if files.model in sizes else 'not here'}",
            f"- **Version**: {metadata.version}, {metadata.date}",
            f"- **Description**: {metadata.description}",
            f"- **Training**: {metadata.episodes:,} episodes; average reward "
            f"{metadata.average_reward:.3f}, best {metadata.best_reward:.3f}",
            f"- **Reward**: {metadata.reward_definition}",
        ]
        lines += [
            f"- **{name.replace('_', ' ').capitalize()}**: "
            + (f"{value:.4g}" if isinstance(value, float) else f"{value}")
            for name, value in metadata.measured.items()
        ]
        corpora = "; ".join(
            f"{corpus.get('title', corpus.get('name', '?'))} ({corpus.get('licence', '?')})"
            for corpus in metadata.corpora
        )
        if corpora:
            lines.append(f"- **Trained on**: {corpora}")
        if files.checkpoint in sizes:
            lines.append("- **Checkpoint**: there, for resuming the training")
        parts += [f"### {files.title}", "\n".join(lines)]
    return parts or ["No metadata yet."]


def _by_size(entries: list[Entry]) -> list[str]:
    groups = (
        ("Large Files (>1MB)", LARGE_BYTES, None),
        ("Medium Files (1KB-1MB)", MEDIUM_BYTES, LARGE_BYTES),
        ("Small Files (<1KB)", 0, MEDIUM_BYTES),
    )
    parts = []
    for heading, low, high in groups:
        lines = [
            f"- `{entry.name}` - {said(entry.size_bytes)}"
            for entry in entries
            if low <= entry.size_bytes and (high is None or entry.size_bytes < high)
        ]
        if lines:
            parts += [f"### {heading}", "\n".join(lines)]
    return parts


def _management(folder: Path) -> list[str]:
    archived = len(list((folder / ARCHIVE).glob("*"))) if (folder / ARCHIVE).is_dir() else 0
    place = folder.resolve().name
    lines = [
        f"- Go on with a training: `chromasonic train harmonizer --resume {place}`",
        f"- What is here, from metadata alone: `chromasonic models --models {place}`",
        f"- A new training copies what was here into `{ARCHIVE}/`, its date in each name "
        f"({archived} files there now)",
        "- Models are read when they are used, not before",
    ]
    return ["\n".join(lines)]
