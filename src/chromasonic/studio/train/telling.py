"""Runs as the page lists them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from chromasonic.registry.metrics import metric, said
from chromasonic.studio.train.curves import curves_of, files_of
from chromasonic.studio.train.fields import ALL, MADE_UP, TITLES
from chromasonic.studio.train.on_disk import MADE_EXAMPLES, Run
from chromasonic.studio.train.trainings import LIVE, Trainings, state_of


def listed(trainings: Trainings) -> list[dict[str, Any]]:
    """Every run in short: those that are being trained first, then the newest."""
    told = [summary(run, trainings) for run in trainings.all()]
    order = {state: place for place, state in enumerate(("running", "stopping", "starting"))}
    return sorted(told, key=lambda one: order.get(one["state"]["state"], 3 + (not _waits(one))))


def summary(run: Run, trainings: Trainings) -> dict[str, Any]:
    """A run in short."""
    state = state_of(run)
    return {
        "id": run.id,
        "name": run.name,
        "task": run.task,
        "kinds": [{"kind": kind, "title": TITLES.get(kind, kind)} for kind in run.kinds],
        "corpora": list(run.corpora),
        "date": run.facts.get("date", "") or _written(run.path),
        "state": state,
        "is_live": state["state"] in LIVE,
        "is_own": trainings.folders[0].resolve() in run.path.resolve().parents,
        "is_ready": bool(run.ready),
        "can_continue": _can_continue(run, state["state"]),
        "best": best(run),
    }


def done_in(run: Run) -> list[int]:
    """How many epochs (an agent: episodes) each of a run's models made; 0 before its first."""
    unit = "episode" if run.task == "harmonizer" else "epoch"
    made = [
        curve["epochs"][-1]["n"]
        for curve in curves_of(run)
        if curve["x"] == unit and curve["epochs"] and curve["key"] != "markov"
    ]
    learning = sum(kind != "markov" for kind in run.kinds)
    return made + [0] * (learning - len(made))


def best(run: Run) -> dict[str, Any] | None:
    """The figure that a run is named by: its headline metric at the best epoch of its first model.

    Returns:
        name, value, is_lower_better; None where there is none yet.
    """
    for curve in curves_of(run):
        number = curve["best_epoch"]
        epoch = next((one for one in curve["epochs"] if one["n"] == number), None)
        if epoch is None:
            continue
        value = epoch["metrics"].get(curve["headline"], [None, None])[1]
        name = curve["headline"] if value is not None else "loss"
        value = epoch["val"] if value is None else value
        if value is not None:
            better = metric(name).is_lower_better
            return {"name": said(name), "value": value, "is_lower_better": better}
    return None


def usual_seconds(
    trainings: Trainings, task: str, kind: str, corpus: str
) -> dict[str, dict[str, Any]]:
    """How long an epoch took in the newest runs like the one that is asked for.

    Args:
        trainings: of the studio.
        task: melody, companion, harmonizer or gesture.
        kind: of model; "all" asks for each of the task.
        corpus: that shall be learned from.

    Returns:
        Kind to {"name": of that run, "seconds": of an epoch}, for those that are known.
    """
    found: dict[str, dict[str, Any]] = {}
    for run in trainings.all():
        if run.task != task:
            continue
        for curve in curves_of(run):
            learned_from = run.corpora_of(curve["key"])
            is_same = corpus in learned_from
            if task == "companion":
                is_same = (corpus == MADE_UP) == (MADE_EXAMPLES in learned_from)
            if not is_same:
                continue
            own = kind if task == "gesture" else curve["key"]
            if (kind not in (own, ALL)) or own in found:
                continue
            seconds = [one["seconds"] for one in curve["epochs"] if one["seconds"]]
            if seconds:
                found[own] = {"name": run.name, "seconds": sum(seconds) / len(seconds)}
    return found


def _can_continue(run: Run, state: str) -> bool:
    """Not where nothing could be learned any more: what is counted is done in one pass."""
    return state not in LIVE and run.task != "" and run.kinds != ("markov",)


def _waits(told: dict[str, Any]) -> bool:
    return bool(told["state"]["state"] == "queued")


def _written(path: Path) -> str:
    from datetime import UTC, datetime

    for file in (path / ".studio" / "asked.json", path / "model_metadata.json", path):
        with suppress(OSError):
            when = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            return when.isoformat(timespec="seconds")
    return ""


def table_text(run: Run) -> str:
    """The curves of a run as CSV: a row an epoch of a model."""
    import csv
    import io

    curves = curves_of(run)
    names = list(dict.fromkeys(name for curve in curves for name in curve["metrics"]))
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    measured = [f"{part} {said(name)}" for name in names for part in ("training", "validation")]
    rows.writerow(
        [
            *("run", "model", "epoch", "training loss", "validation loss"),
            *("learning rate", "seconds"),
            *measured,
        ]
    )
    for curve in curves:
        for one in curve["epochs"]:
            cells = [one["n"], one["train"], one["val"], one["rate"], one["seconds"]]
            cells += [v for name in names for v in one["metrics"].get(name, (None, None))]
            rows.writerow([run.name, curve["key"], *("" if v is None else v for v in cells)])
    return out.getvalue()


__all__ = ["best", "done_in", "files_of", "listed", "summary", "table_text", "usual_seconds"]
