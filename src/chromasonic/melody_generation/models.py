"""The melody models by name, and loading one back from what training left."""

from __future__ import annotations

from typing import Any

from torch import nn

from chromasonic.config import from_dict
from chromasonic.errors import ConfigError
from chromasonic.melody_generation.lstm import LstmConfig, LstmModel
from chromasonic.melody_generation.markov import MarkovConfig, MarkovModel
from chromasonic.melody_generation.transformer import TransformerConfig, TransformerModel

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
