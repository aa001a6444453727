"""Tracked runs, read back from the store."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from chromasonic.registry.store import Store

ASKED = 1000
"""Runs asked of the store at once."""


@dataclass(frozen=True, kw_only=True)
class TrackedRun:
    """A training as the store has it.

    Attributes:
        run_id: the store's.
        name: the run directory's and the kind of model.
        experiment: mostly the task.
        kind: of model.
        corpus: names, with commas.
        status: RUNNING, FINISHED, FAILED or KILLED.
        started: in UTC, ISO 8601.
        seconds: from its start to its end; None while it runs.
        best_val_loss: the lowest validation loss; None where there is none.
        metrics: the last value of each figure.
        run_directory: where it lies on the machine that trained it.
        parent: run_id of the search that it belongs to; "" for none.
    """

    run_id: str
    name: str
    experiment: str
    kind: str
    corpus: str
    status: str
    started: str
    seconds: float | None
    best_val_loss: float | None
    metrics: dict[str, float]
    run_directory: str
    parent: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def tracked_runs(
    store: Store, *, experiment: str | None = None, limit: int = 20
) -> list[TrackedRun]:
    """The newest runs of the store.

    Args:
        store: where they are.
        experiment: only of this one, such as "melody".
        limit: how many at most.

    Raises:
        RegistryError: the store cannot be read.
    """
    names = {e.experiment_id: e.name for e in store.client.search_experiments(max_results=ASKED)}
    if experiment is not None:
        names = {number: name for number, name in names.items() if name == experiment}
    if not names:
        return []
    found = store.client.search_runs(
        list(names), max_results=limit, order_by=["attributes.start_time DESC"]
    )
    return [_told(run, names) for run in found]


def _told(run: Any, experiments: dict[str, str]) -> TrackedRun:
    info, data = run.info, run.data
    start, end = info.start_time, info.end_time
    metrics = dict(sorted(data.metrics.items()))
    losses = [metrics[name] for name in ("best/val_loss", "val_loss") if name in metrics]
    return TrackedRun(
        run_id=info.run_id,
        name=info.run_name or "",
        experiment=experiments.get(info.experiment_id, info.experiment_id),
        kind=data.tags.get("kind", ""),
        corpus=data.tags.get("corpus", ""),
        status=info.status,
        started=datetime.fromtimestamp(start / 1000, UTC).isoformat(timespec="seconds"),
        seconds=None if end is None else (end - start) / 1000,
        best_val_loss=losses[0] if losses else None,
        metrics=metrics,
        run_directory=data.tags.get("run_directory", ""),
        parent=data.tags.get("mlflow.parentRunId", ""),
    )
