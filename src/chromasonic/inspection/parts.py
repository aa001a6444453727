"""Finds what is what in a checkpoint of anybody: weights, optimizer, schedule, metrics, history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from chromasonic.inspection.metric_names import NOT_METRICS, metric_name
from chromasonic.inspection.plain import DEEPEST, as_number, printable, to_plain

WEIGHT_KEYS = (
    "model_state_dict", "state_dict", "model_state", "model", "net", "network", "weights", "module",
    "params", "generator", "encoder",
)  # fmt: skip
"""Under which others keep weights; the first that is there is the model."""
CONFIG_KEYS = (
    "config", "hyper_parameters", "hparams", "args", "cfg", "opt", "model_args", "model_config",
    "train_args", "settings",
)  # fmt: skip
NO_WEIGHTS = ("rng_state", "metrics", "callbacks", "loops", "history")
EPOCH_KEYS = ("epoch", "current_epoch", "epochs", "epoch_num", "last_epoch")
STEP_KEYS = ("global_step", "step", "iteration", "iter", "num_updates", "steps")
RATE_KEYS = ("lr", "learning_rate", "current_lr")
METRIC_WORDS = (
    "acc", "accuracy", "loss", "f1", "precision", "recall", "auc", "map", "bleu", "wer", "cer",
    "perplexity", "ppl", "iou", "miou", "dice", "mae", "mse", "rmse", "error", "top1", "top5",
    "score", "metric", "psnr", "ssim", "fid", "r2", "ndcg",
)  # fmt: skip
PREFIXES = {
    "module": "DataParallel or DistributedDataParallel",
    "_orig_mod": "torch.compile",
    "_fsdp_wrapped_module": "FSDP",
    "_checkpoint_wrapped_module": "activation checkpointing",
}
"""Parts of a name that a wrapper puts in, and which one."""

MOST_TENSORS = 200_000


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A checkpoint taken apart.

    Attributes:
        kind: what it looks like: "bare state dict", "Lightning checkpoint", ...
        weights: of the model, by name, wrappers' prefixes taken out.
        weights_key: under which they stand; "" where they are the file.
        wrappers: whose prefixes were taken out.
        others: further sets of tensors (averages, a second network): name to number of tensors.
        optimizer: its state dict; empty where there is none.
        optimizers: how many there are.
        scheduler: its state dict, as plain values.
        epoch, step: as stored; None where they are not.
        rate: as stored outside the optimizer.
        metrics: key to number.
        history: as stored, in whatever form; None where there is none.
        chosen: by what and when it was the best, as stored.
        config: as plain values; None where there is none.
        config_key: under which it stands.
        rest: the other keys.
    """

    kind: str
    weights: dict[str, Tensor] = field(default_factory=dict)
    weights_key: str = ""
    wrappers: tuple[str, ...] = ()
    others: dict[str, int] = field(default_factory=dict)
    optimizer: Mapping[str, Any] = field(default_factory=dict)
    optimizers: int = 0
    scheduler: dict[str, Any] = field(default_factory=dict)
    epoch: int | None = None
    step: int | None = None
    rate: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    history: Any = None
    chosen: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] | None = None
    config_key: str = ""
    rest: tuple[str, ...] = ()


def take_apart(content: Any) -> Parts | None:
    """The parts of what a file holds; None where there is no tensor and nothing of a training.

    Args:
        content: of `reading.read_contents`.
    """
    if isinstance(content, Tensor):
        return Parts(kind="single tensor", weights={"tensor": content})
    if not isinstance(content, Mapping):
        found = dict(_tensors(content))
        return Parts(kind="tensors", weights=found) if found else None
    if _is_optimizer(content):
        return Parts(kind="optimizer alone", optimizer=content, optimizers=1)
    if "last_epoch" in content and "_last_lr" in content:
        return Parts(kind="schedule alone", scheduler=to_plain(content))
    if content and _share_of_tensors(content) > 0.5:
        weights, wrappers = unwrapped(dict(_tensors(content)))
        return Parts(kind="bare state dict", weights=weights, wrappers=wrappers)
    return _of_training(content)


