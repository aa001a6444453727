"""The melody models by name, and loading one back from what training left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from chromasonic.config import from_dict
from chromasonic.errors import CheckpointError, ConfigError
from chromasonic.files import PathLike
from chromasonic.melody_generation.lstm import LstmConfig, LstmModel
from chromasonic.melody_generation.markov import MarkovConfig, MarkovModel
from chromasonic.melody_generation.tokens import VOCABULARY
from chromasonic.melody_generation.transformer import TransformerConfig, TransformerModel
from chromasonic.registry.reference import located
from chromasonic.training.checkpoint import load_checkpoint, load_weights
from chromasonic.training.state import find_checkpoint

MODELS: dict[str, tuple[type[nn.Module], type[Any]]] = {
    "lstm": (LstmModel, LstmConfig),
    "transformer": (TransformerModel, TransformerConfig),
    "markov": (MarkovModel, MarkovConfig),
}
"""Name to the model and its configuration."""


def build_model(kind: str, config: dict[str, Any] | None = None) -> nn.Module:
    """A new model by its name.

    Args:
        kind: a name of `MODELS`.
        config: values of its configuration; missing ones keep their default.

    Raises:
        ConfigError: an unknown name, key or a value out of range.
    """
    if kind not in MODELS:
        raise ConfigError(f"'{kind}' is no melody model; known: {', '.join(MODELS)}.")
    model_class, config_class = MODELS[kind]
    return model_class(from_dict(config_class, config or {}, where=f"{kind} model"))


@dataclass(frozen=True)
class LoadedModel:
    """A model as training left it.

    Attributes:
        model: with its weights, in evaluation mode, on the CPU.
        kind: its name in `MODELS`.
        config: its sizes.
        checkpoint: the file it came from.
        info: what the checkpoint says of the training: corpus, epoch, settings.
    """

    model: nn.Module
    kind: str
    config: dict[str, Any]
    checkpoint: Path
    info: dict[str, Any]


def load_model(path: PathLike, *, kind: str | None = None) -> LoadedModel:
    """A trained melody model from a checkpoint, a folder, a run directory, or the registry.

    Args:
        path: a file is taken as it is; of a folder its best checkpoint; NAME@VERSION or NAME@ALIAS
            is a registered version.
        kind: which model of a run directory that holds several; also refuses any other kind.

    Raises:
        CheckpointError: there is none, or several and `kind` names none, or it is damaged,
            hostile, or of another vocabulary or kind.
        RegistryError: no such version is registered, or its files were changed.
    """
    file = find_checkpoint(located(path, of="melody"), f"melody_{kind}" if kind else None)
    content = load_checkpoint(file)
    config = content.get("config")
    model_config = config.get("model") if isinstance(config, dict) else None
    found = model_config.get("kind") if isinstance(model_config, dict) else None
    if not isinstance(config, dict) or not isinstance(model_config, dict) or found not in MODELS:
        raise CheckpointError(
            f"{file} holds no melody model that can be built by name ({', '.join(MODELS)}). "
            "Weights of a class of your own: build it, then "
            "model.load_state_dict(torch.load(path)['model_state_dict'])."
        )
    if kind is not None and found != kind:
        raise CheckpointError(f"{file} holds a model of kind '{found}', not '{kind}'.")
    if config.get("vocabulary") != VOCABULARY.signature:
        raise CheckpointError(
            f"{file} was trained on another vocabulary ({config.get('vocabulary')}) than this "
            f"version reads ({VOCABULARY.signature}): its tokens would be misread. Train anew."
        )
    model = build_model(found, model_config.get("config"))
    load_weights(model, content, source=file)
    return LoadedModel(
        model=model.eval(),
        kind=found,
        config=dict(model_config.get("config") or {}),
        checkpoint=file,
        info={**config, "epoch": content.get("epoch"), "metrics": content.get("metrics")},
    )
