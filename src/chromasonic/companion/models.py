"""Companion models as training leaves them: described in checkpoints, and loaded from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chromasonic.companion.features import INPUTS
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.spec import SPECS
from chromasonic.errors import CheckpointError, UsageError
from chromasonic.export.spec import ModelSpec
from chromasonic.files import PathLike
from chromasonic.registry.reference import located
from chromasonic.training.checkpoint import load_checkpoint, load_weights
from chromasonic.training.saving import SHARED
from chromasonic.training.state import find_checkpoint

TASK = "companion"

SHORT_NAMES: dict[str, str] = {name.partition("_")[0]: name for name in SPECS}
"""emotion, melody, harmony, dynamics, groove."""


def names_of(choice: str) -> tuple[str, ...]:
    """The models that a list with commas means: short or full names, or "all".

    Raises:
        UsageError: an unknown name, or none.
    """
    if choice.strip() == "all":
        return tuple(SPECS)
    words = [word.strip() for word in choice.split(",") if word.strip()]
    wanted = {SHORT_NAMES.get(word, word) for word in words}
    unknown = sorted(wanted - SPECS.keys())
    if unknown or not wanted:
        raise UsageError(
            f"--models is '{choice}'; allowed: all, or some of {', '.join(SHORT_NAMES)} with "
            "commas between them."
        )
    return tuple(name for name in SPECS if name in wanted)


def spec_of(name: str) -> ModelSpec:
    """The spec of a model by its name.

    Raises:
        UsageError: there is no such model.
    """
    if name not in SPECS:
        raise UsageError(f"'{name}' is no companion model; there are: {', '.join(SPECS)}.")
    return SPECS[name]


def describe(spec: ModelSpec, *, dropout: float) -> dict[str, Any]:
    """What a checkpoint says of its model under `config["model"]`."""
    return {
        "kind": spec.name,
        "config": {
            "inputs": spec.inputs,
            "layers": [[layer.kind, layer.size, layer.activation] for layer in spec.layers],
            "dropout": dropout,
        },
    }


def describe_features(name: str) -> str:
    """The blocks that go into a model, by name and size: another page, another meaning."""
    return ", ".join(f"{block.name} {block.size}" for block in INPUTS[name])


@dataclass(frozen=True)
class LoadedCompanion:
    """A companion model as training left it.

    Attributes:
        network: with its weights, in evaluation mode, on the CPU.
        spec: its numbers.
        checkpoint: the file it came from.
        info: what the checkpoint says of the training: data, settings, epoch, metrics.
    """

    network: CompanionNetwork
    spec: ModelSpec
    checkpoint: Path
    info: dict[str, Any]

    @property
    def name(self) -> str:
        """Its file name, such as "groove_predictor"."""
        return self.spec.name

    @property
    def is_synthetic(self) -> bool:
        """Whether it learned from made-up examples."""
        data = self.info.get("data")
        return bool(isinstance(data, dict) and data.get("is_synthetic"))


def load_companion(path: PathLike, name: str | None = None) -> LoadedCompanion:
    """A trained companion model from a checkpoint, a folder, an output folder, or the registry.

    Args:
        path: a file is taken as it is; of a folder the best checkpoint; NAME@VERSION or NAME@ALIAS
            is a registered version.
        name: which model of a folder that holds several ("groove" or "groove_predictor"); any
            other is refused.

    Raises:
        UsageError: there is no model of that name.
        CheckpointError: there is no checkpoint, or several and `name` names none, or it is damaged,
            of something else, or of another model.
        RegistryError: no such version is registered, or its files were changed.
    """
    wanted = SHORT_NAMES.get(name, name) if name is not None else None
    if wanted is not None:
        spec_of(wanted)
    file = find_checkpoint(checkpoint_folder(path), wanted)
    content = load_checkpoint(file)
    spec = _spec_in(content, file, wanted)
    network = CompanionNetwork(spec)
    load_weights(network, content, source=file)
    config = content.get("config")
    return LoadedCompanion(
        network=network.eval(),
        spec=spec,
        checkpoint=file,
        info={
            **(config if isinstance(config, dict) else {}),
            "epoch": content.get("epoch"),
            "metrics": content.get("metrics"),
        },
    )


def checkpoint_folder(path: PathLike) -> Path:
    """Of an output folder or a registered version its folder of checkpoints; else as it is.

    Raises:
        RegistryError: no such version is registered, or its files were changed.
    """
    path = located(path, of="companion")
    inside = path / SHARED.checkpoints
    return inside if inside.is_dir() else path


def _spec_in(content: dict[str, Any], file: Path, wanted: str | None) -> ModelSpec:
    """The spec of the model that a checkpoint says it holds, checked.

    Raises:
        CheckpointError: it is none of the five, another one, or one of other sizes or features.
    """
    config = content.get("config")
    config = config if isinstance(config, dict) else {}
    model = config.get("model")
    model = model if isinstance(model, dict) else {}
    kind = model.get("kind", config.get("name"))
    if kind not in SPECS:
        said = f"a model of kind '{kind}'" if kind else "no word of which model it is"
        raise CheckpointError(
            f"{file} holds {said}, not a companion model ({', '.join(SPECS)}). Give a "
            "NAME_best.pt that 'chromasonic train companion' wrote."
        )
    if wanted is not None and kind != wanted:
        raise CheckpointError(
            f"{file} holds the {SPECS[kind].title} ({kind}), not the {SPECS[wanted].title}. "
            "Give its own checkpoint, or ask for that model."
        )
    spec = SPECS[kind]
    ours = describe(spec, dropout=0.0)["config"]
    theirs = model.get("config")
    for key in ("inputs", "layers"):
        if isinstance(theirs, dict) and key in theirs and theirs[key] != ours[key]:
            raise CheckpointError(
                f"{file} holds a {spec.title} of other sizes: its {key} are {theirs[key]}, this "
                f"version's are {ours[key]}. Train it anew."
            )
    page = config.get("vocabulary")
    if page is not None and page != describe_features(kind):
        raise CheckpointError(
            f"{file} was trained on other features ({page}) than this version computes "
            f"({describe_features(kind)}), so its numbers mean other things. Train it anew."
        )
    return spec
