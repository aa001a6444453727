"""The learning curves of a run as plain values, read from its history files as they grow."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from chromasonic.errors import ChromasonicError
from chromasonic.studio.train.fields import TITLES, in_form_words
from chromasonic.studio.train.notes import Notes
from chromasonic.studio.train.on_disk import OWN, Run, run_at
from chromasonic.studio.train.trainings import LIVE, state_of
from chromasonic.training.diagnosis import read_counts, read_curves
from chromasonic.training.history import Epoch, TrainingHistory

LOOK_SECONDS = 0.5
KEEP_ALIVE_SECONDS = 15.0
MOST_POINTS = 300
"""Of a reward history, which has a figure an episode."""
REWARDS = {
    "simple_contrary_motion_reward_history.npy": "simple",
    "reward_history.npy": "advanced",
    "hybrid_reward_history.npy": "hybrid",
}
ENDED_EARLY = ("too-short", "stopped-while-improving", "best-at-last-epoch", "under-fitting")
"""What is no finding while a training goes on."""
GO_ON = {
    "too-short": "Train longer: Continue, with more epochs.",
    "stopped-while-improving": "Go on: Continue, with twice the epochs.",
}
"""Advice in the page's words in place of the terminal's."""


def files_of(run: Run) -> list[Path]:
    """The history files of a run that are there."""
    found = [*run.path.glob("*history.json"), *run.path.glob("*/*history.json")]
    found += [run.path / name for name in REWARDS if (run.path / name).is_file()]
    return sorted(file for file in found if file.parent.name != OWN)


def curves_of(run: Run) -> list[dict[str, Any]]:
    """The curves of every model of a run.

    Returns:
        For each: key, title, unit (of the loss), headline, end, best_epoch, metrics (their names)
        and epochs: n, seconds, rate, train, val, and metrics as [train, validation].
    """
    found = []
    for file in files_of(run):
        with suppress(OSError, ChromasonicError, ValueError):
            found.append(_curve(file, file.stat().st_mtime_ns))
    if run.task == "harmonizer":
        notes = Notes(run.path)
        told = notes.progress().get("rewards", {})
        if not notes.is_at_work():  # what its end wrote is whole
            told = {kind: points for kind, points in told.items() if kind not in _keys(found)}
        found = [one for one in found if one["key"] not in told]
        found += [_reward_curve(kind, points) for kind, points in told.items() if kind in TITLES]
    return found


def reading_of(run: Run, *, is_live: bool) -> list[dict[str, Any]]:
    """What the curves say in words, for each model: [{"title", "findings": [...]}]."""
    told = []
    for file in files_of(run):
        if file.suffix == ".npy":
            with suppress(OSError, ValueError):
                told.append({"title": _title(file), "findings": [_reward_finding(file, is_live)]})
            continue
        with suppress(OSError, ChromasonicError, ValueError):
            history = _history(file, file.stat().st_mtime_ns)
            if len(history):
                told.append(
                    {"title": _title(file), "findings": _findings(run, history, file, is_live)}
                )
    return told


def _keys(curves: list[dict[str, Any]]) -> set[str]:
    return {curve["key"] for curve in curves}


def _reward_finding(file: Path, is_live: bool) -> dict[str, Any]:
    import numpy as np

    from chromasonic.harmonization.reward_reading import read_rewards

    found = read_rewards(np.load(file, allow_pickle=False))
    return {**found, "advice": ""} if is_live else found


def _findings(
    run: Run, history: TrainingHistory, file: Path, is_live: bool
) -> list[dict[str, Any]]:
    recorded = run.facts.get("results", {}).get(_key(file), {}).get("reading")
    if recorded and not is_live:
        found = [dict(one) for one in recorded]
    else:
        counted = len(history) == 1 and not history.epochs[0].updates
        found = [vars(one) for one in (read_counts if counted else read_curves)(history).findings]
    if is_live:
        found = [one for one in found if one["kind"] not in ENDED_EARLY]
        best = history.best
        if not found and best is not None:
            says = f"So far so good: validation loss {best.val_loss:.3f} in epoch {best.epoch}."
            found = [{"kind": "so-far", "severity": "note", "says": says, "advice": ""}]
    return [
        {
            "kind": one["kind"],
            "severity": one["severity"],
            "says": one["says"],
            "advice": GO_ON.get(one["kind"], in_form_words(one.get("advice", ""))),
        }
        for one in found
    ]


@lru_cache(maxsize=256)
def _history(file: Path, changed: int) -> TrainingHistory:
    del changed
    return TrainingHistory.load(file)


@lru_cache(maxsize=256)
def _curve(file: Path, changed: int) -> dict[str, Any]:
    if file.suffix == ".npy":
        return _rewards(file)
    history = _history(file, changed)
    return {
        "key": _key(file),
        "title": _title(file),
        "unit": history.loss_unit,
        "headline": history.headline,
        "end": history.end,
        "best_epoch": history.best_epoch,
        "metrics": history.metric_names(),
        "x": "epoch",
        "epochs": [_epoch(epoch) for epoch in history.epochs],
    }


def _epoch(epoch: Epoch) -> dict[str, Any]:
    names = dict.fromkeys((*epoch.train, *epoch.val))
    return {
        "n": epoch.epoch,
        "seconds": _finite(epoch.seconds),
        "rate": _finite(epoch.learning_rate),
        "train": _finite(epoch.train_loss),
        "val": _finite(epoch.val_loss),
        "metrics": {
            name: [
                _finite(part[name].value) if name in part else None
                for part in (epoch.train, epoch.val)
            ]
            for name in names
        },
    }


def _rewards(file: Path) -> dict[str, Any]:
    """Mean rewards of stretches of episodes."""
    import numpy as np

    rewards = np.load(file, allow_pickle=False)
    if rewards.ndim != 1:
        raise ValueError("no reward history")
    parts = np.array_split(rewards, min(MOST_POINTS, max(1, len(rewards))))
    ends = np.cumsum([len(part) for part in parts])
    means = [float(part.mean()) if len(part) else math.nan for part in parts]
    return _reward_curve(REWARDS[file.name], list(zip(ends.tolist(), means, strict=True)))


def _reward_curve(kind: str, points: Sequence[Sequence[float]]) -> dict[str, Any]:
    """The curve of an agent, from pairs of an episode and the mean reward up to it."""
    return {
        "key": kind,
        "title": TITLES[kind],
        "unit": "",
        "headline": "reward",
        "end": "",
        "best_epoch": 0,
        "metrics": ["reward"],
        "x": "episode",
        "epochs": [
            {"n": int(end), "seconds": None, "rate": None, "train": None, "val": None,
             "metrics": {"reward": [_finite(float(mean)), None]}}
            for end, mean in points
        ],
    }  # fmt: skip


def _key(file: Path) -> str:
    if file.suffix == ".npy":
        return REWARDS[file.name]
    name = file.name.removesuffix("_history.json").removesuffix("history.json")
    is_melody = file.parent.name.endswith("_checkpoints")
    return name.removeprefix("melody_") if is_melody else name


def _title(file: Path) -> str:
    key = _key(file)
    return TITLES.get(key, key.replace("_", " ").capitalize())


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


async def changes(run: Run, since: str = "") -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """What a run's watcher is told: at once, then whenever something changed, until it is over.

    Each is an id and what is new since the id before: epochs are sent once, unless a training
    began anew.

    Args:
        run: to watch.
        since: the id of what was told last, as a browser sends it when it comes back.

    Yields:
        id, and {"state", "curves": [{..., "from", "epochs"}], "reading"}; None for the id "" where
        nothing was new for a while.
    """
    sent = _counts(since)
    stamp: Any = None
    quiet = 0.0
    while True:
        now = await asyncio.to_thread(_stamp, run.path)
        if now != stamp:
            stamp, quiet = now, 0.0
            told, sent = await asyncio.to_thread(_news, run.path, sent)
            yield json.dumps(sent, separators=(",", ":")), told
            if told["state"]["state"] not in LIVE:
                return
        elif (quiet := quiet + LOOK_SECONDS) >= KEEP_ALIVE_SECONDS:
            quiet = 0.0
            yield "", {}
        await asyncio.sleep(LOOK_SECONDS)


def _news(path: Path, sent: dict[str, int]) -> tuple[dict[str, Any], dict[str, int]]:
    run = run_at(path)
    if run is None:
        return {"state": {"state": "gone"}, "curves": [], "reading": []}, {}
    state = state_of(run)
    curves, counts = [], {}
    for curve in curves_of(run):
        key, epochs = curve["key"], curve["epochs"]
        start = sent.get(key, 0)
        if not 0 <= start <= len(epochs):  # it began anew
            start = 0
        curves.append({**curve, "from": start, "epochs": epochs[start:]})
        counts[key] = len(epochs)
    is_live = state["state"] in LIVE
    log = Notes(path).last_lines() if state["state"] == "failed" else []
    reading = reading_of(run, is_live=is_live)
    return {"state": {**state, "log": log}, "curves": curves, "reading": reading}, counts


def _stamp(path: Path) -> Any:
    """What changes when there is something new to tell."""
    notes = Notes(path)
    files = [path / "run.json", notes.folder / "progress.json", notes.folder / "asked.json"]
    run = run_at(path)
    stamps: list[Any] = [notes.is_at_work(), notes.stop_file.exists()]
    for file in (*files, *(files_of(run) if run is not None else ())):
        with suppress(OSError):
            found = file.stat()
            stamps.append((file.name, found.st_mtime_ns, found.st_size))
    if run is not None:
        stamps.append(state_of(run)["state"])
    return stamps


def _counts(since: str) -> dict[str, int]:
    try:
        value = json.loads(since)
        return {str(key): int(count) for key, count in value.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