def _of_training(content: Mapping[Any, Any]) -> Parts | None:
    sets = _weight_sets(content)
    key = next((key for key in WEIGHT_KEYS if key in sets), next(iter(sets), ""))
    weights, wrappers = unwrapped(sets[key]) if key else ({}, ())
    optimizers = [(k, state) for k, v in content.items() for state in _optimizers_in(v)]
    config_key = next((k for k in CONFIG_KEYS if _is_config(content.get(k))), "")
    history_key = next((k for k in content if _is_history(k, content[k])), None)
    scheduler_key, scheduler = _scheduler(content)
    metrics = _metrics(content)
    known = {
        *sets, config_key, history_key, scheduler_key, *EPOCH_KEYS, *STEP_KEYS, *RATE_KEYS,
        "metrics", "callbacks", *metrics, *(k for k, _ in optimizers),
        "best" if _chosen(content) else "",
    }  # fmt: skip
    parts = Parts(
        kind=_kind(content, key),
        weights=weights,
        weights_key=printable(key),
        wrappers=wrappers,
        others={printable(name): len(found) for name, found in sets.items() if name != key},
        optimizer=optimizers[0][1] if optimizers else {},
        optimizers=len(optimizers),
        scheduler=scheduler,
        epoch=_first_integer(content, EPOCH_KEYS),
        step=_first_integer(content, STEP_KEYS),
        rate=next((as_number(content[k]) for k in RATE_KEYS if k in content), None),
        metrics=metrics,
        history=content[history_key] if history_key is not None else None,
        chosen=_chosen(content),
        config=_config(content.get(config_key)) if config_key else None,
        config_key=config_key,
        rest=tuple(printable(k, 60) for k in content if k not in known),
    )
    is_known = parts.weights or parts.optimizer or parts.metrics or parts.history is not None
    return parts if is_known or parts.epoch is not None else None


