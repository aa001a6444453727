"""The README of a models directory: what lies in it by size and use, and how to load it."""

from __future__ import annotations

from collections.abc import Collection
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
from chromasonic.registry.model import CorpusUsed, ModelFacts
from chromasonic.registry.readme import (
    METADATA,
    MODEL_FILES,
    README,
    TRAINING_DATA,
    Described,
    Entry,
    Snippet,
    entries_of,
    readme_page,
)
from chromasonic.registry.sizes import said

__all__ = ["said"]


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
    entries = entries_of(folder, uses(), without=(ARCHIVE,))
    return readme_page(
        intro=(
            "This directory holds all model files, checkpoints and training data. It is written "
            "by `chromasonic train harmonizer`, and this page with it.\n\n"
            f"Run the lines under Usage from the folder that `{folder.resolve().name}` lies in."
        ),
        entries=entries,
        snippets=snippets(folder, {entry.name for entry in entries}),
        models=described(folder, entries),
        management=management(folder),
    )


def uses() -> dict[str, tuple[str, str]]:
    """Name of a file to its heading and use."""
    known = {
        RECIPE: (METADATA, "Every setting of the trainings here"),
        "hybrid_training/": (
            TRAINING_DATA,
            f"{FILES['hybrid'].title}: checkpoints and curves of its networks",
        ),
    }
    for files in FILES.values():
        known[files.model] = (MODEL_FILES, files.title)
        known[files.checkpoint] = (
            MODEL_FILES,
            f"{files.title}: checkpoint, to resume its training",
        )
        known[files.results] = (MODEL_FILES, f"{files.title}: test results beside other methods")
        known[files.metadata] = (METADATA, f"{files.title}: facts, without loading it")
        known[files.history] = (TRAINING_DATA, f"{files.title}: reward of each episode")
        known[files.curves] = (TRAINING_DATA, f"{files.title}: reward curve, as a picture")
    return known


def snippets(folder: Path, names: Collection[str]) -> list[Snippet]:
    """How to load what is there, from the folder above this one.

    Args:
        folder: the models directory.
        names: of the files in it.
    """
    place = folder.resolve().name
    found = []
    advanced, simple = FILES["advanced"], FILES["simple"]
    if advanced.model in names:
        text = (
            "import json\nimport numpy as np\n\n# Load model\n"
            f"with open('{place}/{advanced.model}', 'r') as f:\n    model = json.load(f)"
        )
        if advanced.history in names:
            history = f"reward_history = np.load('{place}/{advanced.history}')"
            text += f"\n\n# Load training history\n{history}"
        found.append(Snippet(heading="Loading Models", language="python", text=text))
    there = [files.history for files in (advanced, simple) if files.history in names]
    if there:
        text = (
            "# Plot reward curves\nimport matplotlib.pyplot as plt\nimport numpy as np\n\n"
            f"rewards = np.load('{place}/{there[0]}')\nplt.plot(rewards)\n"
            "plt.title('Training Reward Progression')\nplt.show()"
        )
        found.append(Snippet(heading="Reward Curves", language="python", text=text))
    agents = [agent for agent, files in FILES.items() if files.model in names]
    if agents:
        text = "\n".join(
            f"chromasonic harmonize tune.abc --agent {agent} --models {place}" for agent in agents
        )
        found.append(Snippet(heading="Harmonizing", language="bash", text=text))
    return found


def described(folder: Path, entries: Collection[Entry]) -> list[Described]:
    """What each agent is, from its metadata.

    Raises:
        DataError: the metadata of an agent is broken.
    """
    sizes = {entry.name: entry.size_bytes for entry in entries}
    found = []
    for agent in agents_in(folder):
        metadata, files = read_metadata(folder, agent), FILES[agent]
        lines = {
            "Version": f"{metadata.version}, {metadata.date}",
            "Description": metadata.description,
            "Training": f"{metadata.episodes:,} episodes; average reward "
            f"{metadata.average_reward:.3f}, best {metadata.best_reward:.3f}",
            "Reward": metadata.reward_definition,
        }
        if files.checkpoint in sizes:
            lines["Checkpoint"] = "there, for resuming the training"
        found.append(
            Described(
                heading=files.title,
                facts=_facts(metadata),
                size_bytes=sizes.get(files.model),
                lines=lines,
            )
        )
    return found


def _facts(metadata: ModelMetadata) -> ModelFacts:
    from chromasonic.data.bach_chorales import FACTS

    return ModelFacts(
        task="harmonizer",
        kind=metadata.agent,
        title=metadata.name,
        corpora=tuple(
            CorpusUsed(
                name=corpus.get("name", "?"),
                title=corpus.get("title", ""),
                licence=corpus.get("licence", ""),
                weights_may_ship=corpus.get("name") == FACTS.name and FACTS.weights_may_ship,
            )
            for corpus in metadata.corpora
        ),
        seed=metadata.seed,
        validation=dict(metadata.measured),
    )


def management(folder: Path) -> list[str]:
    """What to do with a models directory, a line each."""
    archived = len(list((folder / ARCHIVE).glob("*"))) if (folder / ARCHIVE).is_dir() else 0
    place = folder.resolve().name
    return [
        f"Go on with a training: `chromasonic train harmonizer --resume {place}`",
        f"What is here, from metadata alone: `chromasonic models --models {place}`",
        f"Keep it under a name: `chromasonic models register {place} --name NAME`",
        f"A new training copies what was here into `{ARCHIVE}/`, its date in each name "
        f"({archived} files there now)",
        "Models are read when they are used, not before",
    ]
