"""What a tracked run says of a training: parameters, tags and corpora, as MLflow takes them."""

from __future__ import annotations

import getpass
import json
import math
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import takewhile
from pathlib import Path
from typing import Any

from chromasonic.registry.address import without_secret
from chromasonic.registry.made_up import examples
from chromasonic.training.observers import TrainingStart
from chromasonic.training.run_directory import environment

LONGEST_NAME, LONGEST_VALUE, LONGEST_DIGEST = 250, 5000, 36
"""What MLflow takes: letters of a name, of a value, of a corpus's digest."""
_NOT_IN_NAMES = re.compile(r"[^\w./ :-]", re.ASCII)


def kind_of(start: TrainingStart) -> str:
    """What kind of model it is within its task: lstm, groove_predictor, advanced, ..."""
    kind = start.metadata.get("model", {}).get("kind", "")
    return str(kind) if kind and start.metadata.get("task") == "melody" else start.name


def parameters_of(recipe: Mapping[str, Any], kind: str) -> dict[str, str]:
    """A model's settings, flat; those of the models beside it in the recipe are left out.

    Args:
        recipe: nested plain values.
        kind: the model's table in the recipe, where each model has its own.
    """
    if isinstance(own := recipe.get(kind), Mapping):
        shared = {
            name: value
            for name, value in recipe.items()
            if not isinstance(value, Mapping) or name == "data"
        }
        recipe = {**shared, **own}
    return {_name(name): _value(value) for name, value in flat(recipe).items()}


def flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested values by names with dots."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            out |= flat(value, f"{before}{name}.")
        else:
            out[f"{before}{name}"] = value
    return out


def _name(text: str) -> str:
    return _NOT_IN_NAMES.sub("_", text)[:LONGEST_NAME]


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return without_secret(text)[:LONGEST_VALUE]


def metrics_of(values: Mapping[str, Any]) -> dict[str, float]:
    """The numbers among some figures, under names that MLflow takes."""
    return {
        _name(name): float(value)
        for name, value in values.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def epoch_figures(epoch: Any) -> dict[str, float]:
    """Every figure of an epoch, named as in its history's CSV."""
    plain = (
        "train_loss", "val_loss", "learning_rate", "gradient_norm", "padding_share", "updates",
        "targets", "seconds", "tokens_per_second",
    )  # fmt: skip
    figures = {name: getattr(epoch, name) for name in plain}
    figures["generalization_gap"] = epoch.train_loss - epoch.val_loss
    for part in ("train", "val"):
        for name, metric in getattr(epoch, part).items():
            figures[f"{part}_{name}"] = metric.value
    return {name: value for name, value in metrics_of(figures).items() if not math.isnan(value)}


def corpora_of(metadata: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What is learned from, of what a checkpoint and a run.json say."""
    data = metadata.get("data")
    named = data.get("corpora") if isinstance(data, Mapping) else None
    for found in (metadata.get("corpora"), named):
        if isinstance(found, Sequence) and found:
            return [corpus for corpus in found if isinstance(corpus, Mapping)]
    if isinstance(data, Mapping) and data.get("is_synthetic"):
        return [asdict(examples())]
    own = metadata.get("corpus") or facts.get("corpus") or {}
    own = own.get("manifest", own)
    return [own] if own else []


def inputs_of(corpora: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Corpora as MLflow's datasets."""
    return [
        {
            "name": str(corpus.get("name", "")) or "unnamed",
            "digest": str(corpus.get("fingerprint", ""))[:LONGEST_DIGEST] or "unknown",
            "source_type": "corpus",
            "source": json.dumps(
                {
                    name: corpus[name]
                    for name in ("url", "title", "licence", "fingerprint", "found_by")
                    if corpus.get(name)
                }
            ),
        }
        for corpus in corpora
    ]


def tags_of(
    start: TrainingStart, *, task: str, output: Path, corpora: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Everything that a run is found, grouped and made again by."""
    around = environment()
    program, *words = around["command"] or [""]
    command = shlex.join([Path(program).name, *words])
    ships = [bool(corpus.get("weights_may_ship")) for corpus in corpora]
    tags = {
        "task": task,
        "kind": kind_of(start),
        "model": start.name,
        "corpus": _joined(corpora, "name"),
        "corpus_fingerprint": _joined(corpora, "fingerprint"),
        "licence": _joined(corpora, "licence"),
        "weights_may_ship": str(all(ships)).lower() if any("weights_may_ship" in c for c in corpora)
        else "",
        "seed": start.config.seed,
        "parameters": start.parameters,
        "device": start.device,
        "precision": start.precision,
        "processes": start.processes,
        "run_directory": output.absolute(),
        "command": command,
        "code_version": around["code_version"],
        "code_commit": around["code_commit"],
        "python": around["python"],
        "platform": around["platform"],
        "libraries": json.dumps(around["libraries"]),
        "mlflow.user": _user(),
        "mlflow.source.name": " ".join([Path(program).name, *_verbs(words)]),
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": around["code_commit"],
    }  # fmt: skip
    return {name: text for name, value in tags.items() if (text := _value(_plain(value)))}


def _verbs(words: Sequence[str]) -> list[str]:
    """What is asked for, without how: "train melody"."""
    return list(takewhile(lambda word: not word.startswith("-"), words))[:2]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _joined(corpora: Sequence[Mapping[str, Any]], what: str) -> str:
    return ", ".join(str(corpus[what]) for corpus in corpora if corpus.get(what))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name
        return ""