def unwrapped(weights: dict[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Weights under the names that the model itself gives them, and which wrappers were met."""
    met = []
    for part, wrapper in PREFIXES.items():
        is_there = [part in name.split(".") for name in weights]
        # An inner module may really be called "module": only where all names have it, it wraps.
        if all(is_there) if part == "module" else any(is_there):
            met.append((part, wrapper))
    taken = {part for part, _ in met}
    shorter = {
        ".".join(_without(name.split("."), taken)): tensor for name, tensor in weights.items()
    }
    if len(shorter) < len(weights):  # two names would become one
        return weights, ()
    return shorter, tuple(f"{part}. ({wrapper})" for part, wrapper in met)


def _without(parts: list[str], taken: set[str]) -> list[str]:
    """A name without wrappers' parts; "module" goes only from its beginning."""
    kept = [part for part in parts if part not in taken - {"module"}]
    while "module" in taken and len(kept) > 1 and kept[0] == "module":
        kept = kept[1:]
    return kept


def _tensors(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    """Every tensor within dicts and lists, by its dotted path."""
    if isinstance(value, Tensor):
        yield name or "tensor", value
    elif depth < DEEPEST and isinstance(value, Mapping | list | tuple):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in list(items)[:MOST_TENSORS]:
            yield from _tensors(item, f"{name}.{key}" if name else printable(key), depth + 1)


def _share_of_tensors(values: Mapping[Any, Any]) -> float:
    """How many of a dict's values are tensors; nested dicts of tensors alone count too."""
    count = sum(isinstance(value, Tensor) for value in values.values())
    return count / len(values) if values else 0.0


def _weight_sets(content: Mapping[Any, Any]) -> dict[str, dict[str, Tensor]]:
    """Values that are a model's weights: dicts, nested or not, of nearly nothing but tensors."""
    sets = {}
    for key, value in content.items():
        if not isinstance(value, Mapping) or not value or _is_optimizer(value):
            continue
        if str(key) in (*CONFIG_KEYS, *NO_WEIGHTS) or "optim" in str(key).lower():
            continue
        found = dict(_tensors(value))
        plain = sum(not isinstance(item, Tensor | Mapping) for item in value.values())
        if found and plain <= len(found) * 0.5:
            sets[str(key)] = found
    return sets


def _is_optimizer(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("param_groups"), list)


def _optimizers_in(value: Any) -> list[Mapping[str, Any]]:
    several = value if isinstance(value, list | tuple) else [value]
    if isinstance(value, Mapping) and not _is_optimizer(value):
        several = list(value.values())[:16]
    return [item for item in several if _is_optimizer(item)]


def _is_config(value: Any) -> bool:
    if value is None or isinstance(value, bool | int | float | str | Tensor | list | tuple):
        return False
    return bool(_config(value))


def _config(value: Any) -> dict[str, Any]:
    plain = to_plain(value)
    return plain if isinstance(plain, dict) else {}


def _is_history(key: Any, value: Any) -> bool:
    named = "hist" in str(key).lower() or str(key).lower() in ("log", "logs", "curves")
    return named and isinstance(value, Mapping | list) and bool(value)


def _scheduler(content: Mapping[Any, Any]) -> tuple[str | None, dict[str, Any]]:
    for key, value in content.items():
        if "sched" not in str(key).lower():
            continue
        item = value[0] if isinstance(value, list) and value else value
        if isinstance(item, Mapping):
            return key, to_plain(item)
    return None, {}


def _chosen(content: Mapping[Any, Any]) -> dict[str, Any]:
    """`best`: metric, value and epoch, as this project writes them."""
    best = content.get("best")
    plain = to_plain(best) if isinstance(best, Mapping) else {}
    return plain if {"metric", "value", "epoch"} <= plain.keys() else {}


def _metrics(content: Mapping[Any, Any]) -> dict[str, float]:
    """Numbers that are called as metrics are, at the top and under `metrics`."""
    found: dict[str, float] = {}
    for key, value in content.items():
        number = as_number(value)
        if number is not None and any(word in _words(key) for word in METRIC_WORDS):
            found[printable(key, 80)] = number
    found |= _monitored(content.get("callbacks"))
    inner = content.get("metrics")
    if isinstance(inner, Mapping):
        for key, value in list(inner.items())[:200]:
            if str(key) not in (*EPOCH_KEYS, *STEP_KEYS, *RATE_KEYS):
                found.update(_inner_metrics(printable(key, 80), value))
    return found


def _monitored(callbacks: Any) -> dict[str, float]:
    """What Lightning's ModelCheckpoint watched, and the best that it saw."""
    found = {}
    for state in list(callbacks.values())[:50] if isinstance(callbacks, Mapping) else []:
        number = as_number(state.get("best_model_score")) if isinstance(state, Mapping) else None
        if number is not None:
            found[f"best_{printable(state.get('monitor') or 'score', 60)}"] = number
    return found


def _inner_metrics(key: str, value: Any) -> dict[str, float]:
    """A number; or this project's form: part -> name -> value, sum, count."""
    number = as_number(value)
    if number is not None:
        return {} if metric_name(key).name in NOT_METRICS else {key: number}
    found = {}
    if isinstance(value, Mapping):
        for name, item in list(value.items())[:200]:
            inner = item.get("value") if isinstance(item, Mapping) else item
            number = as_number(inner)
            if number is not None:
                found[f"{key}_{printable(name, 80)}"] = number
    return found


def _words(key: Any) -> set[str]:
    return set(str(key).lower().replace("-", "_").replace("/", "_").replace("@", "_").split("_"))


def _first_integer(content: Mapping[Any, Any], keys: tuple[str, ...]) -> int | None:
    for key in keys:
        number = as_number(content.get(key))
        if number is not None and number == number and abs(number) < 2**53:
            return int(number)
    return None


def _kind(content: Mapping[Any, Any], weights_key: str) -> str:
    if "pytorch-lightning_version" in content:
        return "Lightning checkpoint"
    if "format_version" in content and "model_state_dict" in content and "config" in content:
        return "checkpoint of this project"
    if "arch" in content and weights_key == "state_dict":
        return "timm or torchvision checkpoint"
    return "training checkpoint" if weights_key else "training state without weights"
